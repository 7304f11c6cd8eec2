"""A Debian that systemd runs, in namespaces of its own: the units do what they do on a machine."""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess

from debian import Root
from harness import Process, wait_until

SERVICE = "fastrelay.service"

# What a container's manager does before systemd: an own root that mounts spread from, /run, and systemd's hierarchy of
# control groups. /proc/sys is the machine's own, so nothing may be set there.
BOOT = """\
set -e
mount --make-rprivate /
mount --bind "$1" "$1"
mount -t proc proc "$1/proc"
mount --bind "$1/proc/sys" "$1/proc/sys"
mount -o remount,bind,ro "$1/proc/sys"
mount -t sysfs -o ro sysfs "$1/sys"
mount -t tmpfs -o mode=755 tmpfs "$1/run"
mount -t tmpfs -o mode=755 tmpfs "$1/sys/fs/cgroup"
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    mount -t cgroup2 cgroup2 "$1/sys/fs/cgroup"
else
    mkdir "$1/sys/fs/cgroup/systemd"
    mount -t cgroup -o none,name=systemd cgroup "$1/sys/fs/cgroup/systemd"
fi
touch "$1/run/machine"
cd "$1"
mkdir -p machine-before
# Not chroot: the kernel refuses user namespaces (PrivateUsers=) in one.
pivot_root . machine-before
umount -l /machine-before
mount --make-rshared /
exec env -i container=lxc PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --show-status=false --log-target=journal
"""


class Machine:
    """A Debian under systemd."""

    def __init__(self, root: Root, logs: pathlib.Path) -> None:
        self.root = root
        self.systemd: int | None = None
        self.process = Process("systemd", [
            "unshare", "--mount", "--uts", "--ipc", "--cgroup", "--pid", "--fork", "--kill-child", "bash", "-c", BOOT, "-",
            str(root.path)], logs)

    def boot(self) -> str:
        """Waits until it is up, and says how it is; nothing if it cannot be."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")

        def ended() -> bool:
            return self.process.process.poll() is not None

        wait_until(lambda: ended() or children.read_text().split(), 10, "systemd")
        if not ended():
            self.systemd = int(children.read_text().split()[0])
            wait_until(lambda: ended() or self.has_bus(), 30, "systemd's socket")
        return "" if ended() else self.run("systemctl", "is-system-running", "--wait", check=False).strip()

    def has_bus(self) -> bool:
        root = pathlib.Path(f"/proc/{self.systemd}/root")
        # Before it has its own root it would be this machine's.
        return (root / "run/machine").exists() and (root / "run/systemd/private").exists()

    def run(self, *command: str, check: bool = True, text: str | None = None) -> str:
        done = subprocess.run(
            ["nsenter", "--target", str(self.systemd), "--all", "--root", "--wd", "env", "-i",
             "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive", *command], text=True, input=text or "",
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
        assert not check or done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}"
        return done.stdout

    def stop(self) -> None:
        if self.systemd is None:
            self.process.stop()
            return
        with contextlib.suppress(ProcessLookupError):
            # As init it would ignore SIGTERM. The namespace goes with it, and all that runs there.
            os.kill(self.systemd, signal.SIGKILL)
        self.process.wait()

    # The service.

    def install(self, package: pathlib.Path) -> None:
        shutil.copy(package, self.root.file("/root"))
        self.run("apt-get", "install", "-y", "-q", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold",
                 f"/root/{package.name}")

    def show(self, name: str, unit: str = SERVICE) -> str:
        return self.run("systemctl", "show", "--property", name, "--value", unit).strip()

    def write(self, path: str, text: str, mode: str = "0644") -> None:
        self.run("install", "-D", "-m", mode, "/dev/stdin", path, text=text)
