"""Exit codes, and errors classed by the caller's response.

The exit codes are a contract with cron, systemd and every other program that starts a command. The table in README.md,
the text of ``--help`` and the tests are made from :class:`ExitCode`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """The exit code of a command."""

    OK = 0
    BUG = 1
    USAGE = 2
    CONFIG = 3
    HALTED = 4
    BLOCKED = 5
    BROKER = 6
    BREAKS = 7
    LOCKED = 8
    INCOMPLETE = 9
    LEDGER = 10
    DEGRADED = 11
    INTERRUPTED = 130
    TERMINATED = 143

    @property
    def meaning(self) -> str:
        """One line for people, in the README, ``--help`` and the summary."""
        return _MEANINGS[self]


_MEANINGS: dict[ExitCode, str] = {
    ExitCode.OK: 'done; also "nothing to do": closed market, already ran (the summary says which)',
    ExitCode.BUG: "an unexpected error: traceback in the log file, one line on the terminal",
    ExitCode.USAGE: "wrong command line",
    ExitCode.CONFIG: "configuration invalid: every error listed at once, each with how to mend it",
    ExitCode.HALTED: "a halt is latched",
    ExitCode.BLOCKED: "a preflight check failed, or the wrong account",
    ExitCode.BROKER: "the broker is unreachable, refused, or an outcome is unknown",
    ExitCode.BREAKS: "reconciliation found differences, or diff one that nothing explains",
    ExitCode.LOCKED: "another run holds the lock",
    ExitCode.INCOMPLETE: "emergency stop: something is still open",
    ExitCode.LEDGER: "the ledger is missing, damaged, full or from a newer version",
    ExitCode.DEGRADED: "the job did its work, but a strategy, a symbol or an alert channel failed",
    ExitCode.INTERRUPTED: "stopped by ^C: nothing new was sent, the lock was released",
    ExitCode.TERMINATED: "stopped by SIGTERM: nothing new was sent, the lock was released",
}

#: Exit codes by precedence: of several that apply, the process ends with the first.
PRECEDENCE: tuple[ExitCode, ...] = (
    ExitCode.CONFIG,
    ExitCode.LEDGER,
    ExitCode.BLOCKED,
    ExitCode.HALTED,
    ExitCode.LOCKED,
    ExitCode.INCOMPLETE,
    ExitCode.BROKER,
    ExitCode.BREAKS,
    ExitCode.DEGRADED,
)


def first_by_precedence(codes: Iterable[ExitCode]) -> ExitCode:
    """The exit code when all of ``codes`` apply; OK without one. Codes outside of ``PRECEDENCE`` do not count."""
    present = set(codes)
    return next((code for code in PRECEDENCE if code in present), ExitCode.OK)


class TradebotError(Exception):
    """An error with a message for the user: what is wrong, where, and what to do next."""

    exit_code: ExitCode = ExitCode.BUG


# --- fix the configuration ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in the configuration or an input file."""

    where: str  # the file, line or variable
    what: str
    fix: str  # what to do, as a sentence

    def __str__(self) -> str:
        return f"{self.where}: {self.what}. {self.fix}"


class ConfigError(TradebotError):
    """The configuration is invalid. ``problems`` holds every mistake, not only the first."""

    exit_code = ExitCode.CONFIG

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class UsageError(TradebotError):
    """The command line makes no sense."""

    exit_code = ExitCode.USAGE


# --- retry later -------------------------------------------------------------------------


class BrokerUnavailable(TradebotError):
    """The broker did not answer, or its answer cannot be understood.

    Raised by reads, and by writes that certainly did not reach the broker.
    """

    exit_code = ExitCode.BROKER


class Locked(TradebotError):
    """Another run holds the lock. The message names its pid, command and start."""

    exit_code = ExitCode.LOCKED


# --- stop and investigate ----------------------------------------------------------------


class OutcomeUnknown(TradebotError):
    """A write was sent and its outcome is unknown. Ask the broker by id; never send it under another id."""

    exit_code = ExitCode.BROKER


class Blocked(TradebotError):
    """A critical check failed, or the account is not the pinned one."""

    exit_code = ExitCode.BLOCKED


class AuthNeeded(Blocked):
    """The session with the broker is missing or over, and only a person can begin another one."""


class Halted(TradebotError):
    """A halt is latched."""

    exit_code = ExitCode.HALTED


class LedgerError(TradebotError):
    """The ledger is missing, damaged, full, locked or from a newer version."""

    exit_code = ExitCode.LEDGER


class LedgerBusy(LedgerError):
    """Another process holds the ledger. It cannot be read now, and nothing is wrong with it as far as known."""


# --- give up on this order ---------------------------------------------------------------


class OrderRefused(TradebotError):
    """The broker refused an order. ``reason`` is the broker's code or text."""

    exit_code = ExitCode.BROKER

    def __init__(self, reason: str, message: str) -> None:
        self.reason = reason
        super().__init__(message)


class AlreadySent(OrderRefused):
    """The broker refused an order because it has one with that client_order_id: an earlier submission arrived."""


# --- end normally ------------------------------------------------------------------------


class NotDue(TradebotError):
    """A scheduler started a job that is not due by the exchange's calendar. The job does nothing and ends with OK."""

    exit_code = ExitCode.OK


class Stopped(TradebotError):
    """^C or SIGTERM arrived. Raised between steps only. ``message`` replaces the usual sentence on what was done."""

    def __init__(self, exit_code: ExitCode, message: str = "") -> None:
        self.exit_code = exit_code
        by_what = exit_code.meaning.partition(":")[0]
        super().__init__(f"{by_what}: {message}" if message else exit_code.meaning)
