"""Documents in chats: uploaded once, named by their uuid, and read by the model, by every dialect and in every form."""

from __future__ import annotations

import secrets

import anthropic
import openai
import pytest

from fake_onemin import FakeOneMin
from fake_samples import DOCUMENT_TEXT, document_docx, document_pdf, picture, sample
from file_host import FileHost
from harness import Stack
from media_checks import DESCRIBE, attached, base64_source, block, chat, data_url, digest, file_part, refused

# As `test_vision`.
pytestmark = pytest.mark.only("fastcgi")

ONE = "images: 0; files: 1 (pdf)"
CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"


def fresh() -> bytes:
    """A PDF that was never uploaded."""
    return document_pdf(f"{DOCUMENT_TEXT} {secrets.token_hex(8)}")


def said(artist: openai.OpenAI, *parts: object, **fields: object) -> str:
    return artist.chat.completions.create(**chat(*parts, **fields)).choices[0].message.content


@pytest.mark.parametrize("kind, seen", [("pdf", "pdf"), ("docx", "docx"), ("txt", "text"), ("csv", "text"),
                                        ("json", "text")])
def test_a_document_of_each_kind(artist: openai.OpenAI, fake: FakeOneMin, kind: str, seen: str):
    part = file_part(filename=f"orchard.{kind}", file_data=data_url(sample(kind), kind))
    assert said(artist, part) == f"images: 0; files: 1 ({seen})"
    [asset] = [fake.assets.by_uuid[name] for name in attached(fake)["files"]]
    assert asset.sha256 == digest(sample(kind)) and asset.file_name.endswith(f".{kind}")


def test_markdown_goes_as_plain_text(artist: openai.OpenAI, fake: FakeOneMin):
    part = file_part(filename="orchard.md", file_data=data_url(sample("md"), "md"))
    assert said(artist, part) == "images: 0; files: 1 (text)"
    asset = fake.assets.by_uuid[attached(fake)["files"][0]]
    assert asset.media_type == "text/plain" and asset.file_name.endswith(".txt")
    assert asset.sha256 == digest(sample("md"))


@pytest.mark.parametrize("name", [
    "../../etc/passwd.pdf", "C:\\pears\\list.pdf", 'a"b\r\nX: y.pdf', "Birnenbäume 🍐.pdf", "x" * 300 + ".pdf", ".pdf",
    "list.exe", None])
def test_odd_names(artist: openai.OpenAI, fake: FakeOneMin, name: str | None):
    fields = {"file_data": data_url(fresh(), "pdf"), **({} if name is None else {"filename": name})}
    assert said(artist, file_part(**fields)) == ONE
    sent = fake.assets.by_uuid[attached(fake)["files"][0]].file_name
    assert sent.endswith(".pdf") and len(sent) <= 64 and "/" not in sent and ".." not in sent, sent


def test_a_picture_among_the_documents_is_seen(artist: openai.OpenAI, fake: FakeOneMin):
    part = file_part(filename="pear.png", file_data=data_url(picture()))
    assert said(artist, part) == "images: 1 (png 64x48); files: 0"
    refusal = pytest.raises(openai.BadRequestError)
    with refusal as found:
        said(artist, file_part(filename="pear.png", file_data=data_url(picture())), model="gpt-5-nano")
    assert found.value.code == "model_lacks_vision"


def test_responses_take_documents(artist: openai.OpenAI, file_host: FileHost):
    stored = artist.files.create(file=("list.pdf", fresh(), "application/pdf"), purpose="user_data")
    for source in ({"file_data": data_url(fresh(), "pdf"), "filename": "list.pdf"}, {"file_id": stored.id},
                   {"file_url": f"{file_host.url}/pdf"}):
        response = artist.responses.create(model="gpt-4o", input=[{"role": "user", "content": [
            {"type": "input_file", **source}, {"type": "input_text", "text": DESCRIBE}]}])
        assert response.output_text == ONE, source


def test_messages_take_documents(reader: anthropic.Anthropic, file_host: FileHost):
    stored = reader.files.upload(file=("list.pdf", fresh(), "application/pdf"))
    for source in (base64_source(fresh(), "pdf"), {"type": "url", "url": f"{file_host.url}/pdf"},
                   {"type": "file", "file_id": stored.id}):
        message = reader.messages.create(model=CLAUDE, max_tokens=100, messages=[{"role": "user", "content": [
            block("document", source, title="The list"), {"type": "text", "text": DESCRIBE}]}])
        assert message.content[0].text == ONE, source


def test_a_text_source_stands_in_the_prompt(reader: anthropic.Anthropic, fake: FakeOneMin):
    reader.messages.create(model=CLAUDE, max_tokens=100, messages=[{"role": "user", "content": [
        block("document", {"type": "text", "media_type": "text/plain", "data": DOCUMENT_TEXT}),
        {"type": "text", "text": DESCRIBE}]}])
    assert DOCUMENT_TEXT in fake.chats()[-1].prompt and not fake.uploads()


def test_a_stored_file_in_a_chat(artist: openai.OpenAI, fake: FakeOneMin):
    data = fresh()
    stored = artist.files.create(file=("list.pdf", data, "application/pdf"), purpose="user_data")
    assert said(artist, file_part(file_id=stored.id)) == ONE
    assert said(artist, file_part(filename="other.pdf", file_data=data_url(data, "pdf"))) == ONE
    assert len(fake.assets.of_digest(digest(data))) == 1


def test_a_stored_file_of_somebody_else(media: Stack, artist: openai.OpenAI, fake: FakeOneMin):
    stored = artist.files.create(file=("list.pdf", fresh(), "application/pdf"), purpose="user_data")
    error = refused(media.post(chat(file_part(file_id=stored.id))), status=404, words=stored.id)
    assert error["param"] == "messages[0].content[1]" or "file_id" in error["param"], error
    refused(media.post(chat(file_part(file_id="file-nobody"))), status=404)
    assert not fake.uploads() and not fake.chats()


def test_pictures_and_documents_together(artist: openai.OpenAI, fake: FakeOneMin):
    word = document_docx(secrets.token_hex(8))
    parts = [file_part(filename="a.pdf", file_data=data_url(fresh(), "pdf")),
             {"type": "image_url", "image_url": {"url": data_url(picture())}},
             file_part(filename="b.docx", file_data=data_url(word, "docx"))]
    assert said(artist, *parts) == "images: 1 (png 64x48); files: 2 (pdf, docx)"
    assert len(fake.uploads()) == 3


@pytest.mark.parametrize("data, kind", [(b"\x7fELF\x02\x01\x01" + bytes(100), "pdf"), (bytes(range(256)), "txt"),
                                        (sample("mp3"), "pdf")])
def test_what_is_no_document(media: Stack, fake: FakeOneMin, data: bytes, kind: str):
    refused(media.post(chat(file_part(filename=f"list.{kind}", file_data=data_url(data, kind)))),
            code="unsupported_file_type")
    assert not fake.uploads() and not fake.chats()
