"""Rounding and text of money, prices and quantities. They are always Decimal, never float."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

CENT = Decimal("0.01")
SUB_PENNY = Decimal("0.0001")
NANO_SHARE = Decimal("1e-9")  # the finest quantity that brokers book
DUST = Decimal("1e-8")
ZERO = Decimal(0)
ONE = Decimal(1)
MAX_PRICE = 10_000_000  # USD a share; the highest, Berkshire Hathaway A, is below 1,000,000


def tick_size(price: Decimal) -> Decimal:
    """The smallest price step in USD: $0.01 from $1 up, $0.0001 below (SEC Rule 612, Regulation NMS)."""
    return CENT if abs(price) >= ONE else SUB_PENNY


def to_tick(price: Decimal) -> Decimal:
    """``price`` rounded to the nearest tick, ties to even."""
    return price.quantize(tick_size(price), ROUND_HALF_EVEN)


def after_split(price: Decimal, ratio: Decimal) -> Decimal:
    """A price on the basis of a split, ``ratio`` new shares for one: the nearest tick, and never 0."""
    return max(SUB_PENNY, to_tick(price / ratio))


def tick_down(price: Decimal) -> Decimal:
    """``price`` rounded down to a tick."""
    return price.quantize(tick_size(price), ROUND_FLOOR)


def tick_up(price: Decimal) -> Decimal:
    """``price`` rounded up to a tick."""
    return price.quantize(tick_size(price), ROUND_CEILING)


def to_cents(amount: Decimal) -> Decimal:
    """An amount of USD rounded to the cent, ties to even."""
    return amount.quantize(CENT, ROUND_HALF_EVEN)


def without_dust(amount: Decimal) -> Decimal:
    """An amount of USD rounded to eight decimals: a division by a split's ratio leaves digits behind them."""
    return amount.quantize(DUST, ROUND_HALF_EVEN)


def pro_rata(amount: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """The part of an amount of USD for ``part`` of ``whole`` shares: whole cents, rounded towards zero.

    The last part gets the rest, so that parts taken one after another from what remains add up to ``amount``.
    """
    return amount if part == whole else (amount * part / whole).quantize(CENT, ROUND_DOWN)


def whole_shares(quantity: Decimal) -> Decimal:
    """``quantity`` of shares rounded down to a whole number."""
    return quantity.quantize(ONE, ROUND_FLOOR)


def canonical(number: Decimal) -> str:
    """The canonical text of a number, as the ledger stores it: no exponent, no trailing zeros ("10", "0.5")."""
    if number == 0:
        return "0"
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def dollars(amount: Decimal) -> str:
    """An amount of USD for people: "$1,234.50", "-$3.00"."""
    return f"{'-' if amount < 0 else ''}${abs(amount):,.2f}"


def price_text(price: Decimal) -> str:
    """USD a share for people, with two to four decimals: "25.10", "0.4825"."""
    whole, _, decimals = canonical(price).partition(".")
    return f"{whole}.{decimals:0<2}" if len(decimals) <= 4 else f"{price:.4f}"


def percent(fraction: Decimal) -> str:
    """A fraction for people: 0.0325 is "3.25%"."""
    return f"{canonical(round(fraction * 100, 2))}%"


def plural(count: int | Decimal, noun: str) -> str:
    """A count with its noun: "1 order", "2 orders", "0.5 shares"."""
    number = canonical(count) if isinstance(count, Decimal) else count
    return f"{number} {noun}" if count == 1 else f"{number} {noun}s"
