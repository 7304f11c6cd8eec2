#!/usr/bin/env python3
"""Makes and checks vocabulary.bin, the read-only tables behind the module Tokens. Its layout stands in README.md.

    make-vocabulary.py make FOLDER     from FOLDER/o200k_base.tiktoken and FOLDER/cl100k_base.tiktoken; needs tiktoken
    make-vocabulary.py check           takes the resource apart, compares the rank tables with the published sums, puts
                                       it together again and compares the bytes
    make-vocabulary.py extract FOLDER  writes the two rank tables, byte for byte as published

`check` and `extract` need nothing but the standard library. `make` asks tiktoken, through a pattern such as \\p{Lu},
what each code point is: the tables must follow the Unicode version that tiktoken was built with, not that of Python.
"""

import base64
import hashlib
import struct
import sys
from pathlib import Path

RESOURCE = Path(__file__).resolve().parent / "vocabulary.bin"
MAGIC = 0x31565246  # "FRV1"
# Name, the SHA-256 that tiktoken itself demands of the file, and the bits of a rank in a slot.
VOCABULARIES = [
    ("o200k_base", "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d", 18),
    ("cl100k_base", "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7", 17),
]
GROUPS = 43_000
GROUP_SLOTS = 7
POOL_PADDING = 16
OFFSET_BITS, LENGTH_BITS = 21, 7
CODE_POINTS = 0x110000
BLOCK = 128
# Code points in the table of cuts; those beyond are rare.
CUT_CODE_POINTS = 0x20000
NO_BIGRAM = 0xFFFF_FFFF
HEADER_WORDS = 16
# Classes of code points; Sources/Tokens/CharacterClass.swift has the same numbers.
OTHER, NEWLINE, SPACE, UPPER, LOWER, LETTER, MARK, NUMBER = range(8)
MASK64 = (1 << 64) - 1


def fold(a, b):
    product = a * b
    return (product & MASK64) ^ (product >> 64)


def hash_of(token):
    """Sources/Tokens/RankTable.swift computes the same."""
    value = len(token) * 0x9E37_79B9_7F4A_7C15 & MASK64
    for start in range(0, len(token), 8):
        word = int.from_bytes(token[start : start + 8], "little")
        value = fold(value ^ word, 0xD6E8_FEB8_6659_FD93)
    return value


def place(value):
    """The group, the tag and the overflow bit of a hash."""
    return (value >> 32) * GROUPS >> 32, (value & 0xFF) or 1, 1 << (value >> 8 & 7)


def build(tables, classes):
    """The resource, from two dictionaries of bytes to ranks and a list with a class for each code point."""
    tokens = sorted(set().union(*tables))
    pool = bytearray()
    offsets = [0] * len(tokens)
    for index in range(len(tokens) - 1, -1, -1):
        # A token that begins the next one lies where that one lies.
        if index + 1 < len(tokens) and tokens[index + 1].startswith(tokens[index]):
            offsets[index] = offsets[index + 1]
        else:
            offsets[index] = len(pool)
            pool += tokens[index]
    assert len(pool) < 1 << OFFSET_BITS
    pool += bytes(POOL_PADDING)

    absent = [(1 << bits) - 1 for _, _, bits in VOCABULARIES]
    groups = bytearray(GROUPS * 8)
    # An empty slot has no rank in either vocabulary.
    empty = struct.pack("<Q", pack(0, 1, absent))
    slots = bytearray(empty * (GROUPS * GROUP_SLOTS))
    for token, offset in zip(tokens, offsets):
        group, tag, overflow = place(hash_of(token))
        while True:
            free = groups.find(0, group * 8, group * 8 + GROUP_SLOTS)
            if free >= 0:
                break
            groups[group * 8 + 7] |= overflow
            group = (group + 1) % GROUPS
        groups[free] = tag
        ranks = [table.get(token, none) for table, none in zip(tables, absent)]
        slot = (group * GROUP_SLOTS + free - group * 8) * 8
        slots[slot : slot + 8] = struct.pack("<Q", pack(offset, len(token), ranks))

    bigrams = [displaced(table) for table in tables]
    blocks, block_numbers = [], {}
    stage = []
    for start in range(0, CODE_POINTS, BLOCK):
        block = bytes(classes[start : start + BLOCK])
        if block not in block_numbers:
            block_numbers[block] = len(blocks)
            blocks.append(block)
        stage.append(block_numbers[block])

    sections = [
        bytes(groups),
        bytes(slots),
        *bigrams,
        struct.pack(f"<{len(stage)}H", *stage),
        b"".join(blocks),
        *(cuts(table) for table in tables),
        bytes(pool),
    ]
    position = HEADER_WORDS * 4
    body, starts = bytearray(), []
    for section in sections:
        gap = -position % 64
        body += bytes(gap)
        position += gap
        starts.append(position)
        body += section
        position += len(section)
    header = [MAGIC, GROUPS, *starts, len(pool) - POOL_PADDING]
    header += [0] * (HEADER_WORDS - len(header))
    return struct.pack(f"<{HEADER_WORDS}I", *header) + bytes(body)


def pack(offset, length, ranks):
    value, shift = offset | length - 1 << OFFSET_BITS, OFFSET_BITS + LENGTH_BITS
    for rank, (_, _, bits) in zip(ranks, VOCABULARIES):
        value |= rank << shift
        shift += bits
    return value


def displaced(table):
    """The ranks of the tokens of two bytes: 256 row starts, then rows laid over one another, each entry with its row."""
    rows = [{} for _ in range(256)]
    for token, rank in table.items():
        if len(token) == 2:
            rows[token[0]][token[1]] = rank
    cells, starts = {}, [0] * 256
    for first in sorted(range(256), key=lambda row: (-len(rows[row]), row)):
        start = 0
        while any(start + second in cells for second in rows[first]):
            start += 1
        starts[first] = start
        for second, rank in rows[first].items():
            cells[start + second] = first << 24 | rank
    size = max(starts) + 256
    entries = [cells.get(index, NO_BIGRAM) for index in range(size)]
    return struct.pack("<256H", *starts) + struct.pack(f"<{size}I", *entries)


def cuts(table):
    """Where each character, not after a space, is cut into tokens before it is merged with anything beside it.

    Four bits for each code point: bit n says that a token starts at byte n + 1. As long as the ranks of a character's
    own merges are lower than that of every token that reaches across its start or its end, nothing beside it matters
    to them, nor they to anything beside it: so they can be done first.
    """
    never = 1 << 30
    # The least rank of the tokens that reach across the start of a character and have these bytes of it: somewhere,
    # or up to their end.
    start_within, start_end = {}, {}
    # The same for the end of a character: the token begins before these bytes, or with them.
    end_within, end_start = {}, {}

    def note(least, key, rank):
        least[key] = min(least.get(key, never), rank)

    for token, rank in table.items():
        for split in range(1, len(token)):
            if token[split] >= 0xC2 and token[split - 1] < 0xC0 and token[split - 1] != 0x20:
                note(start_end, token[split:], rank)
                for length in range(2, 5):
                    note(start_within, token[split : split + length], rank)
            # No byte that continues a character follows a whole one.
            if token[split - 1] >= 0x80 and not 0x80 <= token[split] < 0xC0:
                note(end_start, token[:split], rank)
                for length in range(2, 5):
                    note(end_within, token[max(split - length, 0) : split], rank)

    result = bytearray(CUT_CODE_POINTS // 2)
    for code in range(CUT_CODE_POINTS):
        character = chr(code).encode("utf-8", "surrogatepass")
        rivals = [start_within.get(character, never), end_within.get(character, never)]
        for length in range(1, len(character)):
            rivals += [start_end.get(character[:length], never), end_start.get(character[-length:], never)]
        parts = [character[index : index + 1] for index in range(len(character))]
        while len(parts) > 1:
            rank, index = min((table.get(parts[i] + parts[i + 1], never), i) for i in range(len(parts) - 1))
            if rank >= min(rivals):
                break
            parts[index : index + 2] = [parts[index] + parts[index + 1]]
        place = 0
        for part in parts[:-1]:
            place += len(part)
            result[code >> 1] |= 1 << place - 1 << (code & 1) * 4
    return bytes(result)


def take_apart(resource):
    """The rank tables and the classes that a resource was built from."""
    header = struct.unpack_from(f"<{HEADER_WORDS}I", resource)
    assert header[0] == MAGIC and header[1] == GROUPS, "not a resource of this version"
    groups_start, slots_start, _, _, stage_start, blocks_start, _, _, pool_start = header[2:11]
    tables = [{} for _ in VOCABULARIES]
    for group in range(GROUPS):
        for index in range(GROUP_SLOTS):
            if resource[groups_start + group * 8 + index] == 0:
                continue
            (slot,) = struct.unpack_from("<Q", resource, slots_start + (group * GROUP_SLOTS + index) * 8)
            offset = pool_start + (slot & (1 << OFFSET_BITS) - 1)
            length = (slot >> OFFSET_BITS & (1 << LENGTH_BITS) - 1) + 1
            token = resource[offset : offset + length]
            shift = OFFSET_BITS + LENGTH_BITS
            for table, (_, _, bits) in zip(tables, VOCABULARIES):
                rank = slot >> shift & (1 << bits) - 1
                if rank != (1 << bits) - 1:
                    table[token] = rank
                shift += bits
    classes = bytearray()
    for block in struct.unpack_from(f"<{CODE_POINTS // BLOCK}H", resource, stage_start):
        classes += resource[blocks_start + block * BLOCK :][:BLOCK]
    return tables, list(classes)


def published(table):
    """A rank table in the form in which it is published."""
    lines = (base64.b64encode(token) + b" %d\n" % rank for rank, token in sorted((r, t) for t, r in table.items()))
    return b"".join(lines)


def verify(table, name, digest):
    text = published(table)
    if hashlib.sha256(text).hexdigest() != digest:
        sys.exit(f"{name} is not the published rank table")
    return text


def check_reachable(table, name):
    """The engine relies on it that merging the bytes of a token gives that token."""
    for token, rank in table.items():
        parts = [token[i : i + 1] for i in range(len(token))]
        while len(parts) > 1:
            ranked = [(table.get(parts[i] + parts[i + 1], 1 << 30), i) for i in range(len(parts) - 1)]
            best, i = min(ranked)
            if best == 1 << 30:
                break
            parts[i : i + 2] = [parts[i] + parts[i + 1]]
        if parts != [token]:
            sys.exit(f"{name}: merging never makes token {rank}")


def probed_classes():
    """A class for each code point, as the regular expressions of tiktoken see it."""
    import tiktoken

    characters = [chr(code) for code in range(CODE_POINTS) if not 0xD800 <= code < 0xE000]
    ranks = {bytes([byte]): byte for byte in range(256)}
    classes = [OTHER] * CODE_POINTS
    patterns = [(r"\s", SPACE), (r"[\r\n]", NEWLINE), (r"[\p{Lu}\p{Lt}]", UPPER), (r"\p{Ll}", LOWER)]
    patterns += [(r"[\p{Lm}\p{Lo}]", LETTER), (r"\p{M}", MARK), (r"\p{N}", NUMBER)]
    for pattern, number in patterns:
        encoding = tiktoken.Encoding("probe", pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
        for start in range(0, len(characters), 8192):
            # What the pattern does not match is left out.
            found = bytes(encoding.encode_ordinary("".join(characters[start : start + 8192])))
            for character in found.decode():
                classes[ord(character)] = number
    return classes


def main():
    match sys.argv[1:]:
        case ["make", folder]:
            tables = []
            for name, digest, _ in VOCABULARIES:
                lines = (Path(folder) / f"{name}.tiktoken").read_bytes().splitlines()
                tables.append({base64.b64decode(token): int(rank) for token, rank in map(bytes.split, lines)})
                verify(tables[-1], name, digest)
                check_reachable(tables[-1], name)
            RESOURCE.write_bytes(build(tables, probed_classes()))
        case ["check"]:
            resource = RESOURCE.read_bytes()
            tables, classes = take_apart(resource)
            for table, (name, digest, _) in zip(tables, VOCABULARIES):
                verify(table, name, digest)
            if build(tables, classes) != resource:
                sys.exit("vocabulary.bin is not what this script makes of its content")
            print(f"vocabulary.bin reproduces: {len(resource)} bytes")
        case ["extract", folder]:
            tables, _ = take_apart(RESOURCE.read_bytes())
            for table, (name, digest, _) in zip(tables, VOCABULARIES):
                (Path(folder) / f"{name}.tiktoken").write_bytes(verify(table, name, digest))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
