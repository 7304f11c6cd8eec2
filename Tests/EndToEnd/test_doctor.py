"""`fastrelay doctor` against the shipped configuration, and against everything that it is there to find."""

from __future__ import annotations

import contextlib
import http.server
import pathlib
import re
import subprocess
import threading
from typing import Callable, Iterator

import pytest

from doctor import CODES, doctor
from fake_onemin import BAD_KEY, FakeOneMin
from harness import KEY, Nginx, Stack, free_port, openssl_certificate, run_cli, tcp_accepts

# It sees the web server only.
pytestmark = pytest.mark.only("fastcgi")


# --- as it is shipped ---------------------------------------------------------------------------------------------------


def test_the_shipped_configuration_is_right(stack: Stack, fake: FakeOneMin) -> None:
    findings = doctor(stack.url, "--wait", "2", quick=False)
    assert findings.code == 0
    assert findings.worse_than("ok") == {}
    assert {finding["check"] for finding in findings.report["findings"]} == {
        "reach", "tls", "relay", "mount", "health", "http", "request-id", "authorization", "address", "key", "preflight",
        "cors", "errors", "body", "stream", "compression", "silence", "wait"}
    # The vendor saw one call for a model that does not exist, and nothing of the doctor's was paid for.
    calls = fake.chats()
    assert [call.json["model"] for call in calls] == ["fastrelay-doctor-no-such-model"]
    lines = [line for line in stack.worker.exchanges() if line["route"] == "probe"]
    assert lines and KEY not in stack.worker.output()


def test_heartbeats_keep_a_silent_stream_open(make_stack: Callable[..., Stack]) -> None:
    """A server that waits for one second passes a stream with heartbeats, and not an answer without."""
    stack = make_stack(heartbeat="300ms", replace={"fastcgi_read_timeout    65m;": "fastcgi_read_timeout 1s;"})
    findings = doctor(stack.url, "--wait", "3", quick=False)
    assert findings["silence"] == "ok"
    assert findings["wait"] == "problem" and findings.code == 2
    assert re.search(r"after 1(\.\d)? s", findings.message("wait"))
    assert "fastcgi_read_timeout" in findings.advice("wait")


def test_below_a_path_and_without_v1(stack: Stack) -> None:
    for url in (f"http://127.0.0.1:{stack.nginx.mounted_port}/relay/v1/", f"http://127.0.0.1:{stack.nginx.mounted_port}/relay"):
        findings = doctor(url)
        assert findings.worse_than("note") == {} and findings["mount"] == "ok"
        assert "/relay" in findings.message("mount")


def test_an_address_of_the_api_is_taken_for_its_base(stack: Stack) -> None:
    findings = doctor(f"http://127.0.0.1:{stack.nginx.mounted_port}/relay/v1/chat/completions")
    assert findings.worse_than("note") == {}
    assert findings.report["url"] == f"http://127.0.0.1:{stack.nginx.mounted_port}/relay/v1"


def test_tls_with_an_authority_that_is_given(stack: Stack) -> None:
    url = f"https://localhost:{stack.nginx.tls_port}/v1"
    findings = doctor(url, "--ca", str(stack.nginx.certificate))
    assert findings["tls"] == "ok" and "TLSv1.3" in findings.message("tls")
    assert findings["http"] == "ok" and "HTTP/2" in findings.message("http")
    # Certificates of the tests live for two days.
    assert findings["certificate"] == "warning" and re.search("expires in [12] days?", findings.message("certificate"))
    assert findings["key"] == "ok"
    assert findings.code == 1
    assert findings.worse_than("warning") == {}


def test_a_person_reads_sentences(stack: Stack) -> None:
    result = run_cli("doctor", stack.url, "--quick", timeout=60, environment={"OPENAI_API_KEY": ""})
    assert result.returncode == 0
    lines = result.stdout.splitlines()
    assert lines[0].split()[:2] == ["ok", "reach"]
    assert lines[-1] == f"{stack.url}: 2 notes, 15 ok"
    assert all(len(line) <= 100 for line in lines)
    assert result.stderr == ""


# --- wrong: what a web server does ----------------------------------------------------------------------------------------


def test_a_compressed_stream(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(replace={"gzip off;": "gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any;"})
    findings = doctor(stack.url)
    assert findings["stream"] == "ok"
    assert findings["compression"] == "note" and findings.code == 0
    assert "gzip" in findings.message("compression") and "gzip off" in str(findings)


def test_a_low_limit_for_bodies(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(replace={"client_max_body_size      64m;": "client_max_body_size 1m;"})
    findings = doctor(stack.url)
    assert findings["body"] == "problem" and findings.code == 2
    assert "413" in findings.message("body") and "1023 KiB pass" in findings.message("body")
    assert "client_max_body_size" in findings.advice("body")


def test_the_relays_own_limit(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(limits={"bodyBytes": 2 << 20})
    findings = doctor(stack.url)
    assert findings["body"] == "warning" and findings.code == 1
    assert "limits.bodyBytes" in findings.advice("body")


def test_no_cors(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(replace={
        "add_header Access-Control-Allow-Origin   $fastrelay_cors_origin always;": "",
        "if ($fastrelay_preflight) {": "if ($fastrelay_none) {"}, http="map '' $fastrelay_none { default ''; }")
    findings = doctor(stack.url)
    assert findings["cors"] == "warning" and findings["preflight"] is None and findings.code == 1


def test_cors_not_on_errors_and_twice(make_stack: Callable[..., Stack]) -> None:
    shipped = "add_header Access-Control-Allow-Origin   $fastrelay_cors_origin always;"
    of_preflights = shipped.replace("   ", "  ")
    stack = make_stack(replace={shipped: shipped.replace(" always", "")})
    findings = doctor(stack.url)
    assert findings["preflight"] == "ok" and findings["cors"] == "problem"
    assert "always" in findings.advice("cors")
    stack = make_stack(replace={line: line + "\n" + line for line in (shipped, of_preflights)})
    findings = doctor(stack.url)
    assert findings["preflight"] == "problem" and findings["cors"] == "problem"
    assert "twice" in findings.message("cors")


def test_pages_that_are_named(make_stack: Callable[..., Stack]) -> None:
    page = "https://chat.example.org"
    stack = make_stack(http=f'map $http_origin $page {{ default ""; "{page}" $http_origin; }}', replace={
        "$fastrelay_cors_origin always;": "$page always;\nadd_header Vary Origin always;"})
    assert doctor(stack.url)["cors"] == "note"
    findings = doctor(stack.url, "--origin", "https://other.example.org")
    assert findings.worse_than("note").keys() == {"cors"} and findings.code == 2
    assert "$fastrelay_cors_origin" in findings.advice("cors") and "FASTRELAY_ORIGINS" in findings.advice("cors")
    assert doctor(stack.url, "--origin", page)["cors"] == "ok"


def test_errors_that_the_server_replaces(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(replace={
        "fastcgi_intercept_errors    off;": "fastcgi_intercept_errors on;",
        "error_page 400 403": "error_page 401 /nowhere.html;\nerror_page 400 403"})
    findings = doctor(stack.url)
    assert findings["errors"] == "warning" and findings.code == 1


def test_headers_that_do_not_arrive(make_stack: Callable[..., Stack]) -> None:
    passed = "fastcgi_param HTTP_X_REQUEST_ID $fastrelay_request_id;"
    stack = make_stack(replace={passed: passed + '\nfastcgi_param HTTP_AUTHORIZATION "" ;'})
    findings = doctor(stack.url)
    assert findings["authorization"] == "problem" and findings["key"] == "problem" and findings.code == 2
    assert "x-api-key does" in findings.message("authorization")


def test_no_request_id(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(replace={"fastcgi_keep_conn on;": "fastcgi_keep_conn on;\nfastcgi_hide_header X-Request-Id;"})
    assert doctor(stack.url)["request-id"] == "warning"


@contextlib.contextmanager
def proxy(directory: pathlib.Path, target: int, server: str = "", tls: tuple[pathlib.Path, pathlib.Path] | None = None,
          location: str = "proxy_buffering off;") -> Iterator[int]:
    """An nginx before another one; gives its port."""
    port = free_port()
    certificate = f"ssl_certificate {tls[0]}; ssl_certificate_key {tls[1]};" if tls else ""
    nginx = Nginx(directory, f"""
    server {{
        listen 127.0.0.1:{port}{" ssl" if tls else ""};
        {certificate}
        {server}
        location / {{
            proxy_pass http://127.0.0.1:{target};
            client_max_body_size 64m;
            {location}
        }}
    }}
""")
    try:
        nginx.wait_ready(lambda: tcp_accepts(port))
        yield port
    finally:
        nginx.stop()


def test_a_stream_in_lumps(make_stack: Callable[..., Stack], tmp_path: pathlib.Path) -> None:
    """An nginx before nginx with nothing but `proxy_pass`: it collects, and the inner one's X-Accel-Buffering stays there."""
    stack = make_stack()
    with proxy(tmp_path / "proxy", stack.nginx.port, location="") as port:
        findings = doctor(f"http://127.0.0.1:{port}/v1")
    assert findings["stream"] == "problem" and findings.code == 2
    assert "in lumps" in findings.message("stream")
    assert "fastcgi_buffering off" in findings.advice("stream") and "proxy_buffering" in findings.advice("stream")


def test_a_proxy_that_is_not_believed(make_stack: Callable[..., Stack], tmp_path: pathlib.Path) -> None:
    """Two machines on one: the proxy calls from 127.0.0.2, the doctor from 127.0.0.1."""
    location = "proxy_buffering off; proxy_bind 127.0.0.2; proxy_set_header X-Forwarded-For $remote_addr;"
    stack = make_stack()
    with proxy(tmp_path / "proxy", stack.nginx.port, location=location) as port:
        findings = doctor(f"http://127.0.0.1:{port}/v1")
    assert findings["address"] == "warning" and findings.code == 1
    assert "127.0.0.2" in findings.message("address") and "x-forwarded-for" in findings.message("address")
    assert "set_real_ip_from" in findings.advice("address")
    stack = make_stack(replace={
        "fastcgi_keep_conn on;":
            "fastcgi_keep_conn on;\nset_real_ip_from 127.0.0.2;\nreal_ip_header X-Forwarded-For;"})
    with proxy(tmp_path / "believed", stack.nginx.port, location=location) as port:
        assert doctor(f"http://127.0.0.1:{port}/v1")["address"] == "ok"


@pytest.mark.parametrize(("protocols", "level"), [("TLSv1 TLSv1.1 TLSv1.2", "warning"), ("TLSv1.2", "ok")])
def test_old_tls(stack: Stack, tmp_path: pathlib.Path, protocols: str, level: str) -> None:
    certificate, key = certificate_of(tmp_path / "certificate", "localhost", "20200101", "20900101")
    server = f"ssl_protocols {protocols}; ssl_ciphers DEFAULT@SECLEVEL=0;"
    with proxy(tmp_path / "proxy", stack.nginx.port, server=server, tls=(certificate, key)) as port:
        findings = doctor(f"https://localhost:{port}/v1", "--ca", str(certificate))
    assert findings["tls"] == level and findings.code == CODES[level]
    assert findings["certificate"] == "ok" and findings["http"] == "note"


def test_a_redirect_is_told_and_not_followed(make_stack: Callable[..., Stack], tmp_path: pathlib.Path) -> None:
    stack = make_stack()
    with proxy(tmp_path / "proxy", stack.nginx.port, server="return 301 http://127.0.0.1:1/elsewhere;") as port:
        findings = doctor(f"http://127.0.0.1:{port}/v1")
    assert findings["relay"] == "problem" and "127.0.0.1:1/elsewhere" in findings.message("relay")
    assert findings["key"] is None and findings.code == 2


def test_http_where_https_is_wanted(stack: Stack) -> None:
    findings = doctor(f"http://127.0.0.1:{stack.nginx.plain_port}/v1")
    assert findings.worse_than("ok").keys() == {"relay"} and findings.code == 2
    assert "https://127.0.0.1/v1" in findings.advice("relay")


def test_http_to_a_port_with_tls(stack: Stack, tmp_path: pathlib.Path) -> None:
    # The shipped configuration says no more than that it refused.
    findings = doctor(f"http://localhost:{stack.nginx.tls_port}/v1")
    assert findings["relay"] == "problem" and "speaks TLS" in findings.advice("relay")
    certificate = certificate_of(tmp_path / "certificate", "localhost", "20200101", "20900101")
    with proxy(tmp_path / "proxy", stack.nginx.port, tls=certificate) as port:
        findings = doctor(f"http://localhost:{port}/v1")
    assert findings["relay"] == "problem" and "speaks TLS" in findings.message("relay")
    assert f"https://localhost:{port}/v1" in findings.advice("relay")


def test_a_mount_that_the_relay_is_not_told(stack: Stack, tmp_path: pathlib.Path) -> None:
    with proxy(tmp_path / "proxy", stack.nginx.port) as port:
        findings = doctor(f"http://127.0.0.1:{port}/relay/v1")
    assert findings["mount"] == "problem" and findings.code == 2


def test_a_worker_that_does_not_run(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack()
    stack.worker.stop()
    findings = doctor(stack.url)
    assert findings["reach"] == "ok" and findings["relay"] == "problem" and findings.code == 2
    assert "502" in findings.message("relay")


# --- wrong: the key -------------------------------------------------------------------------------------------------------


def test_a_wrong_key(stack: Stack, fake: FakeOneMin) -> None:
    findings = doctor(stack.url, key=BAD_KEY)
    assert findings["key"] == "problem" and findings.code == 2
    assert len(fake.chats()) == 1


def test_a_key_as_an_argument_comes_before_the_variable(stack: Stack, fake: FakeOneMin) -> None:
    assert doctor(stack.url, "--key", "another-key", key=BAD_KEY)["key"] == "ok"
    assert fake.chats()[0].header("api-key") == "another-key"


def test_a_vendor_that_is_not_reached(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(provider={"baseURL": f"http://127.0.0.1:{free_port()}"})
    findings = doctor(stack.url)
    assert findings["key"] == "warning" and findings.code == 1


def test_without_a_key(stack: Stack, fake: FakeOneMin) -> None:
    findings = doctor(stack.url, key=None)
    assert findings["key"] == "note" and findings.code == 0
    assert fake.chats() == []


# --- wrong: nobody, somebody else, and bad certificates -----------------------------------------------------------------


def test_a_closed_port() -> None:
    findings = doctor(f"http://127.0.0.1:{free_port()}/v1")
    assert findings["reach"] == "problem" and findings.code == 2
    assert findings.worse_than("ok").keys() == {"reach"}


def test_an_unknown_host() -> None:
    findings = doctor("https://no-such-host.invalid/v1")
    assert findings["reach"] == "problem" and findings.code == 2
    assert "no-such-host.invalid" in findings.message("reach")


class Page(http.server.BaseHTTPRequestHandler):
    """A web server of any other kind, with an escape sequence in what it says of itself."""

    def do_GET(self) -> None:
        body = b"<html>Welcome</html>"
        self.send_response(200)
        self.send_header("Server", "shop\x1b[31m")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def website(handler: type[http.server.BaseHTTPRequestHandler]) -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def test_something_else_answers(stack: Stack) -> None:
    with website(Page) as port:
        findings = doctor(f"http://127.0.0.1:{port}/v1")
        assert "\x1b" not in findings.result.stdout and "\\u001b" not in findings.result.stdout
    assert findings["relay"] == "problem" and findings.code == 2
    assert "not a Fastrelay" in findings.message("relay")
    assert findings["key"] is None
    # nginx in front of the relay, but outside of its mount.
    findings = doctor(f"http://127.0.0.1:{stack.nginx.mounted_port}/v1")
    assert findings["relay"] == "problem" and "418" in findings.message("relay")


class Flood(Page):
    """A server that never ends."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(OSError):
            while True:
                self.wfile.write(b"x" * 65536)


def test_an_answer_without_end_is_cut() -> None:
    with website(Flood) as port:
        findings = doctor(f"http://127.0.0.1:{port}/v1")
    assert findings["relay"] == "problem" and findings.code == 2


def test_a_proxy_of_the_environment_is_not_asked(stack: Stack) -> None:
    result = run_cli("doctor", stack.url, "--quick", "--json", timeout=60, environment={
        "http_proxy": f"http://127.0.0.1:{free_port()}", "OPENAI_API_KEY": ""})
    assert result.returncode == 0, result.stdout


def test_tls_that_is_none() -> None:
    with website(Page) as port:
        findings = doctor(f"https://127.0.0.1:{port}/v1")
    assert findings["tls"] == "problem" and findings.code == 2


def test_a_certificate_that_nobody_signed(stack: Stack, fake: FakeOneMin) -> None:
    findings = doctor(f"https://localhost:{stack.nginx.tls_port}/v1")
    assert findings["certificate"] == "problem" and findings.code == 2
    assert "nobody but itself" in findings.message("certificate")
    # Everything else is looked at all the same, but for the key, which stays here.
    assert findings["stream"] == "ok" and findings["key"] == "note"
    assert fake.chats() == []


@pytest.mark.parametrize(("name", "start", "end", "said"), [
    ("localhost", "20200101", "20200201", "has expired"), ("localhost", "20900101", "20910101", "not valid yet"),
    ("other.example.org", "20200101", "20900101", "for another name than localhost")])
def test_a_certificate_that_is_not_valid(stack: Stack, fake: FakeOneMin, tmp_path: pathlib.Path, name: str, start: str,
                                         end: str, said: str) -> None:
    certificate, key = certificate_of(tmp_path / "certificate", name, start, end)
    with proxy(tmp_path / "proxy", stack.nginx.port, tls=(certificate, key)) as port:
        findings = doctor(f"https://localhost:{port}/v1", "--ca", str(certificate))
    assert findings["certificate"] == "problem" and findings.code == 2
    assert said in findings.message("certificate")
    assert fake.chats() == []


def certificate_of(directory: pathlib.Path, name: str, start: str, end: str) -> tuple[pathlib.Path, pathlib.Path]:
    """A self-signed certificate; `openssl ca` is the one command of OpenSSL 3.0 that takes days in the past."""
    _, key = openssl_certificate(directory)
    request, config, certificate = directory / "request.pem", directory / "ca.cnf", directory / "dated.pem"
    subprocess.run(["openssl", "req", "-new", "-key", str(key), "-subj", f"/CN={name}", "-out", str(request)],
                   check=True, capture_output=True)
    (directory / "index.txt").write_text("")
    (directory / "serial").write_text("01\n")
    config.write_text(f"""
[ca]
default_ca = own
[own]
new_certs_dir = {directory}
database = {directory}/index.txt
serial = {directory}/serial
default_md = sha256
policy = any
x509_extensions = names
[any]
commonName = supplied
[names]
subjectAltName = DNS:{name}
basicConstraints = CA:TRUE
""")
    subprocess.run(
        ["openssl", "ca", "-batch", "-selfsign", "-config", str(config), "-in", str(request), "-keyfile", str(key),
         "-out", str(certificate), "-notext", "-startdate", start + "000000Z", "-enddate", end + "000000Z"],
        check=True, capture_output=True)
    return certificate, key


# --- wrong usage ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [
    [], ["relay.example.org"], ["ftp://relay.example.org"], ["http://user:secret@relay.example.org"],
    ["http://a", "http://b"], ["http://a", "--wait", "121"], ["http://a", "--key", "a\nb"], ["http://a", "--what"]])
def test_wrong_usage(arguments: list[str]) -> None:
    result = run_cli("doctor", *arguments)
    assert result.returncode == 64
    assert result.stdout == "" and len(result.stderr.splitlines()) == 1
    assert "secret" not in result.stderr


def test_authorities_that_cannot_be_read() -> None:
    result = run_cli("doctor", "http://127.0.0.1:1", "--ca", "/nonexistent.pem")
    assert result.returncode == 66 and result.stdout == ""
