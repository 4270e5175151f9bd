"""Public lists: cards, banks and the shop's channels."""

from flask import Blueprint, Response

from sandbox.envelope import http_refusal, success
from sandbox.facts.codes import BANKS, CARDS
from sandbox.facts.kcp import CHANNELS

bp = Blueprint("codes", __name__)


@bp.get("/cards")
def cards() -> Response:
    return success(_listed(CARDS))


@bp.get("/cards/<segment:code>")
def card(code: str) -> Response:
    return success(_one(CARDS, code))


@bp.get("/banks")
def banks() -> Response:
    return success(_listed(BANKS))


@bp.get("/banks/<segment:code>")
def bank(code: str) -> Response:
    return success(_one(BANKS, code))


@bp.get("/users/pg")
def channels() -> Response:
    return success(list(CHANNELS))


def _listed(names: dict[str, str]) -> list[dict[str, str]]:
    return [{"code": code, "name": name} for code, name in sorted(names.items())]


def _one(names: dict[str, str], code: str) -> dict[str, str]:
    if code not in names:
        raise http_refusal(404, "존재하지 않는 코드입니다.")
    return {"code": code, "name": names[code]}
