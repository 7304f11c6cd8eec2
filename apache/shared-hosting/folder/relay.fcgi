#!/bin/sh
# Started by Apache's mod_fcgid; has to be executable (mode 755).
# suexec starts it by its bare name, in its folder.
case $0 in */*) cd "${0%/*}" || exit 71 ;; esac
exec /bin/sh app/start.sh serve
