"""One database belongs to one gateway: bind it once, and check it at every start and sending."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from admin.audit.service import record
from admin.domain.actor import Actor
from admin.gateway.client import Gateway
from admin.models import GatewayBinding, MoneyOperation, db, transaction
from admin.operations.errors import GatewayNotAnswering, WrongGateway

_BOUND = sa.select(GatewayBinding.host, GatewayBinding.fingerprint).where(GatewayBinding.id == 1)


class BoundElsewhere(Exception):
    """The database belongs to another gateway or key than the settings name."""


def bind(gateway: Gateway, *, include_sandbox: bool, now: datetime) -> None:
    """Tie an unbound database to this gateway; raise BoundElsewhere if it has another one."""
    bound = db.session.get(GatewayBinding, 1)
    if bound is None:
        bound = _bind_first(gateway, include_sandbox=include_sandbox, now=now)
    check_bound(bound, gateway, include_sandbox=include_sandbox)


def _bind_first(gateway: Gateway, *, include_sandbox: bool, now: datetime) -> GatewayBinding:
    """Write the binding, or read the one that a process starting beside us wrote first."""
    try:
        with transaction():
            if (bound := db.session.get(GatewayBinding, 1)) is not None:
                return bound
            bound = GatewayBinding(
                id=1,
                host=gateway.host,
                fingerprint=gateway.key_fingerprint,
                include_sandbox=include_sandbox,
                bound_at=now,
            )
            db.session.add(bound)
            record(Actor.system("start"), "gateway.bound", f"gateway:{gateway.host}", now=now)
            return bound
    except IntegrityError:
        return db.session.get_one(GatewayBinding, 1)


def check_bound(bound: GatewayBinding, gateway: Gateway, *, include_sandbox: bool) -> None:
    """Raise BoundElsewhere unless the settings name the gateway this database belongs to."""
    if (bound.host, bound.fingerprint) != (gateway.host, gateway.key_fingerprint):
        raise BoundElsewhere(
            f"This database belongs to the gateway {bound.host} with key {bound.fingerprint}, but "
            f"the settings name {gateway.host} with key {gateway.key_fingerprint}: give that pair "
            "its own DATABASE_URL."
        )
    if bound.include_sandbox != include_sandbox:
        raise BoundElsewhere(
            f"This database was filled with INCLUDE_SANDBOX={str(bound.include_sandbox).lower()}; "
            "another setting needs its own DATABASE_URL."
        )


def check_gateway(operation: MoneyOperation, gateway: Gateway) -> None:
    """Raise WrongGateway unless `operation` was recorded for this very gateway and key."""
    recorded = (operation.gateway_host, operation.gateway_fingerprint)
    if recorded != (gateway.host, gateway.key_fingerprint):
        raise WrongGateway()
    _check_bound_here(gateway)


def check_open_for_business(gateway: Gateway) -> None:
    """Before an intent is written: this database belongs to this gateway, which answers.

    Raises WrongGateway or GatewayNotAnswering.
    """
    _check_bound_here(gateway)
    if gateway.is_paused:
        raise GatewayNotAnswering()


def _check_bound_here(gateway: Gateway) -> None:
    bound = db.session.execute(_BOUND).one_or_none()
    if bound is None or tuple(bound) != (gateway.host, gateway.key_fingerprint):
        raise WrongGateway()
