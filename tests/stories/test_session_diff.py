"""Sessions of the embedded exchange beside their backtests: nothing differs, and what is disturbed is named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.fakes.orders import Requests
from tests.fakes.prices import sessions
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import House, Script
from tradebot.core.model.account import MarketClock, Quote
from tradebot.core.model.signals import Signal
from tradebot.core.results.diff_outcome import Cause, Compared, DiffLine, DiffOutcome
from tradebot.jobs import run_daily
from tradebot.jobs.desk import Desk
from tradebot.ports import StrategyFailure
from tradebot.runtime.session_diff import diff_session
from tradebot.strategy_api import History

DAYS = sessions(12)


def on(*numbers: int) -> list[date]:
    return [DAYS[number] for number in numbers]


#: What is bought trails its best price, and has a target and an age.
SWING = Script(
    name="swing",
    symbols=("ACME", "BOLT", "CORD"),
    enter={"ACME": on(1, 8), "BOLT": on(1, 2, 6), "CORD": on(2)},
    leave={"CORD": on(7)},
    policy='stop=Decimal("0.04"), target=Decimal("0.06"), trail_trigger=Decimal("0.02"), trail_offset=Decimal("0.01")',
)
AGED = Script(
    name="aged",
    symbols=("DUNE", "EASE"),
    enter={"DUNE": on(1, 9), "EASE": on(3)},
    policy='stop=Decimal("0.05"), max_sessions=3',
)
PRICES = {
    "ACME": ["100 101 99 100", "100 103 99 102", "102 104 101 103", "103 104 100 101", "101 102 100 101"] * 2
    + ["101 102 90 92", "92 93 91 92"],
    "BOLT": ["50 51 49 50", "50 50 47 48", "48 50 48 49", "49 53 49 52", "40 41 39 40", "40 41 39 41"] * 2,
    "CORD": ["80 81 79 80"] * 4 + ["40 41 39 40"] * 8,
    "DUNE": ["60 61 59 60 2000"] * 12,
    "EASE": ["30 31 29 30"] * 12,
}
ACTIONS = [f"CORD,{DAYS[4]},split,2", f"EASE,{DAYS[5]},dividend,0.25"]
SETTINGS = {"PAPER_SLIPPAGE_PCT": "0.1%", "MAX_PORTFOLIO_RISK_PCT": "50%", "MAX_POSITIONS": "4"}


def a_house(make_house: MakeHouse) -> House:
    return make_house(SWING, AGED, prices=PRICES, actions=ACTIONS, settings=SETTINGS)


def a_day(house: House) -> None:
    house.daily()
    house.check_exits("15:45")
    house.reconcile("16:10")


def told(house: House, session: date) -> DiffOutcome:
    with house.desk() as desk:
        return diff_session(desk, session)


def differing(found: DiffOutcome) -> list[tuple[Compared, str, Cause | None]]:
    return [(line.compared, line.symbol, line.cause) for line in found.differences]


def test_the_embedded_exchange_does_what_the_backtest_says(make_house: MakeHouse) -> None:
    house = a_house(make_house)
    evenings, lines = [], list[DiffLine]()
    for day in DAYS[1:-1]:
        a_day(house)
        found = told(house, day)
        evenings.append(found)
        lines += found.lines
        assert found.differences == (), found.session
        house.next()
    for each in evenings:
        assert set(told(house, each.session).lines) ^ set(each.lines) == set(), "and later, of the past"
    whats = {(line.live.what) for line in lines if line.live}
    assert {line.compared for line in lines} == set(Compared) - {Compared.RUN}
    assert {"sold: stop", "sold: target", "sold: trailing stop", "sold: signal", "sold: time"} <= whats, whats


# --- what is disturbed ------------------------------------------------------------------------------

NAMES = ("AAA", "BBB", "CCC", "DDD", "EEE", "FFF", "GGG", "HHH", "III", "JJJ")
FLAT = "100 101 99 100"
#: A strategy that enters what closes below its parameter.
BELOW = """
from decimal import Decimal

from tradebot.strategy_api import ExitPolicy, Signals


class Strategy:
    def signals(self, history, params):
        entry = history.close < params["below"]
        return Signals(entry=entry, exit=entry & ~entry, exits=ExitPolicy(stop=Decimal("0.1")))
"""


class OtherQuotes:
    """Market data whose quotes of one symbol are off by a factor; the rest is as it is."""

    def __init__(self, market: Any, symbol: str, factor: str) -> None:
        self._market, self._symbol, self._factor = market, symbol, Decimal(factor)

    def quotes(self, symbols: Iterable[str]) -> Mapping[str, Quote]:
        found = dict(self._market.quotes(symbols))
        if quote := found.get(self._symbol):
            found[self._symbol] = replace(quote, last=quote.last * self._factor)
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._market, name)


class RevisedBars:
    """Market data in which one symbol's newest close was revised; the rest is as it is."""

    def __init__(self, market: Any, symbol: str) -> None:
        self._market, self._symbol = market, symbol

    def history(self, symbols: Sequence[str], sessions: int, clock: MarketClock) -> History:
        found: History = self._market.history(symbols, sessions, clock)
        return replace(found, close=found.close.assign(**{self._symbol: found.close[self._symbol] + 0.01}))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._market, name)


class OtherSignals:
    """Strategies that no longer signal one symbol, though nothing about them has changed."""

    def __init__(self, strategies: Any, symbol: str) -> None:
        self._strategies, self._symbol = strategies, symbol

    def signals(self, history: History) -> tuple[tuple[Signal, ...], tuple[StrategyFailure, ...]]:
        signals, failures = self._strategies.signals(history)
        return tuple(s for s in signals if s.symbol != self._symbol), failures

    def __getattr__(self, name: str) -> Any:
        return getattr(self._strategies, name)


def differs(
    house: House, session: int, change: Callable[[Desk], Desk] = lambda desk: desk
) -> set[tuple[Compared, str, Cause | None]]:
    """What differs in a session, when a desk that is changed compares it."""
    with house.desk() as desk:
        return set(differing(diff_session(change(desk), DAYS[session])))


def without_jjj(desk: Desk) -> Desk:
    return replace(desk, strategies=OtherSignals(desk.strategies, "JJJ"))


def with_revised_jjj(desk: Desk) -> Desk:
    return replace(without_jjj(desk), market=RevisedBars(desk.market, "JJJ"))


def test_each_disturbance_is_named(make_house: MakeHouse) -> None:
    enter = {name: on(number) for number, name in enumerate(NAMES, start=1)}
    prices = {name: [FLAT] * 12 for name in NAMES}
    prices["AAA"][6] = "100 101 94 100"  # beyond the stop that a person sets, and not beyond that of the job
    house = make_house(Script(enter=enter), prices=prices, settings={"MAX_POSITIONS": "9"})
    expected: dict[int, set[tuple[Compared, str, Cause | None]]] = {1: set()}
    with house.by_hand() as broker:  # what nobody's strategy holds counts in both
        broker.submit(Requests("FFF").buy(100, client_id="before"))
    house.daily()

    house.next()  # 2: the quote at the decision is not the open
    with house.desk("09:35") as desk:
        run_daily.run(replace(desk, market=OtherQuotes(desk.market, "BBB", "1.01")))
    expected[2] = {(what, "BBB", Cause.PRICE) for what in (Compared.PLAN, Compared.FILL, Compared.STOP)}

    house.next()  # 3: the fill is worse than the backtest assumes
    house.set(PAPER_SLIPPAGE_PCT="1%")
    house.daily()
    house.set(PAPER_SLIPPAGE_PCT="0%")
    expected[3] = {(Compared.FILL, "CCC", Cause.SLIPPAGE)}

    house.next()  # 4: a person halts before run-daily, and resumes
    house.emergency_stop()
    house.daily()
    house.resume()
    expected[4] = {(what, "DDD", Cause.HALT) for what in (Compared.PLAN, Compared.FILL)}

    house.next()  # 5: a person moves a stop
    house.daily()
    with house.by_hand() as broker:
        stop = next(order for order in broker.open_orders() if order.symbol == "AAA" and order.stop_price)
        broker.replace(stop.broker_order_id, Requests("AAA").sell(int(stop.quantity), stop="95", client_id="by hand"))
    house.check_exits("15:45")
    expected[5] = {(Compared.STOP, "AAA", Cause.BY_HAND)}

    house.next()  # 6: which sells
    house.daily()
    house.reconcile("16:10")
    expected[6] = {(Compared.EXIT, "AAA", Cause.BY_HAND)}

    house.next()  # 7: run-daily is missed
    house.check_exits("15:45")
    missed = {(Compared.RUN, ""), (Compared.SIGNAL, "GGG"), (Compared.PLAN, "GGG"), (Compared.FILL, "GGG")}
    expected[7] = {(*each, Cause.MISSED_RUN) for each in missed}

    house.next()  # 8: an order of somebody else rests
    with house.by_hand() as broker:
        broker.submit(Requests("HHH").buy(1, limit="50", client_id="another"))
    house.daily()
    expected[8] = {(what, "HHH", Cause.BROKER) for what in (Compared.PLAN, Compared.FILL)}

    house.next()  # 9: a person sells
    house.daily()
    with house.by_hand() as broker:
        for order in broker.open_orders():
            if order.symbol == "BBB":
                broker.cancel(order.broker_order_id)
        broker.submit(Requests("BBB").sell(int(house.positions()["BBB"].quantity), client_id="sold by hand"))
    house.reconcile("16:10")
    expected[9] = {(Compared.EXIT, "BBB", Cause.BY_HAND)}

    house.next()
    house.daily()
    house.next()
    found = {number: differs(house, number) for number in expected}
    assert found == expected
    entered = {Compared.SIGNAL, Compared.PLAN, Compared.FILL}
    assert differs(house, 10, with_revised_jjj) == {(what, "JJJ", Cause.DATA_REVISED) for what in entered}
    assert differs(house, 10, without_jjj) == {(what, "JJJ", Cause.UNEXPLAINED) for what in entered}
    house.told(Script(enter={**enter, "JJJ": []}))
    assert differs(house, 10) == {(what, "JJJ", Cause.STRATEGY_CHANGED) for what in entered}


def test_parameters_are_those_of_the_session(make_house: MakeHouse) -> None:
    house = make_house(Script(code=BELOW), prices={"ACME": [FLAT] * 5})
    manifest = house.home / "strategies" / "scripted" / "manifest.toml"
    manifest.write_text(
        f"{manifest.read_text()}\n[parameters.below]\ntype = 'float'\ndefault = 50.0\ndescription = 'x'\n"
    )
    (house.home / "parameters.toml").write_text("[scripted]\nbelow = 150.0\n")
    house.daily()
    house.next()
    (house.home / "parameters.toml").unlink()
    found = told(house, DAYS[1])
    assert [line.compared for line in found.lines] == [Compared.SIGNAL, Compared.PLAN, Compared.FILL, Compared.STOP]
    assert (found.differences, found.notes) == ((), ())
    manifest.write_text(manifest.read_text().replace("1.0.0", "1.0.1"))
    assert told(house, DAYS[1]).notes == ("not as in the session: scripted",)


def test_a_strategy_that_failed_in_the_session_is_named(make_house: MakeHouse, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    flag.touch()
    failing = BELOW.replace(
        "entry = ", f'assert not __import__("pathlib").Path("{flag}").exists(), "flagged"; entry = '
    )
    house = make_house(Script(code=failing.replace('params["below"]', "150")), prices={"ACME": [FLAT] * 5})
    house.daily()
    house.next()
    flag.unlink()
    found = told(house, DAYS[1])
    assert differing(found) == [
        (compared, "ACME", Cause.STRATEGY_CHANGED) for compared in (Compared.SIGNAL, Compared.PLAN, Compared.FILL)
    ]
    assert "flagged" in found.differences[0].why
