"""The units for systemd, as far as they can be judged without one that runs."""

from __future__ import annotations

import pathlib
import re
import shutil
import subprocess

import pytest

from harness import BINARY, REPOSITORY

pytestmark = [
    pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed"),
    pytest.mark.only("fastcgi"),
]
UNITS = REPOSITORY / "debian"
#: Tenths, as systemd-analyze takes them: 2.0.
MOST_EXPOSURE = 20


@pytest.fixture
def units(tmp_path: pathlib.Path) -> list[pathlib.Path]:
    """The units with the executable that there is."""
    files = []
    for name in ("fastrelay.service", "fastrelay.socket"):
        files.append(tmp_path / name)
        files[-1].write_text((UNITS / name).read_text().replace("/usr/bin/fastrelay", str(BINARY)))
    return files


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=30)


def settings(name: str) -> dict[str, str]:
    return dict(re.findall(r"^(\w+)=(.*)$", (UNITS / name).read_text(), re.MULTILINE))


def test_they_are_valid(units):
    # The manual pages come with the package, which need not be installed here.
    done = analyze("verify", "--man=no", *map(str, units))
    assert done.returncode == 0 and done.stdout + done.stderr == ""


def test_the_sandbox_is_tight(units):
    done = analyze("security", "--offline=true", f"--threshold={MOST_EXPOSURE}", str(units[0]))
    assert done.returncode == 0, done.stdout[-2000:]


def test_a_verdict_can_fail(units):
    units[0].write_text("".join(
        line for line in units[0].read_text().splitlines(True) if not line.startswith(("Protect", "Capability"))))
    done = analyze("security", "--offline=true", f"--threshold={MOST_EXPOSURE}", str(units[0]))
    assert done.returncode != 0


def test_they_agree_with_the_worker_and_nginx(tmp_path: pathlib.Path):
    service, listener = settings("fastrelay.service"), settings("fastrelay.socket")
    path = listener["ListenStream"]
    assert f"server unix:{path} " in (REPOSITORY / "nginx" / "fastrelay.conf").read_text()
    defaults = subprocess.run([str(BINARY), "check"], capture_output=True, text=True, timeout=10).stdout
    assert f'listen: "unix:{path}"' in defaults and "drainTimeout: \"30s\"" in defaults
    assert int(service["TimeoutStopSec"]) > 30
