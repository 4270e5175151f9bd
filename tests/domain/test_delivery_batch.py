"""Lists of deliveries as people give them: pasted, from a spreadsheet, with slips."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.domain.clock import KST
from admin.domain.delivery_batch import (
    MOST_ROWS,
    ParcelResult,
    courier_code,
    fingerprint_of,
    parcel_result,
    read_parcels,
)
from admin.domain.errors import InvalidInput
from admin.domain.escrow import COURIERS, DeliveryNotice
from admin.domain.operation import OperationState

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)  # 15:00 in Korea


@pytest.mark.parametrize(
    "text",
    [
        "ORD-1,CJGLS,681234567890\nimp_2,한진택배,510712345678",
        "order_number,courier,invoice\nORD-1,CJ대한통운,6812-3456-7890\nimp_2,HANJIN,5107 12345678",
        "\ufeff주문번호,택배사,송장번호\r\nORD-1,대한통운,681234567890\r\n\r\nimp_2,한진,510712345678",
        "택배사,메모,운송장,주문번호\ncj 대한통운,a,681234567890,ORD-1\n한진,b,510712345678,imp_2",
        "ORD-1\tcjgls\t681234567890\nimp_2\t한진택배\t510712345678",
        'ORD-1;CJGLS;="681234567890"\nimp_2;HANJIN;\'510712345678',
    ],
)
def test_the_ways_people_write_the_same_list(text: str) -> None:
    rows = read_parcels(text)
    assert [(one.number, one.company, one.invoice) for one in rows] == [
        ("ORD-1", "CJGLS", "681234567890"),
        ("imp_2", "HANJIN", "510712345678"),
    ]
    assert [one.problem for one in rows] == ["", ""]
    assert fingerprint_of(rows) == fingerprint_of(reversed(rows))


@pytest.mark.parametrize(
    ("sent", "moment"),
    [
        ("2026-11-22 14:30", "2026-11-22 14:30"),
        ("2026.11.22 9:05:59", "2026-11-22 09:05"),
        ("2026/11/22T14:30", "2026-11-22 14:30"),
        ("20261122", "2026-11-22 12:00"),
        ("2026-11-23 16:00", "2026-11-23 16:00"),
        ("2026-11-23", "2026-11-23 12:00"),
        ("", "2026-11-23 15:00"),
    ],
)
def test_the_moment_a_parcel_left_is_korean_time(sent: str, moment: str) -> None:
    (row,) = read_parcels(f"ORD-1,CJGLS,681234567890,{sent}")
    assert row.sent_at(NOW).astimezone(KST).strftime("%Y-%m-%d %H:%M") == moment


def test_a_day_and_a_time_may_stand_in_columns_of_their_own() -> None:
    heading = "주문번호,택배사,송장번호,발송일,발송시간"
    (row,) = read_parcels(f"{heading}\nORD-1,CJGLS,681234567890,2026-11-22,14:30")
    assert row.sent_at(NOW) == datetime(2026, 11, 22, 14, 30, tzinfo=KST)


def test_before_noon_a_parcel_of_today_left_by_now() -> None:
    (row,) = read_parcels("ORD-1,CJGLS,681234567890,2026-11-23")
    morning = NOW - timedelta(hours=5)
    assert row.sent_at(morning) == morning


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (",CJGLS,681234567890", "No order"),
        ("ORD-1,,681234567890", "No courier"),
        ("ORD-1,꿈배송,681234567890", "knows no courier"),
        ("ORD-1,CJGLS,12345678", "9 to 14 digits"),
        ("ORD-1,CJGLS,123456789012345", "9 to 14 digits"),
        ("ORD-1,CJGLS,68123456789a", "9 to 14 digits"),
        ("ORD-1,CJGLS", "9 to 14 digits"),
        ("ORD-1,CJGLS,6.81235E+11", "cut this invoice number short"),
        ("ORD-1,CJGLS,681234567890,yesterday", "Write the day"),
        ("ORD-1,CJGLS,681234567890,2026-02-30", "Write the day"),
        ("ORD-1,CJGLS,681234567890,,14:30", "Write the day"),
        ("ORD-1,CJGLS,681234567890,2026-11-22,25:00", "Write the day"),
    ],
)
def test_a_line_that_cannot_be_read_says_why_and_leaves_the_others_alone(
    line: str, says: str
) -> None:
    bad, good = read_parcels(f"{line}\nORD-2,CJGLS,681234567890")
    assert says in bad.problem
    assert good.problem == ""


def test_a_card_number_is_neither_read_nor_kept() -> None:
    (row,) = read_parcels("ORD-1,CJGLS,4111-1111-1111-1111")
    assert "card number" in row.problem
    assert (row.number, row.invoice) == ("", "")
    assert "1111" not in row.text


def test_every_courier_is_known_by_code_and_by_name() -> None:
    for code, name in COURIERS.items():
        assert {courier_code(code), courier_code(code.lower()), courier_code(name)} == {code}


@pytest.mark.parametrize("text", ["", " \n\n", "order_number,courier,invoice", 'ORD-1,"CJ'])
def test_what_holds_no_list_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        read_parcels(text)


def test_a_list_that_is_too_long_is_refused() -> None:
    with pytest.raises(InvalidInput) as caught:
        read_parcels("ORD-1,CJGLS,681234567890\n" * (MOST_ROWS + 1))
    assert caught.value.values["count"] == MOST_ROWS + 1


def test_another_number_is_another_list() -> None:
    first, second = (f"ORD-1,CJGLS,68123456789{last}" for last in "01")
    assert fingerprint_of(read_parcels(first)) != fingerprint_of(read_parcels(second))


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        rows = read_parcels(text)
    except InvalidInput:
        return
    assert all(row.problem or (row.number and row.company and row.invoice) for row in rows)
    assert fingerprint_of(rows)


OURS = DeliveryNotice(company="CJGLS", invoice="681234567890", sent_at=NOW)
SAME = DeliveryNotice(company="CJGLS", invoice="681234567890", sent_at=NOW - timedelta(hours=1))
OTHER = DeliveryNotice(company="HANJIN", invoice="681234567890", sent_at=NOW)


@pytest.mark.parametrize(
    ("state", "held", "result"),
    [
        (OperationState.SUCCEEDED, SAME, ParcelResult.REGISTERED),
        (OperationState.SUCCEEDED_LATE, SAME, ParcelResult.REGISTERED),
        (OperationState.REJECTED, SAME, ParcelResult.SAME_HELD),
        (OperationState.REJECTED, OTHER, ParcelResult.OTHER_HELD),
        (OperationState.REJECTED, None, ParcelResult.NOT_REGISTERED),
        (OperationState.MISMATCH, OTHER, ParcelResult.OTHER_HELD),
        (OperationState.READY, None, ParcelResult.UNKNOWN),
        (OperationState.SENDING, None, ParcelResult.UNKNOWN),
        (OperationState.UNKNOWN, None, ParcelResult.UNKNOWN),
        (OperationState.HUMAN, None, ParcelResult.UNKNOWN),
        (OperationState.FAILED, None, ParcelResult.NOT_REGISTERED),
        (OperationState.NOT_EXECUTED, None, ParcelResult.NOT_REGISTERED),
        (OperationState.EXPIRED, None, ParcelResult.NOT_REGISTERED),
    ],
)
def test_what_became_of_a_line_is_never_guessed(
    state: OperationState, held: DeliveryNotice | None, result: ParcelResult
) -> None:
    assert parcel_result(state, ours=OURS, held=held) is result
