"""Keep what was received; later use nothing of it but the number of the payment to look up."""

from __future__ import annotations

import json
import re
from datetime import datetime
from urllib.parse import parse_qs

import sqlalchemy as sa

from admin.domain.actor import Actor
from admin.domain.card_guard import hide_card_numbers
from admin.domain.errors import N_, InvalidInput
from admin.domain.webhook import WebhookState
from admin.gateway.client import Gateway
from admin.gateway.errors import GatewayNotFound
from admin.jobs.service import enqueue
from admin.models import WebhookEvent, db, transaction
from admin.payments.service import sync_payment

MOST_BYTES = 16 * 1024
IMP_UID = re.compile(r"imps?_[A-Za-z0-9]{1,27}")
WORK = "webhooks.work"


class UnreadableMessage(InvalidInput):
    """The message is neither JSON nor a form with the number of a payment in it."""

    message = N_("The message holds no payment number.")


def receive_event(
    body: bytes, *, content_type: str, source_ip: str | None, now: datetime
) -> WebhookEvent:
    """Store one message and ask for its work, in one transaction; call nobody.

    A message without a readable `imp_uid` is stored too and then raises UnreadableMessage.
    """
    text = body.decode("utf-8-sig", errors="replace")
    imp_uid = find_imp_uid(text, content_type)
    event = WebhookEvent(
        received_at=now,
        source_ip=source_ip,
        content_type=content_type[:80],
        body=hide_card_numbers(text.replace("\x00", "")),
        imp_uid=imp_uid,
        state=WebhookState.RECEIVED if imp_uid else WebhookState.UNREADABLE,
        result="",
    )
    with transaction():
        db.session.add(event)
        db.session.flush()
        if imp_uid:
            key = f"webhook:{event.id}"
            actor = Actor.system("webhook")
            enqueue(WORK, unique_key=key, payload={"imp_uid": imp_uid}, actor=actor, now=now)
    if not imp_uid:
        raise UnreadableMessage()
    return event


def work_events(imp_uid: str, *, gateway: Gateway, now: datetime) -> None:
    """Work every waiting message about one payment by one look; a thousand copies cost one."""
    waiting = sa.select(WebhookEvent.id).where(
        WebhookEvent.imp_uid == imp_uid, WebhookEvent.state == WebhookState.RECEIVED
    )
    ids = list(db.session.scalars(waiting))
    if not ids:
        return
    try:
        applied = sync_payment(imp_uid, source="webhook", gateway=gateway, now=now)
    except GatewayNotFound:
        _end(ids, WebhookState.NOT_FOUND, "the gateway knows no such payment", now=now)
        return
    changed = ", ".join(applied.merged.changed) if not applied.new else "new"
    _end(ids, WebhookState.PROCESSED, changed or "nothing new", now=now)


def find_imp_uid(text: str, content_type: str) -> str | None:
    """The payment's number in a JSON or form message, if it has the gateway's shape."""
    value: object = None
    if "form-urlencoded" in content_type:
        value = parse_qs(text, max_num_fields=50).get("imp_uid", [""])[0]
    else:
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            return None
        value = message.get("imp_uid") if isinstance(message, dict) else None
    return value if isinstance(value, str) and IMP_UID.fullmatch(value) else None


def _end(ids: list[int], state: WebhookState, result: str, *, now: datetime) -> None:
    with transaction():
        db.session.execute(
            sa.update(WebhookEvent)
            .where(WebhookEvent.id.in_(ids), WebhookEvent.state == WebhookState.RECEIVED)
            .values(state=state, worked_at=now, result=result)
        )
