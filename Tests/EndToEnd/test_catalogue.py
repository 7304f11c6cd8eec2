"""Which models there are and what they are called."""

from __future__ import annotations

import concurrent.futures

import pytest

from fake_onemin import CHAT_MODELS, directive, model
from harness import KEY, Stack, free_port

CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"


def ids(stack: Stack) -> list[str]:
    return [entry["id"] for entry in stack.get("/v1/models").json["data"]]


def chat_listings(fake) -> list:
    return [request for request in fake.requests if request.path == "/models" and "UNIFY_CHAT" in request.target]


def test_the_listing_is_asked_for_without_a_key(make_stack, fake):
    stack = make_stack()
    ids(stack)
    [request] = chat_listings(fake)
    assert request.target == "/models?feature=UNIFY_CHAT_WITH_AI"
    assert request.header("API-KEY") is None


def test_the_listing_is_cached_and_fetched_once(make_stack, fake):
    stack = make_stack()
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: stack.get("/v1/models"), range(32)))
    assert all(answer.status == 200 for answer in answers)
    assert len(chat_listings(fake)) == 1
    stack.chat()
    assert len(chat_listings(fake)) == 1


def test_a_stale_listing_is_served_while_it_is_refreshed(make_stack, fake):
    stack = make_stack(models={"refresh": "1s"})
    assert "brand-new" not in ids(stack)
    fake.listing = [*CHAT_MODELS, model("brand-new", "openai")]
    # The first request after the second may still be served the old one, but sets the refresh going.
    from harness import wait_until
    wait_until(lambda: "brand-new" in ids(stack), 10, "the new model")


def test_a_failing_refresh_keeps_the_old_listing(make_stack, fake):
    stack = make_stack(models={"refresh": "1s"})
    before = ids(stack)
    fake.listing = {"mode": "status", "status": 500}
    fake.wait_for(lambda: ids(stack) and len(chat_listings(fake)) >= 2, 10, "a second listing")
    assert ids(stack) == before


@pytest.mark.parametrize("listing", [
    {"mode": "status", "status": 500}, {"mode": "garbage"}, {"mode": "html"}, {"mode": "reset"}, [],
    {"mode": "status", "status": 401}], ids=["500", "garbage", "page", "reset", "empty", "401"])
def test_a_listing_that_cannot_be_had_is_replaced_by_the_built_in_one(make_stack, fake, listing):
    stack = make_stack()
    fake.listing = listing
    known = ids(stack)
    assert len(known) > 50 and "gpt-4o" in known and CLAUDE in known


def test_the_built_in_list_serves_when_the_vendor_is_unreachable(make_stack):
    stack = make_stack(provider={"baseURL": f"http://127.0.0.1:{free_port()}"})
    assert "gpt-4o" in ids(stack)
    assert stack.get(f"/v1/models/{CLAUDE}").status == 200


def test_a_hanging_listing_does_not_hold_up_a_chat(make_stack, fake):
    stack = make_stack()
    fake.listing = {"mode": "stall", "at": "head"}
    # The listing has its own short patience; a chat with a known model must not wait for ever.
    answer = stack.request("POST", "/v1/chat/completions",
                           '{"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}',
                           {"Authorization": "Bearer k", "Content-Type": "application/json"}, timeout=20)
    assert answer.status == 200


def test_entries_carry_what_is_known(stack: Stack):
    entry = stack.get("/v1/models/gpt-5").json
    assert entry["context_length"] == 400_000 and entry["owned_by"] == "openai"
    assert entry["capabilities"]["vision"] is True and entry["capabilities"]["chat"] is True
    assert stack.get("/v1/models/gpt-5-nano").json["capabilities"]["vision"] is False


@pytest.mark.parametrize("name", ["claude-sonnet-4-5", "claude-sonnet-4-5-20250929", "anthropic/claude-sonnet-4-5"])
def test_plain_names_of_vendors_are_found(stack: Stack, fake, name: str):
    assert stack.get(f"/v1/models/{name}").status == 200
    answer = stack.chat(model=name)
    assert answer.status == 200, answer
    assert fake.wait_for_chat().json["model"] == CLAUDE


def test_renamed_ids_keep_working(stack: Stack, fake):
    fake.listing = [*CHAT_MODELS, model("open-mistral-nemo", "mistral")]
    assert stack.chat(directive(anyModel=True), model="mistral-nemo").status in (200, 404)


def test_aliases_of_the_operator(make_stack, fake):
    stack = make_stack(models={"aliases": {"fast": "gpt-4o-mini", "best": CLAUDE}})
    assert stack.chat(model="best").status == 200
    assert fake.wait_for_chat().json["model"] == CLAUDE
    fake.clear()
    assert stack.chat(model="fast:online").status == 200
    assert fake.wait_for_chat().json["model"] == "gpt-4o-mini"


def test_an_unknown_model_is_404_with_the_nearest_names(stack: Stack, fake):
    answer = stack.chat(model="gpt-4p")
    assert answer.status == 404
    assert answer.error["code"] == "model_not_found"
    assert "gpt-4p" in answer.error["message"] and "gpt-4o" in answer.error["message"]
    assert fake.chats() == []


def test_a_disabled_model_is_404(stack: Stack, fake):
    assert stack.chat(model="fake-disabled-model").status == 404
    assert fake.chats() == []


KINDS = ["UNIFY_CHAT_WITH_AI", "IMAGE_GENERATOR", "IMAGE_EDITOR", "IMAGE_VARIATOR", "SPEECH_TO_TEXT",
         "AUDIO_TRANSLATOR", "TEXT_TO_SPEECH"]


def test_models_of_all_kinds_are_listed_once(make_stack, fake):
    fake.listing = [
        *CHAT_MODELS, *(model(f"only-{kind.lower()}", "x", features=[kind], modality=None) for kind in KINDS[1:]),
        model("many", "x", features=["IMAGE_GENERATOR", "IMAGE_EDITOR"], modality=None)]
    stack = make_stack()
    entries = stack.get("/v1/models").json["data"]
    known = {entry["id"]: entry for entry in entries}
    assert len(known) == len(entries) and "gpt-4o" in known
    assert {"only-" + kind.lower() for kind in KINDS[1:]} < set(known)
    assert known["many"]["capabilities"] == {"image_generation": True, "image_editing": True}
    assert known["many"]["input_modalities"] == ["text", "image"] and known["many"]["output_modalities"] == ["image"]
    assert known["gpt-4o"]["capabilities"] == {"chat": True, "vision": True}
    assert known["gpt-4o"]["output_modalities"] == ["text"]
    assert known["only-text_to_speech"]["output_modalities"] == ["audio"]
    assert stack.get("/v1/models/only-speech_to_text").json["capabilities"] == {"speech_to_text": True}
    asked = [request.target.partition("=")[2] for request in fake.requests if request.path == "/models"]
    assert sorted(asked) == sorted(KINDS)
    theirs = stack.get("/v1/models?limit=1000", headers={"x-api-key": KEY, "anthropic-version": "2023-06-01"}).json["data"]
    assert {entry["id"] for entry in theirs} == {entry["id"] for entry in entries if "chat" in entry["capabilities"]}
    sees = {entry["id"]: entry["capabilities"]["image_input"]["supported"] for entry in theirs}
    assert sees["gpt-4o"] is True and sees["gpt-5-nano"] is False


def test_a_chat_fetches_no_list_of_another_kind(stack: Stack, fake):
    assert stack.chat().status == 200
    assert stack.chat(model="claude-sonnet-4-5").status == 200
    asked = {request.target.partition("=")[2] for request in fake.requests if request.path == "/models"}
    assert asked <= {"UNIFY_CHAT_WITH_AI"}


def test_a_model_that_speaks_cannot_chat(make_stack, fake):
    fake.listing = [*CHAT_MODELS, model("speaker-1", "x", features=["TEXT_TO_SPEECH"])]
    answer = make_stack().chat(model="speaker-1")
    assert answer.status == 400, answer
    assert answer.error["param"] == "model" and answer.error["code"] == "model_kind_mismatch"
    assert "reads text aloud" in answer.error["message"] and "`gpt-4o`" in answer.error["message"]
    assert fake.chats() == []


def test_the_default_model(make_stack, fake):
    stack = make_stack(models={"default": "gpt-4o-mini"})
    for name in (None, ""):
        fake.clear()
        answer = stack.chat(model=name)
        assert answer.status == 200, answer
        assert fake.wait_for_chat().json["model"] == "gpt-4o-mini"
        assert answer.json["model"] == "gpt-4o-mini"


@pytest.mark.parametrize("how", ["configuration", "variables"])
@pytest.mark.parametrize("only", [False, True])
def test_a_permitted_subset(make_stack, fake, how: str, only: bool):
    if how == "configuration":
        stack = make_stack(models={"permitted": ["gpt-4o", "gpt-5"], "permitOnly": only})
    else:
        stack = make_stack(environment={"SUBSET_OF_ONE_MIN_PERMITTED_MODELS": "gpt-4o, gpt-5",
                                        "PERMIT_MODELS_FROM_SUBSET_ONLY": "True" if only else "False"})
    assert sorted(ids(stack)) == ["gpt-4o", "gpt-5"]
    assert stack.chat(model="gpt-4o").status == 200
    assert stack.chat(model="gpt-4o-mini").status == (404 if only else 200)
