"""Make a shop that is there older: the same half year again, earlier each time.

Taking a million payments in through the mirror lasts twenty minutes, so a shop of five or ten
million is grown from one of a million inside the database. A copy has moments, a key and numbers
of its own; it is found by its text and counted in the sums of its days as if it had come from the
gateway. Indexes are dropped meanwhile, so a shop whose growing is interrupted is to be thrown away.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa
from flask import Flask

from admin.domain.payment import PaymentStatus, Standing
from admin.domain.search.grams import grams
from admin.mirror import daily
from admin.models import Payment, PaymentDay, Span, TimeBasis, db, transaction
from admin.models.kst import kst_day_of
from admin.models.text_index import is_postgresql, marks_of

DAYS = 183  # the demo shop's past is half a year
YEAR = 2026  # which stands in its order numbers
MOST_COPIES = 20
SECONDS = DAYS * 86_400
KEYS = SECONDS << 20  # of one copy
MOMENTS = "started_at paid_at failed_at cancelled_at vbank_issued_at vbank_due_at".split()
COPIED = "payments payment_cancellations payment_texts escrow_orders observations".split()
BASES = {
    TimeBasis.REQUESTED: Payment.started_at,
    TimeBasis.APPROVED: Payment.paid_at,
    TimeBasis.CANCELLED: Payment.cancelled_at,
}
# How much of the text index is gathered in memory; with more there is less to merge.
HASH_SIZE = "INSERT INTO payment_pieces(payment_pieces, rank) VALUES ('hashsize', ?)"
DEFAULT_HASH = 1024 * 1024
GLUE, QUOTED = " ", "' '"  # between the pieces
MARKED = ("standing", "method", "sandbox", "escrow", "card_quota")


def grow(app: Flask, to: int, *, tell: bool = True) -> float:
    """Copy the shop until it has `to` payments; returns the seconds it took.

    Raises ValueError for a shop that is not as it was taken in, or too small to give that many.
    """
    began = time.monotonic()
    with app.app_context():
        first, copies = _planned(to)
        with _bare() as connection, _without_indexes(connection):
            shared = _shared_pieces(connection)
            for number, cutoff in enumerate(copies, start=1):
                _copy_rows(connection, number, cutoff)
                _copy_pieces(connection, number, shared)
                if tell:
                    took = time.monotonic() - began
                    print(f"  copy {number} of {len(copies)}, {took:.0f} s", flush=True)
        with transaction():
            _sum_days(before=first)
        daily.fold()
        if is_postgresql():
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as plain:
                plain.exec_driver_sql("SET statement_timeout = 0")
                plain.exec_driver_sql("VACUUM ANALYZE")
    return time.monotonic() - began


def _planned(to: int) -> tuple[int, list[int]]:
    """The first key there is, and of each copy the first key that it takes."""
    every = sa.select(sa.func.min(Payment.id), sa.func.max(Payment.id), sa.func.count())
    first, last, count = db.session.execute(every).one()
    whole, part = divmod(max(to - (count or 0), 0), count or 1)
    if not count or last - first >= KEYS or whole + bool(part) > MOST_COPIES:
        raise ValueError("a shop of one half year grows, at most twentyfold")
    copies = [first] * whole
    if part:
        newest = sa.select(Payment.id).order_by(Payment.id.desc()).offset(part - 1).limit(1)
        copies.append(db.session.scalars(newest).one())
    return first, copies


@contextmanager
def _bare() -> Iterator[Any]:
    """The driver's own connection, alone, quick and without a net."""
    db.session.remove()
    db.engine.dispose()
    pooled = db.engine.raw_connection()
    connection: Any = pooled.driver_connection
    pooled.detach()
    try:
        if is_postgresql():
            connection.rollback()
            connection.autocommit = True
            for setting in (
                "statement_timeout = 0",
                "session_replication_role = replica",  # references hold by the way it is copied
                "maintenance_work_mem = '1GB'",
                "work_mem = '256MB'",
            ):
                connection.execute(f"SET {setting}")
        else:
            for setting in (
                "foreign_keys = OFF",
                "synchronous = OFF",
                "cache_size = -500000",
            ):
                connection.execute(f"PRAGMA {setting}")
            connection.execute(HASH_SIZE, [64 * DEFAULT_HASH])
        yield connection
        if not is_postgresql():
            connection.execute(HASH_SIZE, [DEFAULT_HASH])
    finally:
        connection.close()


@contextmanager
def _without_indexes(connection: Any) -> Iterator[None]:
    """Drop what only finds and does not guard, and build it anew afterwards."""
    if is_postgresql():
        found = connection.execute(
            "SELECT indexname, indexdef FROM pg_indexes JOIN pg_class ON relname = indexname "
            "LEFT JOIN pg_constraint ON conindid = pg_class.oid WHERE conindid IS NULL "
            "AND tablename = ANY(%s)",
            [[*COPIED, "payment_pieces"]],
        ).fetchall()
    else:
        found = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL "
            "AND tbl_name IN (SELECT value FROM json_each(?))",
            [json.dumps(COPIED)],
        ).fetchall()
    for name, _ in found:
        connection.execute(f"DROP INDEX {name}")
    yield
    for _, made in found:
        connection.execute(made)


def _copy_rows(connection: Any, number: int, cutoff: int) -> None:
    """The rows of all tables from that key on, `number` half years earlier."""
    back = number * KEYS
    moved = {
        "payments": {
            "id": f"one.id - {back}",
            "imp_uid": _imp_uid("one", number),
            "merchant_uid": _merchant_uid("one", number),
            "pg_tid": _pg_tid("one", number),
            **{name: _moment(f"one.{name}", number) for name in MOMENTS},
        },
        "payment_texts": {"text": _text(number)},
        "payment_cancellations": {"cancelled_at": _moment("one.cancelled_at", number)},
        "observations": {"seen_at": _moment("one.seen_at", number)},
    }
    for table in db.metadata.sorted_tables:
        if table.name not in COPIED:
            continue
        source, key = f"{table.name} AS one", "one.id"
        given = {column.name: f'one."{column.name}"' for column in table.columns}
        given |= moved.get(table.name, {})
        if table.name != "payments":
            key = "one.payment_id"
            given["payment_id"] = f"{key} - {back}"
            given.pop("id", None)
        if table.name == "payment_texts":
            source += " JOIN payments AS paid ON paid.id = one.payment_id"
        names = ", ".join(f'"{name}"' for name in given)
        connection.execute(
            f"INSERT INTO {table.name} ({names}) SELECT {', '.join(given.values())} "  # noqa: S608
            f"FROM {source} WHERE {key} >= {cutoff} ORDER BY {key}"
        )


def _shared_pieces(connection: Any) -> dict[int, str]:
    """Of each payment the pieces that its copies have, too: all but those of its numbers."""
    rows = connection.cursor().execute(
        f"SELECT id, text, pg_tid, {', '.join(MARKED)} FROM payment_texts "  # noqa: S608
        "JOIN payments ON id = payment_id"
    )
    shared = {}
    for key, text, pg_tid, *marked in rows:
        lines = text.split("\n")[2:]  # behind the payment's number and the order's
        if pg_tid:
            lines.remove(pg_tid.lower())
        shared[key] = GLUE.join(_marks(*marked).union(*map(_line_pieces, lines)))
    return shared


def _copy_pieces(connection: Any, number: int, shared: dict[int, str]) -> None:
    """The pieces of one copy, in the order of its keys: out of order FTS5 is many times slower."""
    back = number * KEYS
    start = min(shared) - back
    rows = connection.cursor().execute(
        "SELECT id, imp_uid, merchant_uid, pg_tid FROM payments "  # noqa: S608
        f"WHERE id >= {start} AND id < {start + KEYS} ORDER BY id"
    )
    pieces = (
        (key, GLUE.join([shared[key + back], *set().union(*map(grams, map(str.lower, numbers)))]))
        for key, *numbers in ((*one[:3], one[3] or "") for one in rows)
    )
    if is_postgresql():
        copied = "COPY payment_pieces (payment_id, pieces) FROM STDIN"
        with connection.cursor() as writer, writer.copy(copied) as copy:
            for key, found in pieces:
                copy.write(f"{key}\t'{found.replace(GLUE, QUOTED)}'\n")
        return
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO payment_pieces(rowid, pieces) VALUES (?, ?)", pieces)
    connection.execute("COMMIT")


@lru_cache(maxsize=150_000)
def _line_pieces(line: str) -> frozenset[str]:
    """Most lines come again and again, and no piece stands across two."""
    return frozenset(grams(line))


@lru_cache(maxsize=10_000)
def _marks(standing: str, *others: Any) -> frozenset[str]:
    payment = dict(zip(MARKED, (Standing(standing), *others), strict=True))
    return frozenset(marks_of(SimpleNamespace(**payment)))


def _moment(column: str, number: int) -> str:
    days = number * DAYS
    if is_postgresql():
        return f"{column} - interval '{days} days'"
    return f"datetime({column}, '-{days} days') || substr({column}, 20)"


def _imp_uid(row: str, number: int) -> str:
    """Behind the dash stand milliseconds; those of a copy are of its own time."""
    column = f"{row}.imp_uid"
    dash = f"{_place(column, '_')}"
    return (
        f"substr({column}, 1, {dash}) || "
        f"CAST(CAST(substr({column}, {dash} + 1) AS bigint) - {number * SECONDS * 1000} AS text)"
    )


def _merchant_uid(row: str, number: int) -> str:
    """The year in it is one of its own."""
    column = f"{row}.merchant_uid"
    place = _place(column, str(YEAR))
    return f"substr({column}, 1, {place} - 1) || '{YEAR - number}' || substr({column}, {place} + 4)"


def _pg_tid(row: str, number: int) -> str:
    return f"'{(YEAR - number) % 100:02}' || substr({row}.pg_tid, 3)"


def _text(number: int) -> str:
    """The copied payment's text with the numbers of the copy in place of its own."""
    text = "one.text"
    for old, new in (
        ("paid.imp_uid", _imp_uid("paid", number)),
        ("paid.merchant_uid", _merchant_uid("paid", number)),
        ("paid.pg_tid", _pg_tid("paid", number)),
    ):
        text = f"replace({text}, lower(coalesce({old}, '')), lower(coalesce({new}, '')))"
    return text


def _place(column: str, wanted: str) -> str:
    return f"{'strpos' if is_postgresql() else 'instr'}({column}, '{wanted}')"


def _sum_days(*, before: int) -> None:
    """Add the copies to the sums of their days and months, inside the caller's transaction."""
    if is_postgresql():
        for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
            db.session.execute(sa.text(f"SET LOCAL {limit} = 0"))
    came = sa.or_(Payment.paid_at.is_not(None), Payment.status == PaymentStatus.PAID)
    figures = (
        sa.func.count(),
        sa.func.sum(sa.case((came, Payment.amount_minor), else_=0)),
        sa.func.sum(sa.case((came, Payment.cancelled_minor), else_=0)),
    )
    for basis, column in BASES.items():
        kind = (kst_day_of(column), Payment.standing, Payment.method)
        query = sa.select(*kind, *figures).where(Payment.id < before, column.is_not(None))
        months: dict[tuple[date, Standing, str], list[int]] = {}
        for day, standing, method, *sums in db.session.execute(query.group_by(*kind)).all():
            place = (day.replace(day=1), standing, method)
            months[place] = [
                old + int(new) for old, new in zip(months.get(place, (0, 0, 0)), sums, strict=True)
            ]
            _add(basis, Span.DAY, (day, standing, method), sums)
        for place, sums in months.items():
            _add(basis, Span.MONTH, place, sums)


def _add(basis: TimeBasis, span: Span, place: tuple[date, Standing, str], sums: list[int]) -> None:
    day, standing, method = place
    count, gross, cancelled = sums
    db.session.add(
        PaymentDay(
            basis=basis,
            span=span,
            day=day,
            standing=standing,
            method=method,
            count=count,
            gross_minor=int(gross),
            cancelled_minor=int(cancelled),
        )
    )
