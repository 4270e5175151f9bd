"""Use cases of one payment: check it against the gateway, leave a note."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
import structlog

from admin.audit.service import record
from admin.cash_receipts.service import learn
from admin.domain.actor import Actor
from admin.domain.card_guard import holds_card_number
from admin.domain.errors import N_, InvalidInput, NotFound
from admin.domain.mentions import find_called
from admin.gateway.client import Gateway
from admin.gateway.errors import GatewayError
from admin.mirror import service as mirror
from admin.mirror.service import Applied
from admin.models import Note, NoteMention, Payment, db, lock, transaction
from admin.operations.intent import find_open
from admin.operations.resolver import advance
from admin.payments.mentions import colleagues, waiting_mentions

LONGEST_NOTE = 2000
log = structlog.get_logger(__name__)


def check_payment(payment_id: int, *, actor: Actor, gateway: Gateway, now: datetime) -> Applied:
    """Look the payment up ("확인"), mirror what the gateway says, settle what it decides.

    Raises NotFound, or GatewayError when the gateway gives no usable answer.
    """
    payment = db.session.get(Payment, payment_id)
    if payment is None:
        raise NotFound()
    seq = mirror.next_fetch_seq(now=now)
    seen = gateway.get_payment(payment.imp_uid)
    with transaction():
        applied = mirror.apply([seen], fetch_seq=seq, source="check", actor=actor, now=now)[0]
        changed = ", ".join(applied.merged.changed)
        record(actor, "payment.checked", f"payment:{payment_id}", now=now, changed=changed)
    if (operation := find_open(payment.imp_uid)) is not None:
        advance(operation.id, gateway=gateway, now=now)
    if payment.cash_receipt_issued or payment.cash_receipt is not None:
        _check_cash_receipt(payment, gateway=gateway, now=now)
    return applied


def _check_cash_receipt(payment: Payment, *, gateway: Gateway, now: datetime) -> None:
    """The payment is checked whether or not its receipt is told; a round asks for that again."""
    try:
        learn(payment.id, payment.imp_uid, gateway=gateway, now=now)
    except GatewayError as error:
        log.info("payment.cash_receipt_untold", error=type(error).__name__)


def sync_payment(imp_uid: str, *, source: str, gateway: Gateway, now: datetime) -> Applied:
    """Look one payment up by the gateway's number and mirror it, known before or not.

    Raises GatewayNotFound when the gateway knows none, else GatewayError.
    """
    seq = mirror.next_fetch_seq(now=now)
    seen = gateway.get_payment(imp_uid)
    actor = Actor.system(source)
    with transaction():
        applied = mirror.apply([seen], fetch_seq=seq, source=source, actor=actor, now=now)[0]
        record(actor, "payment.synced", f"payment:{applied.payment_id}", now=now, source=source)
    if (operation := find_open(imp_uid)) is not None:
        advance(operation.id, gateway=gateway, now=now)
    return applied


def add_note(payment_id: int, body: str, *, actor: Actor, now: datetime) -> Note:
    """Leave a note on a payment, for whoever it calls (`@name`).

    Raises NotFound or InvalidInput; a card number is refused, and a name that nobody has.
    """
    text = body.strip()
    if not text:
        raise InvalidInput(N_("Write something first."), field="body")
    if len(text) > LONGEST_NOTE:
        raise InvalidInput(
            N_("A note holds at most %(most)s characters."), field="body", most=LONGEST_NOTE
        )
    if holds_card_number(text):
        raise InvalidInput(
            N_("That looks like a card number. Card numbers are not kept here."), field="body"
        )
    called = find_called(text, colleagues())
    with transaction():
        if lock(Payment, payment_id) is None:
            raise NotFound()
        note = Note(payment_id=payment_id, body=text, author=actor.name, written_at=now)
        note.mentions = [NoteMention(operator_id=one.operator_id) for one in called]
        db.session.add(note)
        names = ", ".join(one.name for one in called)
        record(actor, "note.added", f"payment:{payment_id}", now=now, called=names)
    return note


def open_mentions(payment_id: int, *, actor: Actor, now: datetime) -> None:
    """The actor has the payment before them: what called them there waits no longer."""
    waiting = waiting_mentions(payment_id, actor.operator_id)
    if not waiting:
        return
    with transaction():
        db.session.execute(
            sa.update(NoteMention)
            .where(
                NoteMention.operator_id == actor.operator_id,
                NoteMention.note_id.in_(waiting),
                NoteMention.opened_at.is_(None),
            )
            .values(opened_at=now)
        )
