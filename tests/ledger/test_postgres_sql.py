"""The translation of statements for psycopg."""

from __future__ import annotations

import pytest

from tradebot.ledger.postgres_sql import translated


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 1", "SELECT 1"),
        ("a = :a AND b=:b_2,:c", "a = %(a)s AND b=%(b_2)s,%(c)s"),
        ("symbol = ':not' AND at = :at", "symbol = ':not' AND at = %(at)s"),
        ("note = 'it''s :not' || :yes", "note = 'it''s :not' || %(yes)s"),
        ("id LIKE 'tb1-%' AND x = :x", "id LIKE 'tb1-%%' AND x = %(x)s"),
        ("a % 2 = :b", "a %% 2 = %(b)s"),
        ("CAST(:a AS TEXT), :b::text, c::json", "CAST(%(a)s AS TEXT), %(b)s::text, c::json"),
        ('"odd:name" = :a', '"odd:name" = %(a)s'),
        ("a = :a -- not :b\nAND c = :c /* nor :d */", "a = %(a)s -- not :b\nAND c = %(c)s /* nor :d */"),
        ("'12:30:00' < :until", "'12:30:00' < %(until)s"),
    ],
)
def test_names_become_parameters_and_nothing_else_changes(sql: str, expected: str) -> None:
    assert translated(sql) == expected
