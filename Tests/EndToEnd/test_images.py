"""OpenAI's image routes: each family of models gets its own fields, and the client OpenAI's answers."""

from __future__ import annotations

import base64
import io
import json
import secrets
import subprocess
import urllib.request
from typing import Any

import openai
import pytest

from fake_features import Result
from fake_formats import format_of
from fake_models import LEONARDO
from fake_onemin import FakeOneMin, directive
from fake_samples import picture, sample
from fake_tables import EDITOR, GENERATOR, VARIATOR
from harness import KEY, Stack
from media_checks import calls_of, digest, refused

# What a model takes has nothing to do with the way to the worker; forms and sounds do.
pytestmark = pytest.mark.only("fastcgi")

FLUX = "black-forest-labs/"
#: Models that give addresses unless bytes are asked for: all but these.
BYTES = {"gpt-image-1", "gpt-image-1-mini", "gpt-image-2"}


def generate(artist: openai.OpenAI, model: str, **fields: Any) -> openai.types.ImagesResponse:
    return artist.images.generate(**{"model": model, "prompt": "A pear", **fields})


def sent(fake: FakeOneMin) -> dict[str, Any]:
    return calls_of(fake, "IMAGE_")[-1]


def latest(fake: FakeOneMin, count: int = 1) -> list[Result]:
    return list(fake.features.results.values())[-count:]


def fetched(url: str) -> bytes:
    # No proxy of whoever runs the tests.
    return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=10).read()


@pytest.mark.parametrize("model", sorted(GENERATOR))
def test_a_prompt_is_enough_for_each_model(artist: openai.OpenAI, fake: FakeOneMin, model: str):
    answer = generate(artist, model)
    assert answer.created > 1_700_000_000 and sent(fake)["prompt"] == "A pear"
    results = latest(fake, 4 if model.startswith("magic-art") else 1)
    assert len(answer.data) == len(results)
    for given, result in zip(answer.data, results):
        if model in BYTES:
            assert base64.b64decode(given.b64_json) == result.body and given.url is None
        else:
            assert given.b64_json is None and fetched(given.url) == result.body
    assert not fake.features.surplus


@pytest.mark.parametrize("model", sorted(GENERATOR))
def test_a_square_is_there_for_each_model(artist: openai.OpenAI, fake: FakeOneMin, model: str):
    assert generate(artist, model, size="1024x1024", n=1).data
    assert generate(artist, model, size="auto", quality="auto").data
    assert not fake.features.surplus


@pytest.mark.parametrize("model, size, fields", [
    ("dall-e-3", "1792x1024", {"size": "1792x1024"}),
    ("gpt-image-2", "1536x1024", {"size": "1536x1024"}),
    (FLUX + "flux-2-pro", "1024x1536", {"aspect_ratio": "2:3"}),
    (FLUX + "flux-2-pro", "16:9", {"aspect_ratio": "16:9"}),
    (FLUX + "flux-2-pro", "1792x1008", {"aspect_ratio": "16:9"}),
    ("gemini-3-pro-image-preview", "2048x2048", {"imageSize": "2K"}),
    ("gemini-3-pro-image-preview", "4K", {"imageSize": "4K"}),
    ("gemini-3.1-flash-image-preview", "1536x1024", {"aspectRatio": "3:2"}),
    ("qwen-image-plus", "1664x928", {"size": "1664*928"}),
    ("magic-art_7_0", "1024x1024", {"aspect_width": 1, "aspect_height": 1}),
    ("stable-diffusion-xl-1024-v1-0", "896x1152", {"size": "896x1152"}),
    (LEONARDO["Phoenix"], "1024x768", {"size": "1024x768"})])
def test_a_size_in_the_words_of_the_model(artist: openai.OpenAI, fake: FakeOneMin, model: str, size: str, fields: dict):
    generate(artist, model, size=size)
    call = sent(fake)
    assert {name: call.get(name) for name in fields} == fields, call


@pytest.mark.parametrize("model, size, has", [
    ("dall-e-3", "512x512", "1792x1024"), ("gpt-image-1", "1920x1080", "1536x1024"),
    (FLUX + "flux-2-pro", "1000x3000", "16:9"), ("qwen-image-max", "1000x3000", "1328"),
    ("stable-diffusion-xl-1024-v1-0", "1000x1000", "1152x896"), ("dall-e-2", "1792x1024", "256x256"),
    ("gpt-image-2", "4096x4096", ""), ("dall-e-3", "large", "1024x1024")])
def test_a_size_that_the_model_lacks(media: Stack, fake: FakeOneMin, model: str, size: str, has: str):
    body = {"model": model, "prompt": "A pear", "size": size}
    refused(media.post(body, "/v1/images/generations"), param="size", words=has)
    assert not fake.calls()


@pytest.mark.parametrize("model, n, calls, field", [
    ("gpt-image-1", 3, 1, "n"), ("dall-e-2", 2, 1, "n"), ("stable-diffusion-xl-1024-v1-0", 2, 1, "samples"),
    ("dall-e-3", 3, 3, None), (FLUX + "flux-2-pro", 2, 2, None), ("gemini-3-pro-image-preview", 2, 2, None),
    (LEONARDO["Kino XL"], 6, 2, "n"), ("recraft", 2, 1, "n")])
def test_several_pictures(artist: openai.OpenAI, fake: FakeOneMin, model: str, n: int, calls: int, field: str | None):
    answer = generate(artist, model, n=n, response_format="b64_json")
    assert len(answer.data) == n and len({one.b64_json for one in answer.data}) == n
    bodies = calls_of(fake, "IMAGE_GENERATOR")
    assert len(bodies) == calls
    if field is not None:
        assert sum(body[field] for body in bodies) == n


def test_midjourney_makes_four_whatever_is_wanted(artist: openai.OpenAI, fake: FakeOneMin):
    raw = artist.images.with_raw_response.generate(model="magic-art", prompt="A pear", n=1)
    assert len(raw.parse().data) == 4 and len(fake.calls()) == 1


def test_flags_in_a_prompt_of_midjourney(artist: openai.OpenAI, fake: FakeOneMin):
    generate(artist, "magic-art", prompt="A pear --ar 3:2 --stylize 250 --chaos 20 --seed 7 --no apples, worms --tile"
             " --weird 30 --iw 1.5 --relax")
    expected = {"aspect_width": 3, "aspect_height": 2, "stylize": 250, "chaos": 20, "seed": 7, "no": "apples, worms",
                "tile": True, "weird": 30, "image_weight": 1.5, "mode": "relax", "prompt": "A pear"}
    assert {name: sent(fake).get(name) for name in expected} == expected
    generate(artist, "magic-art_6_1", prompt="A pear --niji 6 --s 50 --c 5 --fast")
    expected = {"isNiji6": True, "stylize": 50, "chaos": 5, "mode": "fast", "prompt": "A pear"}
    assert {name: sent(fake).get(name) for name in expected} == expected


@pytest.mark.parametrize("flag", ["--stylize 5000", "--ar 0:3", "--chaos lots", "--seed"])
def test_a_flag_that_is_wrong(media: Stack, flag: str):
    answer = media.post({"model": "magic-art", "prompt": f"A pear {flag}"}, "/v1/images/generations")
    refused(answer, param="prompt", words=flag.split()[0])


def test_what_is_no_flag_is_text(artist: openai.OpenAI, fake: FakeOneMin):
    generate(artist, "magic-art", prompt="A pear --nonsense 5")
    assert sent(fake)["prompt"] == "A pear --nonsense 5"


def test_flags_and_other_models(artist: openai.OpenAI, fake: FakeOneMin):
    """A shape is understood wherever there is one; what only Midjourney has stays in the text."""
    generate(artist, FLUX + "flux-2-pro", prompt="A pear --ar 3:2 --stylize 50")
    assert sent(fake)["aspect_ratio"] == "3:2" and sent(fake)["prompt"] == "A pear --stylize 50"
    generate(artist, "dall-e-3", prompt="A pear -- the best --of all")
    assert sent(fake)["prompt"] == "A pear -- the best --of all"


def test_the_parameters_of_openai(artist: openai.OpenAI, fake: FakeOneMin):
    generate(artist, "gpt-image-1", quality="high", background="opaque", output_format="webp", output_compression=60)
    call = sent(fake)
    assert call["quality"] == "high" and call["background"] == "opaque"
    assert (call["output_format"], call["output_compression"]) == ("webp", 60)
    assert format_of(latest(fake)[0].body) == "webp"
    generate(artist, "dall-e-3", quality="hd", style="natural")
    assert sent(fake)["quality"] == "hd" and sent(fake)["style"] == "natural"
    generate(artist, FLUX + "flux-2-pro", output_format="jpeg")
    assert sent(fake)["output_format"] == "jpg"


def test_what_a_model_does_not_have_is_named(artist: openai.OpenAI):
    raw = artist.images.with_raw_response.generate(
        model="dall-e-2", prompt="A pear", style="vivid", user="somebody", extra_body={"nobodys_field": 1})
    assert {"style", "user", "nobodys_field"} <= set(raw.headers["x-fastrelay-ignored"].split(", "))


def test_parameters_of_the_models_own(artist: openai.OpenAI, fake: FakeOneMin):
    generate(artist, FLUX + "flux-2-flex", extra_body={"steps": 12, "guidance": 2.5, "seed": 5, "prompt_upsampling": True})
    expected = {"steps": 12, "guidance": 2.5, "seed": 5, "prompt_upsampling": True}
    assert {name: sent(fake).get(name) for name in expected} == expected
    generate(artist, "fake-new-painter", size="9x9", extra_body={"sparkle": 3})
    assert sent(fake)["size"] == "9x9" and sent(fake)["sparkle"] == 3


def test_a_parameter_out_of_range(media: Stack, fake: FakeOneMin):
    body = {"model": FLUX + "flux-2-flex", "prompt": "A pear", "steps": 500}
    refused(media.post(body, "/v1/images/generations"), param="steps", words="50")
    assert not fake.calls()


@pytest.mark.parametrize("change, param", [
    ({"prompt": None}, "prompt"), ({"prompt": ""}, "prompt"), ({"prompt": 5}, "prompt"), ({"n": 0}, "n"), ({"n": 11}, "n"),
    ({"n": "two"}, "n"), ({"response_format": "gif"}, "response_format"), ({"output_format": "bmp"}, "output_format"),
    ({"quality": "best"}, "quality"), ({"output_compression": 101}, "output_compression"), ({"stream": True}, "stream"),
    ({"partial_images": 2}, "partial_images"), ({"size": 5}, "size")])
def test_a_request_that_is_wrong(media: Stack, fake: FakeOneMin, change: dict, param: str):
    body = {"model": "gpt-image-1", "prompt": "A pear", **change}
    if "partial_images" in change:
        body["stream"] = True
    answer = media.post({name: value for name, value in body.items() if value is not None}, "/v1/images/generations")
    error = refused(answer)
    assert error["param"] in (param, "stream"), error
    assert not fake.calls()


def test_a_model_of_another_kind(media: Stack, fake: FakeOneMin):
    error = refused(media.post({"model": "gpt-4o", "prompt": "A pear"}, "/v1/images/generations"), param="model")
    assert "gpt-image" in error["message"] or "dall-e" in error["message"] or "flux" in error["message"], error
    refused(media.post({"model": "gpt-image-11", "prompt": "A pear"}, "/v1/images/generations"), status=404,
            code="model_not_found", words="gpt-image-1")
    assert not fake.calls()


def test_a_request_without_a_model(artist: openai.OpenAI):
    assert artist.images.generate(prompt="A pear").data


def test_bytes_come_by_the_signed_address_first(artist: openai.OpenAI, fake: FakeOneMin):
    generate(artist, "dall-e-2", n=2, response_format="b64_json")
    assert [one.fetched for one in latest(fake, 2)] == [["signed"], ["cdn"]]


@pytest.mark.parametrize("fields", [
    {"signed": "expired"}, {"signed": "none"}, {"signed": "top"}, {"cdn": "refused"}, {"absolute": True}])
def test_bytes_come_some_way(artist: openai.OpenAI, fake: FakeOneMin, fields: dict):
    answer = generate(artist, "dall-e-3", prompt=directive(**fields), response_format="b64_json")
    assert base64.b64decode(answer.data[0].b64_json) == latest(fake)[0].body
    answer = generate(artist, "dall-e-3", prompt=directive(**fields))
    assert answer.data[0].url.startswith(fake.url)


@pytest.mark.parametrize("fields", [
    {"signed": "expired", "cdn": "refused"}, {"download": {"mode": "cut", "after": 50}},
    {"download": {"mode": "status", "status": 500}}, {"download": {"mode": "reset"}}])
def test_bytes_that_cannot_be_had(media: Stack, fields: dict):
    body = {"model": "dall-e-3", "prompt": directive(**fields), "response_format": "b64_json"}
    answer = media.post(body, "/v1/images/generations")
    assert answer.status == 502 and answer.error["message"], answer


def test_large_pictures_as_bytes(artist: openai.OpenAI, fake: FakeOneMin):
    answer = generate(artist, "gpt-image-1", prompt=directive(served={"bytes": 6 << 20}))
    assert digest(base64.b64decode(answer.data[0].b64_json)) == digest(latest(fake)[0].body)


@pytest.mark.parametrize("fields, status, code", [
    ({"mode": "filter"}, 400, "content_policy_violation"), ({"record": {"status": "FAILED"}}, 502, None),
    ({"result": "empty"}, 502, None), ({"mode": "provider", "message": "No pears today"}, 400, None),
    ({"mode": "status", "status": 429, "retryAfter": 3}, 429, None), ({"mode": "status", "status": 402}, 429, None),
    ({"mode": "status", "status": 500}, 502, None), ({"mode": "garbage"}, 502, None), ({"mode": "html"}, 502, None),
    ({"mode": "reset"}, 502, None)])
def test_a_call_that_fails_is_made_once(media: Stack, fake: FakeOneMin, fields: dict, status: int, code: str | None):
    answer = media.post({"model": "dall-e-3", "prompt": directive(**fields)}, "/v1/images/generations")
    assert answer.status == status, answer
    assert answer.error["message"] and (code is None or answer.error["code"] == code), answer
    assert "private" not in answer.body.decode() and len(fake.calls()) == 1
    if fields.get("mode") == "provider":
        assert "No pears today" in answer.error["message"]


def test_a_client_that_leaves_cancels(media: Stack, fake: FakeOneMin):
    body = json.dumps({"model": "magic-art", "prompt": directive(gate="never")})
    with subprocess.Popen(
            ["curl", "--silent", f"{media.url}/images/generations", "--header", f"Authorization: Bearer {KEY}", "--json",
             body], stdout=subprocess.DEVNULL) as curl:
        request = fake.wait_for(fake.calls, what="a call")[-1]
        curl.terminate()
    fake.wait_for_abort(request)


@pytest.mark.parametrize("model", sorted(EDITOR))
def test_an_edit_by_each_model(artist: openai.OpenAI, fake: FakeOneMin, model: str):
    data = picture()
    answer = artist.images.edit(model=model, image=("pear.png", data, "image/png"), prompt="Riper")
    assert answer.data and not fake.features.surplus
    [call] = calls_of(fake, "IMAGE_EDITOR")
    assert fake.assets.by_path[call["imageUrl"]].sha256 == digest(data) and call["prompt"] == "Riper"


def test_several_pictures_are_edited_into_one(artist: openai.OpenAI, fake: FakeOneMin):
    pictures = [picture() for _ in range(3)]
    files = [(f"{number}.png", io.BytesIO(data), "image/png") for number, data in enumerate(pictures)]
    artist.images.edit(model="gemini-3-pro-image-preview", image=files, prompt="Together")
    call = sent(fake)
    paths = [call["imageUrl"], call["referenceImage1"], call["referenceImage2"]]
    assert [fake.assets.by_path[path].sha256 for path in paths] == [digest(data) for data in pictures]
    for _, file, _ in files:
        file.seek(0)
    artist.images.edit(model="qwen-image-edit-plus", image=files, prompt="Together", n=2)
    call = sent(fake)
    assert len([call["imageUrl"], *call["additional_images"]]) == 3 and call["n"] == 2
    # What was uploaded for the first edit served the second.
    assert len(fake.uploads()) == 3


def test_more_pictures_than_a_model_takes(media: Stack, artist: openai.OpenAI, fake: FakeOneMin):
    with pytest.raises(openai.BadRequestError) as refusal:
        artist.images.edit(model="gpt-image-1", prompt="Together", image=[
            (f"{number}.png", picture(), "image/png") for number in range(2)])
    assert refusal.value.param in ("image", "image[]") and not fake.uploads()


def test_a_mask_that_no_model_takes(artist: openai.OpenAI, fake: FakeOneMin):
    with pytest.raises(openai.BadRequestError) as refusal:
        artist.images.edit(model="gpt-image-1", prompt="Riper", image=("a.png", picture(), "image/png"),
                           mask=("b.png", picture(), "image/png"))
    assert refusal.value.param == "mask" and not fake.uploads()


@pytest.mark.parametrize("model", sorted(VARIATOR))
def test_a_variation_by_each_model(artist: openai.OpenAI, fake: FakeOneMin, model: str):
    data = picture()
    answer = artist.images.create_variation(model=model, image=("pear.png", data, "image/png"))
    assert len(answer.data) == (4 if model.startswith("magic-art") else 1)
    [call] = calls_of(fake, "IMAGE_VARIATOR")
    assert fake.assets.by_path[call["imageUrl"]].sha256 == digest(data) and not fake.features.surplus


@pytest.mark.parametrize("kind", ["jpeg", "webp"])
def test_a_picture_under_a_wrong_name(artist: openai.OpenAI, fake: FakeOneMin, kind: str):
    """Clients call everything image.png; what counts at 1min.ai is the bytes."""
    artist.images.edit(model="gpt-image-1", prompt="Riper", image=("image.png", sample(kind), "image/png"))
    assert fake.assets.by_path[sent(fake)["imageUrl"]].kind == kind


def test_usage_is_told(artist: openai.OpenAI):
    usage = generate(artist, "gpt-image-1").usage
    assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (11, 7, 18)
    assert usage.input_tokens_details is not None


def test_curl_edits(media: Stack, fake: FakeOneMin, tmp_path: Any):
    file = tmp_path / "pear.png"
    file.write_bytes(picture())
    answer = subprocess.run(
        ["curl", "--silent", "--max-time", "20", f"{media.url}/images/edits", "--header", f"Authorization: Bearer {KEY}",
         "--form", f"image[]=@{file};type=image/png", "--form", "model=gpt-image-1", "--form", "prompt=Riper", "--form",
         "n=2", "--form", "size=1536x1024", "--form", "response_format=url"], capture_output=True, text=True, check=True)
    assert len(json.loads(answer.stdout)["data"]) == 2, answer.stdout
    assert sent(fake)["n"] == 2 and sent(fake)["size"] == "1536x1024"


def test_one_caller_can_not_use_the_upload_of_another(media: Stack, fake: FakeOneMin):
    data = picture()
    for key in (secrets.token_hex(8), secrets.token_hex(8)):
        with openai.OpenAI(base_url=media.url, api_key=key, max_retries=0) as client:
            assert client.images.create_variation(model="dall-e-2", image=("a.png", data, "image/png")).data
    assert len(fake.assets.of_digest(digest(data))) == 2
