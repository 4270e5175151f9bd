"""The composer: each option of the window as the guide names it."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    FieldList,
    Form,
    FormField,
    HiddenField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from admin.domain.clock import KST
from admin.domain.money import Money
from admin.domain.payment import PayMethod
from admin.domain.payment_window import (
    CARD_COMPANIES,
    DIRECT_QUOTAS,
    METHODS,
    QUOTA_LIMITS,
    Buyer,
    DirectCard,
    Item,
    RequestKind,
    WindowRequest,
)
from admin.models import Customer
from admin.payment_requests.service import ComposeCommand, new_order_number
from admin.web.fields import (
    KstDateField,
    OptionalAmountField,
    TextField,
    choices,
    stripped,
)
from admin.web.form_keys import mint_form_key
from admin.web.labels import LABELS

LINES = 5  # of items on an empty form; more are added by a button
LIVES = {
    "1h": (timedelta(hours=1), _l("1 hour")),
    "1d": (timedelta(days=1), _l("1 day")),
    "3d": (timedelta(days=3), _l("3 days")),
    "7d": (timedelta(days=7), _l("7 days")),
    "30d": (timedelta(days=30), _l("30 days")),
}
DEFAULT = "default"  # the window's own instalments
END_OF_DAY = time(23, 59, 59)
LONGEST = Length(max=255, message=_l("That is too long."))


class FindForm(FlaskForm):
    """The words of the list's search."""

    class Meta:
        """It only reads."""

        csrf = False

    q = TextField("", [Length(max=80, message=_l("That is too long."))])


class ItemForm(Form):
    """One line: an entry of `kcpProducts`."""

    order_number = TextField(_l("Item order no."), [LONGEST])
    name = TextField(_l("Item"), [LONGEST])
    quantity = IntegerField(_l("Quantity"), [Optional()])
    amount = OptionalAmountField(_l("Amount of the line"))

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed into this line."""
        typed = (self.order_number.data, self.name.data, self.quantity.data, self.amount.data)
        return all(one in (None, "") for one in typed)

    def to_item(self) -> Item:
        """The line; what is missing in it is judged with the request."""
        return Item(
            order_number=self.order_number.data or "",
            name=self.name.data or "",
            quantity=self.quantity.data or 0,
            amount=None if self.amount.data is None else _won(self.amount.data),
        )


class ComposeForm(FlaskForm):
    """One request. What a kind of request has no use for is not shown for it."""

    name = TextField(_l("What is paid for"))
    amount = OptionalAmountField(_l("Amount"))
    method = SelectField(_l("Way to pay"))
    merchant_uid = StringField(_l("Order no."), filters=[stripped])
    buyer_name = TextField(_l("Name"), [LONGEST])
    buyer_tel = TextField(_l("Telephone"), [LONGEST])
    buyer_email = TextField(_l("E-mail"), [LONGEST])
    buyer_addr = TextField(_l("Address"), [LONGEST])
    buyer_postcode = TextField(_l("Postcode"), [LONGEST])
    customer_uid = StringField(_l("Billing key"), filters=[stripped])
    tax_free = OptionalAmountField(_l("Tax-free part"))
    quota_limit = SelectField(_l("Instalments offered"), default=DEFAULT)
    direct_code = SelectField(_l("Straight to one card"), default="")
    direct_quota = SelectField(_l("Its instalments"), default="0")
    shown_cards = SelectMultipleField(
        _l("Cards shown"),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    app_card = BooleanField(_l("App cards only"))
    shop_user_id = TextField(_l("Member id of the shop"))
    items = FieldList(FormField(ItemForm), max_entries=30)
    items_may_differ = BooleanField(_l("The sum is meant to differ from the amount"))
    vbank_due = KstDateField(_l("Deposit until the end of"), [Optional()])
    site = StringField(_l("Site code"), filters=[stripped])
    channel_key = StringField(_l("Channel key"), filters=[stripped])
    company = TextField(_l("Shop name in the window"), [LONGEST])
    language = SelectField(_l("Language"), default="ko")
    life = SelectField(_l("The link holds for"), default="1d")
    form_key = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.method.choices = choices((one.value, LABELS[one].text) for one in METHODS)
        limits = [(str(one), _l("up to %(num)s months", num=one)) for one in QUOTA_LIMITS]
        own = [(DEFAULT, _l("as KCP offers them")), ("0", _l("lump sum only"))]
        self.quota_limit.choices = choices([*own, *limits])
        self.direct_code.choices = choices(
            [("", _l("no, the buyer chooses")), *CARD_COMPANIES.items()]
        )
        self.direct_quota.choices = choices(
            (str(one), _l("%(num)s months", num=one) if one else _l("lump sum"))
            for one in DIRECT_QUOTAS
        )
        self.shown_cards.choices = choices(CARD_COMPANIES.items())
        self.language.choices = choices([("ko", "한국어"), ("en", "English")])
        self.life.choices = choices((key, label) for key, (_, label) in LIVES.items())

    def prepare(self, kind: RequestKind, customer: Customer | None, *, now: datetime) -> None:
        """Fill in what a form about to be shown for the first time holds."""
        self.form_key.data = mint_form_key()
        self.merchant_uid.data = new_order_number(now)
        self.add_lines()
        if customer is not None:
            self.buyer_name.data = customer.name
            self.buyer_tel.data = customer.tel
            self.buyer_email.data = customer.email
        if kind is RequestKind.CARD and customer is not None:
            keys = len(customer.billing_keys) + 1
            self.customer_uid.data = f"{customer.customer_number}-{keys}"

    def add_lines(self) -> None:
        """A few more empty lines for items."""
        for _ in range(LINES):
            if len(self.items.entries) < (self.items.max_entries or 0):
                self.items.append_entry()

    def to_command(
        self, kind: RequestKind, customer: Customer | None, *, escrow: bool, now: datetime
    ) -> ComposeCommand:
        """The request as it was typed; whether it can be is judged by its rules."""
        card = kind is RequestKind.CARD
        window = WindowRequest(
            kind=kind,
            merchant_uid=self.merchant_uid.data or "",
            name=self.name.data or "",
            amount=Money(0) if card else _won(self.amount.data),
            method=PayMethod.CARD if card else PayMethod(self.method.data),
            site=self.site.data or "",
            channel_key=self.channel_key.data or "",
            buyer=self._buyer(),
            language=self.language.data,
            company=self.company.data or "",
            customer_uid=self.customer_uid.data or "" if card else "",
            **({} if card else self._options(escrow=escrow)),
        )
        return ComposeCommand(
            window=window,
            customer_id=customer.id if customer else None,
            expires_at=now + LIVES[self.life.data][0],
            form_key=self.form_key.data or "",
        )

    def _buyer(self) -> Buyer:
        return Buyer(
            name=self.buyer_name.data or "",
            email=self.buyer_email.data or "",
            tel=self.buyer_tel.data or "",
            addr=self.buyer_addr.data or "",
            postcode=self.buyer_postcode.data or "",
        )

    def _options(self, *, escrow: bool) -> dict[str, Any]:
        limit, due = self.quota_limit.data, self.vbank_due.data
        direct = DirectCard(code=self.direct_code.data, quota=int(self.direct_quota.data))
        lines = [line.form.to_item() for line in self.items if not line.form.is_empty]
        return {
            "tax_free": _won(self.tax_free.data) if self.tax_free.data is not None else None,
            "quota_limit": None if limit == DEFAULT else int(limit),
            "direct": direct if direct.code else None,
            "shown_cards": tuple(self.shown_cards.data or ()),
            "app_card": self.app_card.data,
            "shop_user_id": self.shop_user_id.data or "",
            "escrow": escrow,
            "items": tuple(lines) if escrow else (),
            "items_may_differ": self.items_may_differ.data,
            "vbank_due": datetime.combine(due, END_OF_DAY, KST) if due else None,
        }


def _won(amount: Decimal | None) -> Money:
    return Money(0) if amount is None else Money.from_major(amount)
