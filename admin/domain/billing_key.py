"""A billing key: a stored means of payment at the gateway, addressed by `customer_uid`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingKeySnapshot:
    """A billing key at one moment, as the gateway states it. Source: /subscribe/customers.

    The card number is masked; the whole one is known to the card company and the gateway only.
    """

    customer_uid: str  # issued by us
    card_name: str | None = None
    card_code: str | None = None
    card_number: str | None = None
    card_type: int | None = None  # 0 credit, 1 check
    pg_provider: str | None = None
    pg_id: str | None = None
    sandbox: bool = False
    holder_name: str | None = None
    holder_email: str | None = None
    holder_tel: str | None = None
    inserted_at: datetime | None = None
    updated_at: datetime | None = None
