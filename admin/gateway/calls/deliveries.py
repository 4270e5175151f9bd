"""Deliveries of escrow payments."""

from __future__ import annotations

from admin.domain.escrow import DeliveryNotice
from admin.gateway.calls.base import Calls
from admin.gateway.errors import GatewayNotFound, GatewayRejected
from admin.gateway.wire.deliveries import DeliveryParty, read_delivery, write_delivery
from admin.gateway.wire.paths import path


class DeliveryCalls(Calls):
    """Tag `escrow.logis`."""

    def get_delivery(self, imp_uid: str) -> DeliveryNotice | None:
        """The registered delivery of an escrow payment, or None. Raises GatewayNotFound for an
        unknown payment. Source: GET /escrows/logis/{imp_uid}, where 409 means none.
        """
        try:
            raw = self._connection.look_up(path("escrows", "logis", imp_uid))
        except GatewayNotFound:
            raise
        except GatewayRejected as error:
            if error.status == 409:
                return None
            raise
        return read_delivery(raw)

    def register_delivery(
        self,
        imp_uid: str,
        *,
        notice: DeliveryNotice,
        sender: DeliveryParty | None = None,
        receiver: DeliveryParty | None = None,
    ) -> DeliveryNotice:
        """Register the parcel of an escrow payment and return what the gateway recorded.

        Cannot be corrected afterwards with KCP. Raises GatewayConflict when a delivery is there
        already: read it and compare. Not retried. Source: POST /escrows/logis/{imp_uid}.
        """
        return self._write("POST", imp_uid, notice, sender=sender, receiver=receiver)

    def change_delivery(
        self,
        imp_uid: str,
        *,
        notice: DeliveryNotice,
        sender: DeliveryParty | None = None,
        receiver: DeliveryParty | None = None,
    ) -> DeliveryNotice:
        """Correct a registered parcel. Never for KCP, whose papers disagree on whether it may be.

        Not retried. Source: PUT /escrows/logis/{imp_uid}.
        """
        return self._write("PUT", imp_uid, notice, sender=sender, receiver=receiver)

    def _write(
        self,
        method: str,
        imp_uid: str,
        notice: DeliveryNotice,
        *,
        sender: DeliveryParty | None,
        receiver: DeliveryParty | None,
    ) -> DeliveryNotice:
        body = write_delivery(notice, sender=sender, receiver=receiver)
        return read_delivery(
            self._connection.write(method, path("escrows", "logis", imp_uid), body=body)
        )
