"""Start, stop, and the socket."""

from __future__ import annotations

import os
import pathlib
import signal
import socket
import stat
import threading

import pytest

from conftest import configuration
from fake_onemin import directive
from harness import Worker, contents, run_cli, unix_accepts, wait_until


def test_sigterm_lets_a_stream_end_and_then_exits_0(make_stack, fake):
    stack = make_stack()
    gate = fake.gate("drain")
    with stack.stream(directive(gate="drain", chunks=["a", "b", "c"])) as stream:
        gate.release()
        assert stream.text(5) == "a"
        stack.worker.signal(signal.SIGTERM)
        wait_until(lambda: not unix_accepts(stack.worker.socket_path), 5, "the socket to close")
        gate.release()
        assert stream.text(5) == "b"
        assert stack.worker.process.poll() is None
        gate.release(2)
        assert contents(stream.rest()) == "c" and b"[DONE]" in stream.raw
    assert stack.worker.wait(5) == 0


def test_sigterm_lets_a_whole_answer_end(make_stack, fake):
    stack = make_stack()
    answers = []
    thread = threading.Thread(target=lambda: answers.append(stack.chat(directive(gate="drain-whole", text="late"))))
    thread.start()
    fake.wait_for_chat()
    stack.worker.signal(signal.SIGTERM)
    wait_until(lambda: not unix_accepts(stack.worker.socket_path), 5, "the socket to close")
    fake.gate("drain-whole").release()
    thread.join(10)
    assert answers[0].status == 200 and answers[0].text == "late"
    assert stack.worker.wait(5) == 0


def test_a_successor_takes_over_while_the_old_worker_drains(make_stack, fake):
    """An upgrade that cuts no stream: stop, start, and the stream of the old worker goes on to its end."""
    stack = make_stack()
    old = stack.worker
    gate = fake.gate("upgrade")
    with stack.stream(directive(gate="upgrade", chunks=["a", "b"])) as stream:
        gate.release()
        assert stream.text(5) == "a"
        old.signal(signal.SIGTERM)
        wait_until(lambda: not unix_accepts(old.socket_path), 5, "the socket to close")
        stack.worker = old.again().start()
        assert stack.chat().status == 200
        gate.release(2)
        assert stream.text(5) == "b" and stream.rest()[-1] == "[DONE]"
    assert old.wait(5) == 0
    # The old one did not take the new one's socket with it.
    assert stack.chat().status == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_worker_ends_at_once(make_stack, number: int):
    stack = make_stack()
    assert stack.chat().status == 200
    stack.worker.signal(number)
    assert stack.worker.wait(2) == 0
    assert not stack.worker.socket_path.exists()


def test_a_second_sigterm_ends_at_once(make_stack, fake):
    stack = make_stack()
    with stack.stream(directive(mode="stall", at=1)) as stream:
        assert stream.text(5)
        stack.worker.signal(signal.SIGTERM)
        wait_until(lambda: not unix_accepts(stack.worker.socket_path), 5, "the socket to close")
        assert stack.worker.process.poll() is None
        stack.worker.signal(signal.SIGTERM)
        assert stack.worker.wait(1) == 128 + signal.SIGTERM
    [line] = stack.worker.exchanges()
    assert line["stream"] and line["outcome"] != "ok"


def test_drain_time_is_bounded(make_stack, fake):
    stack = make_stack(drainTimeout="500ms")
    with stack.stream(directive(mode="stall", at=1)) as stream:
        assert stream.text(5)
        stack.worker.signal(signal.SIGTERM)
        assert stack.worker.wait(5) == 0
        request = fake.wait_for_chat()
        fake.wait_for_abort(request, 2)


def test_sighup_does_not_end_it(make_stack):
    stack = make_stack()
    stack.worker.signal(signal.SIGHUP)
    assert stack.chat().status == 200


def test_a_stale_socket_is_replaced(fake, tmp_path: pathlib.Path):
    path = tmp_path / "stale.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    assert path.exists()
    worker = Worker(tmp_path, configuration(fake), socket_path=path).start()
    worker.stop()


def test_a_socket_left_by_a_killed_worker_is_replaced(fake, tmp_path: pathlib.Path):
    worker = Worker(tmp_path, configuration(fake)).start()
    worker.signal(signal.SIGKILL)
    worker.wait()
    assert worker.socket_path.exists()
    Worker(tmp_path, configuration(fake)).start().stop()


def test_a_live_socket_is_refused_with_71(fake, tmp_path: pathlib.Path):
    worker = Worker(tmp_path, configuration(fake)).start()
    try:
        second = run_cli("serve", "--listen", worker.listen)
        assert second.returncode == 71
        [line] = second.stderr.splitlines()
        assert str(worker.socket_path) in line and line.startswith("fastrelay: ")
        assert unix_accepts(worker.socket_path)
    finally:
        worker.stop()


def test_a_file_that_is_no_socket_is_not_removed(tmp_path: pathlib.Path):
    file = tmp_path / "precious.txt"
    file.write_text("precious")
    done = run_cli("serve", "--listen", f"unix:{file}")
    assert done.returncode == 71 and len(done.stderr.splitlines()) == 1
    assert file.read_text() == "precious"


@pytest.mark.parametrize("listen", ["unix:/nonexistent/directory/x.sock", "unix:/" + "x" * 200, "tcp:192.0.2.1:9"])
def test_an_address_that_cannot_be_had_is_71(listen: str):
    done = run_cli("serve", "--listen", listen)
    assert done.returncode in (64, 71) and len(done.stderr.splitlines()) == 1, done.stderr
    assert done.returncode == 71 or "x" * 50 in listen


@pytest.mark.parametrize("settings, mode", [({}, 0o660), ({"socketMode": "0600"}, 0o600), ({"socketMode": "0666"}, 0o666)])
def test_the_socket_has_the_configured_mode(fake, tmp_path: pathlib.Path, settings: dict, mode: int):
    worker = Worker(tmp_path, configuration(fake, **settings)).start()
    try:
        assert stat.S_IMODE(worker.socket_path.stat().st_mode) == mode
    finally:
        worker.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file to any group")
def test_the_socket_has_the_configured_group(fake, tmp_path: pathlib.Path):
    import grp
    group = grp.getgrall()[-1]
    worker = Worker(tmp_path, configuration(fake, socketGroup=group.gr_name)).start()
    try:
        assert worker.socket_path.stat().st_gid == group.gr_gid
    finally:
        worker.stop()


def test_the_worker_starts_without_the_vendor(make_stack):
    from harness import free_port
    stack = make_stack(provider={"baseURL": f"http://127.0.0.1:{free_port()}"})
    assert stack.get("/health").status == 200


def test_descriptors_do_not_pile_up(make_stack, fake):
    stack = make_stack()

    def descriptors() -> int:
        return len(os.listdir(f"/proc/{stack.worker.pid}/fd"))
    for _ in range(20):
        stack.chat()
    before = descriptors()
    for number in range(200):
        stack.chat(directive(mode=["reset", "garbage", "html", "none"][number % 4]))
        with stack.stream(directive(mode="stall", at=1)) as stream:
            stream.text(5)
    wait_until(lambda: descriptors() <= before + 8, 10, f"descriptors near {before}")
