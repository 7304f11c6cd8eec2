"""Forms that are too long for memory: where they go while they are answered, and that they go away again."""

from __future__ import annotations

import concurrent.futures
import json
import os
import pathlib
import random
from typing import Callable

import pytest

from conftest import configuration
from fake_onemin import FakeOneMin
from harness import Stack, wait_until
from test_cgi import cgi  # noqa: F401 - a fixture

FORM = {"Content-Type": "multipart/form-data; boundary=xyz"}


def open_files(stack: Stack, directory: pathlib.Path | str) -> list[str]:
    """The files without a name that the worker has open there."""
    folder = pathlib.Path(f"/proc/{stack.worker.process.pid}/fd")
    links = []
    for descriptor in folder.iterdir():
        try:
            links.append(os.readlink(descriptor))
        except FileNotFoundError:
            continue
    return [link for link in links if link.startswith(f"{directory}/") and link.endswith(" (deleted)")]


def peak(stack: Stack) -> int:
    """The most that the worker has had in memory, in bytes."""
    status = pathlib.Path(f"/proc/{stack.worker.process.pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


@pytest.fixture
def spool(tmp_path: pathlib.Path) -> pathlib.Path:
    directory = tmp_path / "spool"
    directory.mkdir()
    return directory


@pytest.mark.parametrize("count", [0, 1, 131_071, 131_072, 131_073, 5_000_000])
def test_all_of_a_form_is_counted(stack: Stack, count: int):
    answer = stack.request("POST", "/health/body", b"x" * count, FORM)
    assert (answer.status, answer.json["bytes"]) == (200, count)


def test_many_at_once_take_neither_memory_nor_files_for_long(make_stack: Callable[..., Stack], spool: pathlib.Path):
    stack = make_stack(spoolDirectory=str(spool))
    body = random.Random(1).randbytes(25 << 20)
    assert stack.request("POST", "/health/body", b"x" * 300_000, FORM).status == 200
    before = peak(stack)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: stack.request("POST", "/health/body", body, FORM), range(16)))
    assert [answer.json["bytes"] for answer in answers] == [len(body)] * 16
    assert peak(stack) - before < 16 << 20
    wait_until(lambda: not open_files(stack, spool), what="the files to be closed")
    assert not list(spool.iterdir())


def test_one_that_is_no_form_stays_in_memory(make_stack: Callable[..., Stack], tmp_path: pathlib.Path):
    stack = make_stack(spoolDirectory=str(tmp_path / "missing"))
    body = b"x" * 1_000_000
    answer = stack.request("POST", "/health/body", body, {"Content-Type": "application/octet-stream"})
    assert (answer.status, answer.json["bytes"]) == (200, len(body))


def test_without_a_place_the_client_and_the_operator_are_told(make_stack: Callable[..., Stack], tmp_path: pathlib.Path):
    stack = make_stack(spoolDirectory=str(tmp_path / "missing"))
    answer = stack.request("POST", "/health/body", b"x" * 1_000_000, FORM)
    assert answer.status == 503
    assert answer.json["error"]["message"] == "The relay cannot put the request body down at present."
    wait_until(lambda: stack.worker.events("cannot keep a long body"), what="the log line")
    [line] = stack.worker.events("cannot keep a long body")
    assert (line["level"], line["error"]) == ("error", "mkstemp: No such file or directory")
    # The connection to the web server is still good, and so is a form that fits into memory.
    assert stack.request("POST", "/health/body", b"x" * 1000, FORM).json["bytes"] == 1000


def test_a_route_that_wants_json_takes_no_form_however_long(stack: Stack):
    for count in (10, 1_000_000):
        answer = stack.request("POST", "/v1/chat/completions", b"x" * count, {**FORM, "Authorization": "Bearer key"})
        assert (answer.status, answer.json["error"]["code"]) == (415, "unsupported_media_type")


@pytest.mark.only("fastcgi")
@pytest.mark.parametrize("announced", [True, False])
def test_a_cgi_program_puts_them_down_too(cgi, fake: FakeOneMin, announced: bool):  # noqa: F811
    body = b"x" * 3_000_000
    length = {"CONTENT_LENGTH": str(len(body))} if announced else {"HTTP_TRANSFER_ENCODING": "chunked"}

    def post(config: dict):
        return cgi(config, body=body, REQUEST_METHOD="POST", PATH_INFO="/health/body",
                   CONTENT_TYPE=FORM["Content-Type"], **length)

    status, _, answer = post(configuration(fake)).result()
    assert (status, json.loads(answer)["bytes"]) == (200, len(body))
    process = post(configuration(fake, spoolDirectory="/nonexistent"))
    assert process.result()[0] == 503
    assert "cannot keep a body: mkstemp: No such file or directory" in process.log()
