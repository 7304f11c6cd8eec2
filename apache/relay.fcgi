#!/bin/sh
# What mod_fcgid starts: a worker that serves the socket it inherits as descriptor 0.
PATH=/usr/local/bin:/usr/bin
exec fastrelay serve --config /etc/fastrelay/fastrelay-fcgid.json5
