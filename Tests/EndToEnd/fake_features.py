"""The features of the fake 1min.ai, `POST /api/features`: pictures, speech to text and back, and where results lie.

A directive steers a call as it does a chat: it may stand in `prompt` or `text`; `Features.default` steers calls that have
neither. Beside the fields of every call:

    results     how many results, instead of as many as were asked for
    says        the text of a recording, or of a translation
    plain       a plain text although JSON was asked for
    signed      "expired", "none", "top" (beside the record), or "refused"
    cdn         "refused"
    absolute    true: results are addresses
    download    a directive for the results: {"mode": "cut", "after": 100}, {"gate": …}
    served      {"bytes": n}: results are so long, whatever is in them
    mode        "provider": the vendor refused with `message`;  "filter": the content filter's object
"""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import itertools
import json
import secrets
from typing import Any

from fake_formats import PICTURES, SOUNDS
from fake_samples import NAMES, picture, sample
from fake_shapes import directive_of, provider_refusal, shape_a, shape_b
from fake_tables import FEATURES, UNKNOWN, Row, Upload

TRANSCRIPT = "Ask not what the pear tree can do for you."
TRANSLATION = "The pear tree says good day."
#: What makes a signature; without it nobody signs.
_SIGNING = b"the fake's signing key"


@dataclasses.dataclass
class Result:
    """A file that was made."""

    path: str
    body: bytes
    media_type: str
    directive: dict[str, Any]
    #: How it was fetched: "signed" or "cdn", in order.
    fetched: list[str] = dataclasses.field(default_factory=list)


class Features:
    """What was made, and how calls are answered."""

    def __init__(self, fake: Any) -> None:
        self.fake = fake
        self.results: dict[str, Result] = {}
        #: Used where a call has no directive of its own.
        self.default: dict[str, Any] = {}
        #: Whether members that a model does not have are refused, or only noted in `surplus`.
        self.strict = True
        self.surplus: list[tuple[str, str]] = []
        #: What a well-behaved client never does: (what, which path).
        self.leaks: list[tuple[str, str]] = []
        self._numbers = itertools.count(1)

    def clear(self) -> None:
        self.default, self.strict = {}, True
        self.surplus.clear()
        self.leaks.clear()

    # The call

    async def answer(self, connection: Any, request: Any) -> None:
        if await self.fake.refused_key(connection, request):
            return
        try:
            body = json.loads(request.body)
            feature, model, fields = body["type"], body["model"], body["promptObject"]
            assert isinstance(fields, dict) and isinstance(model, str)
            assert set(body) <= {"type", "model", "promptObject", "conversationId"}
        except (ValueError, KeyError, TypeError, AssertionError) as error:
            await self.fake.reply(connection, request, 422, shape_a(
                "PROMPT_OBJECT_VALIDATION_FAILED", f"Validation failed: {type(error).__name__}"))
            return
        words = "\n".join(fields[name] for name in ("prompt", "text") if isinstance(fields.get(name), str))
        directive = {**self.default, **directive_of(words)}
        if "gate" in directive:
            await connection.passage(self.fake.gate(directive["gate"]))
        if await self.fake.special(connection, request, directive):
            return
        refusal = self.refusal(feature, model, fields, request.header("api-key"))
        if refusal is None and directive.get("mode") == "provider":
            refusal = provider_refusal(directive.get("message", "The provider refused"))
        if refusal is not None:
            await self.fake.reply(connection, request, 400, refusal, directive)
            return
        await self.fake.reply(connection, request, 200, self.made(feature, model, fields, directive), directive)

    def row(self, feature: str, model: str) -> Row | None:
        listed = self.fake.known(feature).get(model)
        if feature not in FEATURES or listed is None or listed["status"] != "ACTIVE":
            return None
        return FEATURES[feature].get(model, UNKNOWN[feature])

    def refusal(self, feature: str, model: str, fields: dict[str, Any], key: str) -> dict[str, Any] | None:
        """The error body for what the model does not take."""
        row = self.row(feature, model)
        if row is None:
            return shape_b("UNSUPPORTED_MODEL", f"The model {model} is not supported")
        missing = [name for name in row.required.split() if fields.get(name) is None]
        if missing:
            return shape_b("MISSING_REQUIRED_FIELDS", f"Missing required fields: {', '.join(missing)}", [
                {"field": name, "message": f"{name} is required"} for name in missing])
        unknown = [] if row.open else [
            name for name in fields if name not in row.fields and not name.startswith(row.prefix)]
        self.surplus += [(model, name) for name in unknown]
        if unknown and self.strict:
            return shape_b("PROMPT_OBJECT_VALIDATION_FAILED", "Validation failed", [
                {"field": name, "message": f"property {name} should not exist"} for name in unknown])
        for name, value in fields.items():
            wrong = row.fields[name](value) if name in row.fields else None
            if wrong:
                return provider_refusal(f"{name}: {wrong}")
        wrong = row.together(fields)
        if wrong:
            return provider_refusal(wrong)
        for name, check in row.fields.items():
            if isinstance(check, Upload) and name in fields:
                for path in fields[name] if check.most is not None else [fields[name]]:
                    wrong = self.wrong_upload(path, check, key)
                    if wrong:
                        return provider_refusal(f"{name}: {wrong}")
        return None

    def wrong_upload(self, path: str, check: Upload, key: str) -> str | None:
        asset = self.fake.assets.find(path, key)
        if asset is None:
            return f"there is no file {path}"
        if asset.kind not in (PICTURES if check.what == "picture" else SOUNDS):
            return f"a {asset.kind} is no {check.what}"
        return f"the file is larger than {check.limit} bytes" if asset.size > check.limit else None

    # What comes of it

    def made(self, feature: str, model: str, fields: dict[str, Any], directive: dict[str, Any]) -> dict[str, Any]:
        if feature in ("SPEECH_TO_TEXT", "AUDIO_TRANSLATOR"):
            said = directive.get("says", TRANSCRIPT if feature == "SPEECH_TO_TEXT" else TRANSLATION)
            form = "text" if directive.get("plain") else fields.get("response_format", "text")
            return self.record(feature, model, fields, directive, [spoken(said, form)], None)
        row = self.row(feature, model)
        assert row is not None
        count = directive.get("results", 4 if model.startswith("magic-art") else fields.get(row.count or "", 1))
        made = [self.result(feature, row, fields, directive) for _ in range(count)]
        signed = directive.get("signed")
        entries = [f"{self.fake.url}/asset/{one.path}" if directive.get("absolute") else one.path for one in made]
        temporary = None if not made or signed == "none" or "result" in directive else self.sign(made[0].path)
        return self.record(feature, model, fields, directive, entries, temporary)

    def result(self, feature: str, row: Row, fields: dict[str, Any], directive: dict[str, Any]) -> Result:
        name, kind = row.format
        kind = str(fields.get(name or "", kind)).split("_")[0]
        if "vector" in str(fields.get("task_type")):
            kind = "svg"
        kind = {"jpg": "jpeg"}.get(kind, kind)
        body = picture() if kind == "png" else sample(kind)
        if "served" in directive:
            body = (body + bytes(max(0, directive["served"]["bytes"] - len(body))))[: directive["served"]["bytes"]]
        extension, media_type = NAMES[kind]
        folder = "audios" if feature == "TEXT_TO_SPEECH" else "images"
        path = f"{folder}/2026_10_07_10_00_00_{next(self._numbers):06}_{secrets.randbelow(1_000_000):06}.{extension}"
        self.results[path] = made = Result(path, body, media_type, directive)
        return made

    def record(self, feature: str, model: str, fields: dict[str, Any], directive: dict[str, Any], entries: list[str],
               temporary: str | None) -> dict[str, Any]:
        value = self.fake.record(
            {**directive, "result": directive.get("result", entries)}, {"model": model, "promptObject": fields}, "")
        record = value["aiRecord"]
        record["type"] = feature
        record.update(directive.get("record", {}))
        if directive.get("mode") == "filter":
            record["aiRecordDetail"]["resultObject"] = {
                "code": "CONTENT_POLICY_VIOLATION",
                "message": directive.get("message", "Your request was rejected by the safety system.")}
            temporary = None
        if temporary is not None:
            (value if directive.get("signed") == "top" else record)["temporaryUrl"] = temporary
        return value

    # Where results lie

    def sign(self, path: str) -> str:
        query = ("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAFAKE%2F20261007%2Fus-east-1%2Fs3%2Faws4_request"
                 "&X-Amz-Date=20261007T100000Z&X-Amz-Expires=604800&X-Amz-SignedHeaders=host&x-id=GetObject")
        target = f"/s3/asset.1min.ai/{path}?{query}"
        return f"{self.fake.url}{target}&X-Amz-Signature={signature(target)}"

    async def download(self, connection: Any, request: Any) -> None:
        """A result by its signed address or by the content network's; neither is to be shown a key."""
        way = "signed" if request.path.startswith("/s3/") else "cdn"
        path = request.path.removeprefix("/s3/asset.1min.ai/" if way == "signed" else "/").removeprefix("asset/")
        result = self.results.get(path)
        if request.header("api-key") or request.header("authorization"):
            self.leaks.append(("key", request.path))
            await self.denied(connection, request, "InvalidArgument", 400)
        elif result is None:
            await self.denied(connection, request, "NoSuchKey", 404)
        elif way == "signed" and not signed(request.target):
            self.leaks.append(("signature", request.target))
            await self.denied(connection, request, "SignatureDoesNotMatch", 403)
        elif way == "signed" and result.directive.get("signed") in ("expired", "refused"):
            await self.denied(connection, request, "AccessDenied", 403, "Request has expired")
        elif way == "cdn" and result.directive.get("cdn") == "refused":
            await self.denied(connection, request, "AccessDenied", 403)
        else:
            steer = result.directive.get("download", {})
            if "gate" in steer:
                await connection.passage(self.fake.gate(steer["gate"]))
            if not await self.fake.special(connection, request, steer):
                # First: whoever has the whole answer may look at once.
                result.fetched.append(way)
                await self.fake.reply(connection, request, 200, result.body, steer, kind=result.media_type)

    async def denied(self, connection: Any, request: Any, code: str, status: int, message: str = "Access Denied") -> None:
        page = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
        await self.fake.reply(connection, request, status, page.encode(), kind="application/xml")


def signature(target: str) -> str:
    return hmac.new(_SIGNING, target.encode(), hashlib.sha256).hexdigest()


def signed(target: str) -> bool:
    """Whether an address is, byte for byte, one that was given out."""
    target, mark, given = target.rpartition("&X-Amz-Signature=")
    return bool(mark) and hmac.compare_digest(given, signature(target))


def spoken(said: str, form: str) -> str:
    """A transcript as whisper gives it, within the text of the record."""
    if form == "json":
        return json.dumps({"text": said})
    if form == "srt":
        return f"1\n00:00:00,000 --> 00:00:01,000\n{said}\n\n"
    if form == "vtt":
        return f"WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n{said}\n\n"
    if form == "verbose_json":
        return json.dumps({
            "task": "transcribe", "language": "english", "duration": 1.0, "text": said,
            "segments": [{"id": 0, "seek": 0, "start": 0.0, "end": 1.0, "text": f" {said}", "tokens": [50364, 1],
                          "temperature": 0.0, "avg_logprob": -0.25, "compression_ratio": 1.0, "no_speech_prob": 0.01}]})
    return said


def attachments(fake: Any, body: dict[str, Any], key: str) -> tuple[str, dict[str, Any] | None]:
    """What a chat's model sees of what is attached: a description, or the error body when there is something it cannot."""
    attached = body["promptObject"].get("attachments", {})
    pictures, files = attached.get("images", []), attached.get("files", [])
    if not set(attached) <= {"images", "files"} or not all(isinstance(one, str) for one in [*pictures, *files]):
        return "", shape_a("PROMPT_OBJECT_VALIDATION_FAILED", "attachments are not valid")
    sees = "image" in fake.known().get(body["model"], {}).get("modality", {}).get("INPUT", [])
    if pictures and not sees:
        return "", provider_refusal("This model does not support image input")
    seen, read = [], []
    for path in pictures:
        asset = fake.assets.find(path, key)
        if path.startswith(("http://", "https://")):
            seen.append("address")
        elif asset is None or asset.kind not in PICTURES:
            return "", provider_refusal(f"there is no picture {path}")
        else:
            seen.append(str(asset))
    for name in files:
        asset = fake.assets.by_uuid.get(name)
        if fake.assets.find(name, key) is not None:
            # As the service does: the call succeeds, and the model makes an answer up.
            continue
        if asset is None or asset.key != key:
            return "", provider_refusal(f"there is no file {name}")
        read.append(asset.kind)
    return "; ".join([f"images: {len(seen)}" + (f" ({', '.join(seen)})" if seen else ""),
                      f"files: {len(read)}" + (f" ({', '.join(read)})" if read else "")]), None
