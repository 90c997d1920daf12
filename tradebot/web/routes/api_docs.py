"""The documentation of the API: as a page, which needs no script and nothing of another host, and as OpenAPI."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from tradebot.core.results.web_access import Scope
from tradebot.web.access.visitors import Visitor, needs
from tradebot.web.openapi import document
from tradebot.web.site import Site
from tradebot.web.templates import render

_ANY = Annotated[Visitor, Depends(needs(Scope.READ, Scope.STOP))]


def router(site: Site) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api", include_in_schema=False)

    @routes.get("/openapi.json")
    def openapi(request: Request, visitor: _ANY) -> Response:
        return Response(json.dumps(document(request.app)), media_type="application/json")

    @routes.get("/docs")
    def docs(request: Request, visitor: _ANY) -> Response:
        described = document(request.app)
        return render(
            request, "api_docs.html", about=described["info"]["description"], operations=_operations(described)
        )

    return routes


def _operations(described: dict[str, Any]) -> list[dict[str, Any]]:
    """What the page shows of each operation."""
    return [
        {
            "method": method.upper(),
            "path": path,
            "summary": operation.get("summary", ""),
            "about": operation.get("description", ""),
            "parameters": [_parameter(each) for each in operation.get("parameters", [])],
            "body": _body(operation),
            "example": _example(operation),
            "errors": [
                (status, each["description"]) for status, each in operation["responses"].items() if status != "200"
            ],
        }
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]


def _parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": parameter["name"],
        "kind": _kind(parameter.get("schema", {})),
        "about": parameter.get("description", ""),
        "default": parameter.get("schema", {}).get("default", ""),
        "required": parameter.get("required", False),
    }


def _kind(schema: dict[str, Any]) -> str:
    """The type of a parameter in a word or two."""
    if "anyOf" in schema:
        return _kind(next(each for each in schema["anyOf"] if each.get("type") != "null"))
    if "enum" in schema:
        return ", ".join(schema["enum"])
    return str(schema.get("format", schema.get("type", "")))


def _body(operation: dict[str, Any]) -> str:
    """The media types of a request's body; "" without one."""
    return ", ".join(operation.get("requestBody", {}).get("content", {}))


def _example(operation: dict[str, Any]) -> str:
    """The example of what it gives, as JSON; "" without one."""
    for status, response in operation["responses"].items():
        for content in response.get("content", {}).values():
            if status.startswith("2") and "example" in content:
                return json.dumps(content["example"], indent=2)
    return ""
