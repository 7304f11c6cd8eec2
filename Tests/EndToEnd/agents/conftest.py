from __future__ import annotations

import pathlib
import sys
from typing import Iterator

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from bench import Bench  # noqa: E402
from fake_onemin import FakeOneMin  # noqa: E402
from harness import Stack, unlimited  # noqa: E402


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients tell nobody what they do, and go through no proxy."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"no_proxy": "127.0.0.1", "OPENAI_AGENTS_DISABLE_TRACING": "1", "LANGSMITH_TRACING": "false",
                        "HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1"}.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def shared_stack(shared_fake: FakeOneMin, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One worker for all, which keeps responses and conversations."""
    directory = tmp_path_factory.mktemp("shared")
    onemin = {"kind": "1min", "baseURL": shared_fake.url, "assetBaseURL": shared_fake.url}
    stack = Stack(directory, unlimited({"providers": {"onemin": onemin}, "store": {"path": str(directory / "store.db")}}))
    yield stack
    stack.stop()


@pytest.fixture
def bench(tmp_path: pathlib.Path, fake: FakeOneMin) -> Bench:
    return Bench(tmp_path, fake)


@pytest.fixture
def url(stack: Stack) -> str:
    """Where the relay is, with /v1 at the end."""
    return stack.url
