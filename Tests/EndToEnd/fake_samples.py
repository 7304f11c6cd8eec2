"""Real pictures, sounds and documents, made once by ffmpeg and by hand, and kept in .build/samples.

`sample("mp3")` is the bytes of a short file of that format; `picture(…)` makes a PNG that no test had before, for tests
that count uploads: what was uploaded once is remembered by whoever uploads.
"""

from __future__ import annotations

import functools
import io
import os
import pathlib
import secrets
import shutil
import struct
import subprocess
import tempfile
import zipfile
import zlib

import fake_formats

CACHE = pathlib.Path(__file__).resolve().parents[2] / ".build" / "samples"
#: What a text in a document says, for whoever reads it.
DOCUMENT_TEXT = "The pear tree bears fruit."
_TONE = ["-f", "lavfi", "-i", "sine=frequency=440:duration=1:sample_rate=16000"]
_FRAME = ["-f", "lavfi", "-i", "testsrc=size=64x48:rate=1:duration=1", "-frames:v", "1"]
#: By format: what ffmpeg is told to make of a tone or a frame.
_FFMPEG = {
    "jpeg": [*_FRAME, "-f", "image2", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p"],
    "webp": [*_FRAME, "-f", "webp"],
    "gif": [*_FRAME, "-f", "gif"],
    "mp3": [*_TONE, "-f", "mp3", "-b:a", "32k"],
    "wav": [*_TONE, "-f", "wav"],
    "flac": [*_TONE, "-f", "flac"],
    "ogg": [*_TONE, "-f", "ogg", "-c:a", "libvorbis", "-ar", "44100"],
    "opus": [*_TONE, "-f", "ogg", "-c:a", "libopus"],
    "aac": [*_TONE, "-f", "adts", "-c:a", "aac"],
    # Written to a file that can be sought, since the table of contents comes last.
    "m4a": [*_TONE, "-f", "ipod", "-c:a", "aac"],
    "webm": [*_TONE, "-f", "webm", "-c:a", "libopus"],
    "pcm": [*_TONE, "-f", "s16le"],
}
#: What ffmpeg's files are called by clients: extension and media type.
NAMES = {
    "png": ("png", "image/png"), "jpeg": ("jpg", "image/jpeg"), "webp": ("webp", "image/webp"),
    "gif": ("gif", "image/gif"), "svg": ("svg", "image/svg+xml"), "mp3": ("mp3", "audio/mpeg"),
    "wav": ("wav", "audio/wav"), "flac": ("flac", "audio/flac"), "ogg": ("ogg", "audio/ogg"),
    "opus": ("opus", "audio/ogg"), "aac": ("aac", "audio/aac"), "m4a": ("m4a", "audio/mp4"),
    "webm": ("webm", "audio/webm"), "pcm": ("pcm", "audio/pcm"), "pdf": ("pdf", "application/pdf"),
    "docx": ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "txt": ("txt", "text/plain"), "md": ("md", "text/markdown"), "csv": ("csv", "text/csv"),
    "json": ("json", "application/json"), "html": ("html", "text/html"),
}


@functools.cache
def sample(kind: str) -> bytes:
    """A short file: a second of a tone, a picture of 64×48, a page with a sentence."""
    if kind not in _FFMPEG:
        return _by_hand(kind)
    kept = CACHE / f"tone-or-frame.{kind}"
    if not kept.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        ffmpeg = shutil.which("ffmpeg")
        if ffmpeg is None:
            raise RuntimeError("ffmpeg is missing: `bash Tests/run.sh packages`")
        with tempfile.TemporaryDirectory(dir=CACHE) as directory:
            made = pathlib.Path(directory) / f"made.{kind}"
            subprocess.run([ffmpeg, "-nostdin", "-loglevel", "error", "-y", *_FFMPEG[kind], str(made)],
                           check=True, timeout=60)
            # Another process may be at it too: whichever renames last has made the same.
            os.replace(made, kept)
    return kept.read_bytes()


def _by_hand(kind: str) -> bytes:
    made = {
        "png": lambda: painted(64, 48, bytes((40, 80, 160))),
        "pdf": document_pdf,
        "docx": document_docx,
        "txt": lambda: f"{DOCUMENT_TEXT}\n".encode(),
        "md": lambda: f"# Orchard\n\n{DOCUMENT_TEXT}\n".encode(),
        "csv": lambda: b"tree,fruit\npear,12\napple,7\n",
        "json": lambda: b'{"tree": "pear", "fruit": 12}\n',
        "html": lambda: b"<!DOCTYPE html>\n<html><body>Just a moment...</body></html>\n",
        "svg": lambda: b'<svg xmlns="http://www.w3.org/2000/svg" width="64" height="48"><rect width="9" height="9"/></svg>\n',
    }
    return made[kind]()


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def painted(width: int, height: int, colour: bytes) -> bytes:
    """A PNG of one colour, which is three bytes."""
    rows = (b"\0" + colour * width) * height
    return fake_formats.PNG + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) \
        + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def picture(width: int = 64, height: int = 48) -> bytes:
    """A PNG that was never made before."""
    whole = painted(width, height, secrets.token_bytes(3))
    end = len(whole) - 12
    return whole[:end] + chunk(b"tEXt", b"Comment\0" + secrets.token_hex(8).encode()) + whole[end:]


def large_picture(size: int) -> bytes:
    """A PNG of about so many bytes, since noise does not compress; never made before."""
    side = max(8, int((size / 3) ** 0.5))
    rows = b"".join(b"\0" + os.urandom(side * 3) for _ in range(side))
    return fake_formats.PNG + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)) \
        + chunk(b"IDAT", zlib.compress(rows, 0)) + chunk(b"IEND", b"")


def bomb(side: int = 60_000) -> bytes:
    """A PNG that says it is enormous, in a few hundred bytes."""
    return fake_formats.PNG + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)) \
        + chunk(b"IDAT", zlib.compress(b"\0" * 4096)) + chunk(b"IEND", b"")


def recording(seconds: int) -> bytes:
    """A WAV of noise, 16 kHz and mono: 32,000 bytes for a second; never made before."""
    data = os.urandom(32_000 * seconds)
    return b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " \
        + struct.pack("<IHHIIHH", 16, 1, 1, 16_000, 32_000, 2, 16) + b"data" + struct.pack("<I", len(data)) + data


def document_pdf(text: str = DOCUMENT_TEXT) -> bytes:
    """A PDF of one page."""
    stream = f"BT /F1 12 Tf 20 100 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    out, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, value in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, value)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(out)


def document_docx(text: str = DOCUMENT_TEXT) -> bytes:
    """A word processor's document of one paragraph."""
    package = "http://schemas.openxmlformats.org/package/2006"
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", f"""<?xml version="1.0" encoding="UTF-8"?>
<Types xmlns="{package}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.\
relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.\
wordprocessingml.document.main+xml"/></Types>""")
        archive.writestr("_rels/.rels", f"""<?xml version="1.0" encoding="UTF-8"?>
<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/\
officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>""")
        archive.writestr("word/document.xml", f"""<?xml version="1.0" encoding="UTF-8"?>
<w:document xmlns:w="{word}"><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>""")
    return out.getvalue()
