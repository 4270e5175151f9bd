"""The options of the KCP payment window and their rules. Source: the gateway guide for KCP.

A request is judged here before the window ever sees it, and turned into exactly the parameters of
`IMP.request_pay`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from admin.domain.card_guard import holds_card_number
from admin.domain.clock import KST
from admin.domain.errors import N_, InvalidInput
from admin.domain.money import Money
from admin.domain.payment import PayMethod

# The guide's list, in its order.
METHODS: tuple[PayMethod, ...] = (
    PayMethod.CARD,
    PayMethod.SAMSUNG,
    PayMethod.TRANS,
    PayMethod.VBANK,
    PayMethod.PHONE,
    PayMethod.PAYCO,
    PayMethod.NAVERPAY,
    PayMethod.CULTURELAND,
    PayMethod.SMARTCULTURE,
    PayMethod.HAPPYMONEY,
    PayMethod.BOOKNLIFE,
    PayMethod.POINT,
    PayMethod.KAKAOPAY,
)
GIFT_CERTIFICATES = frozenset(
    {
        PayMethod.CULTURELAND,
        PayMethod.SMARTCULTURE,
        PayMethod.HAPPYMONEY,
        PayMethod.BOOKNLIFE,
    }
)
NEED_SHOP_USER = GIFT_CERTIFICATES | {PayMethod.PHONE}
WITH_ESCROW = frozenset({PayMethod.CARD, PayMethod.TRANS, PayMethod.VBANK})
# What KCP takes at least, by method; the others name no least amount.
LEAST: dict[PayMethod, Money] = {
    PayMethod.CARD: Money(1_000),
    PayMethod.SAMSUNG: Money(1_000),
    PayMethod.TRANS: Money(400),
    PayMethod.VBANK: Money(301),
    PayMethod.PHONE: Money(400),
}
INSTALMENTS_FROM = Money(50_000)
QUOTA_LIMITS = (2, 3, 4, 5, 6)  # `display.card_quota` of the guide
DIRECT_QUOTAS = (0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)  # 0 is a lump sum
LONGEST_NAME = 40
LONGEST_NUMBER = 40
LONGEST_CUSTOMER_UID = 80
LONGEST_SHOP_USER = 20  # bytes
MOST_ITEMS = 30

# KFTC's codes of the card companies that the window offers.
CARD_COMPANIES: dict[str, str] = {
    "361": "BC카드",
    "381": "KB국민카드",
    "367": "현대카드",
    "365": "삼성카드",
    "368": "롯데카드",
    "371": "NH농협카드",
    "041": "우리카드",
    "374": "하나카드",
    "366": "신한카드",
    "370": "씨티카드",
    "364": "광주카드",
    "372": "전북카드",
    "373": "제주카드",
    "369": "수협카드",
    "048": "신협카드",
    "002": "KDB산업카드",
    "045": "새마을금고카드",
    "071": "우체국카드",
    "089": "케이뱅크카드",
    "090": "카카오뱅크카드",
}

_NUMBER = re.compile(r"[A-Za-z0-9_-]{1,40}")
_SITE = re.compile(r"[A-Za-z0-9]{2,20}")
_CHANNEL = re.compile(r"[A-Za-z0-9-]{1,80}")


class RequestKind(Enum):
    """What the window is opened for."""

    PAYMENT = "payment"  # the authenticated window: pg `kcp`
    CARD = "card"  # a card stored as a billing key: pg `kcp_billing`; nothing is charged


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """Whom the request goes to, as the window and the statement name them."""

    name: str = ""
    email: str = ""
    tel: str = ""
    addr: str = ""
    postcode: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One entry of `kcpProducts`, of which all four are asked for; what is missing is judged.

    `amount` is of the whole line.
    """

    order_number: str
    name: str
    quantity: int
    amount: Money | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectCard:
    """`card.direct`: straight to one company's own window."""

    code: str
    quota: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRequest:
    """Everything a member of staff decides about one window."""

    kind: RequestKind
    merchant_uid: str
    name: str
    amount: Money  # 0 for a card registration
    method: PayMethod = PayMethod.CARD
    site: str = ""  # "" is the default one
    channel_key: str = ""
    buyer: Buyer = Buyer()
    tax_free: Money | None = None
    customer_uid: str = ""
    quota_limit: int | None = None  # None: the window's own; 0: lump sum only
    direct: DirectCard | None = None
    shown_cards: tuple[str, ...] = ()  # empty: all of them
    app_card: bool = False
    shop_user_id: str = ""
    escrow: bool = False
    items: tuple[Item, ...] = ()
    items_may_differ: bool = False  # somebody said that the sum is meant to differ
    vbank_due: datetime | None = None
    language: str = "ko"
    company: str = ""

    @property
    def items_total(self) -> Money:
        """What the lines add up to; the gateway never compares it with the amount."""
        minors = (item.amount.minor for item in self.items if item.amount is not None)
        return Money(sum(minors), self.amount.currency)


def check_request(request: WindowRequest, *, now: datetime) -> None:
    """Raise InvalidInput, naming the field, for what the window would refuse or misread."""
    _check_texts(request)
    if request.kind is RequestKind.CARD:
        _check_registration(request)
        return
    if request.customer_uid:
        raise InvalidInput(
            N_("A billing key is issued by a card registration, not by a payment."),
            field="customer_uid",
        )
    least = LEAST.get(request.method, Money(1))
    if request.amount.minor < least.minor:
        raise InvalidInput(
            N_("KCP takes at least %(least)s this way."), field="amount", least=least
        )
    if request.tax_free is not None and not 0 <= request.tax_free.minor <= request.amount.minor:
        raise InvalidInput(
            N_("The tax-free part cannot be more than the amount."), field="tax_free"
        )
    _check_card_options(request)
    _check_shop_user(request)
    _check_escrow(request)
    _check_due(request, now=now)


def parameters(request: WindowRequest) -> dict[str, Any]:
    """The parameters of `IMP.request_pay` in the guide's order, but for `m_redirect_url`.

    Amounts are numbers, as the guide asks. Nothing is sent that nobody decided.
    """
    base = "kcp_billing" if request.kind is RequestKind.CARD else "kcp"
    given: dict[str, Any] = {}
    if request.channel_key:
        given["channelKey"] = request.channel_key
    else:
        given["pg"] = f"{base}.{request.site}" if request.site else base
    given |= {
        "pay_method": request.method.value,
        "merchant_uid": request.merchant_uid,
        "name": request.name,
        "amount": request.amount.minor,
    }
    optional = {
        "customer_uid": request.customer_uid,
        "buyer_email": request.buyer.email,
        "buyer_name": request.buyer.name,
        "buyer_tel": request.buyer.tel,
        "buyer_addr": request.buyer.addr,
        "buyer_postcode": request.buyer.postcode,
        "company": request.company,
    }
    given |= {name: value for name, value in optional.items() if value}
    if request.language != "ko":
        given["language"] = request.language
    if request.tax_free is not None:
        given["tax_free"] = request.tax_free.minor
    if request.vbank_due is not None:
        given["vbank_due"] = f"{request.vbank_due.astimezone(KST):%Y%m%d%H%M%S}"
    return given | _extras(request)


def _extras(request: WindowRequest) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if request.quota_limit is not None:
        given["display"] = {"card_quota": [request.quota_limit] if request.quota_limit else []}
    card: dict[str, Any] = {}
    if request.direct is not None:
        card["direct"] = {"code": request.direct.code, "quota": request.direct.quota}
    if request.shown_cards:
        shown = [{"card_code": code, "enabled": True} for code in request.shown_cards]
        card["detail"] = [{"card_code": "*", "enabled": False}, *shown]
    if card:
        given["card"] = card
    if request.app_card:
        given["appCard"] = True
    if request.shop_user_id:
        given["bypass"] = {"shop_user_id": request.shop_user_id}
    if request.escrow:
        given["escrow"] = True
        given["kcpProducts"] = [
            {
                "orderNumber": item.order_number,
                "name": item.name,
                "quantity": item.quantity,
                "amount": item.amount.minor if item.amount is not None else 0,
            }
            for item in request.items
        ]
    return given


def _check_texts(request: WindowRequest) -> None:
    if not _NUMBER.fullmatch(request.merchant_uid):
        raise InvalidInput(
            N_("An order number has 1 to 40 letters, digits, dashes or underscores."),
            field="merchant_uid",
        )
    if not request.name:
        raise InvalidInput(N_("Say what is paid for."), field="name")
    if len(request.name) > LONGEST_NAME:
        raise InvalidInput(
            N_("The window takes at most %(most)s characters."), field="name", most=LONGEST_NAME
        )
    if request.site and not _SITE.fullmatch(request.site):
        raise InvalidInput(N_("A site code is letters and digits, like T0000."), field="site")
    if request.channel_key and not _CHANNEL.fullmatch(request.channel_key):
        raise InvalidInput(N_("A channel key is letters, digits and dashes."), field="channel_key")
    if request.site and request.channel_key:
        raise InvalidInput(
            N_("The channel key names the site already; give one of the two."), field="site"
        )
    buyer = request.buyer
    texts = (buyer.name, buyer.email, buyer.tel, buyer.addr, request.company, request.name)
    if any(holds_card_number(text) for text in texts):
        raise InvalidInput(N_("That looks like a card number. Card numbers are not kept here."))


def _check_registration(request: WindowRequest) -> None:
    if request.method is not PayMethod.CARD:
        raise InvalidInput(N_("Only a card can be registered."), field="method")
    if not request.customer_uid:
        raise InvalidInput(
            N_("Name the billing key (customer_uid) that the card will stand under."),
            field="customer_uid",
        )
    if len(request.customer_uid) > LONGEST_CUSTOMER_UID:
        raise InvalidInput(
            N_("The gateway takes at most %(most)s characters."),
            field="customer_uid",
            most=LONGEST_CUSTOMER_UID,
        )
    if request.amount.minor:
        raise InvalidInput(
            N_("Nothing is charged when a card is registered, so no amount is shown."),
            field="amount",
        )
    payment_only = {
        "escrow": request.escrow,
        "direct_code": request.direct is not None,
        "quota_limit": request.quota_limit is not None,
        "shown_cards": bool(request.shown_cards),
        "app_card": request.app_card,
        "tax_free": request.tax_free is not None,
        "vbank_due": request.vbank_due is not None,
    }
    for field, given in payment_only.items():
        if given:
            raise InvalidInput(
                N_("A card registration has no such option; nothing is charged."), field=field
            )


def _check_card_options(request: WindowRequest) -> None:
    options = {
        "quota_limit": request.quota_limit is not None,
        "direct_code": request.direct is not None,
        "shown_cards": bool(request.shown_cards),
        "app_card": request.app_card,
    }
    if request.method is not PayMethod.CARD:
        for field, given in options.items():
            if given:
                raise InvalidInput(N_("This option is for cards alone."), field=field)
        return
    if request.quota_limit and request.quota_limit not in QUOTA_LIMITS:
        raise InvalidInput(N_("Choose from the list."), field="quota_limit")
    unknown = [code for code in request.shown_cards if code not in CARD_COMPANIES]
    if unknown:
        raise InvalidInput(N_("Choose from the list."), field="shown_cards")
    in_parts = request.quota_limit or (request.direct and request.direct.quota)
    if in_parts and request.amount.minor < INSTALMENTS_FROM.minor:
        raise InvalidInput(
            N_("Instalments are offered from %(least)s."),
            field="quota_limit" if request.quota_limit else "direct_quota",
            least=INSTALMENTS_FROM,
        )
    if request.direct is not None:
        _check_direct(request, request.direct)


def _check_direct(request: WindowRequest, direct: DirectCard) -> None:
    if direct.code not in CARD_COMPANIES or direct.quota not in DIRECT_QUOTAS:
        raise InvalidInput(N_("Choose from the list."), field="direct_code")
    if request.shown_cards and direct.code not in request.shown_cards:
        raise InvalidInput(
            N_("The window goes straight to a card that it does not show."), field="direct_code"
        )
    if request.quota_limit is not None and direct.quota > request.quota_limit:
        raise InvalidInput(N_("More instalments than the window offers."), field="direct_quota")


def _check_shop_user(request: WindowRequest) -> None:
    if len(request.shop_user_id.encode()) > LONGEST_SHOP_USER:
        raise InvalidInput(
            N_("A member id has at most %(most)s bytes."),
            field="shop_user_id",
            most=LONGEST_SHOP_USER,
        )
    if request.method in NEED_SHOP_USER and not request.shop_user_id:
        raise InvalidInput(
            N_("Gift certificates and phone payments need the buyer's member id of the shop."),
            field="shop_user_id",
        )
    if request.method is PayMethod.PHONE and not request.buyer.name:
        raise InvalidInput(N_("A phone payment needs the buyer's name."), field="buyer_name")


def _check_escrow(request: WindowRequest) -> None:
    if not request.escrow:
        if request.items:
            raise InvalidInput(N_("Line items go with an escrow payment."), field="escrow")
        return
    if request.method not in WITH_ESCROW:
        raise InvalidInput(
            N_("Escrow goes with a card, a transfer or a virtual account."), field="escrow"
        )
    if not request.items:
        raise InvalidInput(N_("An escrow payment needs its line items."), field="items")
    if len(request.items) > MOST_ITEMS:
        raise InvalidInput(N_("At most %(most)s lines."), field="items", most=MOST_ITEMS)
    for item in request.items:
        if not (item.order_number and item.name and item.quantity >= 1 and item.amount is not None):
            raise InvalidInput(
                N_("Each line needs its order number, name, quantity and amount."), field="items"
            )
    if request.items_total != request.amount and not request.items_may_differ:
        raise InvalidInput(
            N_(
                "The lines add up to %(total)s, not to the amount. KCP does not compare them: "
                "mend them, or say that it is meant so."
            ),
            field="items",
            total=request.items_total,
        )


def _check_due(request: WindowRequest, *, now: datetime) -> None:
    if request.vbank_due is None:
        return
    if request.method is not PayMethod.VBANK:
        raise InvalidInput(N_("Only a virtual account has a deadline."), field="vbank_due")
    if request.vbank_due <= now:
        raise InvalidInput(N_("The deadline has passed already."), field="vbank_due")
