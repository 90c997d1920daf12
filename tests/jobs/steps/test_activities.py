"""A fill that the broker shows later than a newer one is booked all the same, and once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from tests.jobs.brokers import Around
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import House, Script
from tradebot.core.model.account import Activity, Fill, id_of
from tradebot.errors import ExitCode

SECOND = date(2007, 1, 4)
ENTERS = Script(enter={"ACME": [SECOND], "BOLT": [SECOND]})


class ShowsAcmeLater(Around):
    """Does not show the fills of ACME, though it shows newer ones."""

    def activities(self, after: str | None) -> tuple[Activity, ...]:
        return tuple(a for a in super().activities(after) if not (isinstance(a, Fill) and a.symbol == "ACME"))


class ShowsThemNow(Around):
    """Shows them at last, where they belong: before the newest that is known."""

    def late_activities(self, after: str, is_known: Callable[[str], bool]) -> tuple[Activity, ...]:
        every = self.inner.activities(None)
        ids = [id_of(activity) for activity in every]
        return tuple(a for a in every[: ids.index(after)] if isinstance(a, Fill) and not is_known(a.fill_id))


def cursor_of(house: House) -> str | None:
    with house.desk() as desk:
        return desk.ledger.books.cursor()


def test_a_fill_that_is_shown_late_is_booked_when_it_is_shown(make_house: MakeHouse) -> None:
    house = make_house(ENTERS)
    assert house.daily(wrap=ShowsAcmeLater).exit_code is ExitCode.BREAKS
    assert house.holding("ACME") is None and house.holding("BOLT") is not None
    newest = cursor_of(house)

    outcome = house.check_exits(wrap=ShowsThemNow)
    assert outcome.exit_code is ExitCode.OK
    assert [(fill.symbol, fill.quantity) for fill in outcome.fills] == [("ACME", Decimal(50))]
    held = house.holding("ACME")
    assert held is not None and held.strategy == "scripted"
    assert cursor_of(house) == newest

    again = house.reconcile(wrap=ShowsThemNow)
    assert (again.exit_code, again.fills) == (ExitCode.OK, ())
