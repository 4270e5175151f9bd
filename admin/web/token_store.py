"""The gateway's access token in a row, so that all processes together ask for one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from admin.domain.clock import utc_now
from admin.gateway.auth import AccessToken
from admin.models import GatewayToken
from admin.models.base import writing

ASKING = timedelta(seconds=8)  # longer than the deadline of asking
LOOK_EVERY = 0.05  # seconds
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class DatabaseTokenStore:
    """A lease in the row says that somebody is asking; nobody holds a transaction meanwhile."""

    def __init__(self, engine: Engine, fingerprint: str) -> None:
        self._engine = engine
        self._fingerprint = fingerprint

    def get(self) -> AccessToken | None:
        """The stored token, expired or not."""
        with self._engine.connect() as connection:
            row = connection.execute(
                sa.select(
                    GatewayToken.token, GatewayToken.expires_at, GatewayToken.skew_seconds
                ).where(GatewayToken.fingerprint == self._fingerprint)
            ).first()
        if row is None or not row.token:
            return None
        return AccessToken(
            value=row.token,
            expires_at=row.expires_at,
            clock_skew=timedelta(seconds=row.skew_seconds),
        )

    def put(self, token: AccessToken) -> None:
        """Replace the stored token and end the asking."""
        self._update(
            token=token.value,
            expires_at=token.expires_at,
            skew_seconds=token.clock_skew.total_seconds(),
            asking_until=LONG_AGO,
        )

    @contextmanager
    def refreshing(self) -> Iterator[None]:
        """Wait until nobody else asks, then ask."""
        while not self._take():
            time.sleep(LOOK_EVERY)
        try:
            yield
        finally:
            self._update(asking_until=LONG_AGO)

    def _take(self) -> bool:
        now = utc_now()
        with writing(self._engine) as connection:
            taken = connection.execute(
                sa.update(GatewayToken)
                .where(
                    GatewayToken.fingerprint == self._fingerprint, GatewayToken.asking_until < now
                )
                .values(asking_until=now + ASKING)
            )
            if taken.rowcount:
                return True
            present = sa.select(GatewayToken.fingerprint).where(
                GatewayToken.fingerprint == self._fingerprint
            )
            if connection.execute(present).first() is not None:
                return False
        return self._insert(now)

    def _insert(self, now: datetime) -> bool:
        try:
            with writing(self._engine) as connection:
                connection.execute(
                    sa.insert(GatewayToken).values(
                        fingerprint=self._fingerprint,
                        token="",
                        expires_at=LONG_AGO,
                        skew_seconds=0.0,
                        asking_until=now + ASKING,
                    )
                )
        except sa.exc.IntegrityError:
            return False
        return True

    def _update(self, **values: object) -> None:
        with writing(self._engine) as connection:
            connection.execute(
                sa.update(GatewayToken)
                .where(GatewayToken.fingerprint == self._fingerprint)
                .values(**values)
            )
