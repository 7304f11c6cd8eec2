"""What clients should not send. Each has its status, names what is wrong, and hurts nobody else."""

from __future__ import annotations

import json

import pytest

from fake_onemin import directive
from harness import KEY, MODEL, Stack, question, raw_http


@pytest.fixture(autouse=True)
def still_alive(stack: Stack, fake):
    """After each bad request: the same process, and it serves."""
    yield
    assert stack.worker.process.poll() is None
    assert stack.chat("still there?").status == 200


def refused(answer, status: int = 400, param: str | None = None, words: str = "", code: str | None = None) -> dict:
    assert answer.status == status, answer
    error = answer.error
    assert set(error) == {"message", "type", "param", "code"}
    assert error["type"] == "invalid_request_error"
    assert words in error["message"], error
    if param is not None:
        assert error["param"] == param, error
    if code is not None:
        assert error["code"] == code, error
    return error


@pytest.mark.parametrize("body, line, column", [
    (b'{"model": "gpt-4o", "messages": [}', 1, 34), (b'{"model": "gpt-4o"\n "messages": []}', 2, 2),
    (b"{'model': 1}", 1, 2), (b'{"a": 1,}', 1, 9), (b'{"a": 01}', 1, 8), (b'{"a": "\x01"}', 1, 8), (b"nonsense", 1, 2),
    (b'{"a": 1} x', 1, 10), (b'{"a": "', 1, 8), (b"\xef\xbb\xbf{", None, None), (b"[1, 2", 1, 6),
])
def test_malformed_json_is_refused_with_its_place(stack: Stack, body: bytes, line, column):
    error = refused(stack.post(body), code="invalid_json")
    if line is not None:
        assert f"line {line}, column {column}" in error["message"]


def test_an_empty_body_is_refused(stack: Stack):
    refused(stack.post(b""), words="empty", code="invalid_json")


@pytest.mark.parametrize("body", [b"[]", b"null", b"1", b'"text"', b"true"])
def test_a_body_that_is_no_object_is_refused(stack: Stack, body: bytes):
    refused(stack.post(body), words="object")


@pytest.mark.parametrize("change, param", [
    ({"messages": "Hi"}, "messages"),
    ({"messages": [{"role": "user", "content": "a"}, 5]}, "messages[1]"),
    ({"messages": [{"role": "user", "content": "a"}] * 2 + [{"role": "user", "content": 5}]}, "messages[2].content"),
    ({"messages": [{"role": "user", "content": {"type": "text"}}]}, "messages[0].content"),
    ({"messages": [{"role": "user", "content": [{"type": "text", "text": 5}]}]}, "messages[0].content[0].text"),
    ({"messages": [{"role": "user", "content": [{"text": "a"}]}]}, "messages[0].content[0].type"),
    ({"messages": [{"role": 5, "content": "a"}]}, "messages[0].role"),
    ({"messages": [{"role": "king", "content": "a"}]}, "messages[0].role"),
    ({"messages": [{"content": "a"}]}, "messages[0].role"),
    ({"messages": [{"role": "user"}]}, "messages[0].content"),
    ({"messages": []}, "messages"),
    ({"messages": None}, "messages"),
    ({"model": 5}, "model"),
    ({"stream": "yes"}, "stream"),
    ({"stream_options": []}, "stream_options"),
    ({"n": "2"}, "n"), ({"n": 0}, "n"), ({"n": -1}, "n"), ({"n": 1.5}, "n"), ({"n": 10**30}, "n"),
    ({"stop": 5}, "stop"), ({"stop": ["a", 5]}, "stop[1]"), ({"stop": list("abcde")}, "stop"),
    ({"temperature": "hot"}, "temperature"), ({"seed": "x"}, "seed"),
    ({"web_search_options": 5}, "web_search_options"),
    ({"tools": {}}, "tools"),
])
def test_a_wrong_type_or_value_names_its_field(stack: Stack, fake, change: dict, param: str):
    refused(stack.post({**question("Hi"), **change}), param=param)
    assert fake.chats() == []


@pytest.mark.parametrize("content", ["", " \n\t ", [], [{"type": "text", "text": ""}]])
def test_an_empty_prompt_is_refused(stack: Stack, fake, content):
    answer = stack.post({"model": MODEL, "messages": [{"role": "user", "content": content}]})
    assert refused(answer)["param"].startswith("messages")
    assert fake.chats() == []


def test_a_missing_model_is_refused_when_none_is_configured(stack: Stack):
    body = question("Hi")
    del body["model"]
    refused(stack.post(body), param="model")


def test_50_mb_pass(stack: Stack, fake):
    text = "x" * 50_000_000
    answer = stack.post(question(text), timeout=60)
    assert answer.status == 200, answer
    assert len(fake.wait_for_chat().prompt) == 50_000_000


def test_a_single_message_of_20_mb_passes_streamed(stack: Stack):
    with stack.stream(directive(text="fine") + "日" * 6_666_666) as stream:
        assert stream.text(30) == "fine"


def test_a_body_over_the_workers_limit_is_413(make_stack, fake):
    stack = make_stack(limits={"bodyBytes": 100_000})
    assert stack.post(question("x" * 99_000)).status == 200
    refused(stack.post(question("x" * 100_001)), 413, code="request_too_large")
    refused(stack.post(question("x" * 5_000_000)), 413, code="request_too_large")
    assert stack.chat().status == 200


@pytest.mark.parametrize("kind", [None, "", "application/json; charset=utf-8", "Application/JSON", "application/vnd.api+json"])
def test_a_missing_or_odd_json_content_type_passes(stack: Stack, kind):
    headers = {"Content-Type": kind}
    assert stack.post(question("Hi"), headers=headers).status == 200


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/html"])
def test_a_wrong_content_type_is_415(stack: Stack, fake, kind: str):
    refused(stack.post(question("Hi"), headers={"Content-Type": kind}), 415, code="unsupported_media_type")
    assert fake.chats() == []


@pytest.mark.parametrize("text", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xc0\xaf", b"a\x80b"])
def test_invalid_utf8_is_refused(stack: Stack, fake, text: bytes):
    body = b'{"model": "gpt-4o", "messages": [{"role": "user", "content": "' + text + b'"}]}'
    refused(stack.post(body), code="invalid_json", words="UTF-8")
    assert fake.chats() == []


@pytest.mark.parametrize("escape", ["\\ud800", "\\udc00", "\\ud800x", "\\udc00\\ud800", "\\ud800\\ud800"])
def test_lone_surrogates_are_refused_or_replaced(stack: Stack, fake, escape: str):
    body = '{"model": "gpt-4o", "messages": [{"role": "user", "content": "a' + escape + 'b"}]}'
    answer = stack.post(body)
    assert answer.status in (200, 400), answer
    if answer.status == 200:
        assert "\ufffd" in fake.wait_for_chat().prompt
    else:
        refused(answer, code="invalid_json")


def test_a_pair_of_surrogates_is_one_character(stack: Stack, fake):
    stack.post('{"model": "gpt-4o", "messages": [{"role": "user", "content": "\\ud83d\\ude00"}]}')
    assert fake.wait_for_chat().prompt == "\U0001f600"


@pytest.mark.parametrize("opening, closing", [("[", "]"), ('{"a":', "}")])
@pytest.mark.parametrize("place", ["body", "metadata", "unclosed"])
def test_nesting_of_10000_is_refused(stack: Stack, fake, opening: str, closing: str, place: str):
    deep = opening * 10_000 + "1" + closing * 10_000
    if place == "unclosed":
        deep = opening * 1_000_000
    body = deep if place != "metadata" else json.dumps(question("Hi"))[:-1] + f', "metadata": {deep}}}'
    refused(stack.post(body), code="invalid_json")
    assert fake.chats() == []


def test_of_duplicate_keys_the_last_counts(stack: Stack, fake):
    body = ('{"model": "no-such-model", "model": "gpt-4o", "messages": [], '
            '"messages": [{"role": "user", "content": "first", "content": "last"}]}')
    assert stack.post(body).status == 200
    assert fake.wait_for_chat().prompt == "last"


def test_many_headers_and_long_ones(stack: Stack):
    headers = {f"X-Header-{number}": "x" * 100 for number in range(200)}
    assert stack.chat(headers=headers).status in (200, 400, 431)
    assert stack.chat(headers={"X-Long": "x" * 7000}).status == 200
    answer = stack.chat(headers={"X-Too-Long": "x" * 100_000})
    assert answer.status in (400, 431) and answer.error["type"] == "invalid_request_error"


@pytest.mark.parametrize("key", ["k" * 5000, "ключ", "k\x7fk"])
def test_odd_keys_are_refused_without_a_call(stack: Stack, fake, key: str):
    request = (f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n"
               "Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}")
    body = json.dumps(question("Hi"))
    answer = raw_http(stack.nginx.port, request.format(length=len(body), body=body).encode()
                      if "{length}" in request else b"")
    status = int(answer.split()[1])
    assert status in (400, 401), answer
    assert fake.chats() == []


@pytest.mark.parametrize("value", ["1e400", "-1e400", "123456789012345678901234567890", "-0", "1e-400"])
@pytest.mark.parametrize("field", ["temperature", "seed", "max_tokens"])
def test_huge_and_negative_numbers_do_no_harm(stack: Stack, field: str, value: str):
    body = json.dumps(question("Hi"))[:-1] + f', "{field}": {value}}}'
    answer = stack.post(body)
    assert answer.status in (200, 400), answer
    if answer.status == 400:
        refused(answer, param=field)


def test_nul_bytes(stack: Stack, fake):
    refused(stack.post(b'{"model": "gpt-4o", "messages": [{"role": "user", "content": "a\0b"}]}'), code="invalid_json")
    refused(stack.post(b"\0" * 100), code="invalid_json")
    # Escaped, it is a character like any other.
    assert stack.chat("a\0b").status == 200
    assert fake.wait_for_chat().prompt == "a\0b"


@pytest.mark.parametrize("path", ["/v1/models/%00", "/v1/models/%ff%fe", "/v1/models/..%2f..%2fetc", "/%0d%0aX-Evil:%201",
                                  "/v1/models/" + "x" * 5000, "/v1/models/%E2%80%A8", "/v1/models/%"])
def test_odd_paths_are_404_or_400(stack: Stack, path: str):
    answer = stack.request("GET", path, headers={"Authorization": f"Bearer {KEY}"})
    assert answer.status in (400, 404), answer
    assert answer.error["type"] == "invalid_request_error"
    assert "X-Evil" not in answer.headers


def test_a_model_name_with_odd_characters_is_404_and_cleaned(stack: Stack, fake):
    for name in ("x" * 10_000, "a\r\nX-Evil: 1", "../../etc/passwd", "\0", "日本", ""):
        answer = stack.chat(model=name)
        assert answer.status in (400, 404), answer
        assert "X-Evil" not in answer.headers
        assert len(answer.body) < 4000
    assert fake.chats() == []


def test_a_slow_upload_disturbs_nobody(stack: Stack):
    import contextlib
    import socket
    with contextlib.ExitStack() as stack_of_uploads:
        for _ in range(100):
            connection = stack_of_uploads.enter_context(socket.create_connection(("127.0.0.1", stack.nginx.port)))
            connection.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\n"
                               b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")
        assert stack.chat().status == 200
