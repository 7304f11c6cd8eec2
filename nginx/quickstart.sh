#!/usr/bin/env bash
# Builds Fastrelay and runs it behind an unprivileged nginx with the shipped configuration, until Ctrl-C or SIGTERM.
#
#     bash nginx/quickstart.sh
#     PORT=9000 FASTRELAY_CONFIG=my.json5 bash nginx/quickstart.sh
#
# Needs Debian 12 and Swift 6.3 on the path; installs the Debian packages that are missing, with sudo where it is not
# run by root. Everything it writes is under .build/quickstart/PORT/; two ports can run side by side.
set -euo pipefail

port=${PORT:-8080}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(dirname "$here")
PATH=$PATH:/usr/sbin:/sbin
fail() { echo "quickstart: $*" >&2; exit 1; }

# --- what was asked for --------------------------------------------------------------------------------------------

if ! [[ $port =~ ^[0-9]{1,5}$ ]] || ((10#$port < 1 || 10#$port > 65535)); then
    fail "PORT=$port is not a port"
fi
port=$((10#$port))
config=${FASTRELAY_CONFIG:-}
if [[ -n $config ]]; then
    [[ -r $config ]] || fail "FASTRELAY_CONFIG=$config cannot be read"
    config=$(realpath "$config")
fi
command -v swift >/dev/null || fail "no swift on the path; Fastrelay needs Swift 6.3 (https://www.swift.org/install/linux/)"
# Connecting tells who is there, before minutes of building.
port_is_taken() { (: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }
if port_is_taken; then
    fail "port $port is in use; choose another one: PORT=$((port + 1)) bash nginx/quickstart.sh"
fi

# --- packages ------------------------------------------------------------------------------------------------------

missing=()
for package in nginx libfcgi-dev libcurl4-openssl-dev libmemcached-dev libsqlite3-dev pkg-config; do
    # nginx comes in flavours, and pkg-config as pkgconf: what counts is the program.
    case $package in
        nginx | pkg-config) command -v "$package" >/dev/null || missing+=("$package") ;;
        *) dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package") ;;
    esac
done
if ((${#missing[@]})); then
    echo "quickstart: installing ${missing[*]}"
    become=()
    if ((EUID != 0)); then
        command -v sudo >/dev/null || fail "these packages are missing, and there is no sudo to install them with: ${missing[*]}"
        echo "quickstart: using sudo for apt-get"
        become=(sudo)
    fi
    "${become[@]}" apt-get update -qq
    "${become[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi

# --- build ---------------------------------------------------------------------------------------------------------

echo "quickstart: building (the first time takes a few minutes)"
build=(swift build --package-path "$repository" -c release --product fastrelay --static-swift-stdlib)
"${build[@]}"
worker="$("${build[@]}" --show-bin-path)/fastrelay"
if [[ -n $config ]]; then
    "$worker" check --config "$config" >/dev/null || exit 78
fi

# --- configuration, rendered from the shipped files ----------------------------------------------------------------

directory=$repository/.build/quickstart/$port
mkdir -p "$directory/snippets"
# sun_path has 108 bytes, which a deep working directory can exceed.
socket=$directory/fastrelay.sock
socket_directory=
if ((${#socket} > 100)); then
    socket_directory=$(mktemp -d)
    socket=$socket_directory/fastrelay.sock
fi
sed "s|unix:/run/fastrelay/fastrelay.sock|unix:$socket|" "$here/fastrelay.conf" >"$directory/fastrelay.conf"
cp "$here/fastrelay-location.conf" "$directory/snippets/"
{
    # As root, nginx's processes would run as another user, who must not open the worker's socket.
    ((EUID == 0)) && echo "user root;"
    cat <<CONF
daemon off;
worker_processes auto;
# Two descriptors for each connection of a client; without this the usual limit of 1,024 would be warned about.
worker_rlimit_nofile 8192;
pid nginx.pid;
error_log stderr warn;
events {
    worker_connections 4096;
}
http {
    client_body_temp_path client_body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    access_log access.log;
    include fastrelay.conf;
    server {
        listen 127.0.0.1:$port;
        error_page 400 405 408 414 /fastrelay-error;
        error_page 494 =431 /fastrelay-error;
        location / {
            include snippets/fastrelay-location.conf;
        }
    }
}
CONF
} >"$directory/nginx.conf"

# --- run -----------------------------------------------------------------------------------------------------------

worker_pid='' nginx_pid=''
is_running() { [[ -n $1 ]] && kill -0 "$1" 2>/dev/null; }
# shellcheck disable=SC2317  # called by the trap
stop() {
    set +e
    trap - EXIT
    trap '' INT TERM
    # Nobody new is let in, and both finish what they have begun.
    is_running "$nginx_pid" && kill -QUIT "$nginx_pid" 2>/dev/null
    is_running "$worker_pid" && kill -TERM "$worker_pid" 2>/dev/null
    # A second Ctrl-C, or a drain that takes too long, ends both at once.
    trap 'is_running "$worker_pid" && kill -TERM "$worker_pid"; is_running "$nginx_pid" && kill -TERM "$nginx_pid"' INT TERM
    while is_running "$worker_pid"; do wait "$worker_pid" 2>/dev/null; done
    # Up to five seconds for the last bytes to reach their readers.
    for _ in {1..50}; do is_running "$nginx_pid" && sleep 0.1; done
    # The group: nginx's processes outlive a master that was killed.
    [[ -n $nginx_pid ]] && kill -TERM -- "-$nginx_pid" 2>/dev/null
    while is_running "$nginx_pid"; do wait "$nginx_pid" 2>/dev/null; done
    [[ -z $socket_directory ]] || rm -rf "$socket_directory"
}
trap stop EXIT
stopped=
trap 'stopped=1' INT TERM

started=$SECONDS
# In process groups of their own: Ctrl-C reaches this script, which stops them in order.
set -m
"$worker" serve ${config:+--config "$config"} --listen "unix:$socket" </dev/null &
worker_pid=$!
# nginx once there is somebody to connect to.
until [[ -S $socket ]]; do
    [[ -z $stopped ]] || exit 0
    is_running "$worker_pid" || break
    sleep 0.02
done
nginx -e stderr -p "$directory/" -c "$directory/nginx.conf" </dev/null &
nginx_pid=$!
set +m

# Ready is when an answer comes through both.
answers() {
    local line=
    exec 3<>"/dev/tcp/127.0.0.1/$port" || return 1
    printf 'GET /health HTTP/1.0\r\n\r\n' >&3
    IFS= read -r -t 5 line <&3 || true
    exec 3>&-
    [[ $line == *" 200 "* ]]
} 2>/dev/null
until answers; do
    [[ -z $stopped ]] || exit 0
    if ! is_running "$worker_pid" || ! is_running "$nginx_pid"; then break; fi
    ((SECONDS - started < 30)) || fail "no answer on port $port after 30 s; see above"
    # Nothing tells when: look again in a moment.
    sleep 0.05
done
if is_running "$worker_pid" && is_running "$nginx_pid"; then
    echo "ready: http://127.0.0.1:$port/v1"
fi

# Until a signal, or until one of the two ends.
status=0
wait -n "$worker_pid" "$nginx_pid" || status=$?
[[ -n $stopped ]] && exit 0
if is_running "$nginx_pid"; then
    fail "the worker ended by itself (status $status); stopping nginx"
fi
fail "nginx ended by itself (status $status); stopping the worker"
