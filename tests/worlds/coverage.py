"""Which paths of recovery a world went, read from what the ledger wrote about it."""

from __future__ import annotations

import json
from collections import Counter

from tests.worlds.faults import FaultKind
from tests.worlds.town import Town
from tests.worlds.world import Deed
from tradebot.core.account import CashKind
from tradebot.core.breaks import BreakKind
from tradebot.core.halts import HaltRule
from tradebot.core.orders import LEGAL_MOVES, Purpose

OVERLAPPED = "overlapping runs"

#: What worlds are expected to meet between them; a path that none went is a path that nothing was tried on.
EXPECTED = frozenset(
    {
        *FaultKind,
        *Deed,
        OVERLAPPED,
        *(f"order {before} > {after}" for before, afters in LEGAL_MOVES.items() for after in afters),
        *(f"break {kind}" for kind in BreakKind),
        *(f"halt latched: {rule}" for rule in HaltRule),
        *(f"intent: {purpose}" for purpose in (Purpose.ENTRY, Purpose.EXIT, Purpose.STOP)),
        *(f"cash: {kind}" for kind in (CashKind.DEPOSIT, CashKind.DIVIDEND)),
        "foreign fill",
        "fill of an emergency stop",
        "intent rewritten",
        "peak rebased",
        "protection gap",
        "split booked",
    }
)


def paths_met(town: Town) -> Counter[str]:
    """How often each path was gone."""
    met: Counter[str] = Counter()
    for row in town.ledger.rows("SELECT kind, subject, detail FROM audit"):
        detail = json.loads(row["detail"])
        match row["kind"]:
            case "order_moved":
                met[f"order {detail['from']} > {detail['to']}"] += 1
            case "break_opened":
                met[f"break {row['subject'].split()[0]}"] += 1
            case "halt_latched" | "halt_cleared":
                met[f"{_words(row['kind'])}: {row['subject']}"] += 1
            case "intent_written":
                met[f"intent: {detail['purpose']}"] += 1
            case "cash_booked":
                met[f"cash: {detail['kind']}"] += 1
            case "fill_booked" if detail["strategy"] == "foreign":
                met["foreign fill"] += 1
            case "fill_booked" if "-close-" in detail["client_order_id"]:
                met["fill of an emergency stop"] += 1
            case "intent_rewritten" | "split_booked" | "protection_gap" | "peak_rebased" as kind:
                met[_words(kind)] += 1
    return met


def _words(kind: str) -> str:
    return kind.replace("_", " ")
