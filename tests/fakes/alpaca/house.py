"""The brokerage behind the server: the embedded exchange, and what Alpaca keeps beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.fakes.alpaca.happenings import Happenings
from tests.fakes.alpaca.names import Names
from tests.fakes.alpaca.standing import Standing
from tests.fakes.alpaca.telling import Telling
from tradebot.brokers.paper import PaperBroker, PaperExchange, row_codec
from tradebot.brokers.paper.orders import PaperOrder
from tradebot.brokers.paper.view import ExchangeView
from tradebot.core.model.account import CorporateAction, DayBar
from tradebot.core.model.orders import BrokerOrder, OrderRequest
from tradebot.market.calendar import CorrectedCalendar, NyseCalendar

Submit = Callable[[PaperExchange, OrderRequest], BrokerOrder]


def submit(exchange: PaperExchange, request: OrderRequest) -> BrokerOrder:
    return PaperBroker(exchange).submit(request)


@dataclass
class Terms:
    """What differs between accounts at Alpaca, and between what it answers today and tomorrow.

    ``groups`` says whether orders bear ``group_id`` and ``group_role``, which the newest specification has.
    ``hides_held`` leaves a stop that is held beside a target out of flat lists, as some have seen it
    (https://github.com/alpacahq/alpaca-trade-api-python/issues/322). ``real_time_sip`` is what the paid data plan buys.
    ``keys`` are the id and the secret that are let in; None lets in everybody who has any. ``allowance`` is how many
    requests are answered a minute; None counts none. ``slow_cancels`` is for how many more requests an order that is to
    be cancelled is still pending. ``account`` and ``assets`` (by symbol) are told in place of what would be told.
    ``announced`` are corporate actions beside those of the exchange's prices, which it ``announces`` or not.
    ``renames`` has the new symbol by that of the exchange: positions, orders and assets show it from now on, with
    the asset's id of before. ``asset_ids`` are those of positions that are told as another company's. ``withheld``
    says of a type of activities and the instant of its booking whether nothing is told of it yet. ``telling`` is
    how the others are told. ``submit`` takes an order in.
    """

    groups: bool = False
    hides_held: bool = False
    real_time_sip: bool = False
    keys: tuple[str, str] | None = None
    allowance: int | None = None
    slow_cancels: int = 0
    account: dict[str, Any] = field(default_factory=dict)
    assets: dict[str, dict[str, Any]] = field(default_factory=dict)
    announced: tuple[CorporateAction, ...] = ()
    announces: bool = True
    renames: dict[str, str] = field(default_factory=dict)
    asset_ids: dict[str, str] = field(default_factory=dict)
    withheld: Callable[[str, datetime], bool] = lambda kind, at: False
    telling: Telling = field(default_factory=Telling)
    submit: Submit = submit
    configuration: dict[str, Any] = field(
        default_factory=lambda: {
            "disable_overnight_trading": False,
            "fractional_trading": True,
            "max_margin_multiplier": "4",
            "max_options_trading_level": 0,
            "no_shorting": False,
            "ptp_no_exception_entry": False,
            "suspend_trade": False,
            "trade_confirm_email": "all",
        }
    )


class House:
    """What outlives a request.

    ``cancelled_at`` tells when orders, by number, were cancelled on request, ``replaced_by`` what took their place.
    ``pending`` are those that are to be cancelled, with the number of requests until they are. ``fails_one`` lets one
    item of the request at hand fail where it has several. ``bars_read`` are the bars that were read last, and what they
    were read for. ``calendar`` is what it tells of the sessions: correct it to announce a closing or other hours. The
    exchange's own sessions are those of its prices, which have none on a day that is closed.
    """

    def __init__(self, terms: Terms, calendar: CorrectedCalendar | None = None) -> None:
        self.terms = terms
        self.calendar = calendar or CorrectedCalendar(NyseCalendar())
        self.cancelled_at: dict[int, datetime] = {}
        self.replaced_by: dict[int, int] = {}
        self.pending: dict[int, int] = {}
        self.fails_one = False
        self.bars_read: tuple[object, dict[str, list[DayBar]]] | None = None
        self._names: Names | None = None
        self._happenings: Happenings | None = None
        self._seen: View | None = None
        self._read: dict[int, tuple[row_codec.Row, PaperOrder]] = {}

    def names(self, account_id: str) -> Names:
        """The ids of the account; another account at the same exchange begins anew."""
        if self._names is None or self._names.account_id != account_id:
            self._names = Names(account_id)
            self._happenings = None
            self._read.clear()
            self.cancelled_at.clear()
            self.replaced_by.clear()
            self.pending.clear()
        return self._names

    def read_orders(self, paper: ExchangeView) -> Iterator[PaperOrder]:
        """Every order, by number; what has not changed since it was read last is not read anew."""
        for row in paper.store._sql.execute(f"SELECT {row_codec.ORDER} FROM orders ORDER BY number"):
            known = self._read.get(row[0])
            if known is None or known[0] != row:
                known = self._read[row[0]] = row, row_codec.decode_order(row)
            yield known[1]

    @contextmanager
    def looking(self, exchange: PaperExchange) -> Iterator[View]:
        """Everything at one moment, to answer a question from."""
        with exchange.reading() as paper:
            names = self.names(paper.state.account_id)
            if self._happenings is None:
                self._happenings = Happenings(names, self.terms.renames)
            if self._seen is None or self._seen.paper is not paper:
                self._happenings.follow(paper)
                self._seen = View(paper, names, self._happenings, Standing(paper, names, self._happenings, self))
            yield self._seen


@dataclass(frozen=True, slots=True)
class View:
    """The account at one moment."""

    paper: ExchangeView
    names: Names
    happenings: Happenings
    orders: Standing
