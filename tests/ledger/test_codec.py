"""What is stored is what is read, in the one text that every ledger has for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradebot.core.model.account import Fill
from tradebot.core.model.ledger_rows import DecisionRow
from tradebot.core.model.orders import Side
from tradebot.core.model.signals import ExitPolicy
from tradebot.ledger.codec import canonical_json, columns_of, stamp, to_column, value_from

numbers = st.decimals(allow_nan=False, allow_infinity=False, places=9, min_value=-(10**15), max_value=10**15)
anywhere = st.datetimes(timezones=st.timezones(), allow_imaginary=False).filter(lambda moment: 1 < moment.year < 9999)
instants = anywhere.map(lambda moment: moment.astimezone(UTC))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
policies = st.builds(
    ExitPolicy,
    stop=st.none() | numbers,
    target=st.none() | numbers,
    trail_trigger=st.none() | numbers,
    trail_offset=st.none() | numbers,
    max_sessions=st.none() | st.integers(1, 500),
    use_default_target=st.booleans(),
)


@dataclass(frozen=True)
class Held:
    """What is left by a policy."""

    policy: ExitPolicy


@given(
    st.builds(
        Fill,
        fill_id=texts,
        side=st.sampled_from(Side),
        quantity=numbers,
        price=numbers,
        fee=numbers,
        at=instants,
        session=st.dates(),
        parent_client_order_id=st.none() | texts,
    )
)
def test_a_value_survives_its_columns(fill: Fill) -> None:
    assert value_from(Fill, columns_of(fill)) == fill


@given(policies)
def test_an_exit_policy_survives_its_json(policy: ExitPolicy) -> None:
    text = to_column(policy)
    assert isinstance(text, str)
    assert value_from(Held, {"policy": text}).policy == policy
    whole = canonical_json(columns_of(policy))  # as earlier versions stored it
    assert value_from(Held, {"policy": whole}).policy == policy


@given(anywhere, anywhere)
def test_stamps_sort_as_time_does(one: datetime, other: datetime) -> None:
    assert (stamp(one) < stamp(other)) == (one < other)
    assert len(stamp(one)) == len(stamp(other))


@given(numbers, st.integers(0, 6))
def test_a_number_has_one_text_however_it_is_written(number: Decimal, zeros: int) -> None:
    padded = Decimal(f"{number:f}" + ("." if "." not in f"{number:f}" else "") + "0" * zeros)
    assert to_column(padded) == to_column(number)


def test_an_instant_is_stored_in_utc() -> None:
    new_york = timezone(timedelta(hours=-5))
    assert stamp(datetime(2007, 1, 3, 9, 35, tzinfo=new_york)) == "2007-01-03T14:35:00.000000Z"


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        stamp(datetime(2007, 1, 3, 9, 35))  # noqa: DTZ001 - the point of the test


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_is_none_is_refused(number: str) -> None:
    with pytest.raises(ValueError, match="finite"):
        to_column(Decimal(number))


def test_a_float_is_refused() -> None:
    with pytest.raises(TypeError, match="float"):
        to_column(1.5)


def test_a_field_named_like_an_sql_word_gets_another_name() -> None:
    row = DecisionRow(
        date(2007, 1, 3), datetime(2007, 1, 3, tzinfo=UTC), "s", "A", "entry", "denied", "X", "m", limit=Decimal(5)
    )
    columns = columns_of(row)
    assert columns["limit_value"] == "5"
    assert value_from(DecisionRow, columns) == row


def test_json_is_canonical() -> None:
    assert canonical_json({"b": Decimal("1.50"), "a": date(2007, 1, 3)}) == '{"a":"2007-01-03","b":"1.5"}'


def test_json_holds_no_number_that_is_none() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json({"a": float("nan")})


class Day(date):
    """As pandas and other libraries have them."""


class Moment(datetime):
    """As pandas.Timestamp is one."""


class Number(Decimal):
    """A number of a library's own."""


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Day(2007, 1, 3), date(2007, 1, 3)),
        (Moment(2007, 1, 3, 9, 35, tzinfo=UTC), datetime(2007, 1, 3, 9, 35, tzinfo=UTC)),
        (Number("1.50"), Decimal("1.50")),
        (Side.BUY, "buy"),
        (True, 1),
    ],
)
def test_a_value_of_a_derived_type_is_stored_as_its_base(value: object, plain: object) -> None:
    assert to_column(value) == to_column(plain)
    assert type(to_column(value)) is type(to_column(plain))
