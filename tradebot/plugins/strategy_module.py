"""Import of a strategy's module, in the strategy process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import module_from_spec
from pathlib import Path
from types import CodeType, ModuleType

from tradebot.plugins.errors import PluginError
from tradebot.strategy_api import Strategy

MODULE_NAME = "strategy"


def load_class(name: str, folder: Path) -> Callable[[], Strategy]:
    """Import the module anew and return its class ``Strategy``. Runs the strategy's code, in the strategy process.

    The module is imported into a private package, so that it can import modules of its folder relatively
    (``from .rules import ...``) and occupies no top-level name. Raises PluginError if there is no class ``Strategy``,
    and whatever the module raises.
    """
    path = folder / f"{MODULE_NAME}.py"
    if not path.is_file():
        raise PluginError(f"{folder}: there is no {MODULE_NAME}.py beside manifest.toml")
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
