"""Paths of the gateway, with every foreign part percent-encoded into exactly one segment."""

from __future__ import annotations

from urllib.parse import quote

LONGEST_PART = 255


def path(*parts: str) -> str:
    """`/a/b` from its parts. Raises ValueError for an empty or overlong one.

    An empty part would turn a look-up into a list, and `..` would climb to another endpoint:
    both, and every slash or question mark, stay inside their own segment.
    """
    return "".join(f"/{_encoded(part)}" for part in parts)


def _encoded(part: str) -> str:
    if not part.strip() or len(part) > LONGEST_PART:
        raise ValueError("a part of a gateway path is empty or too long")
    encoded = quote(part, safe="")
    return encoded.replace(".", "%2E") if not encoded.strip(".") else encoded
