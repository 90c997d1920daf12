"""Messages between a command and its strategy process: JSON fields and plain arrays.

Nothing in a message can run code: the strategy process is not trusted.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tradebot.plugins.conditions import StatedConditions
from tradebot.plugins.errors import PluginError
from tradebot.plugins.plain_text import plain
from tradebot.plugins.process.framing import Frame, FrameError, encode_frame
from tradebot.plugins.raw_signals import OPTIONAL_ARRAYS, RawSignals
from tradebot.strategy_api import ExitPolicy, History, ParamValue

LOGGER = logging.getLogger(__name__)

MAX_DECIMAL_DIGITS = 1200  # a float between 0 and 1 has up to 1074 in full, as Decimal(0.1) writes them
MAX_FAILURE_LENGTH = 1000
MAX_DETAILS_LENGTH = 10_000
_DTYPES = {"b": np.dtype(np.bool_), "f": np.dtype(np.float64), "i": np.dtype(np.int64)}

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Request:
    """One computation of a strategy's signals."""

    name: str
    folder: str
    params: Mapping[str, ParamValue]
    reload: bool  # import the module anew
    last_only: bool  # answer for the last session alone
    timeout_seconds: float
    history: History  # of the strategy's symbols alone


def encode(fields: Mapping[str, Any], arrays: Arrays) -> bytes:
    """The bytes of a message."""
    table = [[name, values.dtype.kind, list(values.shape)] for name, values in arrays.items()]
    return encode_frame({"fields": fields, "arrays": table}, [_bytes(values) for values in arrays.values()])


def decode(frame: Frame) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The fields and arrays of a message; the arrays are views of its body, none of another.

    Raises FrameError for a message that breaks the format.
    """
    try:
        table = [(str(name), _DTYPES[kind], tuple(map(int, shape))) for name, kind, shape in frame.header["arrays"]]
        fields = dict(frame.header["fields"])
    except (ValueError, LookupError, TypeError, OverflowError, RecursionError) as error:
        raise FrameError(f"a header of the wrong form ({error!r:.100})") from None
    sizes = [dtype.itemsize * _product(shape) for _, dtype, shape in table]
    if any(size < 0 for _, _, shape in table for size in shape) or sum(sizes) != len(frame.body):
        raise FrameError(f"arrays of {sum(sizes):,} bytes in {len(frame.body):,}")
    arrays, start = {}, 0
    for (name, dtype, shape), size in zip(table, sizes, strict=True):
        kind = np.dtype(np.uint8) if dtype == np.bool_ else dtype
        values = np.frombuffer(frame.body, kind, size // kind.itemsize, start)
        try:
            values = values.reshape(shape)
        except (ValueError, OverflowError) as error:
            raise FrameError(f"a header of the wrong form ({error!r:.100})") from None
        arrays[name] = values != 0 if dtype == np.bool_ else np.require(values, requirements=["ALIGNED"])
        start += size
    return fields, arrays


def _bytes(values: NDArray[Any]) -> memoryview:
    return np.ascontiguousarray(values).reshape(-1).view(np.uint8).data


def _product(shape: tuple[int, ...]) -> int:
    product = 1
    for size in shape:
        product *= size
    return product


def encode_request(request: Request, number: int) -> bytes:
    """The bytes of a request. ``number`` counts the computations of the process."""
    history = request.history
    index, columns = history.close.index, history.close.columns
    sessions = index.to_numpy()
    fields = {
        "number": number,
        "name": request.name,
        "folder": request.folder,
        "params": dict(request.params),
        "reload": request.reload,
        "last_only": request.last_only,
        "timeout_seconds": request.timeout_seconds,
        "symbols": list(columns),
        "unit": np.datetime_data(sessions.dtype)[0],
        "index_name": index.name,
        "columns_name": columns.name,
    }
    frames = {name: getattr(history, name).to_numpy(dtype=np.float64) for name in History.__dataclass_fields__}
    return encode(fields, {"sessions": sessions.view(np.int64), **frames})


def request_from(frame: Frame) -> Request:
    """The request that a message holds. No frame shares data with another."""
    fields, arrays = decode(frame)
    symbols = _columns(tuple(fields["symbols"]), fields["columns_name"])
    sessions = pd.DatetimeIndex(arrays["sessions"].view(f"datetime64[{fields['unit']}]"), name=fields["index_name"])

    def prices(name: str) -> pd.DataFrame:
        # Labels of its own, because a strategy may rename them.
        return pd.DataFrame(arrays[name], index=sessions.view(), columns=symbols.view(), copy=False)

    return Request(
        name=fields["name"],
        folder=fields["folder"],
        params=fields["params"],
        reload=fields["reload"],
        last_only=fields["last_only"],
        timeout_seconds=fields["timeout_seconds"],
        history=History(**{name: prices(name) for name in History.__dataclass_fields__}),
    )


@lru_cache(maxsize=32)
def _columns(symbols: tuple[str, ...], name: str | None) -> pd.Index:
    return pd.Index(symbols, dtype="str", name=name)


def encode_answer(answer: RawSignals) -> bytes:
    """The bytes of an answer."""
    policy = {field.name: _json(getattr(answer.exits, field.name)) for field in dataclass_fields(ExitPolicy)}
    fields = {
        "exits": policy,
        "risk_pct": answer.risk_pct,
        "reason": answer.reason,
        "exit_reason": answer.exit_reason,
        "entry_texts": list(answer.entry_texts.items()),
        "exit_texts": list(answer.exit_texts.items()),
        "indicators": list(answer.indicators),
        "conditions": list(answer.conditions.templates),
        "condition_texts": list(answer.conditions.texts),
        "conditions_fault": answer.conditions.fault,
    }
    arrays = {"entry": answer.entry, "exit": answer.exit}
    optional = {name: getattr(answer, name) for name in OPTIONAL_ARRAYS if getattr(answer, name) is not None}
    indicators = {f"{number}": values for number, values in enumerate(answer.indicators.values())}
    conditions = {f"condition {number}": values for number, values in enumerate(answer.conditions.met)}
    return encode(fields, {**arrays, **optional, **indicators, **conditions})


def encode_failure(message: str, details: str) -> bytes:
    """The bytes of an answer that says why there are no signals. ``details`` go to the log."""
    return encode({"failure": message, "details": details}, {})


def answer_from(frame: Frame) -> RawSignals:
    """The answer that a message holds. Its values are not checked.

    Raises PluginError with the message of a failure, and FrameError for an answer of the wrong form.
    """
    fields, arrays = decode(frame)
    try:
        if "failure" not in fields:
            return _signals_from(fields, arrays)
        failure, details = str(fields["failure"]), str(fields.get("details"))
    except (LookupError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise FrameError(f"an answer of the wrong form ({error!r:.100})") from None
    LOGGER.debug("a strategy failed\n%s", details[:MAX_DETAILS_LENGTH])
    raise PluginError(plain(failure, MAX_FAILURE_LENGTH))


def _signals_from(fields: Mapping[str, Any], arrays: Arrays) -> RawSignals:
    names = [str(name) for name in fields["indicators"]]
    exits = fields["exits"]
    return RawSignals(
        entry=arrays["entry"],
        exit=arrays["exit"],
        **{name: arrays.get(name) for name in OPTIONAL_ARRAYS},
        indicators={name: arrays[f"{number}"] for number, name in enumerate(names)},
        exits=ExitPolicy(
            stop=_decimal(exits["stop"]),
            target=_decimal(exits["target"]),
            trail_trigger=_decimal(exits["trail_trigger"]),
            trail_offset=_decimal(exits["trail_offset"]),
            max_sessions=exits["max_sessions"],
            use_default_target=bool(exits["use_default_target"]),
        ),
        risk_pct=fields["risk_pct"],
        reason=str(fields["reason"]),
        exit_reason=str(fields["exit_reason"]),
        entry_texts={int(column): str(text) for column, text in fields["entry_texts"]},
        exit_texts={int(column): str(text) for column, text in fields["exit_texts"]},
        conditions=_conditions_from(fields, arrays),
    )


def _conditions_from(fields: Mapping[str, Any], arrays: Arrays) -> StatedConditions:
    templates = tuple(str(template) for template in fields["conditions"])
    return StatedConditions(
        templates=templates,
        met=tuple(arrays[f"condition {number}"] for number in range(len(templates))),
        texts=tuple(tuple(str(text) for text in texts) for texts in fields["condition_texts"]),
        fault=str(fields["conditions_fault"]),
    )


def _json(value: object) -> object:
    return str(value) if isinstance(value, Decimal) else value


def _decimal(value: object) -> Decimal | None:
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > MAX_DECIMAL_DIGITS:
        raise ValueError(f"{value!r:.50} is no fraction")
    return Decimal(value)
