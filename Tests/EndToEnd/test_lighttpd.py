"""lighttpd with the shipped configuration."""

from __future__ import annotations

import pytest

from doors import Lighttpd
from front_door_checks import FrontDoorChecks, ServiceChecks

# Each server speaks what it is configured to.
pytestmark = pytest.mark.only("fastcgi")


@pytest.fixture(scope="module")
def make_server():
    return Lighttpd


class TestLighttpd(FrontDoorChecks, ServiceChecks):
    writes_until_told = 1
    grants_by_name = False
