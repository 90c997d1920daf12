"""The fake as a process of its own: ``python -m tests.fakes.alpaca --folder DIR [--port N] [--start DATE] [...]``.

It prints its address as the first line of its output, and serves until it is ended. The exchange lies in the folder, so
that another process may go on with it. The judgement is left in the folder as well; the exit code is 1 when there was
anything to object to.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from threading import Event

from tests.fakes.alpaca.house import Terms
from tests.fakes.alpaca.server import FakeAlpaca
from tests.fakes.wire.process import EXCHANGE
from tradebot.brokers.paper import ExchangeRules, PaperExchange
from tradebot.market.calendar import CorrectedCalendar, NyseCalendar
from tradebot.market.price_file import PriceFile

JUDGEMENT, CONFIGURATION = "judgement.json", "configuration.json"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the judge has seen: how many requests and answers, and what it objects to."""

    requests: int
    answers: int
    violations: list[str]


def judgement_in(folder: Path) -> Judgement:
    """What the processes that served from a folder have left."""
    return Judgement(**json.loads((folder / JUDGEMENT).read_text()))


def main() -> int:
    asked = _arguments()
    rules = ExchangeRules(
        starting_cash=asked.cash,
        start=asked.start,
        slippage_pct=Decimal(0),
        commission_per_share=Decimal(0),
        commission_min=Decimal(0),
        allow_short=asked.allow_short,
        max_fill_volume_pct=asked.fill_at_most,
    )
    prices, calendar = PriceFile(asked.prices, asked.actions), CorrectedCalendar(NyseCalendar())
    file, left = asked.folder / EXCHANGE, asked.folder / CONFIGURATION
    asked.folder.mkdir(parents=True, exist_ok=True)
    if not PaperExchange.exists(file):
        PaperExchange.create(file, prices, calendar, rules, durable=False).close()
    terms = Terms()
    if left.exists():
        terms.configuration = json.loads(left.read_text())
    ended = Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: ended.set())
    fake = FakeAlpaca(
        lambda: PaperExchange.open(file, prices, calendar, rules, durable=False),
        terms=terms,
        port=asked.port,
        calendar=calendar,
    )
    fake.open()
    print(fake.url, flush=True)  # noqa: T201 - whoever started it reads where it is
    ended.wait()
    fake.close()
    left.write_text(json.dumps(terms.configuration))
    return _leave(asked.folder, fake)


def _leave(folder: Path, fake: FakeAlpaca) -> int:
    """Add what the judge has seen to what earlier processes left, and what went wrong in here."""
    before = judgement_in(folder) if (folder / JUDGEMENT).exists() else Judgement(0, 0, [])
    judge, objections = fake.judge, [*fake.judge.violations, *(f"the fake failed: {each!r}" for each in fake.errors)]
    all_together = Judgement(
        before.requests + judge.requests, before.answers + judge.answers, before.violations + objections
    )
    (folder / JUDGEMENT).write_text(json.dumps(asdict(all_together)))
    return 1 if objections else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.alpaca", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where the exchange lies")
    parser.add_argument("--port", type=int, default=0, help="any free one unless given")
    parser.add_argument("--start", type=date.fromisoformat, help="the first session, when the exchange is made")
    parser.add_argument("--prices", type=Path, help="a file of prices; the bundled ones unless given")
    parser.add_argument("--actions", type=Path, help="a file of splits and dividends that goes with the prices")
    parser.add_argument("--cash", type=Decimal, default=Decimal(100_000), help="what the account begins with")
    parser.add_argument("--fill-at-most", type=Decimal, help="the part of a day's volume that one account may trade")
    parser.add_argument("--allow-short", action="store_true", help="a margin account")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
