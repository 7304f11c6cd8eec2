"""Where the Debian package's tests find what they share with those of the executable."""

from __future__ import annotations

import json
import pathlib
import sys
from typing import Iterator

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "EndToEnd"))

from fake_onemin import FakeOneMin  # noqa: E402
from harness import unlimited  # noqa: E402


@pytest.fixture
def fake() -> Iterator[FakeOneMin]:
    with FakeOneMin() as fake:
        yield fake


def configuration_of(fake: FakeOneMin) -> str:
    """What makes a worker talk to the fake."""
    return json.dumps(unlimited({"providers": {"onemin": {"baseURL": fake.url, "assetBaseURL": fake.url}}}))
