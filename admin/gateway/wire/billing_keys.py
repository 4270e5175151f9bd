"""Billing keys: the gateway's Customer object. The card itself never leaves the gateway."""

from __future__ import annotations

from admin.domain.billing_key import BillingKeySnapshot
from admin.gateway.errors import GatewayMalformed
from admin.gateway.wire.fields import Fields


def read_billing_key(raw: object) -> BillingKeySnapshot:
    """Read one billing key. Raises GatewayMalformed without its id or with an impossible time."""
    row = Fields(raw, "billing key")
    return BillingKeySnapshot(
        customer_uid=row.identity("customer_uid"),
        card_name=row.text("card_name"),
        card_code=row.text("card_code"),
        card_number=row.masked("card_number"),
        card_type=row.number("card_type"),
        pg_provider=row.text("pg_provider"),
        pg_id=row.text("pg_id"),
        sandbox=row.flag("sandbox"),
        holder_name=row.written("customer_name"),
        holder_email=row.written("customer_email"),
        holder_tel=row.written("customer_tel"),
        inserted_at=row.moment("inserted"),
        updated_at=row.moment("updated"),
    )


def read_billing_keys(raw: object) -> tuple[BillingKeySnapshot, ...]:
    """Read the found ones of a batch. Raises GatewayMalformed if any of them is unusable."""
    if not isinstance(raw, list):
        raise GatewayMalformed("billing keys: not a list")
    return tuple(read_billing_key(row) for row in raw)
