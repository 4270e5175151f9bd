"""The gateway's failures in a row, counted for all processes together."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Engine

from admin.models import GatewayCircuit
from admin.models.base import writing

log = structlog.get_logger(__name__)


class DatabaseCircuitStore:
    """Counts in a row of its own.

    A count that cannot be written is logged and forgotten: it comes after money may have moved,
    and must not hide what became of it.
    """

    def __init__(self, engine: Engine, fingerprint: str) -> None:
        self._engine = engine
        self._mine = GatewayCircuit.fingerprint == fingerprint
        self._fingerprint = fingerprint

    def failures(self) -> int:
        with self._engine.connect() as connection:
            return connection.scalar(sa.select(GatewayCircuit.failures).where(self._mine)) or 0

    def add_failure(self, *, next_probe_at: datetime) -> None:
        one_more = sa.update(GatewayCircuit).where(self._mine)
        one_more = one_more.values(failures=GatewayCircuit.failures + 1, probe_at=next_probe_at)
        try:
            with writing(self._engine) as connection:
                if connection.execute(one_more).rowcount:
                    return
            self._insert(next_probe_at)
        except sa.exc.IntegrityError:  # another process counted the first one at the same moment
            self.add_failure(next_probe_at=next_probe_at)
        except sa.exc.DBAPIError:
            log.warning("gateway.failure_not_counted", exc_info=True)

    def clear(self) -> None:
        try:
            with writing(self._engine) as connection:
                connection.execute(sa.update(GatewayCircuit).where(self._mine).values(failures=0))
        except sa.exc.DBAPIError:
            log.warning("gateway.answer_not_counted", exc_info=True)

    def take_probe(self, *, now: datetime, next_probe_at: datetime) -> bool:
        take = sa.update(GatewayCircuit).where(self._mine, GatewayCircuit.probe_at <= now)
        with writing(self._engine) as connection:
            return bool(connection.execute(take.values(probe_at=next_probe_at)).rowcount)

    def _insert(self, probe_at: datetime) -> None:
        first = {"fingerprint": self._fingerprint, "failures": 1, "probe_at": probe_at}
        with writing(self._engine) as connection:
            connection.execute(sa.insert(GatewayCircuit).values(**first))
