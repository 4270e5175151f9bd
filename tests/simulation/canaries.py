"""What must never be kept: a card, and what opens the gateway. No other text looks like these."""

from __future__ import annotations

from admin.domain.card import Card

CARD = Card(number="4091-2675-1043-8820", expiry="2031-07", birth="790417", cvc="618")
SECRET = "canary-secret-of-the-gateway-8c1f"
TOKEN = "canary-token-"

CANARIES = (
    *(CARD.number.encode(), CARD.digits.encode(), CARD.digits[:12].encode()),
    *(SECRET.encode(), TOKEN.encode()),
)
