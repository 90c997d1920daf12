"""The conditions that a strategy states for its entries, as its process sends them and as they are kept.

Conditions explain and decide nothing. A fault in them is told, and the signals beside them count all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tradebot.core.model.signals import Condition
from tradebot.plugins.errors import PluginError
from tradebot.plugins.frames import boolean_array
from tradebot.plugins.plain_text import plain

#: The entries of ``Signals.conditions``, at most.
MAX_CONDITIONS = 16
#: Characters of the text of a condition that are kept.
MAX_CONDITION_LENGTH = 160
#: Characters of the filled texts of all conditions and symbols, at most.
MAX_CHARACTERS = 2_000_000


@dataclass(frozen=True, slots=True)
class StatedConditions:
    """The conditions of a strategy. Arrays have one row a session and one column a symbol."""

    templates: tuple[str, ...] = ()  # unfilled texts
    met: tuple[NDArray[np.bool_], ...] = ()  # by condition
    texts: tuple[tuple[str, ...], ...] = ()  # filled texts of the last session: by condition, then by column
    fault: str = ""  # why there are none, although the strategy states some

    def last_session(self) -> StatedConditions:
        """The conditions of the last session alone."""
        return StatedConditions(self.templates, tuple(met[-1:] for met in self.met), self.texts, self.fault)

    def of_column(self, column: int) -> tuple[Condition, ...]:
        """The conditions of one symbol in the last session."""
        return tuple(
            Condition(texts[column], bool(met[-1, column])) for texts, met in zip(self.texts, self.met, strict=True)
        )


def read_conditions(stated: object, close: pd.DataFrame, rows: Mapping[str, Sequence[float]]) -> StatedConditions:
    """Read ``Signals.conditions``; ``rows`` are the values of ``columns_used`` in the last session, by column.

    Runs in the strategy process. A fault of any kind gives no conditions and says so.
    """
    try:
        return _read(stated, close, rows)
    except PluginError as error:
        return StatedConditions(fault=str(error))
    except Exception as error:  # noqa: BLE001 - an object of the strategy may raise anything
        return StatedConditions(fault=f"conditions cannot be read ({type(error).__name__})")


def _read(stated: object, close: pd.DataFrame, rows: Mapping[str, Sequence[float]]) -> StatedConditions:
    if not isinstance(stated, Mapping):
        raise PluginError(f"conditions is a {type(stated).__name__}, not a dict of DataFrames")
    if len(stated) > MAX_CONDITIONS:
        raise PluginError(f"conditions has {len(stated)} DataFrames; {MAX_CONDITIONS} are the most")
    templates, met, texts = [], [], []
    for template, frame in stated.items():
        field = f"conditions[{template!r:.{MAX_CONDITION_LENGTH}}]"
        if not isinstance(template, str):
            raise PluginError(f"{field} has a {type(template).__name__} for its text")
        templates.append(template[:MAX_CONDITION_LENGTH])
        met.append(boolean_array(field, frame, close))
        texts.append(tuple(_filled(field, template, rows, len(close.columns))))
    if sum(len(text) for of_condition in texts for text in of_condition) > MAX_CHARACTERS:
        raise PluginError(f"the texts of conditions are longer than {MAX_CHARACTERS:,} characters in all")
    return StatedConditions(tuple(templates), tuple(met), tuple(texts))


def _filled(field: str, template: str, rows: Mapping[str, Sequence[float]], columns: int) -> Iterator[str]:
    try:
        for column in range(columns):
            values = {name: row[column] for name, row in rows.items()}
            yield template.format(**values)[:MAX_CONDITION_LENGTH]
    except (ValueError, LookupError, AttributeError, TypeError) as error:
        known = ", ".join(rows) or "nothing"
        raise PluginError(f"{field} cannot be filled in ({error!r}); columns_used has {known}") from None


def validate_conditions(stated: StatedConditions, shape: tuple[int, int]) -> StatedConditions:
    """The conditions with printable texts; none, and a fault, where their shapes are not those of the signals."""
    fault = plain(stated.fault, 2 * MAX_CONDITION_LENGTH)
    counts = {len(stated.templates), len(stated.met), len(stated.texts)}
    right = all(met.shape == shape and met.dtype == np.bool_ for met in stated.met) and all(
        len(texts) == shape[1] for texts in stated.texts
    )
    if not right or len(counts) != 1 or counts.pop() > MAX_CONDITIONS:
        return StatedConditions(fault=fault or "conditions came in another shape than the signals")
    return StatedConditions(
        templates=tuple(plain(template, MAX_CONDITION_LENGTH) for template in stated.templates),
        met=stated.met,
        texts=tuple(tuple(plain(text, MAX_CONDITION_LENGTH) for text in texts) for texts in stated.texts),
        fault=fault,
    )
