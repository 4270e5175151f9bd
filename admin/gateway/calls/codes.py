"""Codes of card companies and banks, and the account's channels."""

from __future__ import annotations

from admin.gateway.calls.base import Calls
from admin.gateway.wire.codes import Channel, StandardCode, read_channels, read_code, read_codes
from admin.gateway.wire.paths import path


class CodeCalls(Calls):
    """Tags `codes` and `users`."""

    def list_cards(self) -> tuple[StandardCode, ...]:
        """Every card company. Source: GET /cards."""
        return read_codes(self._connection.look_up(path("cards")))

    def get_card(self, code: str) -> StandardCode:
        """One card company. Raises GatewayNotFound. Source: GET /cards/{card_standard_code}."""
        return read_code(self._connection.look_up(path("cards", code)))

    def list_banks(self) -> tuple[StandardCode, ...]:
        """Every bank. Source: GET /banks."""
        return read_codes(self._connection.look_up(path("banks")))

    def get_bank(self, code: str) -> StandardCode:
        """One bank. Raises GatewayNotFound. Source: GET /banks/{bank_standard_code}."""
        return read_code(self._connection.look_up(path("banks", code)))

    def list_channels(self) -> tuple[Channel, ...]:
        """The account's contracts with payment providers. Source: GET /users/pg."""
        return read_channels(self._connection.look_up(path("users", "pg")))
