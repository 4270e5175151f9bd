"""A list's question under a name: kept, opened, changed, shared and removed."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import pytest
import sqlalchemy as sa

from admin.domain.errors import InvalidInput
from admin.domain.permissions import Role
from admin.models import AuditEntry, SavedView, db
from admin.saved_views.lists import LISTS, kept_list
from tests.payments.trade import a_payment, failed, take_in

CARD = "4111 1111 1111 1111"
EN = {"headers": {"Accept-Language": "en"}}
WEEK = "q=status%3Afailed&period=week"


def save(person, name="Failed this week", *, of="payments", query=WEEK, shared=False):
    data = {"list_name": of, "query": query, "name": name}
    return person.post("/views/", {**data, **({"is_shared": "y"} if shared else {})}, **EN)


def kept() -> list[SavedView]:
    db.session.rollback()
    query = sa.select(SavedView).order_by(SavedView.id)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def menu(page: str) -> list[tuple[str, bool]]:
    """The views that the menu of a list names, each with whether it is the one looked at."""
    found = re.findall(
        r'<a class="panel__choice" href="[^"]*view=\d+"([^>]*)><span[^>]*>([^<]+)', page
    )
    return [(unescape(name), "aria-current" in more) for more, name in found]


def actions() -> list[str]:
    db.session.rollback()
    wanted = AuditEntry.action.startswith("saved_view.")
    return list(
        db.session.scalars(sa.select(AuditEntry.action).where(wanted).order_by(AuditEntry.id))
    )


def test_a_view_opens_the_list_as_it_was_asked(viewer, stand_in, gateway, now):
    take_in(stand_in, gateway, a_payment(1, now), failed(2, now), now=now)
    answer = save(viewer, query="state=failed&cursor=abc&view=9&edit=1&sums=all&period=all")
    assert answer.status_code == 303
    page = viewer.get(answer.location, **EN).text
    assert "imp_000000000002" in page
    assert "imp_000000000001" not in page
    assert menu(page) == [("Failed this week", True)]
    (view,) = kept()
    assert view.query == "period=all&state=failed"
    assert view.owner_id == viewer.operator.id
    assert actions() == ["saved_view.saved"]


@pytest.mark.parametrize("name", LISTS)
def test_every_list_offers_its_views(name, sign_in):
    manager = sign_in(Role.MANAGER)
    parts = {"q": "kim", "state": "open", "period": "week"}
    query = "&".join(
        f"{part}={value}" for part, value in parts.items() if part in kept_list(name).parts
    )
    answer = save(manager, "Mine", of=name, query=query)
    assert answer.status_code == 303, answer.text
    page = manager.get(answer.location, **EN)
    assert page.status_code == 200
    assert menu(page.text) == [("Mine", True)]
    (view,) = kept()
    assert dict(parse_qsl(view.query)) == dict(parse_qsl(query))


@pytest.mark.parametrize("name", LISTS)
def test_a_list_that_is_asked_otherwise_says_so_and_stays_in_its_view(name, sign_in):
    manager = sign_in(Role.MANAGER)
    answer = save(manager, "Mine", of=name, query="state=done&q=kim")
    view = kept()[0]
    page = manager.get(
        f"{urlsplit(answer.location).path}?q=lee&state=all&view={view.id}", **EN
    ).text
    assert menu(page) == [("Mine", True)]
    assert "Save the change" in page
    main = page[page.index("<main") :]
    links = re.findall(r'<a class="tabs__tab"[^>]*href="([^"]+)"', main)
    assert all(f"view={view.id}" in link for link in links)
    boxes = re.findall(r'<form class="query-box.*?</form>', main, re.DOTALL)
    assert all(f'name="view" value="{view.id}"' in box for box in boxes)


def test_a_change_is_kept_or_becomes_another_view(viewer):
    save(viewer)
    view = kept()[0]
    changed = "q=status%3Afailed&period=month"
    page = viewer.get(f"/payments/?{changed}&view={view.id}", **EN).text
    assert "Save the change" in page
    assert "Save as another view" in page
    save(viewer, "Failed this month", query=changed)
    answer = viewer.post(f"/views/{view.id}/query/", {"query": "period=today&cursor=x"})
    assert answer.status_code == 303
    assert [(one.name, one.query) for one in kept()] == [
        ("Failed this week", "period=today"),
        ("Failed this month", changed),
    ]
    page = viewer.get(answer.location, **EN).text
    assert "Save the change" not in page
    assert menu(page) == [("Failed this month", False), ("Failed this week", True)]


def test_a_relative_period_stays_relative_and_conditions_apart_become_one_text(viewer):
    save(viewer, query="method=vbank&q=amount%3A%3E1000&q=kim&period=week")
    assert kept()[0].query == "q=amount%3A%3E1000+kim+method%3Avbank&period=week"


def test_a_card_number_gets_in_nowhere(viewer):
    for data in ({"query": f"q={CARD}"}, {"name": CARD}, {"query": "q=4111+1111&q=1111+1111"}):
        answer = save(viewer, **data)
        assert answer.status_code == 422
        assert "card number" in unescape(answer.text)
        assert "4111" not in answer.text
    assert kept() == []
    save(viewer)
    view = kept()[0]
    refused = viewer.post(f"/views/{view.id}/query/", {"query": f"state=paid&q={CARD}"}, **EN)
    assert refused.status_code == 422
    assert "4111" not in refused.text
    assert viewer.post(f"/views/{view.id}", {"name": f"x {CARD}"}).status_code == 422
    assert [(one.name, one.query) for one in kept()] == [("Failed this week", WEEK)]
    page = viewer.get(f"/payments/?q={CARD}&view={view.id}", **EN).text
    assert "4111" not in page


def test_a_name_is_needed_short_and_ones_own_only_once(viewer, support):
    assert save(viewer, "  ").status_code == 422
    assert save(viewer, "x" * 81).status_code == 422
    assert save(viewer, " two   words ").status_code == 303
    again = save(viewer, "two words")
    assert again.status_code == 422
    assert "called “two words” already" in unescape(again.text)
    assert save(viewer, "two words", of="refunds").status_code == 303
    assert save(support, "two words").status_code == 303
    save(viewer, "three")
    third = kept()[-1]
    assert viewer.post(f"/views/{third.id}", {"name": "two words"}).status_code == 422
    assert kept()[-1].name == "three"


def test_what_is_private_is_seen_by_its_owner_alone(viewer, support, sign_in):
    save(viewer)
    view = kept()[0]
    manager = sign_in(Role.MANAGER)
    for other in (support, manager):
        assert menu(other.get("/payments/", **EN).text) == []
        assert other.get(f"/views/{view.id}").status_code == 404
        assert other.post(f"/views/{view.id}", {"name": "mine now"}).status_code == 404
        assert other.post(f"/views/{view.id}/query/", {"query": ""}).status_code == 404
        assert other.post(f"/views/{view.id}/deletion/").status_code == 404
        assert view.name not in other.get("/views/", **EN).text
    assert [one.name for one in kept()] == ["Failed this week"]


def test_what_is_shared_is_seen_by_all_and_changed_by_its_owner_or_a_manager(
    viewer, support, sign_in
):
    save(viewer, shared=True)
    save(support, "Own")
    view = kept()[0]
    page = support.get(f"/payments/?period=today&view={view.id}", **EN).text
    assert menu(page) == [("Own", False), ("Failed this week", True)]
    assert viewer.operator.name in page
    assert "Save the change" not in page
    assert support.get(f"/views/{view.id}").status_code == 403
    assert support.post(f"/views/{view.id}", {"name": "mine now"}).status_code == 403
    assert support.post(f"/views/{view.id}/query/", {"query": ""}).status_code == 403
    assert support.post(f"/views/{view.id}/deletion/").status_code == 403
    assert kept()[0].query == WEEK
    manager = sign_in(Role.MANAGER)
    renamed = manager.post(f"/views/{view.id}", {"name": "Of the house", "is_shared": "y"})
    assert renamed.status_code == 303
    assert next((one.name, one.owner_id) for one in kept()) == ("Of the house", viewer.operator.id)
    assert manager.post(f"/views/{view.id}/deletion/").status_code == 303
    assert [one.name for one in kept()] == ["Own"]
    assert actions() == ["saved_view.saved"] * 2 + ["saved_view.changed", "saved_view.removed"]


def test_a_view_of_a_list_that_one_may_not_open_is_not_there(viewer, support):
    save(support, "People", of="customers", query="q=kim", shared=True)
    view = kept()[0]
    assert "People" not in viewer.get("/views/").text
    assert viewer.get(f"/views/{view.id}").status_code == 403
    assert save(viewer, of="customers", query="").status_code == 403
    assert save(viewer, of="nothing").status_code == 404
    assert len(kept()) == 1


def test_views_are_told_by_list_and_the_owner_stops_sharing(viewer, support):
    save(viewer, "Open ones", of="inquiries", query="state=open", shared=True)
    save(viewer)
    page = viewer.get("/views/", **EN).text
    assert page.index("Failed this week") < page.index("Open ones")
    view = kept()[0]
    assert "Open ones" in support.get("/views/").text
    viewer.post(f"/views/{view.id}", {"name": "Open ones"})
    assert "Open ones" not in support.get("/views/").text


@pytest.mark.parametrize("query", ["q=" + "x" * 3_000, "&" * 2_001])
def test_an_endless_address_is_not_kept(query):
    with pytest.raises(InvalidInput):
        kept_list("payments").kept(query)


def test_an_address_that_makes_no_sense_is_kept_as_nothing(viewer):
    assert kept_list("payments").kept("%00=%00&q=%00&&==&q") == ""
    page = viewer.get("/payments/?view=99999999999999999999&view=x")
    assert page.status_code == 200
