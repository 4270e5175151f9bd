"""What `IMP.request_pay` may ask for: the one judge of its parameters.

Where KCP's window has a code for a fault it is KCP's, else the gateway's F400.
"""

import re
import sqlite3
from dataclasses import dataclass

from sandbox.envelope import Refusal
from sandbox.incoming import Body, addresses, text
from sandbox.window.channels import Channel, find_channel, is_billing
from sandbox.window.offers import (
    check_quota,
    direct_card,
    longest_quota,
    offered_cards,
    vbank_deadline,
)
from sandbox.window.orders import check_items, check_not_paid, check_prepared
from sandbox.window.refusal import NotOpened, by_kcp
from sandbox.window.results import is_way_back
from sandbox.window.rows import BUYER, GIFTS, METHODS, is_below_minimum
from sandbox.window.sessions import Asked

LONGEST_SHOP_USER_ID = 20  # bytes
_USER_CODE = re.compile(r"^imp\d{8}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A request that may open a window. `amount` is what the window shows, in won."""

    channel: Channel
    method: str
    merchant_uid: str
    amount: int

    @property
    def is_billing(self) -> bool:
        return is_billing(self.channel)


def judge(db: sqlite3.Connection, asked: Asked) -> Judged:
    """The request as it may be opened. Raises NotOpened with the first fault there is."""
    try:
        judged = _judge_alone(asked.params, asked)
    except Refusal as fault:
        raise NotOpened(fault.message) from None
    check_not_paid(db, judged.merchant_uid)
    check_prepared(db, asked.params, judged.merchant_uid, judged.amount)
    return judged


def _judge_alone(params: Body, asked: Asked) -> Judged:
    """What the request says, without a look at anything that was there before it."""
    if not _USER_CODE.match(asked.user_code or ""):
        raise NotOpened("가맹점 식별코드가 올바르지 않습니다.")
    channel = find_channel(params)
    merchant_uid = text(params, "merchant_uid", longest=40)
    if merchant_uid is None:
        raise by_kcp("9006")
    if text(params, "name", longest=40) is None:
        raise by_kcp("9007")
    method = text(params, "pay_method") or "card"
    if method not in METHODS:
        raise by_kcp("9016")
    amount = _read_amount(params, channel)
    _check_key(params, channel, method)
    _check_minimum(method, amount, channel)
    _check_parts(params, amount)
    _check_buyer(params, method)
    check_items(params)
    _check_cards(params, amount)
    if method == "vbank":
        _check_deadline(params, now=asked.at)
    _check_addresses(params, is_mobile=asked.is_mobile)
    for name in ("company", "language"):
        text(params, name)
    return Judged(channel=channel, method=method, merchant_uid=merchant_uid, amount=amount)


def _read_amount(params: Body, channel: Channel) -> int:
    """A JSON number of whole won. Only a key may be issued for nothing."""
    amount = params.get("amount")
    if amount is None:
        raise by_kcp("9008")
    if not _is_number(amount):
        raise by_kcp("9009")
    if amount != int(amount) or amount < (0 if is_billing(channel) else 1):
        raise NotOpened("결제 금액이 올바르지 않습니다.")
    if (text(params, "currency") or "KRW") != "KRW":
        raise by_kcp("9014")
    return int(amount)


def _check_key(params: Body, channel: Channel, method: str) -> None:
    """A billing window needs the key's name and takes cards only; no other window issues one."""
    customer_uid = text(params, "customer_uid", longest=80)
    if not is_billing(channel):
        if customer_uid is not None:
            raise NotOpened("customer_uid 파라메터는 kcp_billing 결제창에서만 쓸 수 있습니다.")
        return
    if method != "card":
        raise by_kcp("9016")
    if customer_uid is None:
        raise NotOpened("customer_uid 파라메터가 누락되었습니다.")


def _check_minimum(method: str, amount: int, channel: Channel) -> None:
    if is_billing(channel) or not is_below_minimum(method, amount, is_test=channel["sandbox"]):
        return
    if method != "card":
        raise by_kcp("8063")
    raise by_kcp("8135" if channel["sandbox"] else "9010")


def _check_parts(params: Body, amount: int) -> None:
    """The tax-free part and the tax are parts of the amount."""
    for name in ("tax_free", "vat_amount"):
        part = params.get(name)
        if part is not None and (not _is_number(part) or part != int(part) or part < 0):
            raise NotOpened(f"{name} 파라메터는 0 이상의 정수여야 합니다.")
    if (params.get("tax_free") or 0) + (params.get("vat_amount") or 0) > amount:
        raise NotOpened("tax_free, vat_amount 파라메터의 합이 결제 금액보다 큽니다.")


def _check_buyer(params: Body, method: str) -> None:
    """Phones and gift certificates name the shop's own member, phones the buyer too."""
    for part, longest in BUYER.items():
        text(params, f"buyer_{part}", longest=longest)
    bypass = params.get("bypass")
    if bypass is not None and not isinstance(bypass, dict):
        raise NotOpened("bypass 파라메터의 형식이 올바르지 않습니다.")
    member = text(bypass or {}, "shop_user_id")
    if member is not None and len(member.encode()) > LONGEST_SHOP_USER_ID:
        raise NotOpened(
            f"bypass.shop_user_id 파라메터는 최대 {LONGEST_SHOP_USER_ID}바이트까지 가능합니다."
        )
    if method in GIFTS | {"phone"} and member is None:
        raise by_kcp("9055")
    if method == "phone" and text(params, "buyer_name") is None:
        raise by_kcp("9011")


def _check_cards(params: Body, amount: int) -> None:
    """The options of the card window are read even where another method is asked for."""
    offered_cards(params)
    longest_quota(params)
    direct = direct_card(params, amount)
    if direct is not None:
        check_quota(direct.quota, params, amount)
    if not isinstance(params.get("appCard", False), bool):
        raise NotOpened("appCard 파라메터는 불리언이어야 합니다.")
    if not isinstance(params.get("escrow", False), bool):
        raise NotOpened("escrow 파라메터는 불리언이어야 합니다.")


def _check_deadline(params: Body, *, now: int) -> None:
    try:
        deadline = vbank_deadline(text(params, "vbank_due"), now=now)
    except ValueError:
        raise NotOpened(
            "vbank_due 파라메터는 YYYYMMDD, YYYYMMDDhhmm 또는 YYYYMMDDhhmmss여야 합니다."
        ) from None
    if deadline <= now:
        raise NotOpened("vbank_due 파라메터는 현재 시각 이후여야 합니다.")


def _check_addresses(params: Body, *, is_mobile: bool) -> None:
    """Where the phone goes back to, and whom webhooks go to."""
    back = text(params, "m_redirect_url")
    if is_mobile and back is None:
        raise by_kcp("9028")
    if is_mobile and back is not None and not is_way_back(back):
        raise NotOpened("m_redirect_url 파라메터는 전체 주소여야 합니다.")
    for notice in (addresses(params, "notice_url") or "").split("\n"):
        if notice and not notice.startswith(("http://", "https://")):
            raise NotOpened("notice_url 파라메터는 전체 주소여야 합니다.")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**53
