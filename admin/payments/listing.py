"""What the list of payments shows: its rows, sums, tabs, conditions and what to try next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from flask import url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from admin.domain.clock import kst_date
from admin.domain.payment import state_at
from admin.domain.search.printing import show, show_term
from admin.domain.search.problems import Problem
from admin.domain.search.query import StatusWord, Term
from admin.domain.search.words import FIELDS
from admin.models import TimeBasis
from admin.operations.queries import uncertain_payments
from admin.payments.columns import ShownColumn
from admin.payments.finding import (
    MANY,
    PaymentFilter,
    Plan,
    Sort,
    count_up_to,
    page_order,
    plan,
    select_rows,
    time_column,
)
from admin.payments.forms import PaymentSearchForm
from admin.payments.place import this_place
from admin.payments.rows import make_groups, make_one_group
from admin.payments.sums import Summary, Totals, summarise, totals_by_day
from admin.web.filters import MINUS, NOTHING, count, counted, money, money_with_unit
from admin.web.i18n import language
from admin.web.keyset import Page, page_of
from admin.web.labels import LABELS
from admin.web.links import asked
from admin.web.periods import NAMES, Period

_OF_THE_PAGE = ("cursor", "sums", "edit")  # parts of an address that no other address keeps


@dataclass(frozen=True)
class Search:
    """What the query string asks for, read once for the page, its twins and the exports."""

    form: PaymentSearchForm
    period: Period
    filter: PaymentFilter
    ascending: bool = False

    @property
    def has_problems(self) -> bool:
        """Whether a part of it could not be read; the list leaves that part out."""
        return bool(self.form.errors or self.form.parsed.problems)

    def kept(self, *without: str) -> list[tuple[str, str]]:
        """The query string as pairs, without the named parts and without the place."""
        dropped = {*without, *_OF_THE_PAGE}
        return [pair for pair in self._asked if pair[0] not in dropped]

    def address(self, *without: str, **parts: str) -> str:
        """The list with these parts changed."""
        dropped = {*without, *parts, *_OF_THE_PAGE}
        written = [text for name, text in self._written if name not in dropped]
        if new := {name: value for name, value in parts.items() if value}:
            written.append(urlencode(new))
        return f"{self._list}?{'&'.join(written)}" if written else self._list

    @cached_property
    def _asked(self) -> list[tuple[str, str]]:
        return [(name, value) for name, value in asked() if value]

    @cached_property
    def _written(self) -> list[tuple[str, str]]:
        """Each part by its name and as it stands in an address: a page has two dozen of them."""
        return [(name, urlencode([(name, value)])) for name, value in self._asked]

    @cached_property
    def _list(self) -> str:
        return url_for("payments.index")


def read_search(arguments: Mapping[str, str], *, now: datetime) -> Search:
    """The search that a query string asks for."""
    form = PaymentSearchForm(MultiDict(arguments), now=now)
    period = form.period(arguments.get("period", ""), now=now)
    wanted = form.to_filter(
        period,
        tab=arguments.get("state", ""),
        basis=arguments.get("basis", ""),
        sort=arguments.get("sort", ""),
    )
    return Search(form, period, wanted, arguments.get("order") == "up")


def gathered(arguments: Any) -> str | None:
    """The one text of a query string that has it in parts, or None when it is one already.

    The box keeps its conditions apart from the words being typed, and the panel has fields.
    """
    texts = [text.strip() for text in arguments.getlist("q") if text.strip()]
    method = arguments.get("method", "")
    if len(arguments.getlist("q")) < 2 and not method:
        return None
    return " ".join([*texts, f"method:{method}"] if method else texts)


def read_page(
    search: Search, cursor: str | None, drawn: Plan, also: Sequence[str] = ()
) -> Page[Any]:
    """One page of rows, with `also` what chosen columns need."""
    rows = select_rows(drawn, also)
    return page_of(rows, page_order(drawn), cursor=cursor, ascending=search.ascending)


def read_summary(drawn: Plan, *, at_any_cost: bool) -> Summary | None:
    """Sums and counts, or None where they would cost more than the page."""
    return summarise(drawn) if drawn.is_exact or at_any_cost else None


def make_listing(
    page: Page[Any],
    drawn: Plan,
    search: Search,
    summary: Summary | None,
    *,
    now: datetime,
    columns: Sequence[ShownColumn] = (),
) -> dict[str, Any]:
    """Rows in their days, sums, ways on, and what to say where nothing is found."""
    sums = summary.totals if summary else None
    return {
        "count": counted(sums.count) if sums else counted(MANY, capped=True),
        "groups": _groups(page, drawn, columns, now=now),
        "total": _sums(sums),
        "sums_href": "" if summary else search.address(sums="all"),
        "newer_href": search.address(cursor=page.newer) if page.newer else None,
        "older_href": search.address(cursor=page.older) if page.older else None,
        "notices": [],
        "empty": _empty(search, now=now) if not page.rows else None,
    }


def make_selection(
    page: Page[Any], search: Search, summary: Summary | None, *, most: int
) -> dict[str, Any]:
    """What can be taken from the list at once: all that match, where that is exact and few enough.

    A search with a part that could not be read shows more than was meant, so nothing of it is
    taken as a whole.
    """
    sums = summary.totals if summary and not search.has_problems else None
    every = sums.count if sums else 0
    is_more = every > len(page.rows)
    return {
        "query": urlencode(search.kept("view")),
        "count": counted(every) if is_more and every <= most else "",
        "net": money_with_unit(sums.net) if sums else "",
        "seen": f"{every}:{sums.net.minor}" if sums else "",
        "most": count(most),
        "too_many": counted(every) if every > most else "",
    }


def make_twin(
    page: Page[Any], drawn: Plan, search: Search, summary: Summary | None
) -> dict[str, Any]:
    """The list for a program: moments in UTC, amounts in minor units, sums where they are known."""
    sums = summary.totals if summary else None
    return {
        "query": show(search.filter.query, "en"),
        "problems": [
            {"start": one.start, "end": one.end, "kind": one.kind.value}
            for one in search.form.parsed.problems
        ],
        "basis": search.filter.basis.value,
        "start": search.filter.start.isoformat() if search.filter.start else None,
        "end": search.filter.end.isoformat() if search.filter.end else None,
        "state": search.filter.tab.value if search.filter.tab else "all",
        "count": sums.count if sums else None,
        "gross_minor": sums.gross.minor if sums else None,
        "cancelled_minor": sums.cancelled.minor if sums else None,
        "payments": [_as_json(row, now=drawn.now) for row in page.rows],
        "newer": page.newer,
        "older": page.older,
    }


def _as_json(row: Any, *, now: datetime) -> dict[str, Any]:
    moments = {
        name: moment.isoformat() if (moment := getattr(row, name)) else None
        for name in ("started_at", "paid_at", "cancelled_at")
    }
    return {
        "id": row.id,
        "imp_uid": row.imp_uid,
        "merchant_uid": row.merchant_uid,
        "state": state_at(row.standing, due_at=row.vbank_due_at, now=now).value,
        "method": row.wallet or row.pay_method,
        "order_name": row.order_name,
        "currency": row.currency.value,
        "amount_minor": row.amount_minor,
        "cancelled_minor": row.cancelled_minor,
        "sandbox": row.sandbox,
        "escrow": row.escrow,
        **moments,
    }


def make_query(search: Search, *, edit: bool) -> dict[str, Any]:
    """The box: conditions as chips, words as text, and what could not be read."""
    form, parsed = search.form, search.form.parsed
    terms = parsed.query.terms
    apart = [term for term in terms if term.field is not None] if not edit else []
    kept = [place for place, term in enumerate(terms) if term in apart]
    text = _without(parsed.text, [parsed.spans[place] for place in kept])
    errors = [*form.q.errors, *form.from_day.errors, *form.to_day.errors]
    return {
        "text": text,
        "whole": parsed.text,
        "chips": [_chip(search, term) for term in apart],
        "kept": [("q", show_term(term, language())) for term in apart],
        "edit_href": search.address(edit="1") if apart else "",
        "error": " ".join(map(str, errors)),
        "problems": [_problem(search, one) for one in parsed.problems],
    }


def make_tabs(search: Search, summary: Summary | None) -> list[dict[str, Any]]:
    """The tabs; without counts where counting would walk too much."""
    counts = summary.tabs if summary else {}
    words: dict[StatusWord | None, str] = {None: gettext("All")}
    words |= {tab: str(LABELS[tab].text) for tab in StatusWord}
    return [
        {
            "label": word,
            "href": search.address(state="" if tab is None else tab.value),
            "is_current": search.filter.tab is tab,
            "count": count(counts[tab]) if counts else "",
            "tone": "amber" if tab is StatusWord.UNKNOWN and counts.get(tab) else "",
            "glyph": "half" if tab is StatusWord.UNKNOWN and counts.get(tab) else "",
        }
        for tab, word in words.items()
    ]


def make_bases(search: Search) -> list[dict[str, Any]]:
    """Which moment the list goes by."""
    return [
        {
            "label": word,
            "href": search.address(basis=basis.value),
            "is_current": search.filter.basis is basis,
        }
        for basis, word in basis_words().items()
    ]


def make_sorts(search: Search) -> dict[str, dict[str, Any]]:
    """What the list can be ordered by, and the other way round of the present one."""
    words = {
        Sort.TIME: gettext("Time"),
        Sort.AMOUNT: gettext("Amount"),
        Sort.ORDER: gettext("Order number"),
    }
    present = search.filter.sort
    return {
        sort.value: {
            "label": word,
            "href": search.address(
                sort="" if sort is Sort.TIME else sort.value,
                order="" if sort is not present or search.ascending else "up",
            ),
            "is_current": sort is present,
            "ascending": sort is present and search.ascending,
        }
        for sort, word in words.items()
    }


def make_periods(search: Search) -> list[dict[str, Any]]:
    """The usual periods."""
    return [
        {
            "label": word,
            "href": search.address("from_day", "to_day", period=name),
            "is_current": search.period.name == name,
        }
        for name, word in NAMES.items()
    ]


def basis_words() -> dict[TimeBasis, str]:
    """The moments of a payment, as headings."""
    return {basis: str(LABELS[basis].text) for basis in TimeBasis}


def _groups(
    page: Page[Any], drawn: Plan, columns: Sequence[ShownColumn], *, now: datetime
) -> list[Any]:
    if not page.rows:
        return []
    basis, place = drawn.wanted.basis, this_place()
    uncertain = uncertain_payments([row.imp_uid for row in page.rows])
    if drawn.wanted.sort is not Sort.TIME:
        return make_one_group(
            page.rows, basis=basis, uncertain=uncertain, place=place, columns=columns, now=now
        )
    days = None
    if drawn.is_exact:
        key = time_column(basis).key
        first, last = sorted(kst_date(getattr(page.rows[end], key)) for end in (0, -1))
        days = totals_by_day(drawn, (first, last))
    return make_groups(
        page.rows,
        basis=basis,
        days=days,
        uncertain=uncertain,
        place=place,
        columns=columns,
        now=now,
    )


def _sums(sums: Totals | None) -> dict[str, str]:
    if sums is None:
        unknown = dict.fromkeys(("gross", "cancelled", "net"), NOTHING)
        return {"count": count(MANY, capped=True), **unknown}
    return {
        "count": count(sums.count),
        "gross": money(sums.gross),
        "cancelled": money(-sums.cancelled),
        "net": money(sums.net),
    }


def _empty(search: Search, *, now: datetime) -> dict[str, str]:
    """Why there is nothing, and the next thing to try."""
    wanted = search.filter
    if search.form.q.errors or (search.form.parsed.problems and not wanted.query):
        text = gettext("Nothing was searched.")
        return {"text": text, "href": search.address("q"), "action": gettext("Clear the box")}
    for basis, word in basis_words().items():
        if basis is wanted.basis or (wanted.start is None and wanted.end is None):
            continue
        there = _count(replace(wanted, basis=basis), now=now)
        if there:
            text = gettext(
                "Nothing by this moment. By “%(basis)s” there are %(count)s.",
                basis=word,
                count=there,
            )
            action = gettext("Go by “%(basis)s”", basis=word)
            return {"text": text, "href": search.address(basis=basis.value), "action": action}
    there = _count(PaymentFilter(query=wanted.query), now=now)
    narrowed = wanted.start or wanted.end or wanted.tab is not None
    if there and (narrowed or wanted.basis is not TimeBasis.REQUESTED):
        text = gettext("Nothing in this period. Without it there are %(count)s.", count=there)
        href = search.address("from_day", "to_day", "state", "basis", period="all")
        return {"text": text, "href": href, "action": gettext("Show all of them")}
    if wanted.query:
        text = gettext("No payment holds “%(text)s”.", text=search.form.parsed.text)
        return {"text": text, "href": search.address("q"), "action": gettext("Clear the search")}
    text = gettext("No payment yet. They appear here as the gateway is walked.")
    return {"text": text, "href": url_for("jobs.index"), "action": gettext("See how far it is")}


def _count(wanted: PaymentFilter, *, now: datetime) -> str:
    """How many match, as text; nothing for none."""
    found = count_up_to(plan(wanted, now=now))
    return count(min(found, MANY), capped=found > MANY) if found else ""


def _chip(search: Search, term: Term) -> dict[str, str]:
    """One condition apart: its field, its value with the sign of a comparison, and a way out."""
    spoken = language()
    name = FIELDS[term.field].written(spoken) if term.field else ""
    written = show_term(term, spoken).removeprefix("-").removeprefix(name).removeprefix(":")
    others = show(search.filter.query.without(term), spoken)
    return {
        "field": f"{MINUS}{name}" if term.negated else name,
        "value": written,
        "remove_href": search.address(q=others) if others else search.address("q"),
    }


def _problem(search: Search, problem: Problem) -> dict[str, str]:
    """Where it stands, what is wrong with it, and what was probably meant."""
    parsed = search.form.parsed
    repaired = parsed.repaired(problem)
    return {
        "before": parsed.text[: problem.start],
        "at": parsed.text[problem.start : problem.end],
        "after": parsed.text[problem.end :],
        "text": str(LABELS[problem.kind].text) % problem.args,
        "suggestion": repaired or "",
        "href": search.address(q=repaired) if repaired else "",
    }


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    for start, end in sorted(spans, reverse=True):
        text = text[:start] + text[end:]
    return " ".join(text.split())
