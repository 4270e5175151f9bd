"""Reading requests: JSON or form, bracket names, numbers and booleans as text.

Published clients send all of these, so each reader takes the typed value and its text.
"""

import json
import math
import re
from collections.abc import Iterable
from typing import Any

from flask import request

from sandbox.envelope import Refusal, http_refusal

Body = dict[str, Any]
Number = int | float

# No column holds more.
_BEYOND = 2**63

_BRACKET = re.compile(r"\[([^\]]*)\]")


def read_body() -> Body:
    """The request's body as a dictionary, `a[b]=c` in forms made nested."""
    raw = request.get_data(cache=True)
    if request.mimetype.endswith("json"):
        return _json_object(raw)
    if request.form:
        return nested(request.form.items(multi=True))
    if raw.lstrip().startswith(b"{"):
        return _json_object(raw)
    return {}


def _json_object(raw: bytes) -> Body:
    if not raw.strip():
        return {}
    try:
        body = json.loads(raw)
    except ValueError:
        raise http_refusal(400, "JSON 형식이 올바르지 않습니다.") from None
    if not isinstance(body, dict):
        raise http_refusal(400, "요청 본문은 JSON 객체여야 합니다.")
    return body


def nested(fields: Iterable[tuple[str, Any]]) -> Body:
    """Turn `logis[company]=CJGLS` into `{"logis": {"company": "CJGLS"}}`.

    Numbers and nothing in brackets make lists: `a[0][b]=c`, `a[]=b`. Of a plain name that
    comes twice the first counts.
    """
    body: Body = {}
    for name, value in fields:
        head, *rest = [name.split("[", 1)[0], *_BRACKET.findall(name)]
        place = body
        for part in rest:
            inner = place.get(head)
            place[head] = place = inner if isinstance(inner, dict) else {}
            head = part or str(len(place))
        place.setdefault(head, value)
    return {name: _with_lists(value) for name, value in body.items()}


def _with_lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if all(name.isdecimal() for name in value):
        return [_with_lists(value[name]) for name in sorted(value, key=int)]
    return {name: _with_lists(inner) for name, inner in value.items()}


def text(body: Body, name: str, *, longest: int | None = None) -> str | None:
    """A text field, None when missing or empty."""
    value = body.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, dict | list):
        raise Refusal(f"{name} 파라메터의 형식이 올바르지 않습니다.")
    value = str(value)
    if longest is not None and len(value) > longest:
        raise Refusal(f"{name} 파라메터는 최대 {longest}자까지 가능합니다.")
    return value


def addresses(body: Body, name: str) -> str | None:
    """One address or a list of them, kept one a line."""
    return "\n".join(texts(body, name)) or None


def texts(body: Body, name: str) -> list[str]:
    """One text or a list of them, without the empty ones."""
    value = body.get(name)
    if isinstance(value, list):
        return [str(item) for item in value if item]
    one = text(body, name)
    return [] if one is None else [one]


def number(body: Body, name: str) -> Number | None:
    """A number or its text, None when missing, null or empty."""
    value = body.get(name)
    if value is None or value == "":
        return None
    try:
        if isinstance(value, bool | dict | list):
            raise ValueError
        parsed = float(value)
    except ValueError:
        raise Refusal(f"{name} 파라메터는 숫자여야 합니다.") from None
    if not math.isfinite(parsed) or abs(parsed) >= _BEYOND:
        raise Refusal(f"{name} 파라메터는 숫자여야 합니다.")
    return int(parsed) if parsed.is_integer() else parsed


def boolean(value: object, *, default: bool = False) -> bool:
    """True for true, "true", "1", "Y"; the default when missing."""
    if value is None or value == "":
        return default
    return str(value).lower() in {"true", "1", "y", "yes", "on"}


def query_values(name: str) -> list[str]:
    """A repeated query parameter in the bracket form, and the forms clients make of it."""
    values: list[str] = []
    for key, items in request.args.lists():
        if key == name or _BRACKET.sub("", key) == name:
            values.extend(items)
    return [value for value in values if value]


def query_integer(name: str) -> int | None:
    """A whole number from the query string; 400 when it is something else."""
    value = request.args.get(name)
    if value is None or value == "":
        return None
    try:
        return int(value)
    except ValueError:
        raise http_refusal(400, f"{name} 파라메터는 정수여야 합니다.") from None
