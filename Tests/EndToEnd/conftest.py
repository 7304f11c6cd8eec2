from __future__ import annotations

import collections
import itertools
import pathlib
import secrets
import signal
from typing import Any, Callable, Iterator

import anthropic
import openai
import pytest

import doors
import harness
from fake_onemin import FakeOneMin
from file_host import FileHost
from harness import KEY, Stack, unlimited


pytest.register_assert_rewrite("front_door_checks", "lockstep")

CRASHES = {-signal.SIGILL, -signal.SIGTRAP, -signal.SIGABRT, -signal.SIGBUS, -signal.SIGFPE, -signal.SIGSEGV,
           -signal.SIGKILL}


#: How many usual tests the files with the longest ones are worth beside those that they have.
LONG_FILES = {"test_limits.py": 300, "test_shared_hosting.py": 250, "test_reload_under_load.py": 120, "test_doctor.py": 100,
              "test_limits_processes.py": 100, "test_upload_memory.py": 60, "test_apache.py": 60, "test_quickstart.py": 40}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--protocol", choices=("fastcgi", "scgi"), default="fastcgi",
                     help="what nginx and the worker speak to each other")
    parser.addoption("--part", type=share, default=(0, 1), metavar="K/N",
                     help="only part K of N, from 0, of the tests: whole files of them")
    parser.addoption("--lane", type=share, default=(0, 1), metavar="K/N",
                     help="this is run K of N side by side, each of which has ports of its own")


def share(text: str) -> tuple[int, int]:
    """Reads `0/2`."""
    number, count = (int(word) for word in text.split("/"))
    if not 0 <= number < count:
        raise ValueError(text)
    return number, count


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what belongs to the run with the other protocol, or to another part."""
    part, parts = config.getoption("--part")
    # The largest file first, each to the part that has the fewest tests. Those that take long count for more.
    sizes = collections.Counter(item.path for item in items)
    for path in sizes:
        sizes[path] += LONG_FILES.get(path.name, 0)
    dealt: list[set[pathlib.Path]] = [set() for _ in range(parts)]
    for path in sorted(sizes, key=lambda path: (-sizes[path], path)):
        min(dealt, key=lambda files: sum(sizes[file] for file in files)).add(path)

    def belongs(item: pytest.Item) -> bool:
        only = item.get_closest_marker("only")
        return item.path in dealt[part] and (only is None or only.args == (harness.PROTOCOL,))
    others = [item for item in items if not belongs(item)]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if belongs(item)]


def pytest_configure(config: pytest.Config) -> None:
    harness.PROTOCOL = config.getoption("--protocol")
    harness.LANE = config.getoption("--lane")
    if not harness.BINARY.exists():
        raise pytest.UsageError(
            f"{harness.BINARY} is missing: `swift build -c release --product fastrelay`, or set FASTRELAY")


@pytest.fixture(scope="session")
def shared_fake() -> Iterator[FakeOneMin]:
    with FakeOneMin() as fake:
        yield fake


@pytest.fixture
def fake(shared_fake: FakeOneMin) -> FakeOneMin:
    """The fake 1min.ai, with an empty record."""
    shared_fake.clear()
    return shared_fake


def configuration(fake: FakeOneMin, /, provider: dict[str, Any] | None = None, **settings: Any) -> dict[str, Any]:
    """What makes a worker talk to the fake, without limits where `limits` does not say some."""
    onemin = {"kind": "1min", "baseURL": fake.url, "assetBaseURL": fake.url, **(provider or {})}
    return unlimited({"providers": {"onemin": onemin}, **settings})


@pytest.fixture(scope="session")
def shared_stack(shared_fake: FakeOneMin, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("shared"), configuration(shared_fake))
    yield stack
    stack.stop()


@pytest.fixture
def stack(shared_stack: Stack, fake: FakeOneMin) -> Iterator[Stack]:
    """A worker with nothing configured but where 1min.ai is, behind nginx."""
    if shared_stack.worker.process.poll() is not None:
        shared_stack.worker = shared_stack.worker.again().start()
    yield shared_stack
    assert shared_stack.worker.process.poll() is None, \
        f"the worker ended with {shared_stack.worker.process.returncode}"


@pytest.fixture
def make_stack(fake: FakeOneMin, tmp_path: pathlib.Path) -> Iterator[Callable[..., Stack]]:
    """Makes further stacks: `make_stack(heartbeat="1s", provider={"caFile": …})`; `environment` and `listen` go to the
    worker, `http` into nginx.conf, `replace` changes lines of the location file, `config` is the whole configuration."""
    numbers = itertools.count()
    stacks: list[Stack] = []

    def make(*, environment: dict[str, str] | None = None, listen: str | None = None, http: str = "",
             replace: dict[str, str] | None = None, **settings: Any) -> Stack:
        config = settings.pop("config") if "config" in settings else configuration(fake, **settings)
        stack = Stack(tmp_path / f"stack{next(numbers)}", config, environment, listen, http, replace)
        stacks.append(stack)
        return stack

    yield make
    # Looked at before the workers are told to end. No test of a stack kills its worker: -9 is somebody else on this
    # machine, and says so instead of leaving a riddle.
    crashed = [stack.worker for stack in stacks if (stack.worker.process.poll() or 0) in CRASHES]
    for stack in stacks:
        stack.stop()
    assert not crashed, [worker.process.returncode for worker in crashed]


@pytest.fixture(scope="session")
def shared_file_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FileHost]:
    with FileHost(tmp_path_factory.mktemp("files")) as host:
        yield host


@pytest.fixture
def file_host(shared_file_host: FileHost) -> FileHost:
    """A host of files that clients name by address, with an empty record."""
    shared_file_host.clear()
    return shared_file_host


def media_settings(fake: FakeOneMin, host: FileHost, **settings: Any) -> dict[str, Any]:
    """What makes a worker keep files, and fetch from the host of files, which is on no public network."""
    return configuration(
        fake, provider={"assetBaseURL": f"{fake.url}/asset"},
        fetch={"networks": ["127.0.0.2/32"], "caFile": str(host.ca)}, store={"path": "state/store.sqlite"}, **settings)


@pytest.fixture(scope="session")
def shared_media(shared_fake: FakeOneMin, shared_file_host: FileHost,
                 tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("media"), media_settings(shared_fake, shared_file_host))
    yield stack
    stack.stop()


@pytest.fixture
def media(shared_media: Stack, fake: FakeOneMin, file_host: FileHost) -> Iterator[Stack]:
    """A worker that keeps files and fetches from the host of files, behind nginx."""
    if shared_media.worker.process.poll() is not None:
        shared_media.worker = shared_media.worker.again().start()
    yield shared_media
    assert shared_media.worker.process.poll() is None, \
        f"the worker ended with {shared_media.worker.process.returncode}"
    # What no test provokes: a malformed upload, a key shown to a host that is not the vendor's, a touched signature.
    assert not fake.assets.complaints and not fake.features.leaks


@pytest.fixture
def artist(media: Stack) -> Iterator[openai.OpenAI]:
    """The openai client of the worker that keeps files, with a key of its own: nothing was uploaded with it yet."""
    with openai.OpenAI(base_url=media.url, api_key=secrets.token_hex(8), max_retries=0, timeout=50) as client:
        yield client


@pytest.fixture
def reader(media: Stack) -> Iterator[anthropic.Anthropic]:
    """The anthropic client of the same, likewise."""
    with anthropic.Anthropic(base_url=media.url.removesuffix("/v1"), api_key=secrets.token_hex(8), max_retries=0,
                             timeout=50) as client:
        yield client


@pytest.fixture(scope="module")
def shared_door(shared_fake: FakeOneMin, tmp_path_factory: pytest.TempPathFactory,
                make_server: Any) -> Iterator[doors.DoorStack]:
    """A worker behind the web server of a test file, which says by `make_server` what that is."""
    stack = doors.DoorStack(
        tmp_path_factory.mktemp("door"), configuration(shared_fake, heartbeat="100ms"), make_server)
    yield stack
    stack.stop()
    assert stack.worker.process.returncode not in CRASHES


@pytest.fixture
def make_door(fake: FakeOneMin, tmp_path: pathlib.Path, make_server: Any) -> Iterator[Callable[..., doors.DoorStack]]:
    """Makes further ones; `options` go to the server, `settings` into the worker's configuration."""
    numbers = itertools.count()
    stacks: list[doors.DoorStack] = []

    def make(options: dict[str, Any] | None = None, **settings: Any) -> doors.DoorStack:
        stacks.append(doors.DoorStack(
            tmp_path / f"door{next(numbers)}", configuration(fake, **settings),
            lambda directory, socket: make_server(directory, socket, **(options or {}))))
        return stacks[-1]

    yield make
    for stack in stacks:
        stack.stop()


@pytest.fixture
def client(stack: Stack) -> Iterator[openai.OpenAI]:
    """The openai client, as its documentation has it, without its own retries."""
    with openai.OpenAI(base_url=stack.url, api_key=KEY, max_retries=0, timeout=30) as client:
        yield client


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """A failure shows what the processes had to say."""
    report = yield
    if report.failed:
        logs: list[pathlib.Path] = []
        for name in ("stack", "shared_stack", "shared_media", "shared_door"):
            if name in getattr(item, "funcargs", {}):
                logs += sorted(item.funcargs[name].directory.rglob("*.log"))
        if "tmp_path" in getattr(item, "funcargs", {}):
            logs += sorted(item.funcargs["tmp_path"].rglob("*.log"))
        for log in dict.fromkeys(logs):
            tail = log.read_text("utf-8", "replace")[-2000:]
            if tail:
                report.sections.append((f"{log.parent.name}/{log.name}", tail))
    return report
