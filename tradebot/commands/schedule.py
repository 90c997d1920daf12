"""tradebot schedule print, install, remove and verify"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tradebot.commands import decorator, schedule_server
from tradebot.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tradebot.reports.layout import Page
    from tradebot.schedulers import HostZone, ScheduleEntry, SchedulerFile, SchedulerKind, Setup
    from tradebot.settings import GlobalOptions

#: The scheduler of each platform; cron on all others.
_SYSTEM_SCHEDULERS = {"darwin": "launchd", "win32": "windows"}

ForOption = Annotated[
    Literal["cron", "systemd", "launchd", "windows", "kubernetes"] | None,
    typer.Option("--for", help="The scheduler (default: this system's own).", show_default=False),
]
ZoneOption = Annotated[
    str | None,
    typer.Option("--zone", metavar="ZONE", help="The host's time zone (default: this host's).", show_default=False),
]
FolderOption = Annotated[
    Path | None,
    typer.Option("--dir", metavar="DIR", help="Use files in DIR instead of the scheduler.", show_default=False),
]
ServeOption = Annotated[
    bool, typer.Option("--serve", help="The service that keeps `tradebot serve` up, instead of the jobs' entries.")
]
ImageOption = Annotated[str, typer.Option("--image", help="The container image, for Kubernetes.")]


@decorator.command(
    "schedule print",
    writes="nothing.",
    examples=(
        "tradebot schedule print",
        "tradebot schedule print --for kubernetes --image registry.example/tradebot:1",
        "tradebot schedule print --serve --for systemd",
    ),
)
def show(
    options: GlobalOptions,
    scheduler: ForOption = None,
    zone: ZoneOption = None,
    image: ImageOption = "tradebot:latest",
    serve: ServeOption = False,
) -> ExitCode:
    """Print the entries that start every job of the schedule.

    For cron, launchd and Windows in the host's time, both New York offsets included; for systemd and Kubernetes in New
    York's own. The jobs decide by the exchange's calendar which of these starts are real. With --serve the files of a
    service instead: a socket and a unit for systemd, an agent for launchd, a task for Windows.
    """
    if serve:
        return schedule_server.show(options, scheduler)
    from tradebot.commands import render
    from tradebot.reports.streams import emit
    from tradebot.runtime import scheduler_setup

    kind, setup, host, files = _entries(options, scheduler, zone, image)
    render.warn(map(str, scheduler_setup.temporary_places(setup, kind)))
    if options.json:
        return render.show_result(options, "schedule print", (), scheduler=kind, host_zone=host.name, files=files)
    emit("\n".join(_texts(files)))
    return ExitCode.OK


@decorator.command(
    "schedule install",
    writes="the crontab, user units, agents, tasks or CronJobs of this user, by the scheduler's own tool; with --dir "
    "only files.",
    examples=("tradebot schedule install --home ~/tradebot",),
)
def install(
    options: GlobalOptions,
    scheduler: ForOption = None,
    zone: ZoneOption = None,
    folder: FolderOption = None,
    image: ImageOption = "tradebot:latest",
    force: decorator.ForceOption = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    serve: ServeOption = False,
) -> ExitCode:
    """Install the entries, in place of the ones that were installed for this home before.

    It refuses what would name anything temporary: a cache, a build folder, a folder for temporary files. With --serve
    it installs the service of the server, and starts it.
    """
    if serve:
        return schedule_server.install(options, scheduler, folder, force=force, yes=yes)
    from tradebot import schedulers
    from tradebot.commands import confirm, render
    from tradebot.errors import ConfigError
    from tradebot.home.output_files import output_path
    from tradebot.reports.layout import lines
    from tradebot.runtime import scheduler_setup
    from tradebot.runtime.homes import configuration

    kind, setup, host, files = _entries(options, scheduler, zone, image)
    for path in [folder / file.name for file in files] if folder else ():
        output_path(path, "--dir", configuration(options), schedulers.ENTRY_FILE, force=force)
    if places := scheduler_setup.temporary_places(setup, kind):
        raise ConfigError(places)
    if folder is not None:
        done = [f"written: {path}" for path in schedulers.write_files(files, folder)]
    else:
        if not yes:
            confirm.confirm(options, f"Install the schedule of {setup.home} for {kind}, host time {host.name}?")
        done = list(schedulers.install(kind, setup, files))
    page = (*_header(setup, kind, host), *lines(done))
    return render.show_result(
        options, "schedule install", page, home=setup.home, scheduler=kind, host_zone=host.name, done=done
    )


@decorator.command(
    "schedule remove",
    writes="the crontab, user units, agents, tasks or CronJobs of this user, by the scheduler's own tool; with --dir "
    "it removes files.",
    examples=("tradebot schedule remove --home ~/tradebot",),
)
def remove(
    options: GlobalOptions,
    scheduler: ForOption = None,
    folder: FolderOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    serve: ServeOption = False,
) -> ExitCode:
    """Remove the entries that `schedule install` made for this home.

    All others stay, those of other homes and lines that you wrote among them. Where there is none it does nothing.
    With --serve it ends the server and removes its service.
    """
    if serve:
        return schedule_server.remove(options, scheduler, folder, yes=yes)
    from tradebot import schedulers
    from tradebot.commands import confirm, render
    from tradebot.core.model.values import plural
    from tradebot.reports.layout import lines

    kind, setup, host, files = _entries(options, scheduler, None, "")
    if folder is not None:
        removed = schedulers.remove_files(files, setup, folder)
        done = [f"removed: {path}" for path in removed]
        count = len(removed)
    else:
        if not yes:
            confirm.confirm(options, f"Remove the schedule of {setup.home} from {kind}?")
        count = schedulers.remove(kind, setup)
        done = [f"removed: {plural(count, 'start')} of jobs"] if count else []
    page = (*_header(setup, kind, host), *lines(done or ["there was no entry that `schedule install` made"]))
    return render.show_result(options, "schedule remove", page, home=setup.home, scheduler=kind, removed=count)


@decorator.command(
    "schedule verify",
    writes="nothing.",
    examples=("tradebot schedule verify --home ~/tradebot",),
    ends_with=(ExitCode.DEGRADED,),
)
def verify(
    options: GlobalOptions,
    scheduler: ForOption = None,
    zone: ZoneOption = None,
    folder: FolderOption = None,
    image: ImageOption = "tradebot:latest",
    serve: ServeOption = False,
) -> ExitCode:
    """Compare what is installed with what should be.

    Walks through the sessions of the next year, half days and both changes of the clocks included, and says which jobs
    would not be started in time, whoever wrote the entries. It ends with 11 when any would not. With --serve it
    compares the service of the server, and says whether it runs.
    """
    if serve:
        return schedule_server.verify(options, scheduler, folder)
    from tradebot import schedulers
    from tradebot.commands import render
    from tradebot.reports.layout import Line, Tone, lines
    from tradebot.runtime import scheduler_setup
    from tradebot.runtime.homes import configuration

    kind, setup, host, files = _entries(options, scheduler, zone, image)
    differences = [f"{problem.what}. {problem.fix}" for problem in scheduler_setup.temporary_places(setup, kind)]
    entries: Sequence[ScheduleEntry] | None
    if folder is not None:
        differences += schedulers.different_files(files, folder)
        entries = None if differences else schedulers.read_folder(kind, setup, folder)
    else:
        installed = schedulers.read_installed(kind, setup)
        differences += installed.problems
        entries = installed.entries
    if entries is not None:
        rules = configuration(options).settings.schedule_rules()
        differences += schedulers.differences(entries, setup, host, scheduler_setup.sessions_ahead(), rules)
    good = Line("every job is started in time in every session of the next year", Tone.GOOD)
    page = (*_header(setup, kind, host), *(lines(differences, Tone.BAD) or (good,)))
    code = ExitCode.DEGRADED if differences else ExitCode.OK
    return render.show_result(
        options, "schedule verify", page, code=code, home=setup.home, scheduler=kind, host_zone=host.name,
        differences=differences,
    )  # fmt: skip


def install_for(options: GlobalOptions) -> tuple[str, ...]:
    """Install the entries of a home for this system's own scheduler, and return what was done. Raises ConfigError."""
    from tradebot import schedulers
    from tradebot.errors import ConfigError
    from tradebot.runtime import scheduler_setup

    kind, setup, _, files = _entries(options, None, None, "")
    if places := scheduler_setup.temporary_places(setup, kind):
        raise ConfigError(places)
    return tuple(schedulers.install(kind, setup, files))


commands = (show, install, remove, verify)


def _entries(
    options: GlobalOptions, scheduler: str | None, zone: str | None, image: str
) -> tuple[SchedulerKind, Setup, HostZone, tuple[SchedulerFile, ...]]:
    """The scheduler, what its entries are made from, and their files."""
    from tradebot import schedulers
    from tradebot.runtime import scheduler_setup

    kind = schedulers.SchedulerKind(scheduler or _SYSTEM_SCHEDULERS.get(sys.platform, "cron"))
    setup = scheduler_setup.setup_for(options, kind, image)
    host = scheduler_setup.host_zone(zone)
    return kind, setup, host, schedulers.build_files(kind, setup, host, scheduler_setup.today())


def _texts(files: Sequence[SchedulerFile]) -> list[str]:
    """The texts of the files; each has its name above it if there are several."""
    if len(files) == 1:
        return [files[0].text.rstrip("\n")]
    return [f"# --- {file.name}\n{file.text}" for file in files]


def _header(setup: Setup, kind: SchedulerKind, host: HostZone) -> Page:
    from tradebot.reports.layout import Facts

    return (Facts((("home", str(setup.home)), ("scheduler", str(kind)), ("host time", host.name))),)
