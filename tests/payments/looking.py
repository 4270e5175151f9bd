"""What the tests look at a payment with: its page as a reader sees it, the gateway once more."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

from admin.domain.actor import Actor
from admin.mirror import service as mirror
from admin.models import transaction

UID = "imp_100000000001"
EN = {"headers": {"Accept-Language": "en"}}
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def text_of(page: str) -> str:
    """What a reader sees, in one line."""
    body = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def timeline(page: str) -> list[str]:
    """The words of each entry, newest first."""
    return [
        text_of(one)
        for one in re.findall(r'<li class="timeline__entry">.*?</li>', page, flags=re.DOTALL)
    ]


def show(person, payment, query: str = "") -> str:
    answer = person.get(f"/payments/{payment.id}{query}", **EN)
    assert answer.status_code == 200
    return answer.text


def look(uid: str, *, gateway, now, source: str = "sync") -> None:
    seq = mirror.next_fetch_seq(now=now)
    seen = gateway.get_payment(uid)
    with transaction():
        mirror.apply([seen], fetch_seq=seq, source=source, actor=Actor.system("sync"), now=now)
