#!/usr/bin/env python3
"""Makes function-order.txt: the functions that everyday requests run, which the linker puts side by side.

    python3 make-function-order.py EXECUTABLE      needs valgrind, binutils, nginx

A request runs some thousand functions of an executable with many more. Where they stand in the order of the sources they lie
on four hundred pages with little else on them that is used; side by side, on a third of that. It spares a processor many a
miss of its tables of pages, and the process four megabytes of memory. The list is a hint: a name that is gone is passed
over, and a function that is missing stands behind the others. So it is to be made anew now and then, not with each change.
"""

import http.client
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "Tests" / "EndToEnd"))
from fake_onemin import FakeOneMin  # noqa: E402
from harness import RelayNginx, question, unix_accepts, wait_until  # noqa: E402

ROUNDS = 20
MESSAGES = [{"role": "user", "content": "Say something about foxes, please."}]
TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": {
    "type": "object", "properties": {"place": {"type": "string"}}}}}]
REQUESTS = [
    ("/v1/chat/completions", question("Say something about foxes, please.", stream=stream, **more))
    for stream in (False, True) for more in ({}, {"stream_options": {"include_usage": True}} if stream else {}, {"tools": TOOLS})
] + [
    ("/v1/messages", {"model": "gpt-4o", "max_tokens": 100, "messages": MESSAGES, "stream": stream}) for stream in (False, True)
] + [
    ("/v1/responses", {"model": "gpt-4o", "input": "Say something about foxes, please.", "store": False, "stream": stream})
    for stream in (False, True)
] + [("/v1/messages/count_tokens", {"model": "gpt-4o", "messages": MESSAGES}), ("/v1/models", None)]


def ask(port: int, rounds: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for _ in range(rounds):
        for path, body in REQUESTS:
            connection.request("POST" if body else "GET", path, json.dumps(body) if body else None,
                               {"Authorization": "Bearer somebody", "Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                sys.exit(f"{path}: {answer.status}")


def costs(dump: str) -> dict[str, int]:
    """What each function took by itself, by its name. https://valgrind.org/docs/manual/cl-format.html"""
    names: dict[str, str] = {}
    taken: dict[str, int] = {}
    current, is_call = "", False
    for line in dump.splitlines():
        if found := re.match(r"(c?)fn=\((\d+)\)(?: (.*))?$", line):
            if found[3]:
                names[found[2]] = found[3].split("'")[0]
            if not found[1]:
                current, is_call = found[2], False
        elif line.startswith("calls="):
            is_call = True
        elif found := re.match(r"[+\-*\d]\S* (\d+)$", line):
            # The line below a call tells what the call took altogether.
            if not is_call:
                taken[current] = taken.get(current, 0) + int(found[1])
            is_call = False
    sums: dict[str, int] = {}
    for number, amount in taken.items():
        if number in names:
            sums[names[number]] = sums.get(names[number], 0) + amount
    return sums


def main() -> None:
    executable = sys.argv[1]
    directory = Path(tempfile.mkdtemp(prefix="fastrelay-order."))
    # valgrind does not understand all of what the compiler tells debuggers.
    subprocess.run(["strip", "-g", "-o", str(directory / "fastrelay"), executable], check=True)
    defined = set(subprocess.run(["nm", "--defined-only", "--format=just-symbols", executable], check=True,
                                 capture_output=True, text=True).stdout.split())
    fake = FakeOneMin().start()
    socket = directory / "fastrelay.sock"
    config = directory / "fastrelay.json5"
    config.write_text(json.dumps({
        "providers": {"onemin": {"kind": "1min", "baseURL": fake.url, "assetBaseURL": fake.url}},
        "limits": {"file": "limits", "caller": {"requestsPerMinute": 1_000_000}, "address": {"requestsPerMinute": 1_000_000}}}))
    worker = subprocess.Popen(
        ["valgrind", "--tool=callgrind", "--demangle=no", f"--callgrind-out-file={directory}/calls", str(directory / "fastrelay"),
         "serve", "--config", str(config), "--listen", f"unix:{socket}"], stderr=subprocess.DEVNULL)
    nginx = None
    try:
        wait_until(lambda: unix_accepts(socket), 120, "the worker")
        nginx = RelayNginx(directory / "nginx", f"unix:{socket}").start()
        ask(nginx.port, 3)
        # What is done but once stands anywhere.
        subprocess.run(["callgrind_control", "--zero", str(worker.pid)], check=True, stdout=subprocess.DEVNULL)
        ask(nginx.port, ROUNDS)
    finally:
        worker.terminate()
        worker.wait(120)
        if nginx:
            nginx.stop()
        fake.stop()
    found = costs("\n".join(path.read_text(errors="replace") for path in directory.glob("calls*")))
    # What took next to nothing was run for the end.
    names = sorted((name for name in found if name in defined and found[name] >= 4 * ROUNDS), key=lambda name: (-found[name], name))
    (HERE / "function-order.txt").write_text("\n".join(names) + "\n")
    print(len(names), "functions")


main()
