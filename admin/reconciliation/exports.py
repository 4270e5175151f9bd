"""The columns of the register of discrepancies."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext

from admin.domain.clock import KST
from admin.models import Discrepancy
from admin.web.labels import LABELS
from admin.web.spreadsheet import Cell, Column


def discrepancy_columns() -> list[Column[Discrepancy]]:
    """Headings in the reader's language, times in Korean time."""
    return [
        Column(gettext("Day"), lambda one: one.day.isoformat()),
        Column(gettext("Severity"), lambda one: str(LABELS[one.severity].text)),
        Column(gettext("Code"), lambda one: one.kind.value),
        Column(gettext("Kind"), lambda one: str(LABELS[one.kind].text)),
        Column(gettext("Order no."), lambda one: one.order_number),
        Column(gettext("Payment id"), lambda one: one.imp_uid or ""),
        Column(gettext("Our amount"), lambda one: _of(one.ours, "amount_minor")),
        Column(gettext("Our cancelled"), lambda one: _of(one.ours, "cancelled_minor")),
        Column(gettext("Gateway amount"), lambda one: _sum(one.theirs, "amount_minor")),
        Column(gettext("Gateway cancelled"), lambda one: _sum(one.theirs, "cancelled_minor")),
        Column(gettext("At risk"), lambda one: one.at_risk_minor),
        Column(gettext("State"), lambda one: str(LABELS[one.state].text)),
        Column(gettext("Explanation"), lambda one: one.resolution),
        Column(
            gettext("First seen") + " (KST +09:00)",
            lambda one: one.first_seen_at.astimezone(KST).strftime("%Y-%m-%d %H:%M:%S"),
        ),
    ]


def _of(side: dict[str, Any] | None, name: str) -> Cell:
    return side[name] if side else ""


def _sum(sides: list[dict[str, Any]], name: str) -> Cell:
    return sum(side[name] for side in sides) if sides else ""
