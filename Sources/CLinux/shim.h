// What the Glibc module of the toolchain leaves out.
#ifndef FASTRELAY_CLINUX_H
#define FASTRELAY_CLINUX_H

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#endif
