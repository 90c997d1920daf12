"""client_order_id: derived from the decision, so that the same decision always has the same id.

Form: ``tb1-<account hash>-<session>-<strategy>-<symbol>-<purpose>-<attempt>``, for example
``tb1-9f86d081-20070103-rsi2_mean_reversion-AAPL-entry-1``. No field can hold a hyphen, so an id parses back
unambiguously. The account is hashed because order ids end up in logs and support mails. Alpaca allows 128 characters.

A broker that takes nothing but a UUID gets ``ref_id``, which is derived from the id and cannot be read back. It is
resolved by comparing it with the ids that were sent, or with the ids that could have been.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from tradebot.core.model.orders import Purpose

MAX_LENGTH = 128
STRATEGY_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
SYMBOL = re.compile(r"[A-Z][A-Z0-9.]{0,11}")
_ID = re.compile(
    r"tb1-(?P<account>[0-9a-f]{8})-(?P<session>\d{8})-(?P<strategy>[a-z][a-z0-9_]{0,39})"
    r"-(?P<symbol>[A-Z][A-Z0-9.]{0,11})-(?P<purpose>[a-z]+)-(?P<attempt>[1-9]\d{0,3})"
)

#: The namespace of ``ref_id``. It never changes: orders that rest at a broker carry ids that were made with it.
_REF_ID_NAMESPACE = uuid.UUID("6f0a1c52-93b7-5d1e-8a44-2e7c5b90d1f3")
#: The attempt numbers that an order of ours can have: those of jobs, and those of an emergency stop without a ledger.
POSSIBLE_ATTEMPTS = (*range(1, 13), *range(1001, 1008))


@dataclass(frozen=True, slots=True)
class DecisionId:
    """The parts of a client_order_id: one attempt at one decision."""

    account_hash: str
    session: date
    strategy: str
    symbol: str
    purpose: Purpose
    attempt: int  # from 1

    def __str__(self) -> str:
        return (
            f"tb1-{self.account_hash}-{self.session:%Y%m%d}-{self.strategy}-{self.symbol}-{self.purpose}-{self.attempt}"
        )


@lru_cache(maxsize=16)
def account_hash(account_key: str) -> str:
    """Eight hex digits of the account key's SHA-256, for ids and file names."""
    return hashlib.sha256(account_key.encode(errors="surrogateescape")).hexdigest()[:8]


def client_order_id(account_key: str, session: date, strategy: str, symbol: str, purpose: Purpose, attempt: int) -> str:
    """The client_order_id of a decision's order. ``attempt`` counts from 1.

    Raises ValueError for parts that do not parse back.
    """
    text = str(DecisionId(account_hash(account_key), session, strategy, symbol, purpose, attempt))
    if _ID.fullmatch(text) is None or len(text) > MAX_LENGTH:
        raise ValueError(
            f"no client_order_id can be made of strategy {strategy!r}, symbol {symbol!r}, attempt {attempt}"
        )
    return text


def next_attempt(used: Iterable[int]) -> int:
    """The number of the next attempt at a decision. ``used``: numbers of attempts that the broker may have.

    A number that is only planned, and surely not at the broker, is not used yet.
    """
    return max(used, default=0) + 1


def parse(text: str) -> DecisionId | None:
    """The parts of a client_order_id of any account of ours; None for any other text."""
    match = _ID.fullmatch(text)
    if match is None or match["purpose"] not in set(Purpose):
        return None
    try:
        session = date.fromisoformat(match["session"])
    except ValueError:
        return None
    return DecisionId(
        match["account"], session, match["strategy"], match["symbol"], Purpose(match["purpose"]), int(match["attempt"])
    )


def ref_id(client_order_id: str) -> str:
    """The UUID that an order is sent under at a broker that takes nothing else: the same for the same id."""
    return str(uuid.uuid5(_REF_ID_NAMESPACE, client_order_id))


def possible_ids(account_key: str, sessions: Iterable[date], strategies: Iterable[str], symbol: str) -> Iterator[str]:
    """Every client_order_id that an order of ours in ``symbol``, decided in one of ``sessions``, can have.

    A symbol or a strategy that no id can hold has none. Attempts beyond ``POSSIBLE_ATTEMPTS`` are not among them.
    """
    if SYMBOL.fullmatch(symbol) is None:
        return
    hashed, names = account_hash(account_key), [name for name in strategies if STRATEGY_NAME.fullmatch(name)]
    for session in sessions:
        for strategy in names:
            for purpose in Purpose:
                prefix = f"tb1-{hashed}-{session:%Y%m%d}-{strategy}-{symbol}-{purpose}-"
                yield from (f"{prefix}{attempt}" for attempt in POSSIBLE_ATTEMPTS)
