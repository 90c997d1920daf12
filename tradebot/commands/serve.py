"""tradebot serve"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Annotated

import typer

from tradebot.commands import decorator
from tradebot.core.results.web_access import Scope
from tradebot.errors import ConfigError, ExitCode, Problem, UsageError

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence
    from pathlib import Path

    from tradebot.settings import GlobalOptions, Settings
    from tradebot.web.access.access import Access
    from tradebot.web.site import Site


@decorator.command(
    "serve",
    writes="tokens and sessions, into a file of the home's state folder that only you may read. Serving writes nothing "
    "else: what acts is a command of its own.",
    examples=(
        "tradebot serve",
        "tradebot serve --new-token phone --scope stop",
        "tradebot serve --new-token grafana --scope read --all",
        "tradebot serve --login-link  # for the server that runs",
        "tradebot serve --revoke-token phone",
    ),
)
def command(
    options: GlobalOptions,
    new_token: Annotated[
        str, typer.Option("--new-token", metavar="NAME", help="Make a token and show it, once.", show_default=False)
    ] = "",
    scope: Annotated[
        Scope | None,
        typer.Option("--scope", help="What the token may do: look, stop and halt only, or everything."),
    ] = None,
    home_name: Annotated[
        list[str] | None,
        typer.Option("--home-name", metavar="NAME", help="A home that the token is for; may be repeated."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="The token is for every home, also of later ones.")] = False,
    tokens: Annotated[bool, typer.Option("--tokens", help="List the tokens.")] = False,
    revoke_token: Annotated[
        str,
        typer.Option(
            "--revoke-token", metavar="NAME", help="Take a token back, with its sessions.", show_default=False
        ),
    ] = "",
    sessions: Annotated[bool, typer.Option("--sessions", help="List the browsers that are logged in.")] = False,
    revoke_session: Annotated[
        str, typer.Option("--revoke-session", metavar="SESSION", help="Log a browser out.", show_default=False)
    ] = "",
    login_link: Annotated[
        bool, typer.Option("--login-link", help="Make a link that logs one browser in, within five minutes.")
    ] = False,
) -> ExitCode:
    """Serve the page, the API and the metrics of your homes, until ^C or SIGTERM.

    The server holds no trading state and decides nothing: trading goes on without it. It needs the packages of
    `pip install "tradebot[web]"`. Everything needs a login or a token, on this machine too. In a terminal it shows a
    link that logs a browser in, once. WEB_HOST, WEB_PORT and the settings beside them say where it listens.
    ENABLE_DASHBOARD=false leaves the API and the metrics, for tokens alone.
    """
    chosen = [new_token, tokens, revoke_token, sessions, revoke_session, login_link]
    if sum(map(bool, chosen)) > 1:
        raise UsageError("one at a time: a new token, a list, something to revoke, or a login link.")
    if (scope is None) == bool(new_token):
        raise UsageError("--new-token NAME and --scope read|stop|act belong together.")
    if (home_name or every) and not new_token:
        raise UsageError("--home-name and --all go with --new-token.")
    if not any(chosen):
        return _serve(options)
    settings = _settings(options)
    access = _access(settings)
    if scope is not None:
        return _new_token(options, access, new_token, scope, _folders(options, home_name or [], every=every))
    if revoke_token:
        access.revoke_token(revoke_token)
        return _say(options, settings.home, f"the token {revoke_token} opens nothing any more", revoked=revoke_token)
    if revoke_session:
        access.end_session(revoke_session)
        return _say(options, settings.home, f"the session {revoke_session} is over", revoked=revoke_session)
    if login_link:
        return _show_link(options, settings, access)
    return _list(options, settings.home, access, sessions=sessions)


def _serve(options: GlobalOptions) -> ExitCode:
    from tradebot.web.reach import address, require_packages

    require_packages()
    from tradebot.commands import logging_setup, render
    from tradebot.commands.signal_handlers import ShutdownRequested
    from tradebot.web import server
    from tradebot.web.site import make_site

    settings = _settings(options)
    site = make_site(options, settings)
    sockets = _sockets(site)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        render.warn(["it serves as root. Give it a user of its own: it needs the home's folder and no other right."])
    logging_setup.to_stderr(settings)
    Thread(target=_bring_up_to_date, args=(options,), name="older ledger", daemon=True).start()
    host, port = sockets[0].getsockname()[:2]
    where = address(settings, host, port)
    try:
        server.run(site, sockets, lambda: _announce(options, site, where))
    except ShutdownRequested as request:
        request.add_note("the server has ended; what it started goes on")
        raise
    return ExitCode.OK


def _bring_up_to_date(options: GlobalOptions) -> None:
    """Migrate the home's ledger, if an older version wrote it, as any command does that reads it. No request does."""
    from tradebot.errors import TradebotError
    from tradebot.runtime.open_ledger import open_ledger

    with suppress(TradebotError), open_ledger(options):  # what is wrong with it, the status says
        pass


def _settings(options: GlobalOptions) -> Settings:
    """The settings. Only those of the server have to be valid. Raises ConfigError."""
    from tradebot.commands import render
    from tradebot.runtime.homes import require_home
    from tradebot.settings import inspect
    from tradebot.settings.documentation import web_names

    inspected = inspect(options)
    if not inspected.is_certain(web_names()):
        raise ConfigError(inspected.problems)
    require_home(options, or_listed=True)
    render.warn([*(f"{problem} The jobs end with 3 until then." for problem in inspected.problems)])
    return inspected.loaded.settings


def _access(settings: Settings) -> Access:
    from tradebot.runtime.clocks import SystemClock
    from tradebot.web.access.access import access_of

    return access_of(settings, SystemClock())


def _sockets(site: Site) -> Sequence[socket.socket]:
    """The sockets to serve: those that systemd passes, else one of the settings. Raises ConfigError."""
    from tradebot.settings import process_environment
    from tradebot.web.reach import problems
    from tradebot.web.server import listen, passed_sockets

    settings = site.settings
    passed = passed_sockets(process_environment(), os.getpid())
    hosts = [each.getsockname()[0] for each in passed] or [settings.web_host]
    has_token = bool(site.access.tokens())
    wrong = dict.fromkeys(problem for host in hosts for problem in problems(settings, host, has_token=has_token))
    if wrong:
        raise ConfigError(wrong)
    if passed:
        return passed
    try:
        return [listen(settings.web_host, settings.web_port)]
    except OSError as error:
        what = f"{settings.web_host} port {settings.web_port} cannot be listened at: {error.strerror or error}"
        fix = "End what listens there, which may be another `tradebot serve`, or choose another port."
        raise ConfigError([Problem("WEB_HOST, WEB_PORT", what, fix)]) from error


def _announce(options: GlobalOptions, site: Site, where: str) -> None:
    """Say that it serves. A login link is shown on a terminal alone: the output of a service is kept."""
    from tradebot.reports.streams import emit

    if options.json:
        return
    lines = [f"tradebot serves {where}/ until ^C."]
    if not site.has_page:
        lines.append("ENABLE_DASHBOARD is false: there is no page, and API and metrics take tokens alone.")
    elif sys.stdout is not None and sys.stdout.isatty():
        lines += ["Log in, once and within five minutes:", f"  {_link(where, site.access)}"]
    else:
        lines.append("`tradebot serve --login-link` in a terminal makes a link that logs a browser in.")
    emit("\n".join(lines))


def _link(where: str, access: Access) -> str:
    return f"{where}/login#code={access.new_code()}"


def _show_link(options: GlobalOptions, settings: Settings, access: Access) -> ExitCode:
    from tradebot.web.reach import address

    if not settings.enable_dashboard:
        raise UsageError("ENABLE_DASHBOARD is false: there is no page to log in to.")
    link = _link(address(settings, settings.web_host, settings.web_port), access)
    return _say(options, settings.home, link, link=link)


def _new_token(
    options: GlobalOptions, access: Access, name: str, scope: Scope, folders: tuple[str, ...] | None
) -> ExitCode:
    from tradebot.core.model.texts import visible
    from tradebot.runtime.known_homes import own_home

    if not name.isprintable() or visible(name) != name or len(name) > 60 or name != name.strip():
        raise UsageError("the name of a token has at most 60 printable characters.")
    token = access.new_token(name, scope, folders)
    text = f"{token}\nKeep it now: it is shown this once, and stored nowhere."
    return _say(options, own_home(options), text, token=token)


def _folders(options: GlobalOptions, names: Sequence[str], *, every: bool) -> tuple[str, ...] | None:
    """The folders that a token is for: those of the names, without names the own home; None for every home."""
    from tradebot.runtime.known_homes import listed_homes, own_home
    from tradebot.web.homes import named

    if every:
        if names:
            raise UsageError("--all is every home: it goes without --home-name.")
        return None
    homes = {home.name: home.folder for home in named(listed_homes(options).places)}
    unknown = [name for name in names if name not in homes]
    if unknown:
        raise UsageError(f"no home has the name {', '.join(unknown)}. There are: {', '.join(homes) or 'none'}.")
    return tuple(homes[name] for name in names) or (str(own_home(options)),)


def _list(options: GlobalOptions, home: Path, access: Access, *, sessions: bool) -> ExitCode:
    from tradebot.commands import render
    from tradebot.web.access.pages import sessions_page, tokens_page

    if sessions:
        found = access.sessions()
        return render.show_result(options, "serve", sessions_page(found), home=home, browsers=found)
    made = access.tokens()
    return render.show_result(options, "serve", tokens_page(made), home=home, tokens=made)


def _say(options: GlobalOptions, home: Path, text: str, **fields: str) -> ExitCode:
    from tradebot.commands import render
    from tradebot.reports.streams import emit

    if not options.json:
        emit(text)  # not as a page, which would break a link where the terminal ends
        return ExitCode.OK
    return render.show_result(options, "serve", (), code=ExitCode.OK, header=None, home=home, **fields)
