"""Apache with mod_proxy_scgi and the shipped configuration."""

from __future__ import annotations

import json
from typing import Any, Iterator

import pytest

from conftest import configuration
from doors import DoorStack, ProxyApache
from fake_onemin import FakeOneMin
from front_door_checks import FrontDoorChecks, doctor_finds_nothing, is_error
from harness import KEY, question, run_cli

# Each server speaks what it is configured to.
pytestmark = pytest.mark.only("fastcgi")


@pytest.fixture(scope="module")
def shared_door(shared_fake: FakeOneMin, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DoorStack]:
    # 64 is wrong usage; 71 would be that descriptor 0 is no socket.
    if run_cli("serve", "--protocol", "scgi", "--listen", "fd:0").returncode == 64:
        pytest.skip("the worker does not speak SCGI")
    stack = DoorStack(
        tmp_path_factory.mktemp("scgi"), configuration(shared_fake, heartbeat="100ms", protocol="scgi"),
        lambda directory, socket: ProxyApache(directory, socket, "scgi"))
    yield stack
    stack.stop()


class TestScgi(FrontDoorChecks):
    writes_until_told = 2

    def test_the_doctor_finds_nothing(self, door: DoorStack):
        doctor_finds_nothing(door)

    def test_a_body_without_announced_length_passes(self, door: DoorStack, fake: Any):
        """It does not: SCGI begins with the length."""
        answer = door.request("POST", "/v1/chat/completions", iter([json.dumps(question("Hi")).encode()]),
                              {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"})
        is_error(answer, 411, "length_required")
