"""`fastrelay cgi`, started as a web server starts a CGI program: variables, a body, an answer, and how either side ends."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
from typing import Iterator

import pytest

from conftest import configuration
from fake_onemin import FakeOneMin, directive
from harness import BINARY, CLEAN, KEY, question, wait_until

# Neither protocol is spoken here.
pytestmark = pytest.mark.only("fastcgi")


class CGI:
    """One CGI process."""

    def __init__(self, directory: pathlib.Path, config: dict | str, body: bytes | None = b"", stdout: int = subprocess.PIPE,
                 **variables: str) -> None:
        file = directory / "fastrelay.json5"
        file.write_text(config if isinstance(config, str) else json.dumps(config))
        environment = {"GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "GET", "SCRIPT_NAME": "/relay/relay.cgi",
                       "PATH_INFO": "/v1/models", "HTTP_AUTHORIZATION": f"Bearer {KEY}", **variables}
        self.process = subprocess.Popen(
            [str(BINARY), "cgi", "--config", str(file)], stdin=subprocess.PIPE, stdout=stdout, stderr=subprocess.PIPE,
            env={**CLEAN, **{name: value for name, value in environment.items() if value}})
        if body is not None:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.write(body)
                self.process.stdin.close()

    def result(self) -> tuple[int, dict[str, str], bytes]:
        """Status, header fields and body, when the process has ended well."""
        output = self.process.stdout.read()
        assert self.process.wait(10) == 0, self.log()
        head, _, body = output.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        return int(fields.pop("Status").split()[0]), fields, body

    def log(self) -> str:
        return self.process.stderr.read().decode()

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(5)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()


@pytest.fixture
def cgi(fake: FakeOneMin, tmp_path: pathlib.Path) -> Iterator:
    processes: list[CGI] = []

    def start(config: dict | str | None = None, **options) -> CGI:
        processes.append(CGI(tmp_path, configuration(fake) if config is None else config, **options))
        return processes[-1]

    def chat(prompt: str = "Hi", config: dict | None = None, stdout: int = subprocess.PIPE, **fields) -> CGI:
        body = json.dumps(question(prompt, **fields)).encode()
        return start(config, body=body, stdout=stdout, REQUEST_METHOD="POST", PATH_INFO="/v1/chat/completions",
                     CONTENT_TYPE="application/json", CONTENT_LENGTH=str(len(body)))

    start.chat = chat
    yield start
    for process in processes:
        process.stop()


def test_one_request_is_answered_and_the_process_ends(cgi, fake: FakeOneMin):
    status, fields, body = cgi().result()
    assert status == 200 and fields["content-type"] == "application/json"
    assert "gpt-4o" in [model["id"] for model in json.loads(body)["data"]]
    status, _, body = cgi.chat("x" * 3_000_000).result()
    assert status == 200 and json.loads(body)["choices"][0]["message"]["content"]
    assert len(fake.wait_for_chat().prompt) == 3_000_000
    status, _, body = cgi(HTTP_AUTHORIZATION="").result()
    assert status == 401 and json.loads(body)["error"]["code"] == "missing_api_key"


def test_a_line_is_logged(cgi):
    process = cgi.chat()
    process.result()
    [line] = [json.loads(line) for line in process.log().splitlines()]
    assert (line["message"], line["status"], line["outcome"]) == ("exchange", 200, "ok")


def test_a_list_that_another_process_stored_is_used(cgi, fake: FakeOneMin, tmp_path: pathlib.Path):
    config = configuration(fake, cacheDirectory="cache")
    listings = lambda: [request for request in fake.requests if request.target.endswith("UNIFY_CHAT_WITH_AI")]  # noqa: E731
    first = cgi(config).result()
    assert [cgi(config).result()[2] for _ in range(3)] == [first[2]] * 3
    assert cgi.chat(config=config, model="claude-sonnet-4-5").result()[0] == 200
    assert len(listings()) == 1
    [stored] = [path for path in (tmp_path / "cache").glob("*-chat-*") if path.suffix != ".lock"]
    stored.write_bytes(b"\0garbage\xff" * 100)
    process = cgi(config)
    assert process.result()[2] == first[2] and "stored model list is not used" in process.log()
    assert len(listings()) == 2


def test_each_event_is_written_before_the_next_is_sent(cgi, fake: FakeOneMin):
    gate = fake.gate("cgi")
    process = cgi.chat(directive(gate="cgi", chunks=["one", "two", "three"]), stream=True)
    for piece in (b"one", b"two", b"three"):
        gate.release()
        while piece not in process.process.stdout.readline():
            pass
    gate.release()
    assert process.process.stdout.read().endswith(b"data: [DONE]\n\n")
    assert process.process.wait(10) == 0


def test_a_reader_that_takes_its_time_gets_everything(cgi, fake: FakeOneMin):
    process = cgi.chat(directive(events=14_000, size=1000), stream=True)
    request = fake.wait_for_chat()
    # More than all buffers on the way hold: the pipe is full, and the vendor has to wait.
    wait_until(lambda: request.events_sent > 100, what="the stream to flow")
    output = process.process.stdout.read()
    assert request.completed is not None
    assert len(output) > 14_000_000 and output.endswith(b"data: [DONE]\n\n")
    assert process.process.wait(10) == 0


@pytest.mark.parametrize("how", ["pipe closed", "socket closed", "SIGTERM"])
@pytest.mark.parametrize("fields", [dict(mode="stall", at=2), dict(events=100_000, gap=0.002)], ids=["silent", "flowing"])
def test_a_client_that_leaves_cancels_the_call(cgi, fake: FakeOneMin, how: str, fields: dict):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        stdout = theirs.fileno() if how == "socket closed" else subprocess.PIPE
        process = cgi.chat(directive(**fields), stream=True, stdout=stdout)
        theirs.close()
        request = fake.wait_for_chat()
        if how == "socket closed":
            assert ours.recv(100)
            ours.close()
        else:
            assert process.process.stdout.read(100)
            if how == "SIGTERM":
                process.process.send_signal(signal.SIGTERM)
            else:
                process.process.stdout.close()
        fake.wait_for_abort(request, 5)
    assert process.process.wait(5) == 0
    assert '"outcome":"client_left"' in process.log()


def test_a_body_of_unknown_length_ends_with_the_input(cgi, fake: FakeOneMin):
    body = json.dumps(question("Hi there")).encode()
    status, _, _ = cgi(body=body, REQUEST_METHOD="POST", PATH_INFO="/v1/chat/completions",
                       CONTENT_TYPE="application/json", HTTP_TRANSFER_ENCODING="chunked").result()
    assert status == 200 and fake.wait_for_chat().prompt == "Hi there"


@pytest.mark.parametrize("size, expected", [(2048, 400), (2049, 413)])
def test_the_body_limit(cgi, fake: FakeOneMin, size: int, expected: int):
    for length in (str(size), ""):
        status, _, _ = cgi(
            configuration(fake, limits={"bodyBytes": 2048}), body=b"x" * size, REQUEST_METHOD="POST",
            PATH_INFO="/v1/chat/completions", CONTENT_TYPE="application/json", CONTENT_LENGTH=length,
            HTTP_TRANSFER_ENCODING="" if length else "chunked").result()
        assert status == expected


def test_a_body_that_stops_coming(cgi, fake: FakeOneMin):
    process = cgi(configuration(fake, limits={"bodyTimeout": "200ms"}), body=None, REQUEST_METHOD="POST",
                  PATH_INFO="/v1/chat/completions", CONTENT_TYPE="application/json", CONTENT_LENGTH="10")
    process.process.stdin.write(b"{")
    process.process.stdin.flush()
    assert process.result()[0] == 408


def test_a_body_that_ends_early(cgi):
    status, _, body = cgi(body=b"{", REQUEST_METHOD="POST", PATH_INFO="/v1/chat/completions",
                          CONTENT_TYPE="application/json", CONTENT_LENGTH="10").result()
    assert status in (400, 499), body


def test_a_wrong_configuration_is_told_to_both(cgi):
    process = cgi('{ loop: 1 }', body=b"x" * 100_000, REQUEST_METHOD="POST", CONTENT_LENGTH="100000")
    output = process.process.stdout.read()
    assert process.process.wait(10) == 78
    assert output.startswith(b"Status: 500 ") and b"relay_unavailable" in output and b"loop" not in output
    assert 'unknown key "loop"' in process.log()


def test_without_a_web_server_it_is_wrong_usage(cgi):
    process = cgi(REQUEST_METHOD="")
    assert process.process.wait(10) == 64
    assert "REQUEST_METHOD" in process.log() and not process.process.stdout.read()


def test_an_answer_can_be_a_file(cgi, tmp_path: pathlib.Path):
    with (tmp_path / "answer").open("wb") as file:
        process = cgi.chat(stdout=file.fileno())
        assert process.process.wait(10) == 0
    assert (tmp_path / "answer").read_bytes().startswith(b"Status: 200 OK\r\n")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a process of another user")
def test_the_callers_key_is_hidden_from_other_programs_of_the_same_user(fake: FakeOneMin):
    """Sites of one host often run as one user; files of /proc then belong to root."""
    gate = subprocess.Popen(
        [str(BINARY), "cgi"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, user="nobody", group="nogroup",
        env={**CLEAN, "REQUEST_METHOD": "GET", "PATH_INFO": "/health/wait", "QUERY_STRING": "seconds=20&stream=1",
             "HTTP_AUTHORIZATION": f"Bearer {KEY}"}, extra_groups=[])
    try:
        wait_until(lambda: os.stat(f"/proc/{gate.pid}/environ").st_uid == 0, 5, "hidden environment")
        seen = subprocess.run(["cat", f"/proc/{gate.pid}/environ"], capture_output=True, user="nobody", group="nogroup",
                              extra_groups=[])
        assert seen.returncode != 0 and KEY.encode() not in seen.stdout and gate.poll() is None
    finally:
        gate.kill()
        gate.wait(5)
        gate.stdout.close()
