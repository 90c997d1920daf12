"""tradebot config show and config check"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradebot.commands import decorator
from tradebot.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from tradebot.reports.layout import Page
    from tradebot.settings import GlobalOptions, Loaded


@decorator.command("config show", writes="nothing.", examples=("tradebot config show --home ~/tradebot",))
def show(options: GlobalOptions) -> ExitCode:
    """Show every setting, its value and where it comes from, secrets masked.

    What is not valid is shown beside what is; the command then ends with 3.
    """
    from tradebot.commands import logging_setup, render
    from tradebot.reports.layout import Cell, Line, Tone, section, table
    from tradebot.reports.streams import tell
    from tradebot.runtime.configuration_checks import inspect_all
    from tradebot.runtime.strategies import shown_parameters

    inspected = inspect_all(options)
    loaded, settings, parameters = inspected.loaded, inspected.masked(), shown_parameters(inspected.loaded.settings)
    problems = inspected.problems
    render.warn(loaded.warnings)
    rows = (
        (setting.name,
         Cell(f"{setting.value} NOT VALID: {setting.problem}".strip(), Tone.BAD) if setting.problem else setting.value,
         setting.origin)
        for setting in settings
    )  # fmt: skip
    page = (
        *_files(loaded),
        *map(Line, loaded.notes),
        *section("Settings", *table("name | ~value | ~from", rows)),
        *section("Parameters", *table("~name | ~value | ~from", ((p.name, p.value, p.origin) for p in parameters))),
    )
    code = render.show_result(
        options, "config show", page, code=ExitCode.CONFIG if problems else ExitCode.OK, home=loaded.settings.home,
        env_file=loaded.env_file, warnings=loaded.warnings, notes=loaded.notes, problems=problems, settings=settings,
        parameters=parameters,
    )  # fmt: skip
    for problem in problems:
        tell(logging_setup.redact(f"tradebot config show: {problem}"))
    return code


@decorator.command("config check", writes="nothing.", examples=("tradebot config check --home ~/tradebot",))
def check(options: GlobalOptions) -> ExitCode:
    """Check everything that `run-daily` would refuse with 3; list all that is wrong, each with how to mend it.

    Beside the settings, these are the strategies with their manifests and parameters, the prices and the folders.
    """
    from tradebot.commands import render
    from tradebot.reports.layout import Line, Tone
    from tradebot.runtime.configuration_checks import inspect_all

    inspected = inspect_all(options)
    loaded = inspected.loaded
    render.warn(loaded.warnings)
    if inspected.problems:
        raise ConfigError(inspected.problems)
    page = (*_files(loaded), *map(Line, loaded.notes), Line("the configuration is valid", Tone.GOOD))
    return render.show_result(
        options, "config check", page, home=loaded.settings.home, env_file=loaded.env_file, warnings=loaded.warnings,
        notes=loaded.notes,
    )  # fmt: skip


commands = (show, check)


def _files(loaded: Loaded) -> Page:
    from tradebot.reports.layout import Facts

    return (Facts((("home", str(loaded.settings.home)), ("env file", str(loaded.env_file or "none")))),)
