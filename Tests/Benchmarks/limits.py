"""The rows `limits` and `flood` of run.sh: what counting costs, and what refusing costs."""

import json
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BINARIES, *OPTIONS = sys.argv[1:]
os.environ["FASTRELAY"] = str(Path(BINARIES) / "fastrelay")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "EndToEnd"))

from harness import UNLIMITED, Process, Stack, free_port, question, tcp_accepts, wait_until  # noqa: E402
from memcached_server import MemcachedServer  # noqa: E402

QUICK = "--quick" in OPTIONS
ROWS = [option for option in OPTIONS if not option.startswith("--")] or ["limits", "flood"]
CONNECTIONS = 64
#: How often all workers are started anew: two of the same differ by a hundredth in speed, by where things are in memory.
STARTS = 1 if QUICK else 3
#: Nothing is refused, for no more comes in a minute: what is measured is the counting. As the defaults, it is of a caller and
#: of his address.
MOST = 5_000_000
COUNTED = {"caller": {"requestsPerMinute": MOST, "concurrent": MOST}, "address": {"requestsPerMinute": MOST}}
#: The defaults for wrong keys, which the tests' harness turns off where nothing is said.
WRONG_KEYS = {"wrongKeysPerMinute": 30, "wrongKeyMemory": "60s"}
#: Requests per second of the one client whose latency is measured, spread over what is compared.
RATE = 1000


#: What was measured of each of what is compared.
Samples = dict[str, list[float]]


def row(name: str, value: str, target: str = "") -> None:
    print(f"| {name} | {value} | {target} |", flush=True)


def spread(values: list[float], digits: int = 0) -> str:
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


#: Of a caller who comes but once nothing is counted ahead: memcached is asked each time.
NEW_CALLERS = "memcached, ever new callers"
#: What those are compared to: a client that makes each request anew is slower than one that repeats one.
OFF_NEW_CALLERS = "off, ever new callers"
#: What is compared to limits that are off, and the most that it may add to the median, in ms.
TARGETS = {"off again": "", "alone": "≤ 0.005", "memcached": "≤ 0.15", NEW_CALLERS: "≤ 0.15"}


def said(name: str) -> str:
    return name if name.startswith("off") else f"on, {name}"


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[int(len(values) * share)]


def body() -> str:
    return json.dumps(question("Say something about foxes, please.", model="gpt-4o-mini"))


#: nginx's own lines would be measured, and it closes a kept connection after 1000 requests.
HTTP = "access_log off; keepalive_requests 100000000;"


class Upstream(Process):
    """The upstream of the other rows: answers fast and does nothing else."""

    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        super().__init__("upstream", [str(Path(BINARIES) / "bench-upstream"), str(self.port), "1", "0"], directory)
        self.wait_ready(lambda: tcp_accepts(self.port))


def configuration(port: int, **settings: object) -> dict:
    # Lines of a log would be measured, too.
    return {"providers": {"onemin": {"kind": "1min", "baseURL": f"http://127.0.0.1:{port}"}}, "log": {"level": "warning"},
            **settings}


class Client:
    """One connection that is kept."""

    def __init__(self, stack: Stack, name: str = "") -> None:
        self.has_new_keys = name == NEW_CALLERS
        self.count = random.getrandbits(40)
        self.connection = socket.create_connection(("127.0.0.1", stack.nginx.port))
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        content = body().encode()
        self.request = (
            f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer bench-key\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n").encode() + content

    def ask(self) -> float:
        """How long one answer takes, in ms."""
        request = self.request
        if self.has_new_keys:
            self.count += 1
            request = request.replace(b"bench-key", b"bench-%d" % self.count, 1)
        started = time.perf_counter()
        self.connection.sendall(request)
        data = b""
        while True:
            piece = self.connection.recv(65536)
            # Before it is looked at, which takes the longer the more fields it has.
            ended = time.perf_counter()
            if not piece:
                sys.exit("void, a connection was closed")
            data += piece
            if self.is_whole(data):
                break
        took = (ended - started) * 1000
        if not data.startswith(b"HTTP/1.1 200"):
            sys.exit(f"void: {data[:300]!r}")
        return took

    @staticmethod
    def is_whole(data: bytes) -> bool:
        head, end, rest = data.partition(b"\r\n\r\n")
        length = re.search(rb"\r\ncontent-length: (\d+)", head.lower())
        return bool(end) and (len(rest) >= int(length.group(1)) if length else rest.endswith(b"0\r\n\r\n"))


def closed_latencies(stacks: dict[str, Stack], blocks: int) -> Samples:
    """The answers' times of each where one request follows the other, in blocks in random order."""
    clients = {name: Client(stack, name) for name, stack in stacks.items()}
    times: Samples = {name: [] for name in stacks}
    order = list(clients.items())
    for _ in range(blocks):
        random.shuffle(order)
        for name, client in order:
            # The first ones warm up.
            times[name] += [client.ask() for _ in range(220)][20:]
    for client in clients.values():
        client.connection.close()
    return times


def latencies(stacks: dict[str, Stack], count: int) -> Samples:
    """The answers' times of each, one after the other at a fixed rate."""
    clients = {name: Client(stack, name) for name, stack in stacks.items()}
    times: Samples = {name: [] for name in stacks}
    due = time.perf_counter()
    order = list(clients.items())
    for turn in range(count + 20):
        # Whoever comes after the same one each time finds the processor's caches as that one left them.
        random.shuffle(order)
        for name, client in order:
            due += 1 / RATE
            time.sleep(max(0.0, due - time.perf_counter()))
            took = client.ask()
            # The first ones warm up.
            if turn >= 20:
                times[name].append(took)
    for client in clients.values():
        client.connection.close()
    return times


def wrk(port: int, path: str, script: str, directory: Path, seconds: int) -> tuple[float, int, int]:
    """Requests per second, their number, and how many of them had a status of no success."""
    file = directory / "load.lua"
    file.write_text(script)
    output = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(file), f"http://127.0.0.1:{port}{path}"],
        capture_output=True, text=True, check=True).stdout
    if "Socket errors" in output:
        sys.exit(f"void, requests failed:\n{output}")
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    return (float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1)),
            int(re.search(r"(\d+) requests in", output).group(1)), int(refused.group(1)) if refused else 0)


CHAT = f"""\
wrk.method = "POST"
wrk.body = {json.dumps(body())}
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer bench-key"
"""

def new_keys() -> str:
    """Each request has a key that nobody has seen."""
    return f"""\
local number = {random.getrandbits(40)}
local body = {json.dumps(body())}
request = function()
    number = number + 1
    return wrk.format("POST", nil, {{["Content-Type"] = "application/json",
        ["Authorization"] = "Bearer key-" .. string.format("%.0f", number)}}, body)
end
"""


def limits(directory: Path) -> None:
    upstream = Upstream(directory)
    memcached = MemcachedServer(directory / "memcached", directory / "memcached.sock")
    rates: Samples = {}
    closed: Samples = {}
    paced: Samples = {}
    try:
        for number in range(STARTS):
            with started(directory / str(number), upstream, memcached) as stacks:
                merge(rates, throughput(stacks, directory))
                stacks.pop(OFF_NEW_CALLERS).stop()
                merge(closed, closed_latencies(stacks, 5 if QUICK else 20))
                merge(paced, latencies(stacks, 200 if QUICK else 700))
                if number < STARTS - 1:
                    continue
                show(rates)
                added("one request after the other", closed)
                added(f"{RATE} requests per second in all", paced)
                hanging({"off": stacks["off"], "memcached": stacks["memcached"]}, memcached)
    finally:
        memcached.stop()
        upstream.stop()


@contextmanager
def started(directory: Path, upstream: Upstream, memcached: MemcachedServer) -> Iterator[dict[str, Stack]]:
    """A worker and its nginx for each of what is compared."""
    shared = {"limits": {**COUNTED, **WRONG_KEYS}, "memcached": {"servers": [memcached.address]}}
    stacks: dict[str, Stack] = {}
    try:
        for name, settings in {
            "off": {"limits": UNLIMITED},
            # The same once more: what differs between the two is chance.
            "off again": {"limits": UNLIMITED},
            "alone": {"limits": {**COUNTED, **WRONG_KEYS}},
            "memcached": shared,
            NEW_CALLERS: shared,
            OFF_NEW_CALLERS: {"limits": UNLIMITED},
        }.items():
            stacks[name] = Stack(directory / re.sub("[ ,]+", "-", name), configuration(upstream.port, **settings), http=HTTP)
        yield stacks
    finally:
        for stack in stacks.values():
            stack.stop()


def merge(all_samples: Samples, samples: Samples) -> None:
    for name, values in samples.items():
        all_samples.setdefault(name, []).extend(values)


def added(how: str, times: Samples) -> None:
    base = quantile(times["off"], 0.5)
    row(f"one client, {how}, limits off: p50 / p99, ms", f"{base:.3f} / {quantile(times['off'], 0.99):.3f}")
    for name, target in TARGETS.items():
        row(f"limits {said(name)}: p50 / p99, ms", f"{quantile(times[name], 0.5):.3f} / {quantile(times[name], 0.99):.3f}")
        row(f"limits {said(name)}: added p50, ms", f"{quantile(times[name], 0.5) - base:.3f}", target)


def throughput(stacks: dict[str, Stack], directory: Path) -> Samples:
    """The requests per second of each."""
    order = list(stacks.items())
    rates: Samples = {name: [] for name in stacks}
    for turn in range(4 if QUICK else 21):
        # Many short turns: the machine's speed drifts, and two turns of the same differ by more than is looked for.
        random.shuffle(order)
        for name, stack in order:
            script = new_keys() if name in (NEW_CALLERS, OFF_NEW_CALLERS) else CHAT
            rate, _, refused = wrk(stack.nginx.port, "/v1/chat/completions", script, directory, 1)
            if refused:
                sys.exit(f"void, {refused} requests failed")
            # The first of each is a warm-up.
            if turn:
                rates[name].append(rate)
    return rates


def show(rates: Samples) -> None:
    for name in rates:
        row(f"limits {said(name)}: requests per second", spread(rates[name]))
    for name in TARGETS:
        base = OFF_NEW_CALLERS if name == NEW_CALLERS else "off"
        ratios = [on / off for on, off in zip(rates[name], rates[base])]
        error = statistics.stdev(ratios) / len(ratios) ** 0.5
        row(f"limits {said(name)}, to {base}: ratio ± standard error",
            f"{statistics.median(ratios):.3f} ± {error:.3f}", "≥ 0.95" if TARGETS[name] else "")


def hanging(stacks: dict[str, Stack], memcached: MemcachedServer) -> None:
    """memcached answers nobody: from when that is known on, nobody waits for it."""
    def is_used() -> bool:
        return stacks["memcached"].request("GET", "/health?verbose").json["status"] == "ok"
    memcached.freeze()
    try:
        client = Client(stacks["memcached"])

        def known() -> bool:
            client.ask()
            return not is_used()
        wait_until(known, 20, "the breaker to open")
        client.connection.close()
        times = latencies(stacks, 200 if QUICK else 3000)
        if is_used():
            sys.exit("void, it was used meanwhile")
        off, hung = (quantile(times[name], 0.99) for name in ("off", "memcached"))
        row("memcached hangs, breaker open: p99 against limits off, ms", f"{hung:.3f} / {off:.3f}")
        row("memcached hangs, breaker open: added p99, ms", f"{hung - off:.3f}", "≤ 1")
    finally:
        memcached.thaw()


def flood(directory: Path) -> None:
    """Wrong keys, ever new ones, against the same nginx that says 401 itself."""
    vendor, plain = free_port(), free_port()
    # What 1min.ai says to a key that it does not know. No more than the first thirty are to see it.
    refusal = json.dumps({"statusCode": 401, "message": "Invalid API key", "error": "Unauthorized"})
    stack = Stack(
        directory / "flood",
        configuration(vendor, limits={**UNLIMITED, **WRONG_KEYS}),
        http=f"""
    {HTTP}
    server {{ listen 127.0.0.1:{vendor}; access_log {directory}/vendor.log; default_type application/json;
              return 401 '{refusal}'; }}
    server {{ listen 127.0.0.1:{plain}; location / {{ return 401; }} }}
""")
    try:
        rates: dict[str, list[float]] = {"nginx": [], "worker": []}
        for turn in range(3 if QUICK else 6):
            for name, port in (("nginx", plain), ("worker", stack.nginx.port)):
                rate, count, refused = wrk(port, "/v1/chat/completions", new_keys(), directory, 1 if QUICK else 5)
                # Both counts are taken at a moment of wrk's own choice.
                if count - refused > CONNECTIONS:
                    sys.exit(f"void, {count - refused} of {count} were not refused")
                if turn:
                    rates[name].append(rate)
        row("wrong keys: nginx says 401 itself, per second", spread(rates["nginx"]))
        row("wrong keys: refused by the worker, per second", spread(rates["worker"]))
        row("wrong keys: ratio", spread([a / b for a, b in zip(rates["worker"], rates["nginx"])], 3), "≥ 0.25")
        asked = len((directory / "vendor.log").read_text().splitlines())
        row("wrong keys: calls of the vendor, all in all", str(asked),
            # Those that were on their way when the thirtieth came back.
            f"≤ {WRONG_KEYS['wrongKeysPerMinute'] + CONNECTIONS} a minute")
    finally:
        stack.stop()


def main() -> None:
    print("| figure | measured: median (lowest–highest) | target |\n|---|---|---|")
    directory = Path(tempfile.mkdtemp(prefix="fastrelay-limits."))
    try:
        for name in ROWS:
            {"limits": limits, "flood": flood}[name](directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


main()
