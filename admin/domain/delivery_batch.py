"""Many deliveries at once: what a line of the list says, and what became of its parcel."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from admin.domain.batch import SHOWN, check_length, place_of, read_lines
from admin.domain.card_guard import hide_card_numbers, holds_card_number
from admin.domain.clock import KST, kst_date
from admin.domain.errors import N_
from admin.domain.escrow import COURIERS, DeliveryNotice
from admin.domain.operation import HAPPENED_STATES, UNCERTAIN_STATES, OperationState

MOST_ROWS = 500
LONGEST_NUMBER = 80


class ParcelResult(Enum):
    """What would become of a line that can go, or became of one that was begun."""

    GOES = "goes"  # would be registered
    ASKS = "asks"  # others have its invoice number: only when ticked
    REGISTERED = "registered"
    SAME_HELD = "same_held"  # the gateway held this very parcel already
    OTHER_HELD = "other_held"  # the gateway holds another parcel for this order
    UNKNOWN = "unknown"  # until a look settles it
    NOT_REGISTERED = "not_registered"


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenParcel:
    """One line as it was given."""

    line: int
    text: str
    number: str = ""
    company: str = ""  # the gateway's courier code
    invoice: str = ""
    sent: datetime | None = None  # Korean noon where the line holds a day without a time
    has_time: bool = False
    problem: str = ""  # message id of why it cannot be read

    def sent_at(self, now: datetime) -> datetime:
        """When it left: as given; a day alone is its noon, or now if that is ahead; else now."""
        if self.sent is None:
            return now
        is_today = not self.has_time and kst_date(self.sent) == kst_date(now)
        return min(self.sent, now) if is_today else self.sent


# Headings by which a column is known; without a heading: number, courier, invoice, day, time.
_NUMBER = frozenset(
    {"order_number", "merchant_uid", "imp_uid", "number", "주문번호", "결제번호", "주문 번호"}
)
_COMPANY = frozenset(
    {"courier", "company", "courier_code", "택배사", "택배사명", "택배사코드", "배송사", "배송업체"}
)
_INVOICE = frozenset(
    {"invoice", "invoice_number", "tracking_number", "송장번호", "운송장번호", "송장", "운송장"}
)
_SENT = frozenset({"sent_at", "sent_on", "발송일시", "발송일", "발송일자", "배송일"})
_TIME = frozenset({"sent_time", "발송시각", "발송시간", "배송시간"})
_COLUMNS = (_NUMBER, _COMPANY, _INVOICE, _SENT, _TIME)

# Other names under which shops know the couriers.
_ALSO = {
    "CJ": "CJGLS",
    "CJ택배": "CJGLS",
    "대한통운": "CJGLS",
    "CJ대한통운택배": "CJGLS",
    "롯데글로벌로지스": "HYUNDAI",
    "현대택배": "HYUNDAI",
    "우체국": "EPOST",
    "일양택배": "ILYANG",
    "CU편의점택배": "CVSNET",
    "GS25편의점택배": "CVSNET",
    "등기": "REGISTPOST",
}
_DIGITS = re.compile(r"[0-9]{9,14}")
_CUT_SHORT = re.compile(r"[0-9][.,0-9]*[eE]\+?[0-9]+")
_MOMENT = re.compile(
    r"(\d{4})[-./]?(\d{2})[-./]?(\d{2})(?:[ T]+(\d{1,2}):(\d{2})(?::\d{2})?)?", re.ASCII
)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::\d{2})?", re.ASCII)


def read_parcels(text: str) -> list[GivenParcel]:
    """Read lines of `number, courier, invoice[, sent[, time]]` as CSV, TSV or pasted cells.

    Raises InvalidInput for a list that is empty, too long or no CSV at all; a line that cannot be
    read keeps its problem, and nothing of a line that holds a card number is kept.
    """
    rows: list[GivenParcel] = []
    places: Sequence[int | None] | None = None
    for line, cells in read_lines(text):
        if places is None:
            found = _heading(cells)
            places = found or range(len(_COLUMNS))
            if found:
                continue
        rows.append(_read(line, cells, places))
    check_length(len(rows), most=MOST_ROWS)
    return rows


def courier_code(text: str) -> str:
    """The gateway's code of a courier by its code or its name; "" for one it does not know."""
    return _COURIER_NAMES.get(_folded(text), "")


def fingerprint_of(rows: Iterable[GivenParcel]) -> str:
    """The same for the same parcels, whatever their order and however the file was written."""
    lines = sorted(
        [one.number, one.company, one.invoice, str(one.sent), str(one.has_time)]
        if not one.problem
        else [one.text]
        for one in rows
    )
    return hashlib.sha256(json.dumps(lines, ensure_ascii=True).encode()).hexdigest()


def parcel_result(
    state: OperationState, *, ours: DeliveryNotice, held: DeliveryNotice | None
) -> ParcelResult:
    """What became of a begun line: its operation, and the parcel the gateway holds by now."""
    if state in HAPPENED_STATES:
        return ParcelResult.REGISTERED
    if state is OperationState.MISMATCH:
        return ParcelResult.OTHER_HELD
    if state in UNCERTAIN_STATES or state is OperationState.READY:
        return ParcelResult.UNKNOWN
    if state is OperationState.REJECTED and held is not None:
        same = (held.company, held.invoice) == (ours.company, ours.invoice)
        return ParcelResult.SAME_HELD if same else ParcelResult.OTHER_HELD
    return ParcelResult.NOT_REGISTERED


def _heading(cells: Sequence[str]) -> list[int | None] | None:
    places = [place_of(known, cells) for known in _COLUMNS]
    if places[0] is None or (places[1] is None and places[2] is None):
        return None
    return places


def _read(line: int, cells: Sequence[str], places: Sequence[int | None]) -> GivenParcel:
    joined = ", ".join(cells)
    text = hide_card_numbers(joined)[:SHOWN]
    if holds_card_number(joined):
        problem = N_("A card number stands here. It was not kept.")
        return GivenParcel(line=line, text=text, problem=problem)
    number, courier, invoice, sent, clock = (
        _plain(cells[place]) if place is not None and place < len(cells) else "" for place in places
    )
    invoice = invoice.replace("-", "").replace(" ", "")
    company, moment = courier_code(courier), _moment(sent, clock)
    return GivenParcel(
        line=line,
        text=text,
        number=number[:LONGEST_NUMBER],
        company=company,
        invoice=invoice if _DIGITS.fullmatch(invoice) else "",
        sent=moment[0] if moment else None,
        has_time=moment is not None and moment[1],
        problem=_problem(number, courier, company, invoice, has_moment=moment is not None),
    )


def _problem(number: str, courier: str, company: str, invoice: str, *, has_moment: bool) -> str:
    if not number:
        return N_("No order or payment number.")
    if len(number) > LONGEST_NUMBER:
        return N_("That is no order or payment number.")
    if not courier:
        return N_("No courier.")
    if not company:
        return N_("The gateway knows no courier of this name.")
    if _CUT_SHORT.fullmatch(invoice):
        return N_("The spreadsheet cut this invoice number short. Format its column as text.")
    if not _DIGITS.fullmatch(invoice):
        return N_("An invoice number is 9 to 14 digits.")
    if not has_moment:
        return N_("Write the day it was sent as 2026-11-23, with its time as 14:30.")
    return ""


def _moment(sent: str, clock: str) -> tuple[datetime | None, bool] | None:
    """When it left and whether a time was given; None for what cannot be read."""
    if not sent:
        return None if clock else (None, False)
    found = _MOMENT.fullmatch(sent)
    if found is None:
        return None
    year, month, day, hour, minute = found.groups()
    if clock:
        also = _CLOCK.fullmatch(clock)
        if also is None or hour:
            return None
        hour, minute = also.groups()
    try:
        moment = datetime(
            int(year), int(month), int(day), int(hour or 12), int(minute or 0), tzinfo=KST
        )
    except ValueError:
        return None
    return moment, bool(hour)


def _plain(cell: str) -> str:
    """The cell without what spreadsheets put around numbers to keep them whole."""
    return unicodedata.normalize("NFKC", cell).removeprefix("=").strip("\"' ")


def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).upper()
    return "".join(letter for letter in folded if letter.isalnum())


_COURIER_NAMES = {
    _folded(name): code
    for code, called in COURIERS.items()
    for name in (code, called, called.removesuffix("택배"))
} | {_folded(name): code for name, code in _ALSO.items()}
