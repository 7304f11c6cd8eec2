"""Many open streams and a steady rate of requests, and what became of each of them."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import re
import resource
import threading
import time
from typing import Any

from fake_onemin import directive
from harness import KEY, question, wait_until

#: How many streams are opened at once; nginx's own backlog is 511.
OPENED_TOGETHER = 50
PIECE = re.compile(rb'"content":"(\d+) ')


@dataclasses.dataclass
class Report:
    """What became of everything that was begun."""

    #: Streams that had every event, in order, and [DONE].
    streams_complete: int = 0
    #: What was wrong with the others.
    streams_cut: list[str] = dataclasses.field(default_factory=list)
    #: Requests with status 200 and the answer.
    requests_done: int = 0
    #: What was wrong with the others, and when, in seconds since the start.
    requests_failed: list[tuple[float, str]] = dataclasses.field(default_factory=list)
    #: The longest that a request took, in seconds.
    longest_request: float = 0.0

    def __str__(self) -> str:
        return (f"{self.streams_complete} streams complete, {len(self.streams_cut)} cut {self.streams_cut[:5]}; "
                f"{self.requests_done} requests done (at most {self.longest_request:.2f} s), "
                f"{len(self.requests_failed)} failed {self.requests_failed[:5]}")


class Load:
    """Holds streams open and sends requests, on a thread of its own: `with Load(port) as load: …; report = load.finish()`.

    A stream has `events` numbered events, `gap` seconds apart, so it lasts `events` times `gap`. Requests are whole
    chats, each on a new connection to nginx: POSTs, which nginx never sends twice.
    """

    def __init__(self, port: int, streams: int = 500, events: int = 40, gap: float = 0.2, rate: int = 200) -> None:
        self.port, self.streams, self.events, self.gap, self.rate = port, streams, events, gap, rate
        self.report = Report()
        self._open = 0
        self._all_open = threading.Event()
        self._enough = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < 4096 <= hard:
            resource.setrlimit(resource.RLIMIT_NOFILE, (4096, hard))

    def __enter__(self) -> "Load":
        self.started = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._thread.join(60)

    def wait_open(self, timeout: float = 20.0) -> None:
        """Until every stream has had its first event, or ended without."""
        assert self._all_open.wait(timeout), f"{self._open} of {self.streams} streams have begun: {self.report}"

    def wait_for_more(self, count: int, timeout: float = 20.0) -> None:
        """Until that many more requests have been answered."""
        before = self.report.requests_done
        wait_until(lambda: self.report.requests_done >= before + count, timeout, f"{count} requests to be answered")

    def finish(self, timeout: float = 50.0) -> Report:
        """Sends no more requests, and waits for what runs."""
        self._enough.set()
        self._thread.join(timeout)
        if self._failure is not None:
            raise self._failure
        assert not self._thread.is_alive(), f"not over after {timeout} s: {self.report}"
        return self.report

    # On the thread.

    def _run(self) -> None:
        try:
            asyncio.run(self._everything())
        except BaseException as failure:  # for `finish` to raise
            self._failure = failure

    async def _everything(self) -> None:
        streams = asyncio.create_task(self._all_streams())
        requests: set[asyncio.Task[None]] = set()
        due = time.monotonic()
        while not self._enough.is_set():
            task = asyncio.create_task(self._one_request())
            requests.add(task)
            task.add_done_callback(requests.discard)
            due += 1 / self.rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        await asyncio.gather(streams, *requests)

    async def _all_streams(self) -> None:
        tasks = []
        for number in range(self.streams):
            tasks.append(asyncio.create_task(self._one_stream()))
            if number % OPENED_TOGETHER == OPENED_TOGETHER - 1:
                await asyncio.sleep(0.05)
        await asyncio.gather(*tasks)

    async def _one_stream(self) -> None:
        begun = False

        def begin() -> None:
            nonlocal begun
            if not begun:
                begun = True
                self._open += 1
                if self._open == self.streams:
                    self._all_open.set()

        body = b""
        try:
            status, reader, writer = await self._post(stream=True, prompt=directive(
                events=self.events, size=8, gap=self.gap))
            with contextlib.closing(writer):
                if status != 200:
                    raise ConnectionError(f"status {status}")
                while data := await reader.read(65536):
                    body += data
                    begin()
            problem = self._problem_of_stream(body)
        except OSError as error:
            problem = f"{type(error).__name__}: {error}"
        begin()
        if problem is None:
            self.report.streams_complete += 1
        else:
            self.report.streams_cut.append(problem)

    def _problem_of_stream(self, body: bytes) -> str | None:
        numbers = [int(number) for number in PIECE.findall(body)]
        if numbers != list(range(self.events)):
            return f"{len(numbers)} events of {self.events}"
        # HTTP's own end too: without the last chunk nginx has cut the connection.
        if b"data: [DONE]\n\n" not in body or not body.endswith(b"0\r\n\r\n"):
            return "no end"
        return None

    async def _one_request(self) -> None:
        begun = time.monotonic()
        try:
            status, reader, writer = await self._post(prompt=directive(text="answered"))
            with contextlib.closing(writer):
                body = await reader.read()
            problem = None if status == 200 and b'"answered"' in body else f"status {status}: {body[-200:]!r}"
        except OSError as error:
            problem = f"{type(error).__name__}: {error}"
        took = time.monotonic() - begun
        if problem is None:
            self.report.requests_done += 1
            self.report.longest_request = max(self.report.longest_request, took)
        else:
            self.report.requests_failed.append((round(begun - self.started, 2), problem))

    async def _post(self, prompt: str, **fields: Any) -> tuple[int, asyncio.StreamReader, asyncio.StreamWriter]:
        """The status of an answer, and its connection with the head read."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        body = json.dumps(question(prompt, **fields)).encode()
        writer.write(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            b"Authorization: Bearer " + KEY.encode() + b"\r\nContent-Type: application/json\r\n"
            b"Content-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            writer.close()
            raise ConnectionError("closed before the head") from error
        return int(head.split(b" ", 2)[1]), reader, writer
