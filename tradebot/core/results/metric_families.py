"""The metrics for Prometheus: the name, the meaning and the labels of each. Alert rules and dashboards go by them.

Units are base units: seconds, bytes, USD, and ratios of which 1 is the whole. A label has few values: no symbol, no
strategy, and of an account's number its masked end alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: The label of every metric of a home: its name.
HOME = "home"


@dataclass(frozen=True, slots=True)
class Family:
    """All samples of one name."""

    name: str
    kind: Literal["gauge", "counter"]  # a counter only rises, until its ledger is another
    meaning: str
    labels: tuple[str, ...] = (HOME,)


def _gauge(name: str, meaning: str, *labels: str) -> Family:
    return Family(f"tradebot_{name}", "gauge", meaning, (HOME, *labels))


def _counter(name: str, meaning: str) -> Family:
    return Family(f"tradebot_{name}_total", "counter", meaning)


def _of_server(name: str, meaning: str, kind: Literal["gauge", "counter"] = "gauge") -> Family:
    return Family(f"tradebot_{name}", kind, meaning, ())


COLLECTED = _gauge("collected_timestamp_seconds", "When these figures were put together.")
ACCOUNT = _gauge("account_info", "1 for the account of the home; its number is masked.", "broker", "mode", "account")

DATABASE_UP = _gauge("database_up", "1 where the ledger could be read.")
DATABASE_SECONDS = _gauge("database_response_seconds", "How long opening the ledger and reading from it took.")
BROKER_UP = _gauge("broker_up", "1 where the broker told the account at the newest look.")
BROKER_SECONDS = _gauge("broker_response_seconds", "How long the newest look at the account took.")
KNOWN = _gauge("account_known_timestamp_seconds", "When account and positions were as they are told here.")
TOKEN_EXPIRY = _gauge("broker_token_expiry_timestamp_seconds", "When the session with the broker ends.")

JOB_START = _gauge("job_last_start_timestamp_seconds", "When the newest run of the job began.", "job")
JOB_END = _gauge("job_last_end_timestamp_seconds", "When the newest run of the job ended.", "job")
JOB_SECONDS = _gauge("job_last_duration_seconds", "How long the newest run of the job took.", "job")
JOB_CODE = _gauge("job_last_exit_code", "Exit code of the newest run of the job.", "job")
JOB_STATUS = _gauge("job_last_status", "1 for the status of the newest run of the job.", "job", "status")
JOB_OVERDUE = _gauge("job_overdue_seconds", "Since when the job of the present session is overdue; 0 where not.", "job")
JOBS_UNDONE = _gauge("jobs_undone", "Jobs of the newest session that were missed or failed.", "status")
LOCKED = _gauge("lock_held", "1 while a job holds the lock of the home.")

EQUITY = _gauge("equity_dollars", "Equity of the account.")
CASH = _gauge("cash_dollars", "Cash of the account.")
BUYING_POWER = _gauge("buying_power_dollars", "Buying power of the account.")
DAY_RESULT = _gauge("day_result_dollars", "Profit or loss since the previous close, without money paid in or out.")
UNREALISED = _gauge("unrealised_dollars", "Profit or loss of the open positions, before fees.")
REALISED = _gauge("realised_dollars", "Profit or loss of all closed trades, after fees.")
TRADES = _counter("trades", "Closed trades, flat to flat.")
TRADES_WON = _counter("trades_won", "Closed trades that won, after fees.")
WIN_RATIO = _gauge("win_ratio", "Part of the closed trades that won.")
ENTRIES = _gauge("session_entries", "Entries sent in the present session.")
ORDERS = _gauge("session_orders", "Orders sent in the present session, of any purpose.")
POSITIONS = _gauge("positions", "Open positions, of strategies and foreign ones.", "owner")

GROSS_EXPOSURE = _gauge("gross_exposure_ratio", "Positions and orders that may open one, as part of the equity.")
CONCENTRATION = _gauge("concentration_ratio", "The largest position of a strategy, as part of the equity.")
RISK = _gauge("risk_ratio", "What is lost if every stop is hit, as part of the equity.")
DAILY_LOSS = _gauge("daily_loss_ratio", "Loss since the previous close, as part of the equity then.")
DRAWDOWN = _gauge("drawdown_ratio", "Fall of the equity from its peak, as part of the peak.")
LIMIT = _gauge("limit", "A limit, in the unit of its setting.", "limit")
LIMIT_USED = _gauge("limit_used_ratio", "Part of the limit that is used: 1 is all of it.", "limit")

UNPROTECTED = _gauge("unprotected_dollars", "Market value of shares without a live stop.")
BARE_SECONDS = _gauge("bare_seconds", "Seconds in which shares had no live stop, this session, all symbols added up.")
BARE_LONGEST = _gauge("bare_longest_seconds", "Age of the oldest of the times without a stop that last.")

LEVEL = _gauge("trading_level", "1 for what may be sent: running, reducing or halted.", "level")
HALTS = _gauge("halts", "Halts in force.", "rule", "scope")
BREAKS = _gauge("breaks", "Open differences between ledger and broker.", "severity")
BREAKS_DOLLARS = _gauge("breaks_dollars", "Dollars by which ledger and broker differ.")
NEEDS = _gauge("needs", "Things that need the operator, beside the halts.")
ALERTS_WAITING = _gauge("alerts_waiting", "Alerts that no channel has taken yet.", "level")
ALERTS_OLDEST = _gauge("alerts_oldest_waiting_seconds", "Age of the oldest alert that waits; 0 without one.")

DISK_FREE = _gauge("disk_free_bytes", "Room that is left on the drive of the home.")
DISK_SIZE = _gauge("disk_size_bytes", "Size of the drive of the home.")

#: The metrics of a home, in the order in which they are told.
OF_A_HOME = (
    *(COLLECTED, ACCOUNT, DATABASE_UP, DATABASE_SECONDS, BROKER_UP, BROKER_SECONDS, KNOWN, TOKEN_EXPIRY),
    *(JOB_START, JOB_END, JOB_SECONDS, JOB_CODE, JOB_STATUS, JOB_OVERDUE, JOBS_UNDONE, LOCKED),
    *(EQUITY, CASH, BUYING_POWER, DAY_RESULT, UNREALISED, REALISED, TRADES, TRADES_WON, WIN_RATIO, ENTRIES, ORDERS),
    *(POSITIONS, GROSS_EXPOSURE, CONCENTRATION, RISK, DAILY_LOSS, DRAWDOWN, LIMIT, LIMIT_USED),
    *(UNPROTECTED, BARE_SECONDS, BARE_LONGEST, LEVEL, HALTS, BREAKS, BREAKS_DOLLARS, NEEDS),
    *(ALERTS_WAITING, ALERTS_OLDEST, DISK_FREE, DISK_SIZE),
)

SERVER_VERSION = Family("tradebot_build_info", "gauge", "1 for the version that runs.", ("version",))
SERVER_START = _of_server("server_start_timestamp_seconds", "When the server was started.")
SERVER_CPU = _of_server("server_cpu_seconds_total", "Processor time that the server has used.", "counter")
SERVER_MEMORY = _of_server("server_resident_memory_bytes", "Memory of the server.")
SERVER_THREADS = _of_server("server_threads", "Threads of the server.")
SERVER_FILES = _of_server("server_open_files", "Descriptors of files and connections that the server has open.")
HOST_CPU = _of_server("host_cpu_ratio", "Part of the machine's processors that was busy since the scrape before.")
HOST_MEMORY_FREE = _of_server("host_memory_available_bytes", "Memory of the machine that programs can still have.")
HOST_MEMORY = _of_server("host_memory_bytes", "Memory of the machine.")

#: What only the server tells: a host without it has node_exporter for the machine's figures.
OF_THE_SERVER = (
    *(SERVER_VERSION, SERVER_START, SERVER_CPU, SERVER_MEMORY, SERVER_THREADS, SERVER_FILES),
    *(HOST_CPU, HOST_MEMORY_FREE, HOST_MEMORY),
)
FAMILIES = (*OF_A_HOME, *OF_THE_SERVER)
