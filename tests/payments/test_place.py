"""From a payment to the next one and back, through the list it was opened from."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urlencode

import pytest

from admin.models import Payment, db
from tests.payments.looking import DAY, HOUR, look
from tests.payments.trade import a_payment, awaiting, refunded, take_in


def row_links(page: str) -> list[str]:
    return [unescape(one) for one in re.findall(r'row-link" href="(/payments/[^"]+)"', page)]


def way(page: str, rel: str) -> str | None:
    found = re.search(rf'<a href="([^"]+)" rel="{rel}"', page)
    return unescape(found[1]) if found else None


def back(page: str) -> str:
    return unescape(re.search(r'<nav class="crumb"[^>]*><a href="([^"]+)"', page)[1])


LISTS = [
    "/payments/?period=all",
    "/payments/?period=all&order=up",
    "/payments/?period=all&sort=amount",
    "/payments/?period=all&sort=order&order=up",
    "/payments/?period=all&state=paid",
    "/payments/?period=all&basis=approved&state=refunded",
    "/payments/?period=all&basis=cancelled",
    "/payments/?q=책장",
    "/payments/?q=금액:>=10000&period=all",
    "/payments/?q=method:vbank&period=all",
]


@pytest.fixture
def trade(stand_in, gateway, now) -> dict[str, int]:
    """Payments of several kinds, some at the same moment and of the same amount."""
    moments = [now - DAY - timedelta(minutes=n // 3) for n in range(18)]
    kinds = [
        lambda n: a_payment(n, moments[n], amount=10_000 + n % 4),
        lambda n: refunded(n, moments[n], 10_000),
        lambda n: awaiting(n, moments[n], due=now + HOUR, name="의자"),
    ]
    payments = [kinds[n % 3](n) for n in range(18)]
    return take_in(stand_in, gateway, *payments, now=now)


@pytest.mark.parametrize("address", LISTS)
def test_the_way_on_goes_through_the_list_in_its_order(viewer, trade, address):
    rows = row_links(viewer.get(address).text)
    assert len(rows) > 2

    walked, page = [rows[0]], viewer.get(rows[0]).text
    assert way(page, "prev") is None
    while following := way(page, "next"):
        walked.append(following)
        page = viewer.get(following).text
    assert walked == rows
    backwards = [rows[-1]]
    while before := way(page, "prev"):
        backwards.append(before)
        page = viewer.get(before).text
    assert backwards == rows[::-1]


@pytest.mark.parametrize("address", LISTS)
def test_the_way_back_leads_to_the_very_list(viewer, trade, address):
    rows = row_links(viewer.get(address).text)

    there = back(viewer.get(rows[1]).text)

    assert row_links(viewer.get(there).text) == rows


def test_the_way_back_keeps_the_page_of_the_list(viewer, stand_in, gateway, now):
    payments = [a_payment(n, now - HOUR - timedelta(seconds=n)) for n in range(60)]
    take_in(stand_in, gateway, *payments, now=now)
    page = viewer.get("/payments/?period=all").text
    older = unescape(re.search(r'<a[^>]*href="([^"]+)"[^>]*rel="next"', page)[1])
    rows = row_links(viewer.get(older).text)

    assert row_links(viewer.get(back(viewer.get(rows[3]).text)).text) == rows
    last_of_first = row_links(page)[-1]
    following = way(viewer.get(last_of_first).text, "next")
    assert following.partition("?")[0] == rows[0].partition("?")[0]


def test_a_payment_that_left_the_list_still_knows_the_next_one(
    viewer, trade, stand_in, gateway, now
):
    rows = row_links(viewer.get("/payments/?period=all&state=paid").text)
    key = int(re.search(r"/payments/(\d+)", rows[2])[1])
    uid = db.session.get_one(Payment, key).imp_uid
    stand_in.console_cancel(uid, 10_000)
    look(uid, gateway=gateway, now=now)

    page = viewer.get(rows[2]).text

    assert (way(page, "prev"), way(page, "next")) == (rows[1], rows[3])


def test_a_payment_from_elsewhere_has_no_neighbours(viewer, trade):
    key = next(iter(trade.values()))

    page = viewer.get(f"/payments/{key}").text

    assert (way(page, "prev"), way(page, "next")) == (None, None)
    assert back(page) == "/payments/"


@pytest.mark.parametrize(
    "place",
    ["", "cursor=nonsense", "q=%2500", "basis=approved&state=none", "a=1&" * 100, "x" * 9_000],
)
def test_a_place_that_makes_no_sense_is_no_error(viewer, trade, place):
    for key in trade.values():
        answer = viewer.get(f"/payments/{key}?{urlencode({'from': place})}")
        assert answer.status_code == 200
        assert back(answer.text).startswith("/payments/")


def test_a_card_number_in_a_place_is_never_written_into_a_page(viewer, trade):
    key = next(iter(trade.values()))

    page = viewer.get(f"/payments/{key}?from=q%3D4111%2B1111%2B1111%2B1111%26state%3Dpaid").text

    assert "1111" not in page
    assert "state=paid" in back(page)


def test_a_check_and_a_note_keep_the_place(support, trade):
    rows = row_links(support.get("/payments/?period=all&sort=amount").text)
    page = support.get(rows[1]).text
    actions = [unescape(one) for one in re.findall(r'method="post" action="([^"]+)"', page)]
    for action in actions:
        if f"/payments/{re.search('[0-9]+', rows[1])[0]}/" in action:
            answer = support.post(action, {"text": "확인"})
            assert answer.location == rows[1]
