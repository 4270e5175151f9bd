"""Sessions on the server: the browser holds a random id, the row holds its SHA-256.

Idle for 15 minutes or 8 hours old, a session is over. Requests that a page makes by itself
(the header below) do not keep it alive.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask, Request, Response
from flask.json.tag import TaggedJSONSerializer
from flask.sessions import SessionInterface, SessionMixin
from sqlalchemy.engine import Connection
from werkzeug.datastructures import CallbackDict

from admin.domain.clock import utc_now
from admin.models import SignInSession, db
from admin.models.base import WRITES
from admin.web.problems import API

IDLE = timedelta(minutes=15)
ABSOLUTE = timedelta(hours=8)
SEEN_EVERY = timedelta(seconds=30)  # how finely the last use is kept
SELF_REFRESH = "X-Jangbu-Refresh"
ID_BYTES = 32
_LIVE = sa.select(SignInSession.__table__).where(
    SignInSession.id_hash == sa.bindparam("id_hash"), SignInSession.expires_at > sa.bindparam("now")
)


class ServerSession(CallbackDict[str, Any], SessionMixin):
    """What Flask-Login and Flask-Security know as `flask.session`."""

    def __init__(self, *, sid: str | None, data: dict[str, Any] | None = None) -> None:
        def changed(_: object) -> None:
            self.modified = True

        super().__init__(data or {}, changed)
        self.sid = sid
        self.new = sid is None
        self.modified = False
        self.rotating = False
        self.created_at: datetime | None = None
        self.last_seen_at: datetime | None = None

    def rotate(self) -> None:
        """Give the session a new id with this response; the old one is dead at once."""
        self.rotating = True
        self.modified = True


class ServerSessions(SessionInterface):
    """Keeps sessions in `sign_in_sessions`, beside whatever transaction the request has."""

    def __init__(self, *, secure: bool) -> None:
        self._serializer = TaggedJSONSerializer()
        self._secure = secure
        self.cookie_name = "__Host-jangbu" if secure else "jangbu"

    def open_session(self, app: Flask, request: Request) -> ServerSession:
        """The session of this request; an unknown, idle or old one is a new one."""
        sid = request.cookies.get(self.cookie_name)
        if not sid or request.path.startswith(API):
            return ServerSession(sid=None)
        now = utc_now()
        with db.engine.connect() as connection:
            row = connection.execute(_LIVE, {"id_hash": _hash(sid), "now": now}).first()
        if row is None or now - row.last_seen_at > IDLE:
            return ServerSession(sid=None)
        session = ServerSession(sid=sid, data=self._serializer.loads(row.data))
        session.created_at = row.created_at
        session.last_seen_at = row.last_seen_at
        return session

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write what changed and send the cookie when the id is new."""
        if not isinstance(session, ServerSession):
            raise TypeError("not a session of ours")
        from flask import request

        if request.path.startswith(API):
            return
        now = utc_now()
        response.vary.add("Cookie")
        if not session and session.sid is not None and session.modified:
            self._delete(session.sid)
            response.delete_cookie(self.cookie_name, **self._cookie())
            return
        if session.modified and (session.rotating or session.sid is None):
            old, session.sid = session.sid, secrets.token_urlsafe(ID_BYTES)
            self._insert(session, replaces=old, request=request, now=now)
            response.set_cookie(self.cookie_name, session.sid, **self._cookie())
        elif session.sid is not None and self._worth_writing(session, request, now):
            self._update(session, now=now)

    def _worth_writing(self, session: ServerSession, request: Request, now: datetime) -> bool:
        if session.modified:
            return True
        if SELF_REFRESH in request.headers or session.last_seen_at is None:
            return False
        return now - session.last_seen_at > SEEN_EVERY

    def _cookie(self) -> dict[str, Any]:
        return {"httponly": True, "secure": self._secure, "samesite": "Strict", "path": "/"}

    def _insert(
        self, session: ServerSession, *, replaces: str | None, request: Request, now: datetime
    ) -> None:
        created = now if session.rotating else (session.created_at or now)
        with _writing() as connection:
            if replaces:
                connection.execute(
                    sa.delete(SignInSession).where(SignInSession.id_hash == _hash(replaces))
                )
            connection.execute(
                sa.insert(SignInSession).values(
                    id_hash=_hash(session.sid or ""),
                    operator_id=session.get("operator_id"),
                    data=self._serializer.dumps(dict(session)),
                    created_at=created,
                    last_seen_at=now,
                    expires_at=created + ABSOLUTE,
                    ip=request.remote_addr,
                    user_agent=(request.user_agent.string or "")[:255],
                )
            )

    def _update(self, session: ServerSession, *, now: datetime) -> None:
        values: dict[str, Any] = {"last_seen_at": now}
        if session.modified:
            values["data"] = self._serializer.dumps(dict(session))
            values["operator_id"] = session.get("operator_id")
        with _writing() as connection:
            connection.execute(
                sa.update(SignInSession)
                .where(SignInSession.id_hash == _hash(session.sid or ""))
                .values(**values)
            )

    def _delete(self, sid: str) -> None:
        with _writing() as connection:
            connection.execute(sa.delete(SignInSession).where(SignInSession.id_hash == _hash(sid)))


@contextmanager
def _writing() -> Iterator[Connection]:
    with db.engine.connect() as plain:
        connection = plain.execution_options(**{WRITES: True})
        with connection.begin():
            yield connection


def _hash(sid: str) -> str:
    return hashlib.sha256(sid.encode()).hexdigest()
