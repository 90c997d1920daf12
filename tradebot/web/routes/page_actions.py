"""The pages that act: the emergency stop, the resumption, and the story of a command that was started."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Form, Request, Response
from starlette.responses import RedirectResponse

from tradebot.core.model.halts import Halt, HaltScope
from tradebot.core.model.values import ZERO, dollars, plural
from tradebot.core.results.web_access import Scope
from tradebot.errors import TradebotError
from tradebot.runtime.command_requests import ResumeRequest, StopRequest
from tradebot.web.access.visitors import Actor, Stopper, Visitor, Watcher
from tradebot.web.pages.frame import in_home
from tradebot.web.pages.glance import Glance, stopping
from tradebot.web.pages.maker import PageMaker
from tradebot.web.pages.overview import glance_of
from tradebot.web.pages.story import story_of
from tradebot.web.routes.actions import found_action

if TYPE_CHECKING:
    from tradebot.web.actions import RunningAction
    from tradebot.web.site import Site

#: Seconds after which the story is loaded again without a script.
_RELOAD_SECONDS = 2
_Text = Annotated[str, Form(max_length=2000)]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a form brought along."""

    positions: str = ""  # "close" or "keep"
    what: str = ""  # whose halt ends: "account", "strategy:NAME" or "symbol:NAME"
    reason: str = ""
    name: str = ""  # of the account, typed to confirm


def add_routes(routes: APIRouter, site: Site, pages: PageMaker) -> None:
    """Add the routes to those of the other pages."""

    @routes.get("/stop")
    def ask_stop(request: Request, visitor: Stopper) -> Response:
        return _ask_stop(site, pages, request, visitor, Asked())

    @routes.post("/stop")
    async def stop(
        request: Request, visitor: Stopper, positions: _Text = "", reason: _Text = "", name: _Text = ""
    ) -> Response:
        asked = Asked(positions, "", reason, name)
        problems = _stop_problems(visitor, asked)
        if not problems:
            try:
                action = await site.actions.begin(
                    visitor.home.path, StopRequest(reason, close_positions=positions == "close")
                )
            except TradebotError as error:
                problems = (str(error),)
            else:
                return RedirectResponse(_address(visitor, action), 303)
        return await asyncio.to_thread(_ask_stop, site, pages, request, visitor, asked, problems)

    @routes.get("/resume")
    def ask_resume(request: Request, visitor: Actor) -> Response:
        return _ask_resume(pages, request, visitor, Asked())

    @routes.post("/resume")
    async def resume(
        request: Request, visitor: Actor, what: _Text = "", reason: _Text = "", sure: _Text = ""
    ) -> Response:
        asked = Asked("", what, reason)
        problems = _resume_problems(asked, sure)
        if not problems:
            kind, _, named = what.partition(":")
            halted = {"strategy": named} if kind == "strategy" else {"symbol": named} if kind == "symbol" else {}
            try:
                action = await site.actions.begin(visitor.home.path, ResumeRequest(reason, **halted))
            except TradebotError as error:
                problems = (str(error),)
            else:
                return RedirectResponse(_address(visitor, action), 303)
        return await asyncio.to_thread(_ask_resume, pages, request, visitor, asked, problems)

    @routes.get("/actions/{action_id}")
    def story(request: Request, visitor: Watcher, action_id: str) -> Response:
        return _story(pages, request, visitor, found_action(site, visitor, action_id))


def _address(visitor: Visitor, action: RunningAction) -> str:
    return in_home(f"/actions/{action.action_id}", PageMaker.bare_name(visitor))


def _stop_problems(visitor: Visitor, asked: Asked) -> tuple[str, ...]:
    problems = []
    if asked.positions not in ("close", "keep"):
        problems.append("Choose whether the positions are closed or kept.")
    if asked.name.strip().casefold() != visitor.home.name.casefold():
        problems.append(f"Type {visitor.home.name}, the name of the account, to confirm.")
    return tuple(problems)


def _resume_problems(asked: Asked, sure: str) -> tuple[str, ...]:
    problems = []
    if not asked.what:
        problems.append("Choose which halt ends.")
    if not asked.reason.strip():
        problems.append("Say what was found and done: it is kept.")
    if not sure:
        problems.append("Confirm that you have looked at the account.")
    return tuple(problems)


def _ask_stop(
    site: Site,
    pages: PageMaker,
    request: Request,
    visitor: Visitor,
    asked: Asked,
    problems: tuple[str, ...] = (),
) -> Response:
    frame = pages.frame(request, visitor, "stop", "Emergency stop")
    at_work = site.actions.current(visitor.home.path)
    following = at_work is not None and at_work.command == "emergency-stop"
    return pages.html(
        visitor,
        "stop.html",
        frame,
        422 if problems else 200,
        asked=asked,
        problems=problems,
        at_stake=_at_stake(pages, visitor),
        at_work=in_home(f"/actions/{at_work.action_id}", frame.account) if at_work and following else "",
    )


def _at_stake(pages: PageMaker, visitor: Visitor) -> str:
    """What a stop is about, for whoever may see figures."""
    if not visitor.may(Scope.READ):
        return ""
    read = pages.status(visitor.home)
    status = read.value if read else None
    if read is None or status is None or not glance_of(read).is_readable:
        return "What the account holds is not known here. The stop asks the broker itself."
    worth = sum((abs(line.market_value) for line in status.positions), ZERO)
    return f"It holds {plural(len(status.positions), 'position')} worth {dollars(worth)}, by the newest look."


def _ask_resume(
    pages: PageMaker, request: Request, visitor: Visitor, asked: Asked, problems: tuple[str, ...] = ()
) -> Response:
    read = pages.reads(visitor.home).status()
    pages.learn(visitor.home, read.context)
    frame = pages.frame(request, visitor, "resume", "Resume")
    halts = read.value.halts if read.value is not None else ()
    choices = tuple(dict.fromkeys(_choice(halt) for halt in halts if halt.may_be_resumed))
    return pages.html(
        visitor,
        "resume.html",
        frame,
        422 if problems else 200,
        asked=asked,
        problems=problems,
        glance=glance_of(read),
        choices=choices,
    )


def _choice(halt: Halt) -> tuple[str, str]:
    if halt.scope is HaltScope.ACCOUNT:
        return "account", "The account"
    return f"{halt.scope}:{halt.scope_name}", f"{halt.scope.capitalize()} {halt.scope_name}"


def _story(pages: PageMaker, request: Request, visitor: Visitor, action: RunningAction) -> Response:
    may_look = visitor.may(Scope.READ)
    if not action.is_running:
        pages.look_again(visitor.home, action.action_id)
    state: Glance | None = None
    may_resume = False
    is_stop = action.command == "emergency-stop"
    if is_stop and action.is_running:
        state = stopping()
    elif may_look and not action.is_running:
        state = glance_of(pages.reads(visitor.home).status())
        may_resume = state.may_resume and visitor.may(Scope.ACT)
    frame = pages.frame(request, visitor, "stop" if is_stop else "", action.command)
    stream = in_home(f"/api/actions/{action.action_id}/events", frame.account)
    story = story_of(action, visitor.home.name, stream)
    links = [("Status", f"/{frame.account.query}")] if may_look else []
    if story.ended and may_resume:
        links.append(("Resume…", in_home("/resume", frame.account)))
    if story.ended and is_stop:
        links.append(("Stop again…", in_home("/stop", frame.account)))
    if not story.ended:
        frame = frame.reloading(_RELOAD_SECONDS)
    return pages.html(visitor, "story.html", frame, story=story, glance=state, links=links)
