#include <libmemcached-1.0/memcached.h>
