"""Options of the commands that run strategies over past prices."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tradebot.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tradebot.runtime.backtest.inputs import Asked
    from tradebot.strategy_api import ParamValue

StrategiesArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[STRATEGY]...", help="Those of the settings without one.")
]
DataOption = Annotated[
    Path | None, typer.Option("--data", metavar="FILE", help="Daily bars.  [default: those of the settings, else "
                              "the bundled ones]", show_default=False),
]  # fmt: skip
ActionsOption = Annotated[
    Path | None, typer.Option("--actions", metavar="FILE", help="The corporate actions that belong to --data.",
                              show_default=False),
]  # fmt: skip
SymbolsOption = Annotated[
    str | None, typer.Option("--symbols", metavar="LIST", help="Instead of those that the strategies name, such as "
                             "AAPL,MSFT.", show_default=False),
]  # fmt: skip
CashOption = Annotated[str | None, typer.Option("--cash", metavar="USD", help="To begin with.", show_default=False)]
SlippageOption = Annotated[
    str | None, typer.Option("--slippage", metavar="FRACTION", help="Of the price, such as 0.001 or 0.1%.",
                             show_default=False),
]  # fmt: skip
CommissionOption = Annotated[
    str | None, typer.Option("--commission", metavar="USD", help="A share; 0 for none.", show_default=False)
]
LookaheadOption = Annotated[
    bool, typer.Option("--allow-lookahead", help="Give figures of a strategy that looks ahead, too.")
]


def asked_for(
    strategies: Sequence[str] | None,
    data: Path | None,
    actions: Path | None,
    symbols: str | None,
    first: datetime | None,
    last: datetime | None,
    cash: str | None,
    slippage: str | None,
    commission: str | None,
    *,
    allow_lookahead: bool,
) -> Asked:
    """What these options ask for. Raises UsageError."""
    from tradebot.core.results.listings import check_span
    from tradebot.runtime.backtest.inputs import Asked

    check_span(first, last)
    if actions is not None and data is None:
        raise UsageError("--actions belongs to --data: give both.")
    return Asked(
        strategies=tuple(strategies or ()),
        data=data,
        actions=actions,
        symbols=_symbols(symbols),
        first=first.date() if first else None,
        last=last.date() if last else None,
        cash=_number("--cash", cash, "paper_starting_cash"),
        slippage=_number("--slippage", slippage, "paper_slippage_pct"),
        commission=_number("--commission", commission, "paper_commission_per_share"),
        allow_lookahead=allow_lookahead,
    )


def _symbols(text: str | None) -> tuple[str, ...]:
    """The symbols of --symbols. Raises UsageError."""
    names = tuple(name.strip().upper() for name in (text or "").split(",") if name.strip())
    if text is not None and not names:
        raise UsageError(f"--symbols is a list such as AAPL,MSFT: {text!r} names none.")
    return names


def named_parameter(text: str) -> tuple[str, str, str]:
    """Strategy, parameter and value of a --set. Raises UsageError."""
    name, equals, value = text.partition("=")
    strategy, dot, parameter = name.strip().partition(".")
    if not (equals and dot and strategy and parameter):
        raise UsageError(f"--set is STRATEGY.PARAM=VALUE, such as rsi2_mean_reversion.stop=0.03: {text!r} is not.")
    return strategy, parameter, value.strip()


def typed_value(text: str) -> ParamValue:
    """The value of a parameter that was typed: a number or a truth value as in TOML, else a text."""
    import tomllib

    try:
        value: ParamValue = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
    return value


def _number(option: str, text: str | None, setting: str) -> Decimal | None:
    """A number that was typed, within the bounds of the setting that it replaces. Raises UsageError."""
    from tradebot.settings import Settings
    from tradebot.settings.field_types import FieldInfo, InvalidValue

    if text is None:
        return None
    info: FieldInfo = Settings.__dataclass_fields__[setting].metadata["setting"]
    try:
        number: Decimal = info.type.read(text)
    except InvalidValue as error:
        raise UsageError(f"{option}: {error}") from None
    return number
