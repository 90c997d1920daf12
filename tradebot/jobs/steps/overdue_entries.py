"""Ends entries that are not filled whole within ENTRY_FILL_SECONDS: their legs protect nothing before they are.

The rest is cancelled and seen to end. The caller looks at the account after that, so that what filled until then
counts, and ``protect`` places its stop. A cancel that nobody saw take effect is reported, and the next job goes on
there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from tradebot.core.model.orders import Intent
from tradebot.core.model.values import canonical
from tradebot.errors import BrokerUnavailable, ExitCode, OrderRefused, OutcomeUnknown
from tradebot.jobs.desk import Desk
from tradebot.jobs.step_results import StepResult, failed, noted
from tradebot.jobs.steps.bare_time import begin_after_fill
from tradebot.jobs.steps.submit import UNDER_WAY, apply_broker_state, await_ends, order_line, wait_seconds

#: Seconds that an entry whose stop is ours to place has for its rest once a part has filled: the part is bare.
PART_SECONDS = 8.0
#: The longest pause between two reads of such an entry, in seconds.
_LONGEST_PAUSE = 2.0


def end_overdue(desk: Desk) -> StepResult:
    """End the entries of any session whose time is up. Raises BrokerUnavailable when they can't be read.

    The job that sent an entry waits for its end, so one that is still open is that of a job that was killed. Where its
    stop is ours to place, its time is up.
    """
    limit = timedelta(seconds=desk.settings.entry_fill_seconds)
    sent_by = desk.clock.now() - limit if desk.broker.capabilities.protects_entries else None
    _, result = _end(desk, desk.ledger.orders.open_entries(sent_by))
    return result


def end_entries_of(desk: Desk, symbols: Iterable[str]) -> StepResult | None:
    """End the open entries of symbols now; None where there are none. Raises BrokerUnavailable."""
    wanted = frozenset(symbols)
    entries = desk.ledger.orders.open_entries() if wanted else ()
    entries = tuple(entry for entry in entries if entry.symbol in wanted)
    return _end(desk, entries)[1] if entries else None


def await_entries(desk: Desk, sent: Sequence[Intent], began: datetime) -> StepResult:
    """Wait until entries have filled, and end those that have not when the time of the first, sent at ``began``, is up.

    Raises BrokerUnavailable.
    """
    limit = desk.settings.entry_fill_seconds
    passed = (desk.clock.now() - began).total_seconds()
    waited = await_ends(desk, sent, max(limit - passed, min(limit, wait_seconds())))
    ended, result = _end(desk, [intent for intent in waited if intent.state in UNDER_WAY])
    newest = {intent.client_order_id: intent for intent in (*waited, *ended)}
    return StepResult(orders=tuple(map(order_line, newest.values()))).after(result)


def await_entry(desk: Desk, sent: Intent, began: datetime) -> tuple[Intent, StepResult]:
    """Wait for one entry, sent at ``began``, whose stop is ours to place: the entry as it is then, and what to tell.

    It is ended when its time is up, or ``PART_SECONDS`` after a part of it was seen to have filled.
    Raises BrokerUnavailable.
    """
    if sent.filled_quantity > 0:
        begin_after_fill(desk, sent, began)
    left = max(desk.settings.entry_fill_seconds - (desk.clock.now() - began).total_seconds(), 0)
    (waited,) = await_ends(desk, [sent], left, longest=_LONGEST_PAUSE, until_filled=True)
    if waited.filled_quantity > 0:
        begin_after_fill(desk, waited, began)
    if waited.state in UNDER_WAY and waited.filled_quantity > 0:
        (waited,) = await_ends(desk, [waited], min(PART_SECONDS, left), longest=_LONGEST_PAUSE)
    ended, result = _end(desk, [waited] if waited.state in UNDER_WAY else [])
    (entry,) = ended or (waited,)
    return entry, StepResult(orders=(order_line(entry),)).after(result)


def _end(desk: Desk, entries: Sequence[Intent]) -> tuple[tuple[Intent, ...], StepResult]:
    """Cancel what is open of entries and see them end: the entries as they are then, and what is to be told."""
    if not entries:
        return (), StepResult()
    open_entries = [intent for intent in _as_shown(desk, entries) if intent.state in UNDER_WAY]
    unanswered = {intent.client_order_id: why for intent in open_entries if (why := _cancel(desk, intent))}
    ended = await_ends(desk, open_entries)
    told = [_told(desk, intent, unanswered.get(intent.client_order_id, "")) for intent in ended]
    return ended, StepResult().after(*told)


def _as_shown(desk: Desk, entries: Sequence[Intent]) -> tuple[Intent, ...]:
    shown = desk.broker.orders(entry.client_order_id for entry in entries)
    return tuple(
        apply_broker_state(desk, entry, shown[entry.client_order_id])
        for entry in entries
        if entry.client_order_id in shown
    )


def _cancel(desk: Desk, intent: Intent) -> str:
    """Cancel an entry. Returns why nobody knows whether it arrived; "" where the broker answered."""
    if intent.broker_order_id is not None:
        try:
            desk.broker.cancel(intent.broker_order_id)
        except OrderRefused:
            pass  # it ended by itself, as the reads that follow show
        except (BrokerUnavailable, OutcomeUnknown) as error:
            return str(error)
    return ""


def _told(desk: Desk, intent: Intent, unanswered: str) -> StepResult:
    bought = f"{canonical(intent.filled_quantity)} of {canonical(intent.request.quantity)} shares"
    within = f"within {desk.settings.entry_fill_seconds} s"
    if intent.state in UNDER_WAY:
        why = f"its entry, {bought} filled, was not filled whole {within} and not seen to end"
        more = f" ({unanswered})" if unanswered else ""
        return failed(intent.symbol, f"{why}{more}; the next job goes on there", ExitCode.BROKER)
    if intent.remaining == 0:
        return StepResult()  # it filled while it was to be cancelled
    return noted(f"{intent.symbol}: its entry was not filled whole {within}: it was ended with {bought} bought")
