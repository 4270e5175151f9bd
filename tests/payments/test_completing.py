"""What the query box of the list offers while one types."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest

from admin.domain.search.query import Field
from admin.payments import completing
from tests.payments.trade import a_payment, refunded, take_in

EN = {"headers": {"Accept-Language": "en"}}
KO = {"headers": {"Accept-Language": "ko"}}
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _nothing_is_held(app):
    """The values of the test before are not those of this one."""
    app.extensions.pop("known_values", None)
    yield
    app.extensions.pop("known_values", None)


def offers(person, text: str, at: int | None = None, language=KO) -> dict[str, str]:
    """What is offered, and the text that each makes."""
    place = len(text) if at is None else at
    answer = person.get(f"/payments/complete.json?q={quote(text)}&at={place}", **language)
    assert answer.status_code == 200
    hits = [hit for group in answer.json["groups"] for hit in group["hits"]]
    return {hit["title"][0][0]: hit["text"] for hit in hits}


def test_fields_and_their_values_are_offered_in_the_readers_language(viewer):
    assert offers(viewer, "상")["상태"] == "상태:"
    assert "상태:결제완료 " in offers(viewer, "상태:").values()
    assert offers(viewer, "sta", language=EN)["status"] == "status:"
    assert offers(viewer, "이도윤 상태:결") == {
        label: text
        for label, text in offers(viewer, "이도윤 상태:결").items()
        if text.startswith("이도윤 상태:")
    }


def test_the_piece_before_the_cursor_is_what_goes_on(viewer):
    text = offers(viewer, "상 5만원", at=1)["상태"]
    assert text == "상태: 5만원"
    answer = viewer.get(f"/payments/complete.json?q={quote('상 5만원')}&at=1", **KO).json
    assert answer["groups"][0]["hits"][0]["cursor"] == len("상태:")


def test_values_that_stand_in_the_payments_are_offered(viewer, stand_in, gateway, now):
    take_in(
        stand_in,
        gateway,
        a_payment(1, now - HOUR, card_name="신한카드", pg_id="T0000"),
        a_payment(2, now - HOUR, card_name="신한카드", pg_id="T0000"),
        a_payment(3, now - HOUR, card_name="현대카드"),
        a_payment(4, now - HOUR, pay_method="vbank", vbank_name="농협은행"),
        now=now,
    )

    assert list(offers(viewer, "카드사:")) == ["신한카드", "현대카드"], "the most frequent first"
    assert offers(viewer, "카드사:ㅎㄷ") == {"현대카드": "카드사:현대카드 "}
    assert list(offers(viewer, "은행:")) == ["농협은행"]
    assert "T0000" in offers(viewer, "mid:", language=EN)


def test_a_reason_that_was_written_once_is_offered_to_nobody(viewer, stand_in, gateway, now):
    rows = [
        refunded(number, now - HOUR, 1_000, cancel_reason=reason)
        for number, reason in enumerate(["단순 변심", "단순 변심", "홍길동 010-1 전화"], start=1)
    ]
    take_in(stand_in, gateway, *rows, now=now)

    assert list(offers(viewer, "사유:", language=KO)) == ["단순 변심"]


def test_the_values_are_read_once_a_minute(app, stand_in, gateway, now):
    take_in(stand_in, gateway, a_payment(1, now - HOUR, card_name="신한카드"), now=now)
    assert completing.known_values(now=now)[Field.ISSUER] == ["신한카드"]

    take_in(stand_in, gateway, a_payment(2, now - HOUR, card_name="현대카드"), now=now)
    later = now + timedelta(seconds=59)
    assert completing.known_values(now=later)[Field.ISSUER] == ["신한카드"]
    later = now + timedelta(seconds=60)
    assert set(completing.known_values(now=later)[Field.ISSUER]) == {"신한카드", "현대카드"}
    assert completing.known_values(now=now - HOUR)[Field.ISSUER], "a clock set back is no error"


def test_an_address_that_makes_no_sense_is_no_error(viewer):
    for query in ("", "q=&at=-5", "q=x&at=x", "q=x&at=" + "9" * 40, "q=" + "상" * 3000, "q=%ff"):
        assert viewer.get(f"/payments/complete.json?{query}").status_code == 200
    card = quote("카드사:4111 1111 1111 1111")
    answer = viewer.get(f"/payments/complete.json?q={card}&at=30")
    assert answer.json == {"groups": [], "said": "", "note": ""}


def test_the_box_knows_where_its_offers_come_from(viewer):
    page = viewer.get("/payments/").text
    assert 'data-module="combobox" data-offers="/payments/complete.json"' in page
