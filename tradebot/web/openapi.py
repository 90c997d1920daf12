"""The description of the API in OpenAPI 3.1: the routes as they are, and objects by the schemas of ``--json``.

It is made when it is first asked for, and not when the server starts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from tradebot.web.example import example_of
from tradebot.web.problem_json import MEDIA_TYPE

#: The field of an operation that names the object that it gives.
OBJECT = "x-object"
_METHODS = ("get", "post")
_COMPONENTS = "#/components/schemas/"
_PROBLEM = {
    "description": "Why a request is not done (RFC 9457).",
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer", "description": "the HTTP status"},
        "detail": {"type": "string", "description": "what is wrong, and what to do"},
        "exit_code": {"type": "integer", "description": "the exit code that the command would end with"},
    },
    "required": ["type", "title", "status", "detail"],
}
_WHY = {
    401: "No token, or one that is not known.",
    403: "The token has another scope.",
    404: "No such home for this token.",
    422: "An argument makes no sense: exit code 2.",
    503: "The home, its ledger or its settings cannot be read: exit code 3, 5, 6 or 10.",
}
_ABOUT = (
    "The JSON of each object is that of the command with `--json`, and has its schema. Money is a string, so that "
    "nothing rounds it. What the broker alone can tell is read at most every 30 seconds, whoever asks: `known_at` "
    "says when, and `trouble` why there is nothing newer. Every request needs `Authorization: Bearer TOKEN`."
)


def reads(name: str, summary: str) -> dict[str, Any]:
    """The description of a route that gives the object of this name, as arguments of its decorator."""
    return {"summary": summary, "openapi_extra": {OBJECT: name}, "responses": problems(*_WHY)}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The responses of a route that is not done, with these HTTP statuses."""
    content = {MEDIA_TYPE: {"schema": {"$ref": f"{_COMPONENTS}Problem"}}}
    return {status: {"description": _WHY.get(status, "It is not done."), "content": content} for status in statuses}


def document(app: FastAPI) -> dict[str, Any]:
    """The description of an application."""
    made: dict[str, Any] | None = getattr(app.state, "openapi", None)
    if made is None:
        made = app.state.openapi = _document(app)
    return made


def _document(app: FastAPI) -> dict[str, Any]:
    found = get_openapi(
        title="tradebot", version=app.version, openapi_version="3.1.0", description=_ABOUT, routes=app.routes
    )
    schemas = found.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = _PROBLEM
    for path in found["paths"].values():
        for operation in (path[method] for method in _METHODS if method in path):
            name = operation.pop(OBJECT, None)
            if name is not None:
                operation["responses"]["200"]["content"] = {"application/json": _content(name, schemas)}
            for response in operation["responses"].values():
                for media, content in response.get("content", {}).items():
                    if media == MEDIA_TYPE:
                        content["example"] = _problem_example(operation["responses"], response)
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    return found


def _problem_example(responses: Mapping[str, Any], response: Any) -> dict[str, Any]:
    status = next(int(status) for status, each in responses.items() if each is response)
    example = {"type": "about:blank", "title": "", "status": status, "detail": response["description"]}
    return {**example, **({"exit_code": 10} if status == 503 else {"exit_code": 2} if status == 422 else {})}


def _content(name: str, schemas: dict[str, Any]) -> dict[str, Any]:
    """The content of a response: a reference to the schema, which is added to ``schemas``, and an example."""
    from tradebot.runtime.json_shapes import api_schema  # imports every room, tables of prices too

    schema = dict(api_schema(name))
    schema.pop("$schema")
    example = example_of(schema)
    new_names = {each: _name(each, name, schema["$defs"][each], schemas) for each in schema.get("$defs", {})}
    for old, new in new_names.items():
        schemas[new] = _renamed(schema["$defs"][old], new_names)
    schema.pop("$defs", None)
    title = "".join(word.capitalize() for word in name.split("-")) + "Object"
    schemas[title] = _renamed(schema, new_names)
    return {"schema": {"$ref": f"{_COMPONENTS}{title}"}, "example": example}


def _name(definition: str, owner: str, schema: Any, schemas: Mapping[str, Any]) -> str:
    """The name of a definition among all of them: its own, unless another one has it."""
    taken = schemas.get(definition)
    return (
        definition if taken is None or taken.get("description") == schema.get("description") else f"{owner}{definition}"
    )


def _renamed(schema: Any, names: Mapping[str, str]) -> Any:
    """A schema whose references go to the components."""
    text = json.dumps(schema)
    for old, new in names.items():
        text = text.replace(json.dumps(f"#/$defs/{old}"), json.dumps(f"{_COMPONENTS}{new}"))
    return json.loads(text)
