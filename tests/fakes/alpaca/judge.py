"""The official specification as the judge of every request that comes in and every answer that leaves."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.validators import extend

from tests.fakes.alpaca import deviations
from tests.fakes.wire.messages import Answer, Arrival

_FOLDER = Path(__file__).parent / "specs"
_KEYS = ("APCA-API-KEY-ID", "APCA-API-SECRET-KEY")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DECIMAL = re.compile(r"-?\d+(\.\d+)?")


class SpecificationBroken(AssertionError):
    """Requests or answers that the specification does not allow."""


class Judge:
    """Counts what it has looked at, and keeps what it objects to.

    Answers that a fault has spoilt on purpose are not shown to it.
    """

    def __init__(self) -> None:
        self.requests = 0
        self.answers = 0
        self.violations: list[str] = []
        self._operations = operations()
        self._told = (0, 0)

    def request(self, arrival: Arrival) -> None:
        self.requests += 1
        operation = self._operations.find(arrival)
        objections = ["no such operation"] if operation is None else operation.objections_to(arrival)
        self.violations += [f"request {arrival}: {objection}" for objection in objections]

    def answer(self, arrival: Arrival, answer: Answer) -> None:
        operation = self._operations.find(arrival)
        if operation is not None:
            self.answers += 1
            self.violations += [f"answer to {arrival}: {each}" for each in operation.objections_to_answer(answer)]

    def counted(self) -> tuple[int, int]:
        """How many requests and answers it has looked at since this was asked last."""
        before, self._told = self._told, (self.requests, self.answers)
        return self.requests - before[0], self.answers - before[1]

    def forgive(self) -> list[str]:
        """The objections so far, which are none any more: a test has made them come up on purpose."""
        forgiven, self.violations = self.violations, []
        return forgiven

    def sentence(self) -> None:
        """Raise SpecificationBroken if there was anything to object to."""
        if self.violations:
            told = "\n".join(self.violations[:20])
            raise SpecificationBroken(f"{len(self.violations)} violations of Alpaca's specification:\n{told}")


# --- one operation -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the path or the query: its values are text, which its schema says how to read."""

    name: str
    required: bool
    kind: str
    schema: Validator

    def objections_to(self, text: str) -> Iterator[str]:
        for error in self.schema.errors(self._read(text)):
            yield f"{self.name}={text}: {error}"

    def _read(self, text: str) -> object:
        if self.kind == "integer" and re.fullmatch(r"-?\d+", text):
            return int(text)
        if self.kind == "number" and _DECIMAL.fullmatch(text):
            return float(text)
        if self.kind == "boolean" and text in ("true", "false"):
            return text == "true"
        return text.split(",") if self.kind == "array" else text


@dataclass(frozen=True, slots=True)
class Operation:
    """A method and a path of the specification."""

    path: re.Pattern[str]
    variables: Mapping[str, Parameter]
    parameters: Mapping[str, Parameter]
    body: Validator | None
    fields: frozenset[str]
    answers: Mapping[int, Validator | None]

    def objections_to(self, arrival: Arrival) -> list[str]:
        return [*self._of_headers(arrival), *self._of_parameters(arrival), *self._of_body(arrival)]

    def objections_to_answer(self, answer: Answer) -> list[str]:
        if answer.status not in self.answers:
            if not 400 <= answer.status < 600:
                return [f"status {answer.status} is not in the specification"]
            return list(error_body().errors(answer.body))
        schema = self.answers[answer.status]
        if schema is None:
            refused = answer.status >= 400
            return list(error_body().errors(answer.body)) if refused or answer.body is not None else []
        return list(schema.errors(answer.body))

    def _of_headers(self, arrival: Arrival) -> Iterator[str]:
        headers = {name.lower(): value for name, value in arrival.headers.items()}
        for name in _KEYS:
            if not headers.get(name.lower()):
                yield f"without the header {name}"
        if arrival.body is not None and not headers.get("content-type", "").startswith("application/json"):
            yield f"a body of type {headers.get('content-type')}"

    def _of_parameters(self, arrival: Arrival) -> Iterator[str]:
        found = self.path.fullmatch(arrival.path)
        assert found is not None, "the operation was found by its path"
        for name, text in found.groupdict().items():
            yield from self.variables[name].objections_to(text)
        for name, text in arrival.query.items():
            parameter = self.parameters.get(name)
            if parameter is None:
                yield f"a parameter that the specification does not have: {name}"
            else:
                yield from parameter.objections_to(text)
        for parameter in self.parameters.values():
            if parameter.required and parameter.name not in arrival.query:
                yield f"without the parameter {parameter.name}"

    def _of_body(self, arrival: Arrival) -> Iterator[str]:
        if self.body is None:
            if arrival.body is not None:
                yield "a body where none belongs"
            return
        yield from self.body.errors(arrival.body)
        if isinstance(arrival.body, dict):
            for name in arrival.body.keys() - self.fields:
                yield f"a field that the specification does not have: {name}"


# --- the two files --------------------------------------------------------------------------------


class Operations:
    """Every operation of both hosts, by method and path."""

    def __init__(self, found: Iterable[tuple[str, Operation]]) -> None:
        self._found = list(found)
        self._known: dict[tuple[str, str], Operation | None] = {}

    def find(self, arrival: Arrival) -> Operation | None:
        key = (arrival.method, arrival.path)
        if key not in self._known:
            fitting = [each for method, each in self._found if method == key[0] and each.path.fullmatch(key[1])]
            self._known[key] = min(fitting, key=lambda each: len(each.variables), default=None)
        return self._known[key]


@cache
def operations() -> Operations:
    return Operations(
        each for name in ("trading-api", "market-data-api") for each in _operations_of(specification(name))
    )


@cache
def error_body() -> Validator:
    return Validator(deviations.ERROR)


@cache
def specification(name: str, *, mended: bool = True) -> dict[str, Any]:
    """One of the two files, references put in place; mended where it is wrong itself."""
    raw: dict[str, Any] = json.loads((_FOLDER / f"{name}.json").read_text())
    if mended:
        for deviation in deviations.DEVIATIONS:
            if deviation.specification == name:
                deviation.mend(raw)
    return raw


def _operations_of(raw: dict[str, Any]) -> Iterator[tuple[str, Operation]]:
    for path, item in raw["paths"].items():
        for method in ("get", "post", "patch", "delete"):
            if method in item:
                yield method.upper(), _operation(raw, path, item.get("parameters", []), item[method])


def _operation(raw: dict[str, Any], path: str, shared: list[Any], said: dict[str, Any]) -> Operation:
    parameters = [inlined(raw, each) for each in (*shared, *said.get("parameters", []))]
    content = inlined(raw, said.get("requestBody", {})).get("content", {})
    body = content.get("application/json", {}).get("schema")
    return Operation(
        path=re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)),
        variables={each["name"]: _parameter(each) for each in parameters if each["in"] == "path"},
        parameters={each["name"]: _parameter(each) for each in parameters if each["in"] == "query"},
        body=None if body is None else Validator(body),
        fields=frozenset(body["properties"]) if body is not None and "properties" in body else frozenset(),
        answers={int(status): _answer(inlined(raw, each)) for status, each in said["responses"].items()},
    )


def _parameter(said: dict[str, Any]) -> Parameter:
    schema = said["schema"]
    return Parameter(said["name"], said.get("required", False), schema.get("type", "string"), Validator(schema))


def _answer(said: dict[str, Any]) -> Validator | None:
    schema = said.get("content", {}).get("application/json", {}).get("schema")
    return None if schema is None else Validator(schema)


def inlined(raw: dict[str, Any], said: Any) -> Any:
    """The same with every reference replaced by what it refers to, which is quicker to check against."""
    if isinstance(said, list):
        return [inlined(raw, each) for each in said]
    if not isinstance(said, dict):
        return said
    reference = said.get("$ref")
    if isinstance(reference, str):
        target: Any = raw
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]
        return inlined(raw, target)
    return {name: inlined(raw, each) for name, each in said.items() if name not in ("example", "examples")}


# --- schemas ---------------------------------------------------------------------------------------


def _date(text: object) -> bool:
    return not isinstance(text, str) or date.fromisoformat(text) is not None


def _formats() -> FormatChecker:
    checker = FormatChecker(formats=())
    for name, pattern in (("date-time", _INSTANT), ("uuid", _UUID), ("decimal", _DECIMAL)):
        checker.checks(name)(lambda text, pattern=pattern: not isinstance(text, str) or bool(pattern.fullmatch(text)))
    checker.checks("date", raises=ValueError)(_date)
    return checker


def _each_once(validator: Any, items: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """The keyword ``items``, that looks at one of equals only: lists of orders and bars say the same over and over."""
    if not isinstance(instance, list):
        return
    sound: set[object] = _sound.setdefault(id(items), set())
    for index, item in enumerate(instance):
        key = _key(item)
        if key is not None and key in sound:
            continue
        errors = list(validator.descend(item, items, path=index))
        yield from errors
        if key is not None and not errors:
            sound.add(key)


#: What has been found sound, by the schema that it was held against.
_sound: dict[int, set[object]] = {}
_NUMBERS = frozenset({int, float})


def _key(item: object) -> object | None:
    """Equal for items that the same schema finds sound or not: no number in these files has bounds, but its type."""
    if not isinstance(item, dict):
        return None
    if all(type(value) in _NUMBERS or isinstance(value, str) for value in item.values()):
        return tuple((name, type(value) if type(value) in _NUMBERS else value) for name, value in item.items())
    return json.dumps(item)


_Quick: Any = extend(Draft202012Validator, {"items": _each_once})  # type: ignore[no-untyped-call]  # of jsonschema


class Validator:
    """A compiled schema."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._schema = schema  # kept, because what was found sound is filed under its identity
        self._validator = _Quick(schema, format_checker=_checker)

    def errors(self, content: object) -> Iterator[str]:
        for error in self._validator.iter_errors(content):
            where = "/".join(map(str, error.absolute_path))
            yield f"{where}: {error.message[:300]}" if where else error.message[:300]


_checker = _formats()
