"""Cached corporate actions: only recent and announced ones are fetched, older ones are read from a file."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from tradebot.brokers.alpaca.data.corporate_actions import AnnouncedAction, fetch_actions
from tradebot.brokers.http.api import Api
from tradebot.core.model.account import ActionKind, CorporateAction
from tradebot.core.model.exchange_time import new_york_date
from tradebot.home.cache_file import read_cache_file, write_cache_file

FORMAT = 2
#: Actions processed more than this before the last fetch are not fetched again.
OVERLAP = timedelta(days=60)
#: A dividend is processed on its payment date: at most this long after its ex-date, or before it.
LATEST_PAYMENT = timedelta(days=366)
EARLIEST_PAYMENT = timedelta(days=10)
#: Actions are announced days ahead, so a fetch stays valid for a while.
FRESH_FOR = timedelta(hours=1)

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FetchedActions:
    """The actions of ``symbols`` processed on ``since`` or later, as announced at ``fetched_at``."""

    fetched_at: datetime  # aware UTC
    since: date
    symbols: frozenset[str]
    actions: tuple[AnnouncedAction, ...]

    def is_fresh(self, now: datetime) -> bool:
        """Whether they need not be fetched again."""
        return abs(now - self.fetched_at) < FRESH_FOR

    def covers(self, symbol: str, session: date) -> bool:
        """Whether every action of a symbol is known that took effect after a session's close and before the fetch."""
        begins = self.since <= session - EARLIEST_PAYMENT
        return symbol in self.symbols and begins and session <= new_york_date(self.fetched_at)

    def from_date(self, first: date, symbols: Iterable[str]) -> tuple[CorporateAction, ...]:
        """The actions of some symbols with an ex-date on ``first`` or later, by ex-date."""
        return _select(self.actions, frozenset(symbols), first)

    def select(self, symbols: frozenset[str]) -> FetchedActions:
        """The part with these symbols."""
        actions = tuple(each for each in self.actions if each.action.symbol in symbols)
        return replace(self, symbols=self.symbols & symbols, actions=actions)


def stored_actions(path: Path, host: str) -> FetchedActions | None:
    """The actions in the file at ``path``, which are of ``host``; None without a usable file."""
    payload = read_cache_file(path, _label_of(host))
    return None if payload is None else _from_json(payload)


class CorporateActionCache:
    """Corporate actions by symbol, in a file at ``path``; ``host`` is their origin."""

    def __init__(self, api: Api, path: Path, host: str) -> None:
        self._api = api
        self._path = path
        self._host = host
        self._cached: FetchedActions | None = None
        self._unsaved: FetchedActions | None = None  # of symbols without a history

    def since(self, first: date, symbols: Iterable[str], now: datetime) -> tuple[CorporateAction, ...]:
        """The actions of ``symbols`` with an ex-date on ``first`` or later, announced ones included, by ex-date.

        Raises BrokerUnavailable.
        """
        wanted = frozenset(symbols)
        cached, since = self._load(), first - EARLIEST_PAYMENT
        if cached is None or cached.since > since or cached.fetched_at - now >= FRESH_FOR:
            cached = self._save(self._fetch(wanted, since, now))
        elif missing := wanted - cached.symbols:
            refreshed = self._refreshed(cached.select(wanted), now)
            cached = self._save(_merged(refreshed, self._fetch(missing, cached.since, now)))
        elif not cached.is_fresh(now):
            cached = self._save(replace(self._refreshed(cached.select(wanted), now), since=since))
        return cached.from_date(first, wanted)

    def recent(self, symbols: Iterable[str], first: date, now: datetime) -> tuple[CorporateAction, ...]:
        """As ``since``, for a ``first`` within the last days. Symbols that are not cached are fetched and not saved."""
        wanted, since = frozenset(symbols), first - EARLIEST_PAYMENT
        cached = self._load()
        inside = wanted & cached.symbols if cached and cached.since <= since else frozenset()
        actions: tuple[AnnouncedAction, ...] = ()
        if cached and inside:
            if not cached.is_fresh(now):
                cached = self._save(self._refreshed(cached, now))
            actions += cached.actions
        if outside := wanted - inside:
            actions += self._fetch_unsaved(outside, since, now).actions
        return _select(actions, wanted, first)

    def _refreshed(self, fetched: FetchedActions, now: datetime) -> FetchedActions:
        """The same actions as of ``now``: recent and announced ones are fetched again."""
        if fetched.is_fresh(now) or not fetched.symbols:
            return fetched
        again = max(fetched.since, min(new_york_date(fetched.fetched_at), new_york_date(now)) - OVERLAP)
        newer = self._fetch(fetched.symbols, again, now)
        older = tuple(each for each in fetched.actions if each.processed_on < again)
        return replace(newer, since=fetched.since, actions=older + newer.actions)

    def _fetch(self, symbols: frozenset[str], since: date, now: datetime) -> FetchedActions:
        last = new_york_date(now) + LATEST_PAYMENT
        return FetchedActions(now, since, symbols, tuple(fetch_actions(self._api, sorted(symbols), since, last)))

    def _fetch_unsaved(self, symbols: frozenset[str], since: date, now: datetime) -> FetchedActions:
        unsaved = self._unsaved
        if unsaved is None or not unsaved.is_fresh(now) or unsaved.since > since or not symbols <= unsaved.symbols:
            unsaved = self._unsaved = self._fetch(symbols, since, now)
        return unsaved

    # --- the file --------------------------------------------------------------------------------

    def _load(self) -> FetchedActions | None:
        if self._cached is None:
            self._cached = stored_actions(self._path, self._host)
        return self._cached

    def _save(self, fetched: FetchedActions) -> FetchedActions:
        """Keep the actions for this run and the next. A file that cannot be written costs time and nothing else."""
        self._cached = fetched
        try:
            write_cache_file(self._path, _label_of(self._host), _to_json(fetched))
        except OSError as error:
            _LOG.warning("%s could not be written, so the actions will be fetched again: %s", self._path, error)
        return fetched


def _label_of(host: str) -> str:
    return f"actions {FORMAT}, {host}"


def _select(actions: Iterable[AnnouncedAction], symbols: frozenset[str], first: date) -> tuple[CorporateAction, ...]:
    """The distinct actions of the symbols: equal ones were listed twice."""
    distinct = {each.action for each in actions if each.action.symbol in symbols and each.action.ex_date >= first}
    return tuple(sorted(distinct, key=lambda action: (action.ex_date, action.symbol, action.kind, action.value)))


def _merged(fetched: FetchedActions, more: FetchedActions) -> FetchedActions:
    return replace(fetched, symbols=fetched.symbols | more.symbols, actions=fetched.actions + more.actions)


def _to_json(fetched: FetchedActions) -> bytes:
    rows = [
        (
            each.processed_on.isoformat(),
            each.action_id,
            each.action.symbol,
            each.action.ex_date.isoformat(),
            each.action.kind,
            str(each.action.value),
            each.action.new_symbol,
            str(each.action.cash),
        )
        for each in sorted(fetched.actions, key=lambda each: (each.processed_on, each.action_id))
        if each.processed_on >= fetched.since
    ]
    content = [fetched.fetched_at.isoformat(), fetched.since.isoformat(), sorted(fetched.symbols), rows]
    return json.dumps(content).encode()


def _from_json(payload: bytes) -> FetchedActions:
    fetched_at, since, symbols, rows = json.loads(payload)
    actions = tuple(
        AnnouncedAction(
            date.fromisoformat(processed_on),
            action_id,
            CorporateAction(
                symbol, date.fromisoformat(ex_date), ActionKind(kind), Decimal(value), new_symbol, Decimal(cash)
            ),
        )
        for processed_on, action_id, symbol, ex_date, kind, value, new_symbol, cash in rows
    )
    return FetchedActions(datetime.fromisoformat(fetched_at), date.fromisoformat(since), frozenset(symbols), actions)
