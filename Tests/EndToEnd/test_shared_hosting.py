"""The archive for shared hosting, in a bare and older Debian with Apache, as somebody without rights would use it."""

from __future__ import annotations

import concurrent.futures
import http.client
import itertools
import json
import pathlib
import subprocess
import tarfile
from typing import Callable, Iterator

import openai
import pytest

import harness
import hosting
from doctor import doctor
from fake_onemin import FakeOneMin, directive
from harness import KEY, TLSNginx, contents, finish_reasons, question, wait_until
from hosting import SharedSite
from lockstep import each_event_arrives_before_the_next_is_sent

pytestmark = [
    pytest.mark.skipif(bool(hosting.MISSING), reason=hosting.MISSING),
    # The first run makes the host's root, which takes most of a minute on a machine at rest.
    pytest.mark.timeout(300),
    pytest.mark.only("fastcgi"),
]


@pytest.fixture(scope="session")
def archive() -> pathlib.Path:
    return hosting.build_archive(harness.BINARY)


@pytest.fixture(scope="session")
def root() -> pathlib.Path:
    return hosting.host_root()


@pytest.fixture(scope="module")
def shared_site(shared_fake: FakeOneMin, archive: pathlib.Path, root: pathlib.Path,
                tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedSite]:
    site = SharedSite(tmp_path_factory.mktemp("site"), root, archive, shared_fake.url)
    yield site
    site.stop()


@pytest.fixture
def site(shared_site: SharedSite, fake: FakeOneMin) -> SharedSite:
    return shared_site


@pytest.fixture
def make_site(fake: FakeOneMin, archive: pathlib.Path, root: pathlib.Path,
              tmp_path: pathlib.Path) -> Iterator[Callable[..., SharedSite]]:
    numbers = itertools.count()
    sites: list[SharedSite] = []

    def make(base_url: str | None = None, **options: Any) -> SharedSite:
        sites.append(SharedSite(tmp_path / f"site{next(numbers)}", root, archive, base_url or fake.url, **options))
        return sites[-1]

    yield make
    for site in sites:
        site.stop()


def listings(fake: FakeOneMin) -> list:
    return [request for request in fake.requests if request.target.endswith("UNIFY_CHAT_WITH_AI")]


def test_the_host_has_nothing_that_the_worker_needs(root: pathlib.Path):
    for name in ("libfcgi.so*", "libcurl*.so*", "libmemcached.so*", "libhashkit.so*"):
        assert not list((root / "usr" / "lib").rglob(name)), name
    assert not (root / "etc/ssl/certs/ca-certificates.crt").exists()


def test_models_and_chat_with_the_openai_client(site: SharedSite):
    with openai.OpenAI(base_url=site.url, api_key=KEY, max_retries=0, timeout=30) as client:
        assert "gpt-4o" in [model.id for model in client.models.list()]
        answer = client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "Hi"}])
        assert answer.choices[0].message.content == "Hello from 1min.ai, the fake one."
        chunks = list(client.chat.completions.create(
            model="gpt-4o", messages=[{"role": "user", "content": "Hi"}], stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "Hello from 1min.ai, the fake one."


@pytest.mark.parametrize("cgi", ["cgid", "cgi"])
def test_each_event_arrives_before_the_next_is_sent(make_site, fake: FakeOneMin, cgi: str):
    each_event_arrives_before_the_next_is_sent(make_site(cgi=cgi), fake, count=10)


def test_a_stream_through_mod_fcgid_comes_in_lumps_and_is_complete(make_site, fake: FakeOneMin):
    site = make_site(cgi=None)
    with site.stream(directive(events=40, size=10, gap=0.02)) as stream:
        values = stream.rest()
    assert values[-1] == "[DONE]" and finish_reasons(values) == ["stop"]
    # All of it is less than FcgidOutputBufferSize: what took 0.8 s to be made came within a moment.
    assert stream.reads[-1][0] - stream.reads[0][0] < 0.4
    assert stream.response.headers["Content-Encoding"] is None
    with site.stream(directive(events=2000, size=100)) as stream:
        assert len(contents(stream.rest())) == 200_000


def test_the_doctor_sees_what_chats_see(site: SharedSite):
    """Its probes go where chats go, to relay.cgi, and not where its other calls go."""
    findings = doctor(site.url, "--wait", "2", quick=False)
    assert findings.worse_than("note") == {}
    assert findings["stream"] == "ok" and "event by event" in findings.message("stream")
    for check in ("mount", "key", "authorization", "body", "compression", "silence", "wait"):
        assert findings[check] == "ok", findings


def test_the_doctor_sees_lumps_where_chats_go_to_mod_fcgid(make_site):
    findings = doctor(make_site(cgi=None).url)
    assert findings.worse_than("warning").keys() == {"stream", "body"}
    assert "in lumps" in findings.message("stream")
    assert "FcgidMaxRequestLen" in findings.advice("body")


def test_the_key_is_needed_and_reaches_the_relay(site: SharedSite, fake: FakeOneMin):
    for path in ("/v1/models", "/v1/models/gpt-4o"):
        answer = site.get(path, headers={})
        assert (answer.status, answer.error["code"]) == (401, "missing_api_key")
    answer = site.chat(headers={"Authorization": None})
    assert (answer.status, answer.error["code"]) == (401, "missing_api_key")
    assert site.chat(headers={"Authorization": "Bearer bad-key"}).error["code"] == "invalid_api_key"
    assert site.chat(headers={"Authorization": None, "x-api-key": KEY}).status == 200
    assert fake.wait_for_chat().header("api-key") == KEY


@pytest.mark.parametrize("path", [
    "/fastrelay.json5", "/.htaccess", "/README.txt", "/app/fastrelay", "/app/start.sh", "/app/lib/libc.so.6", "/cache/",
    "/relay.cgi", "/relay.fcgi", "//fastrelay.json5", "/./fastrelay.json5", "/app/../fastrelay.json5",
    "/%66astrelay.json5", "/relay.fcgi/../fastrelay.json5", "/fastrelay.json5/",
])
def test_no_file_of_the_folder_is_served(site: SharedSite, path: str):
    answer = site.get(path, headers={})
    assert answer.status in (403, 404) or path.startswith("/relay."), answer
    for secret in (b"providers", b"RewriteRule", b"ELF", b"#!/bin/sh", b"GLIBC"):
        assert secret not in answer.body, answer


def test_browsers_may_ask_and_read(site: SharedSite, fake: FakeOneMin):
    asked = {"Origin": "https://app.example.org", "Access-Control-Request-Method": "POST",
             "Access-Control-Request-Headers": "authorization,content-type"}
    answer = site.request("OPTIONS", "/v1/chat/completions", headers=asked)
    assert answer.status == 204 and not answer.body
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert answer.headers["Access-Control-Allow-Headers"] == "authorization,content-type"
    for answer in (site.chat(headers={"Origin": "https://app.example.org"}), site.get("/v1/models"),
                   site.get("/v1/models", headers={})):
        assert answer.headers.get_all("Access-Control-Allow-Origin") == ["*"]
        assert "x-request-id" in answer.headers["Access-Control-Expose-Headers"]
        assert answer.headers["Access-Control-Allow-Headers"] is None


def test_a_name_with_a_slash(site: SharedSite):
    assert site.get("/v1/models/meta/muse-spark-1.3").json["id"] == "meta/muse-spark-1.3"
    # Apache's AllowEncodedSlashes is off, and cannot be set in a folder.
    assert site.get("/v1/models/meta%2Fmuse-spark-1.3").status == 404


def test_long_requests_pass(site: SharedSite, fake: FakeOneMin):
    for size in (100_000, 200_000, 3_000_000):
        answer = site.chat("x" * size)
        assert answer.status == 200, answer
        assert len(fake.wait_for_chat().json["promptObject"]["prompt"]) == size
        fake.clear()


def test_a_request_of_unknown_length_passes(site: SharedSite, fake: FakeOneMin):
    body = json.dumps(question("x" * 100_000)).encode()
    connection = http.client.HTTPConnection("127.0.0.1", site.nginx.port, timeout=30)
    connection.request("POST", "/relay/v1/chat/completions", iter([body[:50_000], body[50_000:]]),
                       {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}, encode_chunked=True)
    assert connection.getresponse().status == 200
    connection.close()
    assert len(fake.wait_for_chat().prompt) == 100_000


def test_through_mod_fcgid_alone_128_kib_are_the_limit(make_site, fake: FakeOneMin):
    site = make_site(cgi=None)
    assert site.chat("x" * 100_000).status == 200
    answer = site.chat("x" * 200_000)
    assert (answer.status, answer.error["code"]) == (413, "request_too_large")
    assert len(fake.chats()) == 1


def test_without_mod_fcgid_everything_is_cgi(make_site, fake: FakeOneMin):
    site = make_site(fcgid=False)
    assert site.get("/v1/models").status == 200
    assert site.chat().status == 200
    assert len(listings(fake)) == 1


def test_processes_share_the_list_of_models(make_site, fake: FakeOneMin):
    site = make_site()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        # One process is busy, so the others need another.
        waiting = pool.submit(site.get, "/health/wait?seconds=3")
        answers = list(pool.map(lambda _: site.get("/v1/models"), range(12)))
        answers += [site.get("/v1/models")]
        assert waiting.result().status == 200
    assert all(answer.status == 200 for answer in answers)
    assert len({answer.body for answer in answers}) == 1
    assert len(site.processes()) > 1
    for _ in range(3):
        assert site.chat().status == 200
    assert len(listings(fake)) == 1
    stored = sorted(path.name for path in (site.folder / "cache").glob("models-*-chat-*"))
    assert len(stored) == 2 and stored[1] == stored[0] + ".lock"
    assert KEY.encode() not in (site.folder / "cache" / stored[0]).read_bytes()
    assert {path.stat().st_mode & 0o777 for path in (site.folder / "cache").iterdir()} == {0o600}


@pytest.mark.parametrize("fields", [dict(mode="stall", at=3), dict(events=100_000, gap=0.005)], ids=["silent", "flowing"])
def test_a_client_that_leaves_cancels_its_call(make_site, fake: FakeOneMin, fields: dict):
    site = make_site(settings={"loops: 1,": 'loops: 1, heartbeat: "100ms",'})
    with site.stream(directive(**fields)) as stream:
        assert stream.text(5)
        request = fake.wait_for_chat()
    fake.wait_for_abort(request, 10)
    # The process of a chat ends with it.
    wait_until(lambda: len(site.processes()) == 0, what="the process to end")


def test_the_vendor_is_reached_by_name_and_tls(make_site, fake: FakeOneMin, tmp_path: pathlib.Path):
    """The name goes through the host's files by the C library that came along, the certificate through its copy."""
    vendor = TLSNginx(tmp_path / "vendor", fake.port).start()
    try:
        site = make_site(vendor.url)
        refused = site.chat()
        assert refused.status == 502, refused
        with (site.folder / "app" / "certificates.pem").open("a") as certificates:
            certificates.write(vendor.certificate.read_text())
        assert site.chat().status == 200
        assert (site.folder / "app" / "certificates.pem").read_text().count("BEGIN CERTIFICATE") > 100
    finally:
        vendor.stop()


def test_modes_that_ftp_lost_are_mended_or_told(make_site):
    site = make_site()
    loader = site.folder / "app" / "lib" / "ld.so"
    loader.chmod(0o644)
    assert site.chat().status == 200
    assert loader.stat().st_mode & 0o100
    for name in ("relay.cgi", "relay.fcgi"):
        (site.folder / name).chmod(0o644)
    for answer in (site.chat(), site.get("/v1/models")):
        assert answer.status in (403, 500, 503), answer
        assert "executable" in answer.error["message"] or "did not start" in answer.error["message"], answer


def test_an_incomplete_upload_and_a_wrong_setting_are_told(make_site):
    site = make_site(settings={"loops: 1,": "loop: 1,"})
    answer = site.chat()
    assert (answer.status, answer.error["code"]) == (500, "relay_unavailable")
    assert 'unknown key "loop"' in site.nginx.output()
    (site.folder / "app" / "fastrelay").unlink()
    answer = site.chat()
    assert answer.status == 500 and "not complete" in answer.error["message"]
    assert site.get("/v1/models").status in (500, 503)


def test_it_starts_by_its_bare_name_as_suexec_does_it(archive: pathlib.Path, tmp_path: pathlib.Path):
    subprocess.run(["tar", "--extract", "--file", str(archive), "--directory", str(tmp_path)], check=True)
    # 250 MB of address space is what hosts grant.
    ran = subprocess.run(
        ["/bin/sh", "-c", "ulimit -v 256000; exec /bin/sh relay.cgi"], cwd=tmp_path / "relay", capture_output=True,
        timeout=20, stdin=subprocess.DEVNULL, env={"REQUEST_METHOD": "GET", "PATH_INFO": "/health", "REQUEST_URI": "/health"})
    assert ran.stdout.startswith(b"Status: 200 OK\r\n"), ran


def test_the_archive_has_no_link_and_unix_line_ends(archive: pathlib.Path):
    with tarfile.open(archive) as files:
        members = files.getmembers()
        assert all(member.isfile() or member.isdir() for member in members)
        modes = {member.name: member.mode for member in members}
        for name in (".htaccess", "relay.fcgi", "relay.cgi", "fastrelay.json5", "README.txt", "app/start.sh"):
            content = files.extractfile(f"relay/{name}").read()
            assert b"\r" not in content and content.endswith(b"\n")
    assert modes["relay/relay.fcgi"] == modes["relay/relay.cgi"] == modes["relay/app/lib/ld.so"] == 0o755
