"""The columns of payments as a file: what stands in a cell is what the page would show."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.domain.clock import KST
from admin.domain.payment import PaymentState
from admin.models import Payment, db
from admin.payments.exports import mask_emails, mask_phones, payment_columns, read_question
from admin.payments.rows import shown_method
from admin.web.filters import mask_email, mask_phone
from admin.web.i18n import speaking
from admin.web.labels import LABELS
from tests.payments.trade import a_payment, awaiting, failed, refunded, take_in

NOON = datetime(2026, 3, 10, 3, tzinfo=UTC)
LATE = datetime(2026, 3, 9, 16, 30, 5, tzinfo=UTC)  # already the next day in Korea


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("masked", [True, False])
def test_no_two_columns_are_called_alike(app, language, masked):
    with speaking(language):
        columns = payment_columns(masked, NOON)
    assert len({one.heading for one in columns}) == len({one.name for one in columns})
    assert len(columns) == 27
    assert [one.name for one in columns if one.is_personal] == [
        "buyer_name",
        "buyer_tel",
        "buyer_email",
    ]


def test_cells_are_what_the_page_shows(stand_in, gateway):
    take_in(
        stand_in,
        gateway,
        a_payment(1, LATE, buyer_tel="010-1234-4821"),
        refunded(2, NOON, 4_000),
        refunded(3, NOON, 10_000),
        failed(4, NOON),
        awaiting(5, NOON, due=NOON + timedelta(days=1)),
        awaiting(6, NOON, due=NOON - timedelta(hours=1)),
        a_payment(7, NOON, status="ready", paid_at=0),
        now=NOON,
    )
    with speaking("ko"):
        columns = {one.name: one for one in payment_columns(False, NOON)}
        names = list(dict.fromkeys(name for one in columns.values() for name in one.needs))
        question = read_question("period=all", NOON)
        raw = list(zip(*db.session.execute(question.rows([*names, "id"])), strict=True))
        cells = {
            name: one.values(*(raw[names.index(need)] for need in one.needs))
            for name, one in columns.items()
        }
        payments = [db.session.get_one(Payment, key) for key in raw[-1]]

        assert cells["state"] == [str(LABELS[one.state(NOON)]) for one in payments]
        assert cells["method"] == [shown_method(one) for one in payments]
    states = {one.state(NOON) for one in payments}
    assert states == set(PaymentState) - {PaymentState.CANCELLED}
    assert cells["left"] == [one.cancellable.minor for one in payments]
    for name in ("started_at", "paid_at", "cancelled_at", "failed_at", "vbank_due_at"):
        moments = [getattr(one, name) for one in payments]
        shown = [f"{one.astimezone(KST):%Y-%m-%d %H:%M:%S}" if one else "" for one in moments]
        assert cells[name] == shown
    assert "2026-03-10 01:30:05" in cells["paid_at"]
    assert "010-1234-4821" in cells["buyer_tel"]


PHONES = st.from_regex(r"\A0?1?[0-9]{1,2}[- ]?[0-9]{3,4}[- ]?[0-9]{3,4}\Z") | st.text(max_size=15)
EMAILS = st.from_regex(r"\A[a-z@]{0,4}@?[a-z.]{0,6}\Z") | st.text(max_size=12)


@given(st.lists(st.none() | PHONES))
def test_telephones_of_a_file_are_masked_as_on_the_page(numbers):
    assert mask_phones(numbers) == [mask_phone(one) if one else "" for one in numbers]


@given(st.lists(st.none() | EMAILS))
def test_addresses_of_a_file_are_masked_as_on_the_page(addresses):
    assert mask_emails(addresses) == [mask_email(one) if one else "" for one in addresses]
