"""Our side of a history: the real tables, services and client, over the model gateway."""

from __future__ import annotations

import logging
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pysqlite3.dbapi2 as sqlite
import stamina
from flask import Flask
from sqlalchemy import event
from sqlalchemy.orm import Session
from ulid import ULID, ValueProvider

from admin.accounts.second_factor import OneTimeTotp, TypedCode
from admin.accounts.service import make_operator
from admin.domain import clock as moments
from admin.domain.actor import Actor
from admin.domain.permissions import Role
from admin.gateway.client import Gateway
from admin.gateway.settings import Deadlines, GatewaySettings
from admin.models import (
    BillingKey,
    Customer,
    Operator,
    RefundLimit,
    RefundReason,
    db,
    transaction,
)
from admin.models.engine import engine_options, prepare
from admin.operations import service as sending
from admin.operations.binding import bind
from tests.simulation.canaries import SECRET
from tests.simulation.clock import START, Clock
from tests.simulation.transport import Wire

KEYS = ("cus_1", "cus_2")
ALONE = 9_999  # won that the staff give back without their manager
Hook = Callable[[], None]
FOR_EVER = 1_000_000.0
SETTINGS = GatewaySettings(
    "http://127.0.0.1:9",
    "imp_apikey",
    SECRET,
    include_sandbox=False,
    # The wire counts virtual seconds; real ones must not decide anything.
    deadlines=Deadlines(look_up=FOR_EVER, page=FOR_EVER, money=FOR_EVER, token=FOR_EVER),
)
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of memory, where the system has one


class _SeededIds(ValueProvider):
    """ULIDs as ever, but their chance is the history's."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__()
        self._rng = rng

    def randomness(self, current_timestamp: int | None = None) -> bytes:
        return self._rng.randbytes(10)


class Phone:
    """The manager's telephone, with an authenticator app on it."""

    def __init__(self) -> None:
        self._totp = OneTimeTotp({"1": "a simulation keeps nothing"}, "simulation")
        # Not encrypted: taking it out of its wrapping would cost more than all else of a payment.
        self.secret: str = self._totp._totp(key="JBSWY3DPEHPK3PXPJBSWY3DP").to_json(encrypt=False)

    def code(self, now: datetime) -> TypedCode:
        """What it shows at `now`."""
        shown = self._totp._totp.from_source(self.secret).generate(int(now.timestamp()))
        return TypedCode(text=shown.token, totp=self._totp)


class Office:
    """One database for all histories of a process; `reset` empties it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "jangbu.db"
        url = f"sqlite:///{self.path}"
        self.app = Flask("simulation")
        self.app.config["SECRET_KEY"] = "a simulation needs no secret"
        self.app.config["SQLALCHEMY_DATABASE_URI"] = url
        self.app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(url)
        db.init_app(self.app)
        with self.app.app_context():
            self.engine = db.engine
        prepare(self.engine)
        event.listen(self.engine, "connect", _forget_the_disk)
        self._before: Hook | None = None
        self._after: Hook | None = None
        event.listen(db.session, "before_commit", self._begin_commit)
        event.listen(db.session, "after_commit", self._end_commit)
        with self.app.app_context():
            db.create_all()
            self.phone = Phone()
            self.people = _add_people(self.phone)
        self.raw = sqlite.connect(str(self.path), isolation_level=None)
        self.raw.execute("ATTACH ':memory:' AS kept")
        self._used = [table.name for table in reversed(db.metadata.sorted_tables)]
        self._kept: list[str] = []
        self.knows_trade = False  # whether the payments that every history begins with are kept
        self.keep()

    def watch(self, *, before: Hook | None, after: Hook | None) -> None:
        """Be told of every commit, just before and just after it."""
        self._before, self._after = before, after

    def _begin_commit(self, _session: object) -> None:
        if self._before is not None:
            self._before()

    def _end_commit(self, session: Session) -> None:
        if self._after is not None and not session.in_nested_transaction():
            self._after()

    def keep(self) -> None:
        """Hold what stands in the tables now: every later history begins with it."""
        self._kept.clear()
        for name in self._used:
            self.raw.execute(f'DROP TABLE IF EXISTS kept."{name}"')
            self.raw.execute(f'CREATE TABLE kept."{name}" AS SELECT * FROM main."{name}"')
            if self.raw.execute(f'SELECT count(*) FROM kept."{name}"').fetchone()[0]:
                self._kept.append(name)

    def reset(self) -> None:
        """Put every table back to what was kept; before that, empty it."""
        self.raw.execute("BEGIN IMMEDIATE")
        for name in self._used:
            self.raw.execute(f'DELETE FROM main."{name}"')
        # The pieces of texts stand beside the metadata; no history searches by them.
        self.raw.execute("INSERT INTO payment_pieces(payment_pieces) VALUES ('delete-all')")
        for name in reversed(self._kept):
            self.raw.execute(f'INSERT INTO main."{name}" SELECT * FROM kept."{name}"')
        self.raw.execute("COMMIT")

    def connect(self, wire: Wire, clock: Clock, rng: random.Random) -> Gateway:
        """The real client over the model gateway, with the history's clock and chance."""
        ULID.provider = _SeededIds(rng)
        sending.monotonic = clock.monotonic
        moments.monotonic_ns = lambda: round(clock.monotonic() * 1_000_000_000)
        return Gateway(SETTINGS, transport=wire, now=clock.now, monotonic=clock.monotonic)

    def close(self) -> None:
        """Let the database go."""
        self.raw.close()
        self.engine.dispose()


@contextmanager
def opened_office() -> Iterator[Office]:
    """An office in a folder of its own, in memory where possible."""
    logging.disable(logging.CRITICAL)
    stamina.set_testing(True, attempts=3, cap=True)
    stamina.instrumentation.set_on_retry_hooks([])
    where = MEMORY if MEMORY.is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="jangbu-simulation-", dir=where))
    try:
        office = Office(folder)
        yield office
        office.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        stamina.set_testing(False)
        stamina.instrumentation.set_on_retry_hooks(None)
        logging.disable(logging.NOTSET)


def _forget_the_disk(connection: Any, _entry: object) -> None:
    """No history outlives its process, so nothing waits for a disk."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous=OFF")
    cursor.execute("PRAGMA busy_timeout=0")  # whoever waits here waits for an act that stands still
    cursor.close()


def _add_people(phone: Phone) -> tuple[list[Actor], Actor]:
    """Two people who work here and their manager, two with stored cards, the bound gateway."""
    bind(Gateway(SETTINGS), include_sandbox=False, now=START)
    with transaction():
        for uid in KEYS:
            person = Customer(customer_number=uid, name="이도윤", since=START, billing_keys=[])
            db.session.add_all([person, BillingKey(customer_uid=uid, customer=person)])
        text = {"text": "상품 불량", "english": "Defective goods"}
        db.session.add(RefundReason(code="defective", position=1, is_active=True, **text))
        given = {"changed_by": "start", "changed_at": START, "per_day_minor": None}
        db.session.add(RefundLimit(scope="shop", per_refund_minor=None, **given))
        db.session.add(RefundLimit(scope="role:finance", per_refund_minor=ALONE, **given))
    staff = [_add_operator("A", Role.FINANCE), _add_operator("B", Role.FINANCE)]
    manager = _add_operator("M", Role.MANAGER)
    with transaction():
        held = db.session.get_one(Operator, manager.operator_id)
        held.tf_primary_method, held.tf_totp_secret = "authenticator", phone.secret
    return staff, manager


def _add_operator(name: str, role: Role) -> Actor:
    operator = make_operator(
        email=f"{name}@shop.example",
        name=name,
        role=role,
        password_hash="",
        demo=False,
        actor=Actor.system("simulation"),
        now=START,
    )
    return Actor(name=name, operator_id=operator.id, role=role)
