"""Starts what the tests need as real processes: the worker, nginx with the shipped configuration, a CONNECT proxy.

Everything lives in directories and on ports of its own, runs as whoever runs the tests, and ends with them.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import http.client
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from typing import Any, Callable, Iterator, Mapping

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("FASTRELAY", REPOSITORY / ".build" / "release" / "fastrelay")).absolute()
NGINX = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin") or "nginx"
SHIPPED = REPOSITORY / "nginx"
KEY = "test-key-of-the-caller"
MODEL = "gpt-4o"
#: No limit that a test could run into which is about something else: all requests of a run have one key and one address.
#: And no file for counts in a place that outlives the test.
UNLIMITED: dict[str, Any] = {"caller": None, "address": None, "wrongKeysPerMinute": None, "wrongKeyMemory": None,
                             "file": "limits"}
#: What worker and nginx speak to each other; `--protocol` of the test run sets it before anything starts.
PROTOCOL = "fastcgi"
#: Which of how many runs side by side this is; `--lane` sets it.
LANE = (0, 1)

_libc = ctypes.CDLL(None)


def _end_with_parent() -> None:
    """A test run that is killed takes its processes along. PR_SET_PDEATHSIG"""
    _libc.prctl(1, signal.SIGTERM)


@functools.cache
def _ports() -> Iterator[int]:
    """The ports of this run, one after the other: none of those that the kernel gives to whoever wants any."""
    kernel = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    lowest = 10_000
    each = ((kernel if kernel > 2 * lowest else 32_768) - lowest) // LANE[1]
    return itertools.cycle(range(lowest + each * LANE[0], lowest + each * (LANE[0] + 1)))


def free_port() -> int:
    """A port that nobody listens on, and that nobody takes before it is used. Runs side by side have ports of their own."""
    for port in _ports():
        with socket.socket() as probe:
            # As servers do, so that connections which have ended are no hindrance.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    raise AssertionError("a cycle ends")


def wait_until(condition: Callable[[], Any], timeout: float = 10.0, what: str = "condition") -> Any:
    """Waits for something of another process, which no event announces."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout} s for: {what}")
        time.sleep(0.002)


def unix_accepts(path: pathlib.Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def tcp_accepts(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


class Process:
    """A child process with its output in a file."""

    def __init__(self, name: str, arguments: list[str], directory: pathlib.Path,
                 environment: Mapping[str, str] | None = None, stdin: Any = subprocess.DEVNULL,
                 pass_fds: tuple[int, ...] = ()) -> None:
        self.name = name
        self._again = (arguments, directory, environment)
        self.log = directory / f"{name}.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                arguments, stdin=stdin, stdout=log, stderr=log, cwd=directory, preexec_fn=_end_with_parent,
                pass_fds=pass_fds, env={**os.environ, **(environment or {})})

    @property
    def pid(self) -> int:
        return self.process.pid

    def output(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def wait_ready(self, accepts: Callable[[], bool], timeout: float = 10.0) -> None:
        def ready() -> bool:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended with {self.process.returncode}:\n{self.output()}")
            return accepts()
        wait_until(ready, timeout, f"{self.name} to accept connections")

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def wait(self, timeout: float = 10.0) -> int:
        return self.process.wait(timeout)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                # An exchange that a failed test left behind would be drained: do not wait for that.
                self.process.wait(1)
            except subprocess.TimeoutExpired:
                self.process.terminate()
                try:
                    self.process.wait(2)
                except subprocess.TimeoutExpired:
                    self.process.kill()
                    self.process.wait(5)

    def lines(self) -> list[dict[str, Any]]:
        """The log as far as it is complete lines of JSON; another line is a failure."""
        text = self.output()
        return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]

    def events(self, message: str) -> list[dict[str, Any]]:
        """The log's lines with a message."""
        return [line for line in self.lines() if line.get("message") == message]

    def wait_for_event(self, message: str, count: int = 1, timeout: float = 10.0) -> dict[str, Any]:
        """The line with a message, when there are `count` of them."""
        return wait_until(lambda: self.events(message)[count - 1:], timeout, f"the log line “{message}”")[0]

    def resident_bytes(self) -> int:
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE).group(1)) * 1024


# Variables of whoever runs the tests must not change what the worker does.
CLEAN = {name: "" for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "HTTP_PROXY", "all_proxy", "ALL_PROXY")}


class Worker(Process):
    """`fastrelay serve`."""

    def __init__(self, directory: pathlib.Path, config: dict[str, Any] | str | None, listen: str | None = None,
                 environment: Mapping[str, str] | None = None, stdin: Any = subprocess.DEVNULL,
                 socket_path: pathlib.Path | None = None) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.socket_path = socket_path or directory / "fastrelay.sock"
        self.listen = f"unix:{self.socket_path}" if listen is None else listen
        arguments = [str(BINARY), "serve"]
        if config is not None:
            file = directory / "fastrelay.json5"
            file.write_text(config if isinstance(config, str) else json.dumps(unlimited(config), indent=2))
            arguments += ["--config", str(file)]
        if self.listen:
            arguments += ["--listen", self.listen]
        # Not said when it is the default, so that the default is tested too.
        if PROTOCOL != "fastcgi":
            arguments += ["--protocol", PROTOCOL]
        super().__init__("worker", arguments, directory, {**CLEAN, **(environment or {})}, stdin)

    def again(self) -> "Worker":
        """Another one with the same arguments, after this one has ended."""
        worker = Worker.__new__(Worker)
        worker.socket_path, worker.listen = self.socket_path, self.listen
        Process.__init__(worker, "worker", *self._again)
        return worker

    def start(self) -> "Worker":
        if self.listen.startswith("unix:"):
            self.wait_ready(lambda: unix_accepts(self.socket_path))
        elif self.listen.startswith("tcp:"):
            self.wait_ready(lambda: tcp_accepts(int(self.listen.rsplit(":", 1)[1])))
        return self

    def exchanges(self, request_id: str | None = None) -> list[dict[str, Any]]:
        """The lines that tell of an exchange."""
        return [line for line in self.lines()
                if line.get("message") == "exchange" and (request_id is None or line.get("request_id") == request_id)]

    def wait_for_exchange(self, request_id: str, timeout: float = 5.0) -> dict[str, Any]:
        return wait_until(lambda: self.exchanges(request_id), timeout, f"the log line of {request_id}")[0]


def openssl_certificate(directory: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path]:
    """A self-signed certificate for localhost, 127.0.0.1 and the example server."""
    directory.mkdir(parents=True, exist_ok=True)
    certificate, key = directory / "certificate.pem", directory / "key.pem"
    if not certificate.exists():
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-days", "2", "-subj", "/CN=localhost", "-addext",
             "subjectAltName=DNS:localhost,DNS:relay.example.org,IP:127.0.0.1",
             "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    return certificate, key


class Nginx(Process):
    """nginx with the files of the repository, in a directory laid out like /etc/nginx."""

    def __init__(self, directory: pathlib.Path, http: str) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.access_log = directory / "access.log"
        self.error_log = directory / "error.log"
        temporary = "\n".join(
            f"    {kind}_temp_path {directory}/{kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        # As root the processes would become "nobody", who must not open the worker's socket.
        user = "user root;" if os.geteuid() == 0 else ""
        (directory / "nginx.conf").write_text(f"""\
{user}
daemon off;
worker_processes 1;
worker_rlimit_nofile 16384;
pid {directory}/nginx.pid;
error_log {self.error_log} info;
events {{
    worker_connections 8192;
}}
http {{
{temporary}
    access_log {self.access_log};
{http}
}}
""")
        super().__init__("nginx", [NGINX, "-e", str(self.error_log), "-p", str(directory), "-c",
                                   str(directory / "nginx.conf")], directory)

    def logs(self) -> str:
        return "".join(path.read_text("utf-8", "replace")
                       for path in (self.log, self.access_log, self.error_log) if path.exists())


def spoken(text: str) -> str:
    """nginx's directives as they are called for the protocol in use: tests write those of FastCGI."""
    return text.replace("fastcgi_", f"{PROTOCOL}_")


class RelayNginx(Nginx):
    """nginx in front of a worker: at `/`, below `/relay/`, and the example server with TLS, each on its own port."""

    def __init__(self, directory: pathlib.Path, server: str, http: str = "",
                 replace: Mapping[str, str] | None = None) -> None:
        self.port, self.mounted_port, self.tls_port, self.plain_port = (free_port() for _ in range(4))
        (directory / "conf.d").mkdir(parents=True, exist_ok=True)
        (directory / "snippets").mkdir(exist_ok=True)
        conf = (SHIPPED / "fastrelay.conf").read_text()
        # For FastCGI and for SCGI.
        assert conf.count("unix:/run/fastrelay/fastrelay.sock") == 2
        (directory / "conf.d" / "fastrelay.conf").write_text(conf.replace("unix:/run/fastrelay/fastrelay.sock", server))
        snippet = "fastrelay-location.conf" if PROTOCOL == "fastcgi" else f"fastrelay-{PROTOCOL}-location.conf"
        location = (SHIPPED / snippet).read_text()
        for shipped, ours in (replace or {}).items():
            assert spoken(shipped) in location, shipped
            location = location.replace(spoken(shipped), spoken(ours))
        (directory / "snippets" / snippet).write_text(location)
        self.certificate, key = openssl_certificate(directory)
        example = (SHIPPED / "fastrelay-server.conf").read_text()
        for shipped, ours in (
            ("    listen [::]:80;\n", ""), ("    listen [::]:443 ssl http2;\n", ""),
            ("listen 80;", f"listen 127.0.0.1:{self.plain_port};"),
            ("listen 443 ssl http2;", f"listen 127.0.0.1:{self.tls_port} ssl http2;"),
            ("snippets/fastrelay-location.conf", f"snippets/{snippet}"),
            ("/etc/letsencrypt/live/relay.example.org/fullchain.pem", str(self.certificate)),
            ("/etc/letsencrypt/live/relay.example.org/privkey.pem", str(key)),
        ):
            assert shipped in example, shipped
            example = example.replace(shipped, ours)
        (directory / "conf.d" / "fastrelay-server.conf").write_text(example)
        super().__init__(directory, f"""
    include conf.d/*.conf;
{spoken(http)}
    server {{
        listen 127.0.0.1:{self.port};
        error_page 400 405 408 414 /fastrelay-error;
        error_page 494 =431 /fastrelay-error;
        location / {{
            include snippets/{snippet};
        }}
    }}
    server {{
        listen 127.0.0.1:{self.mounted_port};
        set $fastrelay_mount /relay;
        location / {{
            return 418;
        }}
        location /relay/ {{
            include snippets/{snippet};
        }}
    }}
""")

    def start(self) -> "RelayNginx":
        self.wait_ready(lambda: tcp_accepts(self.port))
        return self


class TLSNginx(Nginx):
    """nginx with TLS and HTTP/2 in front of the fake, as a vendor has it."""

    def __init__(self, directory: pathlib.Path, upstream_port: int, http2: bool = True, further: str = "") -> None:
        self.port = free_port()
        self.certificate, key = openssl_certificate(directory)
        protocol = "ssl http2" if http2 else "ssl"
        super().__init__(directory, f"""
    log_format vendor '$server_protocol $connection $connection_requests "$request" $status';
    access_log {directory}/vendor.log vendor;
    server {{
        listen 127.0.0.1:{self.port} {protocol};
        ssl_certificate {self.certificate};
        ssl_certificate_key {key};
        client_max_body_size 0;
        {further}
        location / {{
            proxy_pass http://127.0.0.1:{upstream_port};
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
            proxy_read_timeout 120s;
        }}
    }}
""")
        self.vendor_log = directory / "vendor.log"

    def start(self) -> "TLSNginx":
        self.wait_ready(lambda: tcp_accepts(self.port))
        return self

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    def requests(self) -> list[str]:
        return self.vendor_log.read_text().splitlines() if self.vendor_log.exists() else []

    def wait_for_requests(self, containing: str, count: int = 1) -> list[str]:
        """The lines of so many requests; nginx writes one when the answer is over, which no client waits for."""
        def found() -> list[str]:
            return [line for line in self.requests() if containing in line]
        wait_until(lambda: len(found()) >= count, what=f"{count} logged requests with {containing!r}")
        return found()


class ConnectProxy:
    """A forward proxy: CONNECT tunnels and absolute-form requests, recorded; host names may be mapped to ports."""

    def __init__(self, hosts: Mapping[str, int] | None = None) -> None:
        self.hosts = dict(hosts or {})
        self.lines: list[str] = []
        self.heads: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        # Closing alone would leave the thread in accept().
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> "ConnectProxy":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        self._open.add(client)
        with client, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                data = client.recv(65536)
                if not data:
                    return
                head += data
            text = head.decode("latin-1")
            self.heads.append(text.split("\r\n\r\n")[0])
            line = text.split("\r\n")[0]
            self.lines.append(line)
            method, target, _ = line.split(" ", 2)
            if method == "CONNECT":
                host, _, port = target.rpartition(":")
                rest = head.split(b"\r\n\r\n", 1)[1]
                greeting = b"HTTP/1.1 200 Connection established\r\n\r\n"
            else:
                match = re.match(r"http://([^/:]+)(?::(\d+))?(.*)", target)
                host, port, path = match.group(1), match.group(2) or "80", match.group(3)
                rest = head.replace(target.encode(), (path or "/").encode(), 1)
                greeting = b""
            with socket.create_connection(("127.0.0.1", self.hosts.get(host, int(port)))) as server:
                self._open.add(server)
                client.sendall(greeting)
                if rest:
                    server.sendall(rest)
                back = threading.Thread(target=self._copy, args=(server, client), daemon=True)
                back.start()
                self._copy(client, server)
                back.join(5)

    @staticmethod
    def _copy(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


class Answer:
    """A complete response."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        return self.json["error"]

    @property
    def text(self) -> str:
        return self.json["choices"][0]["message"]["content"]

    def __repr__(self) -> str:
        return f"<{self.status} {self.body[:500]!r}>"


class Stream:
    """A streamed response, read block by block as it arrives.

    The head is waited for when something of the response is asked for: the relay sends it with the first event.
    """

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self.connection = connection
        # http.client lets go of the socket when the response has it.
        self._socket = connection.sock
        self.raw = b""
        self._rest = b""
        #: Everything up to here arrived in one read each; when it did.
        self.reads: list[tuple[float, int]] = []

    @functools.cached_property
    def response(self) -> http.client.HTTPResponse:
        return self.connection.getresponse()

    @property
    def status(self) -> int:
        return self.response.status

    @property
    def headers(self) -> http.client.HTTPMessage:
        return self.response.headers

    def block(self, timeout: float = 10.0) -> str | None:
        """The next event or comment, without the blank line; None at the end of the body."""
        self._socket.settimeout(timeout)
        while b"\n\n" not in self._rest:
            data = self.response.read1(65536)
            if not data:
                assert not self._rest, f"an unfinished event at the end: {self._rest!r}"
                return None
            self.reads.append((time.monotonic(), len(data)))
            self.raw += data
            self._rest += data
        block, _, self._rest = self._rest.partition(b"\n\n")
        return block.decode("utf-8")

    def data(self, timeout: float = 10.0) -> Any:
        """The next event's data, decoded unless it is [DONE]; comments are passed over; None at the end."""
        while (block := self.block(timeout)) is not None:
            if not block.startswith(":"):
                assert block.startswith("data: "), block
                payload = block.removeprefix("data: ")
                return payload if payload == "[DONE]" else json.loads(payload)
        return None

    def text(self, timeout: float = 10.0) -> str | None:
        """The next piece of content, passing over what has none."""
        while (value := self.data(timeout)) not in (None, "[DONE]"):
            for choice in value.get("choices", []):
                if choice["delta"].get("content"):
                    return choice["delta"]["content"]
        return None

    def rest(self) -> list[Any]:
        values = []
        while (value := self.data()) is not None:
            values.append(value)
        return values

    def close(self) -> None:
        # At once, whoever still holds the socket's file.
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        if "response" in self.__dict__:
            self.response.close()
        self.connection.close()

    def __enter__(self) -> "Stream":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def contents(values: list[Any]) -> str:
    """The text of the first choice in a list of chunks."""
    return "".join(choice["delta"].get("content") or "" for value in values if isinstance(value, dict)
                   for choice in value.get("choices", []) if choice["index"] == 0)


def finish_reasons(values: list[Any]) -> list[str]:
    return [choice["finish_reason"] for value in values if isinstance(value, dict)
            for choice in value.get("choices", []) if choice["finish_reason"] is not None]


class Stack:
    """A worker behind nginx, and clients for it."""

    def __init__(self, directory: pathlib.Path, config: dict[str, Any] | str | None,
                 environment: Mapping[str, str] | None = None, listen: str | None = None,
                 http: str = "", replace: Mapping[str, str] | None = None) -> None:
        self.directory = directory
        self.worker = Worker(directory / "worker", config, listen, environment).start()
        server = self.worker.listen.removeprefix("tcp:")
        self.nginx = RelayNginx(directory / "nginx", server, http, replace)
        try:
            self.nginx.start()
        except BaseException:
            self.stop()
            raise

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.nginx.port}/v1"

    def stop(self) -> None:
        self.nginx.stop()
        self.worker.stop()

    def request(self, method: str, path: str, body: bytes | str | None = None,
                headers: Mapping[str, str] | None = None, port: int | None = None, timeout: float = 30.0) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", port or self.nginx.port, timeout=timeout)
        with contextlib.closing(connection):
            connection.request(method, path, body, dict(headers or {}))
            return Answer(connection.getresponse())

    def get(self, path: str, **options: Any) -> Answer:
        options.setdefault("headers", {"Authorization": f"Bearer {KEY}"})
        return self.request("GET", path, **options)

    def post(self, body: bytes | str | dict[str, Any], path: str = "/v1/chat/completions",
             headers: Mapping[str, str] | None = None, **options: Any) -> Answer:
        payload = json.dumps(body) if isinstance(body, dict) else body
        fields = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json", **(headers or {})}
        return self.request("POST", path, payload, {k: v for k, v in fields.items() if v is not None}, **options)

    def chat(self, prompt: str = "Hi", headers: Mapping[str, str] | None = None, **fields: Any) -> Answer:
        return self.post(question(prompt, **fields), headers=headers)

    def stream(self, prompt: str = "Hi", headers: Mapping[str, str] | None = None, **fields: Any) -> Stream:
        connection = http.client.HTTPConnection("127.0.0.1", self.nginx.port, timeout=30)
        connection.request(
            "POST", "/v1/chat/completions", json.dumps(question(prompt, stream=True, **fields)),
            {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json", **(headers or {})})
        return Stream(connection)


def unlimited(config: dict[str, Any]) -> dict[str, Any]:
    """The same configuration without limits, as far as it says nothing about them itself."""
    limits = config.get("limits", {})
    return {**config, "limits": None if limits is None else {**UNLIMITED, **limits}}


def question(prompt: str, **fields: Any) -> dict[str, Any]:
    body = {"model": MODEL, "messages": [{"role": "user", "content": prompt}], **fields}
    return {name: value for name, value in body.items() if value is not None}


def raw_http(port: int, data: bytes, timeout: float = 10.0) -> bytes:
    """Sends bytes as they are and returns everything until the peer closes."""
    with socket.create_connection(("127.0.0.1", port), timeout) as connection:
        connection.sendall(data)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(65536):
                answer += piece
        return answer


def run_cli(*arguments: str, environment: Mapping[str, str] | None = None, timeout: float = 10.0,
            directory: pathlib.Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BINARY), *arguments], capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL,
        env={**os.environ, **CLEAN, **(environment or {})}, cwd=directory)
