"""The answer of `/users/getToken`, whose times are judged by its own clock."""

from __future__ import annotations

from datetime import datetime

from admin.gateway.auth import AccessToken
from admin.gateway.wire.fields import Fields


def read_token(raw: object, *, asked_at: datetime, answered_at: datetime) -> AccessToken:
    """Read a token. Its life is the answer's `expired_at - now`, counted from when we asked.

    Counting from the asking ends it a moment early rather than late. Raises GatewayMalformed.
    """
    row = Fields(raw, "token")
    theirs = row.moment_at("now")
    life = row.moment_at("expired_at") - theirs
    return AccessToken(
        value=row.identity("access_token"),
        expires_at=asked_at + life,
        clock_skew=theirs - (asked_at + (answered_at - asked_at) / 2),
    )
