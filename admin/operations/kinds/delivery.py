"""Escrow deliveries: POST /escrows/logis/{imp_uid}. KCP takes no correction afterwards."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from admin.domain.approval import ClosureClaim
from admin.domain.clock import from_epoch
from admin.domain.errors import N_, NotFound
from admin.domain.escrow import DeliveryNotice
from admin.domain.evidence import Verdict
from admin.domain.operation import QUIET_PERIOD, OperationState
from admin.gateway.client import Gateway
from admin.gateway.errors import GatewayConflict
from admin.gateway.wire.deliveries import DeliveryParty
from admin.mirror.escrow import hold_escrow_order, stand_of
from admin.models import Delivery, MoneyOperation, Payment, db
from admin.operations.kinds.base import Seen

TAKEN = N_("The gateway holds another delivery for this payment already.")


class DeliveryRegistration:
    """A 409 is not a failure by itself: the registered parcel is compared with ours."""

    def preflight(self, operation: MoneyOperation, gateway: Gateway) -> Seen:
        return Seen(delivery=gateway.get_delivery(operation.imp_uid or ""))

    def fence(self, operation: MoneyOperation, seen: Seen) -> Verdict | None:
        if seen.delivery is None:
            return None
        return Verdict(state=OperationState.REJECTED, fact=_told(seen.delivery))

    def send(self, operation: MoneyOperation, gateway: Gateway) -> Seen:
        details = operation.details
        try:
            answer = gateway.register_delivery(
                operation.imp_uid or "",
                notice=wanted_notice(operation),
                receiver=DeliveryParty(
                    name=details.get("receiver_name"), tel=details.get("receiver_tel")
                ),
            )
        except GatewayConflict:
            return Seen(delivery=gateway.get_delivery(operation.imp_uid or ""))
        return Seen(delivery=answer)

    def judge_answer(self, operation: MoneyOperation, seen: Seen) -> Verdict:
        if seen.delivery is None:
            return Verdict(state=OperationState.FAILED, fact="409, and nothing is registered")
        return self._compared(operation, seen.delivery)

    def look(self, operation: MoneyOperation, gateway: Gateway, *, canary: str | None) -> Seen:
        return Seen(delivery=gateway.get_delivery(operation.imp_uid or ""))

    def judge_look(self, operation: MoneyOperation, seen: Seen, *, now: datetime) -> Verdict:
        if seen.delivery is not None:
            return self._compared(operation, seen.delivery)
        if now - (operation.sent_at or operation.created_at) >= QUIET_PERIOD:
            return Verdict(
                state=OperationState.NOT_EXECUTED, fact="nothing registered after the quiet period"
            )
        return Verdict(state=None, fact="nothing registered yet")

    def judge_claim(
        self, operation: MoneyOperation, seen: Seen, claim: ClosureClaim, evidence: str
    ) -> Verdict:
        registered, happened = seen.delivery, claim is ClosureClaim.HAPPENED
        if registered is None:
            state = None if happened else OperationState.NOT_EXECUTED
            return Verdict(state=state, fact="nothing is registered")
        if happened and registered.invoice == evidence:
            return Verdict(state=OperationState.SUCCEEDED, fact=_told(registered))
        ours = wanted_notice(operation).invoice == registered.invoice
        state = None if happened or ours else OperationState.NOT_EXECUTED
        return Verdict(state=state, fact=_told(registered))

    def settle(
        self, operation: MoneyOperation, seen: Seen, verdict: Verdict, *, now: datetime
    ) -> None:
        if seen.delivery is not None:
            keep_delivery(
                operation.imp_uid or "",
                seen.delivery,
                operation_id=operation.id if verdict.state is OperationState.SUCCEEDED else None,
                now=now,
            )

    def _compared(self, operation: MoneyOperation, registered: DeliveryNotice) -> Verdict:
        ours = wanted_notice(operation)
        same = (registered.company, registered.invoice) == (ours.company, ours.invoice)
        state = OperationState.SUCCEEDED if same else OperationState.MISMATCH
        return Verdict(state=state, fact=_told(registered))


def keep_delivery(
    imp_uid: str, notice: DeliveryNotice, *, operation_id: str | None, now: datetime
) -> None:
    """Hold the parcel that the gateway says is registered; inside the caller's transaction."""
    of_it = {"imp_uid": imp_uid}
    order = hold_escrow_order(db.session.scalars(_ID, of_it).one())
    if order is None:
        raise NotFound()
    order.looked_at = now
    row = order.delivery or Delivery(payment_id=order.payment_id, operation_id=operation_id)
    if (row.company, row.invoice) != (notice.company, notice.invoice):
        row.arrived_on = row.arrival_by = row.arrival_at = None  # it was of another parcel
    row.company = notice.company
    row.invoice = notice.invoice
    row.sent_at = notice.sent_at
    row.applied_at = notice.applied_at
    order.delivery = row
    order.state = stand_of(order, db.session.scalars(_FRESH, of_it).one(), now=now)


_ID = sa.select(Payment.id).where(Payment.imp_uid == sa.bindparam("imp_uid"))
# Read after the order is held: whoever changes the payment meanwhile writes the stand after us.
_FRESH = (
    sa.select(Payment)
    .where(Payment.imp_uid == sa.bindparam("imp_uid"))
    .execution_options(populate_existing=True)
)


def wanted_notice(operation: MoneyOperation) -> DeliveryNotice:
    """The parcel the person wanted to register."""
    sent_at = from_epoch(int(operation.details["sent_at"]))
    return DeliveryNotice(
        company=str(operation.details["company"]),
        invoice=str(operation.details["invoice"]),
        sent_at=sent_at or operation.created_at,
    )


def _told(notice: DeliveryNotice) -> str:
    return f"registered: {notice.company} {notice.invoice}"
