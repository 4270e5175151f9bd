"""The search index of payments: their text, and the pieces of it, in both databases.

`payment_texts` holds what a word is compared with, `payment_pieces` where each piece stands: an
FTS5 table without content on SQLite, a tsvector under a GIN index on PostgreSQL. Both are written
with the payment they speak of, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, mapped_column

from admin.domain.payment import PaymentSnapshot, Standing
from admin.domain.search.grams import Needed, grams, joined
from admin.domain.search.hangul import initials
from admin.models.base import Base, BigKey, db, text_enum

# Marks for what a payment is and not what it says; no word of a text is cut into these.
TEST_MARK = "§test"
ESCROW_MARK = "§escrow"


class PaymentText(Base):
    """Everything of one payment that a typed word is compared with, in lower case."""

    __tablename__ = "payment_texts"

    payment_id: Mapped[int] = mapped_column(
        BigKey, sa.ForeignKey("payments.id"), primary_key=True, autoincrement=False
    )
    text: Mapped[str] = mapped_column(sa.Text)


# Not of the metadata: each database makes it in a way of its own, by migration.
_LITE = sa.Table("payment_pieces", sa.MetaData(), sa.Column("rowid", sa.BigInteger, key="id"))
_POSTGRES = sa.Table(
    "payment_pieces",
    sa.MetaData(),
    sa.Column("payment_id", sa.BigInteger, key="id"),
    sa.Column("pieces", TSVECTOR),
)

Searchable = PaymentSnapshot | SimpleNamespace  # whatever has the fields of a payment
_SEARCHED = (
    "imp_uid merchant_uid buyer_name order_name vbank_holder buyer_email buyer_tel buyer_addr "
    "apply_num pg_tid pg_id customer_uid card_name card_number bank_name vbank_name vbank_num "
    "fail_reason cancel_reason sandbox escrow card_quota standing method"
).split()
_BATCH = 1_000

_PUT_LITE = sa.text("INSERT OR REPLACE INTO payment_pieces(rowid, pieces) VALUES (:id, :pieces)")
_PUT_POSTGRES = sa.text(
    "INSERT INTO payment_pieces(payment_id, pieces) "
    "VALUES (:id, array_to_tsvector(string_to_array(:pieces, ' '))) "
    "ON CONFLICT (payment_id) DO UPDATE SET pieces = excluded.pieces"
)
_RECEIPTS = sa.table("cash_receipts", sa.column("payment_id"), sa.column("apply_num"))
_NUMBERS = sa.select(_RECEIPTS).where(
    _RECEIPTS.c.payment_id.in_(sa.bindparam("keys", expanding=True)),
    _RECEIPTS.c.apply_num.is_not(None),
)
_PUT_TEXT = sa.text(
    "INSERT INTO payment_texts(payment_id, text) VALUES (:id, :text) "
    "ON CONFLICT (payment_id) DO UPDATE SET text = excluded.text"
)


def make_pieces(connection: Connection) -> None:
    """Make the table of pieces, as each database can."""
    if connection.dialect.name == "postgresql":
        connection.execute(
            sa.text(
                "CREATE TABLE payment_pieces "
                "(payment_id bigint PRIMARY KEY REFERENCES payments, pieces tsvector NOT NULL)"
            )
        )
        connection.execute(
            sa.text("CREATE INDEX ix_payment_pieces_pieces ON payment_pieces USING gin (pieces)")
        )
        return
    connection.execute(
        sa.text(
            "CREATE VIRTUAL TABLE payment_pieces USING fts5"
            "(pieces, content='', contentless_delete=1, detail=none, tokenize='ascii')"
        )
    )


@sa.event.listens_for(PaymentText.__table__, "after_create")
def _make_beside(_table: sa.Table, connection: Connection, **_how: Any) -> None:
    make_pieces(connection)


def text_of(payment: Searchable, cash_receipt: str | None = None) -> str:
    """What a word may be found in, part by part. `cash_receipt`: the number of its receipt."""
    names = [payment.buyer_name, payment.order_name, payment.vbank_holder]
    return joined(
        [
            payment.imp_uid,
            payment.merchant_uid,
            *names,
            *(initials(name) for name in names if name),
            payment.buyer_email,
            _digits(payment.buyer_tel),
            payment.buyer_addr,
            payment.apply_num,
            cash_receipt,
            payment.pg_tid,
            payment.pg_id,
            payment.customer_uid,
            payment.card_name,
            payment.card_number,
            payment.bank_name,
            payment.vbank_name,
            _digits(payment.vbank_num),
            payment.fail_reason,
            *dict.fromkeys([payment.cancel_reason, *(one.reason for one in payment.cancellations)]),
        ]
    )


def marks_of(payment: Searchable) -> Iterable[str]:
    """What stands beside the pieces of the text."""
    yield standing_mark(payment.standing)
    yield method_mark(payment.method)
    if payment.sandbox:
        yield TEST_MARK
    if payment.escrow:
        yield ESCROW_MARK
    if payment.card_quota:
        yield quota_mark(payment.card_quota)


def standing_mark(standing: Standing) -> str:
    """The mark of payments that stand so."""
    return f"§s{standing.value.replace('_', '')}"


def method_mark(method: str) -> str:
    """The mark of payments made this way."""
    return f"§m{''.join(filter(str.isalnum, method.lower()))}"


def quota_mark(months: int) -> str:
    """The mark of payments in so many instalments."""
    return f"§{months}mo"


def put(connection: Connection, payments: Sequence[tuple[int, Searchable]]) -> None:
    """Write the index of these payments anew, inside the caller's transaction.

    Whoever writes it, what is known beside the payment stays in its text.
    """
    _write(connection, payments, _cash_receipts(connection, [key for key, _ in payments]))


def put_first(connection: Connection, payments: Sequence[tuple[int, Searchable]]) -> None:
    """The same for payments written just now, of which nothing else is known yet."""
    _write(connection, payments, {})


def _cash_receipts(connection: Connection, keys: Sequence[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for start in range(0, len(keys), _BATCH):
        rows = connection.execute(_NUMBERS, {"keys": keys[start : start + _BATCH]})
        found.update((row.payment_id, row.apply_num) for row in rows)
    return found


def _write(
    connection: Connection,
    payments: Sequence[tuple[int, Searchable]],
    cash_receipts: Mapping[int, str],
) -> None:
    if not payments:
        return
    texts: list[dict[str, Any]] = []
    pieces: list[dict[str, Any]] = []
    for key, payment in payments:
        text = text_of(payment, cash_receipts.get(key))
        texts.append({"id": key, "text": text})
        pieces.append({"id": key, "pieces": " ".join(grams(text).union(marks_of(payment)))})
    connection.execute(_PUT_TEXT, texts)
    connection.execute(
        _PUT_POSTGRES if connection.dialect.name == "postgresql" else _PUT_LITE, pieces
    )


def fill(connection: Connection) -> None:
    """Index every payment of a database whose index is empty."""
    payments = sa.table(
        "payments",
        *(sa.column(name) for name in ("id", *_SEARCHED) if name != "standing"),
        sa.column("standing", text_enum(Standing)),
    )
    cancels = sa.table("payment_cancellations", sa.column("payment_id"), sa.column("reason"))
    last = -1
    while rows := connection.execute(
        sa.select(payments).where(payments.c.id > last).order_by(payments.c.id).limit(_BATCH)
    ).all():
        reasons: dict[int, list[SimpleNamespace]] = {}
        within = cancels.c.payment_id.between(rows[0].id, rows[-1].id)
        for key, reason in connection.execute(sa.select(cancels).where(within)):
            reasons.setdefault(key, []).append(SimpleNamespace(reason=reason))
        put_first(  # the table of the cash receipts may be younger
            connection,
            [
                (row.id, SimpleNamespace(**row._mapping, cancellations=reasons.get(row.id, ())))
                for row in rows
            ],
        )
        last = rows[-1].id


def pieces_table() -> sa.Table:
    """The table of pieces; its `c.id` is the payment's key."""
    return _POSTGRES if is_postgresql() else _LITE


def matches(alternatives: Sequence[Sequence[Needed]]) -> sa.ColumnElement[bool]:
    """Whether a row of `pieces_table` fits: of every entry, one of its alternatives.

    The payment may hold more than what was asked for, never less.
    """
    if is_postgresql():
        query = " & ".join(
            _either([_postgres(one) for one in entry], "|") for entry in alternatives
        )
        return _POSTGRES.c.pieces.op("@@", is_comparison=True)(sa.cast(query, TSQUERY))
    query = " AND ".join(_either([_lite(one) for one in entry], "OR") for entry in alternatives)
    return sa.column("payment_pieces").op("MATCH", is_comparison=True)(query)


def is_postgresql() -> bool:
    """Which of the two databases this is."""
    return db.engine.dialect.name == "postgresql"


def _either(queries: list[str], word: str) -> str:
    return f"({f' {word} '.join(queries)})"


def _lite(wanted: Needed) -> str:
    words = [f'"{piece}"' for piece in wanted.pieces]
    words += [f'"{piece}"*' for piece in wanted.beginnings]
    return f"({' AND '.join(words)})"


def _postgres(wanted: Needed) -> str:
    words = [f"'{piece}'" for piece in wanted.pieces]
    words += [f"'{piece}':*" for piece in wanted.beginnings]
    return f"({' & '.join(words)})"


def _digits(text: str | None) -> str | None:
    return "".join(filter(str.isdecimal, text)) if text else None
