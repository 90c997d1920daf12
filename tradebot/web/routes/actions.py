"""The API's actions: ``POST /api/stop_trading``, ``halt``, ``resume`` and ``preflight``, and how each goes on.

Each starts the command of its name, or attaches to the one that does the same already. The answer is the command's own
JSON, a problem with its exit code, or 202 with the addresses where it is followed if it takes longer than ``wait``.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterable
from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qsl, quote

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tradebot.core.results.web_access import Scope
from tradebot.errors import ExitCode, TradebotError, UsageError
from tradebot.reports.json_output import dumps, plain
from tradebot.runtime.command_outcome import ActionOutcome
from tradebot.runtime.command_requests import (
    LONGEST_REASON,
    CommandRequest,
    HaltRequest,
    PreflightRequest,
    ResumeRequest,
    StopRequest,
)
from tradebot.web.access.visitors import Actor, Stopper, Visitor, Watcher
from tradebot.web.actions import RunningAction
from tradebot.web.openapi import OBJECT, problems
from tradebot.web.problem_json import Refused
from tradebot.web.site import Site
from tradebot.web.streams import EventStream

_LOG = logging.getLogger(__name__)
#: Seconds that a request waits for the end of its command, unless it says otherwise, and at most.
WAIT_SECONDS, MOST_SECONDS = 20.0, 60.0
#: Seconds between two looks at a command, of a request and of a stream; and after which a silent stream shows itself.
_STEP, _STREAM_STEP, _SIGN_OF_LIFE = 0.1, 0.25, 15.0
#: What a token may follow that may only stop and halt.
_OF_STOPPERS = frozenset({StopRequest.command, HaltRequest.command})
#: The HTTP status of an exit code that is no success.
_STATUS = {
    ExitCode.USAGE: 422,
    ExitCode.HALTED: 409,
    ExitCode.BLOCKED: 409,
    ExitCode.BREAKS: 409,
    ExitCode.LOCKED: 409,
    ExitCode.INCOMPLETE: 409,
    ExitCode.CONFIG: 503,
    ExitCode.BROKER: 503,
    ExitCode.LEDGER: 503,
    ExitCode.INTERRUPTED: 503,
    ExitCode.TERMINATED: 503,
}

_WHY = "strategy gone wrong"
_NOT_FOUND = (401, 403, 404, 422)
_NOT_DONE = (*_NOT_FOUND, 409, 500, 503)

Wait = Annotated[
    float,
    Query(ge=0, le=MOST_SECONDS, description="Seconds to wait for the end of the command; 202 if it takes longer."),
]
Body = TypeVar("Body", bound=BaseModel)


class _Asked(BaseModel):
    """What a request brings along, as JSON or as a form. A name that is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StopBody(_Asked):
    """What `stop_trading` may be told."""

    close_positions: bool = Field(False, description="Close every position that the bot opened. By default they stay.")
    reason: str = Field("", description=f"Why; kept with the halt, up to {LONGEST_REASON} characters.", examples=[_WHY])


class HaltBody(_Asked):
    """What `halt` has to be told."""

    reason: str = Field(description="Why; kept with the halt.", max_length=LONGEST_REASON, examples=[_WHY])
    reducing: bool = Field(False, description="Call it REDUCING, for a planned pause, instead of HALTED.")
    strategy: str = Field("", description="Only what this strategy enters.", max_length=40)
    symbol: str = Field("", description="Only what is entered into this symbol.", max_length=12)


class ResumeBody(_Asked):
    """What `resume` has to be told."""

    reason: str = Field(
        description="What was found and done; kept in the audit trail.",
        max_length=LONGEST_REASON,
        examples=["a bad price, corrected by the broker"],
    )
    strategy: str = Field("", description="The halts of this strategy, not the account's.", max_length=40)
    symbol: str = Field("", description="The halts of this symbol, not the account's.", max_length=12)


class PreflightBody(_Asked):
    """`preflight` is told nothing."""


class ActionObject(BaseModel):
    """A command that was started, at work or ended."""

    action: str = Field(description="its name in addresses")
    command: str
    home: str
    state: str = Field(description="running, ended, or killed: gone without an exit code")
    began: str
    is_new: bool = Field(description="whether this request started it; else it was at work already")
    replaced: str = Field(description="the stop that was asked to end, as it keeps what this one closes; or blank")
    closes_positions: bool = Field(description="whether it is a stop that closes")
    lines: list[str] = Field(description="what it has told so far")
    exit_code: int | None = Field(description="null while it is at work, and if it was killed")
    told: str = Field(description="how it ended; blank while it is at work")
    outcome: dict[str, Any] | None = Field(description="its JSON object")
    follow: str = Field(description="the address of this object")
    events: str = Field(description="the address of its event stream: `line` for each line, then `end`")


def router(site: Site) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api", tags=["actions"])
    _starts(routes, site)
    _looks(routes, site)
    return routes


def _starts(routes: APIRouter, site: Site) -> None:
    @routes.post(
        "/stop_trading",
        **_starting(StopRequest.command, StopBody, "Stop everything, now; positions stay unless told to close."),
    )
    async def stop_trading(visitor: Stopper, request: Request, wait: Wait = WAIT_SECONDS) -> Response:
        body = await _read(request, StopBody)
        return await _answer(site, visitor, StopRequest(body.reason, body.close_positions), wait)

    @routes.post(
        "/halt", **_starting(HaltRequest.command, HaltBody, "Let nothing more be entered, and cancel nothing.")
    )
    async def halt(visitor: Stopper, request: Request, wait: Wait = WAIT_SECONDS) -> Response:
        body = await _read(request, HaltBody)
        asked = HaltRequest(body.reason, body.reducing, body.strategy, body.symbol)
        return await _answer(site, visitor, asked, wait)

    @routes.post(
        "/resume",
        **_starting(ResumeRequest.command, ResumeBody, "Clear a latched halt, unless a check of the account fails."),
    )
    async def resume(visitor: Actor, request: Request, wait: Wait = WAIT_SECONDS) -> Response:
        body = await _read(request, ResumeBody)
        return await _answer(site, visitor, ResumeRequest(body.reason, body.strategy, body.symbol), wait)

    @routes.post(
        "/preflight",
        **_starting(PreflightRequest.command, PreflightBody, "Check before the open that the session can be traded."),
    )
    async def preflight(visitor: Actor, request: Request, wait: Wait = WAIT_SECONDS) -> Response:
        await _read(request, PreflightBody)
        return await _answer(site, visitor, PreflightRequest(), wait)


def _looks(routes: APIRouter, site: Site) -> None:
    @routes.get("/actions", response_model=list[ActionObject], summary="The commands that were started, newest first.",
                responses=problems(*_NOT_FOUND))  # fmt: skip
    def recent(visitor: Watcher) -> Response:
        found = site.actions.recent(visitor.home.path)
        return _json([_object(site, visitor, action).model_dump() for action in found if _may_follow(visitor, action)])

    @routes.get("/actions/{action}", response_model=ActionObject, summary="How a command goes on, or ended.",
                responses=problems(*_NOT_FOUND))  # fmt: skip
    def one(visitor: Watcher, action: str) -> Response:
        return _json(_object(site, visitor, found_action(site, visitor, action)).model_dump())

    @routes.get("/actions/{action}/events", summary="What a command tells, as it comes (server-sent events).",
                responses={200: {"content": {EventStream.media_type: {}}}, **problems(*_NOT_FOUND)},
                response_class=Response)  # fmt: skip
    async def events(
        visitor: Watcher,
        action: str,
        last_event_id: Annotated[str, Header(description="The number of the last line that came.", max_length=20)] = "",
    ) -> Response:
        found = await asyncio.to_thread(found_action, site, visitor, action)
        after = int(last_event_id) if last_event_id.isdecimal() else 0
        return EventStream(site.streams, _told(found, after), lambda: site.access.still_holds(visitor.grant))


async def _answer(site: Site, visitor: Visitor, request: CommandRequest, wait: float) -> Response:
    """Start or attach, wait, and answer."""
    _LOG.info("`tradebot %s` is asked for in %s", request.command, visitor.home.folder)
    try:
        action = await site.actions.begin(visitor.home.path, request)
    except TradebotError as error:
        status = 422 if isinstance(error, UsageError) else 503
        raise Refused(status, str(error), exit_code=error.exit_code) from error
    outcome = await _wait_for(action, wait, site.streams.closing)
    site.reads.of(visitor.home.path).look_again()  # the account is not as the last look showed it
    shown = await asyncio.to_thread(_object, site, visitor, action)
    if outcome is None:
        return _json(shown.model_dump(), 202, {"Location": shown.follow})
    if not outcome.is_good or outcome.summary is None:
        raise _problem(outcome, shown)
    return _json(outcome.summary, 200, {"Content-Location": shown.follow})


async def _wait_for(action: RunningAction, seconds: float, closing: asyncio.Event) -> ActionOutcome | None:
    """How a command ended, or None: it takes longer, or the server ends."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        outcome = await asyncio.to_thread(action.outcome)
        if outcome is not None or asyncio.get_running_loop().time() >= deadline or closing.is_set():
            return outcome
        await asyncio.sleep(_STEP)


async def _told(action: RunningAction, after: int) -> AsyncIterator[str]:
    """The lines of a command as events, numbered from 1, and its end. ``after``: how many came already."""
    told, silent = after, 0.0
    while True:
        outcome, lines = await asyncio.to_thread(_look, action, told)
        for line in lines:
            told, silent = told + 1, 0.0
            yield f"id: {told}\nevent: line\ndata: {json.dumps({'number': told, 'text': line})}\n\n"
        if outcome is not None:
            end = {"state": action.state, "exit_code": outcome.exit_code, "told": outcome.told}
            yield f"event: end\ndata: {json.dumps(plain(end))}\n\n"
            return
        await asyncio.sleep(_STREAM_STEP)
        silent += _STREAM_STEP
        if silent >= _SIGN_OF_LIFE:
            silent = 0.0
            yield ": at work\n\n"


def _look(action: RunningAction, told: int) -> tuple[ActionOutcome | None, tuple[str, ...]]:
    """How a command ended, if it has, and what is new; in this order, so that no line is missing at the end."""
    outcome = action.outcome()
    return outcome, action.lines(told)


def found_action(site: Site, visitor: Visitor, action_id: str) -> RunningAction:
    """The command of this name that the visitor may follow. Raises Refused."""
    action = site.actions.find(visitor.home.path, action_id)
    if action is None or not _may_follow(visitor, action):
        raise Refused(404, "There is no such command in this home.")
    return action


def _may_follow(visitor: Visitor, action: RunningAction) -> bool:
    return visitor.may(Scope.READ) or action.command in _OF_STOPPERS


def _object(site: Site, visitor: Visitor, action: RunningAction) -> ActionObject:
    outcome = action.outcome()
    home = visitor.home
    query = "" if home.folder == site.homes.own else f"?home={quote(home.name, safe='')}"
    follow = f"/api/actions/{action.action_id}"
    return ActionObject(
        action=action.action_id,
        command=action.command,
        home=home.name,
        state=action.state,
        began=action.began.isoformat(),
        is_new=action.is_new,
        replaced=action.replaced,
        closes_positions=action.closes_positions,
        lines=list(action.lines()),
        exit_code=outcome.exit_code if outcome else None,
        told=outcome.told if outcome else "",
        outcome=dict(outcome.summary) if outcome and outcome.summary else None,
        follow=f"{follow}{query}",
        events=f"{follow}/events{query}",
    )


def _problem(outcome: ActionOutcome, shown: ActionObject) -> Refused:
    status = 500 if outcome.exit_code is None else _STATUS.get(outcome.exit_code, 500)
    more = {"outcome": outcome.summary, "action": shown.action, "follow": shown.follow}
    return Refused(status, outcome.told, exit_code=outcome.exit_code, more=more)


def _json(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(dumps(value), status, headers, "application/json")


async def _read(request: Request, kind: type[Body]) -> Body:
    """What a request brings along: JSON or a form, whatever its content type says, or nothing."""
    text = (await request.body()).decode(errors="replace").strip()
    try:
        is_json = text[:1] in ("{", "[", '"')
        given = json.loads(text, object_pairs_hook=_once) if is_json else _once(parse_qsl(text, keep_blank_values=True))
        if isinstance(given, dict):
            given.pop("csrf", None)
        return kind.model_validate(given)
    except ValidationError as error:
        places = (f"{'.'.join(map(str, each['loc'])) or 'the body'}: {each['msg']}" for each in error.errors())
        raise Refused(422, "; ".join(places), exit_code=ExitCode.USAGE) from error
    except (ValueError, RecursionError) as error:
        what = f"The body is neither JSON nor a form. It may hold: {', '.join(kind.model_fields) or 'nothing'}."
        raise Refused(422, what, exit_code=ExitCode.USAGE) from error


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Names with their values. Raises Refused for a name with two: which one was meant?"""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise Refused(422, f"{name[:40]} is given twice.", exit_code=ExitCode.USAGE)
        found[name] = value
    return found


def _starting(command: str, body: type[BaseModel], summary: str) -> dict[str, Any]:
    """The description of a route that starts a command, as arguments of its decorator."""
    schema = body.model_json_schema()
    content = {"application/json": {"schema": schema}}
    return {
        "summary": summary,
        "responses": {202: {"model": ActionObject, "description": "It takes longer."}, **problems(*_NOT_DONE)},
        "openapi_extra": {
            OBJECT: command,
            "requestBody": {"required": bool(schema.get("required")), "content": content},
        },
    }
