"""What goes wrong in a world: faults in its processes, a schedule that is not kept, people who act past the bot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from tests.worlds.faults import ANY, IN_A_FILE, ON_A_SERVER, WITH_A_FILE, WITHOUT_WIRE, Fault, FaultKind
from tests.worlds.market import Market
from tests.worlds.schedule import hours_of
from tests.worlds.world import TRANSFERS, ByHand, Deed, Lapse, Missed, Overlap, Run, Step
from tradebot.core.model.capabilities import EVERYTHING, Capabilities
from tradebot.core.model.schedule import Job

K = FaultKind

_READS = ("clock", "account", "positions", "open_orders", "order", "activities", "assets", "read")
_WRITES = ("submit", "submit", "submit", "cancel", "replace", "write", "write")
_NO_ANSWER = (*_READS, *_WRITES, *_WRITES)
_ON_THE_WIRE = (*_NO_ANSWER, *_WRITES, *_WRITES)
#: Where each kind can strike. A call that is named twice is drawn twice as often.
PLACES: dict[FaultKind, tuple[str, ...]] = {
    K.REFUSED: _NO_ANSWER,
    K.TOO_MANY: _NO_ANSWER,
    K.SERVER_ERROR: _NO_ANSWER,
    K.HTML: _NO_ANSWER,
    K.TRUNCATED: _NO_ANSWER,
    K.LOST_ANSWER: _NO_ANSWER,
    K.LOST_REQUEST: _WRITES,
    K.LATE_REQUEST: _WRITES,
    K.SLOW: _NO_ANSWER,
    K.OLD_ANSWER: ("account", "positions", "open_orders", "order"),
    K.UNKNOWN_STATE: ("open_orders", "order", "submit", "replace"),
    K.SLOW_FILL: ("submit",),
    K.REJECTED_LATER: ("submit",),
    K.REPEATED: ("activities",),
    K.LAGGING: ("activities",),
    K.EMPTY_LIST: ("positions", "open_orders", "activities"),
    K.FEWER_SHARES: ("positions",),
    K.STOP_FILLS: ("account", "positions", "open_orders", "activities"),
    K.PARTIAL_FILL: ("submit",),
    K.DB_LOCKED: ("begin",),
    K.DB_FULL: ("sql",),
    K.DB_IO_ERROR: ("sql", "begin", "commit"),
    K.DB_COMMIT_UNSEEN: ("commit",),
    K.BACKEND_ENDED: ("sql", "sql", "begin", "commit"),
    K.SERVER_RESTARTED: ("sql", "commit"),
    K.CUT_BEFORE_COMMIT: ("commit",),
    K.CUT_AFTER_COMMIT: ("commit",),
    K.SERVER_GONE: ("commit",),
    K.ROWS_LOCKED: ("begin",),
    K.SERVER_READ_ONLY: ("begin",),
    K.SERVER_CROWDED: ("connect",),
    K.KILL: (ANY, "sql", "commit", "read", "write", "submit", "submit", "activities", "sleep"),
    K.KILL_AFTER: _WRITES,
    K.SIGNAL: ("check",),
    K.LATCH_FAILS: ("latch_set",),
    K.STRATEGY_FAILS: ("signals",),
    K.NO_QUOTES: ("quotes",),
    K.LOCK_REMOVED: ("assert_held",),
    K.TOO_MANY_UNTIL: _ON_THE_WIRE,
    K.NO_CONNECTION: _ON_THE_WIRE,
    K.RESET_BEFORE: _ON_THE_WIRE,
    K.RESET_AFTER: _ON_THE_WIRE,
    K.GATEWAY_TIMEOUT: _ON_THE_WIRE,
    K.WEB_PAGE: _ON_THE_WIRE,
    K.DUPLICATE: ("submit", "submit", "replace"),
    K.CUT_OFF: _ON_THE_WIRE,
    K.NO_KEYS: _ON_THE_WIRE,
    K.NEW_FIELDS: _NO_ANSWER,
    K.CLOCK_ASKEW: ("clock",),
    K.NO_INSTANTS: ("activities",),
    K.ID_BURNT: ("submit",),
}
#: How late a call can come in a process; those that are made for each order come soon.
_LATEST = {
    ANY: 400,
    "sql": 350,
    "begin": 25,
    "commit": 25,
    "connect": 1,
    "read": 25,
    "submit": 2,
    "check": 2,
    "assert_held": 2,
}
_OFTEN_AT_MOST = 4
#: Kinds after which nothing more is to come of the process, or that change it once for good.
_ONCE = frozenset(
    {
        *(K.KILL, K.KILL_AFTER, K.SIGNAL, K.LOCK_REMOVED, K.BACKEND_ENDED, K.SERVER_RESTARTED),
        *(K.CUT_BEFORE_COMMIT, K.CUT_AFTER_COMMIT, K.SERVER_GONE),
    }
)
#: What may run beside a job that trades, and beside any other.
_BESIDE_TRADING = (*[Job.EMERGENCY_STOP] * 3, *[Job.RUN_DAILY] * 2, Job.CHECK_EXITS, Job.PREFLIGHT, Job.RESUME)
_BESIDE = (Job.RUN_DAILY, Job.CHECK_EXITS, Job.RECONCILE, Job.PREFLIGHT, Job.REPORT)
_TRADING = frozenset({Job.RUN_DAILY, Job.CHECK_EXITS})
_SENDING = _TRADING | {Job.EMERGENCY_STOP}
#: The kinds that only some jobs can meet.
_ONLY_IN: dict[FaultKind, frozenset[Job]] = {
    **dict.fromkeys((K.LOST_REQUEST, K.LATE_REQUEST, K.SLOW_FILL, K.REJECTED_LATER, K.KILL_AFTER), _SENDING),
    **dict.fromkeys((K.PARTIAL_FILL,), frozenset({Job.RUN_DAILY})),
    **dict.fromkeys((K.SIGNAL, K.LOCK_REMOVED, K.STRATEGY_FAILS), _TRADING),
    **dict.fromkeys((K.REPEATED, K.LAGGING), _SENDING | {Job.RECONCILE}),
    K.LATCH_FAILS: frozenset({Job.EMERGENCY_STOP}),
}
#: How many of the faults of a world a job takes; the others take few, as there are many of them, and they do little.
_SHARE_OF_FAULTS = {Job.RUN_DAILY: 1.0, Job.EMERGENCY_STOP: 1.0, Job.CHECK_EXITS: 0.6}
#: How much more often than the others a kind is drawn: it needs an order, and a job sends few.
_WEIGHTS = {
    K.REFUSED: 2,
    K.TOO_MANY: 2,
    K.SERVER_ERROR: 2,
    K.HTML: 2,
    K.TRUNCATED: 2,
    K.LOST_ANSWER: 2,
    K.LOST_REQUEST: 4,
    K.LATE_REQUEST: 3,
    K.OLD_ANSWER: 5,
    K.UNKNOWN_STATE: 2,
    K.SLOW_FILL: 3,
    K.REJECTED_LATER: 3,
    K.PARTIAL_FILL: 4,
    K.STOP_FILLS: 4,
    K.LAGGING: 2,
    K.KILL: 2,
    K.KILL_AFTER: 4,
    K.SIGNAL: 4,
    K.DB_FULL: 3,
    K.LATCH_FAILS: 6,
    **dict.fromkeys(ON_A_SERVER, 5),
    K.LOCK_REMOVED: 4,
    K.TOO_MANY_UNTIL: 2,
    K.NO_CONNECTION: 2,
    K.RESET_BEFORE: 3,
    K.RESET_AFTER: 3,
    K.GATEWAY_TIMEOUT: 3,
    K.WEB_PAGE: 2,
    K.CUT_OFF: 3,
    K.NO_KEYS: 2,
    K.DUPLICATE: 3,
    K.EMPTY_LIST: 2,
}
#: Calls that the jobs which only read never make, so that no fault need wait for them.
_SENDING_CALLS = frozenset({"submit", "cancel", "replace", "write", "order", "check", "assert_held"})


_BY_HAND = (
    Deed.BUY,
    Deed.SELL,
    Deed.SELL,
    Deed.CANCEL,
    Deed.CANCEL,
    Deed.REST,
    Deed.STOP,
    Deed.CANCEL_AND_SELL,
    Deed.CANCEL_AND_SELL,
    Deed.PAY_IN,
    Deed.TAKE_OUT,
    Deed.TAKE_OUT,
)
LATCH_DEEDS = (Deed.LATCH, Deed.SPOIL_LATCH, Deed.CLEAR_LATCH, Deed.HALT_SYMBOL, Deed.HALT_STRATEGY)


@dataclass(frozen=True, slots=True)
class Possible:
    """What can go wrong with a broker: kinds of faults, and what people do to the account, as often as it is named.

    ``often`` are the odds of a further fault in a process, of which one holds in a world; it has ``most`` at most.
    ``shown`` is what the broker says by itself that is out of the ordinary. ``capabilities`` are those of the broker,
    ``fractions_stay`` says whether a split leaves the account fractions of a share. ``late_rows`` are the kinds of
    activities that it may tell days late.
    """

    kinds: tuple[FaultKind, ...]
    deeds: tuple[Deed, ...]
    often: tuple[float, ...] = (0.2, 0.5, 0.85)
    most: int = 4
    shown: tuple[str, ...] = ()
    capabilities: Capabilities = EVERYTHING
    fractions_stay: bool = False
    late_rows: tuple[str, ...] = ("transfer", "dividend", "split", "fill")


AT_ITS_OWN_DOOR = Possible(WITHOUT_WIRE, (*_BY_HAND, Deed.BUST, Deed.CORRECT))
#: What a broker can do at the least: one order at a time, which is found in lists alone.
SIMPLE_ORDERS = Capabilities(
    brackets=False,
    oto=False,
    replace=False,
    cancel_all=False,
    finds_by_id=False,
    fractions=True,
    paper_account=False,
    entry_collar_pct=Decimal("0.01"),
)
AT_A_SIMPLE_DOOR = replace(AT_ITS_OWN_DOOR, capabilities=SIMPLE_ORDERS, fractions_stay=True)
LEG_HELD = "leg held"
PENDING_CANCEL, NO_REF_ID, NOT_LISTED = "cancel pending", "order without its id", "order not in the lists yet"
#: Most faults cost a read no more than another try, so that more of them are needed to do any harm.
OVER_HTTP = Possible(
    tuple(kind for kind in WITH_A_FILE if kind not in (K.REPEATED, K.ID_BURNT)),
    _BY_HAND,
    often=(0.7, 0.9, 0.97),
    most=10,
    shown=(LEG_HELD,),
)
#: What Robinhood's wire does not tell: the server's clock, and rows of a date without an instant.
_NOT_AT_ROBINHOOD = (K.REPEATED, K.CLOCK_ASKEW, K.NO_INSTANTS)
AT_ROBINHOOD = replace(
    OVER_HTTP,
    kinds=tuple(kind for kind in WITH_A_FILE if kind not in _NOT_AT_ROBINHOOD),
    shown=(PENDING_CANCEL, NO_REF_ID, NOT_LISTED),
    capabilities=SIMPLE_ORDERS,
    fractions_stay=True,
    late_rows=("transfer", "dividend", "split"),
)


def with_a_server(possible: Possible) -> Possible:
    """The same with a ledger on a server, which fails in ways of its own, and more often than a disk."""
    others = tuple(kind for kind in possible.kinds if kind not in IN_A_FILE)
    return replace(possible, kinds=(*others, *ON_A_SERVER), often=tuple(max(0.5, odds) for odds in possible.often))


@dataclass(frozen=True, slots=True)
class Odds:
    """How rough a world is. Only some kinds of fault occur in it, so that those few can meet each other."""

    kinds: tuple[FaultKind, ...]
    fault: float
    missed: float
    doubled: float
    late: float
    overlap: float
    hands: float
    stop: float
    flag: float
    skew: float
    deeds: tuple[Deed, ...] = AT_ITS_OWN_DOOR.deeds
    most_faults: int = AT_ITS_OWN_DOOR.most
    life: float = 1.0  # 0 for a world without an earlier life of its account, halted and renamed symbols, late rows


def draw_odds(chance: Random, possible: Possible) -> Odds:
    """How rough a world is."""
    kinds = tuple(kind for kind in possible.kinds if chance.random() < 0.4)

    def odds(*choices: float) -> float:
        return chance.choice(choices)

    return Odds(
        kinds=kinds,
        fault=odds(*possible.often) if kinds else 0.0,
        missed=odds(0.0, 0.05, 0.2, 0.6),
        doubled=odds(0.0, 0.1, 0.4),
        late=odds(0.0, 0.1, 0.3),
        overlap=odds(0.0, 0.0, 0.1, 0.3),
        hands=odds(0.0, 0.0, 0.3, 1.0),
        stop=odds(0.0, 0.1, 0.3),
        flag=odds(0.0, 0.0, 0.1),
        skew=odds(0.0, 0.0, 0.2),
        deeds=possible.deeds,
        most_faults=possible.most,
    )


def troubled(session: date, runs: Sequence[Run], odds: Odds, chance: Random, market: Market) -> tuple[Step, ...]:
    """A session's runs with all that comes in between, in order."""
    steps: list[Step] = []
    for run in runs:
        steps.extend(_rescheduled(_changed(run, odds, chance), odds, chance))
    steps.extend(_stops(session, odds, chance))
    steps.extend(_deeds(session, odds, chance, market))
    return tuple(sorted(steps, key=lambda step: step.at))


def _rescheduled(run: Run, odds: Odds, chance: Random) -> Iterator[Step]:
    if chance.random() < odds.missed:
        yield Missed(run.job, run.at)
        return
    if chance.random() < odds.late:
        later = run.at + timedelta(minutes=chance.choice([1, 7, 30, 120, 370]))
        run = replace(run, at=later, lapse=Lapse.LATE)
    if chance.random() < odds.overlap:
        jobs = _BESIDE_TRADING if run.job in _TRADING else _BESIDE
        beside = _changed(Run(chance.choice(jobs), run.at), odds, chance)
        restless, head_start = chance.choice([0.02, 0.1, 0.5]), _some(chance, _LATEST[ANY] // 2)
        yield Overlap(run, beside, chance.randrange(1_000_000), restless, head_start)
    else:
        yield run
    if chance.random() < odds.doubled * (2 if run.job is Job.RUN_DAILY else 0.5):
        again = run.at + timedelta(minutes=chance.choice([0, 1, 5, 20]))
        yield _changed(replace(run, at=again, faults=(), lapse=Lapse.DOUBLED), odds, chance)


def _changed(run: Run, odds: Odds, chance: Random) -> Run:
    faults: list[Fault] = []
    kinds = [kind for kind in odds.kinds if run.job in _ONLY_IN.get(kind, (run.job,))]
    odds_here = odds.fault * _SHARE_OF_FAULTS.get(run.job, 0.3)
    while kinds and len(faults) < odds.most_faults and chance.random() < odds_here:
        (kind,) = chance.choices(kinds, [_WEIGHTS.get(kind, 1) for kind in kinds])
        faults.extend(_faults(run.job, kind, chance))
    return replace(
        run,
        faults=tuple(faults),
        flag=chance.random() < odds.flag,
        skew=chance.choice([-86_400, -300, 40, 3_600, 90_000]) if chance.random() < odds.skew else 0,
    )


def _faults(job: Job, kind: FaultKind, chance: Random) -> Iterator[Fault]:
    """A fault, with another before it where nothing would be asked otherwise: an order is while its end is unseen."""
    fault = _fault(job, kind, chance)
    yield fault
    if fault.call == "order":
        before = chance.choice([K.LOST_ANSWER, K.SLOW_FILL])
        yield Fault(before, "submit", nth=chance.randint(1, 2), amount=_amount(before, chance))


def _fault(job: Job, kind: FaultKind, chance: Random) -> Fault:
    call = chance.choice(PLACES[kind])
    if job not in _SENDING and call in _SENDING_CALLS:
        call = ANY if kind is K.KILL else "read"
    return Fault(
        kind,
        call,
        nth=_some(chance, _LATEST.get(call, _OFTEN_AT_MOST)),
        times=1 if kind in _ONCE else chance.choice([1, 1, 1, 2, 4, 1000]),
        amount=_amount(kind, chance),
    )


def _some(chance: Random, latest: int) -> int:
    """A number from 1 to ``latest``: half of them small, the other half anywhere."""
    if chance.random() < 0.5:
        return min(latest, int(latest ** chance.random()) + chance.randint(0, 1))
    return chance.randint(1, latest)


def _amount(kind: FaultKind, chance: Random) -> int:
    match kind:
        case K.SLOW:
            return chance.choice([1, 10, 60, 300, 1800])
        case K.LATE_REQUEST:
            return chance.choice([1, 5, 15, 45, 300, 1800])
        case K.SLOW_FILL | K.REJECTED_LATER:
            return chance.choice([1, 5, 20, 120, 3600])
        case K.PARTIAL_FILL:
            return chance.choice([5, 20, 50, 100, 3600, 86_400])
        case K.TOO_MANY_UNTIL:
            return chance.choice([1, 2, 20, 60, 600])
        case K.CLOCK_ASKEW:
            return chance.choice([-600, -30, 30, 600])
        case K.REPEATED | K.LAGGING:
            return chance.randint(1, 4)
        case _:
            return chance.randint(0, 1)


def _stops(session: date, odds: Odds, chance: Random) -> Iterator[Step]:
    """An emergency stop at some moment of the day, most often followed by a resume."""
    if chance.random() >= odds.stop:
        return
    hours = hours_of(session)
    at = hours.opens + timedelta(minutes=chance.choice([-60, 2, 6, 90, 300, 420]))
    yield replace(_changed(Run(Job.EMERGENCY_STOP, at), odds, chance), close=chance.random() < 0.4, skew=0)
    if chance.random() < 0.6:
        later = at + timedelta(minutes=chance.choice([1, 15, 400]))
        yield _changed(Run(Job.RESUME, later), odds, chance)


def _deeds(session: date, odds: Odds, chance: Random, market: Market) -> Iterator[Step]:
    """What people do on a day; a latch that one of them has set or spoilt is cleared again on most days."""
    if chance.random() >= odds.hands:
        return
    opens = hours_of(session).opens
    for _ in range(chance.choice([1, 1, 2, 3])):
        at = opens + timedelta(minutes=chance.choice([-20, 1, 8, 60, 200, 300]))
        deed = chance.choice(LATCH_DEEDS if chance.random() < 0.1 else odds.deeds)
        if deed in TRANSFERS:
            at = opens + timedelta(minutes=chance.choice([-240, -20, 1, 8, 60, 300, 395, 500, 690]))
        yield ByHand(
            deed, at, chance.choice(list(market.listed)), chance.choice([1, 3, 20, 1000]), chance.randrange(10)
        )
        if deed in LATCH_DEEDS and chance.random() < 0.7:
            yield Run(Job.RESUME, at + timedelta(minutes=chance.choice([3, 30, 400])))


def earlier_deeds(session: date, chance: Random, market: Market, possible: Possible) -> Iterator[ByHand]:
    """What people did on a day before the home met the account."""
    opens = hours_of(session).opens
    deeds = [deed for deed in possible.deeds if deed not in (Deed.BUST, Deed.CORRECT)]
    for _ in range(chance.choice([1, 2, 4])):
        deed = chance.choice([Deed.BUY, Deed.BUY, Deed.STOP, *deeds])
        at = opens + timedelta(minutes=chance.choice([1, 8, 60, 200, 300]))
        yield ByHand(deed, at, chance.choice(list(market.listed)), chance.choice([1, 3, 20]), chance.randrange(10))
