"""What the tests of limits share: configurations, requests by somebody from somewhere, and what answers say of limits."""

from __future__ import annotations

import concurrent.futures
import contextlib
import http.client
import json
import pathlib
import re
import threading
from typing import Any, Iterator

from fake_onemin import directive
from harness import KEY, MODEL, UNLIMITED, Answer, RelayNginx, Stack, Stream, Worker, question, wait_until

#: A chat whose prompt and reservation are the same each time; the fake says that it used `USED` tokens.
SHORT: dict[str, Any] = {"max_tokens": 50}
USED = 18
CHAT, MESSAGES, COUNT = "/v1/chat/completions", "/v1/messages", "/v1/messages/count_tokens"


def limits(caller: dict[str, Any] | None = None, address: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """`limits` with these rules for chats and no others, counted in a file beside the configuration.

    The places of a caller are as many as he likes unless they are what is limited.
    """
    def rules(of_text: dict[str, Any] | None, defaults: dict[str, Any]) -> dict[str, Any] | None:
        return None if of_text is None else {
            "text": {**defaults, **of_text}, "image": None, "audio": None, "files": None}
    return {**UNLIMITED, "file": "limits", **more,
            "caller": rules(caller, {"requestsPerMinute": None, "concurrent": None}),
            "address": rules(address, {"requestsPerMinute": None})}


def send(stack: Stack, body: Any = None, key: str | None = KEY, path: str = CHAT, source: str = "127.0.0.1",
         method: str = "POST", **headers: str) -> http.client.HTTPConnection:
    """Sends a request from an address of this machine, and leaves its answer to the connection."""
    connection = http.client.HTTPConnection("127.0.0.1", stack.nginx.port, timeout=30, source_address=(source, 0))
    fields = {"Content-Type": "application/json", **headers}
    if key is not None:
        fields["Authorization"] = f"Bearer {key}"
    payload = body if isinstance(body, (bytes, type(None))) else json.dumps(body)
    connection.request(method, path, payload, fields)
    return connection


def ask(stack: Stack, body: Any = None, **options: Any) -> Answer:
    with contextlib.closing(send(stack, body, **options)) as connection:
        return Answer(connection.getresponse())


def chat(stack: Stack, prompt: str = "Hi", key: str | None = KEY, source: str = "127.0.0.1", request_id: str | None = None,
         **fields: Any) -> Answer:
    """A short chat."""
    headers = {"x-request-id": request_id} if request_id else {}
    return ask(stack, question(prompt, **{**SHORT, **fields}), key=key, source=source, **headers)


def open_stream(stack: Stack, prompt: str, key: str = KEY, source: str = "127.0.0.1", **fields: Any) -> Stream:
    return Stream(send(stack, question(prompt, stream=True, **fields), key=key, source=source))


@contextlib.contextmanager
def held(stack: Stack, fake: Any, name: str, key: str = KEY, **fields: Any) -> Iterator[Stream]:
    """A stream that is open until the end of the block; its first piece has come. It has all of its pieces afterwards."""
    gate = fake.gate(name)
    with open_stream(stack, directive(gate=name, chunks=["a", "b"]), key=key, **fields) as stream:
        gate.release()
        assert stream.text() == "a", stream.response
        yield stream
        gate.release(2)
        stream.rest()


def count(stack: Stack, key: str = KEY, source: str = "127.0.0.1") -> Answer:
    """Counts tokens, which is a request that uses none and asks nobody."""
    answer = ask(stack, {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}]}, key=key, source=source,
                 path=COUNT)
    assert answer.status in (200, 429, 503), answer
    return answer


def tokens_left(stack: Stack, key: str = KEY) -> int:
    return int(count(stack, key).headers["anthropic-ratelimit-tokens-remaining"])


def left(answer: Answer, what: str = "requests") -> int:
    """How many of these are left, as OpenAI's fields say it."""
    return int(answer.headers[f"x-ratelimit-remaining-{what}"])


def seconds(text: str) -> float:
    """The seconds of a time as OpenAI writes it: `6m0s`, `1h0m0s`, `1s`, `20ms`."""
    found = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:([\d.]+)s)?(?:(\d+)ms)?", text)
    assert found and text, text
    hours, minutes, whole, milliseconds = (float(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + whole + milliseconds / 1000


def items(field: str) -> dict[str, dict[str, Any]]:
    """A list of RFC 9651 such as `"a";q=1;w=60, "b";q=2;qu="tokens"`."""
    found: dict[str, dict[str, Any]] = {}
    for item in field.split(", "):
        name, *parameters = item.split(";")
        assert name[0] == name[-1] == '"', field
        found[name[1:-1]] = {key: json.loads(value) for key, value in (one.split("=") for one in parameters)}
    return found


def limit_fields(answer: Answer) -> dict[str, str]:
    """Every field of an answer that speaks of limits."""
    return {name.lower(): value for name, value in answer.headers.items()
            if re.match("x-ratelimit-|anthropic-ratelimit-|ratelimit|retry-after", name.lower())}


def refused(answer: Answer) -> int:
    """The seconds after which a request that was refused may come again."""
    assert answer.status == 429 and answer.error["code"] == "rate_limit_exceeded", answer
    after = int(answer.headers["Retry-After"])
    assert after >= 1
    return after


def race(stacks: list[Stack], clients: int = 64, rounds: int = 1, key: str = KEY) -> list[int]:
    """The statuses of that many clients who all begin at one moment, spread over the stacks."""
    barrier = threading.Barrier(clients)

    def run(number: int) -> list[int]:
        stack = stacks[number % len(stacks)]
        barrier.wait(30)
        return [chat(stack, key=key).status for _ in range(rounds)]
    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        return [status for statuses in pool.map(run, range(clients)) for status in statuses]


class Fleet(Stack):
    """Several workers behind one nginx, which takes one after the other.

    Each has a configuration of its own: what they share is what it says.
    """

    def __init__(self, directory: pathlib.Path, configs: list[dict[str, Any]]) -> None:
        self.directory = directory
        self.workers: list[Worker] = []
        try:
            for number, config in enumerate(configs):
                self.workers.append(Worker(directory / f"worker{number}", config).start())
            servers = ";\n    server ".join(f"unix:{worker.socket_path} max_fails=0" for worker in self.workers)
            # The shipped line goes on with ` max_fails=0;`.
            self.nginx = RelayNginx(directory / "nginx", servers.removesuffix(" max_fails=0")).start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        if hasattr(self, "nginx"):
            self.nginx.stop()
        for worker in self.workers:
            worker.stop()

    def wait_for_exchange(self, request_id: str) -> None:
        wait_until(lambda: any(worker.exchanges(request_id) for worker in self.workers), 5, f"the log line of {request_id}")
