"""Values that are set in a parameters.toml, and what stays in it."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradebot.errors import ConfigError
from tradebot.plugins.parameter_text import with_values
from tradebot.strategy_api import ParamValue

OWN = """\
# mine
[swing]
stop = 0.03   # as in 2019
mode = "a # b" # quoted

[trend]
"days" = 20
"""


def test_values_are_set_where_they_stand_and_the_rest_stays() -> None:
    text = with_values(OWN, {"swing": {"stop": 0.05, "mode": "c", "fast": 3}, "other": {"on": True}}, "file")
    assert text == (
        '# mine\n[swing]\nstop = 0.05   # as in 2019\nmode = "c" # quoted\nfast = 3\n\n[trend]\n"days" = 20\n'
        "\n[other]\non = true\n"
    )
    assert with_values("", {"swing": {"stop": 1e-05}}, "file") == "[swing]\nstop = 1e-05\n"
    assert with_values("# a note\n\n\n", {"swing": {"days": 2}}, "file") == "# a note\n\n[swing]\ndays = 2\n"
    assert with_values("[swing]\r\nstop = 1 # x\r\n", {"swing": {"stop": 2}}, "file") == "[swing]\r\nstop = 2 # x\r\n"
    assert with_values("[swing]", {"swing": {"stop": 2}}, "file") == "[swing]\nstop = 2"


@pytest.mark.parametrize(
    "text", ["swing = { stop = 0.1 }\n", "swing.stop = 0.1\n", 'a = """\n[swing]\nstop = 1\n"""\n[swing]\n']
)
def test_what_cannot_be_set_is_told_and_not_guessed(text: str) -> None:
    with pytest.raises(ConfigError, match=r"set it by hand: swing\.stop = 0\.2"):
        with_values(text, {"swing": {"stop": 0.2}}, "file")


@given(
    before=st.dictionaries(
        st.sampled_from(["swing", "trend"]),
        st.dictionaries(st.sampled_from(["stop", "mode"]), st.integers() | st.text() | st.booleans(), min_size=1),
    ),
    value=st.integers(-(2**60), 2**60)
    | st.floats(-1e300, 1e300)
    | st.booleans()
    | st.text(st.characters(exclude_categories=["Cs"])),
)
def test_any_value_is_read_back(before: dict[str, dict[str, ParamValue]], value: ParamValue) -> None:
    text = with_values("", before, "file") if _can_be_written(before) else OWN
    again = with_values(text, {"swing": {"stop": value}}, "file")
    read = tomllib.loads(again)
    assert read.pop("swing")["stop"] == value
    assert read == {name: table for name, table in tomllib.loads(text).items() if name != "swing"}


def _can_be_written(tables: dict[str, dict[str, ParamValue]]) -> bool:
    values = [value for table in tables.values() for value in table.values()]
    return all(value.isprintable() if isinstance(value, str) else abs(value) < 2**62 for value in values)
