"""Lists of deliveries as tests give them, and what became of their lines."""

from __future__ import annotations

from datetime import datetime

import httpx

from admin.delivery_batches.exports import result
from admin.delivery_batches.queries import rows_of
from admin.delivery_batches.service import LISTS, BatchCommand, rehearse, start, work
from admin.domain.batch import RowState
from admin.domain.delivery_batch import ParcelResult, read_parcels
from admin.gateway.client import Gateway
from admin.models import DeliveryBatch, Payment, db
from tests.conftest import KEY, SECRET
from tests.operations.desk import Desk
from tests.stand_in import StandIn

UIDS = [f"imp_40000000{number:04d}" for number in range(30)]
EN = {"headers": {"Accept-Language": "en"}}
R, P = RowState, ParcelResult


class Lists:
    """Somebody who gives lists of deliveries."""

    def __init__(self, stand_in: StandIn, desk: Desk) -> None:
        self.stand_in, self.desk = stand_in, desk
        self.forms = 0

    def know(self, count: int, **fields: object) -> list[Payment]:
        for uid in UIDS[:count]:
            self.stand_in.paid(uid, escrow=True, **fields)
        return [self.desk.know(uid) for uid in UIDS[:count]]

    def give(self, *lines: str, form_key: str = "") -> DeliveryBatch:
        self.forms += 1
        command = BatchCommand(
            name="parcels.csv",
            rows=read_parcels("\n".join(lines)),
            form_key=form_key or f"list-{self.forms}",
        )
        return rehearse(command, actor=self.desk.actor, now=self.desk.now)

    def start(self, batch: DeliveryBatch, *ticked: int) -> DeliveryBatch:
        return start(batch.id, ticked, actor=self.desk.actor, now=self.desk.now)

    def run(self, batch: DeliveryBatch, gateway: Gateway | None = None) -> DeliveryBatch:
        while work(batch.id, gateway=gateway or self.desk.gateway, now=self.desk.now):
            pass
        return LISTS.get(batch.id)

    def registered(self) -> list[str]:
        """What stands at the gateway, in the order in which it came."""
        return [one["reason"] for one in self.stand_in.effects()]

    def asked(self) -> int:
        """How often the gateway was asked to register anything."""
        return sum(len(self.stand_in.requests(logis(uid), method="POST")) for uid in UIDS)


def logis(uid: str) -> str:
    return f"/escrows/logis/{uid}"


def line(place: int, *, invoice: str = "", courier: str = "CJGLS") -> str:
    return f"{UIDS[place]},{courier},{invoice or f'68000000{place:04d}'}"


def states(batch: DeliveryBatch) -> list[RowState]:
    db.session.expire_all()
    return [row.state for row in LISTS.get(batch.id).rows]


def results(batch: DeliveryBatch) -> list[object]:
    db.session.rollback()
    db.session.expire_all()
    return [result(one) for one in rows_of(batch.id)]


def problems(batch: DeliveryBatch) -> list[str]:
    db.session.expire_all()
    return [row.problem for row in LISTS.get(batch.id).rows]


def register_elsewhere(stand_in: StandIn, uid: str, now: datetime, invoice: str) -> None:
    """Somebody registers a parcel without us."""
    pair = {"imp_key": KEY, "imp_secret": SECRET}
    answer = httpx.post(f"{stand_in.url}/users/getToken", json=pair, trust_env=False)
    token = answer.json()["response"]["access_token"]
    parcel = {"company": "CJGLS", "invoice": invoice, "sent_at": int(now.timestamp()) - 600}
    httpx.post(
        stand_in.url + logis(uid),
        json={"logis": parcel},
        headers={"Authorization": token},
        trust_env=False,
    ).raise_for_status()
