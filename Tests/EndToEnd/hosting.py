"""A shared host: a bare Debian with Apache and mod_fcgid, in which the archive of apache/shared-hosting is unpacked.

It is made with debootstrap below .build/ and kept for the next run. It is older than the machine that builds, has neither
the libraries of the worker nor certificate authorities, and Apache runs in it as a user without rights.
"""

from __future__ import annotations

import http.client
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
from typing import Any, Mapping

from harness import CLEAN, KEY, REPOSITORY, UNLIMITED, Process, Stack, Stream, free_port, question, tcp_accepts

#: The first that can be had. The older one has glibc 2.31, the machine that builds 2.36.
SUITES = ("bullseye", "bookworm")
ROOTS = REPOSITORY / ".build" / "hosting-root"
#: www-data, which is what it has in every Debian.
USER = 33
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def _missing() -> str:
    """Why there can be no such host, or nothing."""
    if os.geteuid() != 0:
        return "making a Debian root needs root"
    if shutil.which("debootstrap", path=PATH) is None:
        return "debootstrap is missing"
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode != 0:
        return "mounting is not permitted here"
    return ""


MISSING = _missing()


def host_root() -> pathlib.Path:
    """The root of the host, made if it is not there yet: about half a minute."""
    for suite in SUITES:
        if (ROOTS / suite / ".complete").exists():
            return ROOTS / suite
    failures = []
    for suite in SUITES:
        root = ROOTS / suite
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(parents=True)
        # In mounts of its own: debootstrap mounts /proc, and does not always take it away again.
        made = subprocess.run(
            ["unshare", "--mount", "--propagation", "private", "debootstrap", "--variant=minbase",
             "--include=apache2,libapache2-mod-fcgid", suite, str(root)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=240,
            env={**os.environ, "PATH": PATH})
        if made.returncode == 0:
            # A module of Apache that is not loaded brings them along; many hosts have none.
            for library in root.glob("usr/lib/*/libcurl*.so*"):
                library.unlink()
            (root / "etc" / "hosts").write_text("127.0.0.1 localhost\n")
            (root / ".complete").touch()
            return root
        failures.append(f"{suite}: {made.stdout[-1000:]}")
    raise RuntimeError("\n".join(failures))


def build_archive(executable: pathlib.Path) -> pathlib.Path:
    """Runs the one command that builds the archive."""
    built = subprocess.run(
        ["bash", str(REPOSITORY / "apache" / "shared-hosting" / "build.sh"), str(executable)],
        capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
    assert built.returncode == 0, built.stdout + built.stderr
    return REPOSITORY / built.stdout.split(":")[0]


class Host(Process):
    """Apache in the host, as the user of the site, with the overrides that hosts permit."""

    def __init__(self, directory: pathlib.Path, root: pathlib.Path, site: pathlib.Path, cgi: str | None = "cgid",
                 overrides: str = "FileInfo Options=ExecCGI", fcgid: bool = True) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        inside = "/" + str(site.relative_to(root))
        modules = ["authz_core", "mime", "dir", "env", "setenvif", "headers", "rewrite", "filter", "deflate", "reqtimeout"]
        modules += ["fcgid"] if fcgid else []
        modules += [cgi] if cgi else []
        multi = "prefork" if cgi == "cgi" else "event"
        (site / "apache.conf").write_text(f"""\
ServerRoot {inside}
ServerName relay.example.org
Listen 127.0.0.1:{self.port}
PidFile {inside}/run/apache.pid
DefaultRuntimeDir {inside}/run
ErrorLog {inside}/run/error.log
LogLevel warn
LoadModule mpm_{multi}_module /usr/lib/apache2/modules/mod_mpm_{multi}.so
{chr(10).join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in modules)}
{f"ScriptSock {inside}/run/cgid.sock" if cgi == "cgid" else ""}
<IfModule mod_fcgid.c>
    FcgidIPCDir {inside}/run/fcgid
    FcgidProcessTableFile {inside}/run/fcgid.shm
    FcgidMaxProcesses 4
</IfModule>
TypesConfig /etc/mime.types
AddOutputFilterByType DEFLATE text/html application/json text/event-stream
DocumentRoot {inside}/public
<Directory />
    Require all denied
    AllowOverride None
    Options None
</Directory>
<Directory {inside}/public>
    Require all granted
    Options SymLinksIfOwnerMatch
    AllowOverride {overrides}
</Directory>
""")
        self.error_log = site / "run" / "error.log"
        # A mount namespace of its own: the mounts are gone with the process. A session of its own: Apache ends its whole
        # process group. The signal of the parent's death is set after the user, whose change clears it.
        script = (f'mount -t proc proc "{root}/proc" && mkdir -p "{root}/dev/shm" && '
                  f'mount -t tmpfs -o mode=1777 tmpfs "{root}/dev/shm" && exec chroot "{root}" setsid '
                  f'setpriv --reuid {USER} --regid {USER} --clear-groups --pdeathsig TERM '
                  f'/usr/sbin/apache2 -f {inside}/apache.conf -DFOREGROUND')
        super().__init__("apache", ["unshare", "--mount", "--propagation", "private", "sh", "-c", script], directory, CLEAN)

    def output(self) -> str:
        error_log = self.error_log.read_text("utf-8", "replace") if self.error_log.exists() else ""
        return super().output() + error_log

    def start(self) -> "Host":
        self.wait_ready(lambda: tcp_accepts(self.port))
        return self


class SharedSite(Stack):
    """A web site on the host with the archive unpacked in the folder /relay."""

    def __init__(self, directory: pathlib.Path, root: pathlib.Path, archive: pathlib.Path, base_url: str,
                 settings: Mapping[str, str] | None = None, htaccess: Mapping[str, str] | None = None,
                 **host: Any) -> None:
        self.directory = directory
        self.site = pathlib.Path(tempfile.mkdtemp(prefix="site-", dir=root / "srv"))
        self.folder = self.site / "public" / "relay"
        (self.site / "public").mkdir()
        (self.site / "run").mkdir()
        subprocess.run(["tar", "--extract", "--file", str(archive), "--directory", str(self.site / "public")], check=True)
        self._edit("fastrelay.json5", {'kind: "1min",': f'kind: "1min", baseURL: "{base_url}",', **(settings or {})})
        # Where the file is by itself is part of what the archive is tried for.
        limits = {name: value for name, value in UNLIMITED.items() if name != "file"}
        self._edit("fastrelay.json5", {"  models: {\n": f"  limits: {json.dumps(limits)},\n  models: {{\n"})
        self._edit(".htaccess", htaccess or {})
        for path in (self.site, *self.site.rglob("*")):
            os.chown(path, USER, USER)
        self.site.chmod(0o755)
        try:
            self.nginx = Host(directory, root, self.site, **host)
            self.nginx.start()
        except BaseException:
            self.stop()
            raise

    def _edit(self, name: str, changes: Mapping[str, str]) -> None:
        text = (self.folder / name).read_text()
        for shipped, ours in changes.items():
            assert shipped in text, shipped
            text = text.replace(shipped, ours)
        (self.folder / name).write_text(text)

    def stop(self) -> None:
        if hasattr(self, "nginx"):
            self.nginx.stop()
            (self.directory / "error.log").write_text(self.nginx.output())
        shutil.rmtree(self.site, ignore_errors=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.nginx.port}/relay/v1"

    def request(self, method: str, path: str, *arguments: Any, **options: Any) -> Any:
        return super().request(method, "/relay" + path, *arguments, **options)

    def stream(self, prompt: str = "Hi", headers: Mapping[str, str] | None = None, **fields: Any) -> Stream:
        connection = http.client.HTTPConnection("127.0.0.1", self.nginx.port, timeout=30)
        connection.request(
            "POST", "/relay/v1/chat/completions", json.dumps(question(prompt, stream=True, **fields)),
            {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json", **(headers or {})})
        return Stream(connection)

    def processes(self) -> list[int]:
        """The relay's processes of this site."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    arguments = (entry / "cmdline").read_bytes().split(b"\0")
                    if b"app/fastrelay" in arguments and \
                            os.stat(entry / "cwd").st_ino == self.folder.stat().st_ino:
                        found.append(int(entry.name))
                except OSError:
                    continue
        return found
