"""The fake's own media: that it refuses what the service refuses. Needs no worker."""

from __future__ import annotations

import hashlib
import json
import pathlib
import socket
import ssl
import threading
from typing import Any, Iterator

import httpx
import pytest

from fake_formats import dimensions, format_of
from fake_models import ALL_MODELS
from fake_onemin import BAD_KEY, FakeOneMin, directive
from fake_samples import NAMES, bomb, large_picture, picture, recording, sample
from fake_tables import FEATURES
from file_host import FileHost

# The fake itself, without any worker.
pytestmark = pytest.mark.only("fastcgi")

#: A body that each model takes, with nothing that could be left out.
LEAST = {
    "quality": "medium", "size": "1024x1024", "n": 1, "samples": 1, "cfg_scale": 7, "steps": 30, "seed": 0,
    "imageSize": "1K", "response_format": "text", "originalLanguage": "German", "targetLanguage": "English",
    "prompt": "A pear", "text": "A pear", "voice_id": "21m00Tcm4TlvDq8ikWAM"}


@pytest.fixture
def http(fake: FakeOneMin) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=fake.url, headers={"API-KEY": "test-key"}, timeout=20) as client:
        yield client


def upload(http: httpx.Client, name: str, data: bytes, kind: str, field: str = "asset") -> httpx.Response:
    return http.post("/api/assets", files={field: (name, data, kind)})


def uploaded(http: httpx.Client, kind: str) -> dict[str, str]:
    extension, media_type = NAMES[kind]
    answer = upload(http, f"file.{extension}", sample(kind), media_type)
    assert answer.status_code == 201, answer.text
    return answer.json()["fileContent"]


def call(http: httpx.Client, feature: str, model: str, **fields: Any) -> httpx.Response:
    return http.post("/api/features", json={"type": feature, "model": model, "promptObject": fields})


def least(http: httpx.Client, feature: str, model: str) -> dict[str, Any]:
    """The required fields of a row, filled in."""
    fields: dict[str, Any] = {}
    for name in FEATURES[feature][model].required.split():
        if name in ("imageUrl", "audioUrl"):
            fields[name] = uploaded(http, "png" if name == "imageUrl" else "mp3")["path"]
        elif name == "voice":
            fields[name] = "Cherry" if model.startswith("qwen") else "alloy"
        elif name == "language":
            fields[name] = "en-US"
        else:
            fields[name] = LEAST[name]
    return fields


def refusal(answer: httpx.Response, code: str) -> str:
    assert answer.status_code == 400, answer.text
    assert answer.json()["errorCode"] == code, answer.text
    return answer.json().get("details", "")


def test_every_sample_is_what_it_is_called():
    for kind in NAMES:
        found = format_of(sample(kind)[:65536])
        assert found == {"opus": "ogg", "svg": "text", "txt": "text", "md": "text", "csv": "text", "json": "text",
                         "html": "text", "pcm": None}.get(kind, kind), kind
    assert {dimensions(sample(kind)) for kind in ("png", "jpeg", "gif", "webp")} == {(64, 48)}
    assert dimensions(bomb()) == (60_000, 60_000) and len(bomb()) < 1000
    assert picture() != picture() and recording(1)[:4] == b"RIFF"


@pytest.mark.parametrize("kind", sorted(set(NAMES) - {"svg", "md", "html", "pcm"}))
def test_an_upload_is_taken(http: httpx.Client, fake: FakeOneMin, kind: str):
    content = uploaded(http, kind)
    asset = fake.assets.find(content["path"], "test-key")
    assert asset is not None and asset.sha256 == hashlib.sha256(sample(kind)).hexdigest()
    assert fake.assets.by_uuid[content["uuid"]] is asset and not fake.assets.complaints


@pytest.mark.parametrize("name, data, media_type", [
    ("notes.md", sample("md"), "text/markdown"), ("notes.md", sample("md"), "text/plain"),
    ("page.svg", sample("svg"), "image/svg+xml"), ("picture.jpg", sample("png"), "image/jpeg"),
    ("picture.png", sample("png"), "image/jpeg"), ("picture", sample("png"), "image/png"),
    ("song.mp3", sample("wav"), "audio/mpeg"), ("page.png", sample("html"), "image/png")])
def test_an_extension_that_does_not_fit(http: httpx.Client, fake: FakeOneMin, name: str, data: bytes, media_type: str):
    refusal(upload(http, name, data, media_type), "UNSUPPORTED_FILE_TYPE")
    assert fake.assets.complaints


@pytest.mark.parametrize("body, content_type", [
    (b"{}", "application/json"),
    (b'--b\r\nContent-Disposition: form-data; name="asset"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--',
     "multipart/form-data"),
    (b'--b\r\nContent-Disposition: form-data; name="asset"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nx\r\n--b',
     "multipart/form-data; boundary=b"),
    (b'--b\nContent-Disposition: form-data; name="asset"; filename="a.txt"\nContent-Type: text/plain\n\nx\n--b--',
     "multipart/form-data; boundary=b"),
    (b'--b\r\nContent-Disposition: form-data; name="asset"\r\n\r\nx\r\n--b--\r\n', "multipart/form-data; boundary=b"),
    (b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--',
     "multipart/form-data; boundary=b"),
    (b'--b\r\nContent-Disposition: form-data; name="asset"; filename="../a.txt"\r\nContent-Type: text/plain\r\n\r\nx'
     b'\r\n--b--', "multipart/form-data; boundary=b"),
    (b"", "multipart/form-data; boundary=b")])
def test_a_form_that_is_none(http: httpx.Client, body: bytes, content_type: str):
    answer = http.post("/api/assets", content=body, headers={"Content-Type": content_type})
    assert answer.status_code == 400, answer.text


def test_more_than_fifty_megabytes(http: httpx.Client):
    answer = upload(http, "noise.wav", recording(1) + bytes(50 << 20), "audio/wav")
    assert answer.status_code == 413 and answer.json()["errorCode"] == "FILE_TOO_LARGE"


def test_an_upload_needs_a_key(http: httpx.Client):
    answer = http.post("/api/assets", files={"asset": ("a.txt", b"x", "text/plain")}, headers={"API-KEY": BAD_KEY})
    assert answer.status_code == 401


def test_an_upload_can_be_slow_or_refused_early(http: httpx.Client, fake: FakeOneMin):
    data = large_picture(1 << 20)
    fake.assets.steer = {"rate": 4 << 20}
    assert upload(http, "a.png", data, "image/png").status_code == 201
    request = fake.uploads()[-1]
    assert fake.wait_for(lambda: request.completed) - request.received > 0.15
    fake.assets.steer = {"early": 65_536, "status": 413}
    assert upload(http, "a.png", data, "image/png").status_code == 413
    fake.assets.steer = {"mode": "status", "status": 503}
    assert upload(http, "a.png", data, "image/png").status_code == 503


def test_an_upload_that_is_not_read(http: httpx.Client, fake: FakeOneMin):
    fake.assets.steer = {"stop": 65_536}
    with pytest.raises(httpx.WriteTimeout):
        http.post("/api/assets", files={"asset": ("a.wav", bytes(20 << 20), "audio/wav")},
                  timeout=httpx.Timeout(5, write=0.5))
    assert fake.uploads()[-1].completed is None


@pytest.mark.parametrize("feature, model", [(feature, model) for feature in FEATURES for model in FEATURES[feature]])
def test_what_a_model_must_be_sent(http: httpx.Client, fake: FakeOneMin, feature: str, model: str):
    listed = {entry["modelId"] for entry in ALL_MODELS if feature in entry["features"]}
    assert model in listed
    fields = least(http, feature, model)
    answer = call(http, feature, model, **fields)
    assert answer.status_code == 200, answer.text
    assert answer.json()["aiRecord"]["aiRecordDetail"]["resultObject"]
    for name in fields:
        details = refusal(call(http, feature, model, **{k: v for k, v in fields.items() if k != name}),
                          "MISSING_REQUIRED_FIELDS")
        assert [entry["field"] for entry in json.loads(details)] == [name]
    if not FEATURES[feature][model].open:
        refusal(call(http, feature, model, **fields, nobodys_field=1), "PROMPT_OBJECT_VALIDATION_FAILED")
        assert fake.features.surplus == [(model, "nobodys_field")]


@pytest.mark.parametrize("feature, model, fields", [
    ("IMAGE_GENERATOR", "dall-e-3", {"size": "512x512"}), ("IMAGE_GENERATOR", "dall-e-3", {"n": 2}),
    ("IMAGE_GENERATOR", "gpt-image-2", {"size": "1000x1000"}), ("IMAGE_GENERATOR", "gpt-image-2", {"size": "3840x1024"}),
    ("IMAGE_GENERATOR", "gpt-image-1", {"quality": "hd"}), ("IMAGE_GENERATOR", "gpt-image-1", {"n": "2"}),
    ("IMAGE_GENERATOR", "gpt-image-1", {"background": "transparent", "output_format": "jpeg"}),
    ("IMAGE_GENERATOR", "qwen-image-plus", {"size": "1024x1024"}),
    ("IMAGE_GENERATOR", "magic-art", {"aspect_width": 16}), ("IMAGE_GENERATOR", "magic-art", {"n": 1}),
    ("IMAGE_GENERATOR", "black-forest-labs/flux-1.1-pro", {"width": 512, "height": 512}),
    ("IMAGE_GENERATOR", "recraft", {"task_type": "recraftv4_vector", "size": "1024x1024"}),
    ("SPEECH_TO_TEXT", "whisper-1", {"response_format": "diarized_json"}),
    ("SPEECH_TO_TEXT", "latest_short", {"language": "en"}), ("SPEECH_TO_TEXT", "whisper-1", {"audioUrl": "audios/a.mp3"}),
    ("IMAGE_EDITOR", "gpt-image-1", {"imageUrl": "images/a.png"}),
    ("TEXT_TO_SPEECH", "tts-1", {"voice": "marin"}), ("TEXT_TO_SPEECH", "tts-1", {"speed": True}),
    ("TEXT_TO_SPEECH", "tts-1", {"text": "x" * 4097})])
def test_a_value_that_the_vendor_refuses(http: httpx.Client, feature: str, model: str, fields: dict[str, Any]):
    details = refusal(call(http, feature, model, **{**least(http, feature, model), **fields}),
                      "EXTERNAL_API_RESPONSE_WITH_ERROR")
    assert json.loads(details)["response"]["data"]["message"]


def test_a_model_of_another_feature(http: httpx.Client):
    for feature, model in (("IMAGE_GENERATOR", "gpt-4o"), ("IMAGE_EDITOR", "dall-e-3"), ("TEXT_TO_SPEECH", "whisper-1"),
                           ("IMAGE_GENERATOR", "black-forest-labs/flux-schnell"), ("NOTHING", "gpt-4o")):
        refusal(call(http, feature, model, prompt="A pear"), "UNSUPPORTED_MODEL")
    assert call(http, "IMAGE_GENERATOR", "fake-new-painter", prompt="A pear", size="9x9").status_code == 200


def test_a_file_belongs_to_its_key(http: httpx.Client):
    path = uploaded(http, "png")["path"]
    fields = {"imageUrl": path}
    assert call(http, "IMAGE_VARIATOR", "dall-e-2", **fields).status_code == 200
    http.headers["API-KEY"] = "another-key"
    refusal(call(http, "IMAGE_VARIATOR", "dall-e-2", **fields), "EXTERNAL_API_RESPONSE_WITH_ERROR")


def test_where_results_lie(http: httpx.Client, fake: FakeOneMin):
    record = call(http, "IMAGE_GENERATOR", "dall-e-2", prompt="A pear", n=2).json()["aiRecord"]
    paths, signed = record["aiRecordDetail"]["resultObject"], record["temporaryUrl"]
    assert len(paths) == 2 and paths[0] in signed
    bodies = [httpx.get(signed).content, httpx.get(f"{fake.url}/asset/{paths[0]}").content,
              httpx.get(f"{fake.url}/{paths[1]}").content]
    assert bodies[0] == bodies[1] != bodies[2] and all(format_of(body) == "png" for body in bodies)
    assert fake.features.results[paths[0]].fetched == ["signed", "cdn"] and not fake.features.leaks
    assert httpx.get(signed.replace("x-id=GetObject", "x-id=Get")).status_code == 403
    assert http.get(f"/asset/{paths[0]}").status_code == 400
    assert [what for what, _ in fake.features.leaks] == ["signature", "key"]


def test_results_that_are_hard_to_get(http: httpx.Client, fake: FakeOneMin):
    def record(**fields: Any) -> Any:
        return call(http, "IMAGE_GENERATOR", "dall-e-2", prompt=directive(**fields)).json()

    value = record(signed="expired", cdn="refused")["aiRecord"]
    path = value["aiRecordDetail"]["resultObject"][0]
    assert httpx.get(value["temporaryUrl"]).status_code == httpx.get(f"{fake.url}/asset/{path}").status_code == 403
    assert "temporaryUrl" in record(signed="top") and "temporaryUrl" not in record(signed="none")["aiRecord"]
    assert record(absolute=True)["aiRecord"]["aiRecordDetail"]["resultObject"][0].startswith("http://")
    assert record(mode="filter")["aiRecord"]["aiRecordDetail"]["resultObject"]["code"] == "CONTENT_POLICY_VIOLATION"
    assert record(record={"status": "FAILED"})["aiRecord"]["status"] == "FAILED"
    cut = record(download={"mode": "cut", "after": 50}, served={"bytes": 100_000})["aiRecord"]["temporaryUrl"]
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(cut)


@pytest.mark.parametrize("form", ["json", "text", "srt", "vtt", "verbose_json"])
def test_a_transcript(http: httpx.Client, form: str):
    answer = call(http, "SPEECH_TO_TEXT", "whisper-1", audioUrl=uploaded(http, "mp3")["path"], response_format=form,
                  prompt=directive(says="A pear."))
    said = answer.json()["aiRecord"]["aiRecordDetail"]["resultObject"][0]
    assert "A pear." in said
    if form in ("json", "verbose_json"):
        assert json.loads(said)["text"] == "A pear."
    assert answer.json()["aiRecord"].get("temporaryUrl") is None


@pytest.mark.parametrize("form", ["mp3", "opus", "aac", "flac", "wav", "pcm"])
def test_speech(http: httpx.Client, form: str):
    record = call(http, "TEXT_TO_SPEECH", "tts-1", text="A pear", voice="nova", response_format=form).json()["aiRecord"]
    assert httpx.get(record["temporaryUrl"]).content == sample(form)


def test_what_a_chat_sees(http: httpx.Client):
    def ask(model: str = "gpt-4o", **attachments: Any) -> httpx.Response:
        return http.post("/api/chat-with-ai", json={"type": "UNIFY_CHAT_WITH_AI", "model": model, "promptObject": {
            "prompt": directive(describe=True), "attachments": attachments}})

    def seen(answer: httpx.Response) -> str:
        return answer.json()["aiRecord"]["aiRecordDetail"]["resultObject"][0]

    picture, drawn, page = (uploaded(http, kind) for kind in ("png", "jpeg", "pdf"))
    assert seen(ask(images=[picture["path"], drawn["path"]], files=[page["uuid"]])) \
        == "images: 2 (png 64x48, jpeg 64x48); files: 1 (pdf)"
    # A path among the files is taken, and nobody sees it.
    assert seen(ask(files=[page["path"]])) == "images: 0; files: 0"
    refusal(ask(images=["images/nobody.png"]), "EXTERNAL_API_RESPONSE_WITH_ERROR")
    refusal(ask(files=["11111111-2222-3333-4444-555555555555"]), "EXTERNAL_API_RESPONSE_WITH_ERROR")
    refusal(ask(images=[page["path"]]), "EXTERNAL_API_RESPONSE_WITH_ERROR")
    refusal(ask(model="gpt-5-nano", images=[picture["path"]]), "EXTERNAL_API_RESPONSE_WITH_ERROR")


def test_the_host_of_files(tmp_path: pathlib.Path):
    with FileHost(tmp_path) as host:
        trust = ssl.create_default_context(cafile=str(host.ca))
        with httpx.Client(verify=trust, timeout=5, trust_env=False) as client:
            assert client.get(f"{host.url}/png").content == sample("png")
            assert client.get(f"{host.plain.url}/jpeg").headers["content-type"] == "image/jpeg"
            assert client.get(f"{host.url}/hops?left=3", follow_redirects=True).content == sample("png")
            assert host.private.connections == 0
            assert client.get(f"{host.url}/redirect?to={{private}}/png", follow_redirects=True).status_code == 200
            assert host.private.connections == 1 and host.fetches[-1].private
            with client.stream("GET", f"{host.url}/endless") as stream:
                assert next(stream.iter_raw())
            assert not host.wait_for_end("endless").completed
            with pytest.raises(httpx.ReadTimeout):
                client.get(f"{host.url}/stall", timeout=0.2)
            with pytest.raises(httpx.RemoteProtocolError):
                client.get(f"{host.url}/cut")
            assert "content-type" not in client.get(f"{host.url}/as?kind=html").headers


def test_fifty_uploads_at_once(fake: FakeOneMin):
    def send() -> None:
        with httpx.Client(base_url=fake.url, headers={"API-KEY": "test-key"}, timeout=30) as http:
            done.append(upload(http, "a.png", large_picture(300_000), "image/png").status_code)

    done: list[int] = []
    threads = [threading.Thread(target=send) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert done == [201] * 50


def test_a_client_that_leaves_in_the_middle(fake: FakeOneMin):
    with socket.create_connection((fake.host, fake.port)) as client:
        client.sendall(b"POST /api/assets HTTP/1.1\r\nHost: fake\r\nAPI-KEY: test-key\r\nContent-Length: 1000\r\n\r\nhalf")
        request = fake.wait_for(fake.uploads, what="an upload")[-1]
    fake.wait_for_abort(request)
    assert request.completed is None
