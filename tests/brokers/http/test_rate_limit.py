"""How often a broker is asked."""

from __future__ import annotations

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from tests.brokers.http.conftest import StoppedPause, api_at
from tests.fakes.wilful_server import SERVER_TIME, Reply, Server
from tradebot.brokers.http.rate_limit import MAX_WAIT, RateLimiter


@given(st.lists(st.floats(0, 30), max_size=60))
def test_no_window_holds_more_requests_than_allowed(gaps: list[float]) -> None:
    limiter, now = RateLimiter(max_requests=5, window=60), 0.0
    last: deque[float] = deque(maxlen=6)
    for gap in gaps:
        now += gap
        now += limiter.delay(now)
        limiter.count_request(now, is_read=True)
        last.append(now)
        if len(last) == 6:
            assert last[-1] - last[0] >= 60 - 1e-6


def test_a_pace_below_the_allowance_never_waits() -> None:
    limiter = RateLimiter()
    for number in range(1000):
        assert limiter.delay(number * 0.31) == 0
        limiter.count_request(number * 0.31, is_read=True)


def test_the_two_hundred_and_first_request_waits_for_the_minute_to_end(server: Server, pause: StoppedPause) -> None:
    api = api_at(server.url, pause)
    for _ in range(200):
        api.read("/v2/clock")
    assert pause.slept == []
    api.write("POST", "/v2/orders", {})
    assert pause.slept == [60.0]
    assert len(server.seen) == 201


def test_two_apis_of_one_host_share_an_allowance(server: Server, pause: StoppedPause) -> None:
    limiter = RateLimiter(max_requests=2)
    trading, data = (api_at(server.url, pause, rate_limiter=limiter) for _ in range(2))
    trading.read("/v2/clock")
    data.read("/v2/stocks/bars")
    trading.read("/v2/clock")
    assert pause.slept == [60.0]


def allowance(remaining: str, reset: int | str) -> Reply:
    return Reply(content=[1], headers={"X-RateLimit-Remaining": remaining, "X-RateLimit-Reset": str(reset)})


def test_when_others_used_the_allowance_up_the_next_request_waits_for_its_renewal(
    server: Server, pause: StoppedPause
) -> None:
    """By the host's clock alone: this machine's may be wrong."""
    api = api_at(server.url, pause)
    server.deeds = [allowance("1", SERVER_TIME + 40), allowance("0", SERVER_TIME + 40)]
    api.read("/v2/clock")
    api.read("/v2/clock")
    assert pause.slept == []
    api.read("/v2/clock")
    assert pause.slept == [40.0]


def test_what_an_answer_says_of_the_allowance_is_not_believed_beyond_reason(
    server: Server, pause: StoppedPause
) -> None:
    for reset, waits in (
        (SERVER_TIME - 5, []),
        (SERVER_TIME + 9_999_999, [MAX_WAIT]),
        ("soon", []),
        ("9" * 30, []),
        ("\u0663", []),
    ):
        pause.slept.clear()
        api = api_at(server.url, pause)
        server.deeds = [allowance("0", str(reset).encode().decode("latin-1"))]
        api.read("/v2/clock")
        api.read("/v2/clock")
        assert pause.slept == waits
    without_date = allowance("0", SERVER_TIME + 40)
    server.deeds = [Reply(content=[1], headers=without_date.headers, date=None)]
    api = api_at(server.url, pause)
    pause.slept.clear()
    api.read("/v2/clock")
    api.read("/v2/clock")
    assert pause.slept == []
