"""The row `doors` of run.sh: the same worker and upstream behind each web server, alternating in one run."""

import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BINARIES, *OPTIONS = sys.argv[1:]
os.environ["FASTRELAY"] = str(Path(BINARIES) / "fastrelay")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "EndToEnd"))

from doors import Caddy, DoorStack, FcgidStack, Lighttpd, ProxyApache  # noqa: E402
from harness import KEY, Process, Stack, Worker, free_port, question, tcp_accepts, unix_accepts, unlimited  # noqa: E402

QUICK = "--quick" in OPTIONS
EVENTS = 20


class Upstream(Process):
    """The upstream of the other rows: answers fast and does nothing else."""

    def __init__(self, directory: Path, gap: int) -> None:
        self.port = free_port()
        super().__init__("upstream", [str(Path(BINARIES) / "bench-upstream"), str(self.port), str(EVENTS), str(gap)],
                         directory)
        self.wait_ready(lambda: tcp_accepts(self.port))

    @property
    def configuration(self) -> dict:
        return unlimited({"providers": {"onemin": {"kind": "1min", "baseURL": f"http://127.0.0.1:{self.port}"}}})


def request(stream: bool) -> bytes:
    body = json.dumps(question("Say something about foxes, please.", stream=stream or None, model="gpt-4o-mini")).encode()
    return (f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {KEY}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body


class Client:
    """One connection that is kept, as far as the server keeps it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.connection: socket.socket | None = None

    def stream(self) -> list[float]:
        """When each event came, in ms after the request was sent."""
        if self.connection is None:
            self.connection = socket.create_connection(("127.0.0.1", self.port))
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        started = time.perf_counter()
        self.connection.sendall(request(stream=True))
        data, times = b"", []
        while not data.endswith(b"0\r\n\r\n"):
            piece = self.connection.recv(65536)
            if not piece:
                sys.exit("void, a stream ended early")
            data += piece
            if not data.startswith(b"HTTP/1.1 200"):
                sys.exit(f"void: {data[:200]!r}")
            # The first event has the role and no text.
            count = data.count(b'"content":"') - data.count(b'"content":""') - len(times)
            times += [(time.perf_counter() - started) * 1000] * count
        head = data.partition(b"\r\n\r\n")[0].lower()
        if b"connection: close" in head:
            self.connection.close()
            self.connection = None
        return times


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[int(len(values) * share)]


def row(name: str, value: str) -> None:
    print(f"| {name} | {value} | reported |", flush=True)


def spread(values: list[float], digits: int = 1) -> str:
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def events_through_each(directory: Path) -> None:
    upstream = Upstream(directory, gap=5)
    stacks: dict[str, Stack] = {}
    try:
        for name, make in {
            "nginx": lambda where: Stack(where, upstream.configuration),
            "Apache, mod_proxy_fcgi": lambda where: DoorStack(where, upstream.configuration, ProxyApache),
            "Apache, mod_fcgid": lambda where: FcgidStack(where, upstream.configuration),
            "lighttpd": lambda where: DoorStack(where, upstream.configuration, Lighttpd),
            "Caddy": lambda where: DoorStack(where, upstream.configuration, Caddy),
        }.items():
            stacks[name] = make(directory / re.sub(r"\W", "", name))
        clients = {name: Client(stack.nginx.port) for name, stack in stacks.items()}
        first = {name: [] for name in stacks}
        gaps = {name: [] for name in stacks}
        for turn in range(60 if QUICK else 400):
            for name, client in clients.items():
                times = client.stream()
                if turn >= 10:
                    first[name].append(times[0])
                    gaps[name] += [after - before for before, after in zip(times, times[1:])]
        for name in stacks:
            row(f"{name}: time to first event, ms: p50 / p99",
                f"{quantile(first[name], 0.5):.3f} / {quantile(first[name], 0.99):.3f}")
        for name in stacks:
            row(f"{name}: between two events sent 5 ms apart, ms: p50 / p99",
                f"{quantile(gaps[name], 0.5):.3f} / {quantile(gaps[name], 0.99):.3f}")
    finally:
        for stack in stacks.values():
            stack.stop()
        upstream.stop()


def first_process(directory: Path) -> None:
    """What a caller waits for when mod_fcgid has to start the worker first, and what an idle one costs."""
    cold, warm, start, resident = [], [], [], []
    for turn in range(3 if QUICK else 15):
        stack = FcgidStack(directory / f"first{turn}", {})
        try:
            # Apache's own first answer, without a worker.
            assert stack.request("OPTIONS", "/v1/models", headers={"Access-Control-Request-Method": "GET"}).status == 204
            for into in (cold, warm):
                started = time.perf_counter()
                assert stack.get("/health").status == 200
                into.append((time.perf_counter() - started) * 1000)
            time.sleep(2)  # A second after its last exchange the worker gives memory back.
            status = Path(f"/proc/{stack.processes()[0]}/status").read_text()
            resident.append(int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024)
        finally:
            stack.stop()
        started = time.perf_counter()
        worker = Worker(directory / f"start{turn}", {"loops": 1})
        while not unix_accepts(worker.socket_path):
            time.sleep(0.0002)
        start.append((time.perf_counter() - started) * 1000)
        worker.stop()
    row("mod_fcgid: a request that finds no process, minus one that does, ms",
        spread([before - after for before, after in zip(cold, warm)]))
    row("the worker's own start to listening, one loop, ms", spread(start))
    row("mod_fcgid: resident memory of an idle process, MB", spread(resident))


def connections_reused_or_not(directory: Path) -> None:
    upstream = Upstream(directory, gap=0)
    kinds = {"disablereuse=on": (), "enablereuse=on": (("disablereuse=on", "enablereuse=on"),)}
    stacks: dict[str, DoorStack] = {}
    script = directory / "load.lua"
    head, _, body = request(stream=False).decode().partition("\r\n\r\n")
    fields = [line.split(": ", 1) for line in head.split("\r\n")[1:] if not line.startswith("Content-Length")]
    script.write_text(f'wrk.method = "POST"\nwrk.body = {json.dumps(body)}\n'
                      + "".join(f'wrk.headers["{name}"] = "{value}"\n' for name, value in fields))
    try:
        for name, replace in kinds.items():
            # By default, Apache closes a client's connection after 100 requests, and when a process is short of threads.
            stacks[name] = DoorStack(
                directory / name, upstream.configuration,
                lambda where, path, replace=replace: ProxyApache(
                    where, path, replace=replace, extra="MaxKeepAliveRequests 0\nServerLimit 1\nStartServers 1\n"
                    "ThreadLimit 128\nThreadsPerChild 128\nMaxSpareThreads 128\nMaxRequestWorkers 128"))
        rates = {name: [] for name in kinds}
        for turn in range(2 if QUICK else 6):
            for name, stack in stacks.items():
                output = subprocess.run(
                    ["wrk", "-t1", "-c64", f"-d{1 if QUICK else 5}s", "-s", str(script),
                     f"http://127.0.0.1:{stack.door.port}/v1/chat/completions"],
                    capture_output=True, text=True, check=True).stdout
                if "Non-2xx" in output or "Socket errors" in output:
                    sys.exit(f"void, requests failed:\n{output}")
                # The first of each is a warm-up.
                if turn:
                    rates[name].append(float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1)))
        for name in kinds:
            row(f"mod_proxy_fcgi, {name}: requests per second", spread(rates[name], 0))
    finally:
        for stack in stacks.values():
            stack.stop()
        upstream.stop()


def main() -> None:
    print("| figure | measured: median (lowest–highest) | target |\n|---|---|---|")
    directory = Path(tempfile.mkdtemp(prefix="fastrelay-doors."))
    try:
        for part in (events_through_each, first_process, connections_reused_or_not):
            part(directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


main()
