"""What TAB offers for an option or argument: symbols, strategies, homes and commands.

A shell waits for it with every TAB, so it reads small files only: no strategy is imported, nothing is sent, locked or
written, and whatever cannot be read offers nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from pathlib import Path

    from tradebot.settings import Settings

Candidates = Callable[[typer.Context, str], list[str]]


def symbols(context: typer.Context, incomplete: str) -> list[str]:
    """The symbols of the configured strategies, and those that the ledger has decided about."""
    found = _quietly(lambda: _symbols(_settings(context)))
    return [symbol.lower() for symbol in found] if incomplete.islower() else found


def strategies(context: typer.Context, incomplete: str) -> list[str]:
    """The names of the strategies that there are."""
    from tradebot.plugins.discovery import discover

    return _quietly(lambda: (each.name for each in discover([_settings(context).strategies_path])))


def homes(context: typer.Context, incomplete: str) -> list[str]:
    """The homes that this user has made. A shell offers folders where none fits."""
    from tradebot.home.registry import existing_homes

    return _quietly(lambda: map(str, existing_homes(_settings(context).state_path)))


def topics(context: typer.Context, incomplete: str) -> list[str]:
    """What `tradebot help` tells of: the commands, or those of the group that is typed already."""
    command: Any = context.find_root().command
    typed = context.params.get("topic") or ()
    for word in typed:
        command = getattr(command, "commands", {}).get(word)
    names = list(getattr(command, "commands", ()))
    return names if typed else [*names, "exit-codes"]


#: The candidates of a parameter of a command, by the parameter's name in its function.
BY_NAME: dict[str, Candidates] = {
    "accept": symbols,
    "home": homes,
    "strategy": strategies,
    "symbol": symbols,
    "topic": topics,
}


def _symbols(settings: Settings) -> Iterator[str]:
    from tradebot.ledger.known_symbols import known_symbols
    from tradebot.plugins.discovery import discover
    from tradebot.plugins.manifest import read_manifest

    yield from settings.symbols or ()
    found = {each.name: each.folder for each in discover([settings.strategies_path])}
    for folder, name in ((found[name], name) for name in settings.strategies if found.get(name)):
        yield from _quietly(lambda folder=folder, name=name: read_manifest(folder, name).symbols)  # type: ignore[misc]
    yield from _quietly(lambda: known_symbols(settings.ledger))


def _settings(context: typer.Context) -> Settings:
    """The settings of the home that the command line names so far, invalid ones at their defaults."""
    from tradebot.settings.load import load_valid
    from tradebot.settings.options import GlobalOptions

    return load_valid(GlobalOptions(_typed(context, "home"), _typed(context, "env_file"), False, 0))


def _typed(context: typer.Context, name: str) -> Path | None:
    """The value of a global option, typed after the command or before it."""
    from pathlib import Path

    place: Any = context
    while place is not None:
        if place.params.get(name):
            return Path(place.params[name])
        place = place.parent
    return None


def _quietly(read: Callable[[], Iterable[str]]) -> list[str]:
    """The candidates, sorted, each once; none where they cannot be read: nobody wants an error for a TAB."""
    try:
        return sorted(set(read()))
    except Exception:  # noqa: BLE001 - whatever it is, the shell has no place to show it
        return []
