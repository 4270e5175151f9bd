"""What comes of a link: it is opened, and what the window did is looked up, never believed."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import sqlalchemy as sa

from admin.audit.service import record
from admin.domain.actor import Actor
from admin.domain.payment import PaymentSnapshot, PaymentStatus, Standing
from admin.domain.payment_request import RequestState
from admin.domain.payment_window import RequestKind
from admin.gateway.client import Gateway
from admin.mirror import service as mirror
from admin.models import BillingKey, Payment, PaymentRequest, db, lock, transaction
from admin.operations.billing_keys import find_key, keep_look, look_up_key
from admin.payment_requests.queries import find_by_digest, state_of
from admin.payment_requests.service import digest_of

LONGEST_TOKEN = 64
LEFT = "3001"  # KCP's code for a buyer who closed the window
CUSTOMER = Actor.system("checkout")


class Finding(Enum):
    """What a look after the window closed showed, for the sentence on the customer's page."""

    DONE = "done"  # the state of the request says it all
    NOTHING = "nothing"  # no attempt stands at the gateway
    CLOSED = "closed"  # the window was opened and left
    FAILED = "failed"
    STRANGE = "strange"  # the number the browser brought belongs to another order


def find_link(token: str) -> PaymentRequest | None:
    """The request behind a token; nothing about others can be learnt from a wrong one."""
    if not token or len(token) > LONGEST_TOKEN:
        return None
    return find_by_digest(digest_of(token))


def note_opened(request_id: int, *, now: datetime) -> None:
    """Remember when the link was first opened."""
    with transaction():
        request = lock(PaymentRequest, request_id)
        if request is not None and request.opened_at is None:
            request.opened_at = now
            record(CUSTOMER, "payment_request.opened", f"payment_request:{request_id}", now=now)


def take_result(request_id: int, imp_uid: str, *, gateway: Gateway, now: datetime) -> Finding:
    """Ask the gateway what stands under the request's own order number, and mirror it.

    `imp_uid` is what the browser brought: a hint that is checked, nothing more. Raises
    GatewayError when the gateway gives no usable answer; then nothing is known.
    """
    request = db.session.get_one(PaymentRequest, request_id)
    number, kind, uid = request.merchant_uid, request.kind, request.customer_uid
    seq = mirror.next_fetch_seq(now=now)
    seen = gateway.find_all_payments(number)
    issued = kind is RequestKind.CARD and any(_is_issue(one, uid) for one in seen)
    key = look_up_key(gateway, uid or "") if issued else None
    with transaction():
        mirror.apply(seen, fetch_seq=seq, source="checkout", actor=CUSTOMER, now=now)
        locked = lock(PaymentRequest, request_id)
        if locked is not None and key is not None and locked.stored_at is None:
            _keep_key(locked)
            keep_look(uid or "", key, now=now)
            locked.stored_at = now
            record(CUSTOMER, "payment_request.stored", f"payment_request:{request_id}", now=now)
    if imp_uid and imp_uid not in {one.imp_uid for one in seen}:
        return Finding.STRANGE
    state = state_of(db.session.get_one(PaymentRequest, request_id), now=now)
    if state not in (RequestState.OPEN, RequestState.EXPIRED, RequestState.REVOKED):
        return Finding.DONE
    return _last(seen, imp_uid)


def settle_requests(*, gateway: Gateway, now: datetime) -> int:
    """Look at the card registrations whose customer never came back from the window.

    A payment needs no such look: the mirror brings it by its order number. Returns how many.
    """
    query = (
        sa.select(PaymentRequest.id)
        .join(Payment, Payment.merchant_uid == PaymentRequest.merchant_uid)
        .where(
            PaymentRequest.kind == RequestKind.CARD,
            PaymentRequest.stored_at.is_(None),
            Payment.status == PaymentStatus.PAID,
        )
        .distinct()
    )
    ids = list(db.session.scalars(query))
    for request_id in ids:
        take_result(request_id, "", gateway=gateway, now=now)
    return len(ids)


def _is_issue(payment: PaymentSnapshot, customer_uid: str | None) -> bool:
    return payment.status is PaymentStatus.PAID and payment.customer_uid == customer_uid


def _keep_key(request: PaymentRequest) -> None:
    if find_key(request.customer_uid or "") is None:
        db.session.add(
            BillingKey(customer_uid=request.customer_uid, customer_id=request.customer_id)
        )
        db.session.flush()


def _last(seen: tuple[PaymentSnapshot, ...], imp_uid: str) -> Finding:
    asked = [one for one in seen if one.imp_uid == imp_uid] or list(seen)
    if not asked:
        return Finding.NOTHING
    failed = asked[-1].standing is Standing.FAILED
    return (
        Finding.FAILED if failed and LEFT not in (asked[-1].fail_reason or "") else Finding.CLOSED
    )
