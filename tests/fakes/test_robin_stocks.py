"""robin_stocks itself, as it is installed, gets on with the fake: what it sends is taken, what it reads is there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from tests.fakes.pit import FREE, Pit
from tests.fakes.prices import made
from tests.fakes.robinhood import PASSWORD, USERNAME, FakeRobinhood, Terms

robinhood = pytest.importorskip("robin_stocks.robinhood")

HOST = "https://api.robinhood.com"
QUIET = "100 101 99 100"


class Redirected(HTTPAdapter):
    """Sends to the fake what is meant for Robinhood."""

    def __init__(self, fake: FakeRobinhood) -> None:
        super().__init__()
        self._fake = fake

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        assert request.url is not None
        assert request.url.startswith(HOST)
        request.url = self._fake.url + request.url.removeprefix(HOST)
        return super().send(request, *args, **kwargs)


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[FakeRobinhood]:
    """A fake at 10:00, to which the session of robin_stocks speaks; no page has more than three rows."""
    session = robinhood.globals.SESSION
    adapter, headers = session.get_adapter(HOST), dict(session.headers)
    pit = Pit(tmp_path / "exchange.db", made({"ACME": [QUIET, QUIET], "BOLT": ["10 11 9 10"] * 2}), FREE)
    pit.next("10:00")
    with FakeRobinhood(pit.again, terms=Terms(page_rows=3)) as server:
        session.mount("https://", Redirected(server))
        yield server
        session.mount("https://", adapter)
        session.headers.clear()
        session.headers.update(headers)
        robinhood.helper.set_login_state(False)
    pit.exchange.close()


def login(folder: Path, **more: str) -> Any:
    return robinhood.login(USERNAME, PASSWORD, pickle_path=str(folder / "tokens"), **more)


def test_it_logs_in_and_reads_the_account(fake: FakeRobinhood, tmp_path: Path) -> None:
    assert login(tmp_path)["access_token"] == fake.logins.pairs[0].access
    profile = robinhood.load_account_profile()
    assert (profile["type"], profile["portfolio_cash"]) == ("margin", "100000.0000")
    assert robinhood.load_portfolio_profile()["equity"] == "100000.0000"


def test_it_logs_in_with_a_code_and_a_device_to_approve(
    fake: FakeRobinhood, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.house.terms.mfa, fake.house.terms.approves = "123456", "prompt"
    at_once = SimpleNamespace(sleep=lambda seconds: None, time=lambda: 0.0)
    monkeypatch.setattr(robinhood.authentication, "time", at_once)
    assert login(tmp_path, mfa_code="123456")["access_token"] == fake.logins.pairs[0].access


def test_it_sends_orders_and_sees_what_becomes_of_them(fake: FakeRobinhood, tmp_path: Path) -> None:
    login(tmp_path)
    sent = robinhood.order_buy_market("ACME", 10)
    assert (sent["state"], sent["type"], sent["time_in_force"]) == ("unconfirmed", "limit", "gtc")
    assert robinhood.get_stock_order_info(sent["id"])["state"] == "filled"
    stop = robinhood.order_sell_stop_loss("ACME", 10, 95)
    assert [row["id"] for row in robinhood.get_all_open_stock_orders()] == [stop["id"]]
    (position,) = robinhood.get_open_stock_positions()
    assert (position["quantity"], position["shares_held_for_sells"]) == ("10.00000000", "10.00000000")
    assert robinhood.build_holdings()["ACME"]["quantity"] == "10.00000000"
    robinhood.cancel_stock_order(stop["id"])
    robinhood.get_stock_order_info(stop["id"])
    assert robinhood.get_stock_order_info(stop["id"])["state"] == "cancelled"
    assert robinhood.get_all_open_stock_orders() == []


def test_it_reads_every_page(fake: FakeRobinhood, tmp_path: Path) -> None:
    login(tmp_path)
    for _ in range(5):
        robinhood.order_buy_limit("ACME", 1, 100)
    assert len(robinhood.get_all_stock_orders()) == 5


def test_it_reads_prices(fake: FakeRobinhood, tmp_path: Path) -> None:
    login(tmp_path)
    assert [row["symbol"] for row in robinhood.get_quotes(["ACME", "NONE", "BOLT"])] == ["ACME", "BOLT"]
    assert robinhood.get_latest_price("BOLT") == ["10.000000"]
    candles = robinhood.get_stock_historicals("ACME", interval="day", span="year")
    assert [row["close_price"] for row in candles] == ["100.000000"]
    assert robinhood.get_market_hours("XNYS", "2007-01-04")["is_open"] is True
