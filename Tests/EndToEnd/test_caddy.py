"""Caddy with the shipped configuration."""

from __future__ import annotations

import pytest

from doors import Caddy
from front_door_checks import FrontDoorChecks, ServiceChecks

# Each server speaks what it is configured to.
pytestmark = pytest.mark.only("fastcgi")


@pytest.fixture(scope="module")
def make_server():
    return Caddy


class TestCaddy(FrontDoorChecks, ServiceChecks):
    writes_until_told = 4
    missing_worker = (502, "relay_unavailable")
    refuses_announced_length = False
    unknown_length = "-1"
