"""Uploads to the fake 1min.ai, `POST /api/assets`: as strict about the form and the file as the service, or stricter.

A body goes to a file without a name as it comes, so that fifty uploads of 25 MB fit; what is kept of it is its digest
and its beginning. `Assets.steer` decides the fate of the uploads to come:

    rate        bytes a second that are read, at most
    stop        read so many bytes, then nothing more until the peer leaves
    early       after so many bytes, answer as `mode` says and close, with the rest unread
    plain       what the answer says instead of `asset` and `fileContent`
    and `mode`, `status`, `delay`, `gate`, … as with every call of the fake
"""

from __future__ import annotations

import dataclasses
import hashlib
import mmap
import re
import tempfile
import uuid
from typing import Any, BinaryIO

from fake_formats import EXTENSIONS, PICTURES, SOUNDS, dimensions, format_of
from fake_shapes import shape_b

MAXIMUM_BYTES = 50 << 20
FIELD = "asset"
#: So much of a file is kept.
BEGINNING = 1 << 16


class BadForm(Exception):
    """The body is no form, or not one that the service takes."""


@dataclasses.dataclass
class Part:
    """One part of a form."""

    name: str
    file_name: str | None
    media_type: str | None
    size: int
    sha256: str
    #: The first bytes, or all of a short one.
    beginning: bytes


@dataclasses.dataclass
class Asset:
    """A file that was uploaded."""

    path: str
    uuid: str
    key: str
    kind: str
    file_name: str
    media_type: str
    size: int
    sha256: str
    beginning: bytes
    #: Which request brought it.
    number: int

    def __str__(self) -> str:
        """The format, and the width and height of a picture: `png 64x48`."""
        sides = dimensions(self.beginning)
        return f"{self.kind} {sides[0]}x{sides[1]}" if sides else self.kind


def boundary_of(content_type: str | None) -> bytes:
    """The boundary that a `Content-Type` names."""
    kind, _, parameters = (content_type or "").partition(";")
    if kind.strip().lower() != "multipart/form-data":
        raise BadForm(f"Content-Type is {content_type!r}")
    found = re.fullmatch(r'\s*boundary=(?:"([^"]{1,70})"|([0-9A-Za-z\'()+_,./:=?-]{1,70}))\s*', parameters)
    if found is None:
        raise BadForm(f"no boundary in {content_type!r}")
    return (found[1] or found[2]).encode()


def parts_of(body: mmap.mmap | bytes, boundary: bytes) -> list[Part]:
    """The parts of a form, by RFC 2046 and RFC 7578 to the letter: no preamble, CRLF everywhere, nothing after the end."""
    delimiter = b"\r\n--" + boundary
    if body[: len(delimiter)] != delimiter[2:] + b"\r\n":
        raise BadForm("the body does not begin with the boundary")
    parts, place = [], len(delimiter)
    while True:
        head_end = body.find(b"\r\n\r\n", place, place + 4096)
        if head_end < 0:
            raise BadForm("the head of a part does not end")
        end = body.find(delimiter, head_end + 4)
        if end < 0:
            raise BadForm("a part does not end")
        parts.append(part_of(bytes(body[place:head_end]), body, head_end + 4, end))
        place = end + len(delimiter)
        if body[place: place + 2] == b"--":
            if body[place + 2:] not in (b"\r\n", b""):
                raise BadForm("something follows the last boundary")
            return parts
        if body[place: place + 2] != b"\r\n":
            raise BadForm("something stands behind a boundary")
        place += 2


def part_of(head: bytes, body: mmap.mmap | bytes, start: int, end: int) -> Part:
    fields: dict[str, str] = {}
    for line in head.decode("utf-8").split("\r\n"):
        name, colon, value = line.partition(":")
        if not colon or "\n" in line or "\r" in line:
            raise BadForm(f"a header is {line!r}")
        fields[name.lower()] = value.strip()
    disposition = fields.pop("content-disposition", "")
    found = re.fullmatch(r'form-data; name="([^"\\]+)"(?:; filename="([^"\\/\x00-\x1f]+)")?', disposition)
    if found is None:
        raise BadForm(f"Content-Disposition is {disposition!r}")
    media_type = fields.pop("content-type", None)
    if fields:
        raise BadForm(f"headers that a part does not have: {sorted(fields)}")
    digest = hashlib.sha256()
    for place in range(start, end, 1 << 20):
        digest.update(body[place: min(end, place + (1 << 20))])
    return Part(found[1], found[2], media_type, end - start, digest.hexdigest(),
                bytes(body[start: min(end, start + BEGINNING)]))


def read_form(file: BinaryIO, content_type: str | None) -> list[Part]:
    boundary = boundary_of(content_type)
    file.flush()
    if file.tell() == 0:
        raise BadForm("the body is empty")
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as body:
        return parts_of(body, boundary)


class Assets:
    """What was uploaded, and how uploads are answered. It outlives `FakeOneMin.clear()`: uploads are remembered."""

    def __init__(self, fake: Any) -> None:
        self.fake = fake
        self.by_path: dict[str, Asset] = {}
        self.by_uuid: dict[str, Asset] = {}
        #: What an upload was refused for, by request; a relay that does all right leaves it empty.
        self.complaints: list[str] = []
        self.steer: dict[str, Any] = {}

    def clear(self) -> None:
        self.complaints.clear()
        self.steer = {}

    async def read(self, connection: Any, length: int) -> BinaryIO | None:
        """The body in a file; None when the peer left in the middle of it, or nothing more is read of it."""
        file = tempfile.TemporaryFile()
        steer, left = self.steer, length
        while left:
            if steer.get("stop") is not None and length - left >= steer["stop"]:
                connection.transport.pause_reading()
                # A peer that leaves is not noticed while nothing is read: whoever stops the fake ends this.
                await connection.stall()
            if steer.get("early") is not None and length - left >= steer["early"]:
                connection.unread = left
                connection.transport.resume_reading()
                return file
            if not await connection.need(lambda: bool(connection.buffer)):
                file.close()
                return None
            step = min(left, len(connection.buffer), max(1, steer.get("rate", 1 << 30) // 50))
            file.write(connection.buffer[:step])
            del connection.buffer[:step]
            left -= step
            # What has come is bounded, so that the peer feels how slowly it is read.
            if len(connection.buffer) > 1 << 20:
                connection.transport.pause_reading()
            else:
                connection.transport.resume_reading()
            if "rate" in steer:
                await connection.sleep(step / steer["rate"])
        connection.transport.resume_reading()
        return file

    async def answer(self, connection: Any, request: Any) -> None:
        steer = dict(self.steer)
        if connection.unread:
            steer.setdefault("mode", "status")
            steer.setdefault("status", 413)
            steer["headers"] = {**steer.get("headers", {}), "Connection": "close"}
        if "gate" in steer:
            await connection.passage(self.fake.gate(steer["gate"]))
        if await self.fake.refused_key(connection, request) or await self.fake.special(connection, request, steer):
            return
        try:
            parts = read_form(request.file, request.header("content-type"))
            asset = self.keep(request, parts)
        except BadForm as error:
            self.complaints.append(str(error))
            await self.fake.reply(connection, request, 400, {"message": str(error)})
            return
        except ValueError as error:
            status, code, message = error.args
            self.complaints.append(message)
            await self.fake.reply(connection, request, status, shape_b(code, message))
            return
        value = steer["plain"] if "plain" in steer else self.described(asset)
        await self.fake.reply(connection, request, 201, value, steer)

    def keep(self, request: Any, parts: list[Part]) -> Asset:
        if [part.name for part in parts] != [FIELD]:
            raise BadForm(f"the form has {[part.name for part in parts]}, not one {FIELD}")
        part = parts[0]
        if part.file_name is None or part.media_type is None:
            raise BadForm("the file has no name or no type")
        if part.size == 0:
            raise ValueError(400, "EMPTY_FILE", "The file is empty")
        if part.size > MAXIMUM_BYTES:
            raise ValueError(413, "FILE_TOO_LARGE", "The file is larger than 50 MB")
        extension = part.file_name.rpartition(".")[2].lower()
        formats, media_types = EXTENSIONS.get(extension, (set(), set()))
        kind = format_of(part.beginning)
        if kind not in formats or part.media_type.partition(";")[0].lower() not in media_types:
            raise ValueError(400, "UNSUPPORTED_FILE_TYPE",
                             f"{part.file_name} ({part.media_type}) isn't supported; its bytes are {kind}")
        folder = "images" if kind in PICTURES else "audios" if kind in SOUNDS else "documents"
        safe = re.sub(r"[^0-9A-Za-z._-]", "_", part.file_name)
        path = f"{folder}/2026_10_07_10_00_00_{request.number:06}_{safe}"
        asset = Asset(path, str(uuid.uuid4()), request.header("api-key"), kind, part.file_name, part.media_type,
                      part.size, part.sha256, part.beginning, request.number)
        self.by_path[path] = self.by_uuid[asset.uuid] = asset
        return asset

    @staticmethod
    def described(asset: Asset) -> dict[str, Any]:
        """The answer as the service's page has it."""
        return {
            "asset": {
                "fieldname": FIELD, "originalname": asset.file_name, "encoding": "7bit", "mimetype": asset.media_type,
                "size": asset.size, "bucket": "asset.1min.ai", "key": asset.path, "acl": "private",
                "contentType": asset.media_type, "contentDisposition": None, "contentEncoding": None,
                "storageClass": "STANDARD", "serverSideEncryption": None,
                "metadata": {"team-id": "team-private-id", "user-id": "user-private-id"},
                "location": f"https://s3.us-east-1.amazonaws.com/asset.1min.ai/{asset.path}", "etag": '"0123456789abcdef"'},
            "fileContent": {
                "uuid": asset.uuid, "path": asset.path, "type": asset.file_name.rpartition(".")[2],
                "name": asset.file_name, "size": asset.size, "teamId": "team-private-id",
                "createdAt": "2026-10-07T10:00:00.000Z"},
        }

    def all(self, containing: str = "") -> list[Asset]:
        """The uploads since the fake began, oldest first."""
        return [asset for asset in self.by_uuid.values() if containing in asset.file_name]

    def of_digest(self, sha256: str) -> list[Asset]:
        """The uploads of certain bytes: once each, if whoever uploads remembers."""
        return [asset for asset in self.by_uuid.values() if asset.sha256 == sha256]

    def find(self, path: Any, key: str | None) -> Asset | None:
        """What a key uploaded and names by its path."""
        asset = self.by_path.get(path) if isinstance(path, str) else None
        return asset if asset is not None and asset.key == key else None
