"""The fake as a process of its own: ``python -m tests.fakes.robinhood --folder DIR [--port N] [--start DATE] [...]``.

It prints its address as the first line of its output, and serves until it is ended. The exchange lies in the folder, so
that another process may look at it.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from threading import Event

from tests.fakes.robinhood.server import FakeRobinhood
from tests.fakes.wire.process import EXCHANGE
from tradebot.brokers.paper import ExchangeRules, PaperExchange
from tradebot.core.model.capabilities import EVERYTHING
from tradebot.market.calendar import CorrectedCalendar, NyseCalendar
from tradebot.market.price_file import PriceFile

#: How long an order rests: what is usual at brokers, and not known of Robinhood.
GTC_AGE = timedelta(days=90)


def fake_at(arguments: Sequence[str]) -> FakeRobinhood:
    """The fake that a command line asks for. The exchange is made where none lies in its folder."""
    asked = _parsed(arguments)
    rules = ExchangeRules(
        starting_cash=asked.cash,
        start=asked.start,
        slippage_pct=Decimal(0),
        commission_per_share=Decimal(0),
        commission_min=Decimal(0),
        max_fill_volume_pct=asked.fill_at_most,
        capabilities=replace(EVERYTHING, gtc_age=GTC_AGE),
        fractions_stay=True,
    )
    prices, calendar = PriceFile(asked.prices, asked.actions), CorrectedCalendar(NyseCalendar())
    file = asked.folder / EXCHANGE
    asked.folder.mkdir(parents=True, exist_ok=True)
    if not PaperExchange.exists(file):
        PaperExchange.create(file, prices, calendar, rules, durable=False).close()
    return FakeRobinhood(
        lambda: PaperExchange.open(file, prices, calendar, rules, durable=False), port=asked.port, calendar=calendar
    )


def main() -> int:
    ended = Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: ended.set())
    fake = fake_at(sys.argv[1:])
    fake.open()
    print(fake.url, flush=True)  # noqa: T201 - whoever started it reads where it is
    ended.wait()
    fake.close()
    return 1 if fake.errors else 0


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.robinhood", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where the exchange lies")
    parser.add_argument("--port", type=int, default=0, help="any free one unless given")
    parser.add_argument("--start", type=date.fromisoformat, help="the first session, when the exchange is made")
    parser.add_argument("--prices", type=Path, help="a file of prices; the bundled ones unless given")
    parser.add_argument("--actions", type=Path, help="a file of splits and dividends that goes with the prices")
    parser.add_argument("--cash", type=Decimal, default=Decimal(100_000), help="what the account begins with")
    parser.add_argument("--fill-at-most", type=Decimal, help="the part of a day's volume that one account may trade")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
