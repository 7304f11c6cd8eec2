#ifndef FASTRELAY_CFASTCGI_H
#define FASTRELAY_CFASTCGI_H

#include <fcgiapp.h>

#endif
