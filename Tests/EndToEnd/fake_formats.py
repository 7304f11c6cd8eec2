"""What a file is by its bytes, as the fake 1min.ai looks at uploads; independent of what the relay makes of them."""

from __future__ import annotations

import struct

PNG = b"\x89PNG\r\n\x1a\n"
PICTURES = {"png", "jpeg", "gif", "webp"}
SOUNDS = {"mp3", "wav", "flac", "ogg", "m4a", "webm", "aac", "amr", "aiff"}
DOCUMENTS = {"pdf", "docx", "text"}
#: By extension: the formats by bytes, and the media types, that fit it.
EXTENSIONS = {
    "png": ({"png"}, {"image/png"}),
    "jpg": ({"jpeg"}, {"image/jpeg"}),
    "jpeg": ({"jpeg"}, {"image/jpeg"}),
    "gif": ({"gif"}, {"image/gif"}),
    "webp": ({"webp"}, {"image/webp"}),
    "mp3": ({"mp3"}, {"audio/mpeg", "audio/mp3"}),
    "mpga": ({"mp3"}, {"audio/mpeg"}),
    "mpeg": ({"mp3"}, {"audio/mpeg"}),
    "wav": ({"wav"}, {"audio/wav", "audio/x-wav", "audio/wave"}),
    "flac": ({"flac"}, {"audio/flac", "audio/x-flac"}),
    "ogg": ({"ogg"}, {"audio/ogg"}),
    "opus": ({"ogg"}, {"audio/ogg", "audio/opus"}),
    "m4a": ({"m4a"}, {"audio/mp4", "audio/x-m4a", "audio/m4a"}),
    "mp4": ({"m4a"}, {"audio/mp4", "video/mp4"}),
    "webm": ({"webm"}, {"audio/webm", "video/webm"}),
    "aac": ({"aac"}, {"audio/aac"}),
    "amr": ({"amr"}, {"audio/amr"}),
    "aiff": ({"aiff"}, {"audio/aiff", "audio/x-aiff"}),
    "pdf": ({"pdf"}, {"application/pdf"}),
    "docx": ({"docx"}, {"application/vnd.openxmlformats-officedocument.wordprocessingml.document"}),
    "txt": ({"text"}, {"text/plain"}),
    "csv": ({"text"}, {"text/csv", "text/plain"}),
    "json": ({"text"}, {"application/json", "text/plain"}),
}


def format_of(beginning: bytes) -> str | None:
    """The format by the first bytes; None for what is none of them."""
    if beginning.startswith(PNG):
        return "png"
    if beginning.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if beginning[:6] in (b"GIF87a", b"GIF89a"):
        return "gif"
    if beginning[:4] == b"RIFF":
        return {b"WEBP": "webp", b"WAVE": "wav"}.get(beginning[8:12])
    if beginning[:4] == b"FORM" and beginning[8:12] in (b"AIFF", b"AIFC"):
        return "aiff"
    if beginning[:4] == b"fLaC":
        return "flac"
    if beginning[:4] == b"OggS":
        return "ogg"
    if beginning[:4] == b"\x1a\x45\xdf\xa3":
        return "webm"
    if beginning[4:8] == b"ftyp":
        return "m4a"
    if beginning[:5] == b"#!AMR":
        return "amr"
    if beginning[:3] == b"ID3":
        return "mp3"
    if len(beginning) > 1 and beginning[0] == 0xFF:
        # Eleven bits of synchronization; the layer tells MPEG audio from ADTS.
        if beginning[1] & 0xF6 == 0xF0:
            return "aac"
        if beginning[1] & 0xE0 == 0xE0:
            return "mp3"
    if beginning[:5] == b"%PDF-":
        return "pdf"
    if beginning[:4] == b"PK\x03\x04":
        return "docx" if b"word/" in beginning or b"[Content_Types].xml" in beginning else None
    if beginning and b"\0" not in beginning:
        try:
            beginning[:-4].decode("utf-8") if len(beginning) > 4096 else beginning.decode("utf-8")
        except UnicodeDecodeError as error:
            # A letter may be cut at the end of what is looked at.
            return "text" if error.start > len(beginning) - 8 and len(beginning) > 4096 else None
        return "text"
    return None


def dimensions(beginning: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG, GIF, JPEG or WebP, by its head."""
    kind = format_of(beginning)
    if kind == "png" and len(beginning) >= 24:
        return struct.unpack(">II", beginning[16:24])
    if kind == "gif" and len(beginning) >= 10:
        return struct.unpack("<HH", beginning[6:10])
    if kind == "webp":
        return _webp(beginning)
    if kind == "jpeg":
        return _jpeg(beginning)
    return None


def _jpeg(data: bytes) -> tuple[int, int] | None:
    place = 2
    while place + 9 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[place + 5: place + 9])
            return width, height
        place += 2 + struct.unpack(">H", data[place + 2: place + 4])[0]
    return None


def _webp(data: bytes) -> tuple[int, int] | None:
    kind = data[12:16]
    if kind == b"VP8 " and len(data) >= 30:
        width, height = struct.unpack("<HH", data[26:30])
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L" and len(data) >= 25:
        bits = struct.unpack("<I", data[21:25])[0]
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8X" and len(data) >= 30:
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    return None
