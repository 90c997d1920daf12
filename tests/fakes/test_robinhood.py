"""The fake Robinhood tells in Robinhood's words, as far as they are known, what the embedded exchange does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests

from tests.fakes.pit import FREE, Pit
from tests.fakes.prices import dividend, made, split
from tests.fakes.prices import sessions as sessions_of
from tests.fakes.robinhood import FakeRobinhood, Kind, Repeated, Terms
from tradebot.core.model.account import CashKind, CorporateAction

QUIET = "100 101 99 100"


class Client:
    """Somebody who asks the fake over HTTP with a token, with the hands to let time pass at its exchange."""

    def __init__(self, fake: FakeRobinhood, pit: Pit) -> None:
        self.fake, self.pit = fake, pit
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {fake.grant().access}"

    def ask(self, method: str, path: str, body: object = None, **query: str) -> requests.Response:
        url = path if path.startswith("http") else self.fake.url + path
        return self.session.request(method, url, params=query, json=body, timeout=5)

    def get(self, path: str, **query: str) -> Any:
        answer = self.ask("GET", path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def every(self, path: str, **query: str) -> list[Any]:
        """Every row of every page."""
        answer = self.get(path, **query)
        rows = list(answer["results"])
        while answer["next"]:
            answer = self.get(answer["next"])
            rows += answer["results"]
        return rows

    def body(self, quantity: str = "10", side: str = "buy", **terms: object) -> dict[str, Any]:
        """An order at the market, good until it is cancelled."""
        body = {
            "account": self.get("/accounts/")["results"][0]["url"],
            "instrument": self.get("/instruments/", symbol="ACME")["results"][0]["url"],
            "symbol": "ACME",
            "side": side,
            "quantity": quantity,
            "type": "market",
            "trigger": "immediate",
            "time_in_force": "gtc",
            "market_hours": "regular_hours",
            "order_form_version": 7,
            "ref_id": str(uuid4()),
            **terms,
        }
        return {name: value for name, value in body.items() if value is not None}

    def send(self, quantity: str = "10", side: str = "buy", **terms: object) -> Any:
        answer = self.ask("POST", "/orders/", self.body(quantity, side, **terms))
        assert answer.status_code == 201, answer.text
        return answer.json()

    def stop(self, quantity: str, at: str) -> Any:
        return self.send(quantity, "sell", trigger="stop", stop_price=at)

    def refused(self, **terms: object) -> tuple[int, Any]:
        answer = self.ask("POST", "/orders/", self.body(**terms))  # type: ignore[arg-type]
        return answer.status_code, answer.json()

    def order(self, identifier: str) -> Any:
        return self.get(f"/orders/{identifier}/")

    def cancel(self, identifier: str) -> requests.Response:
        return self.ask("POST", f"/orders/{identifier}/cancel/", {})


ClientOf = Callable[..., Client]


@pytest.fixture
def client(tmp_path: Path) -> Iterator[ClientOf]:
    """Makes a client of a fake that stands at 10:00 of the first of the given days, after a quiet one."""
    with ExitStack() as stack:

        def open_client(*days: str, terms: Terms | None = None, actions: tuple[CorporateAction, ...] = ()) -> Client:
            pit = Pit(tmp_path / "exchange.db", made({"ACME": [QUIET, *(days or (QUIET,))]}, actions), FREE)
            stack.callback(lambda: pit.exchange.close())
            pit.next("10:00")
            return Client(stack.enter_context(FakeRobinhood(pit.again, terms=terms)), pit)

        yield open_client


# --- orders ------------------------------------------------------------------------------------------


def test_an_order_is_unconfirmed_to_its_sender_and_filled_to_the_next_question(client: ClientOf) -> None:
    of = client()
    sent = of.send("10")
    assert (sent["state"], sent["cumulative_quantity"], sent["executions"]) == ("unconfirmed", "0.00000000", [])
    shown = of.order(sent["id"])
    (filled,) = shown["executions"]
    assert (shown["state"], shown["average_price"], shown["cancel"]) == ("filled", "100.00000000", None)
    assert (filled["quantity"], filled["price"], filled["trade_execution_date"]) == (
        "10.00000000",
        "100.00000000",
        "2007-01-04",
    )
    assert "symbol" not in shown
    (position,) = of.every("/positions/", nonzero="true")
    assert (position["symbol"], position["quantity"], position["shares_held_for_sells"]) == (
        "ACME",
        "10.00000000",
        "0.00000000",
    )


def test_a_stop_holds_its_shares_until_its_cancel_has_happened(client: ClientOf) -> None:
    of = client()
    of.send("10")
    stop = of.stop("10", "95")
    assert of.order(stop["id"])["state"] == "confirmed"
    held = [row["shares_held_for_sells"] for row in of.every("/positions/")]
    assert held == ["10.00000000"]
    assert of.refused(quantity="1", side="sell") == (400, {"detail": "Not enough shares to sell."})
    assert of.cancel(stop["id"]).json() == {}
    pending = of.order(stop["id"])
    assert (pending["state"], pending["cancel"]) == ("pending_cancelled", None)
    assert of.order(stop["id"])["state"] == "cancelled"
    assert of.every("/positions/")[0]["shares_held_for_sells"] == "0.00000000"


def test_a_second_cancel_is_refused(client: ClientOf) -> None:
    of = client(terms=Terms(slow_cancels=5))
    of.send("10")
    stop = of.stop("10", "95")
    assert of.cancel(stop["id"]).status_code == 200
    refused = of.cancel(stop["id"])
    assert (refused.status_code, refused.json()["detail"]) == (403, "Order cannot be cancelled at this time")


def test_a_fill_may_win_against_a_cancel(client: ClientOf) -> None:
    of = client(QUIET, "100 101 80 90", terms=Terms(slow_cancels=50))
    of.send("10")
    stop = of.stop("10", "90")
    of.cancel(stop["id"])
    assert of.order(stop["id"])["state"] == "pending_cancelled"
    of.pit.next("10:00")
    assert of.order(stop["id"])["state"] == "filled"


def test_orders_come_in_pages_newest_first(client: ClientOf) -> None:
    of = client(terms=Terms(page_rows=2))
    sent = [of.send("1")["id"] for _ in range(5)]
    first = of.get("/orders/")
    assert (len(first["results"]), first["next"].startswith(f"{of.fake.url}/orders/?cursor=")) == (2, True)
    assert [row["id"] for row in of.every("/orders/")] == sent[::-1]


def test_open_and_closed_orders_are_told_apart(client: ClientOf) -> None:
    of = client()
    bought, stop = of.send("10"), of.stop("10", "95")
    assert [row["id"] for row in of.every("/orders/", is_closed="false")] == [stop["id"]]
    assert [row["id"] for row in of.every("/orders/", is_closed="true")] == [bought["id"]]


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"order_form_version": 1}, "detail"),
        ({"ref_id": None}, "detail"),
        ({"side": "sell", "price": "90"}, "price"),
        ({"type": "limit"}, "price"),
        ({"trigger": "stop"}, "stop_price"),
        ({"quantity": "0.5"}, "detail"),
        ({"quantity": "2000"}, "detail"),
        ({"market_hours": "extended_hours"}, "non_field_errors"),
        ({"account": "http://elsewhere/accounts/1/"}, "detail"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(client: ClientOf, terms: dict[str, Any], field: str) -> None:
    status, said = client().refused(**terms)
    assert status in (400, 403)
    assert list(said) == [field]


def test_a_far_limit_is_taken_and_rejected_without_a_reason(client: ClientOf) -> None:
    of = client()
    sent = of.send("10", type="limit", price="1")
    assert sent["state"] == "unconfirmed"
    shown = of.order(sent["id"])
    assert (shown["state"], shown["reject_reason"]) == ("rejected", None)
    near = of.send("10", type="limit", price="95")
    assert of.order(near["id"])["state"] == "confirmed"


@pytest.mark.parametrize(
    ("repeated", "status", "orders"),
    [(Repeated.CONFLICT, 409, 1), (Repeated.EXISTS, 400, 1), (Repeated.RETURNED, 201, 1), (Repeated.SECOND, 201, 2)],
)
def test_a_repeated_ref_id_meets_one_of_four_fates(
    client: ClientOf, repeated: Repeated, status: int, orders: int
) -> None:
    of = client(terms=Terms(repeated=repeated))
    body = of.body("1")
    first = of.ask("POST", "/orders/", body).json()
    second = of.ask("POST", "/orders/", body)
    assert (second.status_code, len(of.every("/orders/"))) == (status, orders)
    assert (second.json().get("id") == first["id"]) == (repeated is Repeated.RETURNED)


def test_an_id_can_be_burnt(client: ClientOf) -> None:
    of = client()
    body = of.body("1")
    of.fake.strike(Kind.ID_BURNT, method="POST", path="/orders/")
    assert of.ask("POST", "/orders/", body).status_code == 504
    assert of.ask("POST", "/orders/", body).status_code == 409
    assert of.every("/orders/") == []


def test_some_orders_show_no_ref_id(client: ClientOf) -> None:
    of = client(terms=Terms(null_refs=2))
    sent = [of.body("1") for _ in range(2)]
    for body in sent:
        of.ask("POST", "/orders/", body)
    assert [row["ref_id"] for row in of.every("/orders/")] == [None, sent[0]["ref_id"]]


def test_lists_may_lag_behind(client: ClientOf) -> None:
    of = client(terms=Terms(list_lag=120))
    sent = of.send("1")
    assert of.every("/orders/") == []
    assert of.order(sent["id"])["state"] == "filled"
    of.pit.at("10:03")
    assert [row["id"] for row in of.every("/orders/")] == [sent["id"]]


# --- the account -------------------------------------------------------------------------------------


def test_the_account_is_told_beside_one_for_the_retirement(client: ClientOf) -> None:
    of = client(terms=Terms(retirement="first"))
    other, own = of.every("/accounts/", default_to_all_accounts="true")
    assert (other["type"], own["type"], own["cash"]) == ("cash", "margin", "100000.0000")
    assert (own["margin_balances"]["cash"], own["cash_balances"]) == ("100000.0000", None)
    (portfolio,) = of.every("/portfolios/")
    assert portfolio["equity"] == "100000.0000"


def test_a_cash_account_spends_what_has_settled(client: ClientOf) -> None:
    of = client(QUIET, QUIET, terms=Terms(kind="cash"))
    of.send("900")
    of.send("900", "sell", time_in_force="gfd")
    (told,) = of.every("/accounts/")
    assert (told["unsettled_funds"], told["buying_power"]) == ("90000.0000", "10000.0000")
    of.pit.next("10:00")
    assert of.every("/accounts/")[0]["buying_power"] == "100000.0000"


def test_dividends_splits_and_transfers_have_lists_of_their_own(client: ClientOf) -> None:
    days = sessions_of(4)
    actions = (dividend("ACME", days[2], "0.5"), split("ACME", days[3], "2"))
    of = client(QUIET, QUIET, "50 51 49 50", actions=actions)
    of.send("10")
    of.pit.next("10:00")
    of.pit.next("10:00")
    (paid,) = of.every("/dividends/")
    assert (paid["amount"], paid["state"], paid["rate"]) == ("5.00", "paid", "0.5")
    (made_of,) = of.every("/corp_actions/v2/split_payments/")
    assert (made_of["old_shares"], made_of["new_shares"], made_of["split"]["multiplier"]) == (
        "10.00000000",
        "20.00000000",
        "2.00000000",
    )
    (transfer,) = of.every("/ach/transfers/")
    assert (transfer["direction"], transfer["amount"], transfer["state"]) == ("deposit", "100000.00", "completed")


# --- prices ------------------------------------------------------------------------------------------


def test_an_unknown_symbol_is_null_among_the_quotes(client: ClientOf) -> None:
    found = client().get("/quotes/", symbols="NONE,ACME")["results"]
    assert found[0] is None
    assert (found[1]["symbol"], found[1]["bid_price"], found[1]["ask_price"]) == ("ACME", "99.990000", "100.010000")


def test_candles_are_on_the_basis_of_today(client: ClientOf) -> None:
    of = client("50 51 49 50", actions=(split("ACME", sessions_of(2)[1], "2"),))
    (told,) = of.get("/quotes/historicals/", symbols="ACME", interval="day", span="year")["results"]
    assert [(row["begins_at"], row["close_price"]) for row in told["historicals"]] == [
        ("2007-01-03T00:00:00Z", "50.000000")
    ]
    of.fake.house.terms.five_years = "null"
    (told,) = of.get("/quotes/historicals/", symbols="ACME", interval="day", span="5year")["results"]
    assert told["historicals"] is None


def test_a_day_without_a_trade_is_interpolated(client: ClientOf) -> None:
    of = client("100 100 100 100 0", QUIET)
    of.pit.next("17:00")
    (instrument,) = of.every("/instruments/", symbol="ACME")
    found = of.get(f"/marketdata/historicals/{instrument['id']}/", interval="day", span="year")["historicals"]
    assert [row["interpolated"] for row in found] == [False, True, False]


def test_hours_of_a_day(client: ClientOf) -> None:
    of = client()
    hours = of.get("/markets/XNYS/hours/2007-01-04/")
    assert (hours["is_open"], hours["opens_at"]) == (True, "2007-01-04T14:30:00Z")
    closed = of.get("/markets/XNYS/hours/2007-01-06/")
    assert (closed["is_open"], closed["opens_at"]) == (False, None)


# --- the wire ----------------------------------------------------------------------------------------


def test_requests_are_counted_by_kind(client: ClientOf) -> None:
    of = client()
    sent = of.send("1")
    of.order(sent["id"])
    assert of.fake.order_posts == 1
    assert of.fake.asked["GET /orders/{id}/"] == 1


def test_a_second_page_may_fail(client: ClientOf) -> None:
    of = client(terms=Terms(page_rows=1))
    of.send("1"), of.send("1")
    of.fake.strike(Kind.SERVER_ERROR, path="/orders/", after=1)
    first = of.get("/orders/")
    assert of.ask("GET", first["next"]).status_code == 500


@pytest.mark.parametrize("wait", [0, 7])
def test_too_many_requests_may_say_for_how_long(client: ClientOf, wait: int) -> None:
    of = client()
    of.fake.strike(Kind.TOO_MANY, wait)
    answer = of.ask("GET", "/accounts/")
    assert (answer.status_code, answer.headers.get("Retry-After")) == (429, str(wait) if wait else None)


# --- the shapes ------------------------------------------------------------------------------------------

CAPTURED = json.loads((Path(__file__).parent / "robinhood" / "captured.json").read_text())["keys"]


@pytest.mark.parametrize("path", [path for path in CAPTURED if path.startswith("/")])
def test_rows_have_no_key_that_was_not_captured(client: ClientOf, path: str) -> None:
    """A key that an adapter reads and the service does not send would be no help to anybody."""
    actions = (dividend("ACME", sessions_of(3)[2], "0.5"), split("ACME", sessions_of(3)[2], "2"))
    of = client(QUIET, "50 51 49 50", actions=actions)
    of.send("10")
    of.pit.next("17:00")
    with of.fake.open_exchange() as exchange, exchange.writing() as paper:
        for amount in ("3", "-3"):
            paper.book.book_cash(CashKind.INTEREST, Decimal(amount), None, "interest", paper.booking_time)
    (instrument,) = of.every("/instruments/", symbol="ACME")
    asked = path.format(
        number=of.every("/accounts/")[0]["account_number"], id=instrument["id"], mic="XNYS", date="2007-01-04"
    )
    told = of.get(asked, ids=instrument["id"])
    rows = told.get("results", [told])
    assert rows, "there is one to look at"
    assert sorted(set(rows[0]) - set(CAPTURED[path])) == []
    for name, key in (("executions", "execution"), ("historicals", "candle")):
        for row in rows[0].get(name, []):
            assert sorted(set(row) - set(CAPTURED[key])) == []
