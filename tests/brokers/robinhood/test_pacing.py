"""The pace of requests: a gap between two, silence as long as it is asked for, and an emergency stop that is faster."""

from __future__ import annotations

from tradebot.brokers.robinhood.pacing import RequestGap, TokenPace


def test_two_requests_are_apart() -> None:
    pace = RequestGap(0.4)
    assert pace.delay(10) == 0
    pace.count_request(10, is_read=True)
    assert round(pace.delay(10.1), 6) == 0.3
    assert pace.delay(10.4) == 0


def test_silence_lasts_as_long_as_it_is_asked_for() -> None:
    for pace in (RequestGap(0.4), RequestGap(0.4, urgent=True)):
        pace.update_from({}, 10, 14.0)
        pace.update_from({}, 11, None)
        pace.update_from({}, 11, 2.0)
        assert pace.delay(11) == 13


def test_an_emergency_stop_keeps_no_gap_until_its_cancels_are_out() -> None:
    pace = RequestGap(0.4, urgent=True)
    TokenPace(pace).count_request(10, is_read=False)  # a renewal on the way
    for is_read in (True, True, False, False):
        pace.count_request(10, is_read=is_read)
        assert pace.delay(10) == 0
    pace.count_request(10, is_read=True)
    assert round(pace.delay(10), 6) == 0.4
    pace.count_request(10.4, is_read=False)
    assert round(pace.delay(10.5), 6) == 0.3


def test_requests_for_tokens_keep_the_same_pace() -> None:
    pace = RequestGap(0.4)
    TokenPace(pace).count_request(10, is_read=False)
    assert round(pace.delay(10.1), 6) == 0.3
    TokenPace(pace).update_from({}, 10, 60.0)
    assert TokenPace(pace).delay(10) == pace.delay(10) == 60
