"""Files that callers keep, in OpenAI's words and in Anthropic's."""

from __future__ import annotations

import concurrent.futures
import contextlib
import http.client
import json
import os
import pathlib
import secrets
import sqlite3
import subprocess
import time
from typing import Any, Callable

import anthropic
import openai
import pytest

from conftest import media_settings
from fake_onemin import BAD_KEY, FakeOneMin
from fake_samples import document_pdf, picture, sample
from file_host import FileHost
from harness import KEY, Answer, Stack, wait_until
from media_checks import DESCRIBE, FORM, chat, digest, file_part, form, refused


def keep(artist: openai.OpenAI, data: bytes = b"pears", name: str = "list.txt", **fields: Any) -> Any:
    return artist.files.create(**{"file": (name, data, "text/plain"), "purpose": "user_data", **fields})


def test_a_file_is_kept_and_given_back(artist: openai.OpenAI):
    data = os.urandom(300_000)
    before = int(time.time())
    kept = keep(artist, data, "pears and apples.bin")
    assert kept.id.startswith("file-") and kept.object == "file" and kept.bytes == len(data)
    assert kept.filename == "pears and apples.bin" and kept.purpose == "user_data" and kept.status == "processed"
    assert before <= kept.created_at <= time.time() + 1 and kept.expires_at is None
    assert artist.files.retrieve(kept.id) == kept
    answer = artist.files.content(kept.id)
    assert answer.read() == data and answer.response.headers["content-length"] == str(len(data))
    deleted = artist.files.delete(kept.id)
    assert (deleted.id, deleted.object, deleted.deleted) == (kept.id, "file", True)
    for ask in (artist.files.retrieve, artist.files.content, artist.files.delete):
        with pytest.raises(openai.NotFoundError):
            ask(kept.id)


def test_a_file_of_25_megabytes(artist: openai.OpenAI):
    data = os.urandom(25 << 20)
    kept = keep(artist, data, "noise.bin")
    assert kept.bytes == len(data) and digest(artist.files.content(kept.id).read()) == digest(data)
    artist.files.delete(kept.id)


def test_a_page_shown_by_mistake_is_no_page(media: Stack, artist: openai.OpenAI):
    """A file that somebody uploaded must not run in a browser as if it were of the relay's own site."""
    kept = keep(artist, sample("html"), "page.html")
    answer = artist.files.with_raw_response.content(kept.id)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"].startswith("attachment")


def test_head_tells_what_get_would(media: Stack, artist: openai.OpenAI):
    kept = keep(artist)
    headers = {"Authorization": f"Bearer {artist.api_key}"}
    for path in ("/v1/files", f"/v1/files/{kept.id}", f"/v1/files/{kept.id}/content"):
        got, head = (media.request(method, path, headers=headers) for method in ("GET", "HEAD"))
        assert (got.status, head.status, head.body) == (200, 200, b"")
        assert head.headers["Content-Type"] == got.headers["Content-Type"]


def test_lists_page_by_page(artist: openai.OpenAI):
    kept = [keep(artist, name=f"{number}.txt", purpose="vision" if number % 2 else "user_data").id for number in range(5)]
    page = artist.files.list(limit=2)
    assert [file.id for file in page.data] == kept[:2:-1] and page.has_more
    assert [file.id for file in artist.files.list(limit=2)] == kept[::-1]
    assert [file.id for file in artist.files.list(limit=2, order="asc")] == kept
    assert [file.id for file in artist.files.list(purpose="vision", order="asc")] == kept[1::2]
    assert [file.id for file in artist.files.list(after=kept[2])] == kept[1::-1]


@pytest.mark.parametrize("query, param", [
    ("limit=0", "limit"), ("limit=10001", "limit"), ("limit=many", "limit"), ("order=up", "order"),
    ("after=file-nobody", "after")])
def test_a_list_that_is_wrong(media: Stack, query: str, param: str):
    refused(media.get(f"/v1/files?{query}"), param=param)


def test_another_caller_sees_nothing(media: Stack, artist: openai.OpenAI):
    kept = keep(artist)
    with openai.OpenAI(base_url=media.url, api_key=secrets.token_hex(8), max_retries=0) as other:
        assert other.files.list().data == []
        for ask in (other.files.retrieve, other.files.content, other.files.delete):
            with pytest.raises(openai.NotFoundError):
                ask(kept.id)
    assert artist.files.retrieve(kept.id).id == kept.id


@pytest.mark.parametrize("parts, param, status", [
    ([("purpose", None, b"user_data")], "file", 400), ([("file", "a.txt", b"x")], "purpose", 400),
    ([("file", "a.txt", b"x"), ("purpose", None, b"fun")], "purpose", 400),
    ([("file", "a.txt", b""), ("purpose", None, b"user_data")], "file", 400),
    ([("file", None, b"x"), ("purpose", None, b"user_data")], "file", 400),
    ([("file", "a.txt", b"x"), ("file", "b.txt", b"y"), ("purpose", None, b"user_data")], "file", 400),
    ([("file", "a.txt", b"x"), ("purpose", None, b"user_data"), ("purpose", None, b"vision")], "purpose", 400),
    ([("file", "a.txt", b"x"), ("purpose", None, b"user_data"), ("expires_after[seconds]", None, b"5")],
     "expires_after", 400)])
def test_a_form_that_is_wrong(media: Stack, parts: list, param: str, status: int):
    error = refused(media.post(form(parts), "/v1/files", {"Content-Type": FORM}), status=status)
    assert param in error["param"], error


def test_a_file_that_expires(artist: openai.OpenAI):
    kept = keep(artist, expires_after={"anchor": "created_at", "seconds": 3600})
    assert kept.expires_at == kept.created_at + 3600


def test_anthropics_words(reader: anthropic.Anthropic, media: Stack):
    data = document_pdf(secrets.token_hex(8))
    kept = reader.files.upload(file=("list.pdf", data, "application/pdf"))
    assert kept.type == "file" and kept.filename == "list.pdf" and kept.size_bytes == len(data)
    assert kept.mime_type == "application/pdf" and kept.created_at.year >= 2026
    assert reader.files.retrieve_metadata(kept.id) == kept
    assert reader.files.download(kept.id).read() == data
    others = [reader.files.upload(file=(f"{number}.txt", b"x", "text/plain")).id for number in range(3)]
    assert [file.id for file in reader.files.list(limit=2)] == [*reversed(others), kept.id]
    assert reader.files.delete(kept.id).type == "file_deleted"
    with pytest.raises(anthropic.NotFoundError) as refusal:
        reader.files.retrieve_metadata(kept.id)
    assert refusal.value.body["type"] == "error" and refusal.value.body["error"]["type"] == "not_found_error"


def test_both_dialects_see_the_same_files(media: Stack, artist: openai.OpenAI):
    kept = keep(artist)
    with anthropic.Anthropic(base_url=media.url.removesuffix("/v1"), api_key=artist.api_key, max_retries=0) as reader:
        assert reader.files.retrieve_metadata(kept.id).filename == "list.txt"


def test_curl_keeps_a_file(media: Stack, tmp_path: pathlib.Path):
    data = os.urandom(200_000)
    (tmp_path / "noise.bin").write_bytes(data)
    made = subprocess.run(
        ["curl", "--silent", "--fail", f"{media.url}/files", "--header", f"Authorization: Bearer {KEY}", "--form",
         f"file=@{tmp_path}/noise.bin", "--form", "purpose=user_data"], capture_output=True, check=True)
    kept = json.loads(made.stdout)
    subprocess.run(
        ["curl", "--silent", "--fail", f"{media.url}/files/{kept['id']}/content", "--header",
         f"Authorization: Bearer {KEY}", "--output", str(tmp_path / "back.bin")], check=True)
    assert (tmp_path / "back.bin").read_bytes() == data


def test_without_a_store_nothing_is_kept(stack: Stack):
    answer = stack.post(form([("file", "a.txt", b"x"), ("purpose", None, b"user_data")]), "/v1/files",
                        {"Content-Type": FORM})
    assert answer.status == 404 and "keep" in answer.error["message"], answer
    assert stack.get("/v1/files").status == 404


def test_files_survive_the_worker(make_stack: Callable[..., Stack], fake: FakeOneMin, file_host: FileHost):
    stack = make_stack(config=media_settings(fake, file_host))
    with openai.OpenAI(base_url=stack.url, api_key=secrets.token_hex(8), max_retries=0) as client:
        data = document_pdf(secrets.token_hex(8))
        kept = keep(client, data, "list.pdf")
        # As a crash would: nothing is said to it.
        stack.worker.process.kill()
        stack.worker.wait()
        stack.worker = stack.worker.again().start()
        assert client.files.content(kept.id).read() == data
        assert client.chat.completions.create(**chat(file_part(file_id=kept.id))).choices[0].message.content \
            == "images: 0; files: 1 (pdf)"


def test_a_caller_has_so_much_room(make_stack: Callable[..., Stack], fake: FakeOneMin, file_host: FileHost):
    stack = make_stack(config=media_settings(fake, file_host, files={"callerBytes": 1 << 20}))
    with openai.OpenAI(base_url=stack.url, api_key=secrets.token_hex(8), max_retries=0) as client:
        first = keep(client, os.urandom(700_000))
        with pytest.raises(openai.APIStatusError) as refusal:
            keep(client, os.urandom(700_000))
        assert refusal.value.status_code == 400 and refusal.value.code == "storage_limit_exceeded"
        client.files.delete(first.id)
        keep(client, os.urandom(700_000))
    with openai.OpenAI(base_url=stack.url, api_key=secrets.token_hex(8), max_retries=0) as other:
        assert keep(other, os.urandom(700_000)).id


GUARDED = {"wrongKeysPerMinute": 30, "wrongKeyMemory": "60s"}
NO_MODEL = "fastrelay-doctor-no-such-model"


def test_for_a_made_up_key_nothing_is_kept(make_stack: Callable[..., Stack], fake: FakeOneMin, file_host: FileHost):
    """1min.ai is asked about the key, in a way that costs nothing, and what it refuses leaves no trace."""
    stack = make_stack(config=media_settings(fake, file_host, limits=GUARDED))
    secret = secrets.token_bytes(24)
    body = form([("file", "a.bin", os.urandom(3_000_000) + secret), ("purpose", None, b"user_data")])

    def upload(key: str, **headers: str) -> Answer:
        return stack.post(body, "/v1/files", {"Content-Type": FORM, "Authorization": f"Bearer {key}", **headers})

    error = refused(upload(f"{BAD_KEY}-1", **{"x-request-id": "made-up"}), status=401, code="invalid_api_key")
    assert [call.json["model"] for call in fake.chats()] == [NO_MODEL]
    line = stack.worker.wait_for_exchange("made-up")
    assert (line["upstream_calls"], line["status"], line["outcome"]) == (1, 401, "failed")
    # The same is told again without another question, on all routes.
    assert refused(upload(f"{BAD_KEY}-1"), status=401) == error
    headers = {"Authorization": f"Bearer {BAD_KEY}-1"}
    assert stack.get("/v1/files", headers=headers).status == 401
    assert stack.post({}, "/v1/conversations", headers).status == 401 and len(fake.chats()) == 1
    # Each route has its words for it.
    answer = upload("", **{"Authorization": None, "x-api-key": f"{BAD_KEY}-2", "anthropic-version": "2023-06-01"})
    assert answer.status == 401 and answer.json["error"]["type"] == "authentication_error", answer
    refused(stack.post({"items": [{"role": "user", "content": "Hi"}]}, "/v1/conversations",
                       {"Authorization": f"Bearer {BAD_KEY}-3"}), status=401)
    assert len(fake.chats()) == 3
    kept = [path for path in (stack.directory / "worker").rglob("*") if path.is_file() and secret in path.read_bytes()]
    assert not kept
    # Nor is there any in the database, which is made by whoever looks into it first.
    assert stack.get("/v1/files").json["data"] == []
    with sqlite3.connect(f"file:{stack.directory}/worker/state/store.sqlite?mode=ro", uri=True) as store:
        counts = [store.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                  for table in ("files", "conversations", "conversation_items")]
    assert counts == [0, 0, 0]


def test_a_good_key_is_asked_about_once(make_stack: Callable[..., Stack], fake: FakeOneMin, file_host: FileHost):
    stack = make_stack(config=media_settings(fake, file_host, limits=GUARDED))
    with openai.OpenAI(base_url=stack.url, api_key=secrets.token_hex(8), max_retries=0) as client:
        first = keep(client)
        assert [call.json["model"] for call in fake.chats()] == [NO_MODEL]
        second = keep(client)
        conversation = client.conversations.create(items=[{"role": "user", "content": "Hi"}])
        client.conversations.items.create(conversation.id, items=[{"role": "user", "content": "Ho"}])
        assert {file.id for file in client.files.list()} == {first.id, second.id}
        assert len(fake.requests) == 1
    # Whose chat was answered needs no question.
    with openai.OpenAI(base_url=stack.url, api_key=secrets.token_hex(8), max_retries=0) as client:
        client.chat.completions.create(**chat())
        keep(client)
        assert [call.json["model"] for call in fake.chats()] == [NO_MODEL, "gpt-4o"]


def test_files_are_kept_while_the_vendor_says_nothing(
        make_stack: Callable[..., Stack], fake: FakeOneMin, file_host: FileHost):
    stack = make_stack(config=media_settings(fake, file_host, limits=GUARDED))
    fake.default = {"mode": "status", "status": 503, "body": "html"}
    with openai.OpenAI(base_url=stack.url, api_key=secrets.token_hex(8), max_retries=0) as client:
        for number in (1, 2):
            assert keep(client).id and len(fake.chats()) == number
        fake.default = {}
        assert keep(client).id and len(fake.chats()) == 3
        assert keep(client).id and len(fake.chats()) == 3


def test_who_leaves_while_his_key_is_asked_about_has_no_file(
        make_stack: Callable[..., Stack], fake: FakeOneMin, file_host: FileHost):
    stack = make_stack(config=media_settings(fake, file_host, limits=GUARDED))
    fake.default = {"mode": "stall", "at": "head", "anyModel": True}
    key = secrets.token_hex(8)
    connection = http.client.HTTPConnection("127.0.0.1", stack.nginx.port, timeout=30)
    connection.request("POST", "/v1/files", form([("file", "a.txt", b"x"), ("purpose", None, b"user_data")]),
                       {"Content-Type": FORM, "Authorization": f"Bearer {key}", "x-request-id": "gone"})
    call = fake.wait_for_chat()
    connection.close()
    fake.wait_for_abort(call)
    line = stack.worker.wait_for_exchange("gone")
    assert (line["outcome"], line["upstream_calls"]) == ("client_left", 1)
    assert stack.get("/v1/files", headers={"Authorization": f"Bearer {key}"}).json["data"] == []


def test_nothing_of_a_file_is_left(make_stack: Callable[..., Stack], fake: FakeOneMin, file_host: FileHost):
    """What was deleted, and what never arrived as a whole, is not on the disk."""
    stack = make_stack(config=media_settings(fake, file_host))
    secret = secrets.token_bytes(24)

    def holders() -> list[pathlib.Path]:
        return [path for path in stack.directory.rglob("*") if path.is_file() and secret in path.read_bytes()]

    with openai.OpenAI(base_url=stack.url, api_key=secrets.token_hex(8), max_retries=0) as client:
        kept = keep(client, os.urandom(100_000) + secret)
        assert holders()
        client.files.delete(kept.id)
        wait_until(lambda: not holders(), what="the bytes to go")


def test_nothing_is_left_of_a_file_that_was_refused(media: Stack):
    """The bytes of a form are on the disk while it is read, without a name, and gone with it."""
    secret = secrets.token_bytes(24)
    body = form([("file", "a.bin", os.urandom(3_000_000) + secret), ("purpose", None, b"fun")])
    refused(media.post(body, "/v1/files", {"Content-Type": FORM}), param="purpose")
    found = [path for path in (media.directory / "worker").rglob("*") if path.is_file() and secret in path.read_bytes()]
    assert not found

    def spooled() -> list[str]:
        targets = []
        for path in pathlib.Path(f"/proc/{media.worker.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                targets.append(os.readlink(path))
        return [target for target in targets if target.startswith("/tmp") and "(deleted)" in target]

    # The answer may be here before the request is let go.
    wait_until(lambda: not spooled(), what="the form to go")


def test_a_key_is_not_on_the_disk(media: Stack, artist: openai.OpenAI):
    keep(artist)
    key = artist.api_key.encode()
    found = [path for path in (media.directory / "worker").rglob("*") if path.is_file() and key in path.read_bytes()]
    assert not found


def test_a_stored_picture_is_uploaded_once(artist: openai.OpenAI, fake: FakeOneMin):
    kept = keep(artist, picture(), "pear.png", purpose="vision")
    for _ in range(2):
        response = artist.responses.create(model="gpt-4o", input=[{"role": "user", "content": [
            {"type": "input_image", "file_id": kept.id, "detail": "auto"}, {"type": "input_text", "text": DESCRIBE}]}])
        assert response.output_text == "images: 1 (png 64x48); files: 0"
    assert len(fake.uploads()) == 1


def test_many_stored_files_do_not_take_many_descriptors(
        make_stack: Callable[..., Stack], fake: FakeOneMin, file_host: FileHost):
    """The relay has a limited number of them for all callers, and a request that names a hundred files is short."""
    stack = make_stack(config=media_settings(fake, file_host))
    with openai.OpenAI(base_url=stack.url, api_key=secrets.token_hex(8), max_retries=0, timeout=50) as client:
        ids = [client.files.create(file=(f"{number}.txt", b"text %d" % number), purpose="user_data").id
               for number in range(40)]
        before = len(os.listdir(f"/proc/{stack.worker.pid}/fd"))
        fake.assets.steer = {"gate": "many"}
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            answer = pool.submit(client.chat.completions.create, **chat(*[file_part(file_id=one) for one in ids]))
            wait_until(lambda: len(fake.uploads()) == 4, what="the uploads that run at a time")
            added = len(os.listdir(f"/proc/{stack.worker.pid}/fd")) - before
            fake.assets.steer = {}
            fake.gate("many").release(4)
            assert answer.result(30).choices[0].message.content.startswith("images: 0; files: 40 (")
    # The client, four uploads, each with its file.
    assert added < 20, added
