"""Scheduled charges of billing keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from admin.domain.clock import to_epoch
from admin.domain.payment import PaymentSnapshot
from admin.domain.schedule import ScheduledCharge, SchedulePage, ScheduleSnapshot
from admin.gateway.calls.base import (
    LARGEST_PAGE,
    LONGEST_CUSTOMER_UID,
    LONGEST_MERCHANT_UID,
    Calls,
    check_length,
)
from admin.gateway.wire.paths import path
from admin.gateway.wire.payments import read_payment
from admin.gateway.wire.schedules import (
    read_schedule,
    read_schedule_page,
    read_schedules,
    write_schedule,
)

LONGEST_SCHEDULE_WINDOW = timedelta(days=90)
_SCHEDULE = ("subscribe", "payments", "schedule")


class ScheduleCalls(Calls):
    """Tag `subscribe`, its schedules."""

    def schedule_charges(
        self, customer_uid: str, charges: Sequence[ScheduledCharge]
    ) -> tuple[ScheduleSnapshot, ...]:
        """Charge a stored key at moments to come. Not retried: on an unclear outcome read each
        with `get_schedule`. Source: POST /subscribe/payments/schedule.
        """
        check_length(customer_uid, LONGEST_CUSTOMER_UID, "a customer_uid")
        if not charges:
            raise ValueError("there is nothing to schedule")
        for charge in charges:
            check_length(charge.merchant_uid, LONGEST_MERCHANT_UID, "an order number")
            if charge.amount.minor < 1:
                raise ValueError("a charge is at least 1")
        body = {
            "customer_uid": customer_uid,
            "schedules": [write_schedule(charge) for charge in charges],
        }
        return read_schedules(self._connection.write("POST", path(*_SCHEDULE), body=body))

    def unschedule_charges(
        self, customer_uid: str, merchant_uids: Sequence[str]
    ) -> tuple[ScheduleSnapshot, ...]:
        """Revoke these, and only these: without order numbers the gateway would revoke all of
        the key's. Not retried. Source: POST /subscribe/payments/unschedule.
        """
        if not merchant_uids:
            raise ValueError("name the schedules to revoke")
        body = {"customer_uid": customer_uid, "merchant_uid": list(merchant_uids)}
        raw = self._connection.write("POST", path("subscribe", "payments", "unschedule"), body=body)
        return read_schedules(raw)

    def get_schedule(self, merchant_uid: str) -> ScheduleSnapshot:
        """Read one. Raises GatewayNotFound.
        Source: GET /subscribe/payments/schedule/{merchant_uid}.
        """
        return read_schedule(self._connection.look_up(path(*_SCHEDULE, merchant_uid)))

    def change_schedule(self, merchant_uid: str, schedule_at: datetime) -> ScheduleSnapshot:
        """Move one that has not run. Not retried.
        Source: PUT /subscribe/payments/schedule/{merchant_uid}.
        """
        body = {"schedule_at": to_epoch(schedule_at)}
        raw = self._connection.write("PUT", path(*_SCHEDULE, merchant_uid), body=body)
        return read_schedule(raw)

    def reschedule_charge(self, merchant_uid: str, schedule_at: datetime) -> ScheduleSnapshot:
        """Plan a failed or revoked one anew. Not retried.
        Source: POST /subscribe/payments/schedule/{merchant_uid}/reschedule.
        """
        body = {"schedule_at": to_epoch(schedule_at)}
        raw = self._connection.write(
            "POST", path(*_SCHEDULE, merchant_uid, "reschedule"), body=body
        )
        return read_schedule(raw)

    def retry_schedule(self, merchant_uid: str) -> PaymentSnapshot:
        """Charge a failed one now; the payment's status tells what came of it. Not retried.
        Source: POST /subscribe/payments/schedule/{merchant_uid}/retry.
        """
        raw = self._connection.write("POST", path(*_SCHEDULE, merchant_uid, "retry"), body={})
        return read_payment(raw)

    def list_schedules(
        self,
        *,
        start: datetime,
        end: datetime,
        status: str | None = None,
        page: int = 1,
        limit: int = LARGEST_PAGE,
    ) -> SchedulePage:
        """One page of what is planned from `start` up to `end`, oldest first.
        Source: GET /subscribe/payments/schedule.
        """
        _check_window(start, end)
        params = [
            ("schedule_from", str(to_epoch(start))),
            ("schedule_to", str(to_epoch(end))),
            ("page", str(page)),
            ("limit", str(limit)),
            ("sorting", "scheduled"),
            *([("schedule_status", status)] if status else []),
        ]
        return read_schedule_page(self._connection.look_up_page(path(*_SCHEDULE), params=params))

    def list_schedules_of(
        self,
        customer_uid: str,
        *,
        start: datetime,
        end: datetime,
        status: str | None = None,
        page: int = 1,
    ) -> SchedulePage:
        """One page of a key's schedules, newest first.
        Source: GET /subscribe/customers/{customer_uid}/schedules, which is also served as
        /subscribe/payments/schedule/customers/{customer_uid}.
        """
        _check_window(start, end)
        params = [
            ("from", str(to_epoch(start))),
            ("to", str(to_epoch(end))),
            ("page", str(page)),
            *([("schedule-status", status)] if status else []),  # with a hyphen, here alone
        ]
        raw = self._connection.look_up_page(
            path("subscribe", "customers", customer_uid, "schedules"), params=params
        )
        return read_schedule_page(raw)


def _check_window(start: datetime, end: datetime) -> None:
    if not start <= end <= start + LONGEST_SCHEDULE_WINDOW:
        raise ValueError("a window runs forward and spans at most 90 days")
