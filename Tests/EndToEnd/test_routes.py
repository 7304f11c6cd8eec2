"""Paths, methods and model ids."""

from __future__ import annotations

import pytest

from fake_onemin import BAD_KEY, CHAT_MODELS
from harness import KEY, MODEL, Stack, question

ACTIVE = [entry["modelId"] for entry in CHAT_MODELS if entry["status"] == "ACTIVE"]
CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"


def is_openai_error(answer, status: int) -> dict:
    assert answer.status == status, answer
    assert answer.headers["Content-Type"].startswith("application/json")
    error = answer.error
    assert set(error) == {"message", "type", "param", "code"}
    assert isinstance(error["message"], str) and error["message"]
    return error


@pytest.mark.parametrize("path", ["/", "/health"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_root_and_health_answer_without_key_and_upstream_call(stack: Stack, fake, path: str, method: str):
    answer = stack.request(method, path)
    assert answer.status == 200
    assert fake.requests == []
    if method == "HEAD":
        assert answer.body == b""


@pytest.mark.parametrize("prefix", ["/v1", ""])
def test_models_are_listed_with_and_without_v1(stack: Stack, prefix: str):
    answer = stack.get(f"{prefix}/models")
    assert answer.status == 200 and answer.json["object"] == "list"
    ids = [entry["id"] for entry in answer.json["data"]]
    assert set(ACTIVE) <= set(ids)
    assert "fake-disabled-model" not in ids
    assert len(ids) == len(set(ids))
    for entry in answer.json["data"]:
        assert entry["object"] == "model" and isinstance(entry["created"], int) and entry["owned_by"]


@pytest.mark.parametrize("prefix", ["/v1", ""])
def test_chat_answers_with_and_without_v1(stack: Stack, prefix: str):
    answer = stack.post(question("Hi"), path=f"{prefix}/chat/completions")
    assert answer.status == 200 and answer.text


@pytest.mark.parametrize("prefix", ["/relay/v1", "/relay"])
def test_everything_works_below_a_path(stack: Stack, prefix: str):
    port = stack.nginx.mounted_port
    assert stack.get("/relay/health", port=port).status == 200
    assert stack.get("/relay/", port=port).status == 200
    assert stack.get(f"{prefix}/models/{CLAUDE}", port=port).json["id"] == CLAUDE
    assert stack.get(f"{prefix}/models/meta%2Fmuse-spark-1.3", port=port).json["id"] == "meta/muse-spark-1.3"
    assert stack.post(question("Hi"), path=f"{prefix}/chat/completions", port=port).status == 200
    is_openai_error(stack.get(f"{prefix}/nothing", port=port), 404)


@pytest.mark.parametrize("written, identifier", [
    (MODEL, MODEL),
    (CLAUDE, CLAUDE),
    (CLAUDE.replace(":", "%3A"), CLAUDE),
    ("meta/muse-spark-1.3", "meta/muse-spark-1.3"),
    ("meta%2Fmuse-spark-1.3", "meta/muse-spark-1.3"),
    ("meta%2fmuse-spark-1%2E3", "meta/muse-spark-1.3"),
    ("moonshotai/kimi-k3", "moonshotai/kimi-k3"),
])
def test_a_model_is_found_by_its_id_raw_and_encoded(stack: Stack, written: str, identifier: str):
    answer = stack.get(f"/v1/models/{written}")
    assert answer.status == 200, answer
    assert answer.json["id"] == identifier and answer.json["object"] == "model"


def test_an_unknown_model_is_404(stack: Stack):
    error = is_openai_error(stack.get("/v1/models/no-such-model"), 404)
    assert error["code"] == "model_not_found" and error["type"] == "invalid_request_error"


@pytest.mark.parametrize("path", ["/nothing", "/v1", "/v1/chat", "/v1/completions/x", "/v2/models", "/v1/chat/completions/x"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_path_is_404(stack: Stack, fake, path: str, method: str):
    if path == "/v1" and method == "GET" and stack.get(path).status == 200:
        pytest.skip("/v1 is the root with its prefix")
    error = is_openai_error(stack.request(method, path, headers={"Authorization": f"Bearer {KEY}"}), 404)
    assert path in error["message"]
    assert fake.requests == []


@pytest.mark.parametrize("method, path, allowed", [
    ("GET", "/v1/chat/completions", "POST"), ("PUT", "/v1/chat/completions", "POST"),
    ("DELETE", "/chat/completions", "POST"), ("POST", "/v1/models", "GET"), ("PATCH", "/v1/models/gpt-4o", "GET"),
    ("DELETE", "/v1/models/gpt-4o", "GET"), ("POST", "/health", "GET"), ("HEAD", "/v1/chat/completions", "POST"),
])
def test_a_wrong_method_is_405_and_names_the_right_ones(stack: Stack, fake, method: str, path: str, allowed: str):
    answer = stack.request(method, path, headers={"Authorization": f"Bearer {KEY}"})
    assert answer.status == 405
    assert allowed in [name.strip() for name in answer.headers["Allow"].split(",")]
    if method != "HEAD":
        assert is_openai_error(answer, 405)["code"] == "method_not_allowed"
    assert fake.requests == []


@pytest.mark.parametrize("path", ["/v1/models", f"/v1/models/{CLAUDE}"])
def test_head_of_models_has_no_body(stack: Stack, path: str):
    answer = stack.request("HEAD", path, headers={"Authorization": f"Bearer {KEY}"})
    assert answer.status == 200 and answer.body == b""


@pytest.mark.parametrize("path, method", [("/v1/models", "GET"), ("/v1/chat/completions", "POST"), ("/health", "GET")])
def test_options_names_the_methods(stack: Stack, path: str, method: str):
    answer = stack.request("OPTIONS", path)
    assert answer.status in (200, 204)
    assert method in [name.strip() for name in answer.headers["Allow"].split(",")]


@pytest.mark.parametrize("headers", [
    {"Authorization": None}, {"Authorization": ""}, {"Authorization": "Bearer "}, {"Authorization": "Bearer"},
    {"Authorization": "Basic dXNlcjpwYXNz"},
])
def test_without_a_key_chat_is_401_and_no_call_is_made(stack: Stack, fake, headers: dict):
    answer = stack.post(question("Hi"), headers=headers)
    error = is_openai_error(answer, 401)
    assert error["code"] == "missing_api_key" and error["type"] == "invalid_request_error"
    assert fake.chats() == []


@pytest.mark.parametrize("headers", [
    {"Authorization": f"Bearer {KEY}"}, {"Authorization": f"bearer {KEY}"}, {"Authorization": f"Bearer   {KEY} "},
    {"Authorization": None, "x-api-key": KEY},
])
def test_the_callers_key_goes_upstream_as_api_key_and_nothing_else_does(stack: Stack, fake, headers: dict):
    answer = stack.post(question("Hi"), headers={
        **headers, "Cookie": "session=private", "X-Forwarded-For": "203.0.113.9", "OpenAI-Organization": "org-private"})
    assert answer.status == 200, answer
    request = fake.wait_for_chat()
    assert request.header("API-KEY") == KEY
    names = {name.lower() for name, _ in request.headers}
    assert not names & {"authorization", "x-api-key", "cookie", "x-forwarded-for", "openai-organization"}
    assert request.header("Content-Type").startswith("application/json")


def test_a_key_that_the_vendor_refuses_is_401(stack: Stack, fake):
    error = is_openai_error(stack.chat(headers={"Authorization": f"Bearer {BAD_KEY}"}), 401)
    assert error["code"] == "invalid_api_key"
    assert len(fake.chats()) == 1


@pytest.mark.parametrize("given, kept", [
    ("req-abc.DEF_123", True), ("a" * 128, True), ("a" * 200, False), ("with space", False), ("<script>", False),
])
def test_a_sane_request_id_is_kept_and_another_replaced(stack: Stack, given: str, kept: bool):
    answer = stack.chat(headers={"x-request-id": given})
    identifiers = answer.headers.get_all("x-request-id")
    assert len(identifiers) == 1
    assert (identifiers[0] == given) is kept
    assert identifiers[0]


def test_every_answer_has_a_request_id(stack: Stack):
    answers = [stack.get("/health"), stack.get("/v1/models"), stack.get("/nothing"), stack.chat()]
    identifiers = [answer.headers["x-request-id"] for answer in answers]
    assert len(set(identifiers)) == 4
