"""What the tests of pictures, documents and sound share: how clients write files into their requests."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from fake_onemin import FakeOneMin, directive
from fake_samples import NAMES
from harness import Answer

#: Makes the fake say what it was shown.
DESCRIBE = directive(describe=True)


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def data_url(data: bytes, kind: str = "png") -> str:
    return f"data:{NAMES[kind][1]};base64,{encoded(data)}"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def picture_part(url: str, **fields: Any) -> dict[str, Any]:
    """A part of a chat completion's message."""
    return {"type": "image_url", "image_url": {"url": url, **fields}}


def file_part(**fields: Any) -> dict[str, Any]:
    """Likewise, for a document: `file_data`, `filename`, `file_id`."""
    return {"type": "file", "file": fields}


def text_part(text: str = DESCRIBE) -> dict[str, Any]:
    return {"type": "text", "text": text}


def chat(*parts: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A chat completion's request with these parts behind the question."""
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": [text_part(), *parts]}], **fields}


def block(kind: str, source: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A block of Anthropic's messages, `image` or `document`."""
    return {"type": kind, "source": source, **fields}


def base64_source(data: bytes, kind: str = "png") -> dict[str, Any]:
    return {"type": "base64", "media_type": NAMES[kind][1], "data": encoded(data)}


def attached(fake: FakeOneMin) -> dict[str, Any]:
    """What the last chat named."""
    return fake.chats()[-1].json["promptObject"].get("attachments", {})


def refused(answer: Answer, status: int = 400, code: str | None = None, param: str | None = None, words: str = "") -> dict:
    """An error of OpenAI's dialect that the client made."""
    assert answer.status == status, answer
    error = answer.error
    assert set(error) == {"message", "type", "param", "code"} and error["type"] == "invalid_request_error", error
    assert words.lower() in error["message"].lower(), error
    assert code is None or error["code"] == code, error
    assert param is None or error["param"] == param, error
    return error


def form(parts: list[tuple[str, str | None, bytes]], boundary: str = "the-boundary") -> bytes:
    """A multipart body, letter by letter: name, file name, bytes."""
    body = b""
    for name, file_name, data in parts:
        behind = f'; filename="{file_name}"\r\nContent-Type: application/octet-stream' if file_name is not None else ""
        body += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{behind}\r\n\r\n'.encode() + data + b"\r\n"
    return body + f"--{boundary}--\r\n".encode()


#: The content type of `form`.
FORM = "multipart/form-data; boundary=the-boundary"


def calls_of(fake: FakeOneMin, feature: str) -> list[dict[str, Any]]:
    """The prompt objects of a feature's calls."""
    return [request.json["promptObject"] for request in fake.calls(feature)]
