"""A user's machine whose home trades at Alpaca, played on this machine over an embedded exchange of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from pathlib import Path

from tests.fakes.canary import CANARY
from tests.fakes.cli import Ended
from tests.stories.processes.conftest import Machine
from tests.stories.processes.traces import Row, Traces
from tradebot.core.model.exchange_time import NEW_YORK

#: The halves of the key that the played Alpaca lets in; whoever prints or keeps one has leaked a secret.
KEYS = (f"{CANARY}-key-id", f"{CANARY}-secret")


class Played(Machine):
    """Runs commands that begin at an instant of their own. ``url`` is where Alpaca is played."""

    url = ""

    def settle_in(self, *more: str) -> None:
        """Write the home's `.env`, as a user with an account at Alpaca has it."""
        self.env(
            "BROKER=alpaca",
            f"ALPACA_API_KEY={KEYS[0]}",
            f"ALPACA_SECRET_KEY={KEYS[1]}",
            f"ALPACA_BASE_URL={self.url}",
            f"ALPACA_DATA_URL={self.url}",
            *more,
        )

    def environment(self, **more: str) -> dict[str, str]:
        """As any machine's, without keys: they are in the home's `.env`."""
        made = super().environment(**more)
        return {name: value for name, value in made.items() if name in more or not name.startswith("ALPACA_")}

    def at(self, instant: datetime, *arguments: str | Path, **environ: str) -> Ended:
        """Run a command that begins at an instant."""
        return self(*arguments, TRADEBOT_NOW=instant.isoformat(), **environ)


def new_york(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), NEW_YORK)


def same(client_order_id: str) -> str:
    """The id at a broker that takes ours."""
    return client_order_id


def differences(home: Path, exchange: Path, id_there: Callable[[str], str] = same) -> Iterator[str]:
    """Where the ledger and the books behind the played broker do not tell the same story.

    Legs have other client ids there than at the exchange, so fills are compared by what was traded. ``id_there``: the
    id at the exchange of an order with this client_order_id.
    """
    traces = Traces.of(home, exchange)
    here, there = Counter(map(_fill, traces.booked)), Counter(map(_fill, traces.fills))
    for fill in (here - there) + (there - here):
        yield f"fill {fill}: {there[fill]} times at the broker, {here[fill]} in the ledger"
    if traces.shares != traces.lots:
        yield f"the broker holds {traces.shares}, the ledger {traces.lots}"
    for name, intent in traces.intents.items():
        order = traces.arrived.get(id_there(name))
        if intent["sends"] and order is None and intent["state"] != "abandoned":
            yield f"{name} is {intent['state']} in the ledger, and not at the broker"
        elif order is not None and intent["state"] != order["state"]:
            yield f"{name} is {intent['state']} in the ledger, and {order['state']} at the broker"
    yield from traces.doubled()


def _fill(row: Row) -> tuple[str, ...]:
    return tuple(str(row[column]) for column in ("side", "symbol", "quantity", "price"))
