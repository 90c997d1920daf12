"""What decides the runs of a sweep beside the parameters, as digests: runs of the same inputs may stand in one file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

import numpy as np

import tradebot
from tradebot.runtime.backtest.inputs import Inputs
from tradebot.strategy_api import History


@dataclass(frozen=True, slots=True)
class InputsIdentity:
    """A digest of each part of the inputs."""

    version: str  # of this program
    prices: str
    strategies: str  # their files, and the parameters that the sweep does not change
    setup: str  # limits, cash, costs

    @property
    def digest(self) -> str:
        """Of all of them."""
        return hashlib.blake2b(repr(self).encode(), digest_size=16).hexdigest()

    def differences(self, other: Mapping[str, object]) -> tuple[str, ...]:
        """The parts in which the fields of another differ."""
        names = {"version": "version of tradebot", "prices": "prices", "strategies": "strategies or parameters",
                 "setup": "limits, cash or costs"}  # fmt: skip
        return tuple(names[part] for part, own in asdict(self).items() if other.get(part) != own)


def identity_of(inputs: Inputs) -> InputsIdentity:
    """The identity of inputs. Raises ConfigError for a strategy that cannot be read."""
    setup = replace(inputs.setup, first=None, last=None)
    plugins = [
        (plugin.info.name, plugin.info.fingerprint, plugin.info.symbols, plugin.info.warmup, sorted(plugin.info.params))
        for plugin in inputs.plugins()
    ]
    return InputsIdentity(
        version=tradebot.__version__,
        prices=_prices(inputs),
        strategies=_digest((plugins, inputs.allow_lookahead)),
        setup=_digest((setup.limits, setup.cash.normalize(), setup.rules, setup.close_positions)),
    )


def _prices(inputs: Inputs) -> str:
    digest = hashlib.blake2b(digest_size=16)
    index, columns = inputs.history.close.index, inputs.history.close.columns
    digest.update(repr((list(columns), inputs.actions)).encode())
    digest.update(index.to_numpy(dtype="datetime64[ns]").tobytes())
    for name in History.__dataclass_fields__:
        digest.update(getattr(inputs.history, name).to_numpy(dtype=np.float64).tobytes())
    return digest.hexdigest()


def _digest(facts: object) -> str:
    return hashlib.blake2b(repr(facts).encode(), digest_size=16).hexdigest()
