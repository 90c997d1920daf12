"""From a found folder to a strategy that can be asked: its manifest at once, its code when it is first needed."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import module_from_spec
from pathlib import Path
from types import CodeType, ModuleType

from tradebot.errors import ConfigError, Problem
from tradebot.plugins.discovery import Found
from tradebot.plugins.isolation import PluginBroken
from tradebot.plugins.manifest import MANIFEST, Manifest, read_manifest
from tradebot.ports import StrategyInfo
from tradebot.strategy_api import ParamValue, Strategy

MODULE = "strategy"


@dataclass(frozen=True, slots=True)
class Plugin:
    """A strategy whose manifest is sound. Its module has not been imported yet."""

    manifest: Manifest
    info: StrategyInfo
    folder: Path


def read_plugin(found: Found, symbols: Sequence[str] = (), params: Mapping[str, ParamValue] | None = None) -> Plugin:
    """The strategy as its manifest describes it; ``symbols``, when there are any, instead of the manifest's own.

    Raises ConfigError with everything that is wrong with the manifest or with ``params``.
    """
    if found.folder is None:
        fix = f"Its package must hold {MANIFEST} and {MODULE}.py side by side."
        raise ConfigError([Problem(found.name, f"no {MANIFEST} in {found.origin}", fix)])
    manifest = read_manifest(found.folder, found.name)
    info = StrategyInfo(
        name=manifest.name,
        version=manifest.version,
        description=manifest.description,
        symbols=tuple(dict.fromkeys(symbols)) or manifest.symbols,
        warmup=manifest.warmup,
        params=manifest.params(params or {}, f"parameters of {found.name}"),
        fingerprint=fingerprint(found.folder, manifest.version),
        origin=found.origin,
    )
    return Plugin(manifest, info, found.folder)


def fingerprint(folder: Path, version: str) -> str:
    """The version and the first 12 hex digits of the SHA-256 over every .py file of ``folder`` and its manifest.

    Raises ConfigError when one of them cannot be read.
    """
    digest = hashlib.sha256()
    sources = (path for path in folder.rglob("*.py") if path.is_file())
    try:
        for path in sorted([*sources, folder / MANIFEST]):
            content = path.read_bytes()
            digest.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
            digest.update(content)
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        raise ConfigError([Problem(str(error.filename or folder), what, "Make the file readable.")]) from None
    return f"{version}+{digest.hexdigest()[:12]}"


def load(plugin: Plugin) -> Callable[[], Strategy]:
    """Import the strategy's module afresh and give its class. Runs the strategy's code: call it under guard.

    The module gets a private package of its own, so that it may import its neighbours relatively (``from .rules import
    ...``), and so that no top-level name is taken. Raises PluginBroken when there is no class ``Strategy``, and
    whatever the module raises.
    """
    path = plugin.folder / f"{MODULE}.py"
    if not path.is_file():
        raise PluginBroken(f"{plugin.folder}: there is no {MODULE}.py beside {MANIFEST}")
    module = _import(path, f"_tradebot_strategy_{plugin.info.name}")
    strategy = getattr(module, "Strategy", None)
    if not isinstance(strategy, type) or not callable(getattr(strategy, "signals", None)):
        raise PluginBroken(f"{path}: it defines no class Strategy with a method signals(history, params)")
    return strategy


def _import(path: Path, package: str) -> ModuleType:
    for name in [name for name in sys.modules if name == package or name.startswith(f"{package}.")]:
        del sys.modules[name]
    parent = ModuleType(package)
    parent.__path__ = [str(path.parent)]
    sys.modules[package] = parent
    name = f"{package}.{MODULE}"
    spec = ModuleSpec(name, loader := _FreshLoader(name, str(path)), origin=str(path))
    spec.has_location = True
    module = sys.modules[name] = module_from_spec(spec)
    loader.exec_module(module)
    return module


class _FreshLoader(SourceFileLoader):
    """Always compiles the file that is there: a bytecode cache can be as old as the second it was written in."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)
