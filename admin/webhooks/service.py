"""Keep what was received; later use nothing of it but the number of the payment to look up."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from urllib.parse import parse_qs

import sqlalchemy as sa

from admin.domain.actor import Actor
from admin.domain.card_guard import hide_card_numbers
from admin.domain.errors import N_, InvalidInput
from admin.domain.webhook import WebhookState
from admin.gateway.client import Gateway
from admin.gateway.errors import GatewayNotFound
from admin.jobs.service import enqueue
from admin.models import Payment, WebhookEvent, db, transaction
from admin.payments.service import sync_payment

MOST_BYTES = 16 * 1024
IMP_UID = re.compile(r"imps?_[A-Za-z0-9]{1,27}")
WORK = "webhooks.work"
# A message costs nothing to forge. What it names and nobody knows is looked up so often at most.
MOST_STRANGERS = 60  # look-ups a minute that may find nothing
IN_VAIN_FOR = timedelta(minutes=10)  # a number looked up in vain is not looked up again
IN_VAIN = "the gateway knows no such payment"


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
    """Work every waiting message about one payment by one look; a thousand copies cost one.

    A payment that the mirror does not know may be a forger's: of those only so many are looked up.
    A real one among them comes in with the next walk.
    """
    waiting = sa.select(WebhookEvent.id).where(
        WebhookEvent.imp_uid == imp_uid, WebhookEvent.state == WebhookState.RECEIVED
    )
    ids = list(db.session.scalars(waiting))
    if not ids:
        return
    if not _is_known(imp_uid):
        if imp_uid in _looked_up_in_vain(since=now - IN_VAIN_FOR):
            _end(ids, WebhookState.NOT_FOUND, "looked up in vain a moment ago", now=now)
            return
        if len(_looked_up_in_vain(since=now - timedelta(minutes=1))) >= MOST_STRANGERS:
            _end(ids, WebhookState.FAILED, "too many unknown payments; not looked up", now=now)
            return
    try:
        applied = sync_payment(imp_uid, source="webhook", gateway=gateway, now=now)
    except GatewayNotFound:
        _end(ids, WebhookState.NOT_FOUND, IN_VAIN, now=now)
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


def _is_known(imp_uid: str) -> bool:
    query = sa.select(Payment.id).where(Payment.imp_uid == imp_uid)
    return db.session.execute(query).first() is not None


def _looked_up_in_vain(*, since: datetime) -> frozenset[str]:
    """The numbers for which a look found nothing; at most as many as the limits let through."""
    query = sa.select(WebhookEvent.imp_uid).where(
        WebhookEvent.received_at > since - timedelta(hours=1),  # by the index
        WebhookEvent.worked_at > since,
        WebhookEvent.result == IN_VAIN,
    )
    return frozenset(uid for uid in db.session.scalars(query) if uid)


def _end(ids: list[int], state: WebhookState, result: str, *, now: datetime) -> None:
    with transaction():
        db.session.execute(
            sa.update(WebhookEvent)
            .where(WebhookEvent.id.in_(ids), WebhookEvent.state == WebhookState.RECEIVED)
            .values(state=state, worked_at=now, result=result)
        )
