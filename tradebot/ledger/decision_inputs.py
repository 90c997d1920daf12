"""What the entries of each session were decided on: limits, balances, signals, quotes, and digests of the bars."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from hashlib import blake2b
from itertools import groupby
from typing import Any

from tradebot.core.model.account import Quote
from tradebot.core.model.decision_inputs import BalancesSeen, BarsSeen, DecisionInputs
from tradebot.core.model.ledger_rows import DecisionRow
from tradebot.core.model.limits import Limits
from tradebot.core.model.orders import Side
from tradebot.core.model.repetition import EntryKey, Repetition
from tradebot.core.model.signals import Action, ExitPolicy, Signal
from tradebot.ledger.audit import DECISION_INPUTS, DECISION_SETTINGS, AuditTrail
from tradebot.ledger.codec import canonical_json, columns_of, names_of, stamp, to_column, value_from
from tradebot.ledger.engine import Engine, Row

_SETS = ("allow_symbols", "deny_symbols")  # of the limits
_DIGEST = 8  # characters of a symbol's bars


class DecisionInputLog:
    """What one account decided on."""

    def __init__(self, engine: Engine, trail: AuditTrail) -> None:
        self._engine = engine
        self._trail = trail

    def store(self, run_id: int, inputs: DecisionInputs) -> None:
        """Append what the entries of a run are decided on. Settings that are stored already are not stored again."""
        symbols = sorted(inputs.bars.digests)
        limits = columns_of(inputs.limits, without=_SETS) | {
            each: sorted(getattr(inputs.limits, each)) for each in _SETS
        }
        contents = canonical_json({"limits": limits, "close_positions": inputs.close_positions, "symbols": symbols})
        digest = blake2b(contents.encode(), digest_size=8).hexdigest()
        row = {
            "run_id": run_id,
            "session": to_column(inputs.session),
            "at": stamp(inputs.at),
            "settings": digest,
            "sessions": inputs.bars.sessions,
            "as_of": to_column(inputs.bars.as_of),
            "bars": "".join(inputs.bars.digests[symbol] for symbol in symbols),
            "balances": canonical_json(columns_of(inputs.balances)),
            "signals": canonical_json(list(_by_strategy(inputs))),
            "quotes": canonical_json({symbol: _quoted(quote) for symbol, quote in inputs.quotes.items()}),
        }
        with self._engine.transaction():
            self._trail.record(DECISION_SETTINGS, {"digest": digest, "contents": contents}, inputs.at)
            self._trail.record(DECISION_INPUTS, row, inputs.at)

    def decisions(self, session: date) -> tuple[DecisionRow, ...]:
        """What the run of ``of_session`` decided, in order."""
        rows = self._engine.all(
            "SELECT * FROM decisions WHERE account_key = :account_key AND session = :session AND run_id ="
            " (SELECT run_id FROM decision_inputs WHERE account_key = :account_key AND session = :session"
            " ORDER BY seq DESC LIMIT 1) ORDER BY seq",
            {"account_key": self._trail.account_key, "session": session.isoformat()},
        )
        return tuple(value_from(DecisionRow, row) for row in rows)

    def of_session(self, session: date, now: Limits) -> DecisionInputs | None:
        """What a session's newest run decided on; None where none did, or an earlier version stored none.

        now: has the limits that a later version added.
        """
        row = self._engine.one(
            "SELECT decision_inputs.*, contents FROM decision_inputs JOIN decision_settings"
            " ON decision_settings.account_key = decision_inputs.account_key AND digest = settings"
            " WHERE decision_inputs.account_key = :account_key AND session = :session"
            " ORDER BY decision_inputs.seq DESC LIMIT 1",
            {"account_key": self._trail.account_key, "session": session.isoformat()},
        )
        return None if row is None else _inputs(row, now)


def _by_strategy(inputs: DecisionInputs) -> Iterable[dict[str, object]]:
    """The signals in their order, by strategy: what they have in common once."""
    for (strategy, fingerprint, risk), group in groupby(
        inputs.signals, lambda each: (each.strategy, each.fingerprint, each.risk_pct)
    ):
        yield {
            "strategy": strategy,
            "fingerprint": fingerprint,
            "risk": None if risk is None else str(risk),
            "sessions_run": inputs.sessions_run.get(strategy),
            "acts": [_act(signal, inputs) for signal in group],
        }


def _act(signal: Signal, inputs: DecisionInputs) -> dict[str, object]:
    found = inputs.repetitions.get(EntryKey(signal.strategy, signal.symbol, Side.BUY))
    act = {
        "symbol": signal.symbol,
        "action": signal.action.value,
        "as_of": signal.as_of,
        "score": repr(signal.score) if signal.score else None,
        "policy": _policy(signal.policy),
        "volume": inputs.average_volume.get(signal.symbol),
        "before": None if found is None else [found.entries, found.sessions, found.recent],
    }
    return {name: value for name, value in act.items() if value is not None}


def _policy(policy: ExitPolicy) -> dict[str, object]:
    """What a policy asks for. A fraction may be no number, as a strategy gave it."""
    asked = {field.name: getattr(policy, field.name) for field in fields(policy)}
    return {name: str(each) if isinstance(each, Decimal) else each for name, each in asked.items() if each is not None}


def _quoted(quote: Quote) -> list[object]:
    return [to_column(quote.last), to_column(quote.previous_close)]


def _inputs(row: Row, now: Limits) -> DecisionInputs:
    settings, at = json.loads(row["contents"]), datetime.fromisoformat(row["at"])
    parts = json.loads(row["signals"])
    acts = [(part, act) for part in parts for act in part["acts"]]
    as_of = None if row["as_of"] is None else date.fromisoformat(row["as_of"])
    digests = (row["bars"][start : start + _DIGEST] for start in range(0, len(row["bars"]), _DIGEST))
    return DecisionInputs(
        session=date.fromisoformat(row["session"]),
        at=at,
        limits=_limits(settings["limits"], now),
        close_positions=settings["close_positions"],
        bars=BarsSeen(row["sessions"], as_of, dict(zip(settings["symbols"], digests, strict=True))),
        balances=value_from(BalancesSeen, json.loads(row["balances"])),
        signals=tuple(_signal(part, act) for part, act in acts),
        quotes={symbol: _quote(symbol, pair, at) for symbol, pair in json.loads(row["quotes"]).items()},
        average_volume={act["symbol"]: Decimal(act["volume"]) for _, act in acts if "volume" in act},
        sessions_run={part["strategy"]: part["sessions_run"] for part in parts if part["sessions_run"] is not None},
        repetitions={
            EntryKey(part["strategy"], act["symbol"], Side.BUY): Repetition(*act["before"])
            for part, act in acts
            if "before" in act
        },
    )


def _limits(stored: Mapping[str, Any], now: Limits) -> Limits:
    columns = {**columns_of(now, without=_SETS), **stored}
    sets = {name: frozenset(stored.get(name, ())) for name in _SETS}
    return value_from(Limits, columns, **sets)


def _signal(part: Mapping[str, Any], act: Mapping[str, Any]) -> Signal:
    return Signal(
        strategy=part["strategy"],
        symbol=act["symbol"],
        as_of=date.fromisoformat(act["as_of"]),
        action=Action(act["action"]),
        score=float(act.get("score", "0")),
        policy=value_from(ExitPolicy, {**dict.fromkeys(names_of(ExitPolicy)), **act["policy"]}),
        reason="",
        fingerprint=part["fingerprint"],
        risk_pct=None if part["risk"] is None else Decimal(part["risk"]),
    )


def _quote(symbol: str, pair: tuple[str, str | None], at: datetime) -> Quote:
    last, previous = pair
    return Quote(symbol, Decimal(last), at, None if previous is None else Decimal(previous))
