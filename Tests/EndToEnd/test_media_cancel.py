"""A client that leaves, and a worker that ends, in every phase of a request with files: nothing goes on, nothing stays."""

from __future__ import annotations

import http.client
import json
import os
import pathlib
import secrets
import signal
import time
from typing import Any, Callable

import pytest

from conftest import media_settings
from fake_onemin import FakeOneMin, directive
from fake_samples import large_picture, picture
from file_host import FileHost
from harness import Stack, wait_until
from media_checks import FORM, chat, data_url, form, picture_part

#: From the client's FIN to the end of the call, through nginx; far more than it takes, for the machine may be busy.
LIMIT = 1.0


def open_files(stack: Stack) -> list[str]:
    """What the worker has open that goes with a request: files of long bodies, and files that are kept."""
    folder = pathlib.Path(f"/proc/{stack.worker.pid}/fd")
    links = []
    for descriptor in folder.iterdir():
        try:
            links.append(os.readlink(descriptor))
        except FileNotFoundError:
            continue
    return [link for link in links if "(deleted)" in link or "/store.sqlite-files/" in link]


def send(stack: Stack, path: str, body: bytes | dict[str, Any], key: str) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("127.0.0.1", stack.nginx.port, timeout=30)
    kind = "application/json" if isinstance(body, dict) else FORM
    payload = json.dumps(body) if isinstance(body, dict) else body
    connection.request("POST", path, payload, {
        "Authorization": f"Bearer {key}", "Content-Type": kind, "x-request-id": f"leaves-{key}"})
    return connection


def edit(prompt: str = "Riper", size: int = 3_000_000) -> bytes:
    return form([("model", None, b"gpt-image-1"), ("prompt", None, prompt.encode()),
                 ("image", "pear.png", large_picture(size))])


@pytest.fixture
def stack(make_stack: Callable[..., Stack], fake: FakeOneMin, file_host: FileHost) -> Stack:
    stack = make_stack(config=media_settings(fake, file_host))
    assert stack.chat("first").status == 200
    fake.clear()
    return stack


def over(stack: Stack, key: str) -> dict[str, Any]:
    """The log's line of the exchange that was left, when nothing of it is open any more."""
    exchange = stack.worker.wait_for_exchange(f"leaves-{key}")
    wait_until(lambda: not open_files(stack), what="the files to be closed")
    return exchange


def test_while_a_picture_is_fetched(stack: Stack, fake: FakeOneMin, file_host: FileHost):
    key = secrets.token_hex(8)
    client = send(stack, "/v1/chat/completions", chat(picture_part(f"{file_host.url}/stall")), key)
    wait_until(lambda: file_host.fetches)
    left = time.monotonic()
    client.close()
    assert file_host.wait_for_end("stall").ended - left < LIMIT
    over(stack, key)
    assert not fake.uploads() and not fake.chats()


def test_while_pictures_are_uploaded(stack: Stack, fake: FakeOneMin):
    key = secrets.token_hex(8)
    fake.assets.steer = {"gate": key}
    parts = [picture_part(data_url(picture())) for _ in range(6)]
    client = send(stack, "/v1/chat/completions", chat(*parts), key)
    uploads = wait_until(lambda: len(fake.uploads()) == 4 and fake.uploads(), what="four uploads at a time")
    left = time.monotonic()
    client.close()
    assert max(fake.wait_for_abort(upload) for upload in uploads) - left < LIMIT
    over(stack, key)
    assert len(fake.uploads()) == 4 and not fake.chats()


def test_while_a_long_form_is_uploaded(stack: Stack, fake: FakeOneMin):
    key = secrets.token_hex(8)
    fake.assets.steer = {"rate": 400_000}
    client = send(stack, "/v1/images/edits", edit(), key)
    wait_until(lambda: open_files(stack), what="the form's file")
    client.close()
    over(stack, key)
    assert not fake.calls()


def test_while_a_picture_is_made(stack: Stack, fake: FakeOneMin):
    key = secrets.token_hex(8)
    client = send(stack, "/v1/images/edits", edit(directive(mode="stall", at="head")), key)
    [call] = wait_until(fake.calls, what="the call")
    left = time.monotonic()
    client.close()
    assert fake.wait_for_abort(call) - left < LIMIT
    over(stack, key)


@pytest.mark.parametrize("path, body", [
    ("/v1/images/generations", {"model": "gpt-image-1", "prompt": "A pear"}),
    ("/v1/audio/speech", {"model": "tts-1", "voice": "alloy", "input": "A pear"})], ids=["pictures", "sound"])
def test_while_what_was_made_is_fetched(stack: Stack, fake: FakeOneMin, path: str, body: dict[str, Any]):
    key = secrets.token_hex(8)
    fake.features.default = {"download": {"gate": key}}
    client = send(stack, path, body, key)
    [download] = wait_until(lambda: [r for r in fake.requests if r.method == "GET" and "/asset/" in r.target or
                                     "X-Amz" in r.target], what="the download")
    left = time.monotonic()
    client.close()
    assert fake.wait_for_abort(download) - left < LIMIT
    over(stack, key)


def test_a_worker_that_is_told_to_end_lets_an_upload_end(stack: Stack, fake: FakeOneMin):
    key = secrets.token_hex(8)
    fake.assets.steer = {"gate": key}
    client = send(stack, "/v1/images/edits", edit(), key)
    wait_until(fake.uploads, what="the upload")
    stack.worker.signal(signal.SIGTERM)
    stack.worker.wait_for_event("draining")
    fake.gate(key).release()
    answer = client.getresponse()
    assert answer.status == 200, answer.read()
    client.close()
    assert stack.worker.wait() == 0
