"""The row `tokens`, run by run.sh: the token counter against tiktoken, alternating, both on one thread of one machine.

What tiktoken takes is measured around `encode_ordinary` in this process; what the counter takes, by token-probe itself.
"""

import gzip
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(REPOSITORY / "Tests/TokensProbe"))
sys.dont_write_bytecode = True
from differential import NAMES, Probe, reference  # noqa: E402

SIZE = 1_000_000
MIXED = [
    "/usr/share/common-licenses/GPL-3", "/usr/lib/python3.11/**/*.py", "/usr/include/*.h", "/usr/share/i18n/locales/*",
    "/usr/share/man/*/man1/*.gz", "/usr/share/perl/*/unicore/*.txt", "/usr/share/doc/*/changelog*.gz",
]


def mixed(megabytes):
    """Prose, code and tables in many languages, a slice of each file in random order under a fixed seed."""
    pick = random.Random(1)
    files = [sorted(Path("/").glob(pattern[1:])) for pattern in MIXED]
    files = [file for group in files for file in pick.sample(group, min(len(group), 400)) if file.is_file()]
    pick.shuffle(files)
    parts, size = [], 0
    for file in files:
        try:
            data = (gzip.open(file) if file.suffix == ".gz" else open(file, "rb")).read(60_000)
        except OSError:
            continue
        text = data.decode("utf-8", "ignore")
        parts.append(text)
        size += len(text.encode())
        if size > megabytes * 1_000_000:
            break
    return "".join(parts)


def hard():
    """Inputs of a megabyte that are hard on one part or another."""
    pick = random.Random(2)

    def letters(start, end):
        return "".join(chr(pick.randrange(start, end)) for _ in range(SIZE // 3))

    def of(text):
        return text * (SIZE // len(text.encode()))

    return {
        "one letter": "a" * SIZE,
        # tiktoken runs out of stack on a row of spaces in o200k_base, so a letter follows each thousand.
        "spaces": of(" " * 1000 + "x"),
        "line ends": "\n" * SIZE,
        "digits": "7" * SIZE,
        "emoji": of("👨\u200d👩\u200d👧\u200d👦"),
        "random bytes, repaired": pick.randbytes(SIZE).decode("utf-8", "replace"),
        "Chinese, random": letters(0x4E00, 0x9FA0),
        "Chinese": of("我能吞下玻璃而不伤身体因为玻璃是很好吃的东西所以大家都应该试一试"),
        "Thai, random": letters(0xE01, 0xE30),
        "Thai": of("ภาษาไทยเป็นภาษาที่มีระดับเสียงของคำแน่นอน"),
        "Arabic": of("السلام عليكم ورحمة الله "),
        "Hebrew": of("בראשית ברא אלהים את השמים ואת הארץ "),
        "combining marks": of("e\u0301\u0302"),
        "letters, random": "".join(pick.choices("abcdefghijklmnopqrstuvwxyz", k=SIZE)),
        "signs, random": "".join(pick.choices("!@#$%^&*()-=+[]{};:,.<>?", k=SIZE)),
        "equal signs": "=" * SIZE,
        "special tokens": of("<|endoftext|>"),
    }


def measure(encoding, probe, text, repeats):
    """Nanoseconds per byte, tiktoken's and the counter's, in turns."""
    data = text.encode()
    theirs, ours = [], []
    for _ in range(repeats):
        started = time.perf_counter()
        tokens = len(encoding.encode_ordinary(text))
        theirs.append((time.perf_counter() - started) * 1e9 / len(data))
        nanoseconds, count = probe(data)
        ours.append(nanoseconds / len(data))
        if count != tokens:
            sys.exit(f"void, {count} tokens against {tokens}")
    return theirs, ours


def private_kilobytes(process):
    """Memory that this process alone has. Pages of the executable are not that, though the kernel calls them private
    and dirty while the file has just been written."""
    text = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    return int(re.search(r"Anonymous:\s+(\d+)", text).group(1))


def row(name, value, target):
    print(f"| {name} | {value} | {target} |", flush=True)


def spread(values, digits):
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def compare(name, encoding, path, texts, quick):
    repeats = 3 if quick else 7
    theirs, ours = measure(encoding, Probe(path, name, "time"), texts["mixed"], repeats)
    size = len(texts["mixed"].encode()) / 1e6
    row(f"{name}, {size:.0f} MB of mixed text: tiktoken, MB/s", spread([1000 / value for value in theirs], 1), "")
    row(f"{name}, {size:.0f} MB of mixed text: counter, MB/s", spread([1000 / value for value in ours], 1), "")
    row(f"{name}, mixed text: ratio", spread([a / b for a, b in zip(theirs, ours)], 1), "≥ 3")
    results = []
    for what, text in texts["hard"].items():
        theirs, ours = measure(encoding, Probe(path, name, "time"), text, 2 if quick else 5)
        ratio = statistics.median(a / b for a, b in zip(theirs, ours))
        results.append((ratio, statistics.median(ours), what))
        if not quick:
            row(f"{name}, {what}: tiktoken / counter, ns per byte", f"{spread(theirs, 1)} / {spread(ours, 1)}", "")
    row(f"{name}, hard inputs: worst ratio", f"{min(results)[0]:.1f} ({min(results)[2]})", "≥ 3")
    slowest = max(results, key=lambda result: result[1])
    row(f"{name}, hard inputs: slowest, ns per byte", f"{slowest[1]:.0f} ({slowest[2]})", "≤ 200")

    first = [Probe(path, name, "time")(b"How many tokens does this have?")[0] / 1e6 for _ in range(9)]
    row(f"{name}: first count in a process, ms", spread(first, 3), "≤ 1")
    inputs = {"mixed text": texts["mixed"].encode()[:SIZE], "one piece": texts["hard"]["letters, random"].encode()}
    for what, data in inputs.items():
        for mode, way in [("count", "at once"), ("stream", "in chunks of 20 bytes")]:
            probe = Probe(path, name, mode)
            probe(b"")
            before = private_kilobytes(probe.process)
            started = time.perf_counter()
            probe(data)
            seconds = time.perf_counter() - started
            growth = (private_kilobytes(probe.process) - before) / 1024
            row(f"{name}, 1 MB of {what} {way}: private memory after it, MB more", f"{growth:.2f}", "≤ 2")
            if mode == "stream":
                row(f"{name}, 1 MB of {what} {way}, asked at each: ns per byte", f"{seconds * 1e9 / len(data):.0f}", "")


def main():
    path, *options = sys.argv[1:]
    quick = "--quick" in options
    texts = {"mixed": mixed(2 if quick else 8), "hard": hard()}
    with tempfile.TemporaryDirectory() as folder:
        script = REPOSITORY / "Sources/CVocabulary/make-vocabulary.py"
        subprocess.run([sys.executable, script, "extract", folder], check=True)
        print("| figure | measured: median (lowest–highest) | target |\n|---|---|---|")
        for name in NAMES:
            compare(name, reference(name, folder)[0], path, texts, quick)


if __name__ == "__main__":
    main()
