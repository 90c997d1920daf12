"""Preflight checks, the facts that they need, and their outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tradebot.core.results.outcomes import Outcome


class CheckResult(StrEnum):
    """The result of a preflight check. One FAIL makes the preflight fail; a WARN does not."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One preflight check."""

    name: str
    result: CheckResult
    figure: str  # the value that was checked, for people
    remedy: str = ""  # what to do; "" for PASS


@dataclass(frozen=True, slots=True)
class MachineFacts:
    """Facts about the machine that the preflight checks need. Instants are wall-clock time, aware UTC."""

    wall: datetime  # now
    findings: tuple[str, ...] = ()  # of `verify` on the ledger
    ledger_bytes: int = 0
    free_bytes: int = 0  # on the ledger's disk
    drive: str = ""  # the drive of the ledger, for people
    drive_trouble: str = ""  # why no ledger can be kept there; "": it can
    drive_has_wal: bool = True  # whether readers need not wait for writers there
    network_troubles: tuple[str, ...] = ()  # certificates and proxies of the environment that nothing can use
    odd_network: tuple[str, ...] = ()  # notes on variables for proxies
    log_trouble: str = ""  # why the log folder cannot be written; "": it can
    env_file_exposed: str = ""  # path of the .env file when others can read it; "": they cannot
    secrets_in_environment: tuple[str, ...] = ()  # names of environment variables
    other_users: int = 0  # other accounts of people that can log in
    last_backup: datetime | None = None
    backup_trouble: str = ""  # why the next backup fails, or the last one is not where it was put; "": nothing known
    backup_on_ledgers_disk: bool = False  # whether the backups are on the disk of the ledger
    last_drill: datetime | None = None
    last_drill_passed: bool = False
    strategy_faults: Mapping[str, str] = field(default_factory=dict)  # by strategy; "": it keeps the contract
    channels: Mapping[str, str] | None = None  # error by alert channel, "" for none; None: no test was due
    has_alert_channel: bool = False
    session_days: float | None = None  # until the stored session with the broker ends; None where it needs none
    session_trouble: str = ""  # why that session cannot be renewed; "": it can, as far as known
    by_hand: bool = False  # a person begins each session of the embedded exchange


@dataclass(frozen=True, slots=True)
class PreflightOutcome(Outcome):
    """The outcome of `preflight`."""

    checks: tuple[Check, ...] = ()
