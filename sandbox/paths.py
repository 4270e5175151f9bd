"""Keeps an encoded slash inside its path segment.

Order numbers may hold anything, so clients percent-encode them. A WSGI server decodes the
path before routing, which would split `a%2Fb` in two; the raw path still knows better.
"""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote_to_bytes

from werkzeug.routing import BaseConverter

# A private-use character that stands for an encoded slash until routing is done.
_SLASH = "\ue000"
_ENCODED_SLASH = re.compile("%2f", re.IGNORECASE)
_ENCODED_MARK = "%EE%80%80"


def readable(path: str) -> str:
    """A routed path as it was sent: encoded slashes shown encoded."""
    return path.replace(_SLASH, "%2F")


def segments(path: str) -> list[str]:
    """The parts of a routed path, decoded."""
    return [part.replace(_SLASH, "/") for part in path.split("/") if part]


class SegmentConverter(BaseConverter):
    """One path segment, its encoded slashes given back."""

    regex = "[^/]+"
    part_isolating = True

    def to_python(self, value: str) -> str:
        return value.replace(_SLASH, "/")


class RawPaths:
    """WSGI middleware: routes on the raw path when the server passes it on."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        raw = environ.get("REQUEST_URI")
        if raw and raw.startswith("/") and "%" in raw:
            path = raw.split("?", 1)[0]
            marked = _ENCODED_SLASH.sub(_ENCODED_MARK, path)
            environ["PATH_INFO"] = unquote_to_bytes(marked).decode("latin-1")
        result: Iterable[bytes] = self.app(environ, start_response)
        return result
