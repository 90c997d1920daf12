"""A halt as an alert tells it: what, since when, what ends it, and commands that are taken as they stand."""

from __future__ import annotations

import shlex
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from typer.main import get_command

from tradebot.cli import app
from tradebot.core.model.halts import Halt, HaltEnd, HaltLevel, HaltRule, HaltScope, HaltSource
from tradebot.core.results.halt_texts import commands_of, halt_alert

HOME = "/home/me/trade bot"
SINCE = datetime(2007, 1, 4, 14, 35, tzinfo=UTC)


def halt(rule: HaltRule, **more: Any) -> Halt:
    how: dict[str, Any] = {"source": HaltSource.LEDGER, "level": HaltLevel.HALTED, "since": SINCE, **more}
    return Halt(rule=rule, reason="for a reason", **how)


#: A halt of every rule and of every way to end.
HALTS = {
    "flag": halt(HaltRule.OPERATOR, source=HaltSource.ENVIRONMENT, since=None),
    "by hand": halt(HaltRule.OPERATOR, source=HaltSource.LATCH_FILE),
    "a symbol": halt(HaltRule.OPERATOR, scope=HaltScope.SYMBOL, scope_name="BRK.B"),
    "a strategy": halt(HaltRule.REPEATED_ORDERS, scope=HaltScope.STRATEGY, scope_name="momentum_rotation"),
    "a day's loss": halt(HaltRule.DAILY_LOSS, until=date(2007, 1, 5), value=Decimal("0.03"), limit=Decimal("0.03")),
    "a drawdown": halt(HaltRule.DRAWDOWN),
    "a breach": halt(HaltRule.LIMIT_BREACH, level=HaltLevel.REDUCING),
    "failed runs": halt(HaltRule.FAILED_RUNS),
    "breaks": halt(HaltRule.BREAKS, ends=HaltEnd.EXPLAINED),
    "breaks again": halt(HaltRule.BREAKS, ends=HaltEnd.RESUME),
    "breaks of an earlier version": halt(HaltRule.BREAKS),
    "heads gone": halt(HaltRule.CHAIN_HEADS, level=HaltLevel.REDUCING),
    "unreadable": halt(HaltRule.UNREADABLE, source=HaltSource.LATCH_FILE, since=None),
}
ENDS = {
    "flag": "until EMERGENCY_STOP_ENABLED is unset",
    "a day's loss": "until session 2007-01-05",
    "a breach": "until the breach is gone",
    "breaks": "until two jobs in a row explain everything, or until `tradebot resume`",
    "a symbol": "until `tradebot resume --symbol BRK.B`",
    "a strategy": "until `tradebot resume --strategy momentum_rotation`",
}


def parsed(line: str) -> dict[str, Any]:
    """What the command line's own parser makes of a line; it raises what a person would be told."""
    words = shlex.split(line)
    assert words[0] == "tradebot"
    group: Any = get_command(app)
    context = group.make_context("tradebot", words[1:])
    name, command, rest = group.resolve_command(context, [*context._protected_args, *context.args])
    arguments: dict[str, Any] = command.make_context(name, rest, parent=context).params
    return {"command": name, **arguments}


def test_every_rule_is_tried() -> None:
    assert {each.rule for each in HALTS.values()} == set(HaltRule)
    assert {each.ends_by for each in HALTS.values()} == set(HaltEnd)


@pytest.mark.parametrize("name", HALTS)
def test_the_commands_are_taken_as_they_stand(name: str) -> None:
    halted = HALTS[name]
    assert halted.commands
    typed = [parsed(line) for line in commands_of(halted, HOME)]
    assert {str(each["options"].home if "options" in each else each["home"]) for each in typed} == {HOME}
    resumed = [each for each in typed if each["command"] == "resume"]
    assert bool(resumed) == halted.may_be_resumed
    for each in resumed:
        named = {HaltScope.SYMBOL: each["symbol"], HaltScope.STRATEGY: each["strategy"], HaltScope.ACCOUNT: ""}
        assert named[halted.scope] == halted.scope_name


@pytest.mark.parametrize("name", HALTS)
def test_an_alert_says_what_since_when_what_ends_it_and_what_to_do(name: str) -> None:
    halted = HALTS[name]
    title, message = halt_alert((halted,), HOME)
    assert title.startswith(f"{halted.level}: {halted.rule.replace('_', ' ')}")
    assert "for a reason" in message
    assert ("since 2007-01-04 09:35 EST" in message) == (halted.since is not None)
    assert ENDS.get(name, "until `tradebot resume`") in message
    assert message.splitlines()[-len(halted.commands) :] == list(commands_of(halted, HOME))


def test_the_strictest_level_of_its_latches_is_told() -> None:
    lax, strict = halt(HaltRule.OPERATOR, level=HaltLevel.REDUCING), halt(HaltRule.OPERATOR)
    assert halt_alert((lax, strict), HOME)[0] == "halted: operator"


def test_copies_in_two_latches_have_one_key_and_others_another() -> None:
    in_file = halt(HaltRule.OPERATOR, source=HaltSource.LATCH_FILE)
    assert in_file.key == halt(HaltRule.OPERATOR).key
    assert len({each.key for each in HALTS.values()}) == len(HALTS) - 2, "three halts for breaks began at once"
