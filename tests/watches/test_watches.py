"""A limit over a view: what is found, when somebody is told, and what is kept of it."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
import sqlalchemy as sa

from admin.accounts import service as accounts
from admin.domain.actor import Actor
from admin.domain.clock import kst_date, kst_day
from admin.domain.permissions import Role
from admin.domain.watch import Measure, Side, is_crossed
from admin.jobs.service import ask_now
from admin.jobs.worker import run_job
from admin.models import AuditEntry, Job, Payment, SavedView, Watch, WatchPoint, db, transaction
from admin.models.limits import TookTooLong, reading_within
from admin.payments.finding import MANY
from admin.payments.tasks import SYNC
from admin.saved_views.service import ViewCommand, save_view
from admin.watches import service
from admin.watches.service import WatchCommand
from admin.watches.tasks import EVALUATE, read_filter
from tests.payments.trade import a_payment, awaiting, failed, refunded, take_in

EN = {"headers": {"Accept-Language": "en"}}
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def words(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def actor_of(person) -> Actor:
    one = person.operator
    return Actor(name=one.name, operator_id=one.id, role=one.role)


def watch(person, now, query, measure=Measure.COUNT, limit=2, side=Side.ABOVE, *, shared=False):
    actor = actor_of(person)
    command = ViewCommand(list_name="payments", query=query, name=f"W {query}", is_shared=shared)
    view = save_view(command, actor=actor, now=now)
    wish = WatchCommand(measure=measure, side=side, limit=limit)
    service.set_watch(view.id, wish, actor=actor, now=now)
    return view.id


def looked(view_id: int, now) -> Watch:
    service.evaluate(view_id, read=read_filter, now=now)
    db.session.rollback()
    return db.session.get_one(Watch, view_id, populate_existing=True)


def points(view_id: int) -> list[WatchPoint]:
    db.session.rollback()
    query = sa.select(WatchPoint).where(WatchPoint.view_id == view_id)
    return list(db.session.scalars(query.order_by(WatchPoint.at)))


@pytest.mark.parametrize(
    ("side", "limit", "value", "crossed"),
    [
        (Side.ABOVE, 5, 6, True),
        (Side.ABOVE, 5, 5, False),
        (Side.BELOW, 5, 4, True),
        (Side.BELOW, 5, 5, False),
        (Side.BELOW, 5, None, False),
        (Side.ABOVE, 0, None, False),
    ],
)
def test_exactly_on_the_limit_nobody_is_needed(side, limit, value, crossed):
    assert is_crossed(side, limit, value) is crossed


@pytest.mark.parametrize("query", ["state=failed&period=all", "q=책장+status%3Afailed", "q=한도"])
def test_a_count_goes_by_what_the_list_shows(viewer, stand_in, gateway, now, query):
    rows = [failed(number, now - HOUR, name="원목 책장 한도") for number in (1, 2)]
    take_in(stand_in, gateway, a_payment(9, now), *rows, now=now)
    view_id = watch(viewer, now, query, limit=2)
    found = looked(view_id, now)
    assert (found.value, found.is_crossed, found.crossed_at) == (2, False, None)
    take_in(stand_in, gateway, failed(3, now - HOUR, name="원목 책장 한도"), now=now)
    found = looked(view_id, now + HOUR)
    assert (found.value, found.is_crossed, found.crossed_at) == (3, True, now + HOUR)
    assert [(one.value, one.is_crossed) for one in points(view_id)] == [(2, False), (3, True)]
    found = looked(view_id, now + 2 * HOUR)
    assert found.crossed_at == now + HOUR


def test_a_sum_is_the_net_of_the_list(viewer, stand_in, gateway, now):
    rows = [a_payment(1, now - HOUR), refunded(2, now - HOUR, 4_000), failed(3, now - HOUR)]
    take_in(stand_in, gateway, *rows, now=now)
    view_id = watch(viewer, now, "period=all", Measure.SUM, 16_000, Side.BELOW)
    assert (looked(view_id, now).value, looked(view_id, now).is_crossed) == (16_000, False)
    other = watch(viewer, now, "period=today", Measure.SUM, 16_001, Side.BELOW)
    assert looked(other, now).is_crossed


def test_an_age_is_that_of_the_oldest_which_still_matches(viewer, stand_in, gateway, now):
    due = now + DAY
    rows = [awaiting(1, now - 30 * HOUR, due=due), awaiting(2, now - HOUR, due=due)]
    take_in(stand_in, gateway, a_payment(3, now - 99 * HOUR), *rows, now=now)
    view_id = watch(viewer, now, "state=awaiting&period=all", Measure.AGE, 24 * 60)
    found = looked(view_id, now)
    assert (found.value, found.is_crossed) == (30 * 60, True)
    nobody = watch(viewer, now, "q=amount%3A99999", Measure.AGE, 0)
    found = looked(nobody, now)
    assert (found.value, found.is_crossed, points(nobody)) == (None, False, [])


def test_a_relative_period_moves_with_the_day(viewer, stand_in, gateway, now):
    start = kst_day(kst_date(now))[0]
    take_in(stand_in, gateway, a_payment(1, start + timedelta(minutes=1)), now=now)
    view_id = watch(viewer, now, "period=today", limit=0)
    assert looked(view_id, start + HOUR).value == 1
    assert looked(view_id, start + DAY + HOUR).value == 0


def test_past_the_cap_the_side_of_the_limit_is_still_certain(viewer, stand_in, gateway, now):
    _fill(stand_in, gateway, now, MANY + 7)
    for limit, value, crossed in ((5, MANY, True), (MANY + 6, MANY + 7, True)):
        view_id = watch(viewer, now, f"q=amount%3A%3E{limit}", limit=limit)
        found = looked(view_id, now)
        assert (found.value, found.is_capped or found.value > MANY) == (value, True)
        assert found.is_crossed is crossed
    view_id = watch(viewer, now, "q=amount%3A%3E9999", limit=MANY + 7)
    found = looked(view_id, now)
    assert (found.value, found.is_capped, found.is_crossed) == (MANY + 7, False, False)


def test_what_takes_too_long_says_so_and_keeps_what_was_found(viewer, stand_in, gateway, now):
    _fill(stand_in, gateway, now, 4_000)
    view_id = watch(viewer, now, "q=-buyer%3Akim&period=all", limit=1)
    assert looked(view_id, now).value == 4_000
    service.evaluate(view_id, read=read_filter, now=now + HOUR, seconds=0.0)
    db.session.rollback()
    found = db.session.get_one(Watch, view_id, populate_existing=True)
    assert (found.problem, found.value) == (service.TOO_LONG, 4_000)
    assert len(points(view_id)) == 1
    page = words(viewer.get(f"/watches/{view_id}", **EN).text)
    assert "Adding it up took too long." in page
    assert looked(view_id, now + 2 * HOUR).problem == ""


def test_a_long_reading_is_ended_and_the_connection_serves_on(app):
    steps = "SELECT 1 UNION ALL SELECT n + 1 FROM one"
    endless = f"WITH RECURSIVE one(n) AS ({steps}) SELECT count(*) FROM one"
    with pytest.raises(TookTooLong), reading_within(0.05):
        db.session.execute(sa.text(endless))
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Payment)) == 0


def test_a_search_that_cannot_be_read_is_not_watched_as_more(viewer, stand_in, gateway, now):
    take_in(stand_in, gateway, a_payment(1, now), now=now)
    view_id = watch(viewer, now, "q=amount%3Amany", limit=0)
    found = looked(view_id, now)
    assert (found.problem, found.value) == (service.UNREADABLE, None)


def test_whoever_is_needed_is_told_on_the_first_page_until_it_is_quiet(
    viewer, support, stand_in, gateway, now
):
    take_in(stand_in, gateway, failed(1, now), now=now)
    view_id = watch(viewer, now, "state=failed", limit=0, shared=True)
    secret = watch(viewer, now, "state=failed&period=all", limit=0)
    assert "not looked at yet" in words(viewer.get("/", **EN).text)
    for one in (view_id, secret):
        looked(one, now)
    page = words(viewer.get("/", **EN).text)
    assert page.count("1, above 0 since") == 2
    assert page.count("someone is needed") == 2
    page = words(support.get("/", **EN).text)
    assert page.count("1, above 0 since") == 1
    assert "period=all" not in page
    tomorrow = kst_date(now) + DAY
    answer = viewer.post(
        f"/watches/{view_id}/silence/", {"until": tomorrow, "reason": "card outage"}
    )
    assert answer.status_code == 303
    page = words(support.get("/", **EN).text)
    assert "above 0 since" not in page
    assert "quiet until" in page
    page = words(support.get(f"/watches/{view_id}", **EN).text)
    assert f"{viewer.operator.name} keeps it quiet until" in page
    assert "card outage" in page
    viewer.post(f"/watches/{view_id}/waking/")
    assert "above 0 since" in words(support.get("/", **EN).text)


def test_a_silence_needs_a_day_to_come_and_a_reason(viewer, now):
    view_id = watch(viewer, now, "state=failed")
    today = kst_date(now)
    for until, reason in ((today, "x"), (today + DAY, ""), (today + 400 * DAY, "x"), ("", "x")):
        answer = viewer.post(f"/watches/{view_id}/silence/", {"until": until, "reason": reason})
        assert answer.status_code == 422, (until, reason)
    card = {"until": today + DAY, "reason": "4111 1111 1111 1111"}
    assert viewer.post(f"/watches/{view_id}/silence/", card).status_code == 422
    db.session.rollback()
    assert db.session.get_one(Watch, view_id).snoozed_until is None


def test_only_its_owner_or_a_manager_touches_a_watch(viewer, support, sign_in, now):
    shared = watch(viewer, now, "state=failed", shared=True)
    own = watch(viewer, now, "state=paid")
    wish = {"measure": "count", "side": "above", "limit": "9"}
    until = {"until": kst_date(now) + DAY, "reason": "mine"}
    paths = (("limit", wish), ("silence/", until), ("waking/", {}), ("end/", {}))
    for view_id, status in ((shared, 403), (own, 404)):
        for path, data in paths:
            answer = support.post(f"/watches/{view_id}/{path}", data)
            assert answer.status_code == status, (view_id, path)
        assert support.get(f"/watches/{view_id}/limit").status_code == status
    assert support.get(f"/watches/{own}").status_code == 404
    assert db.session.get_one(Watch, shared, populate_existing=True).limit == 2
    manager = sign_in(Role.MANAGER)
    assert manager.post(f"/watches/{shared}/limit", wish).status_code == 303
    assert db.session.get_one(Watch, shared, populate_existing=True).limit == 9
    assert manager.post(f"/watches/{shared}/end/").status_code == 303
    assert db.session.get(Watch, shared, populate_existing=True) is None
    assert db.session.get(SavedView, shared) is not None


def test_the_form_takes_hours_and_looks_at_once(viewer, stand_in, gateway, now):
    take_in(stand_in, gateway, a_payment(1, now - 2 * HOUR), now=now)
    viewer.post("/views/", {"list_name": "payments", "query": "period=all", "name": "Old"})
    view_id = db.session.scalars(sa.select(SavedView.id)).one()
    wish = {"measure": "age", "side": "above", "limit": "1.5"}
    assert viewer.post(f"/watches/{view_id}/limit", wish).status_code == 303
    found = db.session.get_one(Watch, view_id, populate_existing=True)
    assert (found.limit, found.value, found.is_crossed) == (90, 120, True)
    assert 'value="1.5"' in viewer.get(f"/watches/{view_id}/limit").text
    for bad in ("", "many", "-1", "0.001", "9" * 17):
        answer = viewer.post(f"/watches/{view_id}/limit", {**wish, "limit": bad})
        assert answer.status_code == 422, bad
    viewer.post("/views/", {"list_name": "refunds", "query": "", "name": "Others"})
    other = db.session.scalars(sa.select(SavedView.id).order_by(SavedView.id.desc())).first()
    assert viewer.post(f"/watches/{other}/limit", wish).status_code == 404
    assert viewer.get(f"/watches/{other}/limit").status_code == 404


def test_what_was_found_is_drawn_and_told_in_words(viewer, stand_in, gateway, now):
    take_in(stand_in, gateway, failed(1, now), now=now)
    view_id = watch(viewer, now, "state=failed&period=all", limit=1)
    looked(view_id, now - HOUR)
    take_in(stand_in, gateway, failed(2, now), failed(3, now), now=now)
    looked(view_id, now)
    page = viewer.get("/", **EN).text
    assert 'points="0,25 120,3"' in page
    assert re.search(
        r'role="img" aria-label="2 looks since [^"]*: lowest 1, highest 3, last 3"', page
    )
    table = words(viewer.get(f"/watches/{view_id}", **EN).text)
    assert re.search(r"\d 3 someone is needed .*\d 1 within the limit", table)


def test_after_a_week_the_last_look_stands_for_its_day(viewer, now):
    view_id = watch(viewer, now, "state=failed")
    noon = kst_day(kst_date(now))[0] + 12 * HOUR
    with transaction():
        for day in range(12):
            for hour in (0, 1, 2):
                at = noon - day * DAY + hour * HOUR
                point = WatchPoint(view_id=view_id, at=at, value=day * 10 + hour, is_crossed=False)
                db.session.add(point)
                db.session.flush()
    looked(view_id, noon + 3 * HOUR)
    kept = [one.value for one in points(view_id)]
    old = [value for value in kept if value >= 80]
    assert old == [112, 102, 92, 82]
    assert len([value for value in kept if value < 80]) == 8 * 3 + 1


def test_another_measure_begins_another_history(viewer, stand_in, gateway, now):
    view_id = watch(viewer, now, "period=all")
    looked(view_id, now)
    wish = WatchCommand(measure=Measure.COUNT, side=Side.BELOW, limit=1)
    service.set_watch(view_id, wish, actor=actor_of(viewer), now=now)
    assert len(points(view_id)) == 1
    wish = WatchCommand(measure=Measure.SUM, side=Side.BELOW, limit=1)
    service.set_watch(view_id, wish, actor=actor_of(viewer), now=now)
    assert points(view_id) == []


def test_a_removed_view_takes_its_watch_along(viewer, now):
    view_id = watch(viewer, now, "period=all")
    looked(view_id, now)
    assert viewer.post(f"/views/{view_id}/deletion/").status_code == 303
    for model in (SavedView, Watch, WatchPoint):
        assert db.session.scalar(sa.select(sa.func.count()).select_from(model)) == 0
    service.evaluate(view_id, read=read_filter, now=now)
    assert points(view_id) == []


def test_the_job_looks_at_what_somebody_can_see_and_follows_each_walk(
    viewer, support, stand_in, gateway, now
):
    take_in(stand_in, gateway, failed(1, now), now=now)
    gone = watch(viewer, now, "state=failed")
    house = watch(viewer, now, "state=failed&period=all", shared=True)
    own = watch(support, now, "state=failed")
    accounts.disable(viewer.operator.id, actor=Actor.system("tests"), now=now)
    ask_now(SYNC, actor=Actor.system("tests"), now=now)
    job_id = db.session.scalars(sa.select(Job.id).where(Job.name == SYNC)).one()
    run_job(job_id)
    db.session.rollback()
    asked = db.session.scalars(sa.select(Job).where(Job.name == EVALUATE)).one()
    assert asked.unique_key == f"tick:{EVALUATE}:after:{job_id}"
    run_job(asked.id)
    assert [len(points(one)) for one in (gone, house, own)] == [0, 1, 1]


def test_crossing_and_coming_back_are_written_down_once(viewer, stand_in, gateway, now):
    take_in(stand_in, gateway, failed(1, now), now=now)
    view_id = watch(viewer, now, "state=failed&period=all", limit=0)
    for hours in (0, 1):
        looked(view_id, now + hours * HOUR)
    actor = actor_of(viewer)
    wish = WatchCommand(measure=Measure.COUNT, side=Side.ABOVE, limit=1)
    service.set_watch(view_id, wish, actor=actor, now=now)
    looked(view_id, now)
    service.end_watch(view_id, actor=actor, now=now)
    query = sa.select(AuditEntry.action).where(AuditEntry.action.startswith("watch."))
    found = list(db.session.scalars(query.order_by(AuditEntry.id)))
    assert found == ["watch.set", "watch.crossed", "watch.set", "watch.ended"]


def _fill(stand_in, gateway, now, many: int) -> None:
    """Many payments of 10,000 won: one that came in, and copies of it."""
    take_in(stand_in, gateway, a_payment(1, now), now=now)
    table = Payment.__table__
    row = dict(db.session.execute(sa.select(table)).mappings().one())
    copies = [
        {**row, "id": row["id"] + number, "imp_uid": f"imp_c{number}"} for number in range(1, many)
    ]
    with transaction():
        db.session.execute(sa.insert(table), copies)
