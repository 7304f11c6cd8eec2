"""The models that the fake 1min.ai lists, of every kind; kept to what the service's listing and pages were seen to have."""

from __future__ import annotations

import uuid
from typing import Any


def model(identifier: str, provider: str, **fields: Any) -> dict[str, Any]:
    """One entry of the models listing, with every key the service sends."""
    context = fields.pop("context", 128_000)
    vision = fields.pop("vision", False)
    entry = {
        "uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, identifier)), "modelId": identifier,
        "name": f"{identifier} - {provider.title()}", "group": provider, "provider": provider, "status": "ACTIVE",
        "deprecationDate": None, "cutoffDate": None, "logoUrl": f"logo/{provider}.png", "information": None,
        "numberOfStars": 0, "creditEstimation": 100, "createdAt": "2026-03-01T00:00:00.000Z", "createdBy": "SYSTEM",
        "updatedAt": "2026-09-01T00:00:00.000Z", "updatedBy": "SYSTEM",
        "features": ["UNIFY_CHAT_WITH_AI", "CODE_GENERATOR"],
        "modality": {"INPUT": ["text", "image"] if vision else ["text"], "OUTPUT": ["text"]},
        "creditMetadata": {"INPUT": 1.25, "OUTPUT": 10, "CONTEXT": context, "MAX_OUTPUT_TOKEN": 16_384},
    }
    entry.update(fields)
    return entry


def painter(identifier: str, provider: str, *features: str, **fields: Any) -> dict[str, Any]:
    """A model that makes pictures: by default of a text alone."""
    sees = {"IMAGE_EDITOR", "IMAGE_VARIATOR"} & set(features)
    return model(identifier, provider, features=list(features) or ["IMAGE_GENERATOR"], creditMetadata={"OUTPUT": 40},
                 modality={"INPUT": ["text", "image"] if sees else ["text"], "OUTPUT": ["image"]}, **fields)


def listener(identifier: str, provider: str, *features: str, **fields: Any) -> dict[str, Any]:
    """A model that writes down what is said."""
    return model(identifier, provider, features=list(features) or ["SPEECH_TO_TEXT"], creditMetadata={"INPUT": 6},
                 modality={"INPUT": ["audio"], "OUTPUT": ["text"]}, **fields)


def speaker(identifier: str, provider: str, **fields: Any) -> dict[str, Any]:
    """A model that speaks a text."""
    return model(identifier, provider, features=["TEXT_TO_SPEECH"], creditMetadata={"INPUT": 15},
                 modality={"INPUT": ["text"], "OUTPUT": ["audio"]}, **fields)


CHAT_MODELS = [
    model("gpt-4o", "openai", vision=True),
    model("gpt-4o-mini", "openai", vision=True),
    model("gpt-5", "openai", vision=True, context=400_000),
    model("gpt-5-nano", "openai", context=400_000),
    model("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic", vision=True, context=200_000),
    model("us.anthropic.claude-haiku-4-5-20251001-v1:0", "anthropic", vision=True, context=200_000),
    model("meta/muse-spark-1.3", "meta"),
    model("moonshotai/kimi-k3", "moonshotai", context=256_000),
    model("gemini-2.5-flash", "google", vision=True, context=1_000_000,
          features=["UNIFY_CHAT_WITH_AI", "CODE_GENERATOR", "AUDIO_TRANSLATOR"]),
    model("grok-4.5", "xai", deprecationDate="2026-12-09T00:00:00.000Z"),
    model("mistral-large-latest", "mistral"),
    model("fake-disabled-model", "openai", status="DISABLED"),
]
LEONARDO = {
    "Phoenix": "6b645e3a-d64f-4341-a6d8-7a3690fbf042", "Lightning XL": "b24e16ff-06e3-43eb-8d33-4416c2d75876",
    "Anime XL": "e71a1c2f-4f80-4800-934f-2c68979d8cc8", "Diffusion XL": "1e60896f-3c26-4296-8ecc-53e2afecc132",
    "Kino XL": "aa77f04e-3eec-4034-9c07-d0f619684628", "Vision XL": "5c232a9e-9061-4777-980a-ddc8e65647c6",
    "Albedo Base XL": "2067ae52-33fd-4a82-bb92-c2c55e7d2786",
}
GENERATOR, EDITOR, VARIATOR = "IMAGE_GENERATOR", "IMAGE_EDITOR", "IMAGE_VARIATOR"
IMAGE_MODELS = [
    painter("gpt-image-1", "openai", GENERATOR, EDITOR),
    painter("gpt-image-1-mini", "openai", GENERATOR, EDITOR),
    painter("gpt-image-2", "openai", GENERATOR, EDITOR),
    painter("dall-e-3", "openai"),
    painter("dall-e-2", "openai", GENERATOR, VARIATOR),
    painter("black-forest-labs/flux-schnell", "replicate", status="DISABLED"),
    painter("black-forest-labs/flux-dev", "replicate"),
    painter("black-forest-labs/flux-pro", "replicate"),
    painter("black-forest-labs/flux-1.1-pro", "replicate"),
    painter("black-forest-labs/flux-2-dev", "replicate", GENERATOR, EDITOR),
    painter("black-forest-labs/flux-2-pro", "replicate", GENERATOR, EDITOR),
    painter("black-forest-labs/flux-2-flex", "replicate", GENERATOR, EDITOR),
    painter("black-forest-labs/flux-2-max", "replicate", GENERATOR, EDITOR),
    painter("black-forest-labs/flux-2-klein-4b", "replicate"),
    *(painter(identifier, "leonardo", name=f"{name} - Leonardo") for name, identifier in LEONARDO.items()),
    painter("magic-art", "midjourney", GENERATOR, VARIATOR),
    painter("magic-art_6_1", "midjourney", GENERATOR, VARIATOR),
    painter("magic-art_7_0", "midjourney", GENERATOR, VARIATOR),
    painter("stable-diffusion-xl-1024-v1-0", "stability", GENERATOR, EDITOR),
    painter("recraft", "recraft"),
    painter("gemini-3-pro-image-preview", "google", GENERATOR, EDITOR),
    painter("gemini-3.1-flash-image-preview", "google"),
    painter("gemini-2.5-flash-image", "google"),
    painter("qwen-image-plus", "alibaba"),
    painter("qwen-image-max", "alibaba"),
    painter("qwen-image-edit-plus", "alibaba", EDITOR),
    painter("clipdrop", "clipdrop", VARIATOR),
    # No page of the service's tells what it takes, and no table of anybody's has it.
    painter("fake-new-painter", "nobody"),
]
#: Google's models for speech, which want to be told the language.
GOOGLE_SPEECH = ["latest_long", "latest_short", "phone_call", "telephony", "telephony_short", "medical_dictation",
                 "medical_conversation"]
AUDIO_MODELS = [
    listener("whisper-1", "openai", "SPEECH_TO_TEXT", "AUDIO_TRANSLATOR"),
    listener("gpt-4o-transcribe", "openai"),
    listener("gpt-4o-transcribe-diarize", "openai"),
    listener("elevenlabs-speech-to-text", "elevenlabs"),
    listener("qwen3-asr-flash", "alibaba"),
    *(listener(identifier, "google") for identifier in GOOGLE_SPEECH),
    speaker("tts-1", "openai"),
    speaker("tts-1-hd", "openai"),
    speaker("elevenlabs-tts", "elevenlabs"),
    speaker("qwen3-tts-flash", "alibaba"),
    speaker("google-tts", "google"),
]
ALL_MODELS = CHAT_MODELS + IMAGE_MODELS + AUDIO_MODELS
