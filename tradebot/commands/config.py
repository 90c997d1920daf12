"""tradebot config show and config check"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradebot.commands import decorator
from tradebot.errors import ExitCode

if TYPE_CHECKING:
    from tradebot.reports.layout import Page
    from tradebot.settings import GlobalOptions, Loaded


@decorator.command("config show", writes="nothing.")
def show(options: GlobalOptions) -> ExitCode:
    """Show every setting, its value and where it comes from, secrets masked."""
    from tradebot.commands import render
    from tradebot.reports.layout import section, table
    from tradebot.settings import load_for

    loaded = load_for(options)
    render.warn(loaded.warnings)
    settings = loaded.masked()
    rows = ((setting.name, setting.value, setting.origin) for setting in settings)
    page = (*_files(loaded), *section("Settings", *table("name | ~value | ~from", rows)))
    return render.show_result(
        options, "config show", page, home=loaded.settings.home, env_file=loaded.env_file, warnings=loaded.warnings,
        settings=settings,
    )  # fmt: skip


@decorator.command("config check", writes="nothing.")
def check(options: GlobalOptions) -> ExitCode:
    """Check every setting; list everything that is wrong, each with how to mend it."""
    from tradebot.commands import render
    from tradebot.reports.layout import Line, Tone
    from tradebot.settings import load_for

    loaded = load_for(options)
    render.warn(loaded.warnings)
    page = (*_files(loaded), Line("the configuration is valid", Tone.GOOD))
    return render.show_result(
        options, "config check", page, home=loaded.settings.home, env_file=loaded.env_file, warnings=loaded.warnings
    )


commands = (show, check)


def _files(loaded: Loaded) -> Page:
    from tradebot.reports.layout import Facts

    return (Facts((("home", str(loaded.settings.home)), ("env file", str(loaded.env_file or "none")))),)
