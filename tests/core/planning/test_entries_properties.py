"""No plan exceeds a limit or worsens one already broken; no limit or halt keeps a position open.

The judge below measures an account by the words of the documentation and shares no code with the planner: sums over
lists, no indexes, no running book.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.core.builders import (
    ACCOUNT_KEY,
    NOW,
    TODAY,
    YESTERDAY,
    D,
    account,
    counters,
    holding,
    intent,
    limits_with,
    order,
    order_id,
    position,
    quote,
    signal,
    situation,
    stop,
)
from tradebot.core.model.account import Asset, Position, Quote
from tradebot.core.model.capabilities import EVERYTHING
from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltScope, HaltSource
from tradebot.core.model.holdings import Holding
from tradebot.core.model.limits import Counters, Limits
from tradebot.core.model.order_ids import parse
from tradebot.core.model.orders import BrokerOrder, Intent, OrderState, OrderType, Purpose, Side
from tradebot.core.model.plan import DenialCode, Plan, Situation
from tradebot.core.model.repetition import EntryKey, Repetition
from tradebot.core.model.signals import Action, ExitPolicy, Signal
from tradebot.core.planning.entries import plan
from tradebot.core.risk.candidate import Candidate
from tradebot.core.risk.entry_rules import EntryRules
from tradebot.core.risk.projected_account import ProjectedAccount
from tradebot.core.risk.rules import COUNT_RULES, NOTED_RULES, SESSION_RULES, SIZE_RULES, SYMBOL_RULES, halted

# --- any situation -----------------------------------------------------------------------

SYMBOLS = ["AA", "BB", "CC", "DD", "EE", "FF"]
STRATEGIES = ["trend", "reversal"]


def number(low: str, high: str, places: int = 2) -> st.SearchStrategy[Decimal]:
    step = D(10) ** -places
    return st.integers(int(D(low) / step), int(D(high) / step)).map(lambda steps: steps * step)


RARELY = st.sampled_from([False] * 19 + [True])
FRACTION = number("0.001", "0.5", 3)
SHARES = st.integers(-50, 200).map(Decimal)
PRICE = number("5", "150")
POLICIES = st.builds(
    ExitPolicy,
    stop=st.none() | FRACTION,
    target=st.none() | FRACTION,
    trail_trigger=st.none() | FRACTION,
    trail_offset=st.none() | FRACTION,
    max_sessions=st.none() | st.integers(1, 5),
    use_default_target=st.booleans(),
)
HARSH_LIMITS = st.builds(
    limits_with,
    max_positions=st.integers(0, 8),
    max_position_size_pct=number("0", "0.5", 3),
    max_portfolio_risk_pct=number("0", "0.1", 4),
    max_gross_exposure_pct=number("0", "1.5"),
    risk_per_trade_pct=number("0", "0.02", 4),
    default_stop_loss_pct=number("0.005", "0.2", 3),
    daily_loss_limit_pct=number("0.01", "0.2"),
    emergency_stop_loss_pct=number("0.01", "0.5"),
    max_daily_trades=st.integers(0, 8),
    min_order_value=number("0", "1000", 0),
    max_order_value=number("0", "60000", 0),
    allow_symbols=st.sampled_from([(), (), ("AA", "BB", "CC")]).map(frozenset),
    deny_symbols=st.sampled_from([(), (), ("BB", "FF")]).map(frozenset),
    price_collar_pct=number("0", "0.08"),
    max_order_adv_pct=number("0", "0.05", 3),
    max_orders_per_minute=st.integers(0, 8),
    max_orders_per_session=st.integers(0, 12),
    repeat_order_limit=st.integers(1, 4),
    repeat_order_sessions=st.integers(1, 4),
    probation_sessions=st.integers(0, 4),
    probation_size_pct=number("0.01", "1"),
)
#: Wide enough that several entries are accepted, so that it is their sum that is put to the test.
FAIR_LIMITS = st.builds(
    limits_with,
    max_positions=st.integers(4, 9),
    max_position_size_pct=number("0.1", "0.6"),
    max_portfolio_risk_pct=number("0.01", "0.15", 3),
    max_gross_exposure_pct=number("0.5", "1.5"),
    risk_per_trade_pct=number("0.002", "0.05", 3),
    max_daily_trades=st.integers(3, 9),
    min_order_value=number("0", "200", 0),
    max_order_value=number("5000", "90000", 0),
    deny_symbols=st.sampled_from([(), (), ("FF",)]).map(frozenset),
    price_collar_pct=st.just(D("0.05")),
    max_order_adv_pct=number("0.01", "0.05", 3),
    max_orders_per_minute=st.integers(4, 12),
    max_orders_per_session=st.integers(5, 12),
    probation_sessions=st.integers(0, 3),
    probation_size_pct=number("0.3", "1"),
)
HARSH_COUNTERS = st.builds(
    Counters,
    session=st.just(TODAY),
    entries_sent=st.integers(0, 6),
    baseline_equity=number("0", "120000", 0),
    peak_equity=number("0", "150000", 0),
    uncounted_today=number("-1000", "1000", 0),
    orders_sent=st.integers(0, 12),
    orders_last_minute=st.integers(0, 8),
)
FAIR_COUNTERS = st.integers(0, 3).map(lambda sent: counters("0", "0", sent, orders_sent=sent, orders_last_minute=sent))


@st.composite
def signals(draw: st.DrawFn) -> tuple[Signal, ...]:
    actions = st.sampled_from([Action.ENTER] * 6 + [Action.EXIT] * 2 + [Action.NONE])

    def one() -> Signal:
        return signal(
            draw(st.sampled_from(SYMBOLS)),
            draw(actions),
            strategy=draw(st.sampled_from(STRATEGIES)),
            score=draw(st.sampled_from([0.0, 1.0, -2.5, float("nan")])),
            policy=draw(POLICIES),
            risk_pct=draw(st.sampled_from([None, None, D("0.002"), D("0.5"), D(-1)])),
            as_of=TODAY if draw(RARELY) else YESTERDAY,
        )

    return tuple(one() for _ in range(draw(st.integers(0, 9))))


@st.composite
def books(draw: st.DrawFn) -> tuple[tuple[Position, ...], tuple[Holding, ...]]:
    """Positions and holdings that mostly agree, and sometimes do not."""
    positions, holdings = [], []
    for symbol in draw(st.lists(st.sampled_from(SYMBOLS), unique=True, max_size=3)):
        shares, price = draw(SHARES), draw(PRICE)
        if not draw(RARELY):
            positions.append(position(symbol, str(shares), str(price)))
        if draw(st.booleans()):
            here = draw(st.sampled_from([shares, shares, draw(SHARES)])) or D(1)
            held = holding(symbol, str(here), str(price), str(draw(PRICE)), strategy=draw(st.sampled_from(STRATEGIES)))
            aged = replace(held, policy=draw(POLICIES), high_water=draw(PRICE), sessions_held=draw(st.integers(0, 8)))
            holdings.append(aged)
    return tuple(positions), tuple(holdings)


@st.composite
def orders(draw: st.DrawFn) -> tuple[BrokerOrder, ...]:
    def one(place: int) -> BrokerOrder:
        symbol, shares = draw(st.sampled_from(SYMBOLS)), str(draw(st.integers(1, 300)))
        if draw(st.booleans()):
            return stop(symbol, shares, broker_order_id=f"s{place}")
        return order(
            symbol,
            draw(st.sampled_from(Side)),
            shares,
            broker_order_id=f"o{place}",
            client_order_id=draw(st.sampled_from([order_id(symbol), f"by-hand-{place}"])),
            type=OrderType.LIMIT,
            limit_price=draw(st.none() | PRICE),
            state=draw(st.sampled_from([OrderState.ACCEPTED, OrderState.PARTIALLY_FILLED, OrderState.UNKNOWN])),
        )

    return tuple(one(place) for place in range(draw(st.sampled_from([0, 0, 1, 2]))))


@st.composite
def intents(draw: st.DrawFn) -> tuple[Intent, ...]:
    states = st.sampled_from([state for state in OrderState if not state.terminal])
    purposes = st.sampled_from([Purpose.ENTRY, Purpose.ENTRY, Purpose.EXIT, Purpose.STOP])

    def one() -> Intent:
        made = intent(draw(st.sampled_from(SYMBOLS)), str(draw(st.integers(1, 300))), draw(purposes))
        return replace(made, state=draw(states), planned_price=draw(PRICE))

    made = [one() for _ in range(draw(st.sampled_from([0, 0, 1, 2])))]
    return tuple({each.client_order_id: each for each in made}.values())


@st.composite
def quotes(draw: st.DrawFn) -> dict[str, Quote]:
    """Most prices are near the previous close; some have gone far from it, and a few have none."""
    moves = st.sampled_from(["1", "1", "1.01", "0.97", "1.0475", "1.05", "0.9525", "0.9", "1.2"])

    def one(symbol: str) -> Quote:
        last = draw(PRICE)
        before = None if draw(RARELY) else round(last * D(draw(moves)), 2)
        return replace(quote(symbol, str(last)), previous_close=before)

    return {symbol: one(symbol) for symbol in SYMBOLS if not draw(RARELY)}


@st.composite
def repetitions(draw: st.DrawFn) -> dict[EntryKey, Repetition]:
    deciders = st.builds(EntryKey, st.sampled_from(STRATEGIES), st.sampled_from(SYMBOLS), st.sampled_from(Side))
    counts = st.builds(Repetition, entries=st.integers(1, 5), sessions=st.integers(1, 6))
    return draw(st.dictionaries(deciders, counts, max_size=3))


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Three in four are fair, so that much is accepted; in the others everything may be wrong at once."""
    fair = draw(st.sampled_from([True, True, True, False]))
    low = "20000" if fair else "-1000"
    positions, holdings = draw(books())
    return situation(
        draw(signals()),
        session_open=fair or not draw(RARELY),
        halt=HaltLevel.RUNNING if fair else draw(st.sampled_from(HaltLevel)),
        account=account(
            str(draw(number(low, "200000", 0))),
            buying_power=draw(number(low, "200000", 0)),
            blocked=not fair and draw(RARELY),
        ),
        positions=positions,
        holdings=holdings,
        open_orders=draw(orders()),
        unsettled=draw(intents()),
        quotes=draw(quotes()),
        assets={symbol: Asset(symbol, tradable=not draw(RARELY)) for symbol in SYMBOLS},
        limits=draw(FAIR_LIMITS if fair else HARSH_LIMITS),
        counters=draw(FAIR_COUNTERS if fair else HARSH_COUNTERS),
        locked={draw(st.sampled_from(SYMBOLS)): "open break"} if draw(RARELY) else {},
        decided=frozenset({order_id(draw(st.sampled_from(SYMBOLS)))} if draw(RARELY) else ()),
        average_volume={symbol: draw(number("0", "50000", 0)) for symbol in SYMBOLS if not draw(RARELY)},
        sessions_run={strategy: draw(st.integers(0, 6)) for strategy in STRATEGIES if not draw(RARELY)},
        repetitions=draw(repetitions()),
        capabilities=replace(EVERYTHING, entry_collar_pct=draw(st.sampled_from([None, D("0.005"), D("0.03")]))),
    )


# --- the judge ---------------------------------------------------------------------------


def paid(entry: Intent) -> Decimal:
    """The most that an entry may cost a share: its limit, or about the last price."""
    return entry.planned_price if entry.request.limit_price is None else entry.request.limit_price


class Judge:
    """An account's use of its limits, before or after a plan's entries, as the documentation defines it."""

    def __init__(self, given: Situation, entries: tuple[Intent, ...] = ()) -> None:
        self.given = given
        self.entries = entries

    def price(self, symbol: str) -> Decimal | None:
        if symbol in self.given.quotes:
            return self.given.quotes[symbol].last
        shown = [each.market_price for each in self.given.positions if each.symbol == symbol and each.quantity]
        return shown[0] if shown else None

    def held(self, symbol: str) -> Decimal:
        return sum((each.quantity for each in self.given.positions if each.symbol == symbol), D(0))

    def stakes(self) -> list[tuple[str, Decimal, Decimal]]:
        """Symbol, market value and risk of everything that is or may become a position."""
        default = self.given.limits.default_stop_loss_pct
        found: list[tuple[str, Decimal, Decimal]] = []
        for shown in self.given.positions:
            if not shown.quantity:
                continue
            price = self.price(shown.symbol) or D(0)
            ours = [each for each in self.given.holdings if each.symbol == shown.symbol]
            known, shares = D(0), abs(shown.quantity)
            if ours and (ours[0].quantity > 0) == (shown.quantity > 0):
                known = min(shares, abs(ours[0].quantity))
                sign = 1 if shown.quantity > 0 else -1
                found.append((shown.symbol, known * price, known * max(D(0), (price - ours[0].stop_price) * sign)))
            found.append((shown.symbol, (shares - known) * price, (shares - known) * price * default))
        for resting in self.given.open_orders:
            if resting.parent_id is None:
                found.append(self._of_order(resting))
        seen = {each.client_order_id for each in self.given.open_orders}
        for sent in self.given.unsettled:
            left = sent.state is not OrderState.PLANNED
            if sent.purpose is Purpose.ENTRY and left and sent.client_order_id not in seen:
                price = max(sent.planned_price, self.price(sent.symbol) or D(0))
                assert sent.request.stop_loss is not None
                shares = sent.request.quantity
                found.append((sent.symbol, shares * price, shares * abs(price - sent.request.stop_loss)))
        for entry in self.entries:
            assert entry.request.stop_loss is not None
            shares, price = entry.request.quantity, paid(entry)
            found.append((entry.symbol, shares * price, shares * abs(price - entry.request.stop_loss)))
        return found

    def _of_order(self, resting: BrokerOrder) -> tuple[str, Decimal, Decimal]:
        held = self.held(resting.symbol)
        closing = -held if resting.side is Side.BUY else held
        shares = max(D(0), resting.quantity - max(D(0), closing))
        prices = [price for price in (resting.limit_price, resting.stop_price, self.price(resting.symbol)) if price]
        price = max(prices, default=D(0))
        own = [each for each in self.given.unsettled if each.client_order_id == resting.client_order_id]
        stop_loss = own[0].request.stop_loss if own else None
        distance = price * self.given.limits.default_stop_loss_pct if stop_loss is None else abs(price - stop_loss)
        return resting.symbol, shares * price, shares * distance

    def figures(self) -> dict[str, Decimal]:
        stakes = self.stakes()
        figures = {
            "gross exposure": sum((value for _, value, _ in stakes), D(0)),
            "portfolio risk": sum((risk for _, _, risk in stakes), D(0)),
            "positions": D(len({symbol for symbol, value, _ in stakes if value})),
            "daily trades": D(self.given.counters.entries_sent + len(self.entries)),
            "orders in a minute": D(self.given.counters.orders_last_minute + len(self.entries)),
            "orders in the session": D(self.given.counters.orders_sent + len(self.entries)),
            "bought": sum((each.request.quantity * paid(each) for each in self.entries), D(0)),
        }
        for symbol in SYMBOLS:
            figures[f"position in {symbol}"] = sum((value for each, value, _ in stakes if each == symbol), D(0))
        return figures

    def limits(self) -> dict[str, Decimal]:
        limits, equity = self.given.limits, self.given.account.equity
        allowed = {
            "gross exposure": limits.max_gross_exposure_pct * equity,
            "portfolio risk": limits.max_portfolio_risk_pct * equity,
            "positions": D(limits.max_positions),
            "daily trades": D(limits.max_daily_trades),
            "orders in a minute": D(limits.max_orders_per_minute),
            "orders in the session": D(limits.max_orders_per_session),
            "bought": self.given.account.buying_power,
        }
        return allowed | {f"position in {symbol}": limits.max_position_size_pct * equity for symbol in SYMBOLS}


@given(situations())
def test_no_plan_exceeds_a_limit_or_worsens_one_already_broken(given: Situation) -> None:
    planned = plan(given)
    before, after = Judge(given).figures(), Judge(given, planned.entries).figures()
    for name, limit in Judge(given).limits().items():
        assert after[name] <= limit or after[name] == before[name], name
    for entry in planned.entries:
        value = entry.request.quantity * paid(entry)
        assert given.limits.min_order_value <= value <= given.limits.max_order_value
        lost = entry.request.quantity * abs(paid(entry) - (entry.request.stop_loss or D(0)))
        part = given.limits.probation_size_pct if is_new(given, entry.strategy) else 1
        assert lost <= given.limits.risk_per_trade_pct * given.account.equity * part
        assert (
            value <= min(given.limits.max_order_value, given.limits.max_position_size_pct * given.account.equity) * part
        )
        traded = given.average_volume[entry.symbol]
        assert entry.request.quantity <= traded * given.limits.max_order_adv_pct * part


def is_new(given: Situation, strategy: str) -> bool:
    """Whether this is one of a strategy's first sessions; one that nobody has heard of has its first."""
    this_session = given.sessions_run.get(strategy, 0) + 1
    return this_session <= given.limits.probation_sessions


@given(situations())
def test_no_entry_is_forbidden_runs_away_or_strays_from_the_prices_that_were_seen(given: Situation) -> None:
    limits = given.limits
    for entry in plan(given).entries:
        assert entry.symbol not in limits.deny_symbols
        assert not limits.allow_symbols or entry.symbol in limits.allow_symbols
        before = given.quotes[entry.symbol].previous_close
        assert before is not None
        low, high = before * (1 - limits.price_collar_pct), before * (1 + limits.price_collar_pct)
        assert low <= entry.planned_price <= paid(entry) <= high
        for decider, repetition in given.repetitions.items():
            if (decider.strategy, decider.symbol, decider.side) == (entry.strategy, entry.symbol, entry.request.side):
                quick = repetition.sessions <= limits.repeat_order_sessions
                assert not (quick and repetition.entries >= limits.repeat_order_limit)


@given(situations())
def test_nothing_is_entered_that_the_state_of_the_account_forbids(given: Situation) -> None:
    entries = plan(given).entries
    if entries:
        assert given.session_open
        assert given.halt is HaltLevel.RUNNING
        assert not given.account.blocked
        base = given.counters.baseline_equity
        assert base - given.account.equity + given.counters.uncounted_today < max(
            given.limits.daily_loss_limit_pct * base, D("0.01")
        )
    taken = {each.symbol for each in given.holdings} | {each.symbol for each in given.positions if each.quantity}
    taken |= {each.symbol for each in given.open_orders}
    taken |= {each.symbol for each in given.unsettled if each.state is not OrderState.PLANNED}
    for entry in entries:
        assert entry.symbol not in taken | set(given.locked)
        assert entry.client_order_id not in given.decided
        assert given.assets[entry.symbol].tradable
    assert len({entry.symbol for entry in entries}) == len(entries)


@given(situations(), st.sampled_from(SYMBOLS), st.booleans())
def test_a_session_asks_every_rule_that_would_object(given: Situation, taken: str, of_symbol: bool) -> None:
    """Rules that are asked once, or of some symbols alone, object to what they object to when asked of each entry."""
    halt = Halt(HaltSource.LEDGER, HaltRule.OPERATOR, HaltLevel.REDUCING, "", scope=HaltScope.SYMBOL, scope_name=taken)
    projected = ProjectedAccount(replace(given, halts=(halt,) if of_symbol else ()))
    projected.take(STRATEGIES[0], taken, D(1), D(50), D(49))
    asked = EntryRules(projected)
    for each in given.signals:
        candidate = Candidate(each, None)
        assert [said.code for said in asked.objections(candidate)] == _codes(candidate, projected)


def _codes(candidate: Candidate, projected: ProjectedAccount) -> list[DenialCode]:
    """The codes of what every rule objects to an entry, each rule asked by itself."""
    found = (
        halted(candidate, projected),
        *(rule(projected) for rule in SESSION_RULES),
        *(rule(candidate, projected) for rule in (*NOTED_RULES, *SYMBOL_RULES)),
        *(rule(projected) for rule in COUNT_RULES),
        *(rule(candidate, projected) for rule in SIZE_RULES),
    )
    return [said.code for said in found if said is not None]


@given(situations())
def test_every_order_is_whole_positive_and_protected_and_reads_back(given: Situation) -> None:
    planned = plan(given)
    for made in planned.intents:
        assert made.request.quantity > 0
        assert made.request.quantity == int(made.request.quantity)
        decision = parse(made.client_order_id)
        assert decision is not None
        assert (decision.strategy, decision.symbol, decision.purpose) == (made.strategy, made.symbol, made.purpose)
        assert made.account_key == ACCOUNT_KEY
        assert made.session == given.today
    for entry in planned.entries:
        assert entry.request.stop_loss is not None
        assert 0 < entry.request.stop_loss < entry.planned_price
        assert entry.request.take_profit is None or entry.request.take_profit > entry.planned_price
        assert entry.policy is not None


@given(situations())
def test_every_entry_signal_ends_as_an_entry_or_with_a_reason(given: Situation) -> None:
    planned = plan(given)
    asked = [(each.strategy, each.symbol) for each in given.signals if each.action is Action.ENTER]
    entered = [(each.strategy, each.symbol) for each in planned.entries]
    denied = [(each.strategy, each.symbol) for each in planned.denials if each.purpose is Purpose.ENTRY]
    assert set(asked) == set(entered) | set(denied)
    assert len(asked) <= len(entered) + len(denied)
    for denial in planned.denials:
        assert denial.code in DenialCode
        assert denial.message


def due(given: Situation) -> list[Holding]:
    """Holdings that their strategy's signal or their age would close, without the trailing stop."""
    said = {(each.strategy, each.symbol) for each in given.signals if each.action is Action.EXIT}
    return [
        held
        for held in given.holdings
        if (held.strategy, held.symbol) in said
        or (held.policy.max_sessions is not None and held.sessions_held >= held.policy.max_sessions)
    ]


@given(situations())
def test_what_is_due_is_closed_whatever_the_limits_and_halts_say(given: Situation) -> None:
    planned = plan(given)
    closed = {each.symbol: each for each in planned.exits}
    judge = Judge(given)
    for held in due(given):
        shown = judge.held(held.symbol)
        both = min(abs(shown), abs(held.quantity)) if (shown > 0) == (held.quantity > 0) else D(0)
        spoken_for = sum(
            each.quantity
            for each in given.open_orders
            if each.symbol == held.symbol
            and each.parent_id is None
            and each.client_order_id.startswith("by-hand")
            and (each.side is Side.SELL) == (shown > 0)
        )
        under_way = any(
            each.symbol == held.symbol and each.purpose is Purpose.EXIT and each.state is not OrderState.PLANNED
            for each in given.unsettled
        )
        free = min(both, abs(shown) - spoken_for)
        trades = given.session_open and not given.account.blocked and given.assets[held.symbol].tradable
        if trades and not under_way and free >= 1:
            assert closed[held.symbol].request.quantity == free
            assert (closed[held.symbol].request.side is Side.SELL) == (shown > 0)
        else:
            assert held.symbol not in closed


@given(situations(), HARSH_LIMITS, HARSH_COUNTERS, st.sampled_from(HaltLevel), number("-1000", "1000", 0))
def test_exits_do_not_depend_on_limits_halts_counters_or_equity(
    given: Situation, limits: Limits, other: Counters, halt: HaltLevel, equity: Decimal
) -> None:
    poor = replace(given.account, equity=equity, buying_power=equity)
    pressed = replace(
        given, limits=limits, counters=other, halt=halt, account=poor, locked={"AA": "break"}, expected_as_of=None
    )
    pressed = replace(pressed, average_volume={}, sessions_run={}, repetitions={})
    assert plan(pressed).exits == plan(given).exits


@given(situations())
def test_a_plan_is_the_same_every_time_and_made_once(given: Situation) -> None:
    planned = plan(given)
    assert plan(given) == planned
    again = plan(_written_down(given, planned))
    assert again.entries == ()
    assert again.exits == ()


def _written_down(given: Situation, planned: Plan) -> Situation:
    """The situation after a plan was sent and nobody saw what became of it."""
    lost = tuple(replace(each, state=OrderState.UNKNOWN) for each in planned.intents)
    decided = given.decided | {each.client_order_id for each in lost}
    kept = tuple(each for each in given.unsettled if each.client_order_id not in decided)
    entered = {each.symbol for each in planned.entries}
    # What the first plan left for want of room must not be tried by the second one; that is not what is asked here.
    signals = tuple(each for each in given.signals if each.symbol in entered or each.action is Action.EXIT)
    return replace(given, now=NOW, unsettled=kept + lost, decided=frozenset(decided), signals=signals)
