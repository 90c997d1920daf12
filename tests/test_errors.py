"""Exit codes and their precedence, and configuration errors that say everything at once."""

from __future__ import annotations

import inspect

from tradebot import errors
from tradebot.errors import PRECEDENCE, ConfigError, ExitCode, Problem, TradebotError, first_by_precedence


def test_the_first_code_by_precedence_counts() -> None:
    for place, code in enumerate(PRECEDENCE):
        assert first_by_precedence(PRECEDENCE[place:]) is code
    assert first_by_precedence([ExitCode.OK, ExitCode.USAGE]) is ExitCode.OK


def test_every_code_has_a_meaning() -> None:
    assert all(code.meaning for code in ExitCode)
    assert len({code.meaning for code in ExitCode}) == len(ExitCode)


def test_every_error_ends_with_a_code_of_its_own_kind() -> None:
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, TradebotError)]
    assert {kind.__name__ for kind in kinds if kind.exit_code is ExitCode.BUG} == {
        "TradebotError",
        "Stopped",
    }  # one that says by itself how it ends


def test_a_configuration_error_says_every_problem_with_its_place_and_how_to_mend_it() -> None:
    error = ConfigError([Problem("`.env` line 1", "a is wrong", "Write b."), Problem("`.env` line 2", "c", "Write d.")])
    assert error.exit_code is ExitCode.CONFIG
    first, second = str(error).splitlines()
    assert all(words in first for words in ("`.env` line 1", "a is wrong", "Write b."))
    assert "Write d." in second
