"""Any query the language can say, for properties."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from admin.domain.card_guard import holds_card_number
from admin.domain.payment import PayMethod
from admin.domain.search.printing import show
from admin.domain.search.query import (
    DAY_FIELDS,
    EARLIEST,
    LARGEST,
    LATEST,
    LONGEST,
    NUMBER_FIELDS,
    TEXT_FIELDS,
    Compare,
    DaySpan,
    Field,
    IntSpan,
    Query,
    StatusWord,
    Term,
    clean_text,
)

TODAY = date(2026, 11, 23)

# Words that mean something to the language, so that text meets every rule of it.
TRICKY = (
    "지난주 오늘 today last week month 7d 3D 최근7일 이번 달 지난 OR | AND NOT - -x -- : a:b 상태 "
    "금액 환불 부분 대기 원 개월 .. ~ a..b 5만~10만 2026-11-01 2026-13-45 11월1일 50,000 1.5만 "
    '상태:환불 금액>=5만 amount http://a.b/c?d=e 12:30 " \\ “따옴표” >5 = 카카오 페이 ㄱㅁㅈ ㄳ '
    "2026-11-01..2026-11-05 그리고 또는 && status:paid 요청일:2026-11.. 7일 1일 card"
).split()

words = st.lists(
    st.one_of(st.sampled_from(TRICKY), st.text(max_size=12)), min_size=1, max_size=4
).map(" ".join)
texts = words.map(clean_text).filter(lambda text: 0 < len(text) <= LONGEST)
days = st.dates(EARLIEST, LATEST)
counts = st.one_of(st.integers(0, 100_000), st.integers(0, LARGEST))


@st.composite
def day_spans(draw: st.DrawFn) -> DaySpan:
    first, last = sorted((draw(days), draw(days)))
    shape = draw(st.sampled_from(["both", "one", "open", "since", "month"]))
    if shape == "one":
        return DaySpan(first=first, last=first)
    if shape == "open":
        return DaySpan(last=last)
    if shape == "since":
        return DaySpan(first=first)
    if shape == "month":
        return DaySpan(first=first.replace(day=1), last=first.replace(day=28))
    return DaySpan(first=first, last=last)


@st.composite
def int_spans(draw: st.DrawFn) -> IntSpan:
    least, most = sorted((draw(counts), draw(counts)))
    return IntSpan(least=least, most=most)


@st.composite
def terms(draw: st.DrawFn) -> Term:
    field = draw(st.one_of(st.none(), st.sampled_from(Field)))
    negated = draw(st.booleans())
    if field in DAY_FIELDS:
        span = draw(day_spans())
        return Term(field=field, compare=Compare.BETWEEN, value=span, negated=negated)
    if field is None or field in TEXT_FIELDS:
        exact = field is not None and draw(st.booleans())
        compare = Compare.IS if exact else Compare.HOLDS
        return Term(field=field, compare=compare, value=draw(texts), negated=negated)
    if field in NUMBER_FIELDS:
        compare = draw(st.sampled_from([kind for kind in Compare if kind is not Compare.HOLDS]))
        value = draw(int_spans() if compare is Compare.BETWEEN else counts)
        return Term(field=field, compare=compare, value=value, negated=negated)
    choices = {
        Field.STATUS: st.sampled_from(StatusWord),
        Field.METHOD: st.sampled_from([method.value for method in PayMethod]),
        Field.ENVIRONMENT: st.sampled_from(["live", "test"]),
        Field.ESCROW: st.booleans(),
    }
    choice = draw(choices[field])
    return Term(field=field, compare=Compare.IS, value=choice, negated=negated)


queries = (
    st.lists(terms(), max_size=6)
    .map(tuple)
    .map(Query)
    .filter(lambda query: not holds_card_number(show(query)))
)
typed = st.one_of(
    st.text(max_size=80),
    st.lists(st.one_of(st.sampled_from(TRICKY), st.text(max_size=6)), max_size=12).map(" ".join),
    st.lists(st.sampled_from([*TRICKY, " ", ":", "-", '"', ">=", "..", "\\"]), max_size=14).map(
        "".join
    ),
)
