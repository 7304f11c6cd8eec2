"""What uploads cost in memory: files pass through the worker, they do not gather in it."""

from __future__ import annotations

import pathlib
import re
import secrets
import subprocess
import threading
from typing import Callable

import openai
import pytest

from conftest import media_settings
from fake_onemin import FakeOneMin
from fake_samples import large_picture
from file_host import FileHost
from harness import Stack
from media_checks import chat, data_url, digest, picture_part

SIZE = 25_000_000
#: What one upload may add to the worker: pieces on their way, and what the allocator keeps.
ONE = 2 << 20
SLACK = 8 << 20
MANY = 50
ALL = 300 << 20


def peak(stack: Stack) -> int:
    """The most that the worker had in memory since `forget`."""
    status = pathlib.Path(f"/proc/{stack.worker.pid}/status").read_text()
    return int(re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)[1]) * 1024


def forget(stack: Stack) -> None:
    """Lets the peak begin anew. proc(5), /proc/pid/clear_refs"""
    try:
        pathlib.Path(f"/proc/{stack.worker.pid}/clear_refs").write_text("5")
    except PermissionError:
        pytest.skip("the peak cannot be reset here")


@pytest.fixture
def large(tmp_path: pathlib.Path) -> pathlib.Path:
    file = tmp_path / "large.png"
    file.write_bytes(large_picture(SIZE))
    return file


@pytest.fixture
def stack(make_stack: Callable[..., Stack], fake: FakeOneMin, file_host: FileHost) -> Stack:
    return make_stack(config=media_settings(fake, file_host))


def edit(stack: Stack, file: pathlib.Path, key: str) -> subprocess.CompletedProcess[str]:
    """An upload by a process of its own, so that its memory is nobody's."""
    return subprocess.run(
        ["curl", "--silent", "--max-time", "200", "--output", "/dev/null", "--write-out", "%{http_code}",
         f"{stack.url}/images/variations", "--header", f"Authorization: Bearer {key}", "--form", "model=dall-e-2",
         "--form", f"image=@{file};type=image/png"], capture_output=True, text=True)


def test_one_upload_of_25_megabytes(stack: Stack, fake: FakeOneMin, large: pathlib.Path, tmp_path: pathlib.Path):
    # What a first request of this kind builds once is not the upload's.
    small = tmp_path / "small.png"
    small.write_bytes(large_picture(200_000))
    assert edit(stack, small, "warm").stdout == "200"
    before = stack.worker.resident_bytes()
    forget(stack)
    assert edit(stack, large, secrets.token_hex(8)).stdout == "200"
    added = peak(stack) - before
    print(f"\none upload of {SIZE / 1e6:.0f} MB: {before / 1e6:.1f} MB before, at most {added / 1e6:.1f} MB more")
    assert [asset.size for asset in fake.assets.of_digest(digest(large.read_bytes()))] == [large.stat().st_size]
    assert added < ONE + SLACK


@pytest.mark.timeout(400)
def test_fifty_uploads_of_25_megabytes_at_once(stack: Stack, fake: FakeOneMin, large: pathlib.Path):
    codes: list[str] = []
    forget(stack)
    before = stack.worker.resident_bytes()
    # Each by another caller, or they would be uploaded once.
    threads = [threading.Thread(target=lambda: codes.append(edit(stack, large, secrets.token_hex(8)).stdout))
               for _ in range(MANY)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"\n{MANY} uploads of {SIZE / 1e6:.0f} MB at once: {before / 1e6:.1f} MB before, "
          f"at most {peak(stack) / 1e6:.1f} MB")
    assert codes == ["200"] * MANY
    assert len(fake.assets.of_digest(digest(large.read_bytes()))) == MANY
    assert peak(stack) < ALL


def test_a_picture_in_json(stack: Stack):
    """Base64 within JSON has to be in memory, once as it came and once decoded; not several times more."""
    data = large_picture(12_000_000)
    before = stack.worker.resident_bytes()
    forget(stack)
    with openai.OpenAI(base_url=stack.url, api_key=secrets.token_hex(8), max_retries=0, timeout=60) as client:
        answer = client.chat.completions.create(**chat(picture_part(data_url(data))))
    assert answer.choices[0].message.content.startswith("images: 1 (png ")
    added = peak(stack) - before
    print(f"\na picture of {len(data) / 1e6:.0f} MB in JSON: at most {added / 1e6:.1f} MB more")
    assert added < 8 * len(data)
