"""A query and its text are two sides of one thing, and no text is too strange to be read."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from admin.domain.search.parsing import parse
from admin.domain.search.printing import show, show_term
from admin.domain.search.query import Compare, Field, Query, Term
from admin.domain.search.words import Language

from .queries import TODAY, queries, typed

# The first text drawn on a machine builds the tables of Unicode, which takes its time.
patient = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
LANGUAGES: list[Language] = ["ko", "en"]


@pytest.mark.parametrize("language", LANGUAGES)
@patient
@given(query=queries)
@example(
    query=Query(
        (
            Term(field=Field.AMOUNT, compare=Compare.IS, value=5),
            Term(compare=Compare.HOLDS, value="만"),
            Term(field=Field.INSTALMENTS, compare=Compare.AT_LEAST, value=3),
            Term(compare=Compare.HOLDS, value="개월"),
            Term(compare=Compare.HOLDS, value="지난"),
            Term(compare=Compare.HOLDS, value="주"),
        )
    )
)
def test_what_is_shown_reads_as_what_it_was(language: Language, query: Query) -> None:
    parsed = parse(show(query, language), today=TODAY)
    assert parsed.problems == ()
    assert parsed.query == query


@pytest.mark.parametrize("language", LANGUAGES)
@patient
@given(text=typed)
@example("last week")
@example('"last week"')
@example("상태 : 환불 -카드 지난 주")
@example("요청일:2026-11-01 ~ 2026-11-05 금액:5만 원")
def test_showing_settles_after_once(language: Language, text: str) -> None:
    once = show(parse(text, today=TODAY).query, language)
    again = parse(once, today=TODAY)
    assert again.problems == ()
    assert show(again.query, language) == once


@patient
@given(text=typed)
@example("\x00 \ud800 금액:\x1f")
@example('-"')
@example("a" * 20_000)
@example("카드번호:4111 1111 1111 1111 " * 50)
def test_every_text_is_read_and_every_place_lies_in_it(text: str) -> None:
    parsed = parse(text, today=TODAY)
    assert len(parsed.text) == len(text)
    assert len(parsed.spans) == len(parsed.query.terms)
    places = sorted([*parsed.spans, *((each.start, each.end) for each in parsed.problems)])
    end_before = 0
    for start, end in places:
        assert end_before <= start < end <= len(text)
        end_before = end
    for problem in parsed.problems:
        parsed.repaired(problem)


@patient
@given(st.data(), queries.filter(bool))
def test_taking_one_term_out_leaves_the_others(data: st.DataObject, query: Query) -> None:
    term = data.draw(st.sampled_from(query.terms))
    rest = query.without(term)
    assert term not in rest.terms
    assert parse(show(rest), today=TODAY).query.terms == tuple(
        kept for kept in query.terms if kept != term
    )


@patient
@given(query=queries)
def test_a_span_holds_the_text_of_its_own_term(query: Query) -> None:
    parsed = parse(show(query), today=TODAY)
    for place, (term, (start, end)) in enumerate(zip(query.terms, parsed.spans, strict=True)):
        assert parsed.text[start:end] == show_term(term, first=place == 0)
