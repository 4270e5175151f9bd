"""The protections of the money protocol, each with the text that takes it out of the program."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edit:
    """`old` stands in `admin/<file>` exactly once."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """One protection less. `first`: the seed to begin with, since it is known to tell at once.

    `tests` are named where no history can see it, and `why` says why.
    """

    name: str
    edits: tuple[Edit, ...]
    first: int = 1
    tests: tuple[str, ...] = ()
    why: str = ""


def _mutant(name: str, *edits: tuple[str, str, str], first: int = 1) -> Mutant:
    return Mutant(name, tuple(Edit(*edit) for edit in edits), first)


PAYMENTS = "gateway/calls/payments.py"
SERVICE = "operations/service.py"
RESOLVER = "operations/resolver.py"
REFUND = "operations/kinds/refund.py"
CHARGE = "operations/kinds/charging.py"
EVIDENCE = "domain/evidence.py"
OF_PROTOCOL = "tests/operations/test_protocol.py"
OF_CHARGES = "tests/operations/test_charge_outcomes.py"
OF_EVIDENCE = "tests/domain/test_evidence.py"

MUTANTS = (
    _mutant(
        "drop the checksum",
        (PAYMENTS, '            "checksum": write_amount(cancellable),\n', ""),
    ),
    _mutant(
        "leave the amount out",
        (PAYMENTS, '            "amount": write_amount(amount),\n', ""),
    ),
    _mutant(
        "write 0 for all that is left",
        (
            PAYMENTS,
            '"amount": write_amount(amount),',
            '"amount": write_amount(amount) if amount < cancellable else 0,',
        ),
    ),
    _mutant(
        "keep the whole card number",
        ("customers/card_service.py", "last4=card.last4)", "last4=card.digits)"),
    ),
    _mutant(
        "money as a float",
        (
            "gateway/wire/payments.py",
            "return int(amount.major) if amount.currency.exponent == 0 else amount.major",
            "return float(amount.major)",
        ),
    ),
    _mutant(
        "refund by the order number",
        (PAYMENTS, '            "imp_uid": imp_uid,\n', '            "merchant_uid": imp_uid,\n'),
        (
            PAYMENTS,
            """            self._connection.write("POST", path("payments", "cancel"), body=body)
        )
        if payment.imp_uid != imp_uid:""",
            """            self._connection.write("POST", path("payments", "cancel"), body=body)
        )
        if not payment:""",
        ),
        (
            REFUND,
            'answer = gateway.cancel_payment(\n            operation.imp_uid or "",',
            'answer = gateway.cancel_payment(\n            operation.merchant_uid or "",',
        ),
        first=2,
    ),
    _mutant(
        "a write is tried again",
        (
            "gateway/connection.py",
            "            answer = self._authorised(\n                lambda token: self._send(\n"
            "                    method, path,",
            "            with __import__('contextlib').suppress(GatewayUnavailable):\n"
            "                return open_write(self._authorised(lambda token: self._send(\n"
            "                    method, path, token=token, body=content, fresh=True,\n"
            "                    largest=SMALL_BODY)))\n"
            "            answer = self._authorised(\n                lambda token: self._send(\n"
            "                    method, path,",
        ),
        first=2,
    ),
    _mutant(
        "failed on a timeout",
        (
            SERVICE,
            "    return Verdict(state=OperationState.UNKNOWN, fact=str(error))",
            "    return Verdict(state=OperationState.FAILED, fact=str(error))",
        ),
    ),
    _mutant(
        "not executed on a timeout",
        (
            SERVICE,
            "    return Verdict(state=OperationState.UNKNOWN, fact=str(error))",
            "    return Verdict(state=OperationState.NOT_EXECUTED, fact=str(error))",
        ),
    ),
    _mutant(
        "an unknown outcome is sent again",
        (
            RESOLVER,
            "        seen = kind.look(operation, gateway, canary=_canary())\n",
            "        if operation.state is OperationState.UNKNOWN:\n"
            "            kind.send(operation, gateway)\n"
            "        seen = kind.look(operation, gateway, canary=_canary())\n",
        ),
        first=2,
    ),
    _mutant(
        "two may send",
        (
            SERVICE,
            """            operation = locked(operation_id)
            if operation.state is not OperationState.READY:
                raise TakenByAnother()
            now =""",
            """            operation = locked(operation_id)
            now =""",
        ),
        first=6,
    ),
    _mutant(
        "the lease is ignored",
        (
            SERVICE,
            "    return operation.lease_until is None or operation.lease_until < now",
            "    return True",
        ),
        first=26,
    ),
    _mutant(
        "no quiet period",
        (
            "domain/operation.py",
            "QUIET_PERIOD = timedelta(minutes=10)",
            "QUIET_PERIOD = timedelta(0)",
        ),
        first=17,
    ),
    _mutant(
        "a refusal is not looked at again",
        (
            SERVICE,
            "        operation.next_look_at = now + FAILED_IS_CHECKED_AFTER\n",
            "        operation.next_look_at = None\n",
        ),
        first=4,
    ),
    _mutant(
        "no fence on what was seen",
        (
            REFUND,
            "        if payment.cancellable.minor != operation.seen_minor:",
            "        if False:",
        ),
        first=15,
    ),
    _mutant(
        "a refund counts as done by its code",
        (
            REFUND,
            "        if not self._fits(operation, payment, moved=operation.amount_minor or 0):",
            "        if not payment:",
        ),
        first=14,
    ),
    _mutant(
        "a decline counts as paid",
        (
            CHARGE,
            "        if payment.status is PaymentStatus.FAILED and ours:\n",
            "        if not ours:\n",
        ),
        (
            CHARGE,
            "        if payment.status is PaymentStatus.PAID and same:",
            "        if same:",
        ),
        first=3,
    ),
    _mutant(
        "a charge of another amount counts as done",
        (
            CHARGE,
            "same = ours and payment.amount == Money(operation.amount_minor or 0, "
            "operation.currency)",
            "same = ours",
        ),
        first=103,
    ),
    _mutant(
        "the marker is ignored",
        (
            EVIDENCE,
            "        if marked(entry.reason, marker) and entry.amount == amount",
            "        if entry.amount == amount",
        ),
        first=22,
    ),
    _mutant(
        "somebody else's refund is ours",
        (
            EVIDENCE,
            "    if seen.cancelled == baseline_cancelled:\n",
            "    if seen.cancelled == baseline_cancelled + amount:\n"
            "        return Verdict(state=OperationState.SUCCEEDED, fact='the total fits')\n"
            "    if seen.cancelled == baseline_cancelled:\n",
        ),
        first=22,
    ),
    _mutant(
        "two open refunds of one payment",
        (
            "models/operation.py",
            '        _unique("uq_operations_open_refund", "imp_uid", OPEN_REFUND),\n',
            "",
        ),
        (
            "operations/intent.py",
            "    if (other := find_open(imp_uid)) is not None:",
            "    if (other := None) is not None:",
        ),
        first=3,
    ),
    _mutant(
        "one form is two decisions",
        (
            "models/operation.py",
            "sa.String(64), unique=True)  # minted",
            "sa.String(64))  # minted",
        ),
        (
            "operations/intent.py",
            '    return db.session.scalars(_BY_FORM_KEY, {"form_key": form_key}).one_or_none()',
            "    return None",
        ),
        first=24,
    ),
    _mutant(
        "the webhook is believed",
        (
            "webhooks/service.py",
            "        if imp_uid:\n            key =",
            """        if imp_uid:
            from admin.domain.payment import PaymentStatus
            from admin.models import Payment

            told = json.loads(text)
            db.session.execute(
                sa.update(Payment)
                .where(Payment.imp_uid == imp_uid)
                .values(status=PaymentStatus(told["status"]))
            )
            key =""",
        ),
    ),
    _mutant(
        "a move without its audit entry",
        (
            SERVICE,
            """    record(
        actor or Actor.system("operations"),
        f"{operation.kind.value}.{state.value}",""",
            """    (lambda *_, **__: None)(
        actor or Actor.system("operations"),
        f"{operation.kind.value}.{state.value}",""",
        ),
    ),
    # What the histories found, put back.
    _mutant(
        "a row that moved on cannot be locked",
        (
            "models/base.py",
            '    return db.session.scalars(_locking(model), {"key": key}).one_or_none()\n',
            "    return db.session.get(model, key, with_for_update=True, populate_existing=True)\n",
        ),
        first=4,
    ),
    _mutant(
        "a late success claims nothing",
        (
            RESOLVER,
            "late = replace(verdict, state=OperationState.SUCCEEDED_LATE, fact=fact)",
            "late = Verdict(state=OperationState.SUCCEEDED_LATE, fact=fact)",
        ),
        first=82,
    ),
    _mutant(
        "sent with the moment at which it was decided",
        (
            SERVICE,
            "        return max(self.carried.now(), self.gateway.now())",
            "        return self.carried.now()",
        ),
        first=27,
    ),
    _mutant(
        "no rung between ten minutes and thirty",
        (
            "domain/operation.py",
            """ or a second silence was wanted
    timedelta(minutes=15),
    timedelta(minutes=20),
    timedelta(minutes=25),
""",
            "\n",
        ),
        first=14,
    ),
    # What no history can see.
    Mutant(
        "the first payment of a number instead of all",
        (
            Edit(
                PAYMENTS,
                "        found: list[PaymentSnapshot] = []\n        number = 1\n",
                """        try:
            return (self.find_payment(merchant_uid),)
        except GatewayNotFound:
            return ()
        found: list[PaymentSnapshot] = []
        number = 1
""",
            ),
        ),
        tests=(f"{OF_CHARGES}::test_two_payments_under_one_order_number_are_a_mismatch",),
        why="the gateway charges twice of its own fault too rarely here",
    ),
    Mutant(
        "sent after standing still",
        (Edit(SERVICE, "        _check_still_ours(operation, now=clock.now())\n", ""),),
        tests=(f"{OF_PROTOCOL}::test_a_process_that_stood_still_beyond_its_lease_sends_nothing",),
        why="a process seldom stands still for ten minutes at just that place",
    ),
    Mutant(
        "found lost late, looked at late",
        (
            Edit(
                SERVICE,
                "min(planned, now + LOOK_SOON) if overdue else planned",
                "planned",
            ),
        ),
        tests=(f"{OF_PROTOCOL}::test_what_is_found_lost_late_is_looked_at_soon",),
        why="the worker is seldom away for half an hour here",
    ),
    Mutant(
        "one silence is enough",
        (
            Edit(
                EVIDENCE,
                "    twice = first_absent_at is not None and now - first_absent_at >=",
                "    twice = True or now - now >",
            ),
        ),
        tests=(f"{OF_EVIDENCE}::test_absence_needs_time_a_second_look_and_a_canary",),
        why="a read lags by less than the quiet period here, so one silence after it is right",
    ),
    Mutant(
        "an answer about another payment is taken",
        (
            Edit(
                PAYMENTS,
                "params=self._scope())\n        payment = read_payment(raw)\n"
                "        if payment.imp_uid != imp_uid:",
                "params=self._scope())\n        payment = read_payment(raw)\n"
                "        if not payment:",
            ),
        ),
        tests=(
            "tests/gateway/test_outcomes.py::test_a_refund_answered_for_another_payment_is_unknown",
        ),
        why="the mirror refuses the wrong row before a history can feel it",
    ),
    Mutant(
        "the last look holds, however old its view",
        (
            Edit(
                "domain/merging.py",
                "        return theirs > mine\n",
                "        return theirs[2] > mine[2]\n",
            ),
        ),
        tests=("tests/domain/test_merging.py::test_a_stale_look_is_recorded_and_not_applied",),
        why="a history feels it once in some hundreds",
    ),
    Mutant(
        "a cancellation is claimed twice",
        (
            Edit(
                EVIDENCE,
                "        if marked(entry.reason, marker) and entry.amount == amount"
                " and entry.key not in claimed:",
                "        if marked(entry.reason, marker) and entry.amount == amount:",
            ),
        ),
        tests=(f"{OF_EVIDENCE}::test_a_cancellation_somebody_else_claimed_proves_nothing",),
        why="no two operations share a marker, and the database refuses a second claim as well",
    ),
    Mutant(
        "two look at once",
        (
            Edit(
                RESOLVER,
                "        if operation is None or "
                "(operation.lease_until and operation.lease_until > now):",
                "        if operation is None:",
            ),
        ),
        tests=(
            "tests/operations/test_protocol.py::test_two_resolvers_never_look_at_one_operation_at_once",
        ),
        why="it costs calls, not money: the second verdict is no move",
    ),
)
