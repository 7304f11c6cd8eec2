"""The benchmark behind run.sh: starts upstreams, worker and nginx on free ports, measures, prints a table, stops all."""

import http.client
import json
import os
import re
import selectors
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent
CONNECTIONS = 64
EVENTS = 100
CHAT = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Say something about foxes, please."}]}
HEADERS = {"Content-Type": "application/json", "Authorization": "Bearer bench-key"}
NATIVE = {"type": "UNIFY_CHAT_WITH_AI", "model": "gpt-4o-mini", "promptObject": {"prompt": "Say something about foxes, please."}}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Rig:
    """Everything that runs, in a directory of its own."""

    def __init__(self, binaries, events, gap, scgi=False):
        self.binaries = Path(binaries)
        self.directory = Path(tempfile.mkdtemp(prefix="fastrelay-bench."))
        self.processes = []
        self.upstream_port = free_port()
        self.relay_port = free_port()
        self.direct_port = free_port()
        self.hop_port = free_port()
        self.upstream(events, gap)
        self.worker = self.start_worker("fastcgi")
        # A second worker, only where it is measured: it would take memory and time from the others.
        self.scgi_worker = self.start_worker("scgi") if scgi else None
        self.scgi_port = free_port()
        self.nginx()

    def start(self, *command, **options):
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)
        self.processes.append(process)
        return process

    def upstream(self, events, gap):
        process = self.start(
            self.binaries / "bench-upstream", str(self.upstream_port), str(events), str(gap), stdout=subprocess.PIPE)
        assert process.stdout.readline() == b"ready\n"

    def socket_path(self, protocol):
        return self.directory / f"{protocol}.sock"

    def start_worker(self, protocol):
        configuration = self.directory / "fastrelay.json5"
        # Limits are measured by their own row.
        configuration.write_text(json.dumps({
            "providers": {"onemin": {"kind": "1min", "baseURL": f"http://127.0.0.1:{self.upstream_port}"}},
            "limits": {"caller": None, "address": None, "file": "limits"}}))
        path = self.socket_path(protocol)
        with open(self.directory / f"{protocol}.log", "wb") as log:
            process = self.start(
                self.binaries / "fastrelay", "serve", "--config", configuration, "--listen", f"unix:{path}",
                "--protocol", protocol, stdout=subprocess.DEVNULL, stderr=log)
        wait_until(lambda: can_connect(str(path)), process)
        return process

    def nginx(self):
        """The shipped configuration beside a server that passes straight to the upstream; nothing else differs."""
        shipped = REPOSITORY / "nginx"
        http = (shipped / "fastrelay.conf").read_text().replace("keepalive 64", "keepalive 256")
        # The upstream for FastCGI stands before that for SCGI.
        for protocol in ["fastcgi", "scgi"]:
            http = http.replace("/run/fastrelay/fastrelay.sock", str(self.socket_path(protocol)), 1)
        (self.directory / "fastrelay.conf").write_text(http)
        for name in ["fastrelay-location.conf", "fastrelay-scgi-location.conf"]:
            shutil.copy(shipped / name, self.directory)
        temporary = "\n".join(
            f"{name}_temp_path {self.directory}/{name};" for name in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"])
        # Started by root, nginx would change to a user that cannot reach the directory.
        user = "user root;" if os.geteuid() == 0 else ""
        (self.directory / "nginx.conf").write_text(f"""
            {user}
            worker_processes auto;
            worker_rlimit_nofile 20000;
            pid {self.directory}/nginx.pid;
            error_log {self.directory}/error.log;
            events {{ worker_connections 16000; }}
            http {{
                access_log off;
                {temporary}
                keepalive_requests 100000000;
                include {self.directory}/fastrelay.conf;
                upstream straight {{ server 127.0.0.1:{self.upstream_port}; keepalive 256; }}
                server {{
                    listen 127.0.0.1:{self.relay_port} backlog=8192;
                    location / {{ include {self.directory}/fastrelay-location.conf; }}
                }}
                server {{
                    listen 127.0.0.1:{self.scgi_port} backlog=8192;
                    location / {{ include {self.directory}/fastrelay-scgi-location.conf; }}
                }}
                server {{
                    listen 127.0.0.1:{self.direct_port} backlog=8192;
                    location / {{
                        proxy_pass http://straight;
                        proxy_http_version 1.1;
                        proxy_set_header Connection "";
                        proxy_buffering off;
                        proxy_read_timeout 65m;
                    }}
                }}
            }}""")
        self.start_nginx("nginx", ("127.0.0.1", self.relay_port))

    def start_nginx(self, name, address):
        nginx = shutil.which("nginx") or "/usr/sbin/nginx"
        process = self.start(
            nginx, "-c", self.directory / f"{name}.conf", "-p", self.directory, "-g", "daemon off;")
        wait_until(lambda: can_connect(address), process)

    def hop(self):
        """Two further nginx in a row, as a yardstick: what another process on the way costs when it only passes on."""
        passing = "proxy_http_version 1.1; proxy_set_header Connection ''; proxy_buffering off;"
        user = "user root;" if os.geteuid() == 0 else ""
        inner = self.directory / "inner.sock"
        for name, listen, server in [
            ("inner", f"unix:{inner}", f"127.0.0.1:{self.upstream_port}"),
            ("outer", f"127.0.0.1:{self.hop_port}", f"unix:{inner}"),
        ]:
            (self.directory / f"{name}.conf").write_text(f"""
                {user}
                worker_processes auto;
                pid {self.directory}/{name}.pid;
                error_log {self.directory}/{name}-error.log;
                events {{ worker_connections 1000; }}
                http {{
                    access_log off;
                    client_body_temp_path {self.directory}/{name}-body;
                    proxy_temp_path {self.directory}/{name}-proxy;
                    fastcgi_temp_path {self.directory}/{name}-fastcgi;
                    uwsgi_temp_path {self.directory}/{name}-uwsgi;
                    scgi_temp_path {self.directory}/{name}-scgi;
                    keepalive_requests 100000000;
                    upstream next {{ server {server}; keepalive 16; }}
                    server {{ listen {listen}; location / {{ proxy_pass http://next; {passing} }} }}
                }}""")
        self.start_nginx("inner", str(inner))
        self.start_nginx("outer", ("127.0.0.1", self.hop_port))

    def stop(self):
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


def can_connect(address):
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family) as probe:
        try:
            probe.connect(address)
            return True
        except OSError:
            return False


def wait_until(condition, process, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        if process.poll() is not None or time.monotonic() > deadline:
            sys.exit(f"{process.args[0]} did not start")
        time.sleep(0.0005)


def resident_kilobytes(process):
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text()).group(1))


def processor_seconds(process):
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wrk(rig, port, path, body, seconds):
    """Requests per second and their number; any failed request voids the row."""
    script = rig.directory / "load.lua"
    script.write_text(
        'wrk.method = "POST"\n' + f"wrk.body = {json.dumps(json.dumps(body))}\n"
        + "".join(f'wrk.headers["{name}"] = "{value}"\n' for name, value in HEADERS.items()))
    output = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", script, f"http://127.0.0.1:{port}{path}"],
        capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        sys.exit(f"void, requests failed:\n{output}")
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1))
    return rate, int(re.search(r"(\d+) requests in", output).group(1))


def spread(values, digits=0):
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def compare(binaries, quick, stream):
    rig = Rig(binaries, EVENTS, 0)
    try:
        seconds, repeats = (2, 2) if quick else (6, 5)
        native_path = "/api/chat-with-ai" + ("?isStreaming=true" if stream else "")
        chat = CHAT | ({"stream": True} if stream else {})
        straight, relayed, processor = [], [], []
        wrk(rig, rig.direct_port, native_path, NATIVE, 1)
        wrk(rig, rig.relay_port, "/v1/chat/completions", chat, 1)
        for _ in range(repeats):
            straight.append(wrk(rig, rig.direct_port, native_path, NATIVE, seconds)[0])
            before = processor_seconds(rig.worker)
            rate, count = wrk(rig, rig.relay_port, "/v1/chat/completions", chat, seconds)
            relayed.append(rate)
            processor.append((processor_seconds(rig.worker) - before) / count * 1e6)
        ratios = [b / a for a, b in zip(straight, relayed)]
        what = f"streams of {EVENTS} events" if stream else "requests, not streamed"
        target = 0.70 if stream else 0.30
        row(f"{what}: nginx straight, per second", spread(straight), "")
        row(f"{what}: nginx and worker, per second", spread(relayed), "")
        row(f"{what}: ratio", spread(ratios, 3), f"≥ {target:.2f}")
        row(f"{what}: worker CPU, µs each", spread(processor, 1), "reported")
    finally:
        rig.stop()


def scgi(binaries, quick):
    """SCGI against FastCGI: a connection to the worker for each request instead of kept ones with records."""
    rig = Rig(binaries, EVENTS, 0, scgi=True)
    try:
        seconds, repeats = (2, 2) if quick else (6, 5)
        sides = [("FastCGI", rig.relay_port, rig.worker), ("SCGI", rig.scgi_port, rig.scgi_worker)]
        for what, body in [("requests, not streamed", CHAT), (f"streams of {EVENTS} events", CHAT | {"stream": True})]:
            rates, processor = {}, {}
            for _, port, _ in sides:
                wrk(rig, port, "/v1/chat/completions", body, 1)
            for _ in range(repeats):
                for name, port, worker in sides:
                    before = processor_seconds(worker)
                    rate, count = wrk(rig, port, "/v1/chat/completions", body, seconds)
                    rates.setdefault(name, []).append(rate)
                    processor.setdefault(name, []).append((processor_seconds(worker) - before) / count * 1e6)
            for name, _, _ in sides:
                row(f"{what}: by {name}, per second", spread(rates[name]), "")
                row(f"{what}: by {name}, worker CPU, µs each", spread(processor[name], 1), "reported")
            ratios = [b / a for a, b in zip(rates["FastCGI"], rates["SCGI"])]
            row(f"{what}: SCGI to FastCGI, ratio", spread(ratios, 3), "reported")
    finally:
        rig.stop()


class OpenStream:
    """One streamed request whose bytes are only searched for their end."""

    def __init__(self, port, request):
        self.socket = socket.socket()
        self.socket.connect(("127.0.0.1", port))
        self.socket.sendall(request)
        self.socket.setblocking(False)
        self.tail = b""
        self.events = 0
        self.is_complete = False

    def receive(self):
        """False when the stream has ended."""
        try:
            data = self.socket.recv(65536)
        except BlockingIOError:
            return True
        self.events += data.count(b"data: {")
        self.tail = (self.tail + data)[-64:]
        self.is_complete = self.is_complete or b"data: [DONE]\n\n" in self.tail
        return bool(data) and not self.is_complete


def http_request(path, body):
    content = json.dumps(body).encode()
    lines = [f"POST {path} HTTP/1.1", "Host: bench", f"Content-Length: {len(content)}"]
    lines += [f"{name}: {value}" for name, value in HEADERS.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def open_streams(binaries, quick):
    count, events = (1000, 8) if quick else (4000, 24)
    rig = Rig(binaries, events, 500)
    try:
        # A first answer, so that what the process needs once is not counted.
        warm_up = http.client.HTTPConnection("127.0.0.1", rig.relay_port)
        warm_up.request("POST", "/v1/chat/completions", json.dumps(CHAT), HEADERS)
        assert warm_up.getresponse().status == 200
        before = resident_kilobytes(rig.worker)
        request = http_request("/v1/chat/completions", CHAT | {"stream": True})
        selector = selectors.DefaultSelector()
        streams = []
        running = 0
        highest = before
        started = time.monotonic()

        def pump(timeout):
            nonlocal running
            for key, _ in selector.select(timeout):
                if not key.data.receive():
                    selector.unregister(key.fileobj)
                    running -= 1

        for _ in range(count):
            stream = OpenStream(rig.relay_port, request)
            selector.register(stream.socket, selectors.EVENT_READ, stream)
            streams.append(stream)
            running += 1
            if len(streams) % 50 == 0:
                pump(0)
        opened = time.monotonic() - started
        most = running
        next_look = 0
        while running and time.monotonic() < started + events + 60:
            pump(0.2)
            if time.monotonic() > next_look:
                next_look = time.monotonic() + 0.5
                highest = max(highest, resident_kilobytes(rig.worker))
        complete = sum(stream.is_complete and stream.events >= events for stream in streams)
        row(f"{count} streams open at once: most at once", str(most), str(count))
        row(f"{count} streams open at once: complete", str(complete), str(count))
        row(f"{count} streams open at once: resident KB each", f"{(highest - before) / count:.1f}", "≤ 25")
        row(f"{count} streams open at once: all opened within, s", f"{opened:.1f}", "")
    finally:
        rig.stop()


def first_event(binaries, quick):
    # With pauses the processors sleep between events, and whatever runs next finds its code and data in no cache: the
    # same work takes several times as long, in the worker as in nginx. Without pauses the caches are warm.
    first_event_with(binaries, quick, 5)
    first_event_with(binaries, quick, 0)


def first_event_with(binaries, quick, gap):
    rig = Rig(binaries, 3, gap)
    try:
        repeats = 200 if quick else 2000

        def measure(connection, request, marker):
            started = time.perf_counter()
            connection.sendall(request)
            data = b""
            arrived = None
            while not data.endswith(b"0\r\n\r\n"):
                piece = connection.recv(65536)
                if not piece:
                    sys.exit("void, a stream ended early")
                data += piece
                if arrived is None and marker in data:
                    arrived = time.perf_counter()
            return (arrived - started) * 1000

        def connect(port):
            connection = socket.create_connection(("127.0.0.1", port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connection

        rig.hop()
        cells = [
            (connect(rig.direct_port), http_request("/api/chat-with-ai?isStreaming=true", NATIVE), b'"content":"The '),
            (connect(rig.relay_port), http_request("/v1/chat/completions", CHAT | {"stream": True}), b'"content":"The '),
            (connect(rig.hop_port), http_request("/api/chat-with-ai?isStreaming=true", NATIVE), b'"content":"The '),
        ]
        times = [[], [], []]
        for turn in range(repeats + 20):
            for index, cell in enumerate(cells):
                value = measure(*cell)
                if turn >= 20:
                    times[index].append(value)

        def quantile(values, share):
            return sorted(values)[int(len(values) * share)]

        what = f"time to first event, one client, events {gap} ms apart"
        for name, share, target in [("p50", 0.5, "≤ 0.3"), ("p99", 0.99, "≤ 1")]:
            straight, relayed, passed = (quantile(values, share) for values in times)
            row(f"{what}, {name}: straight / relayed, ms", f"{straight:.3f} / {relayed:.3f}", "")
            row(f"{what}, {name}: added, ms", f"{relayed - straight:.3f}", target)
            row(f"{what}, {name}: added by a second nginx in the worker's place, ms", f"{passed - straight:.3f}", "")
    finally:
        rig.stop()


def start(binaries, quick):
    rig = Rig(binaries, EVENTS, 0)
    try:
        times, resident = [], []
        for number in range(5 if quick else 20):
            path = rig.directory / f"start-{number}.sock"
            started = time.perf_counter()
            worker = rig.start(
                rig.binaries / "fastrelay", "serve", "--listen", f"unix:{path}", stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL)
            while not can_connect(str(path)):
                time.sleep(0.0002)
            times.append((time.perf_counter() - started) * 1000)
            time.sleep(0.2)  # Until it is idle: nothing announces that, and the figure is about doing nothing.
            resident.append(resident_kilobytes(worker) / 1024)
            worker.terminate()
            worker.wait()
        row("start to listening, ms", spread(times, 1), "≤ 30")
        row("idle resident memory, MB", spread(resident, 1), "≤ 12")
    finally:
        rig.stop()


def memory(binaries, quick):
    rig = Rig(binaries, EVENTS, 0)
    try:
        marks = [5_000, 20_000] if quick else [20_000, 200_000]
        done, sizes = 0, []
        for mark in marks:
            while done < mark:
                rate, count = wrk(rig, rig.relay_port, "/v1/chat/completions", CHAT, 1)
                done += count
            # The worker gives memory back a second after its last exchange; a leak it could not.
            time.sleep(2.5)
            sizes.append(resident_kilobytes(rig.worker) / 1024)
            row(f"resident after {done} requests, MB", f"{sizes[-1]:.2f}", "")
        row("growth between them, MB", f"{sizes[1] - sizes[0]:+.2f}", "within 1")
    finally:
        rig.stop()


def row(name, value, target):
    print(f"| {name} | {value} | {target} |", flush=True)


def main():
    binaries, *arguments = sys.argv[1:]
    quick = "--quick" in arguments
    wanted = [argument for argument in arguments if argument != "--quick"]
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    print(f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, {model.group(1) if model else 'unknown processor'}")
    print("| figure | measured: median (lowest–highest) | target |\n|---|---|---|")
    rows = {
        "requests": lambda: compare(binaries, quick, stream=False),
        "streams": lambda: compare(binaries, quick, stream=True),
        "scgi": lambda: scgi(binaries, quick),
        "open": lambda: open_streams(binaries, quick),
        "first-event": lambda: first_event(binaries, quick),
        "start": lambda: start(binaries, quick),
        "memory": lambda: memory(binaries, quick),
    }
    unknown = [name for name in wanted if name not in rows]
    if unknown:
        sys.exit(f"unknown row: {', '.join(unknown)}; known: {', '.join(rows)}")
    for name in wanted or rows:
        rows[name]()


main()
