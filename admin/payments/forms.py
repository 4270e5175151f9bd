"""What a person asks of the list, and the note they leave."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import unquote_plus

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectMultipleField
from wtforms.validators import Length, Optional, ValidationError

from admin.domain.card_guard import holds_card_number
from admin.domain.clock import kst_date
from admin.domain.search.parsing import parse
from admin.domain.search.query import CHOICE_FIELDS, StatusWord
from admin.models import TimeBasis
from admin.payments.finding import PaymentFilter, Sort
from admin.payments.service import LONGEST_NOTE
from admin.web.fields import KstDateField, LongTextField, TextField
from admin.web.periods import NAMES, Period, named_period

LONGEST_SEARCH = 1_000
USUAL = "week"  # the period of a list that nobody narrowed


class PaymentSearchForm(FlaskForm):
    """Bound to the query string. An invalid part is shown as an error and left out."""

    class Meta:
        csrf = False  # a GET form changes nothing

    q = TextField(_l("Search"), [Length(max=LONGEST_SEARCH, message=_l("That is too long."))])
    from_day = KstDateField(_l("From"), validators=[Optional()])
    to_day = KstDateField(_l("To"), validators=[Optional()])

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.validate()
        self.parsed = parse(self.text, today=kst_date(now))

    def validate_to_day(self, field: KstDateField) -> None:
        """The period runs forward."""
        if field.data and self.from_day.data and field.data < self.from_day.data:
            raise ValidationError(_l("The last day lies before the first one. Swap them."))

    def period(self, name: str, *, now: datetime) -> Period:
        """The days picked, else the period called `name`, else what fits: a search looks at all."""
        first, last = self.from_day, self.to_day
        if (first.data or last.data) and not (first.errors or last.errors):
            return Period(first=first.data, last=last.data)
        if name in NAMES:
            return named_period(name, now=now)
        return named_period("all" if self.narrows else USUAL, now=now)

    @property
    def text(self) -> str:
        """What is searched; nothing when the box holds what it must not."""
        return "" if self.q.errors else (self.q.data or "")

    @property
    def narrows(self) -> bool:
        """Whether something is looked for that may lie at any time; a state alone is not."""
        return any(term.field not in CHOICE_FIELDS for term in self.parsed.query.terms)

    def to_filter(self, period: Period, *, tab: str, basis: str, sort: str = "") -> PaymentFilter:
        """The typed filter. Unknown words for tab, basis and sort mean the usual ones."""
        return PaymentFilter(
            query=self.parsed.query,
            tab=StatusWord(tab) if tab in {one.value for one in StatusWord} else None,
            basis=TimeBasis(basis)
            if basis in {one.value for one in TimeBasis}
            else TimeBasis.REQUESTED,
            start=period.start,
            end=period.end,
            sort=Sort(sort) if sort in {one.value for one in Sort} else Sort.TIME,
        )


class NoteForm(FlaskForm):
    """A note on a payment."""

    text = LongTextField(
        _l("Note"), [Length(min=1, max=LONGEST_NOTE, message=_l("Write something first."))]
    )


class ColumnsForm(FlaskForm):
    """The columns that are ticked, and the list's query string as it was looked at."""

    query = HiddenField()
    columns = SelectMultipleField(_l("Columns"), validate_choice=False)

    def validate_query(self, field: HiddenField) -> None:
        """A card number that somebody wrote into the address is not carried along."""
        if holds_card_number(unquote_plus(field.data or "")):
            field.data = ""
