"""A fake 1min.ai: raw sockets, so that every fault a network or a vendor can have is one line of JSON away.

A prompt steers its own answer: the text may contain `[[fake:{"mode": "cut", "after": 120}]]`. Without it the fake answers
as the service does, streamed or not. Everything received is recorded, and when and how each connection ended, so that a
test can ask "was the upstream call cancelled, and when". Use it in-process (`FakeOneMin().start()`) or from a shell:

    python3 Tests/EndToEnd/fake_onemin.py --port 8081        then GET /_fake/requests

Where the prompt is not the test's own, as with agents, `script` says what the fake answers to the calls of one API key.

Uploads are in fake_assets.py, pictures and sounds in fake_features.py, with what steers them.

Fields of a directive; all may be combined unless a mode says otherwise:

    text        the whole answer (default: a short greeting)
    chunks      the deltas of a streamed answer, instead of `text` as one delta
    events, size  `events` deltas of `size` characters each, numbered
    repeat, unit  an answer of `repeat` times `unit` (for 20 MB answers)
    gap         seconds between two deltas
    delay       seconds before the head
    gate        name of a gate: before each delta, and before a head that is not streamed, wait for a release
    usage       {"inputToken": …} for aiRecord.metadata; "zero" for all zero; null for no metadata
    record      fields that replace those of aiRecord ("status": "FAILED")
    describe    true: the answer says what was attached: "images: 2 (png 64x48, jpeg 10x10); files: 1 (pdf)"
    result      what stands in resultObject ("empty", a string, an object, a list)
    hold        after so many bytes of body, nothing more until the peer leaves
    split       write the body in pieces of that many bytes, each in a packet of its own
    last        "repeat": the last content event repeats the whole text, as seen for some models
    newline     "crlf": event streams with \\r\\n
    headers     further response headers

    mode        "status": `status`, `body` ("A", "B", "plain", "html", "empty"), `code`, `message`, `details`, `retryAfter`
                "stall": `at` ("head", "body", or a number of events), then nothing until the peer closes
                "cut": end the connection after `after` bytes of body, or after `afterEvents` events
                "reset": the same with a TCP reset
                "error-event": `afterEvents` deltas, then `event: error` with `message`
                "end": `afterEvents` deltas, then a proper end of body without result and done
                "redirect": `status` and `location`
                "garbage": 200, JSON type, a body that is not JSON;  "html": 200 and an HTML page
                "huge-event": one delta of `size` bytes
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import itertools
import json
import socket
import struct
import sys
import threading
import time
from typing import Any, BinaryIO, Callable

from fake_assets import Assets
from fake_features import Features, attachments
from fake_models import ALL_MODELS, AUDIO_MODELS, CHAT_MODELS, IMAGE_MODELS, model
from fake_shapes import directive, directive_of, shape_a, shape_b

__all__ = ["AUDIO_MODELS", "BAD_KEY", "CHAT_MODELS", "FakeOneMin", "Gate", "IMAGE_MODELS", "Recorded", "directive",
           "directive_of", "model", "shape_a", "shape_b"]
GREETING = "Hello from 1min.ai, the fake one."
REASONS = {200: "OK", 201: "Created", 302: "Found", 307: "Temporary Redirect", 400: "Bad Request", 401: "Unauthorized",
           402: "Payment Required", 403: "Forbidden", 404: "Not Found", 408: "Request Timeout", 409: "Conflict",
           413: "Payload Too Large", 422: "Unprocessable Entity", 429: "Too Many Requests",
           500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}
#: This key is refused, and every one that begins with it.
BAD_KEY = "bad-key"


@dataclasses.dataclass
class Recorded:
    """One request as received, and what became of it. Times are those of time.monotonic()."""

    number: int
    connection: int
    method: str
    target: str
    version: str
    headers: list[tuple[str, str]]
    body: bytes
    received: float
    #: Deltas handed to the socket so far.
    events_sent: int = 0
    #: Bytes of body handed to the socket so far.
    bytes_sent: int = 0
    #: When the answer was complete, or None.
    completed: float | None = None
    #: When the peer closed the connection before the answer was complete, or None.
    aborted: float | None = None
    #: The body of an upload, which `body` has not.
    file: BinaryIO | None = dataclasses.field(default=None, repr=False)

    def header(self, name: str) -> str | None:
        for key, value in self.headers:
            if key.lower() == name.lower():
                return value
        return None

    @property
    def path(self) -> str:
        return self.target.split("?", 1)[0]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def prompt(self) -> str:
        return self.json["promptObject"]["prompt"]

    def summary(self) -> dict[str, Any]:
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self) if field.name != "file"}
        fields["body"] = self.body.decode("utf-8", "replace")
        return fields


class Gate:
    """Lets a test decide when the next delta leaves the fake."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._permits = asyncio.Semaphore(0)

    async def passage(self) -> None:
        await self._permits.acquire()

    def release(self, count: int = 1) -> None:
        def give() -> None:
            for _ in range(count):
                self._permits.release()
        self._loop.call_soon_threadsafe(give)


class Disconnected(Exception):
    """The peer has gone."""


class Connection(asyncio.Protocol):
    """One client connection: parses requests, answers them one after another, notices when the peer leaves."""

    def __init__(self, fake: "FakeOneMin") -> None:
        self.fake = fake
        self.buffer = bytearray()
        self.data = asyncio.Event()
        self.writable = asyncio.Event()
        self.writable.set()
        self.gone = asyncio.Event()
        self.current: Recorded | None = None
        self.requests = 0
        #: Bytes of a body that was answered before it was read.
        self.unread = 0

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # What the kernel and asyncio hold must stay small against what tests measure.
        transport.set_write_buffer_limits(high=65_536)
        self.number = self.fake.connection_opened(self)
        self.task = asyncio.get_running_loop().create_task(self.serve())

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        self.data.set()

    def eof_received(self) -> bool:
        self.peer_left()
        return False

    def connection_lost(self, error: Exception | None) -> None:
        self.peer_left()
        self.fake.connection_closed(self)

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()

    def peer_left(self) -> None:
        if not self.gone.is_set():
            self.gone.set()
            if self.current is not None and self.current.completed is None:
                self.fake.aborted(self.current)
        self.data.set()
        self.writable.set()

    # Waiting, each cut short when the peer leaves.

    async def sleep(self, seconds: float) -> None:
        if seconds > 0:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.gone.wait(), seconds)
        self.check()

    async def passage(self, gate: Gate) -> None:
        waits = [asyncio.ensure_future(gate.passage()), asyncio.ensure_future(self.gone.wait())]
        done, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        self.check()

    async def stall(self) -> None:
        await self.gone.wait()
        self.check()

    def check(self) -> None:
        if self.gone.is_set():
            raise Disconnected

    # Reading

    async def need(self, condition: Callable[[], bool]) -> bool:
        while not condition():
            if self.gone.is_set():
                return False
            self.data.clear()
            await self.data.wait()
        return True

    async def read_request(self) -> Recorded | None:
        if not await self.need(lambda: b"\r\n\r\n" in self.buffer):
            return None
        head, _, _ = bytes(self.buffer).partition(b"\r\n\r\n")
        del self.buffer[: len(head) + 4]
        lines = head.decode("latin-1").split("\r\n")
        method, target, version = lines[0].split(" ", 2)
        headers = [(name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in lines[1:])]
        lookup = {name.lower(): value for name, value in headers}
        if lookup.get("expect", "").lower() == "100-continue":
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = b""
        if method == "POST" and target == "/api/assets" and "content-length" in lookup:
            return await self.read_upload(method, target, version, headers, int(lookup["content-length"]))
        if "chunked" in lookup.get("transfer-encoding", ""):
            while True:
                if not await self.need(lambda: b"\r\n" in self.buffer):
                    return None
                size_line, _, _ = bytes(self.buffer).partition(b"\r\n")
                size = int(size_line.split(b";")[0], 16)
                total = len(size_line) + 2 + size + 2
                if not await self.need(lambda: len(self.buffer) >= total):
                    return None
                body += bytes(self.buffer[len(size_line) + 2: total - 2])
                del self.buffer[:total]
                if size == 0:
                    break
        elif "content-length" in lookup:
            length = int(lookup["content-length"])
            if not await self.need(lambda: len(self.buffer) >= length):
                return None
            body = bytes(self.buffer[:length])
            del self.buffer[:length]
        return Recorded(self.fake.next_number(), self.number, method, target, version, headers, body, time.monotonic())

    async def read_upload(self, method: str, target: str, version: str, headers: list[tuple[str, str]],
                          length: int) -> Recorded | None:
        """An upload is on record from its head on: what becomes of its body is part of the story."""
        upload = Recorded(self.fake.next_number(), self.number, method, target, version, headers, b"", time.monotonic())
        self.current = upload
        self.fake.received(upload)
        upload.file = await self.fake.assets.read(self, length)
        return None if upload.file is None else upload

    # Answering

    async def serve(self) -> None:
        try:
            while True:
                request = await self.read_request()
                if request is None:
                    break
                self.requests += 1
                self.current = request
                if request.file is None and not request.path.startswith("/_fake/"):
                    self.fake.received(request)
                with request.file or contextlib.nullcontext():
                    await self.fake.answer(self, request)
                request.completed = time.monotonic()
                self.fake.changed()
                closing = self.unread > 0 or (request.header("connection") or "").lower() == "close"
                while self.unread and await self.need(lambda: bool(self.buffer)):
                    # Read and thrown away, as servers do: a reset would overtake the answer.
                    self.unread -= min(self.unread, len(self.buffer))
                    self.buffer.clear()
                if closing:
                    break
        except Disconnected:
            pass
        finally:
            self.transport.close()

    async def write(self, data: bytes) -> None:
        self.check()
        self.transport.write(data)
        if self.transport.is_closing():
            # Writing found the connection reset, which asyncio tells only later.
            self.peer_left()
        await self.writable.wait()
        # A turn for the loop, without which a flood would never see that its reader has left.
        await asyncio.sleep(0)
        self.check()

    def abort(self, reset: bool) -> None:
        """Ends the connection from this side: with a reset, or with a FIN in the middle of a body."""
        if self.current is not None:
            self.current.completed = time.monotonic()
        if reset:
            sock = self.transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()
        else:
            self.transport.close()
        raise Disconnected


class Body:
    """Writes one response; counts, splits and cuts as the directive says."""

    def __init__(self, connection: Connection, request: Recorded, directive: dict[str, Any]) -> None:
        self.connection, self.request, self.directive = connection, request, directive
        self.chunked = False
        mode = directive.get("mode")
        self.cut_at = directive.get("after") if mode in ("cut", "reset") else None

    async def head(self, status: int, headers: list[tuple[str, str]], length: int | None) -> None:
        await self.connection.sleep(self.directive.get("delay", 0))
        if self.directive.get("mode") == "stall" and self.directive.get("at", "head") == "head":
            await self.connection.stall()
        lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Unknown')}"]
        lines += [f"{name}: {value}" for name, value in headers]
        lines += [f"{name}: {value}" for name, value in self.directive.get("headers", {}).items()]
        lines += ["Date: Wed, 07 Oct 2026 10:00:00 GMT", "Server: fake"]
        if length is None:
            self.chunked = True
            lines.append("Transfer-Encoding: chunked")
        else:
            lines.append(f"Content-Length: {length}")
        await self.connection.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        if self.directive.get("mode") == "stall" and self.directive.get("at") == "body":
            await self.connection.stall()

    async def data(self, payload: bytes) -> None:
        step = self.directive.get("split") or len(payload) or 1
        for start in range(0, len(payload), step):
            piece = payload[start: start + step]
            cut = self.cut_at is not None and self.request.bytes_sent + len(piece) >= self.cut_at
            if cut:
                piece = piece[: self.cut_at - self.request.bytes_sent]
            self.request.bytes_sent += len(piece)
            if piece:
                framed = b"%x\r\n%s\r\n" % (len(piece), piece) if self.chunked else piece
                await self.connection.write(framed)
            if self.request.bytes_sent >= self.directive.get("hold", 1 << 62):
                await self.connection.stall()
            if cut:
                # Let the kernel send what was written: a reset would otherwise overtake it.
                await self.connection.sleep(0.05)
                self.connection.abort(reset=self.directive["mode"] == "reset")

    async def end(self) -> None:
        if self.chunked:
            await self.connection.write(b"0\r\n\r\n")


class FakeOneMin:
    """The service: an asyncio loop on a thread of its own."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host, self.port = host, port
        self.requests: list[Recorded] = []
        self.connections: set[Connection] = set()
        self.opened = 0
        #: Replaces the listing: a list of entries, or a directive such as {"mode": "status", "status": 500}.
        self.listing: list[dict[str, Any]] | dict[str, Any] | None = None
        #: Used for chat where the prompt has no directive.
        self.default: dict[str, Any] = {}
        self.assets = Assets(self)
        self.features = Features(self)
        self._scripts: dict[str, Callable[[str], str]] = {}
        self._numbers = 0
        self._gates: dict[str, Gate] = {}
        self._changed = threading.Condition()
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread: threading.Thread | None = None

    # Life

    def start(self) -> "FakeOneMin":
        self._thread = threading.Thread(target=self._run, name="fake-1min", daemon=True)
        self._thread.start()
        if not self._ready.wait(10):
            raise RuntimeError("the fake 1min.ai did not start")
        return self

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)

        async def listen() -> None:
            server = await self._loop.create_server(
                lambda: Connection(self), self.host, self.port, backlog=4096, reuse_address=True)
            self.port = server.sockets[0].getsockname()[1]
            self._server = server
            self._ready.set()

        self._loop.run_until_complete(listen())
        self._loop.run_forever()
        self._loop.close()

    def stop(self) -> None:
        """Closes the listener and every connection; the port then refuses."""
        if self._thread is None:
            return

        async def end() -> None:
            self._server.close()
            for connection in list(self.connections):
                connection.transport.abort()
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._loop.stop()

        asyncio.run_coroutine_threadsafe(end(), self._loop)
        self._thread.join(5)
        self._thread = None

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def __enter__(self) -> "FakeOneMin":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    # The record

    def next_number(self) -> int:
        self._numbers += 1
        return self._numbers

    def connection_opened(self, connection: Connection) -> int:
        self.connections.add(connection)
        self.opened += 1
        return self.opened

    def connection_closed(self, connection: Connection) -> None:
        self.connections.discard(connection)
        self.changed()

    def received(self, request: Recorded) -> None:
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()

    def aborted(self, request: Recorded) -> None:
        request.aborted = time.monotonic()
        self.changed()

    def changed(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def clear(self) -> None:
        with self._changed:
            self.requests.clear()
            self.listing = None
            self.default = {}
            self.assets.clear()
            self.features.clear()

    def wait_for(self, condition: Callable[[], Any], timeout: float = 10.0, what: str = "condition") -> Any:
        """Waits until `condition` is true; looked at after every event of the fake."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                value = condition()
                if value:
                    return value
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"the fake never saw: {what}")
                self._changed.wait(min(left, 0.05))

    def chats(self, containing: str = "") -> list[Recorded]:
        return [request for request in list(self.requests)
                if request.path == "/api/chat-with-ai" and containing.encode() in request.body]

    def uploads(self) -> list[Recorded]:
        return [request for request in list(self.requests) if request.path == "/api/assets"]

    def calls(self, feature: str = "", containing: str = "") -> list[Recorded]:
        """The calls of features, of one where it is named."""
        return [request for request in list(self.requests) if request.path == "/api/features"
                and f'"{feature}'.encode() in request.body and containing.encode() in request.body]

    def wait_for_chat(self, containing: str = "", timeout: float = 10.0) -> Recorded:
        found = self.wait_for(lambda: self.chats(containing), timeout, f"a chat with {containing!r}")
        return found[-1]

    def wait_for_abort(self, request: Recorded, timeout: float = 10.0) -> float:
        """When the peer closed the connection of an unfinished answer."""
        return self.wait_for(lambda: request.aborted, timeout, f"the end of request {request.number}")

    def close_connections(self) -> None:
        """Closes every connection, as a server does with idle ones; they are closed when this returns."""
        async def close() -> None:
            for connection in list(self.connections):
                connection.transport.close()
            while self.connections:
                await asyncio.sleep(0)
            # asyncio tells the protocol first and closes the socket then.
            await asyncio.sleep(0)

        asyncio.run_coroutine_threadsafe(close(), self._loop).result(5)

    def gate(self, name: str) -> Gate:
        if name not in self._gates:
            self._gates[name] = Gate(self._loop)
        return self._gates[name]

    # Scripts

    def script(self, key: str, model: Callable[[str], str] | list[str]) -> None:
        """Who answers the calls with an API key: something that makes an answer's text of a prompt, or the texts in
        their order. What it raises, and a call too many, is the service refusing the request, with the reason."""
        if isinstance(model, list):
            texts = iter(model)

            def following(_: str) -> str:
                for text in texts:
                    return text
                raise AssertionError("the script has no further answer")
            model = following
        self._scripts[key] = model

    def prompts(self, key: str) -> list[str]:
        """The prompts of the calls with an API key so far."""
        return [request.prompt for request in self.chats() if request.header("api-key") == key]

    def scripted(self, key: str, prompt: str) -> dict[str, Any] | None:
        """The directive that gives the script's answer; None for a key without a script."""
        if key not in self._scripts:
            return None
        try:
            return {"chunks": pieces(self._scripts[key](prompt))}
        except Exception as error:
            return {"mode": "status", "status": 422, "message": f"script: {type(error).__name__}: {error}"}

    # Routes

    async def answer(self, connection: Connection, request: Recorded) -> None:
        path = request.path
        if path == "/_fake/requests":
            await self.reply(connection, request, 200, [entry.summary() for entry in self.requests])
        elif path == "/_fake/clear":
            self.clear()
            await self.reply(connection, request, 200, {})
        elif path == "/models":
            await self.models(connection, request)
        elif path == "/api/chat-with-ai" and request.method == "POST":
            await self.chat(connection, request)
        elif path == "/api/assets" and request.method == "POST" and request.file is not None:
            await self.assets.answer(connection, request)
        elif path == "/api/features" and request.method == "POST" and "?" not in request.target:
            await self.features.answer(connection, request)
        elif request.method == "GET" and path.startswith(("/s3/", "/asset/", "/images/", "/audios/")):
            await self.features.download(connection, request)
        else:
            await self.reply(connection, request, 404, {"message": f"Cannot {request.method} {path}"})

    async def reply(self, connection: Connection, request: Recorded, status: int, value: Any,
                    directive: dict[str, Any] | None = None, headers: list[tuple[str, str]] | None = None,
                    kind: str = "application/json; charset=utf-8") -> None:
        payload = value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()
        body = Body(connection, request, directive or {})
        await body.head(status, [("Content-Type", kind), *(headers or [])], len(payload))
        await body.data(payload)

    async def models(self, connection: Connection, request: Recorded) -> None:
        directive: dict[str, Any] = {}
        listing = self.listing
        if isinstance(listing, dict):
            directive, listing = listing, None
        if await self.special(connection, request, directive):
            return
        query = request.target.partition("?")[2]
        feature = dict(part.partition("=")[::2] for part in query.split("&") if part).get("feature", "")
        if listing is None:
            listing = ALL_MODELS
        chosen = [entry for entry in listing if feature and feature in entry["features"]]
        await self.reply(connection, request, 200, {"models": chosen, "total": len(chosen)}, directive)

    def known(self, feature: str = "UNIFY_CHAT_WITH_AI") -> dict[str, dict[str, Any]]:
        """The models of a feature by their names."""
        listing = self.listing if isinstance(self.listing, list) else ALL_MODELS
        return {entry["modelId"]: entry for entry in listing if feature in entry["features"]}

    async def refused_key(self, connection: Connection, request: Recorded) -> bool:
        """Whether the call was answered since its key is none."""
        key = request.header("api-key")
        if key and not key.startswith(BAD_KEY):
            return False
        await self.reply(connection, request, 401, shape_a("UNAUTHORIZED", "Invalid or missing API key"))
        return True

    async def chat(self, connection: Connection, request: Recorded) -> None:
        if await self.refused_key(connection, request):
            return
        key = request.header("api-key") or ""
        try:
            body = json.loads(request.body)
            prompt = body["promptObject"]["prompt"]
            assert body["type"] == "UNIFY_CHAT_WITH_AI" and isinstance(prompt, str) and isinstance(body["model"], str)
        except (ValueError, KeyError, TypeError, AssertionError) as error:
            await self.reply(connection, request, 422, shape_a(
                "PROMPT_OBJECT_VALIDATION_FAILED", "Validation failed",
                [{"field": "promptObject", "message": f"promptObject is not valid: {type(error).__name__}"}]))
            return
        script = self.scripted(key, prompt)
        directive = {**self.default, **(directive_of(prompt) if script is None else script)}
        if await self.special(connection, request, directive):
            return
        entry = self.known().get(body["model"])
        if directive.get("anyModel") is not True and (entry is None or entry["status"] != "ACTIVE"):
            await self.reply(connection, request, 400, shape_b(
                "UNSUPPORTED_MODEL", f"The model {body['model']} is not supported"))
            return
        seen, refusal = attachments(self, body, key)
        if refusal is not None:
            await self.reply(connection, request, 400, refusal)
            return
        if directive.get("describe"):
            directive = {**directive, "text": seen}
        if "isStreaming=true" in request.target:
            await self.stream(connection, request, directive, body)
        else:
            await self.complete(connection, request, directive, body)

    async def special(self, connection: Connection, request: Recorded, directive: dict[str, Any]) -> bool:
        """Answers that have nothing of a chat."""
        mode = directive.get("mode")
        if mode == "status":
            status = directive["status"]
            headers = [("Retry-After", str(directive["retryAfter"]))] if "retryAfter" in directive else []
            shape = directive.get("body", "html" if status in (502, 503, 504) else "A")
            code = directive.get("code", {401: "UNAUTHORIZED", 422: "PROMPT_OBJECT_VALIDATION_FAILED",
                                          429: "RATE_LIMITED", 402: "INSUFFICIENT_CREDITS"}.get(status, "ERROR"))
            message = directive.get("message", f"The fake says {status}")
            if shape == "html":
                page = (f"<html>\r\n<head><title>{status} {REASONS.get(status, '')}</title></head>\r\n<body>\r\n<center>"
                        f"<h1>{status} {REASONS.get(status, '')}</h1></center>\r\n<hr><center>nginx</center>\r\n"
                        "</body>\r\n</html>\r\n")
                await self.reply(connection, request, status, page.encode(), directive, headers, "text/html")
            elif shape == "empty":
                await self.reply(connection, request, status, b"", directive, headers)
            else:
                value = {"A": lambda: shape_a(code, message, directive.get("details")),
                         "B": lambda: shape_b(code, message, directive.get("details")),
                         "plain": lambda: {"message": message}}[shape]()
                await self.reply(connection, request, status, value, directive, headers)
        elif mode == "redirect":
            await self.reply(connection, request, directive.get("status", 302), b"", directive,
                             [("Location", directive["location"])])
        elif mode == "garbage":
            await self.reply(connection, request, 200, b'{"aiRecord": {"aiRecordDetail": ', directive)
        elif mode == "html":
            await self.reply(connection, request, 200, b"<html><body>Just a moment...</body></html>", directive,
                             kind="text/html")
        elif mode == "reset" and "after" not in directive and "afterEvents" not in directive:
            connection.abort(reset=True)
        else:
            return False
        return True

    # Chat

    def deltas(self, directive: dict[str, Any]) -> list[str]:
        if "chunks" in directive:
            return directive["chunks"]
        if "events" in directive:
            size = directive.get("size", 8)
            return [f"{number} ".ljust(size, "x") for number in range(directive["events"])]
        if "repeat" in directive:
            # Deltas of at most 16 KB, as a generous model would send.
            unit = directive.get("unit", "0123456789abcdef")
            per = max(1, 16_384 // len(unit))
            full, rest = divmod(directive["repeat"], per)
            return [unit * per] * full + ([unit * rest] if rest else [])
        if directive.get("mode") == "huge-event":
            return ["x" * directive["size"]]
        return [directive["text"]] if "text" in directive else ["Hello", " from", " 1min.ai,", " the fake one."]

    def record(self, directive: dict[str, Any], body: dict[str, Any], text: str) -> dict[str, Any]:
        usage = directive.get("usage", {"inputToken": 11, "outputToken": 7, "totalToken": 18})
        if usage == "zero":
            usage = {"inputToken": 0, "outputToken": 0, "totalToken": 0}
        metadata = None if usage is None else {
            **usage, "credit": 5, "inputCredit": 2, "outputCredit": 3, "finishReason": "stop"}
        result = directive.get("result", [text])
        record = {
            "uuid": "7f3c0b6e-0000-4000-8000-000000000001", "userId": "user-private-id", "teamId": "team-private-id",
            "teamUser": {"teamId": "team-private-id", "userId": "user-private-id", "userName": "Private Person",
                         "userAvatar": "https://asset.1min.ai/private.png", "status": "ACTIVE", "role": "ADMIN",
                         "creditLimit": 100_000_000, "usedCredit": 12_345, "createdAt": "2026-01-01T00:00:00.000Z",
                         "createdBy": "SYSTEM", "updatedAt": "2026-01-01T00:00:00.000Z", "updatedBy": "SYSTEM"},
            "model": body["model"], "type": "UNIFY_CHAT_WITH_AI", "metadata": metadata, "rating": None,
            "feedback": None, "conversationId": None, "status": "SUCCESS", "createdAt": "2026-10-07T10:00:00.000Z",
            "aiRecordDetail": {"promptObject": {**body["promptObject"], "linkContentList": [], "searchContentList": []},
                               "resultObject": [] if result == "empty" else result},
            "modelDetail": {"name": body["model"], "provider": "OPENAI"},
        }
        record.update(directive.get("record", {}))
        return {"aiRecord": record}

    async def complete(self, connection: Connection, request: Recorded, directive: dict[str, Any],
                       body: dict[str, Any]) -> None:
        if "gate" in directive:
            await connection.passage(self.gate(directive["gate"]))
        if directive.get("mode") == "stall" and isinstance(directive.get("at"), int):
            await connection.stall()
        if directive.get("mode") == "error-event":
            await self.reply(connection, request, 400, shape_b(
                "EXTERNAL_API_RESPONSE_WITH_ERROR", directive.get("message", "The provider refused"),
                directive.get("details")))
            return
        text = "".join(self.deltas(directive))
        await self.reply(connection, request, 200, self.record(directive, body, text), directive)

    async def stream(self, connection: Connection, request: Recorded, directive: dict[str, Any],
                     body: dict[str, Any]) -> None:
        mode = directive.get("mode")
        newline = "\r\n" if directive.get("newline") == "crlf" else "\n"
        out = Body(connection, request, directive)
        gate = self.gate(directive["gate"]) if "gate" in directive else None

        def event(name: str, value: Any) -> bytes:
            return (f"event: {name}{newline}data: {json.dumps(value, ensure_ascii=False)}{newline}{newline}").encode()

        await out.head(200, [("Content-Type", "text/event-stream"), ("Cache-Control", "no-cache")], None)
        deltas = self.deltas(directive)
        until = directive.get("afterEvents") if mode in ("cut", "reset", "error-event", "end") else None
        if mode == "stall" and isinstance(directive.get("at"), int):
            until = directive["at"]
        for number, delta in enumerate(deltas):
            if until is not None and number >= until:
                break
            if gate is not None:
                await connection.passage(gate)
            elif number:
                await connection.sleep(directive.get("gap", 0))
            await out.data(event("content", {"content": delta}))
            request.events_sent += 1
            self.changed()
        if mode == "stall":
            await connection.stall()
        if mode in ("cut", "reset"):
            await connection.sleep(0.05)
            connection.abort(reset=mode == "reset")
        if mode == "error-event":
            await out.data(event("error", {"error": directive.get("message", "The provider is busy")}))
            await out.end()
            return
        if mode == "end":
            await out.end()
            return
        if gate is not None:
            await connection.passage(gate)
        text = "".join(deltas)
        if directive.get("last") == "repeat":
            await out.data(event("content", {"content": text}))
        await out.data(event("result", self.record(directive, body, text)))
        await out.data(event("done", {"message": "Stream completed"}))
        await out.end()


def pieces(text: str) -> list[str]:
    """A text as a model streams it: some characters at a time, cut wherever it falls."""
    found, start, sizes = [], 0, itertools.cycle((3, 1, 7, 4, 11, 2, 5))
    while start < len(text):
        end = start + next(sizes)
        found.append(text[start:end])
        start = end
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="A fake 1min.ai.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8081)
    arguments = parser.parse_args()
    with FakeOneMin(arguments.host, arguments.port) as fake:
        print(f"ready: {fake.url}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()
    sys.exit(0)


if __name__ == "__main__":
    main()
