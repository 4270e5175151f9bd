"""Access tokens: one per key, shared by every process, alive for 30 minutes.

Asking again hands out the same token; in its last minute that adds five minutes to its life.
"""

import hmac
import secrets

from flask import Blueprint, Response, request

from sandbox.envelope import http_refusal, success
from sandbox.incoming import read_body, text
from sandbox.state import sandbox

bp = Blueprint("auth", __name__)

LIFE = 1_800
LAST_MINUTE = 60
EXTENSION = 300
TOKEN_PATH = "/users/getToken"


@bp.post(TOKEN_PATH)
def get_token() -> Response:
    body = read_body()
    key, secret = text(body, "imp_key"), text(body, "imp_secret")
    if not key or not secret:
        raise http_refusal(400, "imp_key, imp_secret 파라메터가 누락되었습니다.")
    parts = sandbox()
    if not (_same(key, parts.config.key) and _same(secret, parts.config.secret)):
        raise http_refusal(401, "인증에 실패하였습니다. API키와 SECRET을 확인하세요.")
    now = parts.clock.now()
    token, expired_at = _current_token(key, now)
    skew = parts.clock.skew
    return success({"access_token": token, "now": now + skew, "expired_at": expired_at + skew})


def check_token() -> None:
    """Raise 401 unless the request carries a living token in one of the four forms."""
    parts = sandbox()
    presented = _presented_token()
    with parts.store.reading() as db:
        row = db.execute("SELECT * FROM tokens WHERE imp_key = ?", (parts.config.key,)).fetchone()
    alive = row is not None and row["expired_at"] > parts.clock.now()
    if not (presented and alive and _same(presented, row["access_token"])):
        raise http_refusal(401, "Unauthorized")


def _presented_token() -> str | None:
    """Authorization (with or without Bearer) wins over the older header and the query."""
    header = request.headers.get("Authorization")
    if header:
        scheme, _, rest = header.strip().partition(" ")
        return rest.strip() if scheme.lower() == "bearer" and rest else header.strip()
    return request.headers.get("X-ImpTokenHeader") or request.args.get("_token")


def _current_token(key: str, now: int) -> tuple[str, int]:
    with sandbox().store.writing() as db:
        row = db.execute("SELECT * FROM tokens WHERE imp_key = ?", (key,)).fetchone()
        if row is None or row["expired_at"] <= now:
            token, expired_at = secrets.token_hex(20), now + LIFE
        elif row["expired_at"] - now <= LAST_MINUTE:
            token, expired_at = row["access_token"], row["expired_at"] + EXTENSION
        else:
            return row["access_token"], row["expired_at"]
        db.execute("INSERT OR REPLACE INTO tokens VALUES (?, ?, ?)", (key, token, expired_at))
    return token, expired_at


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
