"""Loading a strategy: its manifest first, and its module when signals are first computed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import module_from_spec
from pathlib import Path
from types import CodeType, ModuleType

from tradebot.errors import ConfigError, Problem
from tradebot.plugins.discovery import FoundStrategy
from tradebot.plugins.errors import PluginError
from tradebot.plugins.fingerprint import fingerprint
from tradebot.plugins.manifest import MANIFEST, Manifest, read_manifest
from tradebot.ports import StrategyInfo
from tradebot.strategy_api import ParamValue, Strategy

MODULE_NAME = "strategy"


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


def load_class(name: str, folder: Path) -> Callable[[], Strategy]:
    """Import the module anew and return its class ``Strategy``. Runs the strategy's code, in the strategy process.

    The module is imported into a private package, so that it can import modules of its folder relatively
    (``from .rules import ...``) and occupies no top-level name. Raises PluginError if there is no class ``Strategy``,
    and whatever the module raises.
    """
    path = folder / f"{MODULE_NAME}.py"
    if not path.is_file():
        raise PluginError(f"{folder}: there is no {MODULE_NAME}.py beside {MANIFEST}")
    module = _import(path, f"_tradebot_strategy_{name}")
    strategy = getattr(module, "Strategy", None)
    if not isinstance(strategy, type) or not callable(getattr(strategy, "signals", None)):
        raise PluginError(f"{path}: it defines no class Strategy with a method signals(history, params)")
    return strategy


def _import(path: Path, package: str) -> ModuleType:
    for name in [name for name in sys.modules if name == package or name.startswith(f"{package}.")]:
        del sys.modules[name]
    parent = ModuleType(package)
    parent.__path__ = [str(path.parent)]
    sys.modules[package] = parent
    name = f"{package}.{MODULE_NAME}"
    spec = ModuleSpec(name, loader := _FreshLoader(name, str(path)), origin=str(path))
    spec.has_location = True
    module = sys.modules[name] = module_from_spec(spec)
    loader.exec_module(module)
    return module


class _FreshLoader(SourceFileLoader):
    """Always compiles the source: a bytecode cache misses a change within the second in which it was written."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)
