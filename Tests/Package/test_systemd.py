"""The package in a Debian that systemd runs: units, socket, credentials, upgrades under load."""

from __future__ import annotations

import os
import pathlib
from typing import Iterator

import pytest

import debian
from conftest import configuration_of
from debian import SITE, Root
from fake_onemin import FakeOneMin, directive
from harness import BINARY, KEY, REPOSITORY, contents, question, unix_accepts, wait_until
from machine import SERVICE, Machine

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can make the Debian that the package is installed in"),
    pytest.mark.skipif(debian.package() is None, reason="there is no package; bash debian/build.sh makes it"),
]

CONFIGURATION = "/etc/fastrelay/fastrelay.json5"

# The open flags of a process's descriptors of the socket, in octal. proc_pid_fdinfo(5); 00010000 is a listening one.
LISTENER_FLAGS = """\
inode=$(awk '$8 == "/run/fastrelay/fastrelay.sock" && $4 == "00010000" { print $7 }' /proc/net/unix)
cd "/proc/$1/fd"
for number in *; do
    [ "$(readlink "$number")" != "socket:[$inode]" ] || awk '$1 == "flags:" { print $2 }' "../fdinfo/$number"
done
"""


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """With nginx and the package, at work."""
    with Root.temporary("systemd", "nginx", "ca-certificates", "libcurl4", "libfcgi0ldbl", "libmemcached11", "libsqlite3-0",
                        "libstdc++6", "procps", "systemd", "dbus") as root:
        root.file("/usr/sbin/policy-rc.d").unlink()
        root.file("/etc/nginx/sites-enabled/default").unlink()
        machine = Machine(root, tmp_path_factory.mktemp("systemd"))
        try:
            state = machine.boot()
            if state not in ("running", "degraded"):
                pytest.skip(f"systemd does not run in a namespace of this machine: {state or machine.process.output()}")
            machine.install(debian.package())
            machine.write("/etc/nginx/sites-enabled/relay", SITE)
            machine.run("systemctl", "reload-or-restart", "nginx")
            with debian.short_directory() as nearby:
                (nearby / "run").symlink_to(f"/proc/{machine.systemd}/root/run")
                root.site = nearby / "run" / "site.sock"
                wait_until(lambda: unix_accepts(root.site), 10, "nginx")
                yield machine
        finally:
            machine.stop()


def log(machine: Machine) -> str:
    """What the service and systemd said about it."""
    return machine.run("journalctl", "-u", SERVICE, "-o", "cat", "--no-pager")


def test_units_are_enabled_and_running(machine: Machine) -> None:
    for unit in (SERVICE, "fastrelay.socket"):
        assert machine.run("systemctl", "is-enabled", unit) == "enabled\n"
        assert machine.run("systemctl", "is-active", unit) == "active\n"
    assert machine.run("stat", "-c", "%a %U:%G", "/run/fastrelay/fastrelay.sock") == "660 root:www-data\n"
    assert machine.root.request("GET", "/health") == (200, b'{"status":"ok"}')
    user = machine.run("stat", "-c", "%u", f"/proc/{machine.show('MainPID')}")
    # systemd.exec(5), DynamicUser=
    assert 61184 <= int(user) <= 65519


def test_the_service_knows_the_run_of_the_machine(machine: Machine) -> None:
    """Else it took what was counted before a restart for what was counted since."""
    boot = machine.run("cat", "/proc/sys/kernel/random/boot_id").strip().replace("-", "")
    header = machine.run("od", "-An", "-v", "-tx1", "-j36", "-N16", "/var/cache/fastrelay/limits")
    assert "".join(header.split()) == boot


def test_systemd_finds_no_fault_in_the_units(machine: Machine) -> None:
    assert machine.run("systemd-analyze", "verify", "--man=no", SERVICE, "fastrelay.socket") == ""


def test_a_reload_keeps_the_worker(machine: Machine) -> None:
    worker = machine.show("MainPID")
    machine.run("systemctl", "reload", SERVICE)
    assert machine.root.request("GET", "/health")[0] == 200
    assert machine.show("MainPID") == worker
    # What systemd starts for a reload must not make the socket block: a loop would hang in accept(2).
    flags = machine.run("sh", "-c", LISTENER_FLAGS, "-", worker).split()
    assert flags and all(int(value, 8) & os.O_NONBLOCK for value in flags)


def test_a_request_waits_while_the_service_is_stopped(machine: Machine) -> None:
    machine.run("systemctl", "stop", SERVICE)
    assert machine.root.request("GET", "/health")[0] == 200
    assert machine.run("systemctl", "is-active", SERVICE) == "active\n"


def test_a_credential_as_the_documentation_has_it(machine: Machine) -> None:
    before = machine.run("cat", CONFIGURATION)
    drop_in = f"/etc/systemd/system/{SERVICE}.d/override.conf"
    machine.write("/etc/fastrelay/credentials/proxy", "http://somebody:canary@127.0.0.1:9\n", "0600")
    machine.write(drop_in, "[Service]\nLoadCredential=proxy:/etc/fastrelay/credentials/proxy\n")
    machine.write(CONFIGURATION, '{ providers: { onemin: { proxy: "file:${CREDENTIALS_DIRECTORY}/proxy" } } }')
    try:
        machine.run("systemctl", "daemon-reload")
        machine.run("systemctl", "restart", SERVICE)
        assert machine.root.request("GET", "/health")[0] == 200
        journal = log(machine)
        assert '"message":"listening"' in journal and "canary" not in journal
    finally:
        machine.run("rm", drop_in)
        machine.write(CONFIGURATION, before)
        machine.run("systemctl", "daemon-reload")
        machine.run("systemctl", "restart", SERVICE)


def test_an_upgrade_cuts_no_stream(machine: Machine, fake: FakeOneMin, tmp_path: pathlib.Path) -> None:
    machine.write(CONFIGURATION, configuration_of(fake))
    machine.run("systemctl", "restart", SERVICE)
    first = machine.show("MainPID")
    gate = fake.gate("package-upgrade")
    prompt = directive(gate="package-upgrade", chunks=["a", "b", "c"])
    with machine.root.stream(question(prompt, stream=True), KEY) as stream:
        gate.release()
        assert stream.text() == "a"
        machine.install(debian.next_version(tmp_path, BINARY)[1])
        successor = wait_until(lambda: machine.show("MainPID") not in (first, "0") and machine.show("MainPID"), 20,
                               "the new worker")
        executable = machine.run("readlink", f"/proc/{successor}/exe")
        # Else the link ends in "(deleted)".
        assert executable.endswith("/usr/bin/fastrelay\n"), "the new executable runs"
        assert machine.root.request("GET", "/health")[0] == 200
        gate.release(3)
        values = stream.rest()
        assert contents(values) == "bc" and values[-1] == "[DONE]", "the old worker finished its stream"
    assert machine.run("systemctl", "is-active", SERVICE) == "active\n"


def test_the_new_worker_is_supervised_like_the_first(machine: Machine) -> None:
    journal = log(machine)
    assert '"message":"succeeded by another process"' in journal, "the upgrade before"
    assert "not our child" not in journal and "reception only permitted" not in journal
    assert machine.show("StatusText") == "Serving"
    worker = machine.show("MainPID")
    assert machine.run("ps", "-o", "ppid=", "-p", worker).strip() == "1"


def test_a_stop_lets_the_new_worker_finish(machine: Machine, fake: FakeOneMin) -> None:
    worker = machine.show("MainPID")
    reloads = log(machine).count('"message":"configuration reloaded"')
    machine.write(CONFIGURATION, configuration_of(fake))
    machine.run("systemctl", "reload", SERVICE)
    wait_until(lambda: log(machine).count('"message":"configuration reloaded"') > reloads, 10, "the reload")
    assert machine.show("MainPID") == worker, "still the one that took over"
    gate = fake.gate("package-stop")
    prompt = directive(gate="package-stop", chunks=["a", "b"])
    with machine.root.stream(question(prompt, stream=True), KEY) as stream:
        gate.release()
        assert stream.text() == "a"
        # The socket, too, else the next request would start it again.
        machine.run("systemctl", "stop", "--no-block", "fastrelay.socket", SERVICE)
        wait_until(lambda: machine.show("StatusText") == "Finishing what runs", 10, "the worker to drain")
        assert machine.show("ActiveState") == "deactivating"
        gate.release(2)
        values = stream.rest()
        assert contents(values) == "b" and values[-1] == "[DONE]"
    wait_until(lambda: machine.show("ActiveState") != "deactivating", 10, "the service to stop")
    assert (machine.show("ActiveState"), machine.show("Result")) == ("inactive", "success")
    assert machine.show("ExecMainStatus") == "0"
    machine.run("systemctl", "start", "fastrelay.socket", SERVICE)


def test_purge_stops_everything(machine: Machine) -> None:
    machine.run("rm", "-f", "/etc/nginx/sites-enabled/relay")
    machine.run("systemctl", "reload", "nginx")
    machine.run("apt-get", "purge", "-y", "-q", "fastrelay")
    for unit in (SERVICE, "fastrelay.socket"):
        assert machine.run("systemctl", "is-active", unit, check=False) == "inactive\n"
    assert machine.run("pgrep", "-x", "fastrelay", check=False) == ""
