"""From a seed to a world."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from random import Random

from tests.worlds.controls import draw_controls
from tests.worlds.market import Market
from tests.worlds.real_life import NEVER
from tests.worlds.schedule import calm_day
from tests.worlds.trouble import AT_ITS_OWN_DOOR, Odds, Possible, draw_odds, earlier_deeds, troubled
from tests.worlds.world import Day, Script, World
from tradebot.brokers.paper import ExchangeRules
from tradebot.core.model.signals import ExitPolicy

NAMES = ("alpha", "beta", "gamma")


def draw(seed: int, market: Market, odds: Odds | None = None, possible: Possible = AT_ITS_OWN_DOOR) -> World:
    """The world of a seed: always the same one, on whatever machine. ``odds`` make it one of a certain roughness."""
    chance = Random(seed)
    sessions = _stretch(chance, market)
    rules = replace(
        _rules(chance, sessions[0]), capabilities=possible.capabilities, fractions_stay=possible.fractions_stay
    )
    scripts = tuple(_script(chance, name, market) for name in NAMES[: chance.randint(1, len(NAMES))])
    settings = (*_settings(chance), *draw_controls(seed, market))
    drawn = draw_odds(chance, possible)
    days = tuple(Day(day, troubled(day, calm_day(day, chance), odds or drawn, chance, market)) for day in sessions)
    world = World(seed, days, scripts, settings, rules)
    return world if odds is not None and odds.life == 0 else _with_real_life(world, market, possible)


def _with_real_life(world: World, market: Market, possible: Possible) -> World:
    """The world with an earlier life of its account, and with what happens to symbols and rows; drawn by itself."""
    chance = Random(f"real life {world.seed}")
    sessions = [day.session for day in world.days]
    symbols = [symbol for symbol, first in market.listed.items() if first <= sessions[0]]
    acting = {(action.symbol, action.ex_date) for action in market.actions}
    trading = [(symbol, day) for day in sessions for symbol in symbols if (symbol, day) not in acting]
    halted = tuple(each for each in trading if chance.random() < 0.1) if chance.random() < 0.3 else ()
    renamed = chance.choice([each for each in trading if each[1] != sessions[0]]) if chance.random() < 0.15 else None
    kinds = {"transfer": [1, 2], "dividend": [1, 2, 3], "split": [1, 2, NEVER, NEVER], "fill": [1]}
    odds = {"transfer": 0.3, "dividend": 0.2, "split": 0.5, "fill": 0.04}
    late = tuple((kind, chance.choice(after)) for kind, after in kinds.items() if chance.random() < odds[kind])
    late = tuple(each for each in late if each[0] in possible.late_rows)
    return replace(
        _with_earlier_life(world, market, possible, chance),
        halted=halted,
        renamed=renamed,
        rows_late=late,
        forgets=chance.random() < 0.5,
    )


def _with_earlier_life(world: World, market: Market, possible: Possible, chance: Random) -> World:
    """One to three sessions before the first, in which people trade and pay in and out."""
    count = chance.choice([0, 0, 1, 2, 3])
    first = market.sessions.index(world.days[0].session)
    sessions = market.sessions[max(1, first - count) : first]
    if not sessions:
        return world
    earlier = tuple(
        Day(session, tuple(sorted(earlier_deeds(session, chance, market, possible), key=lambda step: step.at)))
        for session in sessions
    )
    return replace(world, days=(*earlier, *world.days), rules=replace(world.rules, start=sessions[0]))


def _stretch(chance: Random, market: Market) -> tuple[date, ...]:
    """3 to 6 sessions in a row, most often around one at which something happens to prices or hours.

    One session comes before them, on whose close the first decisions are made, and one after them, to recover in.
    """
    count = chance.randint(3, 6)
    latest = len(market.sessions) - count - 1
    first = chance.randint(1, latest)
    if chance.random() < 0.65:
        turning = chance.choice(market.turning[chance.choice(list(market.turning))])
        first = market.sessions.index(turning) - chance.randint(0, count - 1)
    first = min(max(first, 1), latest)
    return market.sessions[first : first + count]


def _rules(chance: Random, start: date) -> ExchangeRules:
    return ExchangeRules(
        starting_cash=Decimal(chance.choice([5_000, 25_000, 100_000, 100_000])),
        slippage_pct=Decimal(chance.choice(["0", "0.0005", "0.005"])),
        start=start,
        max_fill_volume_pct=Decimal(chance.choice(["0.000001", "0.000005"])) if chance.random() < 0.2 else None,
    )


def _script(chance: Random, name: str, market: Market) -> Script:
    symbols = list(market.listed)
    return Script(
        name=name,
        symbols=tuple(sorted(chance.sample(symbols, chance.randint(1, len(symbols))))),
        policy=_policy(chance),
        eager=chance.choice([0.3, 0.6, 0.9]),
        fickle=chance.choice([0.0, 0.1, 0.3]),
        risk_pct=Decimal("0.002") if chance.random() < 0.2 else None,
    )


def _policy(chance: Random) -> ExitPolicy:
    trails = chance.random() < 0.4
    return ExitPolicy(
        stop=_fraction(chance, [None, "0.003", "0.01", "0.05", "0.2", "0.2"]),
        target=_fraction(chance, [None, None, "0.005", "0.03", "0.1"]),
        trail_trigger=_fraction(chance, ["0.001", "0.01", "0.03"]) if trails else None,
        trail_offset=_fraction(chance, ["0.003", "0.01", "0.03"]) if trails else None,
        max_sessions=chance.choice([None, None, None, 1, 2, 3]),
        use_default_target=chance.random() < 0.2,
    )


def _fraction(chance: Random, choices: list[str | None]) -> Decimal | None:
    chosen = chance.choice(choices)
    return None if chosen is None else Decimal(chosen)


def _settings(chance: Random) -> tuple[tuple[str, int | bool | Decimal], ...]:
    """Limits, most of them as they are by default, some of them tight."""
    tight: dict[str, tuple[int | str, ...]] = {
        "max_positions": (1, 2, 3),
        "max_daily_trades": (1, 2, 4),
        "max_position_size_pct": ("0.02", "0.3", "0.6"),
        "max_portfolio_risk_pct": ("0.001", "0.01"),
        "max_gross_exposure_pct": ("0.1", "0.3"),
        "risk_per_trade_pct": ("0.001", "0.02"),
        "daily_loss_limit_pct": ("0.001", "0.005", "0.2"),
        "emergency_stop_loss_pct": ("0.005", "0.02", "0.5"),
        "min_order_value": ("1", "1000"),
        "max_order_value": ("1500", "40000"),
    }
    settings: list[tuple[str, int | bool | Decimal]] = []
    for name, choices in tight.items():
        if chance.random() < 0.25:
            chosen = chance.choice(choices)
            settings.append((name, chosen if isinstance(chosen, int) else Decimal(chosen)))
    return tuple(settings)
