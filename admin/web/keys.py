"""Keys of rows in addresses: whole numbers that a 64-bit column can hold, and no others."""

from __future__ import annotations

from typing import Any

from flask import Flask, request
from werkzeug.routing import IntegerConverter, Map

LARGEST = 2**63 - 1


class KeyConverter(IntegerConverter):
    """`<int:...>` in a rule; a larger number names nothing."""

    def __init__(self, url_map: Map, **options: Any) -> None:
        super().__init__(url_map, **{"max": LARGEST, **options})


def init_app(app: Flask) -> None:
    """Use it for every rule; before the first one is added."""
    app.url_map.converters["int"] = KeyConverter


def asked_key(name: str) -> int | None:
    """A key in the query string, or None when there is none that could be."""
    key = request.args.get(name, type=int)
    return key if key is not None and 0 <= key <= LARGEST else None
