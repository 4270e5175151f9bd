"""The clock, the settings, planted rows, and starting afresh."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, request

from sandbox.cancellation import account_refunds, change_reading, current_reading
from sandbox.clock import KST
from sandbox.config import SandboxConfig
from sandbox.customers import save_customer
from sandbox.envelope import Refusal, success
from sandbox.execution import run_due
from sandbox.facts.kcp import BILLING_SITE, RESULT_TEXTS
from sandbox.incoming import Body, number, read_body, text
from sandbox.payment_rows import insert_cancellations, insert_payments, row_from_object
from sandbox.schedule_lists import LIST_FORMS, list_form
from sandbox.seeding import reseed
from sandbox.state import sandbox

bp = Blueprint("state", __name__)


@bp.get("/clock")
def read_clock() -> Response:
    clock = sandbox().clock
    return success({"now": clock.now(), "shift_seconds": clock.shift, "gateway_skew_s": clock.skew})


@bp.post("/clock")
def move_clock() -> Response:
    """`now` (Unix seconds or ISO 8601), `shift_seconds` from real time, or
    `advance_seconds` from where the clock stands; schedules it passes run at once.
    `gateway_skew_s` is how far off the times of access tokens are told; nothing else moves
    with it."""
    body = read_body()
    parts = sandbox()
    if body.get("now") is not None:
        parts.clock.set_now(_moment(str(body["now"])))
    elif (shift := number(body, "shift_seconds")) is not None:
        parts.clock.shift = int(shift)
    elif (step := number(body, "advance_seconds")) is not None:
        parts.clock.shift += int(step)
    if (skew := number(body, "gateway_skew_s")) is not None:
        parts.clock.skew = int(skew)
    parts.store.keep_setting("clock_shift", parts.clock.shift)
    parts.store.keep_setting("clock_skew", parts.clock.skew)
    run_due(parts)
    parts.webhooks.wake()
    return read_clock()


@bp.get("/settings")
def read_settings() -> Response:
    parts = sandbox()
    return success(
        {
            "partial_reading": current_reading(parts.store),
            "webhook_url": parts.webhooks.url,
            "schedule_lists": list_form(parts.store),
            "account_refunds": account_refunds(parts.store),
        }
    )


@bp.post("/settings")
def change_settings() -> Response:
    """Only what is named changes; rows already partly cancelled take the new reading."""
    body = read_body()
    parts = sandbox()
    if "partial_reading" in body:
        reading = body["partial_reading"]
        if reading not in {"cancelled", "paid"}:
            raise Refusal("partial_reading is cancelled or paid.", status=400)
        change_reading(parts.store, reading)
    if "webhook_url" in body:
        parts.webhooks.url = text(body, "webhook_url")
        parts.store.keep_setting("webhook_url", parts.webhooks.url)
    if "schedule_lists" in body:
        if body["schedule_lists"] not in LIST_FORMS:
            raise Refusal("schedule_lists is paged or array.", status=400)
        parts.store.keep_setting("schedule_lists", body["schedule_lists"])
    if "account_refunds" in body:
        if body["account_refunds"] not in {"at_once", "when_paid"}:
            raise Refusal("account_refunds is at_once or when_paid.", status=400)
        parts.store.keep_setting("account_refunds", body["account_refunds"])
    return read_settings()


@bp.post("/reset")
def reset() -> Response:
    """Throw everything away but the access token, and seed again.

    seed, payments, random_seed and now take the place of what the sandbox started with.
    """
    parts = sandbox()
    config = _as_asked(parts.config, read_body())
    parts.faults.clear()
    parts.requests.clear()
    parts.clock.shift = parts.clock.skew = 0
    parts.webhooks.start_over(
        url=config.webhook_url, as_form=config.webhook_form, random_seed=config.random_seed
    )
    reseed(parts.store, config)
    return success({"seed": config.seed, "payments": config.payments})


@bp.post("/payments")
def plant_payments() -> Response:
    """Insert payment objects as they are: one, a list, or `{"payments": [...]}`.

    Missing fields get the gateway's defaults; hidden ones (`tax_free`, `pg_cancelled`,
    `escrow_decision`) may be given too.
    """
    given = _objects("payments")
    parts = sandbox()
    rows, history = [], []
    for item in given:
        if not item.get("imp_uid") or not item.get("merchant_uid"):
            raise Refusal("imp_uid and merchant_uid are needed.", status=400)
        row, cancellations = row_from_object(item)
        rows.append(row)
        history += cancellations
    with parts.store.writing() as db:
        db.executemany(
            "DELETE FROM payments WHERE imp_uid = ?", [(row["imp_uid"],) for row in rows]
        )
        db.executemany(
            "DELETE FROM cancellations WHERE imp_uid = ?", [(row["imp_uid"],) for row in rows]
        )
        insert_payments(db, rows)
        insert_cancellations(db, history)
    return success({"inserted": len(rows)})


@bp.post("/customers")
def plant_customers() -> Response:
    """Insert billing keys; `decline` names the KCP code their charges are declined with."""
    given = _objects("customers")
    now = sandbox().clock.now()
    for item in given:
        if item.get("decline") and item["decline"] not in RESULT_TEXTS:
            raise Refusal("Unknown KCP code in decline.", status=400)
        defaults = {
            "pg_provider": "kcp_billing", "pg_id": BILLING_SITE, "card_name": "신한카드",
            "card_code": "366", "card_number": "451842******1093", "card_type": 0,
        }  # fmt: skip
        save_customer(defaults | item, now=now, source="console")
    return success({"inserted": len(given)})


def _as_asked(config: SandboxConfig, body: Body) -> SandboxConfig:
    seed = body.get("seed", config.seed)
    if seed not in {"demo", "empty"}:
        raise Refusal("seed is demo or empty.", status=400)
    payments, random_seed = number(body, "payments"), number(body, "random_seed")
    now = body.get("now")
    return replace(
        config,
        seed=seed,
        payments=config.payments if payments is None else int(payments),
        random_seed=config.random_seed if random_seed is None else int(random_seed),
        now=config.now if now is None else datetime.fromtimestamp(_moment(str(now)), KST),
    )


def _objects(name: str) -> list[dict[str, Any]]:
    given = request.get_json(force=True, silent=True)
    if isinstance(given, dict):
        given = given.get(name, [given])
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        raise Refusal("A JSON object or a list of them is needed.", status=400)
    return given


def _moment(written: str) -> int:
    if written.lstrip("-").isdecimal():
        return int(written)
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        raise Refusal("now is Unix seconds or ISO 8601.", status=400) from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=KST)).timestamp())
