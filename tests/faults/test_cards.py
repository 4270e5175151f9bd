"""A card typed into a web server as it really runs, and killed with: it is left in no place."""

from __future__ import annotations

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from admin.domain.clock import utc_now
from admin.domain.operation import OperationState
from admin.domain.permissions import Role
from admin.models import Customer, MoneyOperation, Operator, db, transaction
from admin.operations.resolver import sweep
from tests.conftest import is_postgresql, sqlite_file
from tests.faults.web import Web
from tests.operations.cards import CARD, DECLINED, everything_written, found_in
from tests.people import AuthenticatorApp

pytestmark = pytest.mark.slow

ONCE = "/subscribe/payments/onetime"
Q = OperationState
# In a dump the text index quotes every pair of digits; what it is cut out of stands there too.
PIECES = re.compile(rb"^COPY public\.payment_pieces .*?^\\\.$", re.DOTALL | re.MULTILINE)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "web.log"


@pytest.fixture
def web(app, settings, _proxy, proxy, log):
    """One that types cards in and says everything it knows."""
    loud = Web(settings, _proxy.url, log, 2, KEY_IN_ENABLED="true", LOG_LEVEL="DEBUG")
    loud.start()
    yield loud
    proxy.let_go()
    loud.stop()


@pytest.fixture
def customer(app) -> Customer:
    with transaction():
        person = Customer(customer_number="C-1", name="이도윤", since=utc_now(), billing_keys=[])
        db.session.add(person)
    return person


class Typist:
    """A manager before the form of a payment."""

    def __init__(self, person, customer: Customer) -> None:
        self.person = person
        self.at = f"/customers/{customer.id}"
        operator_id = db.session.scalars(
            sa.select(Operator.id).where(Operator.email.startswith("manager"))
        ).one()
        self.app = AuthenticatorApp(operator_id)
        self._operator_id = operator_id
        self.pages: list[str] = []

    def pay(self, number: str, order: str, *, amount: str, **more: str) -> httpx.Response:
        """Send the form, see its outcome."""
        return self.send(self.fill(number, order, amount=amount, **more))

    def fill(self, number: str, order: str, *, amount: str, **more: str) -> dict[str, str]:
        """What a browser would send."""
        with transaction():  # as if the minutes had passed until the next code
            db.session.get_one(Operator, self._operator_id).last_code_counter = None
        typed = {
            "amount": amount,
            "order_name": "전화 주문",
            "merchant_uid": order,
            "number": number,
            "expiry": CARD.expiry,
            "birth": CARD.birth or "",
            "password_2_digits": CARD.password_2_digits or "",
            "code": self.app.code(utc_now()),
        }
        fields = self.person.form(f"{self.at}/card-payments/new", **{**typed, **more})
        db.session.rollback()
        return fields

    def send(self, fields: dict[str, str]) -> httpx.Response:
        """Send it and look at what comes of it."""
        answer = self.person.post(f"{self.at}/card-payments/", fields)
        self.pages.append(answer.text)
        if answer.status_code == 303:
            self.pages.append(self.person.get(answer.headers["location"]).text)
        return answer


def states() -> dict[str | None, OperationState]:
    db.session.rollback()
    query = sa.select(MoneyOperation.merchant_uid, MoneyOperation.state)
    with db.engine.connect() as connection:
        return {row.merchant_uid: row.state for row in connection.execute(query)}


def back_up(settings, folder: Path) -> bytes:
    """A copy by the documented command."""
    if is_postgresql():
        url = settings.database_url.replace("postgresql+psycopg", "postgresql")
        dump = subprocess.run(["pg_dump", url], check=True, capture_output=True).stdout
        return PIECES.sub(b"", dump)
    copy = folder / "copy.db"
    subprocess.run(["sqlite3", str(sqlite_file(settings)), f".backup {copy}"], check=True)
    return copy.read_bytes()


def test_security_s66_fault_f32_a_killed_web_leaves_no_card_anywhere(
    visit, web, proxy, desk, payment, customer, stand_in, settings, log, tmp_path
):
    typist = Typist(visit(Role.MANAGER), customer)
    assert (
        typist.pay(
            CARD.number, "K-PAID", amount="10000", keep="y", customer_uid="cus-kept"
        ).status_code
        == 303
    )
    assert typist.pay(DECLINED.number, "K-DECLINED", amount="10000").status_code == 303
    assert typist.pay(CARD.number, "K-WRONG", amount="20000", birth="881341").status_code == 422
    held = proxy.hold_answer("POST", ONCE)
    fields = typist.fill(CARD.digits, "K-KILLED", amount="30000")
    with ThreadPoolExecutor(1) as pool:
        cut = pool.submit(typist.send, fields)
        assert held.reached.wait(20)
        assert states()["K-KILLED"] is Q.SENDING

        web.kill_workers()
        held.drop()
        assert isinstance(cut.exception(20), httpx.TransportError)

    charges = [one for one in stand_in.effects() if one["kind"] == "charge"]
    posts = len(stand_in.requests(path=ONCE, method="POST"))
    for minutes in (2.0, 5.0, 15.0):
        sweep(gateway=desk.gateway, now=desk.now + timedelta(minutes=minutes))
    assert states()["K-KILLED"] is Q.SUCCEEDED
    assert (states()["K-PAID"], states()["K-DECLINED"]) == (Q.SUCCEEDED, Q.FAILED)
    assert len(stand_in.requests(path=ONCE, method="POST")) == posts, "never sent a second time"
    assert len([one for one in stand_in.effects() if one["kind"] == "charge"]) == len(charges)

    hidden = typist.person.form("/exports/new?list=payments", kind="csv", reason="month-end books")
    typist.person.post("/exports/", {**hidden, "columns": "merchant_uid"})
    for path in (typist.at, "/audit/", "/operations/?state=", "/jobs/", "/payments/"):
        typist.pages.append(typist.person.get(path).text)

    rows = everything_written(settings)
    folder = settings.exports_path.parent
    files = b"".join(one.read_bytes() for one in folder.rglob("*") if one.is_file())
    places = {
        "rows and files of the database": rows,
        "queue, exports and the rest of the folder": files.decode("latin-1"),
        "a backup": back_up(settings, tmp_path).decode("latin-1"),
        "the log": log.read_text(encoding="utf-8"),
        "pages": "\n".join(typist.pages),
        "what the gateway noted": repr(stand_in.requests()),
    }
    assert {name: found for name, text in places.items() if (found := found_in(text))} == {}
    assert all("K-KILLED" in places[name] for name in ("a backup", "pages"))
    assert "request.done" in places["the log"]
    assert list(settings.exports_path.rglob("*.csv")), "an export was written"
