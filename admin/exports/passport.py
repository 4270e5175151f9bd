"""What a file's passport says: the same lines on its page, on its cover sheet and as plain text."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from flask_babel import gettext

from admin.domain.clock import kst_date
from admin.domain.export import LIFETIME, ExportState, ExportSums
from admin.domain.money import Money
from admin.exports.lists import offered_list
from admin.models import Export
from admin.web.filters import kst, money_with_unit

Line = tuple[str, str]


def cover_name() -> str:
    """The name of the sheet that goes along with a workbook."""
    return gettext("About this file")


def cover_lines(
    export: Export, sums: ExportSums, counted: ExportSums, root: str, *, now: datetime
) -> list[Line]:
    """The cover sheet, written last, when everything is counted."""
    return [
        *_origin(export),
        *_totals(sums, counted),
        (gettext("Deleted here on"), kst(now + LIFETIME, "full") + " KST"),
        (gettext("Print of all rows"), root),
        (gettext("Check this file"), gettext("On the page “Check a file” of Jangbu.")),
        (gettext("Mark"), f"jangbu:export:{export.id}:{root}"),
    ]


def page_lines(export: Export) -> list[Line]:
    """The passport on its page; what is not known yet is left out."""
    lines = _origin(export)
    if export.sha256:
        lines += [
            *_totals(export.sums, export.written),
            (gettext("Deleted here on"), kst(export.expires_at, "full") + " KST"),
            (gettext("Print of all rows"), export.root),
            ("SHA-256", export.sha256),
        ]
    if export.state is ExportState.REVOKED:
        by = f"{export.revoked_by} · {kst(export.ended_at, 'full')} KST"
        lines += [(gettext("Revoked"), by), (gettext("Why revoked"), export.revoke_reason)]
    return lines


def as_text(lines: Iterable[Line], file_name: str) -> str:
    """The passport to be filed beside a CSV, which cannot carry it inside without breaking."""
    every = [(gettext("File"), file_name), *lines]
    return "".join(f"{name}: {value}\r\n" for name, value in every)


def file_name(export: Export) -> str:
    """`결제-20261123-41.csv`: the list, the Korean day, the number of the export."""
    title = offered_list(export.list_name).title()
    return f"{title}-{kst_date(export.created_at):%Y%m%d}-{export.id}.{export.kind.value}"


def column_words(export: Export, now: datetime) -> str:
    """The headings of the columns that were chosen, in their order."""
    offered = offered_list(export.list_name).columns(export.is_masked, now)
    headings = {column.name: column.heading for column in offered}
    return ", ".join(headings[name] for name in export.columns if name in headings)


def size_words(size: int) -> str:
    """Bytes as `12.4 MB`; a dash for nothing yet."""
    if not size:
        return "–"
    for limit, word in ((1024**2, "MB"), (1024, "KB")):
        if size >= limit:
            return f"{size / limit:,.1f} {word}".replace(".0 ", " ")
    return f"{size} B"


def _origin(export: Export) -> list[Line]:
    return [
        (gettext("Export no."), str(export.id)),
        (gettext("List"), offered_list(export.list_name).title()),
        *[(name, value) for name, value in export.words],
        (gettext("Made by"), export.created_by),
        (gettext("Made on"), kst(export.created_at, "full") + " KST"),
        (gettext("Time zone"), gettext("Korean time (KST, UTC+09:00)")),
        (gettext("Reason"), export.reason or "–"),
        (gettext("Personal data"), _people(export)),
    ]


def _totals(sums: ExportSums, counted: ExportSums) -> list[Line]:
    pairs = [
        (gettext("Rows"), f"{sums.count:,}", f"{counted.count:,}"),
        (gettext("Gross"), _won(sums.gross), _won(counted.gross)),
        (gettext("Cancelled"), _won(sums.cancelled), _won(counted.cancelled)),
        (gettext("Net"), _won(sums.net), _won(counted.net)),
    ]
    return [
        (name, gettext("%(sum)s (counted while writing: %(counted)s)", sum=summed, counted=again))
        for name, summed, again in pairs
    ]


def _people(export: Export) -> str:
    if not export.is_personal:
        return gettext("None")
    return gettext("Masked") if export.is_masked else gettext("Not masked")


def _won(minor: int) -> str:
    return money_with_unit(Money(minor))
