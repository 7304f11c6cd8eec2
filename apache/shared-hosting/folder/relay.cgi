#!/bin/sh
# Started by Apache's mod_cgi or mod_cgid, once for each request; has to be executable (mode 755).
cd "${0%/*}" && exec /bin/sh app/start.sh cgi
