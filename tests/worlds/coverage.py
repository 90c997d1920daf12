"""Which paths of recovery a world went, read from what the ledger wrote about it afterwards."""

from __future__ import annotations

import json
from collections import Counter

from tests.worlds.town import Town


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
                met[f"{row['kind'].replace('_', ' ')}: {row['subject']}"] += 1
            case "intent_rewritten" | "split_booked" | "protection_gap" | "peak_rebased":
                met[row["kind"].replace("_", " ")] += 1
            case "intent_written":
                met[f"intent: {detail['purpose']}"] += 1
            case "cash_booked":
                met[f"cash: {detail['kind']}"] += 1
            case "fill_booked" if detail["strategy"] == "foreign":
                met["foreign fill"] += 1
    return met
