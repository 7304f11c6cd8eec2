"""Bad pictures, sounds, forms and addresses: each is refused with what is wrong, nothing is paid, and nobody is led astray."""

from __future__ import annotations

import json
import secrets
import socket
import time
from typing import Any, Callable, Iterator

import anthropic
import openai
import pytest

from conftest import media_settings
from fake_onemin import FakeOneMin
from fake_samples import bomb, picture, sample
from file_host import FileHost
from harness import KEY, Stack
from media_checks import (
    FORM, base64_source, block, chat, data_url, encoded, file_part, form, picture_part, refused)


@pytest.fixture(autouse=True)
def nothing_happened(media: Stack, fake: FakeOneMin) -> Iterator[None]:
    """After each bad request: the same process, which serves."""
    yield
    assert media.worker.process.poll() is None
    assert media.chat("still there?").status == 200


def unpaid(fake: FakeOneMin) -> None:
    assert not fake.chats() and not fake.calls() and not fake.uploads()


def post_form(media: Stack, path: str, body: bytes, content_type: str | None = FORM) -> Any:
    return media.post(body, path, {"Content-Type": content_type})


GOOD = [("model", None, b"whisper-1"), ("file", "speech.mp3", sample("mp3"))]


@pytest.mark.parametrize("content_type, status", [
    ("multipart/form-data; boundary=another", 400), ("multipart/form-data", 415), ("multipart/form-data; boundary=", 415),
    ("multipart/form-data; boundary=" + "x" * 71, 415), ("application/json", 415), ("text/plain", 415),
    ("multipart/mixed; boundary=the-boundary", 415), (None, 415)])
def test_a_content_type_that_does_not_fit(media: Stack, fake: FakeOneMin, content_type: str | None, status: int):
    answer = post_form(media, "/v1/audio/transcriptions", form(GOOD), content_type)
    assert answer.status == status, answer
    assert answer.error["type"] == "invalid_request_error" and answer.error["message"]
    unpaid(fake)


WHOLE = form(GOOD)


@pytest.mark.parametrize("body", [
    b"", b"--the-boundary--\r\n", WHOLE[:-20], WHOLE[: len(WHOLE) // 2], WHOLE.replace(b"\r\n", b"\n"),
    b"no form at all", WHOLE.replace(b'name="file"', b"name="), WHOLE.replace(b'name="file"', b'name="fi\x00le"'),
    b"--the-boundary\r\n" * 5000, b"--the-boundary\r\n" + b"X-Header: y\r\n" * 5000 + b"\r\n\r\n--the-boundary--\r\n",
    form([(f"field{number}", None, b"x") for number in range(5000)] + GOOD),
    form([("prompt", None, b"x" * (4 << 20)), *GOOD])])
def test_a_form_that_is_none(media: Stack, fake: FakeOneMin, body: bytes):
    answer = post_form(media, "/v1/audio/transcriptions", body)
    assert answer.status in (400, 413), answer
    assert answer.error["type"] == "invalid_request_error" and answer.error["message"]
    unpaid(fake)


@pytest.mark.parametrize("path, parts, param", [
    ("/v1/audio/transcriptions", [("model", None, b"whisper-1")], "file"),
    ("/v1/audio/transcriptions", [("file", "a.mp3", sample("mp3"))], "model"),
    ("/v1/audio/transcriptions", [*GOOD, GOOD[1]], "file"),
    ("/v1/audio/transcriptions", [*GOOD, GOOD[0]], "model"),
    ("/v1/audio/transcriptions", [GOOD[0], ("file", "a.mp3", b"")], "file"),
    ("/v1/audio/transcriptions", [GOOD[0], ("file", "a.mp3", sample("html"))], "file"),
    ("/v1/audio/transcriptions", [GOOD[0], ("file", "a.mp3", sample("png"))], "file"),
    ("/v1/audio/transcriptions", [GOOD[0], ("file", None, sample("mp3")[:8])], "file"),
    ("/v1/images/edits", [("model", None, b"gpt-image-1"), ("prompt", None, b"Riper")], "image"),
    ("/v1/images/edits", [("model", None, b"gpt-image-1"), ("image", "a.png", picture())], "prompt"),
    ("/v1/images/edits", [("prompt", None, b"Riper"), ("prompt", None, b"Greener"), ("image", "a.png", picture())],
     "prompt"),
    ("/v1/images/edits", [("prompt", None, b"Riper"), ("image", "a.png", b"")], "image"),
    ("/v1/images/edits", [("prompt", None, b"Riper"), ("image", "a.png", sample("html"))], "image"),
    ("/v1/images/edits", [("prompt", None, b"Riper"), ("image", "a.png", sample("svg"))], "image"),
    ("/v1/images/edits", [("prompt", None, b"Riper"), ("image", "a.png", sample("mp3"))], "image"),
    ("/v1/images/edits", [("prompt", None, b"Riper"), ("image", "a.png", bomb())], "image"),
    ("/v1/images/edits", [("prompt", None, b"Riper"), ("image", None, b"a.png")], "image"),
    ("/v1/images/variations", [("model", None, b"dall-e-2")], "image"),
    ("/v1/images/variations", [("n", None, b"many"), ("image", "a.png", picture())], "n")])
def test_parts_that_are_missing_or_wrong(media: Stack, fake: FakeOneMin, path: str, parts: list, param: str):
    # Pictures of a form are looked at before they are uploaded, and uploaded before anything is paid.
    error = refused(post_form(media, path, form(parts)))
    if param != "model" or error["param"] is not None:
        assert (error["param"] or "").startswith(param), error
    unpaid(fake)


def test_a_picture_under_another_name_is_taken(media: Stack, fake: FakeOneMin):
    parts = [("model", None, b"gpt-image-1"), ("prompt", None, b"Riper"), ("image", "pear.jpg", picture())]
    assert post_form(media, "/v1/images/edits", form(parts)).status == 200
    assert fake.assets.all()[-1].file_name.endswith(".png")


PICTURES = {
    "empty": (b"", None), "html": (sample("html"), "invalid_image_format"), "svg": (sample("svg"), "invalid_image_format"),
    "pdf": (sample("pdf"), None), "sound": (sample("mp3"), "invalid_image_format"), "bomb": (bomb(), "image_too_large"),
    "cut": (sample("png")[:20], None), "noise": (bytes(range(1, 200)), None)}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_that_is_none(media: Stack, fake: FakeOneMin, name: str):
    data, code = PICTURES[name]
    refused(media.post(chat(picture_part(data_url(data)))), code=code)
    unpaid(fake)


@pytest.mark.parametrize("url", [
    "data:image/png;base64,????", "data:image/png;base64,AAA=AAA", "data:image/png;base64", "data:,", "data:image/png,abc",
    "", "pear.png", "ftp://127.0.0.2/png", "file:///etc/passwd", "http://127.0.0.1/", "gopher://x", "javascript:alert(1)",
    "https://", "https:///png", "https://user:secret@127.0.0.2/png", "https://127.0.0.2:99999/png", "//127.0.0.2/png"])
def test_an_address_that_is_none(media: Stack, fake: FakeOneMin, url: str):
    error = refused(media.post(chat(picture_part(url))))
    assert "secret" not in json.dumps(error)
    unpaid(fake)


@pytest.mark.parametrize("text", [
    lambda data: encoded(data).rstrip("="), lambda data: "\n".join(encoded(data)[place: place + 76]
                                                                  for place in range(0, len(encoded(data)), 76)),
    lambda data: f" {encoded(data)} \r\n", lambda data: encoded(data).replace("+", "-").replace("/", "_")])
def test_base64_as_people_write_it(media: Stack, text: Callable[[bytes], str]):
    url = "data:image/png;base64," + text(picture())
    answer = media.post(chat(picture_part(url)))
    assert answer.text == "images: 1 (png 64x48); files: 0"


#: Addresses that lead to the machine itself, its network, or its cloud's own services.
INSIDE = [
    "https://127.0.0.1:{private}/png", "https://localhost:{private}/png", "https://[::1]:{private}/png",
    "https://127.1:{private}/png", "https://0x7f.1:{private}/png", "https://2130706433:{private}/png",
    "https://0177.0.0.1:{private}/png", "https://[::ffff:127.0.0.1]:{private}/png", "https://0.0.0.0:{private}/png",
    "https://localhost.:{private}/png", "https://LOCALHOST:{private}/png", "https://ip6-localhost:{private}/png",
    "https://169.254.169.254/latest/meta-data/", "https://[fd00:ec2::254]/", "https://10.0.0.1/", "https://192.168.1.1/",
    "https://172.16.0.1/", "https://100.64.0.1/", "https://[fe80::1]/", "https://[64:ff9b::7f00:1]/"]


@pytest.mark.parametrize("url", INSIDE)
def test_nobody_is_led_inside(media: Stack, fake: FakeOneMin, file_host: FileHost, url: str):
    url = url.replace("{private}", str(file_host.private.server_port))
    started = time.monotonic()
    refused(media.post(chat(picture_part(url))))
    assert file_host.private.connections == 0 and time.monotonic() - started < 15
    unpaid(fake)


@pytest.mark.parametrize("to", [
    "{private}/png", "https://localhost:{port}/png", "https://[::1]:{port}/png", "https://169.254.169.254/",
    "http://127.0.0.1:{port}/png", "file:///etc/passwd", "https://0x7f000001:{port}/png"])
@pytest.mark.parametrize("code", [302, 307])
def test_nobody_is_led_inside_by_a_redirect(media: Stack, fake: FakeOneMin, file_host: FileHost, to: str, code: int):
    to = to.replace("{port}", str(file_host.private.server_port))
    refused(media.post(chat(picture_part(f"{file_host.url}/redirect?code={code}&to={to}"))))
    assert file_host.fetches and file_host.private.connections == 0
    unpaid(fake)


@pytest.mark.parametrize("path", [
    "html", "as?kind=html&type=image/png", "svg", "as?kind=svg&type=image/png", "empty", "status?code=404",
    "status?code=500", "cut", "bomb", "loop", "hops?left=30", "redirect?to=", "mp3", "nothing"])
def test_what_lies_at_an_address_is_no_picture(media: Stack, fake: FakeOneMin, file_host: FileHost, path: str):
    error = refused(media.post(chat(picture_part(f"{file_host.url}/{path}"))))
    assert error["param"].startswith("messages[0].content[1]"), error
    assert len(file_host.fetches) <= 12
    unpaid(fake)


def test_the_label_of_an_answer_does_not_matter(media: Stack, file_host: FileHost):
    for path in ("as?kind=png&type=text/html", "as?kind=png", "as?kind=png&type=application/octet-stream"):
        assert media.post(chat(picture_part(f"{file_host.url}/{path}"))).text == "images: 1 (png 64x48); files: 0"


@pytest.mark.parametrize("path", ["endless", "endless?type=text/html", f"large?bytes={64 << 20}",
                                  f"claims?bytes={1 << 40}"])
def test_an_address_that_gives_too_much(media: Stack, fake: FakeOneMin, file_host: FileHost, path: str):
    refused(media.post(chat(picture_part(f"{file_host.url}/{path}"))))
    fetch = file_host.wait_for_end(path)
    assert not fetch.completed and fetch.sent < 48 << 20, fetch.sent
    unpaid(fake)


@pytest.mark.parametrize("path", ["slow", "stall"])
def test_an_address_that_takes_too_long(make_stack: Callable[..., Stack], fake: FakeOneMin, file_host: FileHost,
                                        path: str):
    settings = media_settings(fake, file_host)
    settings["fetch"]["timeout"] = "1s"
    stack = make_stack(config=settings)
    started = time.monotonic()
    refused(stack.post(chat(picture_part(f"{file_host.url}/{path}"))), words="time")
    assert time.monotonic() - started < 10
    assert not file_host.wait_for_end(path).completed
    unpaid(fake)


def test_a_host_that_nobody_vouches_for(make_stack: Callable[..., Stack], fake: FakeOneMin, file_host: FileHost):
    settings = media_settings(fake, file_host)
    del settings["fetch"]["caFile"]
    refused(make_stack(config=settings).post(chat(picture_part(f"{file_host.url}/png"))))
    assert not file_host.fetches


def test_a_host_that_is_not_there(media: Stack, fake: FakeOneMin):
    with socket.socket() as probe:
        probe.bind(("127.0.0.2", 0))
        for url in (f"https://127.0.0.2:{probe.getsockname()[1]}/png", "https://no-such-host.invalid/png"):
            refused(media.post(chat(picture_part(url))))
    unpaid(fake)


def test_no_proxy_is_asked_for_an_address(make_stack: Callable[..., Stack], fake: FakeOneMin, file_host: FileHost):
    """A proxy would be asked to go where the relay itself would not."""
    proxy = {name: file_host.private.url for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")}
    stack = make_stack(config=media_settings(fake, file_host), environment={**proxy, "no_proxy": "127.0.0.1"})
    assert stack.post(chat(picture_part(f"{file_host.url}/png"))).status == 200
    assert file_host.private.connections == 0


def test_more_attachments_than_anybody_needs(make_stack: Callable[..., Stack], fake: FakeOneMin, file_host: FileHost):
    stack = make_stack(config=media_settings(fake, file_host, limits={"attachments": 3}))
    parts = [picture_part(f"{file_host.url}/picture?id={number}") for number in range(4)]
    refused(stack.post(chat(*parts)), code="too_many_attachments")
    assert not file_host.fetches
    unpaid(fake)


def test_more_than_one_request_has_room_for(
        make_stack: Callable[..., Stack], fake: FakeOneMin, file_host: FileHost):
    stack = make_stack(config=media_settings(fake, file_host, limits={"bodyBytes": 1024}))
    room = 1024 // len(picture())
    parts = [picture_part(f"{file_host.url}/picture?id={number}") for number in range(room + 1)]
    answer = refused(stack.post(chat(*parts)), code="attachments_too_large", words="1024")
    # The words stand first.
    assert answer["param"] == f"messages[0].content[{room + 1}]"
    unpaid(fake)
    assert stack.post(chat(*parts[:room])).status == 200


def test_a_file_that_is_too_long(make_stack: Callable[..., Stack], fake: FakeOneMin, file_host: FileHost):
    stack = make_stack(config=media_settings(fake, file_host, limits={"fileBytes": 100_000}))
    parts = [("model", None, b"gpt-image-1"), ("prompt", None, b"Riper"),
             ("image", "a.png", picture() + bytes(200_000))]
    answer = stack.post(form(parts), "/v1/images/edits", {"Content-Type": FORM})
    refused(answer, code="file_too_large")
    unpaid(fake)


def test_the_file_of_somebody_else(media: Stack, artist: openai.OpenAI, fake: FakeOneMin):
    kept = artist.files.create(file=("pear.png", picture(), "image/png"), purpose="vision")
    refused(media.post(chat(file_part(file_id=kept.id))), status=404)
    body = {"model": "gpt-4o", "input": [{"role": "user", "content": [
        {"type": "input_image", "file_id": kept.id, "detail": "auto"}]}]}
    refused(media.post(body, "/v1/responses"), status=404)
    with anthropic.Anthropic(base_url=media.url.removesuffix("/v1"), api_key=secrets.token_hex(8),
                             max_retries=0) as reader, pytest.raises(anthropic.NotFoundError):
        reader.messages.create(model="gpt-4o", max_tokens=9, messages=[{"role": "user", "content": [
            block("image", {"type": "file", "file_id": kept.id})]}])
    unpaid(fake)


def test_errors_speak_the_clients_dialect(reader: anthropic.Anthropic, fake: FakeOneMin):
    for source in (base64_source(sample("html")), {"type": "url", "url": "https://127.0.0.1/png"},
                   {"type": "base64", "media_type": "image/png", "data": "????"}):
        with pytest.raises(anthropic.BadRequestError) as refusal:
            reader.messages.create(model="gpt-4o", max_tokens=9, messages=[
                {"role": "user", "content": [block("image", source)]}])
        body = refusal.value.body
        assert body["type"] == "error" and body["error"]["type"] == "invalid_request_error", body
    unpaid(fake)


@pytest.mark.parametrize("path", ["/v1/embeddings", "/v1/moderations"])
def test_what_1min_does_not_have(media: Stack, fake: FakeOneMin, path: str):
    refused(media.post({"model": "text-embedding-3-small", "input": "A pear"}, path), words="1min.ai")
    unpaid(fake)


def test_a_client_that_leaves_in_the_middle_of_a_form(media: Stack, fake: FakeOneMin):
    with socket.create_connection(("127.0.0.1", media.nginx.port)) as client:
        client.sendall((f"POST /v1/audio/transcriptions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {KEY}\r\n"
                        f"Content-Type: {FORM}\r\nContent-Length: 10000000\r\n\r\n").encode() + WHOLE[:2000])
    assert media.chat("And now?").status == 200
    assert not fake.uploads() and not fake.calls()


def test_nothing_of_a_file_is_logged(media: Stack, file_host: FileHost):
    canary = secrets.token_hex(12)
    media.post(chat(picture_part(f"{file_host.url}/html?{canary}")))
    media.post(chat(file_part(filename=f"{canary}.pdf", file_data=data_url(b"\x7fELF\0", "pdf"))))
    media.post(chat(picture_part("data:image/png;base64," + canary)))
    post_form(media, "/v1/images/edits", form([("prompt", None, canary.encode()), ("image", f"{canary}.png", b"x")]))
    assert canary not in media.worker.output()
