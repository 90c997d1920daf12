"""Errors of the API in the form of RFC 9457, with the exit code that a command would end with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import Response

from tradebot.errors import ExitCode

MEDIA_TYPE = "application/problem+json"


class Refused(Exception):
    """A request is not done. It becomes a problem in JSON, or a page for a browser.

    more: further members of the problem.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        exit_code: ExitCode | None = None,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.exit_code = exit_code
        self.headers = dict(headers or {})
        self.more = dict(more or {})


def problem_response(refused: Refused) -> Response:
    """The response for a request that is not done."""
    content: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(refused.status).phrase,
        "status": refused.status,
        "detail": refused.detail,
    }
    if refused.exit_code is not None:
        content["exit_code"] = int(refused.exit_code)
    text = json.dumps({**content, **refused.more}).encode()
    return Response(text, refused.status, headers=refused.headers, media_type=MEDIA_TYPE)
