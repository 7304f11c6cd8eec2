"""Every way 1min.ai can fail, before and after the first byte; never an empty success."""

from __future__ import annotations

import json

import pytest

from fake_onemin import directive
from harness import KEY, ConnectProxy, Stack, contents, finish_reasons

VENDOR_DETAILS = json.dumps({"response": {"status": 400, "data": {
    "message": "temperature is too hot for this model", "request_path": "/v9/internal/path", "id": "req_private123"}}})

#: name, directive, status, code, words of the vendor that must reach the client
BEFORE = [
    ("401, documented shape", dict(mode="status", status=401), 401, "invalid_api_key", ""),
    ("401, plain", dict(mode="status", status=401, body="plain", message="Invalid token"), 401, "invalid_api_key", ""),
    ("401, live shape", dict(mode="status", status=401, body="B", code="UNAUTHORIZED"), 401, "invalid_api_key", ""),
    ("402", dict(mode="status", status=402), 429, "insufficient_quota", ""),
    ("403 about credits", dict(mode="status", status=403, body="plain", message="Insufficient credits left"),
     429, "insufficient_quota", "Insufficient credits"),
    ("unsupported model", dict(mode="status", status=400, body="B", code="UNSUPPORTED_MODEL",
                               message="The model gpt-4o is not supported"), 404, "model_not_found", "gpt-4o"),
    ("validation", dict(mode="status", status=422, message="prompt is odd",
                        details=[{"field": "prompt", "message": "is odd"}]), 400, "upstream_rejected", "odd"),
    ("missing fields", dict(mode="status", status=400, body="B", code="MISSING_REQUIRED_FIELDS", message="Missing",
                            details=[{"field": "quality", "message": "quality is required"}]),
     400, "upstream_rejected", ""),
    ("the provider refused", dict(mode="status", status=400, body="B", code="EXTERNAL_API_RESPONSE_WITH_ERROR",
                                  message="The provider is busy, try again", details=VENDOR_DETAILS),
     400, "upstream_rejected", "temperature is too hot"),
    ("rate limit", dict(mode="status", status=429, retryAfter=7), 429, "rate_limit_exceeded", ""),
    ("rate limit as a page", dict(mode="status", status=429, body="html"), 429, "rate_limit_exceeded", ""),
    ("500", dict(mode="status", status=500, message="Database is on fire"), 502, "upstream_failed", "on fire"),
    ("500, live shape", dict(mode="status", status=500, body="B", message="Exploded"), 502, "upstream_failed", "Exploded"),
    ("500, empty", dict(mode="status", status=500, body="empty"), 502, "upstream_failed", ""),
    ("502 page", dict(mode="status", status=502), 502, "upstream_failed", ""),
    ("503 page", dict(mode="status", status=503), 502, "upstream_failed", ""),
    ("504 page", dict(mode="status", status=504), 502, "upstream_failed", ""),
    ("404", dict(mode="status", status=404, body="plain"), 502, "upstream_failed", ""),
    ("reset at once", dict(mode="reset"), 502, "upstream_failed", ""),
    ("a page with 200", dict(mode="html"), 502, "upstream_failed", ""),
    ("no JSON with 200", dict(mode="garbage"), 502, "upstream_failed", ""),
    ("redirect to another host", dict(mode="redirect", location="https://evil.example.org/"), 502, "upstream_failed", ""),
    ("redirect on the host", dict(mode="redirect", status=307, location="/elsewhere"), 502, "upstream_failed", ""),
    ("failed record", dict(record={"status": "FAILED"}, chunks=[], result=["nope"]), 502, "upstream_failed", ""),
    ("content filter object", dict(chunks=[], result={"code": "content_filter", "message": "Refused by the filter"}),
     400, "content_policy_violation", "Refused by the filter"),
    ("empty answer", dict(chunks=[], result="empty"), 502, "upstream_failed", ""),
    ("empty text", dict(chunks=[], text=""), 502, "upstream_failed", ""),
    ("cut before anything", dict(mode="cut", after=5), 502, "upstream_failed", ""),
]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("fields, status, code, words", [row[1:] for row in BEFORE], ids=[row[0] for row in BEFORE])
def test_before_the_first_byte_a_failure_has_its_status(stack: Stack, fake, fields, status, code, words, stream: bool):
    answer = stack.chat(directive(**fields), stream=stream or None)
    assert answer.status == status, answer
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.error["code"] == code and answer.error["message"]
    assert words in answer.error["message"]
    for private in (KEY, "internal-context-id", "/v9/internal/path", "req_private123", "<html", "127.0.0.1"):
        assert private not in answer.body.decode()
    if "retryAfter" in fields:
        assert answer.headers["Retry-After"] == str(fields["retryAfter"])
    assert all(request.path == "/api/chat-with-ai" for request in fake.requests if request.method == "POST")


def test_a_key_does_not_follow_a_redirect(stack: Stack, fake):
    with ConnectProxy() as elsewhere:
        for stream in (None, True):
            stack.chat(directive(mode="redirect", location=f"{elsewhere.url}/steal"), stream=stream)
        assert elsewhere.lines == []


@pytest.mark.parametrize("fields, code, words", [
    (dict(mode="error-event", afterEvents=0, message="The provider is busy"), "upstream_failed", "The provider is busy"),
    (dict(mode="error-event", afterEvents=0, message="Insufficient credits"), "insufficient_quota", "credits"),
    (dict(mode="end", afterEvents=0), "upstream_failed", ""),
], ids=["error event", "error event about credits", "end without a word"])
def test_a_stream_that_fails_before_its_first_event_has_a_status(stack: Stack, fields, code, words):
    answer = stack.chat(directive(**fields), stream=True)
    assert answer.status in (400, 429, 502) and answer.error["code"] == code, answer
    assert words in answer.error["message"]


@pytest.mark.parametrize("fields, code, words", [
    (dict(mode="error-event", afterEvents=2, message="The provider is busy"), "upstream_failed", "The provider is busy"),
    (dict(mode="error-event", afterEvents=2, message="Insufficient credits"), "insufficient_quota", "credits"),
    (dict(mode="error-event", afterEvents=2, message="Key sk-abcdefghijklmnopqrstuvwx012345 at 10.1.2.3 is bad"),
     None, "is bad"),
    (dict(mode="cut", afterEvents=2), "upstream_failed", ""),
    (dict(mode="reset", afterEvents=2), "upstream_failed", ""),
    (dict(mode="end", afterEvents=2), "upstream_failed", ""),
    (dict(mode="cut", after=75), "upstream_failed", ""),
    (dict(record={"status": "FAILED"}), "upstream_failed", ""),
    (dict(result={"code": "content_filter", "message": "Refused by the filter"}), "content_policy_violation", "filter"),
], ids=["error event", "credits", "secret words", "cut", "reset", "end", "cut in an event", "failed record", "filter"])
def test_after_the_first_byte_a_failure_is_an_error_event_and_the_end(stack: Stack, fields, code, words):
    with stack.stream(directive(**fields)) as stream:
        values = stream.rest()
    assert stream.status == 200
    error = values[-1]["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["message"] and words in error["message"]
    if code is not None:
        assert error["code"] == code
    for private in ("sk-abcdef", "10.1.2.3", KEY):
        assert private not in stream.raw.decode()
    assert "[DONE]" not in values and finish_reasons(values) == []
    assert contents(values) != ""


@pytest.mark.parametrize("fields", [dict(mode="cut", after=200), dict(mode="reset", after=200)])
def test_a_whole_answer_that_breaks_off_is_502(stack: Stack, fields):
    answer = stack.chat(directive(text="x" * 5000, **fields))
    assert answer.status == 502 and answer.error["code"] == "upstream_failed"


def test_one_failing_choice_fails_the_answer(stack: Stack, fake):
    answer = stack.chat(directive(mode="status", status=429), n=3)
    assert answer.status == 429 and answer.error["code"] == "rate_limit_exceeded"


def test_a_paid_call_is_made_once(stack: Stack, fake):
    for fields in (dict(mode="status", status=500), dict(mode="cut", afterEvents=1), dict(mode="garbage")):
        fake.clear()
        stack.chat(directive(**fields))
        assert len(fake.chats()) == 1, fields


def test_a_vendor_that_refuses_connections_is_502(make_stack):
    from harness import free_port
    stack = make_stack(provider={"baseURL": f"http://127.0.0.1:{free_port()}"})
    answer = stack.chat()
    assert answer.status == 502 and answer.error["code"] == "upstream_unreachable"
    with stack.stream("Hi") as stream:
        assert stream.status == 502


def test_a_vendor_without_a_name_is_502(make_stack):
    stack = make_stack(provider={"baseURL": "https://no-such-host.invalid"})
    answer = stack.chat()
    assert answer.status == 502 and answer.error["code"] == "upstream_unreachable"


TIMEOUTS = {"connect": "2s", "firstByte": "400ms", "firstEvent": "800ms", "idle": "400ms", "total": "1500ms"}


@pytest.mark.parametrize("stream, fields, phase", [
    (True, dict(mode="stall", at="head"), "firstByte"),
    (True, dict(mode="stall", at="body"), "firstEvent"),
    (False, dict(mode="stall", at="head"), "firstEvent"),
], ids=["no head", "no event", "no head, whole"])
def test_time_outs_before_the_first_byte_are_504(make_stack, fake, stream: bool, fields, phase):
    # idle and firstEvent both run while nothing comes; the test wants to see firstEvent.
    stack = make_stack(provider={"timeouts": {**TIMEOUTS, "idle": "5s", "total": "10s"}})
    answer = stack.chat(directive(**fields), stream=stream or None)
    assert answer.status == 504, answer
    assert answer.error["code"] == "upstream_timeout"
    fake.wait_for_abort(fake.wait_for_chat(), 2)


@pytest.mark.parametrize("fields", [dict(mode="stall", at=2), dict(events=100, gap=0.1)], ids=["idle", "total"])
def test_time_outs_after_the_first_byte_are_an_error_event(make_stack, fake, fields):
    stack = make_stack(provider={"timeouts": TIMEOUTS})
    with stack.stream(directive(**fields)) as stream:
        values = stream.rest()
    assert "error" in values[-1], stream.raw
    assert values[-1]["error"]["code"] == "upstream_timeout"
    fake.wait_for_abort(fake.wait_for_chat(), 2)
