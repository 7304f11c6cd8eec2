"""The shipped nginx configuration: what nginx answers by itself, with TLS, mounted anywhere."""

from __future__ import annotations

import contextlib
import http.client
import json
import pathlib
import re
import socket
import ssl
import subprocess

import h2.connection
import h2.errors
import h2.events
import httpx
import pytest

import harness
from fake_onemin import directive
from harness import KEY, NGINX, Answer, Stack, question, raw_http, wait_until

ORIGIN = {"Origin": "https://chat.example.org"}


def preflight(stack: Stack, path: str = "/v1/chat/completions", **headers: str):
    return stack.request("OPTIONS", path, headers={
        **ORIGIN, "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,x-stainless-os,openai-beta,anthropic-version",
        **headers})


def test_a_preflight_is_answered_without_the_worker(stack: Stack):
    answer = preflight(stack, **{"x-request-id": "preflight-1"})
    assert answer.status == 204 and answer.body == b""
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    methods = answer.headers["Access-Control-Allow-Methods"].split(", ")
    assert {"GET", "POST", "DELETE", "OPTIONS"} <= set(methods)
    allowed = answer.headers["Access-Control-Allow-Headers"].lower()
    for name in ("authorization", "content-type", "x-stainless-os", "openai-beta", "anthropic-version"):
        assert name in allowed
    assert int(answer.headers["Access-Control-Max-Age"]) >= 600
    assert "Access-Control-Allow-Credentials" not in answer.headers
    # Lines come in the order of the answers: a line of the preflight would be here by the time of a later one's.
    stack.request("OPTIONS", "/v1/chat/completions", headers={"x-request-id": "after-preflight-1"})
    stack.worker.wait_for_exchange("after-preflight-1")
    assert "preflight-1" not in [line["request_id"] for line in stack.worker.exchanges()]


def test_an_options_request_that_is_no_preflight_reaches_the_worker(stack: Stack):
    answer = stack.request("OPTIONS", "/v1/chat/completions", headers={"x-request-id": "plain-options-1"})
    assert answer.status in (200, 204)
    assert "POST" in answer.headers["Allow"]
    stack.worker.wait_for_exchange("plain-options-1")


@pytest.mark.parametrize("prompt", ["Hi", directive(mode="status", status=500)])
def test_answers_and_errors_of_the_worker_carry_cors_headers(stack: Stack, prompt: str):
    answer = stack.chat(prompt, headers=ORIGIN)
    assert answer.headers.get_all("Access-Control-Allow-Origin") == ["*"]
    exposed = answer.headers["Access-Control-Expose-Headers"]
    for name in ("x-request-id", "x-fastrelay-ignored", "retry-after", "ratelimit-policy", "x-ratelimit-reset-tokens",
                 "anthropic-ratelimit-requests-reset"):
        assert name in exposed
    assert "Access-Control-Allow-Methods" not in answer.headers
    assert "Vary" not in answer.headers


def test_only_a_page_is_told_what_it_may_read(stack: Stack):
    answer = stack.chat()
    assert answer.headers.get_all("Access-Control-Allow-Origin") == ["*"]
    assert "Access-Control-Expose-Headers" not in answer.headers


def test_a_preflight_has_each_header_once(stack: Stack):
    headers = preflight(stack).headers
    for name in ("Access-Control-Allow-Origin", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers",
                 "Access-Control-Max-Age", "X-Request-Id"):
        assert len(headers.get_all(name)) == 1, name
    assert re.fullmatch("[0-9a-f]{32}", headers["X-Request-Id"])


def test_origins_can_be_restricted(make_stack):
    stack = make_stack(http="""
    map $http_origin $fastrelay_cors_origin {
        default "";
        "https://chat.example.org" $http_origin;
    }""")
    allowed, refused = stack.chat(headers=ORIGIN), stack.chat(headers={"Origin": "https://evil.example.org"})
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://chat.example.org"
    assert "Access-Control-Allow-Origin" not in refused.headers
    assert allowed.headers["Vary"] == refused.headers["Vary"] == "Origin"
    assert preflight(stack).headers["Access-Control-Allow-Origin"] == "https://chat.example.org"


@pytest.mark.parametrize("mounted", [False, True])
def test_a_body_over_nginx_limit_is_413_in_openai_shape(stack: Stack, mounted: bool):
    # The announced length is enough to refuse: nothing of the body is sent.
    connection = http.client.HTTPConnection(
        "127.0.0.1", stack.nginx.mounted_port if mounted else stack.nginx.port, timeout=10)
    with contextlib.closing(connection):
        connection.putrequest("POST", ("/relay" if mounted else "") + "/v1/chat/completions")
        connection.putheader("Authorization", f"Bearer {KEY}")
        connection.putheader("Content-Length", str((64 << 20) + 1))
        connection.endheaders()
        answer = Answer(connection.getresponse())
    assert answer.status == 413 and answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-Id"])
    assert answer.error["code"] == "request_too_large"


def test_a_body_over_nginx_limit_is_413_in_openai_shape_over_http2_too(stack: Stack):
    done = subprocess.run(
        ["curl", "--silent", "--http2", "--cacert", str(stack.nginx.certificate), "--header", f"Authorization: Bearer {KEY}",
         "--header", "Content-Type: application/json", "--data-binary", "@-",
         "--write-out", "\n%{http_version} %{http_code} %{content_type}", "--max-time", "30",
         f"https://localhost:{stack.nginx.tls_port}/v1/chat/completions"],
        input=b" " * ((64 << 20) + 1), capture_output=True, timeout=40)
    body, _, summary = done.stdout.decode().rpartition("\n")
    assert summary == "2 413 application/json"
    assert json.loads(body)["error"]["code"] == "request_too_large"


def test_a_missing_worker_is_502_in_openai_shape(make_stack):
    stack = make_stack()
    stack.worker.stop()
    for answer in (stack.chat(headers=ORIGIN), stack.get("/v1/models"), stack.get("/health")):
        assert answer.status == 502
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers.get_all("Access-Control-Allow-Origin") == ["*"]
        assert len(answer.headers.get_all("X-Request-Id")) == 1
        assert answer.error["code"] == "relay_unavailable" and answer.error["type"] == "server_error"
    mounted = stack.get("/relay/v1/models", port=stack.nginx.mounted_port)
    assert mounted.status == 502 and mounted.error["code"] == "relay_unavailable"


def test_nginx_own_time_out_is_504_in_openai_shape(make_stack):
    stack = make_stack(replace={"fastcgi_read_timeout    65m;": "fastcgi_read_timeout 300ms;"})
    answer = stack.chat(directive(mode="stall", at="head"))
    assert answer.status == 504 and answer.error["code"] == "relay_timeout"


def test_floods_of_headers_are_refused_in_openai_shape(stack: Stack):
    request = ("GET /v1/models HTTP/1.1\r\nHost: relay.example.org\r\nConnection: close\r\n"
               f"X-Flood: {'x' * 70_000}\r\n\r\n").encode()
    for answer in (raw_tls(stack, request), raw_http(stack.nginx.port, request)):
        assert answer.startswith(b"HTTP/1.1 431")
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == "request_header_too_large"
    # A server that has the location file and nothing else.
    assert re.match(rb"HTTP/1.1 (400|431)", raw_http(stack.nginx.mounted_port, request))


def test_nonsense_instead_of_http_is_400_in_openai_shape(stack: Stack):
    answer = raw_tls(stack, b"NONSENSE\r\n\r\n")
    assert b"bad_request" in answer


def raw_tls(stack: Stack, data: bytes) -> bytes:
    context = ssl.create_default_context(cafile=str(stack.nginx.certificate))
    with socket.create_connection(("127.0.0.1", stack.nginx.tls_port), 10) as plain:
        with context.wrap_socket(plain, server_hostname="relay.example.org") as connection:
            connection.sendall(data)
            answer = b""
            try:
                while piece := connection.recv(65536):
                    answer += piece
            except (ConnectionResetError, ssl.SSLError):
                pass
            return answer


@pytest.mark.parametrize("http2", [False, True])
def test_the_example_server_serves_over_tls(stack: Stack, http2: bool):
    context = ssl.create_default_context(cafile=str(stack.nginx.certificate))
    with httpx.Client(http2=http2, verify=context, base_url=f"https://localhost:{stack.nginx.tls_port}",
                      headers={"Authorization": f"Bearer {KEY}"}, timeout=20) as client:
        answer = client.post("/v1/chat/completions", json=question("Hi"))
        assert answer.http_version == ("HTTP/2" if http2 else "HTTP/1.1")
        assert answer.status_code == 200 and answer.json()["choices"][0]["message"]["content"]
        with client.stream("POST", "/v1/chat/completions", json=question("Hi", stream=True)) as stream:
            lines = [line for line in stream.iter_lines() if line]
            assert lines[-1] == "data: [DONE]"


def test_a_client_that_leaves_over_http2_cancels_the_upstream_call(stack: Stack, fake):
    """The stream is reset and the connection lives on, as browsers do it."""
    context = ssl.create_default_context(cafile=str(stack.nginx.certificate))
    context.set_alpn_protocols(["h2"])
    with socket.create_connection(("127.0.0.1", stack.nginx.tls_port), 10) as plain, \
            context.wrap_socket(plain, server_hostname="localhost") as connection:
        http2 = h2.connection.H2Connection()
        http2.initiate_connection()

        def send(stream: int, method: str, path: str, body: bytes = b"") -> None:
            http2.send_headers(stream, [
                (":method", method), (":path", path), (":scheme", "https"), (":authority", "localhost"),
                ("authorization", f"Bearer {KEY}"), ("content-type", "application/json")], end_stream=not body)
            if body:
                http2.send_data(stream, body, end_stream=True)
            connection.sendall(http2.data_to_send())

        def wait_for(kind: type, stream: int) -> None:
            while True:
                for event in http2.receive_data(connection.recv(65536)):
                    if isinstance(event, kind) and event.stream_id == stream:
                        return
                connection.sendall(http2.data_to_send())

        send(1, "POST", "/v1/chat/completions",
             json.dumps(question(directive(mode="stall", at=2), stream=True)).encode())
        wait_for(h2.events.DataReceived, 1)
        request = fake.wait_for_chat()
        assert request.aborted is None
        http2.reset_stream(1, h2.errors.ErrorCodes.CANCEL)
        connection.sendall(http2.data_to_send())
        fake.wait_for_abort(request, 2)
        send(3, "GET", "/health")
        wait_for(h2.events.StreamEnded, 3)


def test_the_example_server_refuses_plain_http(stack: Stack):
    answer = stack.request("POST", "/v1/chat/completions", "{}", port=stack.nginx.plain_port)
    assert answer.status == 403 and answer.error["code"] == "https_required"


def test_nginx_accepts_the_files_without_a_warning(stack: Stack):
    done = subprocess.run([NGINX, "-e", "stderr", "-t", "-p", str(stack.nginx.directory), "-c",
                           str(stack.nginx.directory / "nginx.conf")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "[warn]" not in done.stderr and "[emerg]" not in done.stderr, done.stderr


def test_answers_arrive_though_gzip_and_buffering_are_on_elsewhere(make_stack, fake):
    stack = make_stack(http="gzip on; gzip_types *; gzip_min_length 0; fastcgi_buffering on;")
    with stack.stream(directive(gate="gzip", chunks=["a", "b"]), headers={"Accept-Encoding": "gzip"}) as stream:
        gate = fake.gate("gzip")
        gate.release()
        assert stream.text(2) == "a"
        gate.release()
        assert stream.text(2) == "b"
        gate.release()
        assert "Content-Encoding" not in stream.headers


def test_kept_connections_to_the_worker_lose_no_request(stack: Stack):
    """nginx reuses its connections to the worker; one that the worker closed at a bad moment would be a 502."""
    connection = http.client.HTTPConnection("127.0.0.1", stack.nginx.port, timeout=20)
    for number in range(500):
        connection.request("GET", "/health")
        response = connection.getresponse()
        response.read()
        assert response.status == 200, number
    connection.close()


@pytest.mark.only("fastcgi")
def test_both_location_files_say_the_same():
    """Each is complete, so that only one has to be copied: but for the protocol's own lines they must not drift apart."""
    def lines(name: str) -> list[str]:
        text = (harness.SHIPPED / name).read_text().partition("_pass ")[2].partition("\n")[2]
        own = re.compile(r"fastcgi_keep_conn |(fastcgi|scgi)_param (CONTENT_LENGTH|SCGI) ")
        return [line.replace("fastcgi_", "scgi_") for line in text.splitlines() if not own.match(line)]
    assert lines("fastrelay-location.conf") == lines("fastrelay-scgi-location.conf")


@pytest.mark.only("scgi")
def test_scgi_connections_are_not_kept(stack: Stack):
    for _ in range(5):
        assert stack.get("/health").status == 200
    wait_until(lambda: connections_of(stack.worker.socket_path) == 0, 5, "connections to the worker to end")


def connections_of(path) -> int:
    """Connections to a Unix socket, seen from the side that accepted them."""
    # Flags (the fourth column) tell the listening socket apart: __SO_ACCEPTCON.
    rows = [line.split() for line in pathlib.Path("/proc/net/unix").read_text().splitlines()]
    return sum(row[-1] == str(path) and row[3] == "00000000" for row in rows)
