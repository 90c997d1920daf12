"""What the fake Alpaca does to requests on purpose, and what its judge objects to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests
from jsonschema import Draft202012Validator
from requests.adapters import HTTPAdapter

from tests.fakes.alpaca import KEY_ID, SECRET_KEY, Arrival, FakeAlpaca, Fault, Kind, SpecificationBroken, Terms
from tests.fakes.alpaca.deviations import DEVIATIONS, Deviation
from tests.fakes.alpaca.judge import Validator, inlined, specification
from tests.fakes.pit import FREE, Pit
from tests.fakes.prices import made
from tradebot.brokers.paper import PaperExchange
from tradebot.core.model.orders import BrokerOrder, OrderRequest

QUIET = "100 101 99 100"
ORDER = {
    "symbol": "ACME",
    "qty": "1",
    "side": "buy",
    "type": "market",
    "time_in_force": "day",
    "client_order_id": "one",
}
HEADERS = {"APCA-API-KEY-ID": KEY_ID, "APCA-API-SECRET-KEY": SECRET_KEY}
Start = Callable[..., "Wire"]


class Wire:
    def __init__(self, fake: FakeAlpaca, pit: Pit, adapter: type[HTTPAdapter]) -> None:
        self.fake, self.pit = fake, pit
        self.session = requests.Session()
        self.session.headers.update(HEADERS)
        self.session.mount("http://", adapter())

    def get(self, path: str, **query: str) -> requests.Response:
        return self.session.get(self.fake.url + path, params=query, timeout=5)

    def post(self, timeout: float = 5, **terms: str) -> requests.Response:
        return self.session.post(self.fake.url + "/v2/orders", json={**ORDER, **terms}, timeout=timeout)

    def arrived(self) -> list[str]:
        """The orders that the exchange has."""
        found = self.pit.broker.open_orders()
        return [order.client_order_id for order in found] + [name for name, _, _ in self.pit.fills()]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a fake and somebody who asks it; quick, unless told that silence is to be waited out."""
    with ExitStack() as stack:

        def wire(*, quick: bool = True, **how: Any) -> Wire:
            pit = Pit(tmp_path / "exchange.db", made({"ACME": [QUIET, QUIET]}), FREE)
            stack.callback(pit.exchange.close)
            pit.next("09:35")
            fake = stack.enter_context(FakeAlpaca(pit.again, **how))
            started = Wire(fake, pit, fake.transport() if quick else HTTPAdapter)
            stack.callback(started.session.close)
            return started

        yield wire


@pytest.mark.parametrize("quick", [True, False], ids=["transport", "wire"])
@pytest.mark.parametrize(
    ("kind", "error", "arrives"),
    [
        (Kind.RESET_BEFORE, requests.ConnectionError, False),
        (Kind.RESET_AFTER, requests.ConnectionError, True),
        (Kind.SILENT_BEFORE, requests.ReadTimeout, False),
        (Kind.SILENT_AFTER, requests.ReadTimeout, True),
        (Kind.CUT_OFF, requests.RequestException, True),
    ],
)
def test_an_order_without_an_answer_has_arrived_or_not(
    start: Start, kind: Kind, error: type[Exception], arrives: bool, quick: bool
) -> None:
    wire = start(quick=quick)
    wire.fake.strike(kind)
    with pytest.raises(error):
        wire.post(timeout=0.2 if error is requests.ReadTimeout and not quick else 5)
    assert wire.arrived() == (["one"] if arrives else [])
    assert wire.get("/v2/clock").status_code == 200


@pytest.mark.parametrize(
    ("kind", "status", "arrives"),
    [
        (Kind.TOO_MANY, 429, False),
        (Kind.SERVER_ERROR, 500, False),
        (Kind.SERVER_ERROR_AFTER, 500, True),
        (Kind.HTML, 502, False),
        (Kind.HTML_AFTER, 502, True),
        (Kind.GATEWAY_TIMEOUT, 504, True),
        (Kind.PAGE, 200, False),
        (Kind.TRUNCATED, 200, True),
        (Kind.DUPLICATE, 422, True),
        (Kind.UNAUTHORIZED, 401, False),
        (Kind.FORBIDDEN, 403, False),
    ],
)
def test_an_order_with_a_wrong_answer_has_arrived_or_not(start: Start, kind: Kind, status: int, arrives: bool) -> None:
    wire = start()
    wire.fake.strike(kind)
    assert wire.post().status_code == status
    assert wire.arrived() == (["one"] if arrives else [])


@pytest.mark.parametrize(
    ("kind", "error"),
    [(Kind.REFUSED, requests.ConnectionError), (Kind.CONNECT_TIMEOUT, requests.ConnectTimeout)],
)
def test_no_connection_comes_about(start: Start, kind: Kind, error: type[Exception]) -> None:
    wire = start()
    wire.fake.strike(kind)
    with pytest.raises(error):
        wire.post()
    assert wire.arrived() == []
    assert [served.fault for served in wire.fake.served] == [Fault(kind)]


def test_nobody_listens_for_a_while(start: Start) -> None:
    wire = start(quick=False)
    assert wire.get("/v2/clock").status_code == 200
    with wire.fake.refusing(), pytest.raises(requests.ConnectionError, match="refused"):
        wire.post()
    assert wire.arrived() == []
    assert wire.post().status_code == 200


def test_a_late_order_arrives_when_it_is_delivered(start: Start) -> None:
    wire = start()
    wire.fake.strike(Kind.LATE)
    with pytest.raises(requests.ReadTimeout):
        wire.post()
    assert wire.arrived() == []
    wire.fake.deliver()
    assert wire.arrived() == ["one"]


def test_answers_are_not_the_whole_truth(start: Start) -> None:
    wire = start()
    before = wire.get("/v2/positions").json()
    wire.post()
    wire.fake.strike(Kind.STALE)
    assert wire.get("/v2/positions").json() == before == []
    wire.fake.strike(Kind.EMPTY)
    assert wire.get("/v2/orders", status="all").json() == []
    wire.fake.strike(Kind.LAGGING, 1)
    assert [row["activity_type"] for row in wire.get("/v2/account/activities").json()] == ["CSD"]
    wire.fake.strike(Kind.UNKNOWN_STATUS)
    assert wire.get("/v2/orders", status="all").json()[0]["status"] == "under_observation"
    wire.fake.strike(Kind.UNKNOWN_FIELDS)
    assert "new_field" in wire.get("/v2/account").json()
    wire.fake.strike(Kind.SKEWED, -3600)
    assert wire.get("/v2/clock").json()["timestamp"] == "2007-01-04T08:35:00-05:00"


def test_a_fault_strikes_the_requests_that_it_is_for(start: Start) -> None:
    wire = start()
    wire.fake.strike(Kind.TOO_MANY, 7, method="POST", path="/v2/orders", times=2, after=1)
    statuses = [wire.get("/v2/clock").status_code, *(wire.post(client_order_id=str(n)).status_code for n in range(4))]
    assert statuses == [200, 200, 429, 429, 200]
    refused = [served for served in wire.fake.served if served.fault is not None]
    assert refused[0].answer is not None and refused[0].answer.headers == {"Retry-After": "7"}


def test_a_function_is_asked_at_each_arrival(start: Start) -> None:
    seen: list[str] = []

    def on_request(arrival: Arrival) -> Fault | None:
        seen.append(f"{arrival.method} {arrival.path}")
        return Fault(Kind.SERVER_ERROR) if arrival.writes else None

    wire = start(on_request=on_request)
    assert wire.get("/v2/clock").status_code == 200
    assert wire.post().status_code == 500
    assert seen == ["GET /v2/clock", "POST /v2/orders"]


def test_wrong_keys_and_too_many_requests_are_turned_away(start: Start) -> None:
    wire = start(terms=Terms(keys=(KEY_ID, SECRET_KEY), allowance=3))
    answer = wire.get("/v2/clock")
    assert (answer.headers["X-RateLimit-Limit"], answer.headers["X-RateLimit-Remaining"]) == ("3", "2")
    stranger = {**HEADERS, "APCA-API-SECRET-KEY": "another"}
    assert requests.get(wire.fake.url + "/v2/account", headers=stranger, timeout=5).status_code == 401
    assert [wire.get("/v2/clock").status_code for _ in range(3)] == [200, 200, 429]


def test_a_mistake_of_the_fake_itself_fails_the_test(start: Start) -> None:
    def broken(exchange: PaperExchange, request: OrderRequest) -> BrokerOrder:
        raise ZeroDivisionError(request.symbol)

    wire = start(terms=Terms(submit=broken))
    with pytest.raises(requests.ConnectionError):
        wire.post()
    with pytest.raises(ZeroDivisionError):
        wire.fake.sentence()
    wire.fake.errors.clear()


# --- the judge -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "query", "body", "objection"),
    [
        ("GET", "/v2/account", {"nested": "true"}, None, "a parameter that the specification does not have: nested"),
        ("GET", "/v2/orders", {"nested": "True"}, None, "'True' is not of type 'boolean'"),
        ("GET", "/v2/nowhere", {}, None, "no such operation"),
        ("GET", "/v2/orders/abc", {}, None, "'abc' is not a 'uuid'"),
        ("GET", "/v2/stocks/snapshots", {}, None, "without the parameter symbols"),
        ("POST", "/v2/orders", {}, {**ORDER, "qty": 1}, "qty: 1 is not of type 'string'"),
        ("POST", "/v2/orders", {}, {**ORDER, "client_oder_id": "x"}, "does not have: client_oder_id"),
        ("POST", "/v2/orders", {}, {"symbol": "ACME"}, "'type' is a required property"),
    ],
)
def test_the_judge_objects_to_what_the_specification_does_not_allow(
    start: Start, method: str, path: str, query: dict[str, str], body: object, objection: str
) -> None:
    wire = start()
    wire.session.request(method, wire.fake.url + path, params=query, json=body, timeout=5)
    assert objection in "\n".join(wire.fake.judge.violations)
    with pytest.raises(SpecificationBroken):
        wire.fake.judge.sentence()
    wire.fake.judge.forgive()


def test_the_judge_objects_to_answers_and_counts_what_it_has_seen(start: Start) -> None:
    wire = start()
    wire.post()
    orders = wire.get("/v2/orders", status="all")
    assert (wire.fake.judge.requests, wire.fake.judge.answers) == (2, 2)
    arrival, (answer, *_) = wire.fake.requests[-1], [served.answer for served in wire.fake.served[1:]]
    assert answer is not None and orders.json() == answer.body
    answer.body[0]["status"] = "under_observation"
    wire.fake.judge.answer(arrival, answer)
    assert "'under_observation' is not one of" in wire.fake.judge.forgive()[0]


@pytest.mark.parametrize("deviation", DEVIATIONS, ids=lambda deviation: deviation.reason[:40])
def test_a_deviation_is_an_error_of_the_specification_itself(deviation: Deviation) -> None:
    raw = specification(deviation.specification, mended=False)
    as_it_is = Validator(inlined(raw, deviation.part(raw)))
    mended = Validator(inlined(raw, deviation.instead))
    assert list(as_it_is.errors(deviation.example))
    assert not list(mended.errors(deviation.example))


def test_the_specifications_are_sound_schemas() -> None:
    for name in ("trading-api", "market-data-api"):
        for schema in specification(name)["components"]["schemas"].values():
            Draft202012Validator.check_schema(schema)
