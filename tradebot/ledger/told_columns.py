"""What an audit row tells of an intent or a holding: the columns that its subject and the defaults do not tell.

Rows of earlier versions repeat every column; they are read in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping

from tradebot.core.model.holdings import Holding
from tradebot.core.model.order_ids import parse
from tradebot.core.model.orders import Intent, OrderRequest, OrderState
from tradebot.ledger.codec import names_of, to_column
from tradebot.ledger.engine import Value

#: The columns of a new intent, each as most intents have it; its id tells more.
_NEW_INTENT: dict[str, Value] = {
    **dict.fromkeys((*names_of(OrderRequest), *names_of(Intent, without=("request", "account_key")))),
    "state": OrderState.PLANNED.value,
    "sends": 0,
    "filled_quantity": "0",
    "note": "",
    "type": "market",
    "time_in_force": "day",
}
_NO_HOLDING: dict[str, Value] = dict.fromkeys(names_of(Holding))


def intent_told(columns: Mapping[str, Value]) -> dict[str, Value]:
    """The columns of a new intent that its audit row tells."""
    known = _known_of_intent(str(columns["client_order_id"]))
    return {
        name: value
        for name, value in columns.items()
        if name != "account_key" and (name not in known or known[name] != value)
    }


def whole_intent(client_order_id: str, told: Mapping[str, Value]) -> dict[str, Value]:
    """All columns of a new intent, by its audit row."""
    return {**_known_of_intent(client_order_id), **told}


def holding_told(columns: Mapping[str, Value]) -> dict[str, Value]:
    """The columns of a holding that its audit row tells; its subject is ``holding_subject``."""
    return {name: value for name, value in columns.items() if value is not None and name not in ("strategy", "symbol")}


def holding_subject(columns: Mapping[str, Value]) -> str:
    """The subject of the audit rows of a holding."""
    return f"{columns['strategy']} {columns['symbol']}"


def whole_holding(subject: str, told: Mapping[str, Value]) -> dict[str, Value]:
    """All columns of a holding, by its newest audit row."""
    strategy, symbol = subject.split(" ", 1)
    return {**_NO_HOLDING, "strategy": strategy, "symbol": symbol, **told}


def _known_of_intent(client_order_id: str) -> dict[str, Value]:
    known = {**_NEW_INTENT, "client_order_id": client_order_id}
    if made := parse(client_order_id):
        parts = ("session", "strategy", "symbol", "purpose", "attempt")
        known |= {name: to_column(getattr(made, name)) for name in parts}
    return known
