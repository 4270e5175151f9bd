"""Escrow deliveries: `/escrows/logis`, whose body is nested JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from admin.domain.clock import to_epoch
from admin.domain.escrow import DeliveryNotice
from admin.gateway.wire.fields import Fields


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryParty:
    """Who sends or receives the parcel. KCP demands none of it, so what is unknown stays out."""

    name: str | None = None
    tel: str | None = None
    addr: str | None = None
    postcode: str | None = None


def read_delivery(raw: object) -> DeliveryNotice:
    """Read the registered delivery. Raises GatewayMalformed without courier, number or time."""
    row = Fields(raw, "delivery")
    return DeliveryNotice(
        company=row.identity("company"),
        invoice=row.text("invoice") or row.identity("invoice"),
        sent_at=row.moment_at("sent_at"),
        applied_at=row.moment("applied_at"),
    )


def write_delivery(
    notice: DeliveryNotice, *, sender: DeliveryParty | None, receiver: DeliveryParty | None
) -> dict[str, Any]:
    """The body that registers `notice`; the moment goes as Unix seconds."""
    return {
        "sender": _write_party(sender),
        "receiver": _write_party(receiver),
        "logis": {
            "company": notice.company,
            "invoice": notice.invoice,
            "sent_at": to_epoch(notice.sent_at),
        },
    }


def _write_party(party: DeliveryParty | None) -> dict[str, str]:
    if party is None:
        return {}
    fields = {
        "name": party.name,
        "tel": party.tel,
        "addr": party.addr,
        "postcode": party.postcode,
    }
    return {name: value for name, value in fields.items() if value}
