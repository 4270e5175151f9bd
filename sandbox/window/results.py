"""How a window ends for the shop: what the callback gets, and where a phone goes back to."""

from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from sandbox.incoming import Body
from sandbox.payment_rows import Payment
from sandbox.window.refusal import NotOpened

Result = dict[str, Any]

# Never an address to send a browser to.
_NO_WAY_BACK = frozenset({"", "javascript", "data", "vbscript", "blob", "file", "about"})
_CARD = ("card_name", "card_number", "card_quota")
_ACCOUNT = ("vbank_num", "vbank_name", "vbank_date", "vbank_holder")
_COMMON = (
    "imp_uid", "merchant_uid", "pay_method", "name", "currency", "pg_provider", "pg_tid",
    "apply_num", "buyer_name", "buyer_email", "buyer_tel", "buyer_addr", "buyer_postcode",
    "custom_data", "status", "paid_at", "receipt_url",
)  # fmt: skip


def ended(payment: Payment) -> Result:
    """The callback's object for a payment that was paid, failed, or waits for its deposit."""
    shown = {name: payment[name] for name in _COMMON}
    for names, is_there in (
        (_CARD, payment["card_code"]),
        (("bank_name",), payment["bank_code"]),
        (_ACCOUNT, payment["vbank_num"]),
    ):
        shown |= {name: payment[name] for name in names if is_there}
    result: Result = {
        "success": payment["status"] != "failed",
        **shown,
        "paid_amount": payment["amount"],
        "pg_type": "payment",
    }
    if payment["status"] == "failed":
        reason = payment["fail_reason"]
        result |= {"error_code": reason[1:].partition("|")[0], "error_msg": reason}
    return result


def not_opened(params: Body, refusal: NotOpened) -> Result:
    """The callback's object where there never was a payment."""
    return {
        "success": False,
        "imp_uid": None,
        "merchant_uid": params.get("merchant_uid"),
        "error_code": refusal.code,
        "error_msg": refusal.text,
    }


def way_back(address: str, result: Result) -> str:
    """`m_redirect_url` with the result behind the query it has already."""
    told = {
        "imp_uid": result["imp_uid"],
        "merchant_uid": result["merchant_uid"],
        "imp_success": "true" if result["success"] else "false",
    }
    told |= {name: result[name] for name in ("error_code", "error_msg") if name in result}
    added = urlencode({name: value for name, value in told.items() if value is not None})
    parts = urlsplit(address)
    query = f"{parts.query.rstrip('&')}&{added}" if parts.query else added
    return urlunsplit(parts._replace(query=query))


def is_way_back(address: str) -> bool:
    """A web address, or one of an app by its own scheme."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    if parts.scheme in {"http", "https"}:
        return bool(parts.netloc)
    return parts.scheme not in _NO_WAY_BACK
