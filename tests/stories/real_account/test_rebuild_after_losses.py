"""A ledger is made anew for an account that lost money long ago: drawdown counts from today, and nothing halts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal

from tests.fakes.alpaca.client import broker_of
from tests.fakes.orders import Requests
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tests.stories.real_account.at_alpaca import AtAlpaca, at_alpaca
from tradebot.core.results.outcomes import Outcome
from tradebot.errors import ExitCode
from tradebot.jobs import rebuild
from tradebot.runtime.rebuild import open_rebuild

FIFTH = date(2007, 1, 9)
#: 800 BOLT bought at 100 and sold at 70: a quarter of the account.
FALLS = [FLAT, FLAT, "70 71 69 70", *["70 71 69 70"] * 8]


@contextmanager
def lost(make_house: MakeHouse) -> Iterator[AtAlpaca]:
    """An account whose owner lost 24 %, in which the bot has traded for a session, and whose ledger is gone."""
    house: House = make_house(
        Script(enter={"ACME": [FIFTH]}),
        prices={"ACME": [FLAT] * 11, "BOLT": FALLS},
        settings={"MAX_ORDER_VALUE": "2000"},
    )
    house.passes("09:31")
    with house.by_hand() as broker:
        broker.submit(Requests("BOLT").buy(800, client_id="old 1"))
    house.next()
    house.passes("09:31")
    with house.by_hand() as broker:
        broker.submit(Requests("BOLT").sell(800, client_id="old 2"))
    house.next()
    house.next()
    with at_alpaca(house) as account:
        assert account.daily().exit_code is ExitCode.OK
        house.database.unlink()
        yield account


def rebuilt(account: AtAlpaca) -> Outcome:
    with open_rebuild(account.house.options) as opened:
        return rebuild.run(replace(opened.desk, broker=broker_of(account.fake)), opened.previous, opened.kept)


def test_what_was_lost_long_ago_is_no_drawdown(make_house: MakeHouse) -> None:
    with lost(make_house) as account:
        (said,) = [note for note in rebuilt(account).notes if "equity peak" in note]
        assert "today's equity, $76,000.00" in said
        assert "$100,000.00 at least" in said
        for at in ("10:15", "15:45"):
            outcome = account.check_exits(at)
            assert (outcome.exit_code, outcome.halts) == (ExitCode.OK, ())
        account.house.next()
        assert account.daily().exit_code is ExitCode.OK
        with account.house.desk() as desk:
            assert desk.ledger.books.peak() == Decimal(76_000)
