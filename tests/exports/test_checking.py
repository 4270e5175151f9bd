"""A file is brought back: unchanged, saved again, sorted, changed, not ours, or a trap."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable
from datetime import timedelta

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from admin.domain.export import BLOCK, CheckVerdict, ExportKind, FileUnreadable, Prints, compare
from admin.domain.permissions import Role
from admin.exports import reading
from admin.exports.reading import read_brought
from admin.exports.writing import _lines, _safe
from tests.exports.taking import take
from tests.payments.trade import a_payment, refunded, take_in
from tests.people import Person

HOUR = timedelta(hours=1)
EN = {"headers": {"Accept-Language": "en"}}
NASTY = '=HYPERLINK("http://evil.example","책") _x0041_\n둘째 줄 & <b>'


@pytest.fixture
def shop(stand_in, gateway, now) -> None:
    rows = [
        a_payment(number, now - HOUR - timedelta(minutes=number), name=f"책 {number}, 원목")
        for number in range(1, 30)
    ]
    take_in(
        stand_in,
        gateway,
        *rows,
        a_payment(30, now - 2 * HOUR, name=NASTY),
        refunded(31, now - 3 * HOUR, 4_000),
        now=now,
    )


def bring(person: Person, body: bytes, name: str = "any name.bin") -> str:
    answer = person.post("/exports/check", {"file": (io.BytesIO(body), name)}, **EN)
    assert answer.status_code == 200, answer.text
    return answer.text


def rewritten(body: bytes, change: Callable[[list[list[str]]], object]) -> bytes:
    """A CSV as another program saves it after a change: other quoting, other line ends."""
    rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))
    change(rows)
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()


def saved_again(body: bytes, change: Callable[[openpyxl.Workbook], object]) -> bytes:
    """A workbook as another library saves it, after a change."""
    book = openpyxl.load_workbook(io.BytesIO(body))
    change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_file_as_it_was_made_is_ours_and_unchanged(finance, shop, kind):
    page = bring(finance, take(finance, "period=all", kind=kind).data)
    assert "Ours and unchanged" in page
    assert "month-end books" in page


def test_a_csv_saved_by_another_program_still_holds_every_cell(finance, shop):
    body = take(finance, "period=all").data
    assert "Saved again, every cell as it was" in bring(finance, rewritten(body, lambda rows: 0))


def test_a_workbook_saved_by_another_program_still_holds_every_cell(finance, shop):
    body = take(finance, "period=all", kind="xlsx").data
    for again in (saved_again(body, lambda book: 0), as_excel_saves(body)):
        assert again != body
        assert "Saved again, every cell as it was" in bring(finance, again)


def as_excel_saves(body: bytes) -> bytes:
    """The texts in a table of their own, with what Excel adds for reading Korean aloud."""
    texts: list[str] = []

    def shared(found: re.Match[str]) -> str:
        texts.append(found[2])
        return f'<c{found[1]} t="s"><v>{len(texts) - 1}</v></c>'

    inline = re.compile(r'<c([^>]*) t="inlineStr"><is>(<t[^>]*>.*?</t>)</is></c>', re.DOTALL)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name).decode()
            new.writestr(name, inline.sub(shared, content) if "/sheet" in name else content)
        table = "".join(f"<si>{text}<rPh><t>읽기</t></rPh></si>" for text in texts)
        new.writestr("xl/sharedStrings.xml", f"<sst {MAIN}>{table}</sst>")
    assert len(texts) > 100
    return out.getvalue()


def test_one_changed_cell_of_a_csv_is_named(finance, shop):
    def change(rows: list[list[str]]) -> None:
        rows[4][9] = "99999"

    page = bring(finance, rewritten(take(finance, "period=all", language="en").data, change))
    assert "Ours, but changed" in page
    assert cells_of(page) == {"5": "Amount"}


def test_changed_cells_of_a_workbook_are_named(finance, shop):
    def change(book: openpyxl.Workbook) -> None:
        book.worksheets[0]["K3"] = 1

    body = take(finance, "period=all", kind="xlsx", language="en").data
    assert cells_of(bring(finance, saved_again(body, change))) == {"3": "Cancelled"}


def test_a_row_taken_out_and_one_put_in_are_named(finance, shop):
    def change(rows: list[list[str]]) -> None:
        del rows[6]
        rows.append(["made up"] * len(rows[0]))
        del rows[2]

    page = bring(finance, rewritten(take(finance, "period=all").data, change))
    assert "They stood on these lines: 3, 7" in page
    assert cells_of(page) == {"31": "–"}


def test_the_same_rows_sorted_are_said_to_be_the_same(finance, shop):
    def change(rows: list[list[str]]) -> None:
        rows[1:] = rows[:0:-1]

    page = bring(finance, rewritten(take(finance, "period=all").data, change))
    assert "The same rows in another order" in page


def test_another_heading_is_a_change(finance, shop):
    def change(rows: list[list[str]]) -> None:
        rows[0][0] = "merchant"

    page = bring(finance, rewritten(take(finance, "period=all").data, change))
    assert "Ours, but changed" in page
    assert "The headings are not those" in page


def test_a_workbook_with_every_row_changed_is_known_by_its_cover(finance, shop):
    def change(book: openpyxl.Workbook) -> None:
        book.worksheets[0].delete_cols(1)

    body = take(finance, "period=all", kind="xlsx").data
    assert "Ours, but changed" in bring(finance, saved_again(body, change))


def test_a_forged_cover_over_other_rows_makes_nothing_ours(finance, shop):
    take(finance, "period=all", kind="xlsx")
    book = openpyxl.Workbook()
    book.active.append(["amount"])
    book.active.append([1])
    book.create_sheet("About").append(["Mark", "jangbu:export:1:0123456789abcdef"])
    out = io.BytesIO()
    book.save(out)
    assert "Not known here" in bring(finance, out.getvalue())


def test_a_file_of_others_is_not_known(finance, shop):
    take(finance, "period=all")
    assert "Not known here" in bring(finance, b"order,amount\r\nX-1,100\r\n")


def test_whoever_brings_a_file_may_not_see_its_page(sign_in, shop):
    body = take(sign_in(Role.FINANCE), "period=all").data
    page = bring(sign_in(Role.FINANCE), body)
    assert "Ours and unchanged" in page
    assert "Open the export" not in page


def cells_of(page: str) -> dict[str, str]:
    """The table of changed lines."""
    rows = re.findall(r'at-meta is-number">(\d+)</td>\s*<td class="at-title">(.*?)</td>', page)
    return dict(rows)


# -- what is no table, and what is a trap ---------------------------------------------------------


def zipped(**entries: str | bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return out.getvalue()


MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
BOOK = (
    f'<workbook {MAIN} xmlns:r="{RELATION}"><sheets><sheet name="A" r:id="r1"/></sheets></workbook>'
)
RELATIONS = '<Relationships xmlns="p"><Relationship Id="r1" Target="s.xml"/></Relationships>'


def workbook(sheet: str | bytes, **more: str) -> bytes:
    names = {"xl/workbook.xml": BOOK, "xl/_rels/workbook.xml.rels": RELATIONS, "xl/s.xml": sheet}
    return zipped(**names, **more)


def a_sheet(rows: str) -> str:
    return f"<worksheet {MAIN}><sheetData>{rows}</sheetData></worksheet>"


ENTITIES = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
TRAPS = {
    "nothing": b"",
    "no text": b"\xff\xfe\x00\x81\xff",
    "a zero": b"a,b\r\n1,\x00\r\n",
    "a quote without its end": b'a,b\r\n"1,2\r\n',
    "no zip": b"PK\x03\x04 and no more",
    "a zip without a book": zipped(**{"a.txt": "x"}),
    "entities": workbook(ENTITIES + a_sheet('<row r="1"><c r="A1"><v>1</v></c></row>')),
    "XML cut off": workbook(a_sheet("")[:-9]),
    "rows backwards": workbook(a_sheet('<row r="5"/><row r="2"/>')),
    "a row beyond a sheet": workbook(a_sheet('<row r="99999999"/>')),
    "a column beyond sense": workbook(a_sheet('<row r="1"><c r="XFD1"><v>1</v></c></row>')),
    "a text that is not there": workbook(a_sheet('<row r="1"><c r="A1" t="s"><v>7</v></c></row>')),
    "no number": workbook(a_sheet('<row r="1"><c r="A1"><v>abc</v></c></row>')),
}


@pytest.mark.parametrize("name", TRAPS)
def test_what_is_no_table_is_refused_with_a_sentence(name, finance):
    answer = finance.post("/exports/check", {"file": (io.BytesIO(TRAPS[name]), "x")}, **EN)
    if name == "nothing":
        assert "Not known here" in answer.text
        return
    assert answer.status_code == 422
    assert "neither a CSV nor an Excel workbook" in answer.text or "unpacks to more" in answer.text


LONG = "1" * 3_000_000


@pytest.mark.parametrize(
    ("limit", "body"),
    [
        ("MOST_TEXT", workbook(a_sheet(f'<row r="1"><c r="A1" t="str"><v>{LONG}</v></c></row>'))),
        ("MOST_TEXT", workbook(a_sheet(f'<row r="1" spans="{LONG}"/>'))),
        (
            "MOST_SHARED",
            workbook(
                a_sheet(""), **{"xl/sharedStrings.xml": f"<sst {MAIN}>{'<si/>' * 400_000}</sst>"}
            ),
        ),
        ("MOST_UNPACKED", workbook(a_sheet("<row><c><v>1</v></c></row>" * 100_000))),
    ],
    ids=["a cell", "a tag", "shared texts", "rows"],
)
def test_a_zip_that_unpacks_without_end_is_stopped_while_it_does(limit, body, monkeypatch):
    monkeypatch.setattr(f"admin.exports.workbook.{limit}", 1024 * 1024)
    assert len(body) < 64 * 1024, "small as it comes"
    with pytest.raises(FileUnreadable, match="unpacks to more"):
        read_brought(io.BytesIO(body))


def test_a_line_of_a_csv_without_end_is_stopped(monkeypatch):
    monkeypatch.setattr(reading, "MOST_LINE", 10_000)
    with pytest.raises(FileUnreadable, match="unpacks to more"):
        read_brought(io.BytesIO(b"a,b\r\n" + b",\n" * 10 + b"," * 20_000))


def test_only_who_may_check_sends_more_than_a_form(support, finance, app):
    large = {"file": (io.BytesIO(b"a,b\r\n" * 200_000), "x.csv")}
    assert finance.post("/exports/check", large).status_code == 200
    again = {"file": (io.BytesIO(b"a,b\r\n" * 200_000), "x.csv")}
    assert support.post("/exports/check", again).status_code == 413


# -- prints ---------------------------------------------------------------------------------------


def prints_of(rows: list[list[str]], pieces: int) -> Prints:
    made = Prints(["a", "b", "c"])
    for start in range(0, len(rows), pieces):
        made.add([list(column) for column in zip(*rows[start : start + pieces], strict=True)])
    return made.finish()


def numbered(count: int) -> list[list[str]]:
    return [[f"a{number}", f"b{number}", f"c{number}"] for number in range(count)]


@pytest.mark.parametrize("pieces", [1, 7, BLOCK, BLOCK + 1, 1_000])
def test_prints_do_not_depend_on_the_pieces_they_are_taken_in(pieces):
    whole, cut = prints_of(numbered(1_000), 10_000), prints_of(numbered(1_000), pieces)
    assert (whole.rows, whole.blocks) == (cut.rows, cut.blocks)
    assert compare(whole, cut).verdict is CheckVerdict.SAVED_AGAIN


def test_two_changes_in_one_block_are_both_named_and_their_cells_are_not_sure():
    rows = numbered(BLOCK * 2)
    made = prints_of(rows, 100)
    rows[3][1], rows[9][2], rows[BLOCK][0] = "x", "y", "z"
    found = compare(made, prints_of(rows, 100))
    assert [(one.line, one.columns, one.sure) for one in found.changed] == [
        (5, ("b", "c"), False),
        (11, ("b", "c"), False),
        (BLOCK + 2, ("a",), True),
    ]


def test_a_cell_moved_over_its_border_is_a_change():
    rows = numbered(5)
    made = prints_of(rows, 5)
    rows[2] = ["a2b", "2", "c2"]
    assert compare(made, prints_of(rows, 5)).changed_count == 1


TEXTS = st.text(
    alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=8))
def test_whatever_stands_in_a_cell_comes_back_and_is_no_formula(rows):
    safe = [_safe(list(one), ExportKind.CSV) for one in zip(*rows, strict=True)]
    columns = [texts for texts, _ in safe]
    lines = _lines(columns, [together for _, together in safe])
    read = list(csv.reader(io.StringIO(lines, newline="")))
    assert read == [list(row) for row in zip(*columns, strict=True)]
    for given_row, row in zip(rows, read, strict=True):
        for given_cell, cell in zip(given_row, row, strict=True):
            assert cell.removeprefix("'") == given_cell.replace("\x1f", "").removeprefix("'")
            assert not cell.startswith(tuple("=+-@\t\r\n＝＋－＠"))
