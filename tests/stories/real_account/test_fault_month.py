"""A month at Alpaca with one real fault of each kind: each halts, says why, and ends as it says."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal

from tests.core.results.test_halt_texts import parsed
from tests.fakes.alpaca.client import broker_of
from tests.fakes.orders import Requests
from tests.fakes.prices import sessions
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tests.stories.real_account.at_alpaca import AtAlpaca, at_alpaca
from tests.stories.real_account.test_looks import lose_shares
from tests.stories.real_account.transfers import move_cash
from tradebot.core.model.halts import Halt, HaltEnd, HaltLevel, HaltRule, distinct
from tradebot.core.model.orders import Purpose, Side
from tradebot.core.model.schedule import Job
from tradebot.core.results.outcomes import Outcome
from tradebot.errors import ExitCode
from tradebot.home import paths
from tradebot.home.halt_file import LatchFile
from tradebot.jobs import reconcile_accept, resume, status
from tradebot.ledger.database import open_database
from tradebot.ledger.verify import verify_ledger
from tradebot.reports.pages import common
from tradebot.reports.terminal import draw

#: The session of a number; trading begins in that of number 1.
DAYS = sessions(24)
#: The sessions in which each symbol is wanted: while a fault halts, and in the session after it.
WANTED = {
    "ACME": [1],
    "BOLT": [3, 4, 5],
    "CORD": [7, 8],
    "DUNE": [11, 12, 13],
    "EAST": [15, 16, 17],
    "FERN": [19, 20, 21],
}
SYMBOLS = (*WANTED, "GOLD", "HILL")
#: Five positions of 98 or 100 shares, each with a stop 50 % below its price, and one more.
ROOM = {"RISK_PER_TRADE_PCT": "5%", "MAX_PORTFOLIO_RISK_PCT": "50%", "MAX_POSITIONS": "6", "BREAK_HALT_VALUE": "1000"}
EXPLAINED = "until two jobs in a row explain everything, or until `tradebot resume`"
RESUME = "until `tradebot resume`"
OVER = "a halt is over"


@dataclass
class Month:
    """The account, and the number of the session in which it stands."""

    account: AtAlpaca
    number: int = 1

    @property
    def house(self) -> House:
        return self.account.house

    def session(self, noon: Callable[[], None] = lambda: None) -> tuple[Outcome, Outcome, Outcome]:
        """The jobs of a session, and then the next begins. ``noon``: what happens between the first and the rest."""
        morning = self.account.daily("09:35")
        noon()
        three = (morning, self.account.check_exits("12:15"), self.account.run(Job.RECONCILE, "16:05"))
        self.number += 1
        assert self.house.next() == DAYS[self.number]
        return three

    def quiet(self, until: int) -> None:
        """Sessions without a fault, up to one of a number."""
        while self.number < until:
            for outcome in self.session():
                assert (outcome.halts, outcome.breaks, outcome.exit_code) == ((), (), ExitCode.OK)

    def trades_again(self, symbol: str) -> None:
        """A session without a fault, in which a symbol is entered that was wanted before."""
        assert symbol not in self.house.positions()
        self.quiet(self.number + 1)
        assert symbol in self.house.positions()
        assert self.house.stops(symbol)

    def accept(self, symbol: str) -> None:
        with self.house.desk() as desk:
            reconcile_accept.run(replace(desk, broker=broker_of(self.account.fake)), symbol, "the broker's statement")

    def resume(self) -> None:
        with self.house.desk() as desk:
            assert resume.run(replace(desk, broker=broker_of(self.account.fake)), "talked to them").halts == ()

    def by_hand(self, side: Side, *symbols: str) -> None:
        """A person trades 10 shares of each symbol in the account."""
        with self.house.by_hand() as broker:
            for symbol in symbols:
                broker.submit(Requests(symbol).order(side, 10, client_id=f"mine {side} {symbol}"))

    def alerts(self) -> list[tuple[str, str]]:
        """Title and message of each alert about a halt."""
        rows = self.house.rows("SELECT title, message FROM alerts ORDER BY seq")
        found = ((row["title"], row["message"]) for row in rows)
        return [each for each in found if each[0] == OVER or each[0].startswith(("halted:", "reducing:"))]

    def status(self) -> str:
        """What status says of the halts, in one line."""
        with self.house.desk() as desk:
            shown = status.run(replace(desk, broker=broker_of(self.account.fake)), "")
        return " ".join(draw(common.halts(shown.halts, self.house.home), io.StringIO()).split())

    def says(self, rule: HaltRule, what: str, began: int, ends: str) -> None:
        """Alert and status say what is wrong, since when, what ends it, and commands that are taken as they stand."""
        since = f"{DAYS[began]} 09:35"
        message = self.alerts()[-1][1]
        lines = message.splitlines()
        for text in (" ".join(lines), self.status()):
            assert what in text
            assert since in text
            assert f", {ends}" in text
        assert self.alerts()[-1][0].endswith(f": {rule.replace('_', ' ')}")
        commands = [line for line in lines if line.startswith("tradebot ")]
        assert commands
        for command in commands:
            assert parsed(command)
            assert command in self.status()

    def is_over(self, why: str) -> None:
        title, message = self.alerts()[-1]
        assert title == OVER
        assert f"is over: {why}" in message
        assert self.status() == ""


@contextmanager
def a_month(make_house: MakeHouse) -> Iterator[Month]:
    """A home at Alpaca whose prices stand still, but for BOLT, which falls in session 7 and stays there."""
    prices = {symbol: [FLAT] * len(DAYS) for symbol in SYMBOLS}
    prices["BOLT"][7:] = ["69 70 68 69"] * (len(DAYS) - 7)
    wanted = {symbol: [DAYS[number] for number in numbers] for symbol, numbers in WANTED.items()}
    house = make_house(Script(enter=wanted, policy='stop=Decimal("0.50")'), prices=prices, settings=ROOM)
    with at_alpaca(house) as account:
        yield Month(account)


def the_halt(outcome: Outcome) -> Halt:
    (same,) = distinct(outcome.halts)
    return same[0]


def denied(outcome: Outcome) -> set[tuple[str, str]]:
    return {(denial.symbol, denial.code) for denial in outcome.denials}


def entries(outcome: Outcome) -> list[str]:
    return [line.symbol for line in outcome.orders if line.purpose is Purpose.ENTRY]


def accept_as_told(month: Month, outcome: Outcome, symbol: str) -> None:
    """Accept a symbol as the command does that the job showed."""
    told = re.findall(r"`(tradebot reconcile --accept [^`]+)`", "\n".join(outcome.notes))
    (typed,) = (each for each in map(parsed, told) if each["accept"] == symbol)
    month.accept(typed["accept"])


# --- the faults, and the sessions in which each begins and ends ----------------------------------------


def shares_gone(month: Month) -> None:
    """In session 3, 20 of 100 ACME are gone and no row says why. A person accepts that in session 4."""
    lose_shares(month.house)
    waited = sum(month.account.waited)
    what, says = "the ledger and the broker differ by $2,000.00 (in ACME), and $1,000.00 is the limit", month.says
    morning, *later = month.session(noon=lambda: says(HaltRule.BREAKS, what, 3, EXPLAINED))
    assert sum(month.account.waited) - waited >= 3, "two looks show it"
    assert_halted([morning, *later], HaltRule.BREAKS, HaltEnd.EXPLAINED)
    assert ("BOLT", "HALTED") in denied(morning)
    assert all(ExitCode.BREAKS in outcome.codes for outcome in (morning, *later))
    assert month.house.stops("ACME") == [(Decimal(80), Decimal(50))]

    def a_person_accepts() -> None:
        says(HaltRule.BREAKS, what, 3, EXPLAINED)
        accept_as_told(month, later[-1], "ACME")

    morning, first, second = month.session(noon=a_person_accepts)
    assert_halted([morning, first], HaltRule.BREAKS, HaltEnd.EXPLAINED)
    assert (second.halts, second.breaks, second.exit_code) == ((), (), ExitCode.OK)
    month.is_over("two jobs in a row explained everything")
    month.trades_again("BOLT")


def a_days_loss(month: Month) -> None:
    """In session 7, 98 BOLT open at 69 USD: 3,038 of 98,000 USD are lost, 3.1 %. It ends with the session."""
    what = "equity $94,962.00 is 3.1% below the last close of $98,000.00, and 3% is the limit"
    until = f"until session {DAYS[8]}"
    outcomes = month.session(noon=lambda: month.says(HaltRule.DAILY_LOSS, what, 7, until))
    assert_halted(outcomes, HaltRule.DAILY_LOSS, HaltEnd.SESSION)
    assert [note for note in outcomes[0].notes if note.startswith("emergency stop: stopped")]
    assert ("CORD", "HALTED") in denied(outcomes[0])
    assert set(month.house.positions()) == {"ACME", "BOLT"}
    assert month.house.stops("BOLT") == [(Decimal(98), Decimal(50))]
    month.trades_again("CORD")
    month.is_over("the session that it held for is over")
    assert LatchFile(paths.latch_file(month.house.home)).read() == ()


def a_charge_that_nobody_tells(month: Month) -> None:
    """500 USD go in session 11, and 700 more in session 12. The second is accepted at noon of that session."""
    move_cash(month.account, Decimal(-500))
    morning, *later = month.session()
    assert denied(morning) == {("DUNE", "CASH_UNEXPLAINED")}
    assert all((outcome.halts, outcome.exit_code) == ((), ExitCode.BREAKS) for outcome in (morning, *later))

    move_cash(month.account, Decimal(-700))
    what = "the ledger and the broker differ by $1,200.00 (in USD), and $1,000.00 is the limit"

    def a_person_accepts() -> None:
        month.says(HaltRule.BREAKS, what, 12, EXPLAINED)
        accept_as_told(month, later[-1], "USD")

    morning, first, second = month.session(noon=a_person_accepts)
    assert_halted([morning, first], HaltRule.BREAKS, HaltEnd.EXPLAINED)
    assert ("DUNE", "HALTED") in denied(morning)
    assert second.exit_code is ExitCode.OK
    month.is_over("two jobs in a row explained everything")
    month.trades_again("DUNE")


def another_within_five_sessions(month: Month) -> None:
    """1,300 USD go in session 15. All is explained at noon; the halt ends in session 16, as a person resumes."""
    move_cash(month.account, Decimal(-1_300))
    what = "the ledger and the broker differ by $1,300.00 (in USD), and $1,000.00 is the limit"

    def a_person_accepts() -> None:
        month.says(HaltRule.BREAKS, what, 15, RESUME)
        month.accept("USD")

    explained = month.session(noon=a_person_accepts)
    assert [outcome.breaks == () for outcome in explained] == [False, True, True]

    def a_person_resumes() -> None:
        month.says(HaltRule.BREAKS, what, 15, RESUME)
        month.resume()

    morning, *later = month.session(noon=a_person_resumes)
    assert_halted([*explained, morning], HaltRule.BREAKS, HaltEnd.RESUME)
    assert all((outcome.halts, outcome.exit_code) == ((), ExitCode.OK) for outcome in later)
    month.is_over("talked to them")
    month.trades_again("EAST")


def a_person_buys_too_much(month: Month) -> None:
    """Two symbols are bought by hand in session 19, the sixth and the seventh, and sold at noon of session 20."""
    month.by_hand(Side.BUY, "GOLD", "HILL")
    what = "7 positions are open or under way, foreign ones included, and 6 is the most"
    says, ends = month.says, "until the breach is gone"
    first = month.session(noon=lambda: says(HaltRule.LIMIT_BREACH, what, 19, ends))

    def a_person_sells() -> None:
        says(HaltRule.LIMIT_BREACH, what, 19, ends)
        month.by_hand(Side.SELL, "GOLD", "HILL")

    morning, *later = month.session(noon=a_person_sells)
    assert_halted([*first, morning], HaltRule.LIMIT_BREACH, HaltEnd.ITSELF, HaltLevel.REDUCING)
    assert ("FERN", "HALTED") in denied(first[0]) & denied(morning)
    assert all((outcome.halts, outcome.exit_code) == ((), ExitCode.OK) for outcome in later)
    month.is_over("the breach is gone")
    month.trades_again("FERN")


def assert_halted(
    outcomes: Iterable[Outcome], rule: HaltRule, ends: HaltEnd, level: HaltLevel = HaltLevel.HALTED
) -> None:
    """Each job was halted by this alone, and entered nothing."""
    for outcome in outcomes:
        halt = the_halt(outcome)
        assert (halt.rule, halt.level, halt.ends_by) == (rule, level, ends)
        assert outcome.exit_code is ExitCode.HALTED
        assert entries(outcome) == []


def test_a_month_with_a_fault_of_each_kind(make_house: MakeHouse) -> None:
    with a_month(make_house) as month:
        month.quiet(until=3)
        shares_gone(month)
        month.quiet(until=7)
        a_days_loss(month)
        month.quiet(until=11)
        a_charge_that_nobody_tells(month)
        month.quiet(until=15)
        another_within_five_sessions(month)
        month.quiet(until=19)
        a_person_buys_too_much(month)
        assert month.number == 22
        assert [title for title, _ in month.alerts()] == [
            *("halted: breaks", "halted: breaks", OVER),  # sessions 3 and 4
            *("halted: daily loss", OVER),  # 7 and 8
            *("halted: breaks", OVER),  # 12
            *("halted: breaks", "halted: breaks", OVER),  # 15 and 16
            *("reducing: limit breach", "reducing: limit breach", OVER),  # 19 and 20
        ]
        assert set(month.house.positions()) == set(WANTED)
        assert month.house.rows("SELECT 1 FROM breaks WHERE closed_at IS NULL") == []
        assert month.house.rows("SELECT 1 FROM halts WHERE cleared_at IS NULL") == []
    database = open_database(month.house.database, create=False)
    assert verify_ledger(database) == ()
    database.close()
