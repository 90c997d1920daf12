"""What may be asked of a command that another process starts: each request makes the arguments of its command.

A text of a user stands behind ``=`` in the argument of a named option, so that it is no option itself. It is one line
of printable characters.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar, Protocol

from tradebot.core.model.order_ids import STRATEGY_NAME, SYMBOL
from tradebot.errors import UsageError

#: Characters of a reason; more is cut off.
LONGEST_REASON = 300
CLOSE, KEEP = "--close-positions", "--keep-positions"


class CommandRequest(Protocol):
    """A command with its arguments."""

    @property
    def command(self) -> str:
        """The name of the command."""
        ...

    @property
    def arguments(self) -> tuple[str, ...]:
        """The arguments behind the name. Raises UsageError."""
        ...

    def is_met_by(self, arguments: Collection[str]) -> bool:
        """Whether a run of the same command that is at work already, with these arguments, does what is asked."""
        ...


@dataclass(frozen=True, slots=True)
class StopRequest:
    """`emergency-stop`, which says itself whether it closes: EMERGENCY_CLOSE_POSITIONS does not decide."""

    reason: str = ""
    close_positions: bool = False
    command: ClassVar[str] = "emergency-stop"

    @property
    def arguments(self) -> tuple[str, ...]:
        """Without a reason the command's own stands."""
        reason = one_line(self.reason)
        return (CLOSE if self.close_positions else KEEP, *([f"--reason={reason}"] if reason else []))

    def is_met_by(self, arguments: Collection[str]) -> bool:
        """A stop that closes does all that one that keeps does, and not the other way round."""
        return CLOSE in arguments or not self.close_positions


@dataclass(frozen=True, slots=True)
class HaltRequest:
    """`halt` of the account, of one strategy or of one symbol."""

    reason: str
    reducing: bool = False
    strategy: str = ""
    symbol: str = ""
    command: ClassVar[str] = "halt"

    @property
    def arguments(self) -> tuple[str, ...]:
        """Raises UsageError for a blank reason, and for what is no strategy or symbol."""
        reducing = ("--reducing",) if self.reducing else ()
        return (_reason(self.reason), *_scope(self.strategy, self.symbol), *reducing)

    def is_met_by(self, arguments: Collection[str]) -> bool:
        """Only the same halt is."""
        return tuple(arguments) == self.arguments


@dataclass(frozen=True, slots=True)
class ResumeRequest:
    """`resume` of the account, of one strategy or of one symbol. Whoever asks has been asked already."""

    reason: str
    strategy: str = ""
    symbol: str = ""
    command: ClassVar[str] = "resume"

    @property
    def arguments(self) -> tuple[str, ...]:
        """Raises UsageError for a blank reason, and for what is no strategy or symbol."""
        return (_reason(self.reason), *_scope(self.strategy, self.symbol), "--yes")

    def is_met_by(self, arguments: Collection[str]) -> bool:
        """Only the same resumption is."""
        return tuple(arguments) == self.arguments


@dataclass(frozen=True, slots=True)
class PreflightRequest:
    """`preflight`."""

    command: ClassVar[str] = "preflight"

    @property
    def arguments(self) -> tuple[str, ...]:
        """None."""
        return ()

    def is_met_by(self, arguments: Collection[str]) -> bool:
        """One preflight answers every one that asks meanwhile."""
        return True


def one_line(text: str) -> str:
    """A text of a user as one line of printable characters, cut to what a reason may have."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())[:LONGEST_REASON].rstrip()


def _reason(text: str) -> str:
    reason = one_line(text)
    if not reason:
        raise UsageError("the reason is empty. Say why: it is kept with the halt.")
    return f"--reason={reason}"


def _scope(strategy: str, symbol: str) -> tuple[str, ...]:
    if strategy and symbol:
        raise UsageError("give either a strategy or a symbol: a halt is about one of them")
    if strategy:
        if not STRATEGY_NAME.fullmatch(strategy):
            raise UsageError(f"{one_line(strategy)!r} is not the name of a strategy")
        return (f"--strategy={strategy}",)
    if symbol:
        name = symbol.strip().upper()
        if not SYMBOL.fullmatch(name):
            raise UsageError(f"{one_line(symbol)!r} is not a symbol")
        return (f"--symbol={name}",)
    return ()
