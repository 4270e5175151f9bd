"""The network of a history: the model gateway's JSON under the real client, and every fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import unquote

import httpx
import msgspec

from tests.simulation.canaries import TOKEN
from tests.simulation.clock import Clock
from tests.simulation.faults import Weather
from tests.simulation.stage import Killed, Stage
from tests.simulation.world import Refused, Row, World

HTML = b"<!doctype html><title>502 Bad Gateway</title>"
BROKEN = {"garbage": b"{]", "html": HTML, "null": b"null", "list": b"[]"}
JSON = {"content-type": "application/json"}
CHARGES = (("subscribe", "payments", "again"), ("subscribe", "payments", "onetime"))
CARD_FIELDS = ("card_number", "expiry", "birth", "pwd_2digit", "cvc")
ANSWER_STOPS = 0.4  # how often an answer stops on its way back
_encode = msgspec.json.encode


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `fields` is the body of a write; `limit` the seconds the client waits."""

    method: str
    path: tuple[str, ...]
    query: httpx.QueryParams
    fields: Row
    limit: float

    def __str__(self) -> str:
        """As a story tells it, in which no card stands."""
        told = {name: value for name, value in self.fields.items() if name not in CARD_FIELDS}
        return f"{self.method} /{'/'.join(self.path)} {told or ''}".strip()

    @property
    def charges(self) -> bool:
        """Whether it takes money, from a stored card or from one typed in."""
        return self.path in CHARGES


@dataclass(slots=True)
class Wire(httpx.BaseTransport):
    """Carries one call at a time. `on_call` and `on_write` see what leaves and what arrives."""

    world: World
    clock: Clock
    weather: Weather
    stage: Stage
    rng: Random
    on_call: Callable[[Call], None]
    on_write: Callable[[Call], None]
    on_lie: Callable[[Call], None]
    tell: Callable[[str], None]
    stops: bool = True  # whether calls stop on their way, so that others may act
    token: int = 0
    held: list[tuple[float, Call]] = field(default_factory=list)  # delayed: (due, call)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request, or fail as a network fails."""
        path = tuple(unquote(part) for part in request.url.path.strip("/").split("/"))
        if path == ("users", "getToken"):
            return self._give_token()
        body = request.read()
        call = Call(
            request.method,
            path,
            request.url.params,
            msgspec.json.decode(body) if body else {},
            10.0 if request.method == "GET" else 60.0,
        )
        self.on_call(call)
        began = self.clock.monotonic()
        if self.stops:
            self.stage.pause(f"{call} unsent")
        if self.clock.monotonic() - began > call.limit:
            raise httpx.WriteTimeout("the deadline passed")
        answer = self._carry(call)
        if self.stops and self.rng.random() < ANSWER_STOPS:
            self.stage.pause(f"{call} answered")
        if self.clock.monotonic() - began > call.limit:
            raise httpx.ReadTimeout("the deadline passed")
        return answer

    def next_due(self) -> float:
        """When the gateway executes the next delayed request; never, if it holds none."""
        return min((due for due, _ in self.held), default=float("inf"))

    def execute_due(self) -> None:
        """Let the gateway execute the delayed requests whose time has come."""
        now = self.clock.monotonic()
        due = [one for one in self.held if one[0] <= now]
        self.held = [one for one in self.held if one not in due]
        for _, call in sorted(due, key=lambda one: one[0]):
            try:
                self._write(call)
                self.tell(f"the gateway executes {call}")
            except Refused as refusal:
                self.tell(f"the gateway refuses {call}: {refusal}")

    def _give_token(self) -> httpx.Response:
        fault = self.weather.token_fault()
        if fault:
            self.tell(f"token: {fault}")
            return self._spoiled(fault)
        now = self.clock.epoch()
        token = {"access_token": f"{TOKEN}{self.token}", "now": now, "expired_at": now + 1800}
        return _success(token)

    def _carry(self, call: Call) -> httpx.Response:
        fault = self.weather.fault(call.method, charges=call.charges)
        self.tell(f"{call}: {fault or 'carried'}")
        if call.method == "GET":
            return self._carry_read(call, fault)
        return self._carry_write(call, fault)

    def _carry_read(self, call: Call, fault: str) -> httpx.Response:
        lag = self.weather.lag() if fault == "stale" else 0
        if fault == "refused":
            return _refusal(Refused("일시적인 오류입니다."))
        if fault == "wrong_uid" and len(call.path) == 2:
            others = [row for row in self.world.payments.values() if row["imp_uid"] != call.path[1]]
            if others:
                return _success(self.rng.choice(others))
        if fault and fault not in ("stale", "wrong_uid"):
            return self._spoiled(fault)
        try:
            return _success(self._read(call, lag))
        except Refused as refusal:
            return _refusal(refusal)

    def _carry_write(self, call: Call, fault: str) -> httpx.Response:
        if fault in ("unreachable", "http_401", "http_403"):
            return self._spoiled(fault)
        self.on_write(call)
        if fault in ("dropped", "http_500", "http_429"):
            return self._spoiled(fault)
        if fault == "refused":
            return _refusal(Refused("[9999] 처리할 수 없습니다.", code=self.rng.choice((-1, 1, 3))))
        if fault == "delayed":
            self.held.append((self.clock.monotonic() + self.weather.delay(), call))
            raise httpx.ReadTimeout("delayed")
        if fault == "unmoved" and call.path == ("payments", "cancel"):
            return self._say_done(call)
        try:
            row = self._write(call, fault)
        except Refused as refusal:
            return _refusal(refusal)
        if fault in ("lied", "paid_late"):
            self.on_lie(call)
        if fault == "wrong_amount" and call.path == ("payments", "cancel"):
            row = {**row, "amount": row["amount"] + 1}
        return self._answer_write(row, fault)

    def _say_done(self, call: Call) -> httpx.Response:
        """The gateway says yes and shows the payment as it was; it is done later, or never."""
        try:
            row, _, _ = self.world.judge_cancel(call.fields)
        except Refused as refusal:
            return _refusal(refusal)
        if self.rng.random() < 0.5:
            self.held.append((self.clock.monotonic() + self.weather.delay(), call))
        return _success(row)

    def _answer_write(self, row: Row, fault: str) -> httpx.Response:
        """The answer to a write that was executed."""
        if fault == "kill_after":
            raise Killed
        if fault == "lied":
            return _refusal(Refused("[0000] 알 수 없는 오류", code=-1))
        if fault == "wrong_uid" and "imp_uid" in row:
            return _success(self.rng.choice(list(self.world.payments.values())))
        if fault.endswith("_after"):
            return self._spoiled(fault.removesuffix("_after"))
        return _success(row)

    def _spoiled(self, fault: str) -> httpx.Response:
        """An answer that says nothing, or none at all."""
        if fault == "unreachable":
            raise httpx.ConnectError("connection refused")
        if fault == "dropped":
            raise httpx.RemoteProtocolError("the connection was closed")
        if fault == "truncated":
            return httpx.Response(200, content=b'{"code":0,"message":null,"respo')
        if fault == "redirect":
            return httpx.Response(307, headers={"location": "https://elsewhere.example/"})
        if fault == "html_404":
            return httpx.Response(404, content=HTML)
        if fault.startswith("http_"):
            self.token += fault == "http_401"
            return httpx.Response(int(fault.removeprefix("http_")), content=HTML)
        return httpx.Response(200, content=BROKEN[fault])

    def _write(self, call: Call, fault: str = "") -> Row:
        if call.path == ("payments", "cancel"):
            return self.world.cancel(call.fields)
        if call.charges:
            return self._charge(call.fields, fault)
        if call.path[:2] == ("escrows", "logis"):
            return self.world.register(call.path[2], call.fields)
        raise AssertionError(f"the model gateway has no {call}")

    def _charge(self, fields: Row, fault: str) -> Row:
        if fault == "declined":
            return self.world.decline(fields)
        if fault == "paid_late":
            row = self.world.decline(fields)
            declined = dict(row)
            self.world.turn_paid(row["imp_uid"])
            return declined
        if fault == "charged_otherwise":
            self.world.charged_otherwise = 1
        row = self.world.charge(fields)
        if fault == "charged_twice":
            self.world.charge_again(row)
            raise httpx.RemoteProtocolError("charged twice, and not a word of it")
        return row

    def _read(self, call: Call, lag: int) -> Any:
        match call.path:
            case ("payments",):
                wanted = call.query.get_list("imp_uid[]")
                return [row for uid in wanted if (row := self._seen(uid, lag))]
            case ("payments", "status", status):
                return self._window(status, call.query, lag)
            case ("payments", "findAll", number):
                rows = self._numbered(number, lag)
                return {"total": len(rows), "previous": 0, "next": 0, "list": rows}
            case ("payments", "find", number):
                rows = self._numbered(number, lag)
                return max(rows, key=lambda row: row["paid_at"])
            case ("payments", imp_uid):
                if (row := self._seen(imp_uid, lag)) is None:
                    raise Refused("존재하지 않는 결제정보입니다.", status=404)
                return row
            case ("escrows", "logis", imp_uid):
                if imp_uid not in self.world.deliveries:
                    raise Refused("등록된 배송정보가 없습니다.", status=409)
                return self.world.deliveries[imp_uid]
        raise AssertionError(f"the model gateway has no {call}")

    def _seen(self, imp_uid: str, lag: int) -> Row | None:
        if imp_uid not in self.world.payments:
            return None
        if not lag:
            return self.world.payments[imp_uid]
        return self.world.as_of(imp_uid, self.clock.epoch() - lag)

    def _numbered(self, number: str, lag: int) -> list[Row]:
        own = (self._seen(row["imp_uid"], lag) for row in self.world.numbered(number))
        if rows := [row for row in own if row]:
            return rows
        raise Refused("존재하지 않는 결제정보입니다.", status=404)

    def _window(self, status: str, query: httpx.QueryParams, lag: int) -> Row:
        column = {"paid": "paid_at", "failed": "failed_at", "cancelled": "cancelled_at"}
        time = column.get(status, "started_at")
        first, last = int(query["from"]), int(query["to"])
        seen = [row for uid in self.world.payments if (row := self._seen(uid, lag))]
        rows = [row for row in seen if row["status"] == status and first <= row[time] < last]
        sorting = query["sorting"]
        rows.sort(key=lambda row: row["updated" if "updated" in sorting else "started_at"])
        if sorting.startswith("-"):
            rows.reverse()
        page, limit = int(query["page"]), min(int(query["limit"]), 20)
        shown = rows[(page - 1) * limit : page * limit]
        if page > 1 and not shown:
            raise Refused("페이지가 없습니다.", status=400)
        more = page * limit < len(rows)
        return {
            "total": len(rows),
            "previous": page - 1,
            "next": page + 1 if more else 0,
            "list": shown,
        }


def _success(response: Any) -> httpx.Response:
    body = _encode({"code": 0, "message": None, "response": response})
    return httpx.Response(200, content=body, headers=JSON)


def _refusal(refusal: Refused) -> httpx.Response:
    body = _encode({"code": refusal.code, "message": refusal.message, "response": None})
    return httpx.Response(refusal.status, content=body, headers=JSON)
