"""The drill of the emergency stop: the command itself, as a process, in a temporary copy of the home.

The account is not touched: its exchange and its ledger are copied, and the copy is deleted. The copy gets one more
position and one more order, so that every step happens. A broker outside cannot be copied: its drill uses an embedded
exchange made for it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import tradebot
from tradebot.brokers.paper import PaperBroker, PaperExchange, Phase
from tradebot.core.model.order_ids import client_order_id
from tradebot.core.model.orders import OrderRequest, OrderType, Purpose, Side, TimeInForce
from tradebot.core.model.values import to_tick
from tradebot.core.results.stop_outcome import DrillOutcome
from tradebot.errors import ConfigError, OrderRefused
from tradebot.home import drills, paths
from tradebot.home.atomic_files import make_folder
from tradebot.runtime.clocks import ExchangeClock, SystemClock
from tradebot.runtime.homes import account_key, configuration, is_fresh, make_ledger
from tradebot.runtime.paper_exchange import home_exchange
from tradebot.settings import BrokerName, GlobalOptions, Settings, TradingMode, process_environment

_LEDGER = "ledger.db"
_STRATEGY = "drill"
_AFTER_THE_OPEN = timedelta(minutes=10)
#: The part of the last price at which the drill's order and stop rest, far below the market.
_FAR = Decimal("0.5")
#: Seconds beyond the stop's own time-out after which the drill has failed.
_GRACE = 30
#: Environment variables that the process inherits; its settings are those of the copy.
_INHERITED = ("PATH", "PYTHONPATH", "SYSTEMROOT", "TMPDIR", "TEMP", "LANG")


def run_drill(options: GlobalOptions) -> DrillOutcome:
    """Run `emergency-stop --close-positions` in a copy of the home, and store the result in the home.

    Raises ConfigError for invalid settings, BrokerUnavailable when the exchange cannot be copied.
    """
    settings = configuration(options).settings
    is_fresh(settings, makes_home=False)
    with tempfile.TemporaryDirectory(prefix="tradebot-drill-") as folder:
        copy = _copy(settings, Path(folder) / "home")
        make_folder(paths.state_folder(copy.home))
        if settings.broker is BrokerName.PAPER:
            _fill_from(settings, copy)
        with home_exchange(copy, fresh=True, durable=False, start=None) as exchange:
            if not paths.is_initialised(copy.home):
                make_ledger(copy, PaperBroker(exchange), ExchangeClock(exchange))
            notes = (*_broker_note(settings), *_prepare(exchange))
        outcome = replace(_run(copy), notes=notes)
    with suppress(OSError):  # a drill counts even if it cannot be stored
        at = SystemClock().wall()
        drill = drills.Drill(at, outcome.passed, outcome.to_latch, outcome.to_first_cancel, outcome.to_flat)
        drills.record_drill(settings.home, drill)
    return outcome


def _copy(settings: Settings, home: Path) -> Settings:
    """The settings of a copy in ``home``, on the embedded exchange."""
    return replace(
        settings,
        broker=BrokerName.PAPER,
        trading_mode=TradingMode.PAPER,
        tradebot_home=home,
        tradebot_state_dir=home / "user",
        database_url=Path(_LEDGER),
        paper_data=settings.paper_data_path,
        paper_actions=settings.paper_actions_path,
    )


def _fill_from(settings: Settings, copy: Settings) -> None:
    """Copy the home's exchange and ledger."""
    paths.initialise(copy.home)
    with suppress(OSError):  # a stop works without its ledger too
        shutil.copy(str(settings.ledger), str(copy.ledger))
        shutil.copy(f"{settings.ledger}-wal", f"{copy.ledger}-wal")
    with home_exchange(settings, fresh=False, durable=True, start=None) as exchange:
        exchange.copy_to(paths.exchange_file(copy.home))


def _broker_note(settings: Settings) -> Iterator[str]:
    if settings.broker is not BrokerName.PAPER:
        yield f"rehearsed on an embedded exchange made for it: nothing was asked of {settings.broker}"


def _prepare(exchange: PaperExchange) -> Iterator[str]:
    """Advance the copy's exchange until it trades, and add a position and an order. Yields notes on failures."""
    try:
        if exchange.status().phase is Phase.CLOSED:
            exchange.next_session()
    except ConfigError:
        yield "the exchange has no session left: what is closed waits for an open that does not come"
        return
    exchange.advance_to(exchange.hours().opens + _AFTER_THE_OPEN)
    broker = PaperBroker(exchange)
    key, session = account_key(broker, exchange.account_id()), exchange.session()
    for symbol in exchange.symbols()[:1]:
        stop = to_tick(exchange.quotes([symbol])[symbol].last * _FAR)
        entry = OrderRequest(
            _entry_id(key, session, symbol, 1), symbol, Side.BUY, Decimal(1), OrderType.MARKET, TimeInForce.GTC
        )
        resting = OrderRequest(
            _entry_id(key, session, symbol, 2), symbol, Side.BUY, Decimal(1), OrderType.LIMIT, TimeInForce.GTC, stop
        )
        try:
            broker.submit(replace(entry, stop_loss=stop))
            broker.submit(resting)
        except OrderRefused as error:
            yield f"nothing could be added to what is open: {error}"


def _entry_id(key: str, session: date, symbol: str, attempt: int) -> str:
    return client_order_id(key, session, _STRATEGY, symbol, Purpose.ENTRY, attempt)


def _run(settings: Settings) -> DrillOutcome:
    """Run the command in the copy, as a process of its own, and measure it from outside."""
    started = time.time()
    command = ("--json", "emergency-stop", "--close-positions", "--reason", "a drill")
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "tradebot", *command],
            cwd=settings.home,
            env=_environment(settings),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=settings.emergency_shutdown_timeout + _GRACE,
            check=False,
        )
        latched = paths.latch_file(settings.home).stat().st_mtime - started
        answer = json.loads(ended.stdout)
        timings = answer["timings"]
        before = latched - timings["latched"]
        first_cancel, reached = (timings.get(name) for name in ("first_cancel", "reached"))
    except subprocess.TimeoutExpired:
        return DrillOutcome(False, None, None, None, "the stop did not end in time")
    except (OSError, ValueError, LookupError, TypeError):
        return DrillOutcome(False, None, None, None, f"the stop could not do its work:\n{ended.stderr}")
    return DrillOutcome(
        passed=ended.returncode == 0,
        to_latch=round(latched, 3),
        to_first_cancel=None if first_cancel is None else round(before + first_cancel, 3),
        to_flat=None if reached is None else round(before + reached, 3),
        told="\n".join([answer["headline"], *map(_line_text, answer["lines"])]),
    )


def _line_text(line: Mapping[str, str]) -> str:
    return f"{line['what']} {line['quantity']} {line['symbol']}: {line['result']} ({line['dollars']} USD)"


def _environment(settings: Settings) -> dict[str, str]:
    """The environment of the process: the copy's settings, without secrets and alert addresses."""
    inherited = {name: process_environment()[name] for name in _INHERITED if name in process_environment()}
    places = {"PAPER_DATA": settings.paper_data, "PAPER_ACTIONS": settings.paper_actions}
    return {
        **inherited,
        "PYTHONPATH": os.pathsep.join([str(Path(tradebot.__file__).parents[1]), inherited.get("PYTHONPATH", "")]),
        **{name: os.fspath(path) for name, path in places.items() if path is not None},
        "TRADEBOT_HOME": os.fspath(settings.home),
        "TRADEBOT_STATE_DIR": os.fspath(settings.home / "user"),
        "DATABASE_URL": f"sqlite:///{settings.database_url}",
        "EMERGENCY_SHUTDOWN_TIMEOUT": str(settings.emergency_shutdown_timeout),
    }
