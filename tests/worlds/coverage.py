"""What a world met: the faults that had their effect, and the paths of recovery, read from what the ledger wrote."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping

from tests.worlds.faults import UNANSWERED, FaultKind, told_as
from tests.worlds.real_life import EARLIER_LIFE, RENAMED, ROW_LATE, SYMBOL_HALTED
from tests.worlds.town import Town
from tests.worlds.trouble import LATCH_DEEDS, OVER_HTTP, Possible
from tests.worlds.world import Deed, Lapse
from tradebot.core.model.account import CashKind
from tradebot.core.model.breaks import BreakKind
from tradebot.core.model.halts import HaltRule
from tradebot.core.model.holdings import FOREIGN
from tradebot.core.model.order_ids import parse
from tradebot.core.model.orders import LEGAL_MOVES, Purpose

#: An emergency stop that runs while another process is at work.
BESIDE = "emergency stop beside a job"
PARTIAL = "partial fill"


def _names_of(kind: FaultKind) -> Iterator[str]:
    if kind in UNANSWERED:
        yield from (told_as(kind, "open_orders"), told_as(kind, "submit"))
    elif kind is FaultKind.EMPTY_LIST:
        yield from (told_as(kind, call) for call in ("positions", "open_orders", "activities"))
    elif kind is FaultKind.OLD_ANSWER:
        yield from (told_as(kind, call) for call in ("account", "positions", "open_orders", "order"))
    elif kind is FaultKind.KILL:
        yield from (told_as(kind, "sql"), told_as(kind, "submit"))
    else:
        yield kind


def goes_wrong(possible: Possible) -> tuple[str, ...]:
    """All that is to go wrong, each of it in at least one world in a hundred."""
    done = {*possible.deeds, *LATCH_DEEDS}
    return (
        *(name for kind in possible.kinds for name in _names_of(kind)),
        *possible.shown,
        PARTIAL,
        RENAMED,
        SYMBOL_HALTED,
        EARLIER_LIFE,
        ROW_LATE,
        *Lapse,
        "clock jumped",
        *(deed for deed in Deed if deed in done),
        "halted by the environment",
        "emergency stop",
        "emergency stop, closing",
        BESIDE,
    )


_NO_LATE_FILL = "an order that is over gets no further fill on this exchange"
_SEEN_TO_REST = "we replace only what is seen to rest"
_LOOKED_AT_WHEN_FILLED = "one that was given up is looked at again only once it fills"
#: What cannot be brought about with any broker, each with the reason.
NEVER: Mapping[str, str] = {
    **dict.fromkeys((f"order {state} > filled" for state in ("cancelled", "expired", "replaced")), _NO_LATE_FILL),
    **dict.fromkeys(
        (f"order {state} > replaced" for state in ("planned", "submitting", "unknown", "abandoned")), _SEEN_TO_REST
    ),
    **dict.fromkeys((f"order abandoned > {state}" for state in ("accepted", "rejected")), _LOOKED_AT_WHEN_FILLED),
    "order accepted > accepted": "an order that rests changes in nothing that the ledger keeps",
    f"break {BreakKind.SIDE}": "the account holds no shorts",
    f"break {BreakKind.PRICE}": "this exchange averages as the ledger does",
}

_NOT_HEARD = "Alpaca tells the bust of a fill on a stream, which a scheduled bot does not hear"
#: What cannot be brought about with some brokers only.
_NEVER_WITH: Mapping[Possible, Mapping[str, str]] = {
    OVER_HTTP: {
        FaultKind.REPEATED: "Alpaca's adapter passes on what is news",
        **dict.fromkeys((Deed.BUST, Deed.CORRECT, "fill reversed"), _NOT_HEARD),
        **dict.fromkeys(("order filled > cancelled", "order filled > unknown"), _NOT_HEARD),
    }
}

_MOVES = tuple(f"order {before} > {after}" for before, afters in LEGAL_MOVES.items() for after in sorted(afters))
_PATHS = (
    *_MOVES,
    *(f"break {kind}" for kind in BreakKind),
    *(f"halt latched: {rule}" for rule in HaltRule),
    *(f"intent: {purpose}" for purpose in (Purpose.ENTRY, Purpose.EXIT, Purpose.STOP)),
    *(f"cash: {kind}" for kind in (CashKind.DEPOSIT, CashKind.DIVIDEND)),
    "fill foreign",
    "fill of an emergency stop",
    "fill reversed",
    "intent rewritten",
    "peak rebased",
    "bare began",
    "exit taken back",
    "split booked",
)


def never(possible: Possible) -> Mapping[str, str]:
    """What is provided for, and no world can bring about, each with the reason."""
    with_this = (why for other, why in _NEVER_WITH.items() if other.shown == possible.shown)
    return {**NEVER, **next(with_this, {})}


def paths(possible: Possible) -> tuple[str, ...]:
    """Where recovery can lead; one that no world went is a path that nothing was tried on."""
    return tuple(path for path in _PATHS if path not in never(possible))


def met_in(town: Town) -> Counter[str]:
    """How often each path was gone, and how many orders were filled in part or in parts."""
    met: Counter[str] = Counter()
    for row in town.ledger.rows("SELECT kind, subject, detail FROM audit"):
        for path in _paths(row["kind"], row["subject"], json.loads(row["detail"])):
            met[path] += 1
    for row in town.ledger.rows("SELECT strategy, client_order_id, reverses FROM fills"):
        for path in _paths_of_fill(row["strategy"], row["client_order_id"] or "", is_reversal=bool(row["reverses"])):
            met[path] += 1
    met[PARTIAL] = len(
        town.exchange.rows(
            "SELECT 1 FROM activities a JOIN orders o ON o.number = a.order_number WHERE a.kind = 'fill'"
            " GROUP BY o.number HAVING MIN(CAST(a.quantity AS NUMERIC)) < CAST(o.quantity AS NUMERIC)"
        )
    )
    met[ROW_LATE] = town.rows_late
    first_run = min((run.at.date() for run in town.world.runs), default=town.session)
    met[EARLIER_LIFE] = town.world.days[0].session < first_run
    return +met + town.door.met()


def _paths(kind: str, subject: str, detail: Mapping[str, str]) -> Iterator[str]:
    match kind:
        case "order_moved":
            yield f"order {detail['from']} > {detail['to']}"
        case "break_opened":
            yield f"break {subject.split()[0]}"
        case "halt_latched" | "halt_cleared":
            yield f"{_words(kind)}: {subject.split()[0]}"
        case "intent_written" if (decision := parse(subject)) is not None:
            yield f"intent: {decision.purpose}"
        case "cash_booked":
            yield f"cash: {detail['kind']}"
        case "protection_gap" if detail.get("gap") == "exit taken back":
            yield "exit taken back"
        case "intent_rewritten" | "split_booked" | "bare_began" | "peak_rebased":
            yield _words(kind)


def _paths_of_fill(strategy: str, client_order_id: str, *, is_reversal: bool) -> Iterator[str]:
    if is_reversal:
        yield "fill reversed"
    elif strategy == FOREIGN:
        yield "fill foreign"
    elif "-close-" in client_order_id:
        yield "fill of an emergency stop"


def _words(kind: str) -> str:
    return kind.replace("_", " ")
