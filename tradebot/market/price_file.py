"""Files of daily bars and corporate actions, which the embedded exchange trades on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from tradebot.core.model.account import ActionKind, CorporateAction, DayBar
from tradebot.core.model.values import ONE, without_dust
from tradebot.errors import ConfigError, Problem
from tradebot.market.answers import Question, answers_file, read_answers

if TYPE_CHECKING:
    import pandas as pd

    from tradebot.market.tables import PriceTable, TableColumns
    from tradebot.strategy_api import History

BUNDLED = "bundled us_daily_2000_2013 (1)"  # increase the number when the bundled files change
_DATA = Path(__file__).resolve().parent.parent / "data"
_BUNDLED_BARS = _DATA / "us_daily_2000_2013.csv.gz"
_BUNDLED_ACTIONS = _DATA / "corporate_actions_2000_2013.csv"


class PriceFile:
    """Daily bars and corporate actions, from a user's files or from those bundled with the package.

    path: a .csv, .csv.gz or .parquet file with the columns symbol, date, open, high, low, close (USD a share, not
        adjusted) and volume (shares). None: the bundled bars.
    actions: a file with the columns symbol, ex_date, kind (split, dividend, cash_merger or delisting) and value (new
        shares for one old share, or USD a share, not adjusted). A delisting without a value pays the last close.
        None: none for a user's bars, the bundled ones for the bundled bars.

    What a person confirmed of the bars (`answers`) is read from the file beside them: a tenfold move is then no
    problem, and a symbol whose bars end is delisted at its last close.

    Dates of a symbol ascend. Prices are rounded to four decimals, the smallest tick of US stocks, and values of actions
    to eight: 25.1 is Decimal("25.1") even if a program wrote 25.100000381.

    All methods except ``fingerprint`` raise ConfigError with every problem of an invalid file.
    """

    def __init__(self, path: Path | None = None, actions: Path | None = None) -> None:
        self._bars_path = path
        self._actions_path = actions

    def fingerprint(self) -> str:
        """A text that changes when a file changes. Reads no bar."""
        if self._bars_path is None and self._actions_path is None:
            return BUNDLED
        stamps = [BUNDLED if self._bars_path is None else _stamp(self._bars_path)]
        if self._actions_path is not None:
            stamps.append(_stamp(self._actions_path))
        if self._bars_path is not None and (answers := answers_file(self._bars_path)).exists():
            stamps.append(_stamp(answers))
        return "; ".join(stamps)

    def bars(self) -> Iterator[DayBar]:
        """All bars, by session, then symbol."""
        return _bars_of(self.history())

    def actions(self) -> tuple[CorporateAction, ...]:
        """All corporate actions, by ex-date, then symbol."""
        return self._content().actions

    def history(self) -> History:
        """All bars as frames, not adjusted: one row a date of the file, one column a symbol, both sorted."""
        return self._content().history

    def sessions(self) -> tuple[date, ...]:
        """The dates of the rows of ``history``."""
        return self._content().sessions

    def _content(self) -> _Content:
        return _load(self._bars_path, self._actions_path, self.fingerprint())


@dataclass(frozen=True, slots=True)
class _Content:
    history: History
    sessions: tuple[date, ...]
    actions: tuple[CorporateAction, ...]


@lru_cache(maxsize=2)
def _load(bars_path: Path | None, actions_path: Path | None, fingerprint: str) -> _Content:
    """Read and validate the files, once a process for each ``fingerprint``."""
    import pandas as pd  # slow, and some commands need no bar

    from tradebot.market import bar_validation, questions

    problems: list[Problem] = []
    bars, actions = _tables(bars_path, actions_path, problems)
    answers = _answers(bars_path, problems)
    if bars is not None and actions is not None:
        problems += bar_validation.check_bars_against_actions(bars, actions, answers)
    if problems or bars is None or actions is None:
        raise ConfigError(problems)
    history = _wide_history(bars.frame)
    sessions = tuple(stamp.date() for stamp in history.close.index)
    ends = questions.delistings(bars.frame, answers)
    told = pd.concat([actions.frame, ends], ignore_index=True) if len(ends) else actions.frame
    return _Content(history, sessions, _corporate_actions(told, history))


def unanswered(bars_path: Path, actions_path: Path | None) -> list[Question]:
    """What has to be asked of a user's files, and was not answered yet. Raises ConfigError if one is not sound."""
    from tradebot.market.questions import questions  # imports pandas

    problems: list[Problem] = []
    bars, actions = _tables(bars_path, actions_path, problems)
    answers = _answers(bars_path, problems)
    if problems or bars is None or actions is None:
        raise ConfigError(problems)
    return [question for _, question in questions(bars.frame, actions.frame) if question not in answers]


def _tables(
    bars_path: Path | None, actions_path: Path | None, problems: list[Problem]
) -> tuple[PriceTable | None, PriceTable | None]:
    """Bars and actions, each None if it is not sound by itself; why is added to ``problems``."""
    from tradebot.market import bar_validation
    from tradebot.market.tables import empty_table

    bars = _valid_table(bars_path or _BUNDLED_BARS, bar_validation.BAR_COLUMNS, bar_validation.check_bars, problems)
    if bars_path is not None and actions_path is None:
        return bars, empty_table(bar_validation.ACTION_COLUMNS)
    actions_path = actions_path or _BUNDLED_ACTIONS
    return bars, _valid_table(actions_path, bar_validation.ACTION_COLUMNS, bar_validation.check_actions, problems)


def _answers(bars_path: Path | None, problems: list[Problem]) -> frozenset[Question]:
    """What was confirmed of a user's bars. A file that cannot be read is added to ``problems``."""
    if bars_path is None:
        return frozenset()
    try:
        return read_answers(bars_path)
    except ConfigError as error:
        problems += error.problems
        return frozenset()


def _valid_table(
    path: Path,
    columns: TableColumns,
    check: Callable[[PriceTable], list[Problem]],
    problems: list[Problem],
) -> PriceTable | None:
    """Read and check a table; if it has problems, add them to ``problems`` and return None."""
    from tradebot.market.tables import read_table

    try:
        table = read_table(path, columns)
    except ConfigError as error:
        problems += error.problems
        return None
    table_problems = check(table)
    problems += table_problems
    return None if table_problems else table


def _wide_history(bars: pd.DataFrame) -> History:
    import numpy as np
    import pandas as pd

    from tradebot.strategy_api import History

    row_of, days = pd.factorize(bars["date"], sort=True)
    column_of, symbols = pd.factorize(bars["symbol"], sort=True)
    index, columns = pd.DatetimeIndex(days, name="date"), pd.Index(symbols, name="symbol")

    def wide(name: str) -> pd.DataFrame:
        values = np.full((len(index), len(columns)), np.nan)
        values[row_of, column_of] = bars[name].to_numpy()
        return pd.DataFrame(values, index=index, columns=columns)

    return History(
        open=wide("open"),
        high=wide("high"),
        low=wide("low"),
        close=wide("close"),
        volume=wide("volume"),
    )


def _bars_of(history: History) -> Iterator[DayBar]:
    symbols = list(history.close.columns)
    fields = (history.open, history.high, history.low, history.close, history.volume)
    for stamp, *rows in zip(history.close.index, *(frame.to_numpy() for frame in fields), strict=True):
        session = stamp.date()
        cells = zip(symbols, *(row.tolist() for row in rows), strict=True)
        for symbol, open_, high, low, close, volume in cells:
            if close == close:  # not NaN: the symbol has a bar
                yield DayBar(
                    symbol, session, _decimal(open_), _decimal(high), _decimal(low), _decimal(close), int(volume)
                )


def _corporate_actions(actions: pd.DataFrame, history: History) -> tuple[CorporateAction, ...]:
    rows = actions.sort_values(["ex_date", "symbol", "kind"])
    values = [
        _decimal(value) if value == value else _last_close(symbol, stamp, history, actions)  # a NaN is not itself
        for symbol, stamp, value in zip(rows["symbol"], rows["ex_date"], rows["value"], strict=True)
    ]
    return tuple(
        CorporateAction(symbol, stamp.date(), ActionKind(kind), value)
        for symbol, stamp, kind, value in zip(rows["symbol"], rows["ex_date"], rows["kind"], values, strict=True)
    )


def _last_close(symbol: str, ex_date: pd.Timestamp, history: History, actions: pd.DataFrame) -> Decimal:
    """The symbol's last close before ``ex_date``, USD a share, on the basis of the splits between the two."""
    closes = history.close.loc[history.close.index < ex_date, symbol].dropna()
    last = _decimal(float(closes.iloc[-1]))
    later = (actions["ex_date"] > closes.index[-1]) & (actions["ex_date"] <= ex_date)
    splits = actions[later & (actions["symbol"] == symbol) & (actions["kind"] == ActionKind.SPLIT)]
    ratio = prod(map(_decimal, splits["value"]), start=ONE)
    return last if ratio == ONE else without_dust(last / ratio)


def _decimal(number: float) -> Decimal:
    """The number as the file has it: the shortest decimal that reads back as the same float."""
    return Decimal(repr(number))


def _stamp(path: Path) -> str:
    """Path, size and modification time of a file; the path alone if it is missing, which reading will report."""
    try:
        status = path.stat()
    except OSError:
        return str(path)
    return f"{path.resolve()} {status.st_size} {status.st_mtime_ns}"
