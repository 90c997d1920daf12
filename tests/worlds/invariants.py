"""What must hold after a step, and what after recovery: the exchange's own rows against the ledger's.

Nothing of core, jobs or ledger takes part in the comparison, but `verify`, which is itself a promise.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from tests.worlds.bridges import equity_explained
from tests.worlds.causes import check_ends, check_halts, count_failures
from tests.worlds.eyes import Row
from tests.worlds.moment import cover
from tests.worlds.process import Ended
from tests.worlds.schedule import hours_of
from tests.worlds.story import Promise
from tests.worlds.town import Town
from tradebot.core.model.exchange_time import NEW_YORK, new_york_date
from tradebot.core.model.order_ids import parse
from tradebot.core.model.orders import Purpose
from tradebot.core.model.schedule import Job
from tradebot.errors import ExitCode
from tradebot.ledger.database import open_database
from tradebot.ledger.verify import verify_ledger

ZERO = Decimal(0)
CENT = Decimal("0.01")
DEFAULT_ENTRY_FILL_SECONDS = 60
BARE_AT_MOST = timedelta(seconds=40)
_SYNCHRONISING = frozenset({"run-daily", "check-exits", "reconcile"})


def after(town: Town, ended: Iterable[Ended]) -> None:
    """What must hold after a step. Figures are compared only where a job looked, and was told the truth."""
    one_order_a_decision(town)
    no_more_sold_than_held(town)
    ended = tuple(ended)
    count_failures(town, ended)
    check_halts(town, ended)
    if not any(process.met_fault for process in ended) and any(map(_stopped, ended)):
        nothing_left_that_could_open(town)
    for process in ended:
        if process.met_fault or process.overlapped:
            continue
        if process.error is not None:
            town.story.violate(Promise.RECOVERS, f"{process.run.job} met no fault and ended with {process}")
        elif process.run.job in _SYNCHRONISING and process.ran:
            if not process.moved:
                positions_explained(town)
                cash_explained(town)
            protection_told(town, process)
            entries_ended(town, process)
            bare_briefly(town, process)


def recovered(town: Town) -> None:
    """What must hold once the jobs have run a day without faults."""
    every_fill(town)
    orders_settled(town)
    if town.misread:
        positions_explained(town)
        cash_explained(town)
    else:
        positions_equal(town)
        cash_equal(town)
        equity_rebuilt(town)
        equity_explained(town)
        check_ends(town)
    all_protected(town)
    audit_sound(town)


# --- orders --------------------------------------------------------------------------------------


def one_order_a_decision(town: Town) -> None:
    """Of the attempts at one decision, one is live; the legs of brackets are not among them."""
    made = map(parse, town.exchange.texts("SELECT client_order_id FROM orders WHERE live = 1 AND parent IS NULL"))
    live = Counter((m.session, m.strategy, m.symbol, m.purpose) for m in made if m is not None)
    for (session, *what), count in live.items():
        if count > 1:
            town.story.violate(Promise.ONE_ORDER, f"{count} live orders of {session} {' '.join(what)}")


def nothing_left_that_could_open(town: Town) -> None:
    """No entry of ours lives once a stop is over, nor one that was sent beside it: the jobs at work were waited for."""
    if town.venue.on_the_wire:
        return  # what nobody saw arrive may arrive after it
    for order_id in town.exchange.texts("SELECT client_order_id FROM orders WHERE live = 1 AND parent IS NULL"):
        made = parse(order_id)
        if made is not None and made.account_hash == town.ours and made.purpose is Purpose.ENTRY:
            town.story.violate(Promise.STOPPED, f"{order_id} lives on")


def _stopped(process: Ended) -> bool:
    outcome = process.outcome
    return process.run.job is Job.EMERGENCY_STOP and outcome is not None and outcome.exit_code is ExitCode.OK


def no_more_sold_than_held(town: Town) -> None:
    for symbol, held in _held(town).items():
        if held < 0:
            town.story.violate(Promise.OVERSOLD, f"{held} {symbol}")


def orders_settled(town: Town) -> None:
    """Each intent stands where its order does; what never arrived was given up or refused, or is planned for today."""
    states = {
        row["client_order_id"]: row["state"] for row in town.exchange.rows("SELECT client_order_id, state FROM orders")
    }
    if not town.door.tells_expiry:
        states = {each: "cancelled" if state == "expired" else state for each, state in states.items()}
    for row in town.ledger.rows("SELECT client_order_id, state, session FROM orders"):
        there = states.get(row["client_order_id"])
        if there is None:
            over = row["state"] in ("abandoned", "rejected")
            if not over and (row["state"], row["session"]) != ("planned", town.session.isoformat()):
                message = f"{row['client_order_id']} is {row['state']} and never came to the exchange"
                town.story.violate(Promise.ORDERS_SETTLED, message)
        elif there != row["state"]:
            message = f"{row['client_order_id']} is {row['state']} in the ledger and {there} at the exchange"
            town.story.violate(Promise.ORDERS_SETTLED, message)


# --- what is held ----------------------------------------------------------------------------------


def every_fill(town: Town) -> None:
    """Each fill is booked as it happened, under the strategy that sent its order."""
    booked = {row["fill_id"]: row for row in town.ledger.rows("SELECT * FROM fills")}
    opening = _opening(town)
    for fill in town.exchange.rows(
        "SELECT a.number, a.at, a.symbol, a.quantity, a.price, a.fee, o.client_order_id, o.side,"
        " p.client_order_id AS entry"
        " FROM activities a JOIN orders o ON o.number = a.order_number LEFT JOIN orders p ON p.number = o.parent"
        " WHERE a.kind = 'fill'"
    ):
        name = f"{fill['side']} {fill['quantity']} {fill['symbol']} of {fill['client_order_id']}"
        row = booked.pop(town.door.activity_id(fill["number"]), None)
        columns = ("side", "quantity", "price", *([] if town.door.fees_apart else ["fee"]))
        if row is None and opening.covers(town, fill):
            continue
        if row is None:
            town.story.violate(Promise.EVERY_FILL, f"{name} is not in the ledger")
            continue
        order_id = town.door.order_id(fill["client_order_id"])
        names = {fill["symbol"], town.name_of(fill["symbol"])}  # one that is read after a change of symbol has the new
        is_same = row["symbol"] in names and all(row[column] == fill[column] for column in columns)
        if row["client_order_id"] != order_id or not is_same:
            town.story.violate(Promise.EVERY_FILL, f"{name} is booked as {dict(row)}")
        made = parse(fill["entry"] or fill["client_order_id"])
        ours = made is not None and made.account_hash == town.ours
        if ours != (row["strategy"] != "foreign"):
            town.story.violate(Promise.OWNED, f"{name} is booked as {row['strategy']}'s")
    for bust in town.exchange.rows("SELECT number, at, reverses FROM activities WHERE kind = 'bust'"):
        row = booked.pop(town.door.activity_id(bust["number"]), None)
        if row is None and opening.covers(town, bust):
            continue
        if row is None or row["reverses"] != town.door.activity_id(bust["reverses"]):
            town.story.violate(Promise.EVERY_FILL, f"the bust of A-{bust['reverses']:09d} is not in the ledger")
    for row in booked.values():
        town.story.violate(Promise.EVERY_FILL, f"{row['fill_id']} in the ledger never happened")


def positions_equal(town: Town) -> None:
    """The broker tells the truth now, and the ledger has all of it: no difference is left to explain."""
    for symbol, here, there in _differences(town):
        town.story.violate(Promise.POSITIONS, f"{symbol}: {here} in the ledger, {there} at the exchange")


def positions_explained(town: Town) -> None:
    told = set(town.ledger.texts("SELECT symbol FROM breaks WHERE closed_at IS NULL"))
    for symbol, here, there in _differences(town):
        if symbol not in told:
            message = f"{symbol}: {here} in the ledger, {there} at the exchange, and no break says so"
            town.story.violate(Promise.POSITIONS, message)


def cash_equal(town: Town) -> None:
    here, there = _cash(town)
    if here is None or abs(here - there) > CENT:
        town.story.violate(Promise.CASH, f"{here} in the ledger, {there} at the exchange")


def cash_explained(town: Town) -> None:
    if not town.ledger.rows("SELECT 1 FROM breaks WHERE closed_at IS NULL AND kind = 'cash'"):
        cash_equal(town)


def protection_told(town: Town, process: Ended) -> None:
    """The dollars that a job said to be bare, against the exchange's rows at some instant within its newest look."""
    if "fill" in town.missing_rows():
        return  # what is ours is not known here before the broker tells it
    ours, told = _ours(town), process.outcome.unprotected if process.outcome is not None else None
    bares = [_dollars(town, moment.bare(ours)) for moment in (*process.covers, cover(town.exchange))]
    if told is None or all(abs(told - bare) > CENT for bare in bares):
        said = f"{process.run.job} said {told} USD; without a stop were {sorted(set(bares))}"
        town.story.violate(Promise.SAID_PROTECTED, said)


def entries_ended(town: Town, process: Ended) -> None:
    """No entry of ours that was sent before a trading job began, and had its time, is open when the job ends."""
    if process.run.job is Job.RECONCILE:
        return
    due = process.run.at - timedelta(seconds=DEFAULT_ENTRY_FILL_SECONDS)
    open_entries = "SELECT client_order_id, submitted_at FROM orders WHERE live = 1 AND parent IS NULL"
    for row in town.exchange.rows(open_entries):
        made = parse(row["client_order_id"])
        is_ours = made is not None and made.account_hash == town.ours and made.purpose is Purpose.ENTRY
        if is_ours and datetime.fromisoformat(row["submitted_at"]) <= due:
            town.story.violate(Promise.OVERDUE, f"{row['client_order_id']} is still open")


def bare_briefly(town: Town, process: Ended) -> None:
    """What an entry of ours was filled with while a job was at work is soon sold by an order that rests, if any.

    Shares without one at the end are told as bare, which is checked apart.
    """
    fills = (
        "SELECT a.at, a.symbol, o.client_order_id FROM activities a JOIN orders o ON o.number = a.order_number"
        " WHERE a.kind = 'fill' AND o.side = 'buy' AND a.at >= ? ORDER BY a.number"
    )
    covers = "SELECT min(submitted_at) FROM orders WHERE symbol = ? AND side = 'sell' AND submitted_at >= ?"
    for fill in town.exchange.rows(fills, process.run.at.isoformat()):
        made = parse(fill["client_order_id"])
        if made is None or made.account_hash != town.ours or made.purpose is not Purpose.ENTRY:
            continue
        (covered,) = town.exchange.texts(covers, fill["symbol"], fill["at"])
        if covered and datetime.fromisoformat(covered) > datetime.fromisoformat(fill["at"]) + BARE_AT_MOST:
            message = f"{fill['client_order_id']} filled at {fill['at']}, its stop came at {covered}"
            town.story.violate(Promise.BARE_BRIEFLY, message)


def all_protected(town: Town) -> None:
    """Every share of ours has its stop again, but for what other orders hold.

    Those are a person's; and in a market so thin that an exit waits for its fills, one that is left to its end because
    the price is beyond the stop already. Then it is enough to be told.
    """
    by_hand = "SELECT symbol FROM orders WHERE live = 1 AND side = 'sell' AND client_order_id LIKE 'hand-%'"
    taken = set(town.exchange.texts(by_hand))
    if town.world.rules.max_fill_volume_pct is not None:
        taken.update(_beyond_their_stops(town))
    for symbol, shares in _bare(town).items():
        if symbol not in taken:
            town.story.violate(Promise.PROTECTED, f"{shares} {symbol} have no stop")


def _beyond_their_stops(town: Town) -> Iterator[str]:
    told = town.ledger.texts("SELECT symbol FROM breaks WHERE closed_at IS NULL AND kind = 'unprotected'")
    for row in town.ledger.rows("SELECT symbol, stop_price FROM holdings"):
        close = town.close_of(row["symbol"], town.session)
        if row["symbol"] in told and close <= Decimal(row["stop_price"]):
            yield row["symbol"]


def _bare(town: Town) -> dict[str, Decimal]:
    """Our shares of each symbol that no live stop at the exchange covers."""
    return cover(town.exchange).bare(_ours(town))


def _ours(town: Town) -> dict[str, Decimal]:
    return _sums(town.ledger.rows("SELECT symbol, quantity FROM lots WHERE strategy <> 'foreign'"))


def _dollars(town: Town, shares: dict[str, Decimal]) -> Decimal:
    with town.venue.exchange() as exchange:
        quotes = exchange.quotes(sorted(shares))
    return sum((count * quotes[symbol].last for symbol, count in shares.items()), ZERO)


def _differences(town: Town) -> Iterator[tuple[str, Decimal, Decimal]]:
    """Symbols of which ledger and exchange hold different numbers of shares, with both."""
    here, there = _sums(town.ledger.rows("SELECT symbol, quantity FROM lots")), _held(town)
    for symbol in sorted(here.keys() | there.keys()):
        if here.get(symbol, ZERO) != there.get(symbol, ZERO):
            yield symbol, here.get(symbol, ZERO), there.get(symbol, ZERO)


def _cash(town: Town) -> tuple[Decimal | None, Decimal]:
    (there,) = town.exchange.texts("SELECT cash FROM exchange")
    here = next(iter(town.ledger.texts("SELECT cash FROM accounts JOIN pins USING (account_key)")), None)
    return None if here is None else Decimal(here), Decimal(there)


# --- history ---------------------------------------------------------------------------------------


def equity_rebuilt(town: Town) -> None:
    """The equity of each close, from the ledger's fills, cash events and splits and the market's closes."""
    rows: defaultdict[str, list[tuple[str, Decimal, Decimal]]] = defaultdict(list)
    for fill in town.ledger.rows("SELECT * FROM fills"):
        shares = Decimal(fill["quantity"]) * (1 if fill["side"] == "buy" else -1)
        paid = shares * Decimal(fill["price"]) + Decimal(fill["fee"])
        rows[_closed_with(town, fill)].append((fill["symbol"], shares, -paid))
    for event in town.ledger.rows("SELECT * FROM cash_events"):
        rows[_closed_with(town, event)].append(("", ZERO, Decimal(event["amount"])))
    for split in town.ledger.rows("SELECT * FROM corporate_actions"):
        gained = Decimal(split["quantity_after"]) - Decimal(split["quantity_before"])
        began = split["effective_at"] and new_york_date(datetime.fromisoformat(split["effective_at"])).isoformat()
        rows[began or _closed_with(town, split)].append((split["symbol"], gained, ZERO))
    for added in town.ledger.rows("SELECT * FROM adjustments"):
        rows[added["session"]].append((added["symbol"], Decimal(added["quantity"]), Decimal(added["amount"])))
    transfers = town.ledger.rows("SELECT * FROM cash_events WHERE kind IN ('deposit', 'withdrawal')")
    unclear = {row["session"] for row in transfers if _of_a_date_only(row)}  # before the close or after it
    there = {
        row["session"]: Decimal(row["equity"])
        for row in town.exchange.rows("SELECT * FROM equity")
        if row["session"] >= _opening(town).session and row["session"] not in unclear
    }
    cash = ZERO
    shares_held: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    for session in sorted({*rows, *there}):
        for symbol, shares, amount in rows[session]:
            cash += amount
            shares_held[symbol] += shares
        day = date.fromisoformat(session)
        worth = sum((n * town.close_of(symbol, day) for symbol, n in shares_held.items() if n), ZERO)
        here = (cash + worth).quantize(CENT, rounding=ROUND_HALF_EVEN)
        if session in there and here != there[session]:
            town.story.violate(Promise.EQUITY, f"{session}: {here} rebuilt, {there[session]} at the exchange")


@dataclass(frozen=True)
class _Opening:
    """The ledger's opening: what happened before it is no part of the ledger."""

    session: str = ""
    at: str = ""
    known: frozenset[str] = frozenset()  # ids of the rows that the broker had shown by then

    def covers(self, town: Town, activity: Row) -> bool:
        """Whether an activity of the exchange happened before, or was told by then."""
        if not self.at or town.door.activity_id(activity["number"]) in self.known:
            return bool(self.at)
        return datetime.fromisoformat(activity["at"]) < datetime.fromisoformat(self.at) - timedelta(minutes=1)


def _opening(town: Town) -> _Opening:
    rows = town.ledger.rows("SELECT o.* FROM openings o JOIN pins USING (account_key)")
    if not rows:
        return _Opening()
    return _Opening(rows[0]["session"], rows[0]["at"], frozenset([rows[0]["cursor"], *json.loads(rows[0]["known"])]))


def _of_a_date_only(row: Row) -> bool:
    """Whether a row was told without an instant, and counts as booked at the end of its day."""
    at = datetime.fromisoformat(row["at"]).astimezone(NEW_YORK)
    return at.time().replace(microsecond=0) == time(23, 59, 59)


def _closed_with(town: Town, row: Row) -> str:
    """The session whose closing equity shows a row: a fill that is busted after the close shows in the next one's."""
    session = date.fromisoformat(row["session"])
    if _of_a_date_only(row):
        return session.isoformat()
    to_the_second = datetime.fromisoformat(row["at"]).replace(microsecond=0)  # a server spreads what is of one instant
    after_close = to_the_second > hours_of(session).closes
    return (town.market.after(session) if after_close else session).isoformat()


def audit_sound(town: Town) -> None:
    database = open_database(town.database, create=False, durable=False)
    try:
        for finding in verify_ledger(database):
            town.story.violate(Promise.AUDIT, str(finding))
    finally:
        database.close()


def _held(town: Town) -> dict[str, Decimal]:
    return _sums(town.exchange.rows("SELECT symbol, quantity FROM positions"))


def _sums(rows: Iterable[Row]) -> dict[str, Decimal]:
    sums: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    for row in rows:
        sums[row["symbol"]] += Decimal(row["quantity"])
    return dict(sums)
