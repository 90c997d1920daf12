"""Parses the account, its worth and its positions.

Fields of the account and of positions are captured. What ``cash`` means beside ``portfolio_cash`` is a guess: the
latter is taken as all cash by date of trade, because others add it to the value of the positions to get the equity.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

from tradebot.brokers.http.responses import Json
from tradebot.brokers.robinhood.json_fields import Fields
from tradebot.core.model.account import AccountSnapshot, Permissions, Position
from tradebot.core.model.account_numbers import masked
from tradebot.core.model.values import ZERO
from tradebot.errors import Blocked, BrokerUnavailable

_ACTIVE, _MARGIN, _SHORT = "active", "margin", "short"
#: Flags that forbid every order.
_BLOCKS = ("locked", "deactivated", "permanently_deactivated")
#: What ``equity_trading_lock`` says where there is none: none of its values was ever published.
_NOT_LOCKED = frozenset({None, "none", "no_lock", "not_locked", "unlocked", "not_restricted"})

_LOG = logging.getLogger(__name__)


def pick_account(rows: Iterable[Json], number: str) -> Fields:
    """The account with this number among all of a person. Raises Blocked when there is none."""
    accounts = [Fields(row, "an account") for row in rows]
    if not accounts:
        raise BrokerUnavailable("Robinhood lists no account at all. Nothing was taken from it.")
    for account in accounts:
        if account.text("account_number") == number:
            return account
    numbers = [account.text("account_number") for account in accounts]
    others = ", ".join(sorted(masked(each, (*numbers, number)) for each in numbers))
    raise Blocked(
        f"this login has no account {masked(number, numbers)}; it has {others}. Set ROBINHOOD_ACCOUNT to the "
        "number of the one to trade, or log in to the other with `tradebot auth robinhood`."
    )


def parse_account(account: Fields, portfolio: Json) -> AccountSnapshot:
    """The balances of an account, by its row and by what its portfolio is worth.

    Buying power is at most the cash: nothing is bought on margin. In a cash account proceeds that have not settled
    cannot be spent, because selling what they bought before they settle is a violation.
    """
    worth = Fields(portfolio, "the portfolio")
    cash = account.number("portfolio_cash")
    free = cash - (account.maybe_number("cash_held_for_orders") or ZERO)
    if account.text("type") != _MARGIN:
        free -= account.maybe_number("unsettled_funds") or ZERO
    return AccountSnapshot(
        account_id=account.text("account_number"),
        equity=worth.number("equity"),
        last_equity=worth.number("equity_previous_close"),
        cash=cash,
        buying_power=max(min(account.number("buying_power"), free), ZERO),
        blocked=any(account.maybe_flag(name) for name in _BLOCKS) or not _is_active(account),
    )


def entry_locks(account: Fields) -> tuple[str, ...]:
    """The fields of an account that forbid to open positions, each of which is enough."""
    found = [name for name in (*_BLOCKS, "only_position_closing_trades") if account.maybe_flag(name)]
    if not _is_active(account):
        found.append("state")
    if account.maybe_text("equity_trading_lock") not in _NOT_LOCKED:
        found.append("equity_trading_lock")
    return tuple(found)


def _is_active(account: Fields) -> bool:
    return account.maybe_text("state") in (None, _ACTIVE)


def parse_permissions(account: Fields) -> Permissions:
    """What an account permits. Nothing is sold short. A lock is told in the log by the name of its field."""
    if locks := entry_locks(account):
        _LOG.warning("Robinhood forbids to open positions in this account, by %s", ", ".join(locks))
    return Permissions(
        trading=not locks, shorting=False, fractions=account.maybe_flag("eligible_for_fractionals") or False
    )


def parse_positions(rows: Iterable[Json], account_number: str, symbols: Mapping[str, str]) -> list[Position]:
    """The open positions of an account, each at its average price. ``symbols``: by the id of the instrument.

    The list has positions that were sold, too: they hold no shares.
    """
    positions: list[Position] = []
    for row in rows:
        fields = Fields(row, "a position")
        quantity = fields.number("quantity")
        if quantity == 0 or fields.account_number() not in (None, account_number):
            continue
        identifier = fields.id_of("instrument")
        average = fields.maybe_number("clearing_average_cost") or fields.maybe_number("average_buy_price") or ZERO
        positions.append(
            Position(
                symbol=fields.maybe_text("symbol") or symbols.get(identifier, identifier),
                quantity=-abs(quantity) if fields.maybe_text("type") == _SHORT else quantity,
                average_price=average,
                market_price=average,
                asset_id=identifier,
                held_for_sells=fields.maybe_number("shares_held_for_sells"),
            )
        )
    return positions


def unnamed_instruments(rows: Iterable[Json]) -> list[str]:
    """The ids of the instruments of positions whose row tells no symbol."""
    fields = [Fields(row, "a position") for row in rows]
    return [each.id_of("instrument") for each in fields if each.maybe_text("symbol") is None]
