"""Speech to text and back, by curl and the openai client."""

from __future__ import annotations

import json
import pathlib
import subprocess
from typing import Any

import openai
import pytest

from fake_features import TRANSCRIPT, TRANSLATION, spoken
from fake_onemin import FakeOneMin, directive
from fake_samples import NAMES, recording, sample
from fake_tables import TO_SPEECH, TO_TEXT, TRANSLATOR
from harness import KEY, Stack
from media_checks import calls_of, digest, refused

VOICES = ["alloy", "ash", "ballad", "coral", "echo", "fable", "onyx", "nova", "sage", "shimmer", "verse", "marin", "cedar"]


def file(kind: str = "mp3", name: str | None = None) -> tuple[str, bytes, str]:
    extension, media_type = NAMES[kind]
    return name or f"speech.{extension}", sample(kind), media_type


def transcribe(artist: openai.OpenAI, model: str = "whisper-1", **fields: Any) -> Any:
    return artist.audio.transcriptions.create(**{"model": model, "file": file(), **fields})


def sent(fake: FakeOneMin) -> dict[str, Any]:
    return fake.calls()[-1].json["promptObject"]


@pytest.mark.parametrize("model", sorted(TO_TEXT))
def test_each_model_writes_down_what_is_said(artist: openai.OpenAI, fake: FakeOneMin, model: str):
    assert transcribe(artist, model).text == TRANSCRIPT
    assert fake.assets.by_path[sent(fake)["audioUrl"]].sha256 == digest(sample("mp3"))
    assert not fake.features.surplus and "conversationId" not in fake.calls()[-1].json


@pytest.mark.parametrize("kind", ["mp3", "wav", "flac", "ogg", "opus", "m4a", "webm"])
def test_each_kind_of_sound(artist: openai.OpenAI, fake: FakeOneMin, kind: str):
    # Under a name that says nothing: the bytes tell.
    assert transcribe(artist, file=("recording", sample(kind), "application/octet-stream")).text == TRANSCRIPT
    assert fake.assets.by_path[sent(fake)["audioUrl"]].sha256 == digest(sample(kind))


@pytest.mark.parametrize("form", ["json", "text", "srt", "vtt", "verbose_json"])
def test_whisper_answers_as_asked(artist: openai.OpenAI, fake: FakeOneMin, form: str):
    raw = artist.audio.transcriptions.with_raw_response.create(
        model="whisper-1", file=file(), response_format=form, language="en", prompt="Pears", temperature=0.2)
    call = sent(fake)
    assert (call["language"], call["prompt"], call["temperature"]) == ("en", "Pears", 0.2)
    if form == "json":
        assert raw.parse().text == TRANSCRIPT and raw.headers["content-type"].startswith("application/json")
    elif form == "verbose_json":
        value = json.loads(raw.text if isinstance(raw.text, str) else raw.text())
        assert value["text"] == TRANSCRIPT and value["segments"][0]["end"] == 1.0 and value["duration"] == 1.0
    else:
        text = raw.text if isinstance(raw.text, str) else raw.text()
        assert text.rstrip("\n") == spoken(TRANSCRIPT, form).rstrip("\n")
        assert raw.headers["content-type"].startswith("text/")


@pytest.mark.parametrize("form", ["srt", "vtt", "verbose_json"])
def test_no_times_are_made_up(media: Stack, fake: FakeOneMin, form: str):
    upload = {"model": "elevenlabs-speech-to-text", "response_format": form}
    answer = curl(media, "transcriptions", upload)
    assert answer["status"] == 400 and answer["json"]["error"]["param"] == "response_format"
    assert "whisper-1" in answer["json"]["error"]["message"] and not fake.uploads()
    # The same when whisper gives a plain text although more was asked of it.
    answer = curl(media, "transcriptions", {
        "model": "whisper-1", "response_format": form, "prompt": directive(plain=True)})
    assert answer["status"] == 400 and answer["json"]["error"]["param"] == "response_format", answer


@pytest.mark.parametrize("language, expected", [(None, "en-US"), ("en", "en-US"), ("de", "de-DE"), ("pt-BR", "pt-BR")])
def test_google_wants_a_region(artist: openai.OpenAI, fake: FakeOneMin, language: str | None, expected: str):
    fields = {} if language is None else {"language": language}
    transcribe(artist, "latest_long", **fields)
    assert sent(fake)["language"] == expected


def test_what_a_model_does_not_have_is_named(artist: openai.OpenAI):
    raw = artist.audio.transcriptions.with_raw_response.create(
        model="elevenlabs-speech-to-text", file=file(), prompt="Pears", temperature=0.2, language="en",
        chunking_strategy="auto")
    assert sorted(raw.headers["x-fastrelay-ignored"].split(", ")) \
        == ["chunking_strategy", "language", "prompt", "temperature"]


@pytest.mark.parametrize("model", sorted(TRANSLATOR))
def test_each_model_translates(artist: openai.OpenAI, fake: FakeOneMin, model: str):
    answer = artist.audio.translations.create(model=model, file=file())
    assert answer.text == TRANSLATION and not fake.features.surplus
    if model.startswith("gemini"):
        assert sent(fake)["targetLanguage"] == "English" and sent(fake)["originalLanguage"]


@pytest.mark.parametrize("fields, param", [
    ({"response_format": "docx"}, "response_format"), ({"temperature": "5"}, "temperature"),
    ({"stream": "true"}, "stream"), ({"timestamp_granularities[]": "word"}, "timestamp_granularities"),
    ({"model": ""}, "model"), ({"language": "kl ingon!"}, "language")])
def test_a_request_that_is_wrong(media: Stack, fake: FakeOneMin, fields: dict[str, str], param: str):
    answer = curl(media, "transcriptions", {"model": "whisper-1", **fields})
    assert answer["status"] == 400, answer
    assert param in (answer["json"]["error"]["param"] or answer["json"]["error"]["message"]), answer
    assert not fake.calls()


@pytest.mark.parametrize("model, size", [("whisper-1", 26 << 20), ("qwen3-asr-flash", 11 << 20)])
def test_a_sound_that_is_too_long_for_the_model(media: Stack, fake: FakeOneMin, tmp_path: pathlib.Path, model: str,
                                                size: int):
    long = tmp_path / "long.wav"
    long.write_bytes(recording(size // 32_000))
    answer = curl(media, "transcriptions", {"model": model}, long)
    assert answer["status"] == 413 and not fake.uploads(), answer
    assert answer["json"]["error"]["param"] in ("file", None)


def curl(media: Stack, route: str, fields: dict[str, str], sound: pathlib.Path | None = None) -> dict[str, Any]:
    """A form by curl; its answer's status and JSON."""
    if sound is None:
        sound = media.directory / "speech.mp3"
        sound.write_bytes(sample("mp3"))
    command = ["curl", "--silent", "--max-time", "40", "--write-out", "\n%{http_code}", f"{media.url}/audio/{route}",
               "--header", f"Authorization: Bearer {KEY}", "--form", f"file=@{sound}"]
    for name, value in fields.items():
        command += ["--form-string", f"{name}={value}"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    body, _, status = answer.rpartition("\n")
    return {"status": int(status), "json": json.loads(body)}


def test_curl_transcribes(media: Stack):
    assert curl(media, "transcriptions", {"model": "whisper-1"}) == {"status": 200, "json": {"text": TRANSCRIPT}}


def speak(artist: openai.OpenAI, model: str, **fields: Any) -> bytes:
    return artist.audio.speech.create(**{"model": model, "input": "A pear.", "voice": "alloy", **fields}).read()


@pytest.mark.parametrize("model", sorted(TO_SPEECH))
def test_each_model_speaks(artist: openai.OpenAI, fake: FakeOneMin, model: str):
    assert speak(artist, model) == list(fake.features.results.values())[-1].body
    assert sent(fake)["text"] == "A pear." and not fake.features.surplus


@pytest.mark.parametrize("form, media_type", [
    ("mp3", "audio/mpeg"), ("opus", "audio/"), ("aac", "audio/aac"), ("flac", "audio/flac"), ("wav", "audio/wav"),
    ("pcm", "audio/")])
def test_each_format_of_openai(artist: openai.OpenAI, form: str, media_type: str):
    raw = artist.audio.speech.with_raw_response.create(
        model="tts-1", input="A pear.", voice="nova", response_format=form, speed=1.5)
    assert raw.content == sample(form) and raw.headers["content-type"].startswith(media_type)


@pytest.mark.parametrize("model", ["tts-1", "tts-1-hd", "elevenlabs-tts", "qwen3-tts-flash"])
@pytest.mark.parametrize("voice", VOICES)
def test_each_voice_of_openai(artist: openai.OpenAI, model: str, voice: str):
    assert speak(artist, model, voice=voice)


def test_voices_of_the_vendors_own(artist: openai.OpenAI, fake: FakeOneMin):
    speak(artist, "elevenlabs-tts", voice="21m00Tcm4TlvDq8ikWAM")
    assert sent(fake)["voice_id"] == "21m00Tcm4TlvDq8ikWAM"
    speak(artist, "qwen3-tts-flash", voice="Cherry")
    assert sent(fake)["voice"] == "Cherry"


@pytest.mark.parametrize("model, voice, has", [
    ("tts-1", "nobody", "shimmer"), ("qwen3-tts-flash", "nobody", "Cherry"), ("elevenlabs-tts", "no body", "")])
def test_an_unknown_voice(media: Stack, fake: FakeOneMin, model: str, voice: str, has: str):
    body = {"model": model, "input": "A pear.", "voice": voice}
    refused(media.post(body, "/v1/audio/speech"), param="voice", words=has)
    assert not fake.calls()


@pytest.mark.parametrize("change, param", [
    ({"input": ""}, "input"), ({"input": None}, "input"), ({"input": "x" * 4097}, "input"), ({"speed": 9}, "speed"),
    ({"speed": "fast"}, "speed"), ({"response_format": "midi"}, "response_format"), ({"stream_format": "sse"},
                                                                                     "stream_format")])
def test_a_speech_that_is_wrong(media: Stack, fake: FakeOneMin, change: dict, param: str):
    body = {"model": "tts-1", "input": "A pear.", "voice": "alloy", **change}
    refused(media.post({name: value for name, value in body.items() if value is not None}, "/v1/audio/speech"),
            param=param)
    assert not fake.calls()


def test_what_a_speaker_does_not_have(media: Stack):
    answer = media.post({"model": "qwen3-tts-flash", "input": "A pear.", "voice": "Cherry", "speed": 2.0,
                         "instructions": "Slowly"}, "/v1/audio/speech")
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("audio/wav")
    assert sorted(answer.headers["x-fastrelay-ignored"].split(", ")) == ["instructions", "speed"]
    refused(media.post({"model": "qwen3-tts-flash", "input": "A pear.", "voice": "Cherry", "response_format": "mp3"},
                       "/v1/audio/speech"), param="response_format", words="wav")


def test_sound_passes_as_it_comes(artist: openai.OpenAI, fake: FakeOneMin):
    """A head and the first bytes reach the client while the rest is still held back."""
    text = directive(served={"bytes": 300_000}, download={"split": 65_536, "hold": 65_536})
    with artist.audio.speech.with_streaming_response.create(model="tts-1", input=text, voice="alloy") as held:
        assert held.headers["content-type"].startswith("audio/mpeg")
        assert next(held.iter_bytes(1024)) == sample("mp3")[:1024]
    text = directive(served={"bytes": 5 << 20}, download={"split": 65_536})
    with artist.audio.speech.with_streaming_response.create(model="tts-1", input=text, voice="alloy") as whole:
        data = b"".join(whole.iter_bytes())
    assert digest(data) == digest(list(fake.features.results.values())[-1].body)


@pytest.mark.parametrize("fields", [
    {"signed": "expired", "cdn": "refused"}, {"mode": "status", "status": 500}, {"record": {"status": "FAILED"}},
    {"result": "empty"}])
def test_a_speech_that_fails_is_an_error(media: Stack, fields: dict):
    answer = media.post({"model": "tts-1", "input": directive(**fields), "voice": "alloy"}, "/v1/audio/speech")
    assert answer.status == 502 and answer.error["message"], answer


def test_a_sound_that_is_cut_ends_badly(media: Stack):
    """Less than was said is no success: the connection ends instead of the answer, and at once."""
    body = json.dumps({"model": "tts-1", "voice": "alloy", "input": directive(
        served={"bytes": 300_000}, download={"mode": "cut", "after": 200_000})})
    answer = subprocess.run(
        ["curl", "--silent", "--max-time", "20", f"{media.url}/audio/speech", "--header", f"Authorization: Bearer {KEY}",
         "--json", body, "--output", "/dev/null", "--write-out", "%{http_code}"], capture_output=True, text=True)
    # CURLE_PARTIAL_FILE, and not the end of curl's patience.
    assert (answer.returncode, answer.stdout) == (18, "200"), answer


@pytest.mark.parametrize("fields", [
    {"signed": "expired", "cdn": "refused"}, {"result": "empty"}, {"mode": "status", "status": 500}, {"mode": "garbage"}])
def test_a_client_does_not_pay_again_by_itself(media: Stack, fake: FakeOneMin, fields: dict):
    """With the retries that the client has unless it is told otherwise."""
    with openai.OpenAI(base_url=media.url, api_key=KEY, timeout=30) as client:
        with pytest.raises(openai.InternalServerError):
            speak(client, "tts-1", input=directive(**fields))
    assert len(calls_of(fake, "TEXT_TO_SPEECH")) == 1


def test_the_same_recording_is_uploaded_once(artist: openai.OpenAI, fake: FakeOneMin):
    data = recording(1)
    for model in ("whisper-1", "latest_short"):
        transcribe(artist, model, file=("speech.wav", data, "audio/wav"))
    assert len(fake.assets.of_digest(digest(data))) == 1 and len(calls_of(fake, "SPEECH_TO_TEXT")) == 2


def test_a_recording_that_is_gone_is_uploaded_again(artist: openai.OpenAI, fake: FakeOneMin):
    """An owner may delete what was uploaded at 1min.ai itself: it is forgotten here once it is missed there."""
    data = recording(1)
    transcribe(artist, file=("speech.wav", data, "audio/wav"))
    fake.assets.by_path.pop(sent(fake)["audioUrl"])
    with pytest.raises(openai.BadRequestError):
        transcribe(artist, file=("speech.wav", data, "audio/wav"))
    assert transcribe(artist, file=("speech.wav", data, "audio/wav")).text == TRANSCRIPT
    assert len(fake.uploads()) == 2
