"""The sandbox gateway as tests steer it: what stands there, what it saw, what it shall do wrong."""

from __future__ import annotations

from typing import Any

import httpx

from admin.domain.clock import utc_now


class StandIn:
    """The control plane of one running sandbox."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx.Client(base_url=url, timeout=20, trust_env=False)

    def reset(self) -> None:
        """Empty, at the present time, without faults, as it was started."""
        self._post("reset", {"seed": "empty"})

    def add_payments(self, *payments: dict[str, Any]) -> list[dict[str, Any]]:
        """Put payments there, given as the gateway's own objects; missing fields are filled."""
        self._post("payments", {"payments": list(payments)})
        return [self.payment(one["imp_uid"]) for one in payments]

    def paid(self, imp_uid: str = "imp_100000000001", **fields: Any) -> dict[str, Any]:
        """One paid card payment of 10,000 won, made an hour ago."""
        moment = int(utc_now().timestamp()) - 3600
        payment = {
            "imp_uid": imp_uid,
            "merchant_uid": "ORD-" + imp_uid[-6:],
            "status": "paid",
            "amount": 10_000,
            "pay_method": "card",
            "name": "원목 책장 3단",
            "buyer_name": "이도윤",
            "buyer_tel": "010-1234-4821",
            "buyer_email": "doyun@mail.example",
            "started_at": moment - 60,
            "paid_at": moment,
            "apply_num": "30418826",
            **fields,
        }
        return self.add_payments(payment)[0]

    def payment(self, imp_uid: str) -> dict[str, Any]:
        """A payment as it stands at the gateway now."""
        token = self._token()
        answer = self._client.get(
            f"/payments/{imp_uid}",
            params={"include_sandbox": "true"},
            headers={"Authorization": token},
        )
        found: dict[str, Any] = answer.json()["response"]
        return found

    def fail_next(self, path: str, action: str, **options: Any) -> None:
        """Script one fault for the next call of `path`."""
        self._post("script", {"path": path, "action": action, "times": 1, **options})

    def effects(self) -> list[dict[str, Any]]:
        """Every effect that ever happened: the ground truth."""
        answer = self._client.get("/_sandbox/ledger").json()
        return list(answer["response"])

    def requests(self, path: str = "", method: str = "") -> list[dict[str, Any]]:
        """Requests that reached the gateway, control plane apart."""
        wanted = {k: v for k, v in (("path", path), ("method", method)) if v}
        answer = self._client.get("/_sandbox/requests", params=wanted).json()
        return list(answer["response"]["requests"])

    def sent(self, path: str, method: str = "POST") -> int:
        """How often a path was asked."""
        return len(self.requests(path=path, method=method))

    def done(self, kind: str) -> int:
        """How many effects of a kind ever happened."""
        return len([one for one in self.effects() if one["kind"] == kind])

    def ask(self, path: str, body: dict[str, Any]) -> None:
        """Somebody else asks the gateway for something, and gets it."""
        answer = self._client.post(path, json=body, headers={"Authorization": self._token()})
        assert answer.json()["code"] == 0, answer.text

    def console_cancel(self, imp_uid: str, amount: int | None = None) -> None:
        """A colleague cancels in the PortOne console."""
        body: dict[str, Any] = {"imp_uid": imp_uid}
        if amount is not None:
            body["amount"] = amount
        self._post("console/cancel", body)

    def control(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Any other call of the control plane."""
        return self._post(path, body)

    def _token(self) -> str:
        from tests.conftest import KEY, SECRET

        answer = self._client.post("/users/getToken", json={"imp_key": KEY, "imp_secret": SECRET})
        token: str = answer.json()["response"]["access_token"]
        return token

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self._client.post(f"/_sandbox/{path}", json=body)
        assert answer.status_code < 300, answer.text
        found: dict[str, Any] = answer.json()["response"]
        return found
