"""Holds what the tests send and receive to docs/openapi.json.

Knows as much of JSON Schema as that document uses, and refuses a keyword it does not know.
"""

from __future__ import annotations

import json
import re
from typing import Any

from werkzeug.test import TestResponse

from tests.architecture.source import ROOT

DOCUMENT = json.loads((ROOT / "docs/openapi.json").read_text(encoding="utf-8"))
TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "boolean": bool,
    "null": type(None),
}
SAID = {"description", "examples", "title", "format", "default"}
KNOWN = SAID | {
    "$ref",
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "minItems",
    "maxItems",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "enum",
    "oneOf",
}


def check_request(body: Any) -> None:
    """What is sent is what the document says may be sent."""
    content = DOCUMENT["paths"]["/api/orders"]["post"]["requestBody"]["content"]
    _check(body, content["application/json"]["schema"], "request")


def check_answer(path: str, method: str, answer: TestResponse) -> None:
    """The status is one that the document names, and the body is as it says."""
    named = DOCUMENT["paths"][path][method]["responses"]
    assert str(answer.status_code) in named, f"{answer.status_code} is not in the document"
    content = _resolved(named[str(answer.status_code)])["content"]
    assert answer.mimetype in content, answer.mimetype
    _check(answer.json, content[answer.mimetype]["schema"], "answer")


def faults(value: Any, schema: dict[str, Any], place: str = "it") -> list[str]:
    """What of `value` is not as `schema` says."""
    schema = _resolved(schema)
    assert set(schema) <= KNOWN, f"the reader of these tests does not know {set(schema) - KNOWN}"
    if "oneOf" in schema:
        fitting = sum(not faults(value, one, place) for one in schema["oneOf"])
        return [] if fitting == 1 else [f"{place} fits {fitting} of its forms"]
    found = _of_type(value, schema, place)
    if not found and isinstance(value, dict):
        found += _of_object(value, schema, place)
    if not found and isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            found.append(f"{place} has {len(value)} items")
        for number, one in enumerate(value):
            found += faults(one, schema["items"], f"{place}[{number}]")
    return found


def _of_type(value: Any, schema: dict[str, Any], place: str) -> list[str]:
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    fits = any(
        isinstance(value, TYPES[kind]) and not (kind == "integer" and isinstance(value, bool))
        for kind in kinds
    )
    found = [] if fits else [f"{place} is no {kinds}"]
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{place} is none of {schema['enum']}")
    if isinstance(value, str):
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
            found.append(f"{place} is {len(value)} long")
        if schema.get("format") == "date-time" and not re.fullmatch(
            r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", value
        ):
            found.append(f"{place} is no time")
    elif isinstance(value, int) and not (
        schema.get("minimum", value) <= value <= schema.get("maximum", value)
    ):
        found.append(f"{place} is out of range")
    return found


def _of_object(value: dict[str, Any], schema: dict[str, Any], place: str) -> list[str]:
    found = [f"{place} lacks {name}" for name in schema.get("required", []) if name not in value]
    for name, one in value.items():
        if name in schema.get("properties", {}):
            found += faults(one, schema["properties"][name], f"{place}.{name}")
        elif schema.get("additionalProperties") is False:
            found.append(f"{place} has {name}")
    return found


def _check(value: Any, schema: dict[str, Any], place: str) -> None:
    assert faults(value, schema, place) == []


def _resolved(part: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in part:
        found: Any = DOCUMENT
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        part = found
    return part
