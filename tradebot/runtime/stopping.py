"""The few ports of an emergency stop, opened in the order that a bad day asks for: the latch before all else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING

from tradebot.brokers.paper import PaperBroker
from tradebot.errors import BrokerUnavailable, ConfigError, Problem
from tradebot.home import layout
from tradebot.home.latch import LatchFile
from tradebot.ledger.database import open_database
from tradebot.market.embedded import EmbeddedMarket
from tradebot.runtime.alerting import spool_alerts
from tradebot.runtime.clocks import ExchangeClock, SystemClock
from tradebot.runtime.exchange import opened, prices_of
from tradebot.runtime.homes import Where, account_key, configuration, is_fresh, where
from tradebot.settings import GlobalOptions, Loaded, process_environment, resolve_home

if TYPE_CHECKING:
    from tradebot.jobs.emergency_stop import StopDesk


@contextmanager
def open_stop_desk(options: GlobalOptions, reason: str) -> Iterator[tuple[StopDesk, Where, Loaded]]:
    """The few ports of an emergency stop; the latch is written before anything else is opened or read.

    Raises ConfigError and BrokerUnavailable, which say first that the halt is latched all the same.
    """
    from tradebot.jobs.belongings import Explained
    from tradebot.jobs.emergency_stop import StopDesk, set_latch

    home = resolve_home(options.home, process_environment())
    latch = LatchFile(layout.latch_file(home))
    if not layout.is_initialised(home):
        is_fresh(configuration(options).settings, makes_home=False)
    not_latched = set_latch(latch, SystemClock(), reason)
    with ExitStack() as held:
        held.enter_context(_latch_told(not_latched))
        loaded = configuration(options)
        settings = loaded.settings
        exchange = held.enter_context(opened(settings, fresh=False, durable=True, start=None))
        broker, clock = PaperBroker(exchange), ExchangeClock(exchange)
        account_id = broker.account().account_id
        key = account_key(broker, account_id)

        def explained() -> Explained:
            with closing(open_database(settings.database_path, create=False)) as database:
                books = database.bind(key).books
                return Explained(books.lots(), books.holdings(), books.cursor())

        desk = StopDesk(
            account_key=key,
            clock=clock,
            broker=broker,
            market=EmbeddedMarket(prices_of(settings), exchange.quotes),
            latch=latch,
            alerts=spool_alerts(settings, key, clock),
            explained=explained,
            not_latched=not_latched,
        )
        yield desk, where(settings, broker, account_id), loaded


@contextmanager
def _latch_told(not_latched: str) -> Iterator[None]:
    """Say of an emergency stop that could not be finished whether jobs are halted, before what is in its way."""
    halted = not_latched or "the halt is latched: no job sends an entry until `tradebot resume`"
    try:
        yield
    except ConfigError as error:
        fix = "Mend what follows, and run the emergency stop again."
        unfinished = Problem("stop unfinished", f"{halted}; but nothing was cancelled or closed", fix)
        raise ConfigError([unfinished, *error.problems]) from error
    except BrokerUnavailable as error:
        raise BrokerUnavailable(f"{halted}; but the stop could not be finished, run it again. {error}") from error
