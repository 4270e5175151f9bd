"""Everyone who acts in a history. Each method gives the work of one act, to be put on the stage.

What there is to act on they read from the tables as they are, past the models: choosing is no
part of what is tried, and it is done at every step.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any, NamedTuple

import pysqlite3.dbapi2 as sqlite

from admin.customers.card_service import KeyInCommand, charge_typed_card
from admin.customers.service import ChargeCommand, charge_billing_key
from admin.domain.actor import Actor
from admin.domain.errors import InvalidInput
from admin.domain.escrow import DeliveryNotice
from admin.domain.money import Money
from admin.escrow_orders.service import DeliveryCommand, register_delivery
from admin.gateway.client import Gateway
from admin.operations.approval import approve, decline, expire_overdue
from admin.operations.resolver import advance, sweep
from admin.payments.service import check_payment
from admin.payments.sync import walk
from admin.refunds.service import RefundCommand, refund_payment
from admin.webhooks.service import receive_event, work_events
from tests.simulation.canaries import CARD
from tests.simulation.clock import Clock
from tests.simulation.office import Phone
from tests.simulation.world import Row, World

Work = Callable[[], str]
Command = RefundCommand | ChargeCommand | KeyInCommand | DeliveryCommand
ROUND_DONE = "the round touched"
AMOUNTS = (100, 1_000, 9_999, 10_000, 33_333, 120_001)


class _Payment(NamedTuple):
    id: int
    imp_uid: str
    left: int  # minor units
    escrow: int


@dataclass(slots=True)
class Actors:
    """People, the worker, the world outside. `forms` are the pages that somebody has open."""

    world: World
    rows: sqlite.Connection
    gateway: Gateway
    clock: Clock
    rng: Random
    staff: list[Actor]
    manager: Actor
    phone: Phone
    forms: list[RefundCommand] = field(default_factory=list)
    sent: list[Command] = field(default_factory=list)
    count: int = 0

    def open_form(self) -> str:
        """Somebody opens the refund page of a payment and leaves it open."""
        if (command := self._new_refund()) is None:
            return "no payment to refund"
        self.forms.append(command)
        return f"opens {command.form_key}: {command.amount} of {command.seen}"

    def refund(self) -> str:
        """Somebody sends a refund: from a page left open, or from a new one."""
        if self.forms and self.rng.random() < 0.4:
            command = self.forms.pop(self.rng.randrange(len(self.forms)))
        elif (new := self._new_refund()) is not None:
            command = new
        else:
            return "no payment to refund"
        return self._send(command)

    def refund_twice(self) -> str:
        """A double click, a reload, the back button: the same form once more."""
        if not self.sent:
            return "no form to send again"
        return self._send(self.rng.choice(self.sent[-4:]))

    def charge(self) -> str:
        """Somebody charges a stored card, under a new order number or one that came to nothing."""
        key = self.rng.choice(self._column("SELECT id FROM billing_keys"))
        command = ChargeCommand(
            billing_key_id=key,
            merchant_uid=self._order_number(),
            amount=Money(self.rng.choice(AMOUNTS)),
            order_name="정기배송 11월",
            note="",
            form_key=self._form_key(),
        )
        return self._send(command)

    def key_in(self) -> str:
        """The manager types in a card that a customer reads out."""
        self.count += 1
        command = KeyInCommand(
            customer_id=self.rng.choice(self._column("SELECT id FROM customers")),
            merchant_uid=f"TEL-{self.count}",
            amount=Money(self.rng.choice(AMOUNTS)),
            order_name="전화 주문",
            note="",
            form_key=self._form_key(),
        )
        return self._send(command)

    def deliver(self) -> str:
        """Somebody registers the parcel of an escrow order."""
        waiting = self._column(
            "SELECT payment_id FROM escrow_orders WHERE state = 'to_ship' ORDER BY payment_id"
        )
        if not waiting:
            return "nothing to ship"
        now = self.clock.now()
        self.count += 1
        notice = DeliveryNotice(
            company="CJGLS",
            invoice=f"{123_456_000 + self.count}",
            sent_at=now.replace(microsecond=0),
        )
        payment_id = self.rng.choice(waiting)
        return self._send(
            DeliveryCommand(payment_id=payment_id, notice=notice, form_key=self._form_key())
        )

    def check(self) -> str:
        """Somebody presses "check" on a payment."""
        if (payment := self._some_payment()) is None:
            return "no payment to check"
        actor = self.rng.choice(self.staff)
        check_payment(payment.id, actor=actor, gateway=self.gateway, now=self.clock.now())
        return f"checked {payment.imp_uid}"

    def open_page(self) -> str:
        """Somebody opens the page of an operation, which takes it as far as it goes."""
        if not (recent := self._column("SELECT id FROM operations ORDER BY id DESC LIMIT 5")):
            return "no operation to show"
        operation = advance(self.rng.choice(recent), gateway=self.gateway, now=self.clock.now())
        return f"the page says {operation.state.value}"

    def decide(self) -> str:
        """A manager answers somebody's request: mostly yes."""
        waiting = self._column(
            "SELECT id FROM operations WHERE state = 'needs_approval' ORDER BY id"
        )
        if not waiting:
            return "nothing to approve"
        operation_id, now = self.rng.choice(waiting), self.clock.now()
        if self.rng.random() < 0.2:
            done = decline(operation_id, "no", actor=self.manager, now=now)
        else:
            done = approve(operation_id, actor=self.manager, gateway=self.gateway, now=now)
        return f"the manager's word: {done.state.value}"

    def sweep(self) -> str:
        """The worker's round: what is due, and what a dead process left."""
        expire_overdue(now=self.clock.now())
        return f"{ROUND_DONE} {sweep(gateway=self.gateway, now=self.clock.now())}"

    def sync(self) -> str:
        """The walk over everything the gateway holds."""
        result = walk(gateway=self.gateway, history=timedelta(0), now=self.clock.now(), in_flight=1)
        return f"{result.new} new, {result.changed} changed"

    def work_webhook(self) -> str:
        """The worker takes the messages about one payment."""
        waiting = self._column(
            "SELECT imp_uid FROM webhook_events WHERE state = 'received' ORDER BY id LIMIT 1"
        )
        if not waiting:
            return "no message waits"
        (imp_uid,) = waiting
        work_events(imp_uid, gateway=self.gateway, now=self.clock.now())
        return f"worked {imp_uid}"

    def deliver_webhook(self) -> str:
        """A message arrives: any of those not delivered yet, in any order, perhaps twice."""
        if not self.world.announced:
            return "nothing to announce"
        place = self.rng.randrange(len(self.world.announced))
        message = self.world.announced[place]
        if self.rng.random() < 0.7:
            self.world.announced.pop(place)
        return self._receive(message)

    def lose_webhook(self) -> str:
        """A message is lost for good."""
        if self.world.announced:
            self.world.announced.pop(self.rng.randrange(len(self.world.announced)))
        return "lost"

    def forge_webhook(self) -> str:
        """A stranger says that a payment has changed."""
        known = [*self.world.payments]
        message: Row = {
            "imp_uid": self.rng.choice([*known, "imp_999999999999"]),
            "merchant_uid": "ORD-1",
            "status": self.rng.choice(("paid", "cancelled", "failed")),
            "amount": 1,
            "cancel_amount": 1,
        }
        return self._receive(message)

    def pay(self) -> str:
        """A buyer pays, or does not manage to."""
        escrow = self.rng.random() < 0.3
        status = self.rng.choices(("paid", "failed", "ready"), (8, 1, 1))[0]
        again = self.rng.random() < 0.2  # another try at an order that has a payment already
        earlier = self.rng.choice([*self.world.payments.values()])["merchant_uid"]
        row = self.world.pay(
            self.rng.choice(AMOUNTS),
            escrow=escrow,
            status=status,
            number=earlier if again and earlier.startswith("ORD-") else "",
        )
        return f"{row['imp_uid']}: {row['amount']} {status}"

    def cancel_in_console(self) -> str:
        """A colleague gives money back in the PortOne console."""
        rows = [row for row in self.world.payments.values() if row["paid_at"]]
        rows = [row for row in rows if row["amount"] > row["cancel_amount"]]
        if not rows:
            return "nothing to cancel"
        row = self.rng.choice(rows[-4:])
        left = self.world.left(row["imp_uid"])
        # Often just the amount that one of ours is about: the case in which both look alike.
        amounts = [left, self.rng.randint(1, left)]
        amounts += [one.amount.minor for one in self.sent if isinstance(one, RefundCommand)][-2:]
        amount = min(self.rng.choice(amounts) or 1, left)
        self.world.cancel_in_console(row["imp_uid"], amount, reason="관리자페이지취소")
        return f"{amount} of {row['imp_uid']}"

    def cancel_at_pg(self) -> str:
        """Somebody cancels at the PG itself, of which the gateway never hears."""
        if not self.world.payments:
            return "nothing to cancel"
        imp_uid = self.rng.choice([*self.world.payments])
        self.world.cancelled_at_pg.add(imp_uid)
        return imp_uid

    def _send(self, command: Command) -> str:
        self.sent.append(command)
        actor, now = self.rng.choice(self.staff), self.clock.now()
        if isinstance(command, RefundCommand):
            done = refund_payment(command, actor=actor, gateway=self.gateway, now=now)
        elif isinstance(command, ChargeCommand):
            done = charge_billing_key(command, actor=actor, gateway=self.gateway, now=now)
        elif isinstance(command, KeyInCommand):
            code = self.phone.code(now)
            done = charge_typed_card(
                command, CARD, code, actor=self.manager, gateway=self.gateway, now=now
            )
        else:
            done = register_delivery(command, actor=actor, gateway=self.gateway, now=now)
        return f"{command.form_key} is {done.state.value}"

    def _new_refund(self) -> RefundCommand | None:
        payment = self._some_payment()
        if payment is None or payment.left < 1:
            return None
        left = payment.left
        part = self.rng.randint(1, left)
        amount = left if payment.escrow else self.rng.choice((left, part, part, part))
        if self.rng.random() < 0.05:
            amount = self.rng.choice((0, left + 1))
        return RefundCommand(
            payment_id=payment.id,
            amount=Money(amount),
            seen=Money(left),
            reason="defective",
            note="",
            form_key=self._form_key(),
        )

    def _some_payment(self) -> _Payment | None:
        """One of the latest payments: few enough that people meet on them."""
        found = self.rows.execute(
            "SELECT id, imp_uid, amount_minor - cancelled_minor, escrow FROM payments"
            " ORDER BY id DESC LIMIT 4"
        ).fetchall()
        return _Payment(*self.rng.choice(found)) if found else None

    def _order_number(self) -> str:
        spent = self._column(
            "SELECT merchant_uid FROM operations"
            " WHERE state = 'not_executed' AND customer_uid IS NOT NULL ORDER BY id"
        )
        if spent and self.rng.random() < 0.5:
            return self.rng.choice(spent) or ""
        self.count += 1
        return f"CHG-{self.count}"

    def _column(self, query: str) -> list[Any]:
        return [value for (value,) in self.rows.execute(query)]

    def _form_key(self) -> str:
        self.count += 1
        return f"form-{self.count}"

    def _receive(self, message: Row) -> str:
        try:
            receive_event(
                json.dumps(message).encode(),
                content_type="application/json",
                source_ip="52.78.100.19",
                now=self.clock.now(),
            )
        except InvalidInput as error:
            return f"{error}"
        return f"{message}"
