"""Pictures in chats: they come to 1min.ai as uploads, by every dialect and in every form."""

from __future__ import annotations

import json
import secrets
import subprocess

import anthropic
import openai
import pytest

from fake_models import CHAT_MODELS
from fake_onemin import FakeOneMin, directive
from fake_samples import NAMES, picture, sample
from file_host import FileHost
from harness import KEY, Stack, contents
from media_checks import (
    DESCRIBE, attached, base64_source, block, chat, data_url, digest, picture_part, refused, text_part)

# Bodies in JSON like any other; the forms are tested by both protocols.
pytestmark = pytest.mark.only("fastcgi")

ONE = "images: 1 (png 64x48); files: 0"
CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"


def said(artist: openai.OpenAI, *parts: object, **fields: object) -> str:
    return artist.chat.completions.create(**chat(*parts, **fields)).choices[0].message.content


@pytest.mark.parametrize("kind", ["png", "jpeg", "gif", "webp"])
def test_a_data_url_of_each_format(artist: openai.OpenAI, fake: FakeOneMin, kind: str):
    assert said(artist, picture_part(data_url(sample(kind), kind))) == f"images: 1 ({kind} 64x48); files: 0"
    [asset] = [fake.assets.by_path[path] for path in attached(fake)["images"]]
    assert asset.sha256 == digest(sample(kind)) and asset.media_type == NAMES[kind][1]
    prompt = fake.chats()[-1].prompt
    assert "base64" not in prompt and len(prompt) < 1000


def test_the_bytes_decide_and_not_the_label(artist: openai.OpenAI):
    assert said(artist, picture_part(data_url(sample("jpeg"), "png"))) == "images: 1 (jpeg 64x48); files: 0"


def test_a_picture_by_its_address(artist: openai.OpenAI, fake: FakeOneMin, file_host: FileHost):
    assert said(artist, picture_part(f"{file_host.url}/picture?id=a")) == ONE
    assert fake.assets.of_digest(digest(file_host.picture("a")))
    fetch = file_host.fetches[-1]
    shown = {name.lower() for name in fetch.headers}
    assert not shown & {"authorization", "api-key", "cookie", "x-api-key", "referer", "x-forwarded-for"}, shown


def test_redirects_of_the_host_are_followed(artist: openai.OpenAI, file_host: FileHost):
    assert said(artist, picture_part(f"{file_host.url}/hops?left=3")) == ONE
    assert len(file_host.fetches) == 4


def test_a_streamed_chat_sees_it_too(media: Stack):
    with media.stream("", messages=chat(picture_part(data_url(picture())))["messages"]) as stream:
        assert contents(stream.rest()) == ONE


def test_responses_take_pictures(artist: openai.OpenAI, file_host: FileHost):
    for url in (data_url(picture()), f"{file_host.url}/picture?id=r"):
        response = artist.responses.create(model="gpt-4o", input=[{"role": "user", "content": [
            {"type": "input_text", "text": DESCRIBE}, {"type": "input_image", "image_url": url, "detail": "auto"}]}])
        assert response.output_text == ONE


def test_messages_take_pictures(reader: anthropic.Anthropic, file_host: FileHost):
    for source in (base64_source(picture()), {"type": "url", "url": f"{file_host.url}/picture?id=m"}):
        message = reader.messages.create(model=CLAUDE, max_tokens=100, messages=[{"role": "user", "content": [
            block("image", source), {"type": "text", "text": DESCRIBE}]}])
        assert message.content[0].text == ONE


def test_a_stored_file_in_each_dialect(media: Stack, fake: FakeOneMin):
    key = secrets.token_hex(8)
    with openai.OpenAI(base_url=media.url, api_key=key, max_retries=0) as client:
        stored = client.files.create(file=("pear.png", picture(), "image/png"), purpose="vision")
        response = client.responses.create(model="gpt-4o", input=[{"role": "user", "content": [
            {"type": "input_text", "text": DESCRIBE}, {"type": "input_image", "file_id": stored.id, "detail": "low"}]}])
        assert response.output_text == ONE
    with anthropic.Anthropic(base_url=media.url.removesuffix("/v1"), api_key=key, max_retries=0) as client:
        message = client.messages.create(model=CLAUDE, max_tokens=100, messages=[{"role": "user", "content": [
            block("image", {"type": "file", "file_id": stored.id}), {"type": "text", "text": DESCRIBE}]}])
        assert message.content[0].text == ONE
    assert len(fake.uploads()) == 1


def test_pictures_of_all_turns_in_their_order(artist: openai.OpenAI, fake: FakeOneMin):
    pictures = [picture(width, 8) for width in (8, 16, 24)]
    parts = [picture_part(data_url(one)) for one in pictures]
    answer = artist.chat.completions.create(model="gpt-4o", messages=[
        {"role": "user", "content": [text_part("First"), parts[0]]}, {"role": "assistant", "content": "I see."},
        {"role": "user", "content": [parts[1], text_part("Second"), parts[2], text_part()]}])
    assert answer.choices[0].message.content == "images: 3 (png 8x8, png 16x8, png 24x8); files: 0"
    assert [fake.assets.by_path[path].sha256 for path in attached(fake)["images"]] == [digest(one) for one in pictures]


def test_a_picture_that_a_tool_gave(reader: anthropic.Anthropic):
    message = reader.messages.create(model=CLAUDE, max_tokens=100, tools=[
        {"name": "look", "input_schema": {"type": "object", "properties": {}}}], messages=[
            {"role": "user", "content": DESCRIBE},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "look", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": [
                block("image", base64_source(picture()))]}]}])
    assert message.content[0].text == ONE


def test_the_same_picture_is_uploaded_once(media: Stack, artist: openai.OpenAI, fake: FakeOneMin):
    part = picture_part(data_url(picture()))
    # Shown twice within one question it is one picture, too: the text says where.
    assert said(artist, part, part) == ONE
    assert said(artist, part) == ONE
    assert len(fake.uploads()) == 1 and len(fake.chats()) == 2
    # What one caller uploaded is nothing to another.
    assert media.post(chat(part)).text == ONE
    assert len(fake.uploads()) == 2


def test_a_model_that_cannot_see(media: Stack, fake: FakeOneMin):
    error = refused(media.post(chat(picture_part(data_url(picture())), model="gpt-5-nano")), code="model_lacks_vision")
    seeing = [entry["modelId"] for entry in CHAT_MODELS if "image" in entry["modality"]["INPUT"]]
    assert "gpt-5-nano" in error["message"] and any(name in error["message"] for name in seeing), error
    assert error["param"] == "messages[0].content[1]" and not fake.uploads() and not fake.chats()


def test_a_model_that_cannot_see_in_other_dialects(artist: openai.OpenAI, reader: anthropic.Anthropic):
    with pytest.raises(openai.BadRequestError) as refusal:
        artist.responses.create(model="gpt-5-nano", input=[{"role": "user", "content": [
            {"type": "input_image", "image_url": data_url(picture()), "detail": "auto"}]}])
    assert refusal.value.code == "model_lacks_vision"
    with pytest.raises(anthropic.BadRequestError) as other:
        reader.messages.create(model="gpt-5-nano", max_tokens=9, messages=[
            {"role": "user", "content": [block("image", base64_source(picture()))]}])
    assert other.value.body["error"]["type"] == "invalid_request_error"
    assert "gpt-5-nano" in other.value.body["error"]["message"]


def test_a_text_needs_no_eyes(artist: openai.OpenAI, fake: FakeOneMin):
    assert said(artist, model="gpt-5-nano") == "images: 0; files: 0"
    assert not fake.uploads() and "attachments" not in fake.chats()[-1].json["promptObject"]


@pytest.mark.parametrize("steer, status", [
    ({"mode": "status", "status": 503}, 502), ({"mode": "status", "status": 429, "retryAfter": 7}, 429),
    ({"plain": {"nothing": True}}, 502), ({"mode": "garbage"}, 502)])
def test_an_upload_that_fails(media: Stack, fake: FakeOneMin, steer: dict, status: int):
    fake.assets.steer = steer
    answer = media.post(chat(picture_part(data_url(picture()))))
    assert answer.status == status, answer
    assert answer.error["message"] and not fake.chats()
    if "retryAfter" in steer:
        assert answer.headers["Retry-After"] == "7"
    # Nothing of it is remembered.
    fake.assets.steer = {}
    assert media.post(chat(picture_part(data_url(picture())))).text == ONE


def test_a_client_that_leaves_ends_the_upload(media: Stack, fake: FakeOneMin):
    fake.gate("upload")
    fake.assets.steer = {"gate": "upload"}
    with media.stream("", messages=chat(picture_part(data_url(picture())))["messages"]):
        upload = fake.wait_for(fake.uploads, what="an upload")[-1]
    fake.wait_for_abort(upload)
    assert not fake.chats()


@pytest.mark.parametrize("stream", [False, True])
def test_a_model_that_paints_answers_with_a_picture(media: Stack, fake: FakeOneMin, stream: bool):
    if stream:
        with media.stream("A pear", model="dall-e-3") as events:
            text = contents(events.rest())
    else:
        text = media.chat("A pear", model="dall-e-3").text
    assert text.startswith("![") and f"]({fake.url}/" in text, text
    assert fake.calls("IMAGE_GENERATOR")[-1].json["promptObject"]["prompt"].strip().endswith("A pear")


@pytest.mark.parametrize("model", ["dall-e-3", "stable-diffusion-xl-1024-v1-0", "magic-art"])
def test_several_answers_of_a_painter(media: Stack, fake: FakeOneMin, model: str):
    answer = media.chat("A pear", model=model, n=3)
    pictures = {choice["message"]["content"] for choice in answer.json["choices"]}
    assert len(pictures) == 3 and all(one.startswith("![") for one in pictures), answer
    assert len(fake.calls("IMAGE_GENERATOR")) == 3


def test_a_painter_that_fails_says_so(media: Stack):
    answer = media.chat(directive(mode="filter"), model="dall-e-3")
    refused(answer, code="content_policy_violation")
    refused(media.chat(directive(mode="provider", message="No pears today"), model="dall-e-3"), words="No pears today")


def test_curl_shows_a_picture(media: Stack):
    body = json.dumps(chat(picture_part(data_url(picture()))))
    answer = subprocess.run(
        ["curl", "--silent", "--max-time", "20", f"{media.url}/chat/completions", "--header",
         f"Authorization: Bearer {KEY}", "--json", "@-"], input=body, capture_output=True, text=True, check=True)
    assert json.loads(answer.stdout)["choices"][0]["message"]["content"] == ONE
