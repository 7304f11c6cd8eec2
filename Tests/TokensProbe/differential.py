#!/usr/bin/env python3
"""Compares the tokens of token-probe with those of tiktoken, number by number, in both vocabularies.

    differential.py PROBE [--seed N] [--megabytes N]

Every code point alone and beside others, strings made from the tokens of the vocabulary and from what its pattern looks
at, text that comes in chunks of a few bytes with a question after each, cuts at a number of tokens, and a sample of the
texts found on the machine, so many megabytes of them. tiktoken's tables are taken out of Sources/CVocabulary, so
nothing is downloaded. The seed is printed; the same seed and machine give the same texts.
"""

import argparse
import array
import base64
import functools
import gzip
import os
import random
import struct
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import tiktoken
import tiktoken_ext.openai_public as public

REPOSITORY = Path(__file__).resolve().parent.parent.parent
NAMES = ["o200k_base", "cl100k_base"]
# Where Debian keeps texts in many languages; more of them with the packages manpages-zh, manpages-ja and so on.
FOLDERS = [
    "/usr/share/common-licenses", "/usr/share/doc", "/usr/share/i18n/locales", "/usr/share/locale", "/usr/share/man",
    "/usr/share/perl", "/usr/share/vim", "/usr/share/games/fortunes", "/usr/share/dict", "/usr/lib/python3",
    "/usr/lib/python3.11", "/usr/include", "/usr/share/nginx", str(REPOSITORY),
]
LARGEST_TEXT = 400_000
SCRIPTS = [
    (0x41, 0x7B), (0xC0, 0x250), (0x370, 0x530), (0x590, 0x700), (0x900, 0x980), (0xE00, 0xE80), (0x10A0, 0x1100),
    (0x300, 0x370), (0x2000, 0x2070), (0x3040, 0x3100), (0x4E00, 0x9FA0), (0xAC00, 0xD7A0), (0x1F300, 0x1F650),
    (0x1D400, 0x1D800), (0x20000, 0x20400), (0xFF00, 0xFFF0), (0xFE00, 0xFE10), (0x2B0, 0x300), (0x1C4, 0x1CD),
]
# What the patterns treat apart.
ATOMS = [
    "a", "b", "the", "ing", "A", "B", "ABC", "中", "文", "ภ", "า", "ษ", "ا", "ل", "1", "23", "٣", "½", " ", " ", "  ", "\n",
    "\r", "\r\n", "\t", "\x0b", "\x85", "\u00a0", "\u3000", "\u0301", "!", "/", "'", "'s", "'LL", "'ve", "'Re", "\u017f",
    "'\u017f", "'K", "'\u212a", "<|endoftext|>", "=", "-", "😀", "\u200d", "\ufe0f", "ǅ", "ʰ", "ß", "é", "\ufffd", "\0",
]


def reference(name, folder):
    """tiktoken's encoding, without special tokens."""

    def load(url, expected_hash=None):
        lines = (Path(folder) / url.rsplit("/", 1)[1]).read_bytes().splitlines()
        return {base64.b64decode(token): int(rank) for token, rank in map(bytes.split, lines)}

    public.load_tiktoken_bpe = load
    definition = public.ENCODING_CONSTRUCTORS[name]()
    ranks = definition["mergeable_ranks"]
    return tiktoken.Encoding(name, pat_str=definition["pat_str"], mergeable_ranks=ranks, special_tokens={}), ranks


class Probe:
    def __init__(self, path, name, mode):
        self.process = subprocess.Popen([path, name, mode], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __call__(self, text):
        self.process.stdin.write(struct.pack("<I", len(text)) + text)
        self.process.stdin.flush()
        (count,) = struct.unpack("<I", self.process.stdout.read(4))
        return array.array("I", self.process.stdout.read(count))


class Comparison:
    def __init__(self, name, folder, path, seed):
        self.name = name
        self.encoding, ranks = reference(name, folder)
        self.tokens = sorted(ranks)
        self.probe = functools.cache(lambda mode: Probe(path, name, mode))
        self.random = random.Random(f"{seed} {name}")
        self.compared = 0

    def fail(self, what, text, wanted, found):
        sys.exit(f"{self.name}: {what} differs for {text[:400]!r}: tiktoken {wanted}, here {found}")

    def encode(self, text):
        """tiktoken's regular expressions run out of stack on long runs of spaces: those are not compared."""
        return self.encoding.encode_ordinary(text)

    def check(self, text):
        wanted = array.array("I", self.encode(text))
        data = text.encode()
        self.compared += len(data)
        found = self.probe("encode")(data)
        if found != wanted:
            index = next((i for i, (a, b) in enumerate(zip(wanted, found)) if a != b), 0)
            self.fail("the encoding", text, wanted[index : index + 9].tolist(), found[index : index + 9].tolist())
        (count,) = self.probe("count")(data)
        if count != len(wanted):
            self.fail("the count", text, len(wanted), count)
        return wanted

    def check_bytes(self, data):
        """Bytes that are no text: counted as if repaired."""
        wanted = len(self.encode(data.decode("utf-8", "replace")))
        self.compared += len(data)
        (count,) = self.probe("count")(data)
        if count != wanted:
            self.fail("the count of bytes", data, wanted, count)

    def check_chunks(self, data):
        end = 0
        for index, count in enumerate(self.probe("chunks")(data)):
            end = min(end + index % 3 + 1, len(data))
            text = data[:end].decode("utf-8", "replace")
            wanted = len(self.encode(text))
            if count != wanted:
                self.fail("the count of chunks", text, wanted, count)
        self.compared += len(data)

    def check_cut(self, text):
        tokens = self.encode(text)
        limit = self.random.randrange(len(tokens) + 2)
        kept = self.encoding.decode_bytes(tokens[:limit])
        data = text.encode()
        end = len(kept)
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
        (passed,) = self.probe("cut")(struct.pack("<I", limit) + data)
        if passed != end:
            self.fail(f"the cut at {limit} tokens", text, end, passed)

    def code_points(self):
        for start in range(0, 0x110000, 256):
            characters = [chr(code) for code in range(start, start + 256) if not 0xD800 <= code < 0xE000]
            if not characters:
                continue
            # "q" and a line end keep each one to itself; the others put it beside what the patterns look at.
            for separator in ["", "q", "Q", " ", "!", "\n", "1", "' ", "\u0301"]:
                self.check(separator.join(characters))
            self.check("".join(f"q'{character}Q'{character.lower()} {character}'S" for character in characters))

    def letters(self):
        start, end = self.random.choice(SCRIPTS)
        text = "".join(chr(self.random.randrange(start, end)) for _ in range(self.random.choice([5, 60, 700])))
        return text.encode("utf-8", "ignore").decode()

    def generated(self):
        pick = self.random
        match pick.randrange(4):
            case 0:
                atoms = pick.sample(ATOMS, pick.randint(1, 8))
                return "".join(pick.choices(atoms, k=pick.choice([3, 10, 40, 200, 600])))
            case 1:
                tokens = pick.choices(self.tokens, k=pick.choice([2, 8, 50, 400]))
                return b"".join(tokens).decode("utf-8", "replace")
            case 2:
                # One giant piece, mostly.
                letters = [t for t in pick.choices(self.tokens, k=400) if t.isalpha()]
                return b"".join(letters).decode("utf-8", "replace")
            case _:
                return self.letters()

    def strings(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            text = self.generated()
            self.check(text)
            self.check_cut(text)
            self.check_chunks(self.generated().encode()[:400])
            data = self.generated().encode()[:3000]
            for _ in range(len(data) // 50):
                position = self.random.randrange(len(data))
                data = data[:position] + self.random.randbytes(1) + data[position + 1 :]
            self.check_bytes(data)
            self.check_chunks(data[:300])

    def corpus(self, limit):
        """Texts found on the machine, in random order."""
        files = []
        for folder in FOLDERS:
            for place, folders, names in os.walk(folder):
                folders[:] = sorted(name for name in folders if not name.startswith("."))
                files += [Path(place, name) for name in sorted(names)]
        self.random.shuffle(files)
        end = self.compared + limit
        for file in files:
            if self.compared >= end:
                return
            try:
                if not file.is_file() or file.is_symlink():
                    continue
                opened = gzip.open(file) if file.suffix == ".gz" else open(file, "rb")
                with opened:
                    data = opened.read(LARGEST_TEXT)
            except OSError:
                continue
            text = data.decode("utf-8", "replace")
            # What is not text is worth a look as well, but not much of it.
            if text.count("\ufffd") > len(text) // 20:
                text = text[:5000]
            if " " * 5000 not in text:
                self.check(text)


def compare(name, folder, path, seed, megabytes):
    comparison = Comparison(name, folder, path, seed)
    started = time.monotonic()
    comparison.code_points()
    comparison.strings(8 if megabytes < 50 else 60)
    comparison.corpus(megabytes * 1_000_000)
    # What the machine has may be less than asked for.
    while megabytes >= 50 and comparison.compared < megabytes * 1_000_000:
        comparison.check("".join(comparison.generated() for _ in range(100)))
    return f"{name}: {comparison.compared / 1e6:.1f} MB alike in {time.monotonic() - started:.0f} s"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("probe")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--megabytes", type=int, default=5)
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}, tiktoken {tiktoken.__version__}", flush=True)
    script = REPOSITORY / "Sources/CVocabulary/make-vocabulary.py"
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor() as pool:
        subprocess.run([sys.executable, script, "extract", folder], check=True)
        jobs = [
            pool.submit(compare, name, folder, arguments.probe, arguments.seed, arguments.megabytes) for name in NAMES
        ]
        for job in jobs:
            print(job.result(), flush=True)


if __name__ == "__main__":
    main()
