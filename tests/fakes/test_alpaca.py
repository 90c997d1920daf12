"""The fake Alpaca tells in Alpaca's words what the embedded exchange does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.fakes.alpaca import KEY_ID, SECRET_KEY, FakeAlpaca, Kind
from tests.fakes.pit import FREE, Pit
from tests.fakes.prices import made, split
from tests.fakes.prices import sessions as sessions_of
from tradebot.brokers.paper import ExchangeRules
from tradebot.core.model.account import CorporateAction

QUIET = "100 101 99 100"


class Client:
    """Somebody who asks the fake over HTTP, with the hands to let time pass at its exchange."""

    def __init__(self, fake: FakeAlpaca, pit: Pit) -> None:
        self.fake, self.pit = fake, pit
        self.session = requests.Session()
        self.session.headers.update({"APCA-API-KEY-ID": KEY_ID, "APCA-API-SECRET-KEY": SECRET_KEY})

    def ask(self, method: str, path: str, body: object = None, **query: str) -> requests.Response:
        return self.session.request(method, self.fake.url + path, params=query, json=body, timeout=5)

    def get(self, path: str, **query: str) -> Any:
        answer = self.ask("GET", path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, method: str, path: str, body: object = None, **query: str) -> tuple[int, int, str]:
        answer = self.ask(method, path, body, **query)
        return answer.status_code, answer.json()["code"], answer.json()["message"]

    def send(self, quantity: str, side: str = "buy", **terms: object) -> Any:
        body = {"symbol": "ACME", "qty": quantity, "side": side, "type": "market", "time_in_force": "gtc", **terms}
        answer = self.ask("POST", "/v2/orders", {name: each for name, each in body.items() if each is not None})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def bracket(self, qty: str = "10", **terms: object) -> Any:
        legs: dict[str, Any] = {"take_profit": {"limit_price": "110"}, "stop_loss": {"stop_price": "95"}}
        return self.send(qty, **{"order_class": "bracket", **legs, **terms})

    def order(self, identifier: str, **query: str) -> Any:
        return self.get(f"/v2/orders/{identifier}", **query)


ClientOf = Callable[..., Client]


@pytest.fixture
def client(tmp_path: Path) -> Iterator[ClientOf]:
    """A client of a fake whose market plays days for ACME, five minutes after the open of the second."""
    with ExitStack() as stack:

        def start(
            *days: str, at: str = "09:35", rules: ExchangeRules = FREE, actions: tuple[CorporateAction, ...] = ()
        ) -> Client:
            pit = Pit(tmp_path / "exchange.db", made({"ACME": [QUIET, *days]}, actions), rules)
            stack.callback(pit.exchange.close)
            pit.next(at)
            started = Client(stack.enter_context(FakeAlpaca(pit.again)), pit)
            stack.callback(started.session.close)
            return started

        yield start


def test_an_account_has_strings_for_amounts_and_its_number(client: ClientOf) -> None:
    account = client(QUIET).get("/v2/account")
    assert account["account_number"] == "PAPER-0001"
    assert (account["cash"], account["equity"], account["buying_power"]) == ("100000", "100000", "100000")
    assert account["status"] == "ACTIVE"


def test_the_clock_tells_new_york_time_with_its_offset(client: ClientOf) -> None:
    acme = client(QUIET, QUIET)
    clock = acme.get("/v2/clock")
    assert clock == {
        "timestamp": "2007-01-04T09:35:00-05:00",
        "is_open": True,
        "next_open": "2007-01-05T09:30:00-05:00",
        "next_close": "2007-01-04T16:00:00-05:00",
    }
    acme.pit.at("16:05")
    assert acme.get("/v2/clock")["is_open"] is False


def test_the_calendar_has_wall_times_and_half_days(client: ClientOf) -> None:
    days = client(QUIET).get("/v2/calendar", start="2024-07-03", end="2024-07-07")
    assert [(day["date"], day["open"], day["close"]) for day in days] == [
        ("2024-07-03", "09:30", "13:00"),
        ("2024-07-05", "09:30", "16:00"),
    ]
    assert days[0]["settlement_date"] == "2024-07-05"


def test_an_order_is_taken_in_first_and_seen_filled_by_the_next_question(client: ClientOf) -> None:
    acme = client(QUIET)
    taken = acme.send("10", client_order_id="first")
    assert (taken["status"], taken["filled_qty"], taken["filled_at"]) == ("pending_new", "0", None)
    seen = acme.get("/v2/orders:by_client_order_id", client_order_id="first")
    assert (seen["status"], seen["filled_qty"], seen["filled_avg_price"]) == ("filled", "10", "100")
    assert seen["id"] == taken["id"]
    (position,) = acme.get("/v2/positions")
    assert (position["symbol"], position["qty"], position["qty_available"]) == ("ACME", "10", "10")
    assert acme.get("/v2/positions/ACME") == position
    assert acme.get("/v2/account")["cash"] == "99000"


def test_an_order_sent_while_the_market_is_closed_waits_as_accepted(client: ClientOf) -> None:
    acme = client(QUIET, at="09:00")
    assert acme.send("10")["status"] == "accepted"
    assert acme.get("/v2/orders")[0]["status"] == "accepted"
    acme.pit.at("09:35")
    assert acme.get("/v2/orders") == []


def test_the_legs_of_a_bracket_are_held_and_have_ids_that_name_nobody(client: ClientOf) -> None:
    acme = client(QUIET)
    taken = acme.bracket(client_order_id="entry")
    assert [leg["status"] for leg in taken["legs"]] == ["held", "held"]
    assert [leg["type"] for leg in taken["legs"]] == ["stop", "limit"]
    resting = {order["type"]: order for order in acme.get("/v2/orders", status="open")}
    assert {kind: order["status"] for kind, order in resting.items()} == {"stop": "held", "limit": "new"}
    assert all("entry" not in order["client_order_id"] for order in resting.values())
    assert all(order["legs"] is None and order["order_class"] == "bracket" for order in resting.values())
    leg = acme.get("/v2/orders:by_client_order_id", client_order_id=resting["stop"]["client_order_id"])
    assert leg["id"] == resting["stop"]["id"]


def test_a_filled_entry_hides_its_open_legs_from_a_nested_list(client: ClientOf) -> None:
    acme = client(QUIET)
    entry = acme.bracket()
    assert acme.get("/v2/orders", status="open", nested="true") == []
    assert len(acme.get("/v2/orders", status="open", nested="false")) == 2
    (nested,) = acme.get("/v2/orders", status="all", nested="true")
    assert nested["id"] == entry["id"]
    assert {leg["id"] for leg in nested["legs"]} == {leg["id"] for leg in entry["legs"]}
    assert acme.order(entry["id"])["legs"] is None
    assert len(acme.order(entry["id"], nested="true")["legs"]) == 2


def test_a_stop_beside_a_target_may_be_missing_in_a_flat_list(client: ClientOf) -> None:
    acme = client(QUIET)
    acme.fake.house.terms.hides_held = True
    entry = acme.bracket()
    assert [order["type"] for order in acme.get("/v2/orders")] == ["limit"]
    assert len(acme.order(entry["id"], nested="true")["legs"]) == 2


def test_a_replaced_leg_and_its_replacement_name_each_other(client: ClientOf) -> None:
    acme = client(QUIET)
    entry = acme.bracket()
    old = next(leg for leg in entry["legs"] if leg["type"] == "stop")
    answer = acme.ask("PATCH", f"/v2/orders/{old['id']}", {"stop_price": "97", "client_order_id": "raised"})
    assert answer.status_code == 200, answer.text
    new = answer.json()
    assert (new["replaces"], new["stop_price"], new["client_order_id"]) == (old["id"], "97", "raised")
    seen = acme.order(old["id"])
    assert (seen["status"], seen["replaced_by"]) == ("replaced", new["id"])
    assert seen["replaced_at"] is not None
    assert acme.refused("PATCH", f"/v2/orders/{new['id']}", {})[:2] == (422, 42210000)


def test_a_cancel_is_answered_with_nothing_and_refused_when_the_order_is_over(client: ClientOf) -> None:
    acme = client(QUIET)
    order = acme.send("1", type="limit", limit_price="90")
    answer = acme.ask("DELETE", f"/v2/orders/{order['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    seen = acme.order(order["id"])
    assert (seen["status"], seen["canceled_at"]) == ("canceled", "2007-01-04T14:35:00Z")
    told = acme.refused("DELETE", f"/v2/orders/{order['id']}")
    assert told[:2] == (422, 42210000) and '"canceled" state' in told[2]
    missing = "11111111-2222-3333-4444-555555555555"
    assert acme.refused("DELETE", f"/v2/orders/{missing}")[:2] == (404, 40410000)


def test_an_unknown_client_order_id_is_not_found(client: ClientOf) -> None:
    told = client(QUIET).refused("GET", "/v2/orders:by_client_order_id", client_order_id="never")
    assert told == (404, 40410000, "order not found for never")


def test_a_client_order_id_is_taken_once(client: ClientOf) -> None:
    acme = client(QUIET)
    acme.send("1", client_order_id="once")
    body = {
        "symbol": "ACME",
        "qty": "1",
        "side": "buy",
        "type": "market",
        "time_in_force": "day",
        "client_order_id": "once",
    }
    assert acme.refused("POST", "/v2/orders", body) == (422, 40010001, "client_order_id must be unique")


@pytest.mark.parametrize(
    ("terms", "told"),
    [
        ({"qty": "1100"}, (403, 40310000)),
        ({"side": "sell"}, (403, 40310000)),
        ({"symbol": "NONE"}, (422, 42210000)),
        ({"type": "limit", "limit_price": "99.001"}, (422, 42210000)),
        ({"qty": None}, (422, 40010001)),
        ({"side": "hold"}, (422, 40010001)),
        ({"order_class": "bracket", "stop_loss": {"stop_price": "95"}}, (422, 40010001)),
        ({"qty": "1.5"}, (422, 42210000)),
        ({"type": "trailing_stop", "trail_percent": "5"}, (422, 42210000)),
        ({"time_in_force": "opg"}, (422, 42210000)),
        ({"qty": None, "notional": "50", "time_in_force": "day"}, (422, 40010001)),
    ],
    ids=[
        "no buying power",
        "short",
        "symbol",
        "sub-penny",
        "no quantity",
        "side",
        "half a bracket",
        "fraction gtc",
        "trailing stop",
        "opening auction",
        "amount",
    ],
)
def test_what_alpaca_refuses(client: ClientOf, terms: dict[str, object], told: tuple[int, int]) -> None:
    acme = client(QUIET)
    body = {"symbol": "ACME", "qty": "1", "side": "buy", "type": "market", "time_in_force": "gtc", **terms}
    sent = {name: each for name, each in body.items() if each is not None}
    assert acme.refused("POST", "/v2/orders", sent)[:2] == told
    assert acme.get("/v2/orders", status="all") == []
    assert bool(acme.fake.judge.forgive()) == ("hold" in terms.values())


def test_orders_come_in_pages(client: ClientOf) -> None:
    acme = client(QUIET)
    sent = [acme.send("1", type="limit", limit_price="90")["id"] for _ in range(5)]
    first = acme.get("/v2/orders", limit="2")
    assert [order["id"] for order in first] == [sent[4], sent[3]]
    second = acme.get("/v2/orders", limit="2", until=first[-1]["submitted_at"])
    assert [order["id"] for order in second] == [sent[2], sent[1]]
    rest = acme.get("/v2/orders", direction="asc", after_order_id=sent[3])
    assert [order["id"] for order in rest] == [sent[4]]


def test_everything_is_cancelled_item_by_item(client: ClientOf) -> None:
    acme = client(QUIET)
    acme.bracket()
    acme.send("1", type="limit", limit_price="90")
    answer = acme.ask("DELETE", "/v2/orders")
    assert (answer.status_code, [item["status"] for item in answer.json()]) == (207, [200, 200, 200])
    assert acme.get("/v2/orders") == []


def test_a_cancel_may_take_its_time(client: ClientOf) -> None:
    acme = client(QUIET)
    acme.fake.house.terms.slow_cancels = 2
    order = acme.send("1", type="limit", limit_price="90")
    assert acme.ask("DELETE", f"/v2/orders/{order['id']}").status_code == 204
    seen = [acme.order(order["id"])["status"] for _ in range(4)]
    assert seen == ["pending_cancel", "pending_cancel", "canceled", "canceled"]


def test_an_item_of_several_may_fail(client: ClientOf) -> None:
    acme = client(QUIET)
    spared, _ = (acme.send("1", type="limit", limit_price="90")["id"] for _ in range(2))
    acme.fake.strike(Kind.ITEM_FAILED)
    assert [item["status"] for item in acme.ask("DELETE", "/v2/orders").json()] == [500, 200]
    assert [order["id"] for order in acme.get("/v2/orders")] == [spared]


def test_an_account_may_be_told_otherwise_than_it_is(client: ClientOf) -> None:
    acme = client(QUIET)
    acme.fake.house.terms.account = {"trading_blocked": True}
    acme.fake.house.terms.assets = {"ACME": {"tradable": False, "status": "inactive"}}
    assert acme.get("/v2/account")["trading_blocked"] is True
    assert acme.get("/v2/assets", status="active") == []


def test_activities_come_in_pages_both_ways(client: ClientOf) -> None:
    acme = client(QUIET)
    for _ in range(3):
        acme.send("1")
    newest_first = acme.get("/v2/account/activities")
    assert [row["activity_type"] for row in newest_first] == ["FILL", "FILL", "FILL", "CSD"]
    ids = [row["id"] for row in newest_first]
    assert ids == sorted(ids, reverse=True)
    assert acme.get("/v2/account/activities", page_size="2", page_token=ids[1]) == newest_first[2:]
    rising = acme.get("/v2/account/activities/FILL", direction="asc", page_token=ids[2])
    assert [row["id"] for row in rising] == [ids[1], ids[0]]
    fill = newest_first[0]
    assert (fill["qty"], fill["price"], fill["side"], fill["type"]) == ("1", "100", "buy", "fill")
    assert fill["transaction_time"].startswith("2007-01-04T14:35:00")
    assert acme.ask("GET", "/v2/account/activities", page_size="101").status_code == 422
    assert acme.fake.judge.forgive()


def test_a_commission_is_a_fee_beside_the_fill(client: ClientOf) -> None:
    acme = client(QUIET, rules=ExchangeRules())
    acme.send("10")
    fee, fill = acme.get("/v2/account/activities", direction="asc")[1:]
    assert (fee["activity_type"], fee["net_amount"], fee["date"]) == ("FEE", "-1", "2007-01-04")
    assert fee["id"].startswith("20070104000000000::") and fill["id"].startswith("20070104093500000::")


def test_a_split_takes_the_old_shares_and_gives_the_new(client: ClientOf) -> None:
    (_, _, ex_date) = sessions_of(3)
    acme = client(QUIET, "50 51 49 50", actions=(split("ACME", ex_date, "2"),))
    acme.send("10")
    acme.pit.next("09:00")
    old, new = acme.get("/v2/account/activities/SPLIT", direction="asc")
    assert (old["qty"], new["qty"]) == ("-10", "20")
    assert old["group_id"] == new["group_id"]


def test_the_history_of_the_equity_is_a_value_a_session(client: ClientOf) -> None:
    acme = client("100 106 99 105", QUIET)
    acme.send("10")
    acme.pit.next("09:00")
    history = acme.get("/v2/account/portfolio/history", period="5D", timeframe="1D")
    assert history["equity"] == [100000.0, 100050.0, 100050.0]
    assert history["profit_loss"] == [0.0, 50.0, 0.0]
    assert history["base_value"] == 100000.0


def test_assets_are_those_that_are_listed(client: ClientOf) -> None:
    acme = client(QUIET)
    (asset,) = acme.get("/v2/assets", status="active", asset_class="us_equity")
    assert (asset["symbol"], asset["tradable"]) == ("ACME", True)
    assert acme.get("/v2/assets/ACME") == asset
    assert acme.ask("GET", "/v2/assets/NONE").status_code == 404


def test_settings_of_the_account_are_changed(client: ClientOf) -> None:
    acme = client(QUIET)
    assert acme.get("/v2/account/configurations")["suspend_trade"] is False
    acme.ask("PATCH", "/v2/account/configurations", {"suspend_trade": True})
    body = {"symbol": "ACME", "qty": "1", "side": "buy", "type": "market", "time_in_force": "day"}
    assert acme.refused("POST", "/v2/orders", body)[:2] == (403, 40310000)
    assert acme.get("/v2/account")["trade_suspended_by_user"] is True
