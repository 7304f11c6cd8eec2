"""Apache with mod_proxy_fcgi and the shipped configuration."""

from __future__ import annotations

import concurrent.futures
import contextlib
import json
import socket
import ssl
from typing import Any

import h2.connection
import h2.errors
import h2.events
import httpx
import pytest

from doctor import doctor
from doors import APACHE_MODULES, DoorStack, ProxyApache
from fake_onemin import directive
from front_door_checks import ORIGIN, FrontDoorChecks, ServiceChecks, doctor_finds_nothing, is_error, preflight
from harness import KEY, contents, free_port, question, wait_until

# Each server speaks what it is configured to.
pytestmark = pytest.mark.only("fastcgi")


@pytest.fixture(scope="module")
def make_server():
    return ProxyApache


class TestApache(FrontDoorChecks, ServiceChecks):
    writes_until_told = 2
    # Apache passes on what comes; it would have to keep all of it to tell how long it is.
    unknown_length = None

    def test_a_body_of_unknown_length_over_the_limit_is_kept_nowhere(self, door: DoorStack):
        pieces = 0

        def body():
            nonlocal pieces
            for pieces in range(1, 101):
                yield b" " * (1 << 20)

        answer = door.request("POST", "/v1/chat/completions", body(), headers={
            "Content-Type": "application/json", "Authorization": f"Bearer {KEY}"})
        is_error(answer, 413, "request_too_large")
        assert pieces > 64

    def test_the_example_server_serves_over_tls(self, door: DoorStack):
        context = ssl.create_default_context(cafile=str(door.door.certificate))
        with httpx.Client(verify=context, base_url=f"https://localhost:{door.door.tls_port}",
                          headers={"Authorization": f"Bearer {KEY}"}, timeout=20) as client:
            answer = client.post("/v1/chat/completions", json=question("Hi"))
            assert answer.status_code == 200 and answer.json()["choices"][0]["message"]["content"]
            with client.stream("POST", "/v1/chat/completions", json=question("Hi", stream=True)) as stream:
                assert [line for line in stream.iter_lines() if line][-1] == "data: [DONE]"

    def test_the_example_server_refuses_plain_http(self, door: DoorStack):
        port = door.door.plain_port
        is_error(door.request("POST", "/v1/chat/completions", "{}", port=port), 403, "https_required")
        is_error(door.request("GET", "/", port=port), 403, "https_required")
        # Where certificates are asked for, which needs plain HTTP.
        assert door.request("GET", "/.well-known/acme-challenge/x", port=port).status == 404

    def test_the_doctor_finds_nothing(self, door: DoorStack):
        doctor_finds_nothing(door)

    def test_the_doctor_tells_http_from_https(self, door: DoorStack):
        findings = doctor(f"http://localhost:{door.door.plain_port}/v1")
        assert findings.worse_than("ok").keys() == {"relay"} and "https://localhost/v1" in findings.advice("relay")
        # Apache's own sentence about it is lost with the ErrorDocument.
        findings = doctor(f"http://localhost:{door.door.tls_port}/v1")
        assert findings.worse_than("ok").keys() == {"relay"} and "speaks TLS" in findings.advice("relay")

    def test_the_doctor_tells_of_a_port_that_speaks_tls(self, make_door: Any):
        """Where no ErrorDocument replaces what Apache says."""
        port = free_port()
        make_door({"extra": f"Listen 127.0.0.1:{port}\n<VirtualHost *:{port}>\nSSLEngine on\n"
                            "SSLCertificateFile @CERTIFICATE@\nSSLCertificateKeyFile @KEY@\n</VirtualHost>"})
        findings = doctor(f"http://localhost:{port}/v1")
        assert findings["relay"] == "problem" and "speaks TLS" in findings.message("relay")
        assert f"https://localhost:{port}/v1" in findings.advice("relay")

    def test_the_doctor_names_the_limit_that_counts(self, make_door: Any):
        door = make_door({"extra": "LimitRequestBody 1000"})
        assert doctor(f"http://127.0.0.1:{door.door.port}/v1")["body"] == "ok"
        lower = "<If \"req_novary('Content-Length') -gt 1048576\">\nRedirect 413\n</If>"
        door = make_door({"extra": lower})
        findings = doctor(f"http://127.0.0.1:{door.door.port}/v1")
        assert findings["body"] == "problem" and "fastrelay-location.conf" in findings.advice("body")

    @pytest.mark.parametrize("request_head, status, code", [
        (b"NONSENSE", 400, "bad_request"),
        (b"GET /v1/models HTTP/1.1\r\nHost: x\r\nX-Flood: " + b"x" * 70_000, 400, "bad_request"),
        (b"GET /v1/models/" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: x", 414, "uri_too_long"),
        (b"GET /v1/models/%zz HTTP/1.1\r\nHost: x\r\nConnection: close", 400, "bad_request"),
    ])
    def test_nonsense_is_refused_in_openai_shape(self, door: DoorStack, request_head: bytes, status: int, code: str):
        context = ssl.create_default_context(cafile=str(door.door.certificate))
        with socket.create_connection(("127.0.0.1", door.door.tls_port), 10) as plain, \
                context.wrap_socket(plain, server_hostname="relay.example.org") as connection:
            connection.sendall(request_head + b"\r\n\r\n")
            answer = b"".join(iter(lambda: received(connection), b""))
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(f"HTTP/1.1 {status}".encode()), head
        assert json.loads(body)["error"]["code"] == code
        assert b"application/json" in head

    def test_origins_can_be_restricted(self, make_door: Any):
        door = make_door({"extra": r'Define FASTRELAY_ORIGINS "^https://(chat|www)\.example\.org$"'})
        allowed, refused = door.chat(headers=ORIGIN), door.chat(headers={"Origin": "https://evil.example.org"})
        assert allowed.headers["Access-Control-Allow-Origin"] == ORIGIN["Origin"]
        assert "Access-Control-Allow-Origin" not in refused.headers
        assert allowed.headers["Vary"] == refused.headers["Vary"] == "Origin"
        assert preflight(door).headers["Access-Control-Allow-Origin"] == ORIGIN["Origin"]
        url = f"http://127.0.0.1:{door.door.port}/v1"
        assert doctor(url, "--origin", ORIGIN["Origin"])["cors"] == "ok"
        findings = doctor(url, "--origin", "https://evil.example.org")
        assert findings["cors"] == "problem" and "FASTRELAY_ORIGINS" in findings.advice("cors")

    def test_one_request_id_for_client_and_logs(self, make_door: Any):
        door = make_door({"extra": 'CustomLog access.log "%{X-Request-Id}i"'})
        answer = door.get("/v1/models")
        assert len(answer.headers.get_all("x-request-id")) == 1
        identifier = answer.headers["x-request-id"]
        assert door.worker.wait_for_exchange(identifier)["route"] == "models"
        log = door.door.directory / "access.log"
        wait_until(lambda: log.read_text().splitlines() == [identifier], 5, "the line in Apache's log")
        assert door.get("/v1/models", headers={"x-request-id": "mine"}).headers.get_all("x-request-id") == ["mine"]

    def test_apaches_own_time_out_is_an_error_in_openai_shape(self, make_door: Any):
        door = make_door({"replace": (("timeout=3900 ", "timeout=1 "),)})
        is_error(door.chat(directive(mode="stall", at="head")), 504, "relay_timeout")

    def test_over_http2_events_flow_and_a_reset_is_noticed(self, make_door: Any, fake: Any):
        door = make_door({"extra": f"LoadModule http2_module {APACHE_MODULES}/mod_http2.so\nProtocols h2 http/1.1"},
                         heartbeat="100ms")
        context = ssl.create_default_context(cafile=str(door.door.certificate))
        context.set_alpn_protocols(["h2"])
        with socket.create_connection(("127.0.0.1", door.door.tls_port), 10) as plain, \
                context.wrap_socket(plain, server_hostname="localhost") as connection:
            http2 = h2.connection.H2Connection()
            http2.initiate_connection()
            http2.send_headers(1, [
                (":method", "POST"), (":path", "/v1/chat/completions"), (":scheme", "https"), (":authority", "localhost"),
                ("authorization", f"Bearer {KEY}"), ("content-type", "application/json")])
            prompt = directive(gate="http2", chunks=["one", "two", "three"])
            http2.send_data(1, json.dumps(question(prompt, stream=True)).encode(), end_stream=True)
            connection.sendall(http2.data_to_send())
            request, seen = fake.wait_for_chat(), b""
            for piece in (b"one", b"two"):
                fake.gate("http2").release()
                while piece not in seen:
                    for event in http2.receive_data(connection.recv(65536)):
                        seen += event.data if isinstance(event, h2.events.DataReceived) else b""
                    connection.sendall(http2.data_to_send())
            http2.reset_stream(1, h2.errors.ErrorCodes.CANCEL)
            connection.sendall(http2.data_to_send())
            fake.wait_for_abort(request, 5)

    def test_an_open_stream_takes_a_thread(self, make_door: Any, fake: Any):
        """What MaxRequestWorkers limits: a request beyond it waits until a stream has ended."""
        door = make_door({"extra": "ServerLimit 1\nStartServers 1\nThreadsPerChild 3\nMinSpareThreads 1\n"
                                   "MaxSpareThreads 3\nMaxRequestWorkers 3\n"})
        with contextlib.ExitStack() as stack:
            streams = [stack.enter_context(door.stream(directive(gate="threads", chunks=["a"]))) for _ in range(3)]
            fake.wait_for(lambda: len(fake.chats()) == 3, 5, "three calls")
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                fourth = pool.submit(door.chat)
                with pytest.raises(TimeoutError):
                    fourth.result(0.3)
                fake.gate("threads").release(6)
                assert fourth.result(10).status == 200
            assert all(contents(stream.rest()) == "a" for stream in streams)


def received(connection: ssl.SSLSocket) -> bytes:
    try:
        return connection.recv(65536)
    except (ConnectionResetError, ssl.SSLError):
        return b""
