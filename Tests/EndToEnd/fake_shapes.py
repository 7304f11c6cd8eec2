"""What the fake 1min.ai and its callers say to each other besides the service's own API: directives and error bodies."""

from __future__ import annotations

import json
import re
from typing import Any

DIRECTIVE = re.compile(r"\[\[fake:")


def directive_of(prompt: str) -> dict[str, Any]:
    """The first directive in the prompt."""
    found = DIRECTIVE.search(prompt)
    if found is None:
        return {}
    value, _ = json.JSONDecoder().raw_decode(prompt, found.end())
    return value


def directive(**fields: Any) -> str:
    """A prompt that steers the fake: `directive(mode="cut", after=120)`."""
    return f"[[fake:{json.dumps(fields, ensure_ascii=False)}]]"


def shape_a(code: str, message: str, details: Any = None) -> dict[str, Any]:
    """The error body of the documentation."""
    error: dict[str, Any] = {"code": code, "message": message}
    if details is not None:
        error["details"] = details
    return {"success": False, "error": error}


def shape_b(code: str, message: str, details: Any = None) -> dict[str, Any]:
    """The error body of live captures: `details` is JSON inside a string."""
    value: dict[str, Any] = {"errorCode": code, "message": message, "context": {"requestId": "internal-context-id"}}
    if details is not None:
        value["details"] = details if isinstance(details, str) else json.dumps(details)
    return value


def provider_refusal(message: str) -> dict[str, Any]:
    """What the service says when the vendor behind it refused: a canned sentence, the cause nested in the details."""
    return shape_b(
        "EXTERNAL_API_RESPONSE_WITH_ERROR", "The AI provider is busy at the moment, please try again later.",
        {"request": {"path": "/v1/internal/path", "id": "internal-provider-id"},
         "response": {"status": 400, "data": {"code": "InvalidParameter", "message": message}}})
