"""Which corporate actions have to be fetched: those of late and of the days ahead; older ones lie in a file."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from tradebot.brokers.alpaca.cache_file import read_cache_file, write_cache_file
from tradebot.brokers.alpaca.data.corporate_actions import Announced, fetch_actions
from tradebot.brokers.http.api import Api
from tradebot.core.model.account import ActionKind, CorporateAction
from tradebot.core.model.exchange_time import new_york_date

FORMAT = 1
#: What was listed to be carried out more than so long before the last look is not looked at again.
OVERLAP = timedelta(days=60)
#: A dividend is carried out when it is paid: this long after its ex-date at most, or so long before it.
LATEST_PAYMENT = timedelta(days=366)
EARLIEST_PAYMENT = timedelta(days=10)
#: Actions are announced days ahead, so an answer holds for a while.
FRESH_FOR = timedelta(hours=1)

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Known:
    """Actions of ``symbols`` that are carried out on ``since`` or later, as far as announced at ``asked``."""

    asked: datetime
    since: date
    symbols: frozenset[str]
    announced: tuple[Announced, ...]

    def is_fresh(self, now: datetime) -> bool:
        return abs(now - self.asked) < FRESH_FOR

    def of(self, symbols: frozenset[str]) -> _Known:
        """The same of these symbols alone."""
        announced = tuple(each for each in self.announced if each.action.symbol in symbols)
        return replace(self, symbols=self.symbols & symbols, announced=announced)


class ActionBook:
    """Splits and dividends by symbol, in a file at ``path``; ``label`` says whose they are, such as the host."""

    def __init__(self, api: Api, path: Path, label: str) -> None:
        self._api = api
        self._path = path
        self._label = f"actions {FORMAT}, {label}"
        self._known: _Known | None = None
        self._others: _Known | None = None

    def since(self, first: date, symbols: Iterable[str], now: datetime) -> tuple[CorporateAction, ...]:
        """Those of ``symbols`` with an ex-date on ``first`` or later, announced ones ahead included, by ex-date.

        Raises BrokerUnavailable.
        """
        wanted = frozenset(symbols)
        known, since = self._at_hand(), first - EARLIEST_PAYMENT
        if known is None or known.since > since or known.asked - now >= FRESH_FOR:
            known = self._kept(self._fetched(wanted, since, now))
        elif missing := wanted - known.symbols:
            brought_up = self._brought_up(known.of(wanted), now)
            known = self._kept(_joined(brought_up, self._fetched(missing, known.since, now)))
        elif not known.is_fresh(now):
            known = self._kept(replace(self._brought_up(known.of(wanted), now), since=since))
        return _chosen(known.announced, wanted, first)

    def late(self, symbols: Iterable[str], first: date, now: datetime) -> tuple[CorporateAction, ...]:
        """As ``since``, for a ``first`` of the last days and for symbols that no history was asked of, perhaps."""
        wanted, since = frozenset(symbols), first - EARLIEST_PAYMENT
        known = self._at_hand()
        inside = wanted & known.symbols if known and known.since <= since else frozenset()
        found: tuple[Announced, ...] = ()
        if known and inside:
            if not known.is_fresh(now):
                known = self._kept(self._brought_up(known, now))
            found += known.announced
        if outside := wanted - inside:
            found += self._of_others(outside, since, now).announced
        return _chosen(found, wanted, first)

    def _brought_up(self, known: _Known, now: datetime) -> _Known:
        """The same as of ``now``: what was to be carried out of late or later is asked for again."""
        if known.is_fresh(now) or not known.symbols:
            return known
        again = max(known.since, min(new_york_date(known.asked), new_york_date(now)) - OVERLAP)
        newer = self._fetched(known.symbols, again, now)
        older = tuple(each for each in known.announced if each.processed < again)
        return replace(newer, since=known.since, announced=older + newer.announced)

    def _fetched(self, symbols: frozenset[str], since: date, now: datetime) -> _Known:
        last = new_york_date(now) + LATEST_PAYMENT
        return _Known(now, since, symbols, tuple(fetch_actions(self._api, sorted(symbols), since, last)))

    def _of_others(self, symbols: frozenset[str], since: date, now: datetime) -> _Known:
        others = self._others
        if others is None or not others.is_fresh(now) or others.since > since or not symbols <= others.symbols:
            others = self._others = self._fetched(symbols, since, now)
        return others

    # --- the file --------------------------------------------------------------------------------

    def _at_hand(self) -> _Known | None:
        if self._known is None:
            payload = read_cache_file(self._path, self._label)
            self._known = _loaded(payload) if payload is not None else None
        return self._known

    def _kept(self, known: _Known) -> _Known:
        """Keep it for this run and the next ones. A file that cannot be written costs time and nothing else."""
        self._known = known
        try:
            write_cache_file(self._path, self._label, _dumped(known))
        except OSError as error:
            _LOG.warning("%s could not be written, so the actions will be fetched again: %s", self._path, error)
        return known


def _chosen(announced: Iterable[Announced], symbols: frozenset[str], first: date) -> tuple[CorporateAction, ...]:
    """Each action once: two that agree in everything are one that was listed twice."""
    found = {each.action for each in announced if each.action.symbol in symbols and each.action.ex_date >= first}
    return tuple(sorted(found, key=lambda action: (action.ex_date, action.symbol, action.kind, action.value)))


def _joined(known: _Known, more: _Known) -> _Known:
    return replace(known, symbols=known.symbols | more.symbols, announced=known.announced + more.announced)


def _dumped(known: _Known) -> bytes:
    rows = [
        (
            each.processed.isoformat(),
            each.action_id,
            each.action.symbol,
            each.action.ex_date.isoformat(),
            each.action.kind,
            str(each.action.value),
        )
        for each in sorted(known.announced)
        if each.processed >= known.since
    ]
    return json.dumps([known.asked.isoformat(), known.since.isoformat(), sorted(known.symbols), rows]).encode()


def _loaded(payload: bytes) -> _Known:
    asked, since, symbols, rows = json.loads(payload)
    announced = tuple(
        Announced(
            date.fromisoformat(processed),
            action_id,
            CorporateAction(symbol, date.fromisoformat(ex_date), ActionKind(kind), Decimal(value)),
        )
        for processed, action_id, symbol, ex_date, kind, value in rows
    )
    return _Known(datetime.fromisoformat(asked), date.fromisoformat(since), frozenset(symbols), announced)
