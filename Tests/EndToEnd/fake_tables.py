"""What each model of the fake 1min.ai takes in its `promptObject`, feature by feature: one row each.

By the service's pages as they stood in October 2026, and where they were silent or wrong by what was seen on the wire.
A row that nobody has a page for is `open`: whatever else is sent is taken.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Any, Callable

from fake_models import GOOGLE_SPEECH, LEONARDO

#: Says what is wrong with a value; None when it is right.
Check = Callable[[Any], "str | None"]


@dataclasses.dataclass(frozen=True)
class Upload:
    """A value that names an upload by its path: `what` is `picture` or `sound`; `most` for a list of them."""

    what: str
    most: int | None = None
    #: The longest file in bytes.
    limit: int = 50 << 20

    def __call__(self, value: Any) -> str | None:
        if self.most is None:
            return None if isinstance(value, str) and value else "must be a path"
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            return "must be a list of paths"
        return None if len(value) <= self.most else f"must be at most {self.most} paths"


@dataclasses.dataclass(frozen=True)
class Row:
    """What one model takes for one feature."""

    required: str
    fields: dict[str, Check]
    #: Which field says how many results come; None for one.
    count: str | None = None
    #: The format of the results: a field's name, and what it is without.
    format: tuple[str | None, str] = (None, "png")
    open: bool = False
    #: Fields that begin so are taken unseen: its page has more of them than were copied.
    prefix: str = "\0"
    #: What is wrong between fields.
    together: Callable[[dict[str, Any]], "str | None"] = lambda _: None


def words(*allowed: Any) -> Check:
    def check(value: Any) -> str | None:
        if any(value == one and type(value) is type(one) for one in allowed):
            return None
        return f"{value!r} is not one of {', '.join(map(str, allowed))}"
    return check


def whole(low: int, high: int, step: int = 1) -> Check:
    def check(value: Any) -> str | None:
        good = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high and value % step == 0
        return None if good else f"{value!r} is not a whole number from {low} to {high} in steps of {step}"
    return check


def number(low: float, high: float) -> Check:
    def check(value: Any) -> str | None:
        good = isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high
        return None if good else f"{value!r} is not a number from {low} to {high}"
    return check


def text(limit: int = 1 << 20, least: int = 0) -> Check:
    def check(value: Any) -> str | None:
        good = isinstance(value, str) and least <= len(value) <= limit
        return None if good else f"is not a text of {least} to {limit} characters"
    return check


def flag(value: Any) -> str | None:
    return None if isinstance(value, bool) else f"{value!r} is not true or false"


def like(pattern: str) -> Check:
    def check(value: Any) -> str | None:
        good = isinstance(value, str) and re.fullmatch(pattern, value)
        return None if good else f"{value!r} does not look like {pattern}"
    return check


def anything(_: Any) -> str | None:
    return None


SEED = whole(0, (1 << 32) - 1)
PROMPT = text(1 << 20, 1)
RATIOS = ("1:1", "16:9", "9:16", "3:2", "2:3", "4:5", "5:4", "4:3", "3:4", "21:9", "9:21")
OUTPUT_FORMATS = words("png", "jpeg", "webp")
GPT_SIZES = words("1024x1024", "1024x1536", "1536x1024")


def compression_has_something_to_do(fields: dict[str, Any]) -> str | None:
    if "output_compression" in fields and fields.get("output_format", "png") == "png":
        return "output_compression is for jpeg and webp"
    return None


def transparency_has_an_alpha(fields: dict[str, Any]) -> str | None:
    if fields.get("background") == "transparent" and fields.get("output_format") == "jpeg":
        return "a transparent background needs png or webp"
    return None


def custom_for_sides(fields: dict[str, Any]) -> str | None:
    if {"width", "height"} & set(fields) and fields.get("aspect_ratio") != "custom":
        return "width and height want aspect_ratio custom"
    return None


def large_size(value: Any) -> str | None:
    """What gpt-image-2 makes."""
    found = re.fullmatch(r"(\d{1,4})x(\d{1,4})", value) if isinstance(value, str) else None
    if found is None:
        return f"{value!r} is not a size"
    width, height = int(found[1]), int(found[2])
    good = width % 16 == 0 and height % 16 == 0 and 655_360 <= width * height <= 8_294_400 \
        and max(width, height) <= 3840 and max(width, height) <= 3 * min(width, height)
    return None if good else f"Invalid size {value}"


def recraft_sizes(fields: dict[str, Any]) -> str | None:
    size = fields.get("size")
    if size is None:
        return None
    vector = "vector" in fields.get("task_type", "recraftv3")
    good = re.fullmatch(r"\d{1,2}:\d{1,2}" if vector else r"\d{3,4}x\d{3,4}", size)
    return None if good else f"{size} does not fit the task type"


GPT_IMAGE = {
    "prompt": PROMPT, "quality": words("low", "medium", "high"), "n": whole(1, 10), "size": GPT_SIZES,
    "output_format": OUTPUT_FORMATS, "output_compression": whole(0, 100), "background": words("opaque", "transparent")}
GPT_IMAGE_2 = {
    "prompt": text(4000, 1), "size": large_size, "quality": words("low", "medium", "high"), "n": whole(1, 10),
    "background": words("auto", "opaque", "transparent"), "output_format": OUTPUT_FORMATS,
    "output_compression": whole(0, 100)}
FLUX_2 = {
    "prompt": PROMPT, "aspect_ratio": words(*RATIOS), "output_format": words("png", "jpg"),
    "output_quality": whole(0, 100), "guidance": number(2, 5), "safety_tolerance": whole(1, 6),
    "prompt_upsampling": flag, "seed": SEED}
LEONARDO_FIELDS = {
    "prompt": PROMPT, "size": words("1024x1024", "1024x768", "768x1024"), "n": whole(1, 4),
    "negativePrompt": text(), "leonardo_guidance_scale": number(1, 20), "leonardo_num_inference_steps": whole(10, 60),
    "leonardo_seed": SEED, "leonardo_tilling": flag, "leonardo_transparency": words("disabled", "foreground_only"),
    "leonardo_preset_style": text(), "leonardo_image_prompts": anything, "leonardo_init_image_id": text(),
    "leonardo_init_strength": number(0.1, 0.9), "leonardo_fantasy_avatar": flag}
MAGIC_ART = {
    "prompt": PROMPT, "mode": words("fast", "relax"), "n": words(4), "negativePrompt": text(), "isNiji6": flag,
    "maintainModeration": flag, "aspect_width": whole(1, 7), "aspect_height": whole(1, 7), "no": text(),
    "image_weight": number(0.5, 2), "seed": SEED, "tile": flag, "stylize": whole(0, 1000), "chaos": whole(0, 100),
    "weird": whole(0, 3000)}
#: A reference may be an upload's path or an address.
CHARACTER = {"character_reference": text(), "style_reference": text()}
OMNI = {"omni_reference": text(), "omni_reference_weight": number(0.5, 2), "style_reference": text()}
SDXL_SIZES = [f"{a}x{b}" for w, h in ((1024, 1024), (1152, 896), (1216, 832), (1344, 768), (1536, 640))
              for a, b in ((w, h), (h, w))]
SDXL = {
    "prompt": PROMPT, "samples": whole(1, 10), "cfg_scale": number(0, 35), "steps": whole(10, 50), "seed": SEED,
    "clip_guidance_preset": words("NONE", "FAST_BLUE", "FAST_GREEN", "SIMPLE", "SLOW", "SLOWER", "SLOWEST"),
    "sampler": text(), "style_preset": text()}
GEMINI = {"prompt": PROMPT, "temperature": number(0, 2), "topP": number(0, 1)}
GEMINI_RATIOS = ("1:1", "1:4", "1:8", "2:3", "3:2", "3:4", "4:1", "4:3", "4:5", "5:4", "8:1", "9:16", "16:9", "21:9")
PICTURE = Upload("picture")
OPEN_IMAGE = Row("prompt", {"prompt": PROMPT}, count="n", open=True)
RECRAFT = {
    "prompt": PROMPT, "style": text(), "substyle": text(), "size": like(r"\d+[x:]\d+"), "n": whole(1, 4),
    "negative_prompt": text(),
    "task_type": words("recraftv3", "recraftv2", "recraftv4", "recraftv4_pro", "recraftv4_vector",
                       "recraftv4_pro_vector")}

FLUX = "black-forest-labs/"
GENERATOR: dict[str, Row] = {
    "dall-e-2": Row("prompt", {"prompt": PROMPT, "n": whole(1, 10), "size": words("1024x1024", "512x512", "256x256")},
                    "n"),
    "dall-e-3": Row("prompt", {
        "prompt": PROMPT, "n": words(1), "size": words("1024x1024", "1024x1792", "1792x1024"),
        "quality": words("standard", "hd"), "style": words("vivid", "natural")}, "n"),
    # The page calls quality optional; a request without it was seen to be refused.
    "gpt-image-1": Row("prompt quality", {**GPT_IMAGE, "style": text()}, "n", ("output_format", "png"),
                       together=transparency_has_an_alpha),
    "gpt-image-1-mini": Row("prompt quality", GPT_IMAGE, "n", ("output_format", "png"),
                            together=transparency_has_an_alpha),
    "gpt-image-2": Row("prompt size quality", GPT_IMAGE_2, "n", ("output_format", "png"),
                       together=compression_has_something_to_do),
    FLUX + "flux-dev": Row("prompt", {"prompt": PROMPT}, "num_outputs", ("output_format", "webp"), open=True),
    FLUX + "flux-pro": Row("prompt", {
        "prompt": PROMPT, "image_prompt": PICTURE, "aspect_ratio": words("custom", *RATIOS),
        "width": whole(256, 1440, 32), "height": whole(256, 1440, 32), "steps": whole(1, 50),
        "guidance": number(0, 50), "interval": number(1, 4), "prompt_upsampling": flag, "seed": SEED,
        "output_format": words("webp", "jpg", "png"), "output_quality": whole(0, 100),
        "safety_tolerance": whole(1, 5)}, None, ("output_format", "webp"), together=custom_for_sides),
    FLUX + "flux-1.1-pro": Row("prompt", {
        "prompt": PROMPT, "image_prompt": PICTURE, "aspect_ratio": words("custom", *RATIOS),
        "width": whole(256, 2048), "height": whole(256, 2048), "output_quality": whole(0, 100),
        "safety_tolerance": whole(0, 5), "prompt_upsampling": flag, "seed": SEED}, together=custom_for_sides),
    FLUX + "flux-2-dev": Row("prompt", {
        "prompt": PROMPT, "aspect_ratio": words(*RATIOS), "output_format": words("webp", "jpg", "png"),
        "output_quality": whole(0, 100), "num_inference_steps": whole(1, 50), "guidance": number(0, 10),
        "prompt_strength": number(0, 1), "go_fast": flag, "megapixels": words("0.25", "0.5", "1", "2", "4"),
        "disable_safety_checker": flag, "seed": SEED}, None, ("output_format", "webp")),
    FLUX + "flux-2-pro": Row("prompt", {**FLUX_2, "steps": whole(15, 50)}, None, ("output_format", "png")),
    FLUX + "flux-2-flex": Row("prompt", {**FLUX_2, "steps": whole(6, 50)}, None, ("output_format", "png")),
    FLUX + "flux-2-max": Row("prompt", {**FLUX_2, "steps": whole(15, 50)}, None, ("output_format", "png")),
    FLUX + "flux-2-klein-4b": Row("prompt", {"prompt": PROMPT}, None, ("output_format", "webp"), open=True),
    **{identifier: Row("prompt size n", LEONARDO_FIELDS, "n", prefix="leonardo_") for identifier in LEONARDO.values()},
    "magic-art": Row("prompt", {**MAGIC_ART, **CHARACTER}),
    "magic-art_6_1": Row("prompt", {**MAGIC_ART, **CHARACTER}),
    "magic-art_7_0": Row("prompt", {**MAGIC_ART, **OMNI}),
    "stable-diffusion-xl-1024-v1-0": Row(
        "prompt samples size cfg_scale steps seed", {**SDXL, "size": words(*SDXL_SIZES)}, "samples"),
    "recraft": Row("prompt", RECRAFT, "n", together=recraft_sizes),
    "gemini-3-pro-image-preview": Row("prompt imageSize", {**GEMINI, "imageSize": words("1K", "2K", "4K")}),
    "gemini-3.1-flash-image-preview": Row("prompt imageSize", {
        **GEMINI, "imageSize": words("512", "1K", "2K", "4K"), "aspectRatio": words(*GEMINI_RATIOS)}),
    "gemini-2.5-flash-image": OPEN_IMAGE,
    **{name: dataclasses.replace(OPEN_IMAGE, fields={"prompt": PROMPT, "size": words(
        "1664*928", "1472*1104", "1328*1328", "1104*1472", "928*1664")})
        for name in ("qwen-image-plus", "qwen-image-max")},
}
EDITED = {"imageUrl": PICTURE}
EDITOR: dict[str, Row] = {
    **{name: Row("imageUrl prompt size n quality", {
        **GPT_IMAGE, **EDITED, "prompt": text(4000, 1), "background": words("auto", "opaque", "transparent")},
        "n", ("output_format", "png"), together=transparency_has_an_alpha)
        for name in ("gpt-image-1", "gpt-image-1-mini")},
    "gpt-image-2": Row("imageUrl prompt size quality", {**GPT_IMAGE_2, **EDITED}, "n", ("output_format", "png"),
                       together=compression_has_something_to_do),
    "qwen-image-edit-plus": Row("imageUrl prompt n", {
        "imageUrl": Upload("picture", limit=10 << 20), "prompt": PROMPT, "n": whole(1, 6),
        "additional_images": Upload("picture", most=2, limit=10 << 20), "width": whole(512, 2048),
        "height": whole(512, 2048), "prompt_extend": flag, "negative_prompt": text(500), "seed": SEED}, "n"),
    "gemini-3-pro-image-preview": Row("imageUrl prompt imageSize", {
        **GEMINI, **EDITED, "imageSize": words("1K", "2K", "4K"), "referenceImage1": PICTURE,
        "referenceImage2": PICTURE}),
    "stable-diffusion-xl-1024-v1-0": Row("imageUrl prompt samples", {
        **SDXL, **EDITED, "image_strength": number(0, 1), "step_schedule_start": number(0, 1),
        "step_schedule_end": number(0, 1), "isMasked": flag}, "samples"),
    **{FLUX + name: Row("imageUrl prompt", {"prompt": PROMPT, **EDITED}, open=True)
       for name in ("flux-2-dev", "flux-2-pro", "flux-2-flex", "flux-2-max")},
}
VARIATOR: dict[str, Row] = {
    "dall-e-2": Row("imageUrl", {**EDITED, "n": whole(1, 10), "size": words("1024x1024", "512x512", "256x256")}, "n"),
    **{name: Row("imageUrl", {
        **EDITED, "mode": words("fast", "relax"), "n": words(4), "isNiji6": flag, "maintainModeration": flag,
        "aspect_width": words(1, 2, 3, 4, 5, 7), "aspect_height": words(1, 2, 3, 4, 5, 7)})
        for name in ("magic-art", "magic-art_6_1", "magic-art_7_0")},
    "clipdrop": Row("imageUrl", {**EDITED, "n": whole(1, 4)}, "n"),
}
SOUND = {"audioUrl": Upload("sound")}
WHISPER = {"audioUrl": Upload("sound", limit=25 << 20), "prompt": text(), "temperature": number(0, 1),
           "response_format": words("json", "text", "srt", "verbose_json", "vtt")}
LANGUAGE = like("[a-z]{2,3}")
TO_TEXT: dict[str, Row] = {
    "whisper-1": Row("audioUrl response_format", {**WHISPER, "language": LANGUAGE}),
    **{name: Row("audioUrl language", {**SOUND, "language": like("[a-z]{2,3}-[A-Z]{2}(-[a-zA-Z]+)?")})
       for name in GOOGLE_SPEECH},
    "elevenlabs-speech-to-text": Row("audioUrl", SOUND),
    "qwen3-asr-flash": Row("audioUrl", {
        "audioUrl": Upload("sound", limit=10 << 20), "language": LANGUAGE, "enable_itn": flag}),
    **{name: Row("audioUrl", SOUND, open=True) for name in ("gpt-4o-transcribe", "gpt-4o-transcribe-diarize")},
}
TRANSLATOR: dict[str, Row] = {
    "whisper-1": Row("audioUrl", WHISPER),
    "gemini-2.5-flash": Row("audioUrl originalLanguage targetLanguage", {
        **SOUND, "originalLanguage": text(64, 1), "targetLanguage": text(64, 1), "domain": text(), "tone": text(),
        "writingStyle": text()}),
}
OPENAI_VOICE = {
    "text": text(4096, 1), "voice": words("alloy", "echo", "fable", "onyx", "nova", "shimmer"),
    "response_format": words("mp3", "opus", "aac", "flac", "wav", "pcm"), "speed": number(0.25, 4)}
TO_SPEECH: dict[str, Row] = {
    **{name: Row("text voice", OPENAI_VOICE, format=("response_format", "mp3")) for name in ("tts-1", "tts-1-hd")},
    "elevenlabs-tts": Row("text voice_id", {
        "text": text(40_000, 1), "voice_id": like("[0-9A-Za-z]{20}"), "model_id": text(), "voice_settings": anything,
        "output_format": like(r"(mp3|pcm|wav|opus|ulaw|alaw)_\d+(_\d+)?"), "optimize_streaming_latency": whole(0, 4),
        "language_code": like("[a-z]{2,3}")}, format=("output_format", "mp3")),
    "qwen3-tts-flash": Row("text voice", {
        "text": text(4096, 1), "voice": like("[A-Za-z]+"), "language_type": like("[A-Z][a-z]+")},
        format=(None, "wav")),
    "google-tts": Row("text", {"text": text(5000, 1)}, open=True, format=(None, "mp3")),
}
FEATURES: dict[str, dict[str, Row]] = {
    "IMAGE_GENERATOR": GENERATOR, "IMAGE_EDITOR": EDITOR, "IMAGE_VARIATOR": VARIATOR, "SPEECH_TO_TEXT": TO_TEXT,
    "AUDIO_TRANSLATOR": TRANSLATOR, "TEXT_TO_SPEECH": TO_SPEECH}
#: For a model that is listed and has no row.
UNKNOWN = {
    "IMAGE_GENERATOR": OPEN_IMAGE, "IMAGE_EDITOR": Row("imageUrl prompt", EDITED, "n", open=True),
    "IMAGE_VARIATOR": Row("imageUrl", EDITED, "n", open=True), "SPEECH_TO_TEXT": Row("audioUrl", SOUND, open=True),
    "AUDIO_TRANSLATOR": Row("audioUrl", SOUND, open=True), "TEXT_TO_SPEECH": Row("text", {}, open=True)}
