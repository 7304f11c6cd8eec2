"""A minimal Debian in a directory: commands, services and file lists of it; and the packages that go in."""

from __future__ import annotations

import configparser
import contextlib
import grp
import hashlib
import http.client
import json
import os
import pathlib
import shlex
import shutil
import socket
import stat
import subprocess
from typing import Any, Iterator

from harness import REPOSITORY, Process, Stream, unix_accepts

BUILT = REPOSITORY / ".build" / "debian"
ROOTS = REPOSITORY / ".build" / "debian-root"

#: The least that an administrator adds.
SITE = """\
server {
    listen unix:/run/site.sock;
    location / {
        include snippets/fastrelay-location.conf;
    }
}
"""

# An own /proc, gone with the command; `env` begins with nothing of whoever runs the tests.
_ENTER = ('mount -t proc proc "$1/proc" && exec chroot "$1" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin '
          'DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "${@:2}"')

# What package managers keep of all packages, what nginx makes for itself, and what is made anew at each start.
_IGNORED = ("proc", "dev", "sys", "run", "tmp", "var/log", "var/cache", "var/lib/nginx", "var/lib/apt", "var/lib/dpkg/info/format",
            "var/lib/dpkg/status", "var/lib/dpkg/status-old", "var/lib/dpkg/lock", "var/lib/dpkg/lock-frontend",
            "var/lib/dpkg/triggers", "var/lib/dpkg/diversions", "var/lib/dpkg/available")


class Root:
    """A Debian that commands can be run in."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        #: Where its nginx listens for the tests, while it does.
        self.site: pathlib.Path | None = None

    @staticmethod
    @contextlib.contextmanager
    def temporary(name: str, *packages: str) -> Iterator["Root"]:
        """A new one with these packages, deleted afterwards."""
        root = Root(ROOTS / f"package-{os.getpid()}-{name}")
        try:
            done = subprocess.run(["bash", str(REPOSITORY / "Tests" / "debian-root.sh"), str(root.path), *packages],
                                  capture_output=True, text=True, timeout=600)
            assert done.returncode == 0, done.stdout + done.stderr
            yield root
        finally:
            root.delete()

    @contextlib.contextmanager
    def copy(self, name: str) -> Iterator["Root"]:
        """The same once more, deleted afterwards."""
        root = Root(ROOTS / f"package-{os.getpid()}-{name}")
        try:
            subprocess.run(["cp", "-a", "--reflink=auto", str(self.path), str(root.path)], check=True)
            yield root
        finally:
            root.delete()

    def delete(self) -> None:
        # Mounts end with their commands; rather leave something behind than delete through one.
        assert str(self.path) not in pathlib.Path("/proc/mounts").read_text()
        shutil.rmtree(self.path, ignore_errors=True)

    def file(self, path: str) -> pathlib.Path:
        return self.path / path.lstrip("/")

    @staticmethod
    def arguments(path: pathlib.Path, *command: str) -> list[str]:
        return ["unshare", "--mount", "--propagation", "private", "bash", "-c", _ENTER, "-", str(path), *command]

    def run(self, *command: str, status: int = 0) -> str:
        """What the command says on both of its outputs, after it ended with that status."""
        done = subprocess.run(self.arguments(self.path, *command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=300)
        assert done.returncode == status, f"{shlex.join(command)}: {done.returncode}\n{done.stdout}"
        return done.stdout

    def install(self, package: pathlib.Path) -> str:
        shutil.copy(package, self.file("/tmp"))
        try:
            return self.run("apt-get", "install", "-y", "-q", "--no-install-recommends", "-o",
                            "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold",
                            f"/tmp/{package.name}")
        finally:
            self.file(f"/tmp/{package.name}").unlink()

    def listing(self) -> dict[str, str]:
        """Every file with its mode, owner and content."""
        found = {}
        for folder, folders, files in os.walk(self.path):
            relative = pathlib.Path(folder).relative_to(self.path)
            folders[:] = [name for name in folders if str(relative / name) not in _IGNORED]
            for name in folders + files:
                path, key = pathlib.Path(folder, name), str(relative / name)
                if key in _IGNORED:
                    continue
                status = path.lstat()
                content = ""
                if stat.S_ISLNK(status.st_mode):
                    content = os.readlink(path)
                elif stat.S_ISREG(status.st_mode):
                    content = hashlib.sha256(path.read_bytes()).hexdigest()
                found[key] = f"{stat.filemode(status.st_mode)} {status.st_uid}:{status.st_gid} {content}"
        return found

    def unit(self, name: str) -> configparser.ConfigParser:
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        parser.optionxform = str  # type: ignore[assignment, method-assign]
        parser.read_string(self.file(f"/lib/systemd/system/{name}").read_text())
        return parser

    @contextlib.contextmanager
    def serving(self, logs: pathlib.Path) -> Iterator[None]:
        """The socket and the worker as the units have them, as another user, and the nginx of the root."""
        wanted = self.unit("fastrelay.socket")["Socket"]
        unit = self.unit("fastrelay.service")["Service"]
        path = self.file(wanted["ListenStream"])
        path.parent.mkdir(mode=0o755, exist_ok=True)
        path.unlink(missing_ok=True)
        command = shlex.split(unit["ExecStart"])
        assert command[0] == "/usr/bin/fastrelay" and "%" not in unit["ExecStart"]
        # Like systemd: as descriptor 0, or as 3 with a word about it.
        script = 'exec "$@"' if unit.get("StandardInput") == "socket" else \
            'exec 3<&0 0</dev/null; export LISTEN_FDS=1 LISTEN_PID=$$; exec "$@"'
        with contextlib.ExitStack() as stack, short_directory() as nearby:
            listener = stack.enter_context(socket.socket(socket.AF_UNIX))
            # sun_path has 108 bytes.
            (nearby / "run").symlink_to(path.parent)
            listener.bind(str(nearby / "run" / path.name))
            os.chown(path, 0, grp.getgrnam(wanted["SocketGroup"]).gr_gid)
            path.chmod(int(wanted["SocketMode"], 8))
            listener.listen(128)
            worker = Process("worker", self.arguments(
                self.path, "bash", "-c", script, "-", "setpriv", "--reuid=64321", "--regid=64321", "--clear-groups",
                "--no-new-privs", *command), logs, stdin=listener)
            stack.callback(worker.stop)
            nginx = Process("nginx", self.arguments(self.path, "nginx", "-g", "daemon off;"), logs)
            stack.callback(nginx.stop)
            site = self.file("/run/site.sock")
            (nearby / "site").symlink_to(site.parent)
            nginx.wait_ready(lambda: unix_accepts(nearby / "site" / site.name))
            self.site = nearby / "site" / site.name
            yield

    def connection(self) -> http.client.HTTPConnection:
        """To the nginx of the root."""
        connection = http.client.HTTPConnection("localhost", timeout=20)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(20)
        connection.sock.connect(str(self.site))
        return connection

    def request(self, method: str, path: str, body: str | None = None, key: str | None = None) -> tuple[int, bytes]:
        with contextlib.closing(self.connection()) as connection:
            connection.request(method, path, body, _headers(key))
            answer = connection.getresponse()
            return answer.status, answer.read()

    def stream(self, body: dict[str, Any], key: str) -> Stream:
        connection = self.connection()
        connection.request("POST", "/v1/chat/completions", json.dumps(body), _headers(key))
        return Stream(connection)


def _headers(key: str | None) -> dict[str, str]:
    return {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})


@contextlib.contextmanager
def short_directory() -> Iterator[pathlib.Path]:
    path = pathlib.Path(subprocess.run(["mktemp", "-d"], check=True, capture_output=True, text=True).stdout.strip())
    try:
        yield path
    finally:
        shutil.rmtree(path)


def package() -> pathlib.Path | None:
    """The package that debian/build.sh made."""
    found = list(BUILT.glob("fastrelay_*.deb"))
    return found[0] if len(found) == 1 else None


def next_version(directory: pathlib.Path, executable: pathlib.Path) -> tuple[str, pathlib.Path]:
    """Builds a later version from the same tree, with other default files, and says which."""
    (source,) = [path for path in BUILT.glob("fastrelay-*") if path.is_dir()]
    tree = directory / source.name
    shutil.copytree(source, tree, symlinks=True)
    changelog = tree / "debian" / "changelog"
    old = changelog.read_text()
    version = old.split("(", 1)[1].split(")", 1)[0] + "+next"
    changelog.write_text(old.replace("(" + version.removesuffix("+next"), f"({version}", 1) + "\n" + old)
    for name in ("debian/fastrelay.json5", "nginx/fastrelay-location.conf"):
        with (tree / name).open("a") as file:
            file.write(f"{'//' if name.endswith('json5') else '#'} of the next version\n")
    done = subprocess.run(
        ["dpkg-buildpackage", "-b", "-us", "-uc"], cwd=tree, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=300, env={**os.environ, "FASTRELAY_EXECUTABLE": str(executable), "DEB_BUILD_OPTIONS": "noautodbgsym"})
    assert done.returncode == 0, done.stdout
    (built,) = directory.glob("fastrelay_*.deb")
    return version, built


def keys(value: Any, path: str = "") -> Iterator[str]:
    """The paths of a configuration's keys, as the manual has them."""
    if path in ("limits.caller", "limits.address"):
        # All classes have the same keys.
        yield from keys(value["text"], f"{path}.<class>")
    elif isinstance(value, dict) and value:
        for name, below in value.items():
            yield from keys(below, f"{path}.<name>" if path == "providers" else f"{path}.{name}" if path else name)
    else:
        yield path
