"""The options that write the parameters of a run into a parameters.toml, and what they do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tradebot.errors import UsageError

if TYPE_CHECKING:
    from tradebot.core.results.written_parameters import WrittenParameters
    from tradebot.runtime.written_parameters import Parameters, ParameterTarget
    from tradebot.settings import GlobalOptions, Loaded

WriteOption = Annotated[
    Path | None, typer.Option("--write", metavar="FILE", help="Also write the parameters of the run into this "
                              "parameters.toml, and show what changes. What else it says stays.", show_default=False),
]  # fmt: skip
ConfirmOption = Annotated[
    str | None, typer.Option("--confirm", metavar="HOME", help="The name of the home that trades with what --write "
                             "writes: needed where FILE is its own.", show_default=False),
]  # fmt: skip


def asked_target(
    options: GlobalOptions, loaded: Loaded, file: Path | None, home: str | None, *, force: bool
) -> ParameterTarget | None:
    """The file that the options ask to write to; None without --write. Raises UsageError and ConfigError."""
    from tradebot.commands import confirm
    from tradebot.runtime.written_parameters import parameter_target, unconfirmed

    if file is None:
        if home is not None:
            raise UsageError("--confirm belongs to --write: give both.")
        return None
    target = parameter_target(file, loaded, force=force, confirm=home)
    if not target.confirmed and not confirm.can_ask(options):
        raise UsageError(unconfirmed(target))
    return target


def write_run(
    loaded: Loaded, target: ParameterTarget | None, parameters: Parameters, *, whole: bool
) -> WrittenParameters | None:
    """Write the parameters of a run, where that is asked for. The name of a home is asked for if it was not given.

    whole: whether the run came to its end; those of one that was stopped are not written.
    """
    from tradebot.commands import confirm
    from tradebot.reports.pages.written_parameters import parameter_changes_page
    from tradebot.reports.streams import tell
    from tradebot.runtime.written_parameters import parameter_changes, unconfirmed, write_parameters

    if target is None:
        return None
    if not whole:
        tell(f"{target.path} is not written: the run was stopped")
        return None
    changes = parameter_changes(target, parameters, loaded)
    if not target.confirmed:
        confirm.show_on_stderr(parameter_changes_page(changes))
        if not confirm.typed_name(unconfirmed(target), target.home):
            tell(f"{target.path} is not written")
            return None
    return write_parameters(target, changes, loaded)
