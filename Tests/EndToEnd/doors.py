"""Web servers other than nginx, as front doors of a worker: each with the files of the repository."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
from typing import Any, Mapping

import harness
from harness import REPOSITORY, Process, Stack, Worker, free_port, openssl_certificate, tcp_accepts, wait_until

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
APACHE, LIGHTTPD, CADDY = (shutil.which(name, path=PATH) or name for name in ("apache2", "lighttpd", "caddy"))
APACHE_MODULES = pathlib.Path("/usr/lib/apache2/modules")
#: Where the shipped files expect the worker's socket.
SHIPPED_SOCKET = "/run/fastrelay/fastrelay.sock"


def shipped(name: str, *replacements: tuple[str, str]) -> str:
    """A file of the repository with paths, ports and times of the test's; each of them must be there."""
    text = (REPOSITORY / name).read_text()
    for old, new in replacements:
        assert old in text, f"{name} has no {old}"
        text = text.replace(old, new)
    return text


class FrontDoor(Process):
    """A web server that shows the relay at `/` on one port and below `/relay/` on another."""

    port: int
    mounted_port: int

    def start(self) -> "FrontDoor":
        try:
            self.wait_ready(lambda: tcp_accepts(self.port) and tcp_accepts(self.mounted_port))
        except BaseException:
            self.stop()
            raise
        return self


class Apache(FrontDoor):
    """Apache with what Debian enables and what the shipped file asks for.

    `configuration` is the text of the server's configuration behind the basic part; the ports are told to it as
    `PORT`, `MOUNTED_PORT`, `TLS_PORT` and `PLAIN_PORT`.
    """

    #: What Debian's package enables, and what `a2enmod` adds for the shipped files.
    MODULES = ("mpm_event", "authz_core", "authz_host", "alias", "dir", "env", "mime", "setenvif", "deflate", "filter",
               "reqtimeout", "headers", "unique_id", "ssl", "socache_shmcb")

    def __init__(self, directory: pathlib.Path, modules: tuple[str, ...], configuration: str,
                 files: Mapping[str, str], extra: str = "") -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.port, self.mounted_port, self.tls_port, self.plain_port = (free_port() for _ in range(4))
        self.certificate, self.key = openssl_certificate(directory)
        ports = {"PORT": self.port, "MOUNTED_PORT": self.mounted_port, "TLS_PORT": self.tls_port,
                 "PLAIN_PORT": self.plain_port}

        def filled(text: str) -> str:
            for name in sorted(ports, key=len, reverse=True):
                text = text.replace(f"@{name}@", str(ports[name]))
            return text.replace("@CERTIFICATE@", str(self.certificate)).replace("@KEY@", str(self.key))

        (directory / "fastrelay").mkdir(exist_ok=True)
        for name, text in files.items():
            (directory / "fastrelay" / name).write_text(filled(text))
        # Apache refuses to run its children as root.
        user = "User www-data\nGroup www-data" if os.geteuid() == 0 else ""
        load = "\n".join(f"LoadModule {name}_module {APACHE_MODULES}/mod_{name}.so"
                         for name in (*self.MODULES, *modules))
        self.file = directory / "apache2.conf"
        self.file.write_text(filled(f"""\
ServerRoot {directory}
DefaultRuntimeDir {directory}
PidFile {directory}/apache2.pid
Mutex file:{directory}
ServerName relay.example.org
ErrorLog {directory}/error.log
LogLevel warn
{load}
{user}
<Directory />
    Options FollowSymLinks
    AllowOverride None
    Require all denied
</Directory>
<Directory /var/www/>
    Require all granted
</Directory>
DocumentRoot {directory}
TypesConfig /etc/mime.types
Listen 127.0.0.1:@PORT@
Listen 127.0.0.1:@MOUNTED_PORT@
# As Debian has it: what is compressed, and how long a request may take to arrive.
AddOutputFilterByType DEFLATE text/html text/plain text/xml text/css application/json text/event-stream
RequestReadTimeout header=20-40,minrate=500 body=20,minrate=500
Timeout 300
{extra}
{configuration}
"""))
        super().__init__("apache", [APACHE, "-f", str(self.file), "-DFOREGROUND"], directory)

    def check(self) -> subprocess.CompletedProcess[str]:
        """`apache2ctl configtest`."""
        return subprocess.run([APACHE, "-f", str(self.file), "-t"], capture_output=True, text=True, timeout=20)


LOCATION = {"fastrelay-location.conf": shipped("apache/fastrelay-location.conf")}

#: Before the shipped file is included: the relay at `/` and below `/relay`.
TWO_SITES = """
<VirtualHost *:@PORT@>
    Include fastrelay/{name}
</VirtualHost>
Define FASTRELAY_PATH /relay/
<VirtualHost *:@MOUNTED_PORT@>
    Include fastrelay/{name}
</VirtualHost>
UnDefine FASTRELAY_PATH
"""


class ProxyApache(Apache):
    """Apache with mod_proxy_fcgi, or mod_proxy_scgi, and the example server with TLS."""

    def __init__(self, directory: pathlib.Path, socket: pathlib.Path, protocol: str = "fcgi", extra: str = "",
                 replace: tuple[tuple[str, str], ...] = ()) -> None:
        name = {"fcgi": "fastrelay-proxy.conf", "scgi": "fastrelay-scgi.conf"}[protocol]
        site = shipped("apache/fastrelay-site.conf",
                       ("*:80>", "*:@PLAIN_PORT@>"), ("*:443>", "*:@TLS_PORT@>"),
                       ("/etc/letsencrypt/live/relay.example.org/fullchain.pem", "@CERTIFICATE@"),
                       ("/etc/letsencrypt/live/relay.example.org/privkey.pem", "@KEY@"),
                       ("fastrelay-proxy.conf", name))
        super().__init__(
            directory, ("proxy", f"proxy_{protocol}"),
            TWO_SITES.format(name=name) + "Listen 127.0.0.1:@TLS_PORT@\nListen 127.0.0.1:@PLAIN_PORT@\n" + site,
            {name: shipped(f"apache/{name}", (SHIPPED_SOCKET, str(socket)), *replace), **LOCATION}, extra)


class FcgidApache(Apache):
    """Apache with mod_fcgid, which starts `program` by the shipped script."""

    def __init__(self, directory: pathlib.Path, run: pathlib.Path, program: str, config: pathlib.Path,
                 extra: str = "", replace: tuple[tuple[str, str], ...] = ()) -> None:
        script = run / "relay.fcgi"
        script.write_text(shipped("apache/relay.fcgi", ("exec fastrelay", f"exec {program}"),
                                  ("/etc/fastrelay/fastrelay-fcgid.json5", str(config))))
        script.chmod(0o755)
        name = "fastrelay-fcgid.conf"
        super().__init__(
            directory, ("fcgid",), f"FcgidIPCDir {run}\nFcgidProcessTableFile {run}/processes\n"
            + TWO_SITES.format(name=name),
            {name: shipped(f"apache/{name}", ("/usr/local/lib/fastrelay", str(run)), *replace), **LOCATION}, extra)


class Lighttpd(FrontDoor):
    """lighttpd with the shipped file: two servers in one process cannot have it at two places, so two processes."""

    def __init__(self, directory: pathlib.Path, socket: pathlib.Path,
                 replace: tuple[tuple[str, str], ...] = (), extra: str = "") -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.port, self.mounted_port = free_port(), free_port()
        self.second: Process | None = None
        for port, mount in ((self.mounted_port, "/relay"), (self.port, "/")):
            text = shipped("lighttpd/fastrelay.conf", (SHIPPED_SOCKET, str(socket)),
                           ("/etc/lighttpd/fastrelay/errors/", f"{REPOSITORY}/lighttpd/errors/"),
                           ('var.fastrelay_path = "/"', f'var.fastrelay_path = "{mount}"'), *replace)
            self.file = directory / f"lighttpd-{port}.conf"
            self.file.write_text(f"""\
server.document-root = "{directory}"
server.bind = "127.0.0.1"
server.port = {port}
server.errorlog = "{directory}/error-{port}.log"
{extra}
{text}""")
            arguments = [LIGHTTPD, "-D", "-f", str(self.file)]
            if port == self.mounted_port:
                self.second = Process("lighttpd-mounted", arguments, directory)
        super().__init__("lighttpd", arguments, directory)

    def check(self) -> subprocess.CompletedProcess[str]:
        """The server's own look at its configuration."""
        return subprocess.run([LIGHTTPD, "-tt", "-f", str(self.file)], capture_output=True, text=True, timeout=20)

    def stop(self) -> None:
        if self.second is not None:
            self.second.stop()
        super().stop()


class Caddy(FrontDoor):
    """Caddy with the shipped file, without certificates."""

    def __init__(self, directory: pathlib.Path, socket: pathlib.Path,
                 replace: tuple[tuple[str, str], ...] = ()) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.port, self.mounted_port = free_port(), free_port()
        text = shipped("caddy/Caddyfile", (SHIPPED_SOCKET, str(socket)),
                       ("relay.example.org {", f"http://127.0.0.1:{self.port} {{"), *replace)
        self.file = directory / "Caddyfile"
        self.file.write_text(f"""\
{{
	admin off
	auto_https off
}}
{text}
http://127.0.0.1:{self.mounted_port} {{
	import fastrelay /relay
	import fastrelay_errors
}}
""")
        self.environment = {"HOME": str(directory), "XDG_DATA_HOME": str(directory), "XDG_CONFIG_HOME": str(directory)}
        super().__init__("caddy", [CADDY, "run", "--adapter", "caddyfile", "--config", str(self.file)], directory,
                         self.environment)

    def check(self) -> subprocess.CompletedProcess[str]:
        """`caddy validate`."""
        return subprocess.run([CADDY, "validate", "--adapter", "caddyfile", "--config", str(self.file)],
                              capture_output=True, text=True, timeout=20, env={**os.environ, **self.environment})


class FcgidStack(Stack):
    """Apache with mod_fcgid, which starts the workers itself, and clients for it."""

    def __init__(self, directory: pathlib.Path, config: dict[str, Any], **options: Any) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        # Apache's user starts the workers: it must reach the program, its configuration and mod_fcgid's sockets.
        self.run = open_directory()
        self.run.chmod(0o777)
        shutil.copy(harness.BINARY, self.run / "fastrelay")
        (self.run / "config.json5").write_text(json.dumps({"loops": 1, **config}))
        self.nginx = self.door = FcgidApache(directory / "door", self.run, f"{self.run}/fastrelay",
                                             self.run / "config.json5", **options)
        try:
            self.door.start()
        except BaseException:
            shutil.rmtree(self.run, ignore_errors=True)
            raise

    def processes(self) -> list[int]:
        """The workers that run."""
        found = []
        for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                if entry.read_bytes().startswith(f"{self.run}/fastrelay\0serve".encode()):
                    found.append(int(entry.parent.name))
            except OSError:
                # It has just ended.
                pass
        return found

    def wait_for_exchange(self, request_id: str) -> dict[str, Any]:
        """The workers' lines stand in Apache's own log."""
        def line() -> dict[str, Any] | None:
            for text in (self.door.directory / "error.log").read_text().splitlines():
                if f'"request_id":"{request_id}"' in text and text.endswith("}"):
                    return json.loads(text[text.index("{"):])
            return None
        return wait_until(line, 10, f"the log line of {request_id}")

    def stop(self) -> None:
        self.door.stop()
        shutil.rmtree(self.run, ignore_errors=True)


def open_directory() -> pathlib.Path:
    """Where a server's own user can reach a socket; pytest's directories are closed to others."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="fastrelay-"))
    directory.chmod(0o755)
    return directory


class DoorStack(Stack):
    """A worker behind another web server than nginx, and clients for it."""

    def __init__(self, directory: pathlib.Path, config: dict[str, Any], door: Any) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self.run = open_directory()
        self.worker = Worker(directory / "worker", {"socketMode": "0666", **config},
                             socket_path=self.run / "fastrelay.sock").start()
        try:
            self.nginx = self.door = door(directory / "door", self.worker.socket_path).start()
        except BaseException:
            self.worker.stop()
            shutil.rmtree(self.run, ignore_errors=True)
            raise

    def wait_for_exchange(self, request_id: str) -> dict[str, Any]:
        return self.worker.wait_for_exchange(request_id)

    def stop(self) -> None:
        super().stop()
        shutil.rmtree(self.run, ignore_errors=True)
