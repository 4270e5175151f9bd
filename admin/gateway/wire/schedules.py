"""Scheduled charges: ScheduleResultAnnotation, alone, in lists and in pages."""

from __future__ import annotations

from typing import Any

from admin.domain.clock import to_epoch
from admin.domain.schedule import ScheduledCharge, SchedulePage, ScheduleSnapshot
from admin.gateway.errors import GatewayMalformed
from admin.gateway.wire.fields import Fields
from admin.gateway.wire.payments import write_amount


def read_schedule(raw: object) -> ScheduleSnapshot:
    """Read one. Raises GatewayMalformed without its ids, its moment or a believable amount."""
    row = Fields(raw, "schedule")
    currency = row.currency("currency")
    return ScheduleSnapshot(
        customer_uid=row.identity("customer_uid"),
        merchant_uid=row.identity("merchant_uid"),
        schedule_at=row.moment_at("schedule_at"),
        amount=row.money("amount", currency),
        schedule_status=row.identity("schedule_status"),
        payment_status=row.text("payment_status") or "",
        imp_uid=row.text("imp_uid"),
        name=row.written("name"),
        executed_at=row.moment("executed_at"),
        revoked_at=row.moment("revoked_at"),
        fail_reason=row.written("fail_reason"),
    )


def read_schedules(raw: object) -> tuple[ScheduleSnapshot, ...]:
    """Read what scheduling or unscheduling answers: a bare list."""
    if not isinstance(raw, list):
        raise GatewayMalformed("schedules: not a list")
    return tuple(read_schedule(row) for row in raw)


def read_schedule_page(raw: object) -> SchedulePage:
    """Read a page, or a bare list taken as the only page: sources disagree on which comes."""
    if isinstance(raw, list):
        return SchedulePage(total=len(raw), schedules=read_schedules(raw))
    page = Fields(raw, "page")
    total = page.number("total")
    if total is None or total < 0:
        raise GatewayMalformed("page: total cannot be used")
    return SchedulePage(
        total=total,
        next=max(page.number("next") or 0, 0),
        schedules=read_schedules(page.objects("list")),
    )


def write_schedule(charge: ScheduledCharge) -> dict[str, Any]:
    """One entry of `schedules`; the moment goes as Unix seconds."""
    return {
        "merchant_uid": charge.merchant_uid,
        "schedule_at": to_epoch(charge.schedule_at),
        "amount": write_amount(charge.amount),
        "currency": charge.amount.currency.value,
        "name": charge.name,
    }
