"""The way to the vendor: HTTP/2, certificates, proxies, kept connections."""

from __future__ import annotations

import asyncio
import concurrent.futures
import pathlib

import openai
import pytest

from fake_onemin import directive
from harness import ConnectProxy, KEY, MODEL, Stack, TLSNginx, contents, openssl_certificate, wait_until
from refusing_vendor import RefusingVendor


@pytest.fixture
def vendor(fake, tmp_path: pathlib.Path):
    nginx = TLSNginx(tmp_path / "vendor", fake.port).start()
    yield nginx
    nginx.stop()


def test_tls_vendors_are_spoken_to_in_http2_but_for_streams(make_stack, vendor: TLSNginx):
    """A stream has a connection of its own: on a shared one, what a stopped reader leaves would fill the worker."""
    stack = make_stack(provider={"baseURL": vendor.url, "caFile": str(vendor.certificate)})
    assert stack.chat().status == 200
    assert vendor.wait_for_requests('"POST ')
    assert all(line.startswith("HTTP/2.0 ") for line in vendor.requests())
    with stack.stream("Hi") as stream:
        assert stream.rest()[-1] == "[DONE]"
    [line] = vendor.wait_for_requests("isStreaming=true")
    assert line.startswith("HTTP/1.1 ")


def test_http2_can_be_switched_off(make_stack, vendor: TLSNginx):
    stack = make_stack(provider={"baseURL": vendor.url, "caFile": str(vendor.certificate), "http2": False})
    assert stack.chat().status == 200
    assert vendor.wait_for_requests('"POST ')
    assert all(line.startswith("HTTP/1.1 ") for line in vendor.requests())


def test_calls_at_once_share_one_http2_connection(make_stack, fake, vendor: TLSNginx):
    stack = make_stack(loops=1, provider={"baseURL": vendor.url, "caFile": str(vendor.certificate)})
    stack.chat()
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        futures = [pool.submit(stack.chat, directive(gate="multiplex", text="x")) for _ in range(20)]
        fake.wait_for(lambda: len(fake.chats("multiplex")) == 20, what="twenty calls at once")
        fake.gate("multiplex").release(20)
        assert all(future.result(20).status == 200 for future in futures)
    assert len(vendor.wait_for_requests('"POST ', 21)) == 21
    assert len({line.split()[1] for line in vendor.requests()}) <= 2


def test_a_call_never_gets_onto_the_connection_of_a_stream(make_stack, fake, vendor: TLSNginx):
    """libcurl would, once a host has a connection by HTTP/2 that is younger than the stream's by HTTP/1.1."""
    stack = make_stack(loops=1, provider={"baseURL": vendor.url, "caFile": str(vendor.certificate)})
    gate = fake.gate("beside")
    with stack.stream(directive(gate="beside", chunks=["one ", "two ", "three"])) as stream:
        gate.release()
        assert contents([stream.data(), stream.data()]) == "one "
        for number in range(4):
            answer = stack.chat(directive(text=f"answer {number}"))
            assert answer.status == 200, answer
            assert answer.text == f"answer {number}"
        gate.release(5)
        assert contents(stream.rest()) == "two three"


def established(port: int) -> int:
    """How many connections to a port of this machine neither side has closed."""
    lines = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(line[2].endswith(f":{port:04X}") and line[3] == "01" for line in lines)


def test_a_stream_is_not_sent_on_a_connection_that_its_vendor_has_closed(make_stack, fake, tmp_path):
    """By HTTP/1.1 over TLS nothing but a farewell that nobody has read tells so, and the call may not be sent twice."""
    vendor = TLSNginx(tmp_path / "vendor", fake.port, further="keepalive_timeout 1s;").start()
    try:
        stack = make_stack(loops=1, provider={"baseURL": vendor.url, "caFile": str(vendor.certificate)})
        for number in range(3):
            with stack.stream(directive(text=f"stream {number}")) as stream:
                assert contents(stream.rest()) == f"stream {number}"
            wait_until(lambda: established(vendor.port) == 0, what="the vendor's farewell")
        assert len(fake.chats()) == 3
    finally:
        vendor.stop()


@pytest.fixture
def refusing(fake, make_stack, tmp_path: pathlib.Path):
    """Makes a vendor that refuses, and a worker in front of it."""
    vendors: list[RefusingVendor] = []

    def make(how: str, takes: int = 1) -> tuple[RefusingVendor, Stack]:
        vendors.append(RefusingVendor(tmp_path / "vendor", fake.port, how, takes))
        provider = {"baseURL": vendors[-1].url, "caFile": str(vendors[-1].certificate)}
        return vendors[-1], make_stack(loops=1, provider=provider)

    yield make
    for vendor in vendors:
        vendor.stop()


@pytest.mark.parametrize("how", ["goaway", "goaway and end", "reset"])
@pytest.mark.parametrize("length", [10, 300_000])
def test_a_call_that_the_vendor_refused_to_hear_is_sent_again(refusing, fake, how: str, length: int):
    """It said that it has not looked at it (RFC 9113, section 8.7), so nothing is charged twice."""
    vendor, stack = refusing(how)
    for number in range(4):
        answer = stack.chat(directive(text=f"answer {number}") + "x" * length)
        assert answer.status == 200, answer
        assert answer.text == f"answer {number}"
    assert len(fake.chats()) == 4
    assert vendor.refused >= 3 and vendor.connections >= 4


def test_calls_at_once_that_the_vendor_refused_to_hear_are_sent_again(refusing, fake):
    vendor, stack = refusing("goaway", takes=8)
    with concurrent.futures.ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(lambda number: stack.chat(directive(text=f"answer {number}")), range(120)))
    assert [answer.status for answer in answers] == [200] * 120
    assert [answer.text for answer in answers] == [f"answer {number}" for number in range(120)]
    assert len(fake.chats()) == 120 and vendor.refused > 0


@pytest.mark.parametrize("how", ["cut", "heard"])
def test_a_call_that_the_vendor_may_have_heard_is_not_sent_again(refusing, fake, how: str):
    vendor, stack = refusing(how)
    assert stack.chat().status == 200
    answer = stack.chat()
    assert answer.status == 502, answer
    assert len(fake.chats()) == 1 and vendor.refused == 1
    # The next one has a connection of its own.
    assert stack.chat().status == 200


def test_a_vendor_that_hears_no_call_is_not_asked_for_ever(refusing, fake):
    vendor, stack = refusing("goaway", takes=0)
    answer = stack.chat()
    assert answer.status == 502 and answer.error["code"] == "upstream_unreachable", answer
    assert fake.chats() == [] and 2 <= vendor.refused <= 20


def test_calls_do_not_meet_where_only_some_connections_are_http2(make_stack, fake, vendor: TLSNginx, tmp_path):
    """As with a host that is several machines, of which one is older."""
    older = TLSNginx(tmp_path / "older", fake.port, http2=False).start()
    authorities = tmp_path / "both.pem"
    authorities.write_text(older.certificate.read_text() + vendor.certificate.read_text())
    with ConnectProxy({"localhost": older.port}) as proxy, concurrent.futures.ThreadPoolExecutor() as pool:
        try:
            stack = make_stack(
                loops=1, provider={"baseURL": vendor.url, "caFile": str(authorities), "proxy": proxy.url})
            first = pool.submit(stack.chat, directive(gate="older", text="the older one's"))
            fake.wait_for_chat("older")
            proxy.hosts["localhost"] = vendor.port
            for number in range(4):
                answer = stack.chat(directive(text=f"answer {number}"))
                assert answer.status == 200, answer
                assert answer.text == f"answer {number}"
            fake.gate("older").release(2)
            assert first.result(20).text == "the older one's"
        finally:
            older.stop()


def test_a_certificate_nobody_vouches_for_is_refused(make_stack, fake, vendor: TLSNginx):
    stack = make_stack(provider={"baseURL": vendor.url})
    answer = stack.chat()
    assert answer.status == 502 and answer.error["code"] == "upstream_unreachable"
    assert fake.chats() == []


def test_a_certificate_of_somebody_else_is_refused(make_stack, fake, vendor: TLSNginx, tmp_path):
    other, _ = openssl_certificate(tmp_path / "other")
    stack = make_stack(provider={"baseURL": vendor.url, "caFile": str(other)})
    assert stack.chat().status == 502 and fake.chats() == []


def test_a_certificate_for_another_name_is_refused(make_stack, fake, vendor: TLSNginx):
    # 127.0.0.2 is this machine too, but not in the certificate.
    stack = make_stack(provider={"baseURL": vendor.url.replace("localhost", "127.0.0.2"),
                                 "caFile": str(vendor.certificate)})
    assert stack.chat().status == 502 and fake.chats() == []


def test_connections_are_kept(make_stack, fake):
    stack = make_stack(loops=1)
    stack.chat()
    opened = fake.opened
    for _ in range(20):
        assert stack.chat().status == 200
    assert fake.opened - opened <= 1


def test_a_kept_connection_that_the_vendor_closed_is_not_an_error(make_stack, fake):
    stack = make_stack(loops=1)
    for _ in range(5):
        assert stack.chat().status == 200
        fake.close_connections()


def test_a_hundred_streams_at_once(stack: Stack):
    async def run() -> None:
        async with openai.AsyncOpenAI(base_url=stack.url, api_key=KEY, max_retries=0, timeout=60) as client:
            async def one(number: int) -> str:
                stream = await client.chat.completions.create(
                    model=MODEL, stream=True,
                    messages=[{"role": "user", "content": directive(chunks=[f"{number}-"] * 20, gap=0.01)}])
                return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
            texts = await asyncio.gather(*(one(number) for number in range(100)))
            assert texts == [f"{number}-" * 20 for number in range(100)]
    asyncio.run(run())


@pytest.mark.parametrize("how", ["provider", "environment", "environment, upper case"])
def test_a_proxy_is_used_for_tls_vendors(make_stack, fake, vendor: TLSNginx, how: str):
    with ConnectProxy({"vendor.example.org": vendor.port}) as proxy:
        # The name exists for the proxy only.
        provider = {"baseURL": vendor.url, "caFile": str(vendor.certificate)}
        environment = {}
        if how == "provider":
            provider["proxy"] = proxy.url
        else:
            environment = {"https_proxy" if how == "environment" else "HTTPS_PROXY": proxy.url}
            if how != "environment":
                environment["https_proxy"] = ""
        stack = make_stack(provider=provider, environment=environment)
        assert stack.chat().status == 200
        assert f"CONNECT localhost:{vendor.port} HTTP/1.1" in proxy.lines
        assert not any(KEY in head for head in proxy.heads)


def test_a_proxy_password_is_sent_to_the_proxy_only(make_stack, fake, vendor: TLSNginx):
    with ConnectProxy() as proxy:
        url = proxy.url.replace("http://", "http://user:canary-password@")
        stack = make_stack(provider={"baseURL": vendor.url, "caFile": str(vendor.certificate), "proxy": url})
        assert stack.chat().status == 200
        assert any("proxy-authorization: basic" in head.lower() for head in proxy.heads)
        assert all(request.header("Proxy-Authorization") is None for request in fake.requests)
        assert "canary-password" not in stack.worker.output()


def test_a_dead_proxy_is_502(make_stack, fake, vendor: TLSNginx):
    from harness import free_port
    stack = make_stack(provider={"baseURL": vendor.url, "caFile": str(vendor.certificate),
                                 "proxy": f"http://127.0.0.1:{free_port()}"})
    assert stack.chat().status == 502 and fake.chats() == []
