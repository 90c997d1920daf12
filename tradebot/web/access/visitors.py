"""Who asks: a dependency of every route. ``needs`` checks the scope, the home, and the token of a form.

A route takes one of ``Reader``, ``Stopper``, ``Watcher`` and ``Actor`` as an argument.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query, Request, Security
from fastapi.security import HTTPBearer

from tradebot.core.results.web_access import Scope
from tradebot.web.access.access import Grant
from tradebot.web.homes import Homes, ServedHome
from tradebot.web.problem_json import Refused

#: The field of a form, and the header of a script, that brings the session's token along.
CSRF_FIELD, CSRF_HEADER = "csrf", "X-CSRF-Token"
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_SAFE_METHODS = frozenset({"GET", "HEAD"})

_bearer = HTTPBearer(auto_error=False, description="A token of `tradebot serve --new-token`.")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever asks, what they may do, and the home that they ask about."""

    grant: Grant
    home: ServedHome
    homes: tuple[ServedHome, ...]  # all that they may see

    @property
    def csrf(self) -> str:
        """What a form has to bring along in ``CSRF_FIELD``; "" for a token, which needs none."""
        return self.grant.csrf

    def may(self, scope: Scope) -> bool:
        """Whether they may do this."""
        return self.grant.scope.covers(scope)


def needs(*scopes: Scope) -> Callable[..., Awaitable[Visitor]]:
    """A dependency that gives the visitor. Any of ``scopes`` will do. It raises Refused for anybody else."""

    async def visitor(
        request: Request,
        home: Annotated[
            str, Query(description="The name of the home; blank for the server's own.", max_length=200)
        ] = "",
        _: Annotated[object, Security(_bearer)] = None,
    ) -> Visitor:
        grant: Grant | None = request.state.grant
        if grant is None:
            raise Refused(401, "This needs a token or a login.")
        if not any(grant.scope.covers(scope) for scope in scopes):
            needed = " or ".join(scopes)
            raise Refused(403, f"This needs the scope {needed} and the {_kind(grant)} has {grant.scope}.")
        if request.method not in _SAFE_METHODS:
            await _check_form(request, grant)
        homes: Homes = request.app.state.site.homes
        opened = tuple(each for each in homes.all() if grant.opens(each.folder))
        found = _find(homes, home, opened)
        if found is None:
            names = ", ".join(each.name for each in opened) or "none"
            raise Refused(404, f"There is no such home for this {_kind(grant)}. Homes: {names}.")
        return Visitor(grant, found, opened)

    visitor.scopes = scopes  # type: ignore[attr-defined]  # for the test that every route has one
    return visitor


Reader = Annotated[Visitor, Depends(needs(Scope.READ))]
Stopper = Annotated[Visitor, Depends(needs(Scope.STOP))]
Watcher = Annotated[Visitor, Depends(needs(Scope.READ, Scope.STOP))]  # of a stop that runs
Actor = Annotated[Visitor, Depends(needs(Scope.ACT))]


def _find(homes: Homes, name: str, opened: tuple[ServedHome, ...]) -> ServedHome | None:
    """The home of a name; without a name the server's own, else the only one that is open."""
    if name:
        return next((each for each in opened if each.name == name), None)
    own = next((each for each in opened if each.folder == homes.own), None)
    return own or (opened[0] if len(opened) == 1 else None)


async def _check_form(request: Request, grant: Grant) -> None:
    """Raise Refused for a request of a session without the session's own token. A token's requests need none."""
    if not grant.csrf:
        return
    given = request.headers.get(CSRF_HEADER, "")
    if not given and request.headers.get("content-type", "").partition(";")[0].strip().lower() in _FORMS:
        field = (await request.form()).get(CSRF_FIELD)
        given = field if isinstance(field, str) else ""
    if not hmac.compare_digest(given.encode(errors="replace"), grant.csrf.encode()):
        raise Refused(403, "The form is not of this session, or is too old. Load the page again.")


def _kind(grant: Grant) -> str:
    return "session" if grant.session_id else "token"
