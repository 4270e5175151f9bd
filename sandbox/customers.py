"""Billing keys: issue, read, delete, and the payments made with one."""

import sqlite3
from typing import Any

from flask import Blueprint, Response, request

from sandbox.billing_cards import card_fields, check_card
from sandbox.envelope import Refusal, http_refusal, success
from sandbox.facts.kcp import BILLING_SITE
from sandbox.incoming import Body, query_values, read_body, text
from sandbox.ledger import record
from sandbox.listing import Selection, page_of, read_paging
from sandbox.state import sandbox
from sandbox.store import Row

bp = Blueprint("customers", __name__, url_prefix="/subscribe/customers")

_SHOWN = (
    "customer_uid", "pg_provider", "pg_id", "sandbox", "customer_id", "card_name", "card_code",
    "card_issuer_code", "card_issuer_name", "card_publisher_code", "card_publisher_name",
    "card_number", "card_type", "customer_name", "customer_tel", "customer_email",
    "customer_addr", "customer_postcode", "inserted", "updated",
)  # fmt: skip
_STORED = (*(name for name in _SHOWN if "issuer" not in name and "publisher" not in name),
           "decline")  # fmt: skip
_PERSON = {"name": 20, "tel": 20, "email": 200, "addr": 200, "postcode": 8}
_CUSTOMER = ("customer_uid", "customer_id", *(f"customer_{part}" for part in _PERSON))
_CHANNEL = tuple(name for name in _SHOWN if name not in _CUSTOMER and name != "sandbox")


@bp.get("/")
def many() -> Response:
    """207 when some are missing, 404 when all are."""
    wanted = query_values("customer_uid")
    if not wanted:
        raise http_refusal(400, "customer_uid[] 파라메터가 누락되었습니다.")
    rows = [_find(customer_uid) for customer_uid in wanted]
    found = {row["customer_uid"]: row for row in rows if row is not None}
    if not found:
        raise http_refusal(404, _absent(", ".join(wanted)).message)
    return success([_key(row) for row in found.values()], 200 if all(rows) else 207)


@bp.get("/<segment:customer_uid>")
def show(customer_uid: str) -> Response:
    return success(_shown(_get(customer_uid)))


@bp.post("/<segment:customer_uid>")
def issue(customer_uid: str) -> Response:
    """Store a card under the uid; a uid that is taken gets the new card."""
    body = read_body()
    parts = sandbox()
    now = parts.clock.now()
    if len(customer_uid) > 80:
        raise Refusal("customer_uid 파라메터는 최대 80자까지 가능합니다.")
    number, expiry = text(body, "card_number"), text(body, "expiry")
    if not number or not expiry:
        raise Refusal("card_number, expiry 파라메터가 누락되었습니다.")
    card = card_fields(check_card(number, expiry, now=now))
    save_customer(key_fields(customer_uid, body) | card, now=now)
    return success(_shown(_get(customer_uid)))


@bp.delete("/<segment:customer_uid>")
def delete(customer_uid: str) -> Response:
    """The key goes; what is scheduled with it stays, and will fail."""
    parts = sandbox()
    with parts.store.writing() as db:
        row = _get(customer_uid)
        db.execute("DELETE FROM customers WHERE customer_uid = ?", (customer_uid,))
        _put_in_group(db, customer_uid, None)
        record(
            db,
            "key_delete",
            at=parts.clock.now(),
            source="api",
            customer_uid=customer_uid,
            reason=request.args.get("reason"),
        )
    return success(_shown(row))


@bp.get("/<segment:customer_uid>/payments")
def payments(customer_uid: str) -> Response:
    """Newest first; a deleted key still shows what it paid."""
    selection = Selection(
        where="customer_uid = ?", values=(customer_uid,), count_by="payments_customer_uid"
    )
    page = page_of(sandbox().store, selection, read_paging())
    if not page["total"]:
        _get(customer_uid)
    return success(page)


def save_customer(fields: dict[str, Any], *, now: int, source: str = "api") -> None:
    """Write a key, new or over an old one, and note its issue."""
    row = dict.fromkeys(_STORED) | {"sandbox": 0, "inserted": now, "updated": now} | fields
    with sandbox().store.writing() as db:
        old = _find(str(row["customer_uid"]))
        if old is not None:
            row["inserted"] = old["inserted"]
        db.execute(
            f"INSERT OR REPLACE INTO customers ({', '.join(_STORED)})"
            f" VALUES ({', '.join(f':{name}' for name in _STORED)})",
            row,
        )
        _put_in_group(db, row["customer_uid"], row.get("channel_group_id"))
        record(db, "key_issue", at=now, source=source, customer_uid=row["customer_uid"])


def _put_in_group(db: sqlite3.Connection, customer_uid: str, group: str | None) -> None:
    """Note the channel group a key was issued through, or that there is none."""
    db.execute("DELETE FROM key_groups WHERE customer_uid = ?", (customer_uid,))
    if group:
        db.execute("INSERT INTO key_groups VALUES (?, ?)", (customer_uid, group))


def key_fields(customer_uid: str | None, body: Body) -> dict[str, Any]:
    """Who the key belongs to and which channel it was issued through."""
    provider, _, site = (text(body, "pg") or "kcp_billing").partition(".")
    fields: dict[str, Any] = {
        "customer_uid": customer_uid,
        "pg_provider": provider if provider in {"kcp", "kcp_billing"} else "kcp_billing",
        "pg_id": site or BILLING_SITE,
        "customer_id": text(body, "customer_id"),
        # Issuing a key and charging once spell it differently.
        "channel_group_id": text(body, "channel_group_id", longest=55)
        or text(body, "channelGroupId", longest=55),
    }
    for part, longest in _PERSON.items():
        fields[f"customer_{part}"] = text(body, f"customer_{part}", longest=longest)
    return fields


def _find(customer_uid: str) -> Row | None:
    with sandbox().store.reading() as db:
        row: Row | None = db.execute(
            "SELECT * FROM customers LEFT JOIN key_groups USING (customer_uid)"
            " WHERE customer_uid = ?",
            (customer_uid,),
        ).fetchone()
    return row


def _get(customer_uid: str) -> Row:
    """Unknown keys are a business refusal here, not an HTTP 404."""
    row = _find(customer_uid)
    if row is None:
        raise _absent(customer_uid)
    return row


def _absent(customer_uid: str) -> Refusal:
    return Refusal(f"요청하신 customer_uid({customer_uid})로 등록된 정보를 찾을 수 없습니다.")


def _shown(row: Row) -> dict[str, Any]:
    """The gateway's object, of a single key or of one issued through a channel group."""
    key = _key(row)
    if row["channel_group_id"] is None:
        return key
    return {
        **{name: key[name] for name in _CUSTOMER},
        "channelGroupId": row["channel_group_id"],
        "succeededChannels": [{name: key[name] for name in _CHANNEL}],
        "failedChannels": [],
    }


def _key(row: Row) -> dict[str, Any]:
    """KCP names no issuer and no publisher."""
    stored = dict(row)
    return {name: stored.get(name) for name in _SHOWN} | {"sandbox": bool(row["sandbox"])}
