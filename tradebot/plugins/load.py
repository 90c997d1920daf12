"""What is known of a strategy without running a line of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tradebot.errors import ConfigError, Problem
from tradebot.plugins.discovery import FoundStrategy
from tradebot.plugins.fingerprint import fingerprint
from tradebot.plugins.manifest import MANIFEST, Manifest, read_manifest
from tradebot.plugins.strategy_module import MODULE_NAME
from tradebot.ports import StrategyInfo
from tradebot.strategy_api import ParamValue


@dataclass(frozen=True, slots=True)
class Plugin:
    """A strategy with a valid manifest. Its module has not been imported."""

    manifest: Manifest
    info: StrategyInfo
    folder: Path


def read_plugin(
    strategy: FoundStrategy, symbols: Sequence[str] = (), params: Mapping[str, ParamValue] | None = None
) -> Plugin:
    """Read the manifest of a strategy.

    symbols: replace the symbols of the manifest, unless empty.
    params: values by parameter name; others have the manifest's defaults.

    Raises ConfigError with every problem of the manifest and of ``params``.
    """
    if strategy.folder is None:
        fix = f"Its package must hold {MANIFEST} and {MODULE_NAME}.py side by side."
        raise ConfigError([Problem(strategy.name, f"no {MANIFEST} in {strategy.origin}", fix)])
    manifest = read_manifest(strategy.folder, strategy.name)
    values = manifest.params(params or {}, f"parameters of {strategy.name}")
    changed = {each.name: values[each.name] for each in manifest.parameters if values[each.name] != each.default}
    own = fingerprint(strategy.folder, manifest.version, changed)
    info = StrategyInfo(
        name=manifest.name,
        version=manifest.version,
        description=manifest.description,
        symbols=tuple(dict.fromkeys(symbols)) or manifest.symbols,
        warmup=manifest.warmup,
        params=values,
        fingerprint=own.text,
        origin=strategy.origin,
        changed=changed,
        files=own.files,
        earlier_fingerprint=own.earlier,
    )
    return Plugin(manifest, info, strategy.folder)
