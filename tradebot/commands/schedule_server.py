"""schedule print, install, remove and verify with --serve: the service of the server."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tradebot.errors import ExitCode

if TYPE_CHECKING:
    from tradebot.reports.layout import Page
    from tradebot.schedulers import SchedulerFile, SchedulerKind, ServerSetup
    from tradebot.settings import GlobalOptions

#: What keeps a server up on each platform; systemd on all others.
_KEEPERS = {"darwin": "launchd", "win32": "windows"}


@dataclass(frozen=True, slots=True)
class _Service:
    """The service of a home, and its files."""

    kind: SchedulerKind
    server: ServerSetup
    files: tuple[SchedulerFile, ...]

    @property
    def home(self) -> Path:
        """The home that it is for."""
        return self.server.setup.home


def show(options: GlobalOptions, scheduler: str | None) -> ExitCode:
    """Print the service."""
    from tradebot.commands import render
    from tradebot.reports.streams import emit

    service = _service(options, scheduler)
    _warn(service)
    if options.json:
        host = _host_zone()
        return render.show_result(
            options, "schedule print", (), scheduler=service.kind, host_zone=host, files=service.files
        )
    emit("\n".join(f"# --- {file.name}\n{file.text}" for file in service.files))
    return ExitCode.OK


def install(options: GlobalOptions, scheduler: str | None, folder: Path | None, *, force: bool, yes: bool) -> ExitCode:
    """Install the service, in place of the one that was installed for this home before."""
    from tradebot import schedulers
    from tradebot.commands import confirm, render
    from tradebot.errors import ConfigError
    from tradebot.home.output_files import output_path
    from tradebot.reports.layout import lines
    from tradebot.runtime import scheduler_setup
    from tradebot.runtime.homes import configuration

    service = _service(options, scheduler)
    for path in [folder / file.name for file in service.files] if folder else ():
        output_path(path, "--dir", configuration(options), schedulers.ENTRY_FILE, force=force)
    if places := scheduler_setup.temporary_places(service.server.setup, service.kind):
        raise ConfigError(places)
    if folder is not None:
        done = [f"written: {path}" for path in schedulers.write_files(service.files, folder)]
    else:
        if not yes:
            confirm.confirm(options, f"Install the service of `tradebot serve` in {service.home} for {service.kind}?")
        done = list(schedulers.install_server(service.kind, service.server, service.files))
    page = (*_header(service), *lines(done))
    return render.show_result(
        options, "schedule install", page, home=service.home, scheduler=service.kind, host_zone=_host_zone(), done=done
    )


def remove(options: GlobalOptions, scheduler: str | None, folder: Path | None, *, yes: bool) -> ExitCode:
    """Remove the service, which ends the server."""
    from tradebot import schedulers
    from tradebot.commands import confirm, render
    from tradebot.reports.layout import lines

    service = _service(options, scheduler)
    if folder is not None:
        count = len(schedulers.remove_files(service.files, service.server.setup, folder))
    else:
        if not yes:
            confirm.confirm(options, f"Remove the service of `tradebot serve` in {service.home} from {service.kind}?")
        count = schedulers.remove_server(service.kind, service.server)
    done = ["the service is removed"] if count else ["there was no service that `schedule install --serve` made"]
    page = (*_header(service), *lines(done))
    return render.show_result(
        options, "schedule remove", page, home=service.home, scheduler=service.kind, removed=count
    )


def verify(options: GlobalOptions, scheduler: str | None, folder: Path | None) -> ExitCode:
    """Compare the installed service with what should be."""
    from tradebot import schedulers
    from tradebot.commands import render
    from tradebot.reports.layout import Line, Tone, lines
    from tradebot.runtime import scheduler_setup

    service = _service(options, scheduler)
    places = scheduler_setup.temporary_places(service.server.setup, service.kind)
    differences = [f"{problem.what}. {problem.fix}" for problem in places]
    if folder is not None:
        differences += schedulers.different_files(service.files, folder)
    else:
        differences += schedulers.server_problems(service.kind, service.server, service.files)
    good = Line("the service is installed as it should be, and runs", Tone.GOOD)
    page = (*_header(service), *(lines(differences, Tone.BAD) or (good,)))
    code = ExitCode.DEGRADED if differences else ExitCode.OK
    return render.show_result(
        options, "schedule verify", page, code=code, home=service.home, scheduler=service.kind,
        host_zone=_host_zone(), differences=differences,
    )  # fmt: skip


def _service(options: GlobalOptions, scheduler: str | None) -> _Service:
    from tradebot import schedulers
    from tradebot.runtime import scheduler_setup

    kind = schedulers.SchedulerKind(scheduler or _KEEPERS.get(sys.platform, "systemd"))
    server = scheduler_setup.server_setup_for(options, kind)
    return _Service(kind, server, schedulers.server_files(kind, server))


def _warn(service: _Service) -> None:
    from tradebot.commands import render
    from tradebot.runtime import scheduler_setup

    render.warn(map(str, scheduler_setup.temporary_places(service.server.setup, service.kind)))


def _host_zone() -> str:
    from tradebot.runtime import scheduler_setup

    return scheduler_setup.host_zone(None).name


def _header(service: _Service) -> Page:
    from tradebot.reports.layout import Facts

    server = service.server
    facts = (("home", str(server.setup.home)), ("kept up by", str(service.kind)), ("address", server.address))
    return (Facts(facts),)
