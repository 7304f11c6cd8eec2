#!/bin/sh
# Started by Apache's mod_fcgid; has to be executable (mode 755).
cd "${0%/*}" && exec /bin/sh app/start.sh serve
