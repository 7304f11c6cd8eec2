"""The Debian package of debian/build.sh, in a minimal Debian: what it installs, upgrades and leaves behind."""

from __future__ import annotations

import gzip
import json
import os
import pathlib
import re
import shutil
import subprocess
from typing import Iterator

import pytest

import debian
from conftest import configuration_of
from debian import SITE, Root, keys
from fake_onemin import FakeOneMin
from harness import BINARY, KEY, REPOSITORY, question

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can make the Debian that the package is installed in"),
    pytest.mark.skipif(debian.package() is None, reason="there is no package; bash debian/build.sh makes it"),
]

CONFIGURATION = "/etc/fastrelay/fastrelay.json5"


@pytest.fixture(scope="session")
def bare() -> Iterator[Root]:
    """With what the package depends on and a web server, but without the package."""
    with Root.temporary("bare", "nginx", "ca-certificates", "libcurl4", "libfcgi0ldbl", "libmemcached11", "libsqlite3-0",
                        "libstdc++6", "procps", "man-db") as root:
        # Asks nobody on port 80 of this machine.
        root.file("/etc/nginx/sites-enabled/default").unlink()
        yield root


@pytest.fixture(scope="session")
def before(bare: Root) -> dict[str, str]:
    """The files before any package came."""
    return bare.listing()


@pytest.fixture(scope="session")
def installed(bare: Root, before: dict[str, str]) -> Iterator[Root]:
    """With the package; nobody changes it."""
    with bare.copy("installed") as root:
        root.install(debian.package())
        yield root


@pytest.fixture
def another(bare: Root, before: dict[str, str]) -> Iterator[Root]:
    """Without the package, for a test that changes things; what it leaves is taken away."""
    policy = bare.file("/usr/sbin/policy-rc.d")
    text = policy.read_text()
    yield bare
    bare.file("/usr/bin/systemctl").unlink(missing_ok=True)
    shutil.rmtree(bare.file("/run/systemd"), ignore_errors=True)
    policy.write_text(text)
    policy.chmod(0o755)
    bare.file("/etc/nginx/sites-enabled/relay").unlink(missing_ok=True)
    bare.run("dpkg", "--purge", "fastrelay")


@pytest.fixture(scope="session")
def newer(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, pathlib.Path]:
    """A later version and its package."""
    return debian.next_version(tmp_path_factory.mktemp("newer"), BINARY)


def add_site(root: Root) -> None:
    root.file("/etc/nginx/sites-enabled/relay").write_text(SITE)


# --- what is installed -------------------------------------------------------------------------------------------------

def test_files_and_modes(before: dict[str, str], installed: Root) -> None:
    after = installed.listing()
    new = {path: value.split()[0] + " " + value.split()[1] for path, value in after.items() if path not in before}
    folder, plain = "drwxr-xr-x 0:0", "-rw-r--r-- 0:0"
    assert {path for path in before if before[path] != after[path]} <= {
        # Written anew by dpkg, ldconfig and man-db.
        "var/lib/dpkg/info", "etc/ld.so.cache"}, "other packages' files are left alone"
    for path, expected in {
        "usr/bin/fastrelay": "-rwxr-xr-x 0:0",
        "etc/fastrelay": folder,
        # DynamicUser is nobody that a file could belong to.
        "etc/fastrelay/fastrelay.json5": plain,
        "etc/fastrelay/credentials": "drwx------ 0:0",
        "etc/nginx/conf.d/fastrelay.conf": plain,
        "etc/nginx/snippets/fastrelay-location.conf": plain,
        "etc/nginx/snippets/fastrelay-scgi-location.conf": plain,
        "etc/apache2/fastrelay/fastrelay-location.conf": plain,
        "etc/apache2/fastrelay/fastrelay-proxy.conf": plain,
        "etc/apache2/fastrelay/fastrelay-scgi.conf": plain,
        "usr/share/doc/fastrelay/README.Debian.gz": plain,
        "usr/share/man/man1/fastrelay.1.gz": plain,
        "usr/share/man/man5/fastrelay.json5.5.gz": plain,
        "usr/share/bash-completion/completions/fastrelay": plain,
        "usr/share/zsh/vendor-completions/_fastrelay": plain,
        "etc/systemd/system/sockets.target.wants/fastrelay.socket": "lrwxrwxrwx 0:0",
    }.items():
        assert new.get(path) == expected, path
    for path, value in new.items():
        assert value.endswith(" 0:0"), path
        assert path == "etc/fastrelay/credentials" or value in (folder, plain) or value[0] == "l" or \
            path in ("usr/bin/fastrelay", "usr/share/doc/fastrelay/examples/relay.fcgi") or path.startswith("var/lib/dpkg/info/"), f"{path}: {value}"


def test_executable_is_stripped_and_of_this_version(installed: Root) -> None:
    sections = subprocess.run(["readelf", "-SW", str(installed.file("/usr/bin/fastrelay"))], check=True,
                              capture_output=True, text=True).stdout
    assert ".rodata" in sections and ".symtab" not in sections and ".debug_info" not in sections
    version = installed.run("dpkg-query", "-W", "-f", "${Version}", "fastrelay")
    assert installed.run("fastrelay", "--version") == f"fastrelay {version}\n"


def test_the_configuration_is_all_default_and_readable_to_everybody(installed: Root) -> None:
    as_other = ("setpriv", "--reuid=64321", "--regid=64321", "--clear-groups")
    shown = installed.run(*as_other, "fastrelay", "check", "--config", CONFIGURATION)
    assert shown == installed.run("fastrelay", "check")


def test_the_commented_settings_are_the_defaults(tmp_path: pathlib.Path) -> None:
    text = (REPOSITORY / "debian" / "fastrelay.json5").read_text()
    # Settings have no space behind the slashes, or more than one; prose has one.
    bare, count = re.subn(r"(?m)^    //(?! \S)", "    ", text)
    assert count > 15
    (tmp_path / "bare.json5").write_text(bare)
    shown = [subprocess.run([str(BINARY), "check", *arguments], capture_output=True, text=True)
             for arguments in ([], ["--config", str(tmp_path / "bare.json5")])]
    assert shown[1].stderr == "" and shown[0].stdout == shown[1].stdout


def test_a_credential_as_the_documentation_has_it(another: Root) -> None:
    another.install(debian.package())
    secret = another.file("/etc/fastrelay/credentials/proxy")
    secret.write_text("http://somebody:canary@127.0.0.1:9\n")
    secret.chmod(0o600)
    another.file(CONFIGURATION).write_text('{ providers: { onemin: { proxy: "file:${CREDENTIALS_DIRECTORY}/proxy" } } }')
    shown = another.run("env", "CREDENTIALS_DIRECTORY=/etc/fastrelay/credentials", "fastrelay", "check", "--config",
                        CONFIGURATION)
    assert 'proxy: "•••"' in shown and "canary" not in shown
    # Another user cannot reach the file.
    refused = another.run("setpriv", "--reuid=64321", "--regid=64321", "--clear-groups", "env",
                          "CREDENTIALS_DIRECTORY=/etc/fastrelay/credentials", "fastrelay", "check", "--config",
                          CONFIGURATION, status=78)
    assert "cannot read" in refused


# --- manual and completion ---------------------------------------------------------------------------------------------

@pytest.mark.parametrize("page", ["man1/fastrelay.1.gz", "man5/fastrelay.json5.5.gz"])
def test_manual_page_has_no_warnings(installed: Root, page: str) -> None:
    shown = installed.run("sh", "-c", f"man --warnings -E UTF-8 -l -Tutf8 /usr/share/man/{page} >/dev/null")
    assert shown == ""


def test_manual_has_every_key(installed: Root) -> None:
    page = gzip.open(installed.file("/usr/share/man/man5/fastrelay.json5.5.gz"), "rt").read()
    documented = re.findall(r"^\.It Cm (\S+)$", page, re.MULTILINE)
    shown = installed.run("fastrelay", "check")
    value = json.loads(re.sub(r",(\s*[}\]])", r"\1", re.sub(r"(?m)^(\s*)(\w+):", r'\1"\2":', shown)))
    assert documented == list(keys(value))


def test_manual_and_completions_have_every_command_and_option(installed: Root) -> None:
    usage = installed.run("fastrelay", "--help")
    page = gzip.open(installed.file("/usr/share/man/man1/fastrelay.1.gz"), "rt").read()
    bash = installed.file("/usr/share/bash-completion/completions/fastrelay").read_text()
    zsh = installed.file("/usr/share/zsh/vendor-completions/_fastrelay").read_text()
    options = set(re.findall(r"(?<![\w-])--([a-z]+)", usage)) - {"help", "version"}
    commands = set(re.findall(r"(?m)^(?:Usage: |       )fastrelay ([a-z]+)", usage))
    assert {"config", "listen", "model"} <= options and {"serve", "check", "count"} <= commands
    for option in options:
        assert f"Fl \\-{option}" in page and f"--{option}" in bash and f"--{option}" in zsh, option
    for command in commands:
        assert f".It Cm {command}\n" in page and command in bash and f"'{command}:" in zsh.replace('"', "'"), command


@pytest.mark.parametrize("words, expected", [
    (["fastrelay", "ch"], ["check"]),
    (["fastrelay", "serve", "--"], ["--config", "--listen", "--protocol"]),
    (["fastrelay", "serve", "--protocol", "f"], ["fastcgi"]),
    (["fastrelay", "serve", "--protocol", "=", "f"], ["fastcgi"]),
    (["fastrelay", "check", "--config", "/etc/hostn"], ["/etc/hostname"]),
    (["fastrelay", "check", "--config", "=", "/etc/hostn"], ["/etc/hostname"]),
    (["fastrelay", "count", "/etc/hostn"], ["/etc/hostname"]),
    (["fastrelay", "count", "--m"], ["--model"]),
])
def test_bash_completion(installed: Root, words: list[str], expected: list[str]) -> None:
    shown = installed.run(
        "bash", "-c", '. /usr/share/bash-completion/completions/fastrelay; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
        '_fastrelay; printf "%s\\n" "${COMPREPLY[@]}"', "-", *words)
    assert shown.split() == expected


# --- installing, upgrading, removing -----------------------------------------------------------------------------------

def test_install_upgrade_remove_purge(
        another: Root, before: dict[str, str], newer: tuple[str, pathlib.Path], fake: FakeOneMin,
        tmp_path: pathlib.Path) -> None:
    root = another
    root.install(debian.package())
    assert "successful" in root.run("nginx", "-t"), "an nginx that has no relay yet still loads"
    add_site(root)
    assert "successful" in root.run("nginx", "-t")

    changed = f"// Changed.\n{configuration_of(fake)}"
    root.file(CONFIGURATION).write_text(changed)
    with root.serving(tmp_path):
        assert root.request("GET", "/health") == (200, b'{"status":"ok"}')
        status, body = root.request("POST", "/v1/chat/completions", json.dumps(question("Hi")), KEY)
        assert status == 200 and json.loads(body)["choices"][0]["message"]["content"]

    version, package = newer
    root.install(package)
    assert root.run("dpkg-query", "-W", "-f", "${Version} ${Status}", "fastrelay") == f"{version} install ok installed"
    assert root.file(CONFIGURATION).read_text() == changed, "a changed file is kept"
    assert "of the next version" in root.file("/etc/fastrelay/fastrelay.json5.dpkg-dist").read_text()
    location = root.file("/etc/nginx/snippets/fastrelay-location.conf")
    assert location.read_text().endswith("# of the next version\n"), "an unchanged file is replaced"
    with root.serving(tmp_path):
        assert root.request("GET", "/health")[0] == 200

    root.run("apt-get", "remove", "-y", "-q", "fastrelay")
    assert not root.file("/usr/bin/fastrelay").exists()
    assert root.file(CONFIGURATION).read_text() == changed and location.exists()
    assert "successful" in root.run("nginx", "-t"), "a site that includes the relay still loads"

    root.install(package)
    assert root.file(CONFIGURATION).read_text() == changed
    assert root.run("fastrelay", "--version")

    root.file("/etc/fastrelay/credentials/proxy").write_text("secret")
    enabled = root.file("/etc/apache2/sites-enabled")
    enabled.mkdir(parents=True)
    (enabled / "relay.conf").write_text("<VirtualHost *>\nInclude fastrelay/fastrelay-proxy.conf\n</VirtualHost>\n")
    said = root.run("apt-get", "purge", "-y", "-q", "fastrelay")
    assert "nginx will not load" in said and "/etc/nginx/sites-enabled/relay\n" in said
    assert "Apache will not load" in said and "/etc/apache2/sites-enabled/relay.conf\n" in said
    root.file("/etc/nginx/sites-enabled/relay").unlink()
    shutil.rmtree(enabled.parent)
    assert "successful" in root.run("nginx", "-t")
    assert differences(before, root.listing()) == {}


def test_purge_without_a_site_says_nothing(another: Root) -> None:
    another.install(debian.package())
    assert "nginx will not load" not in another.run("apt-get", "purge", "-y", "-q", "fastrelay")


def differences(before: dict[str, str], after: dict[str, str]) -> dict[str, tuple[str | None, str | None]]:
    return {path: (before.get(path), after.get(path)) for path in sorted(before.keys() | after.keys())
            if before.get(path) != after.get(path)}


# --- the running worker ------------------------------------------------------------------------------------------------

#: Stands in for systemd's: records what is asked, and says of a unit whether it is active.
SYSTEMCTL = """\
#!/bin/sh
echo "$*" >>/tmp/systemctl
case "$*" in
    *is-active*) exit "$(cat /tmp/active)" ;;
    *is-enabled*) echo enabled ;;
esac
"""


class Calls:
    """A systemctl that records, in a root that looks as if systemd were running."""

    def __init__(self, root: Root, is_active: bool) -> None:
        self.root = root
        root.file("/run/systemd/system").mkdir(parents=True, exist_ok=True)
        systemctl = root.file("/usr/bin/systemctl")
        assert not systemctl.exists()
        systemctl.write_text(SYSTEMCTL)
        systemctl.chmod(0o755)
        root.file("/tmp/active").write_text("0" if is_active else "3")
        self.record = root.file("/tmp/systemctl")
        self.record.write_text("")

    def of_install(self, package: pathlib.Path) -> list[str]:
        self.record.write_text("")
        self.root.install(package)
        return self.record.read_text().splitlines()


TAKEOVER = "kill --kill-whom=main --signal=USR2 fastrelay.service"


def stopping(calls: list[str]) -> list[str]:
    return [call for call in calls if re.search(r"\b(stop|restart|try-restart|reload-or-restart)\b", call)]


def test_an_upgrade_has_the_running_worker_hand_over(another: Root, newer: tuple[str, pathlib.Path]) -> None:
    another.file("/usr/sbin/policy-rc.d").unlink()
    calls = Calls(another, is_active=True)
    first = calls.of_install(debian.package())
    assert TAKEOVER not in first, "nothing to take over from on the first installation"
    assert any("start" in call and "fastrelay.socket" in call for call in first), first
    upgrade = calls.of_install(newer[1])
    assert upgrade.count(TAKEOVER) == 1 and stopping(upgrade) == [], upgrade
    assert any("daemon-reload" in call for call in upgrade[:upgrade.index(TAKEOVER)]), "units are read again before"


def test_a_policy_against_restarts_is_respected(another: Root, newer: tuple[str, pathlib.Path]) -> None:
    # The root's policy is to start nothing.
    calls = Calls(another, is_active=True)
    calls.of_install(debian.package())
    assert TAKEOVER not in calls.of_install(newer[1])


def test_a_worker_that_is_stopped_stays_so(another: Root, newer: tuple[str, pathlib.Path]) -> None:
    another.file("/usr/sbin/policy-rc.d").unlink()
    calls = Calls(another, is_active=False)
    calls.of_install(debian.package())
    assert TAKEOVER not in calls.of_install(newer[1])
