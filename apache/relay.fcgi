#!/bin/sh
# What mod_fcgid starts: a worker that serves the socket it inherits as descriptor 0.
exec /usr/local/bin/fastrelay serve --config /etc/fastrelay/fastrelay-fcgid.json5
