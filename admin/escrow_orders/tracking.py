"""Where a courier shows a parcel to anybody who has its number."""

from __future__ import annotations

import re

# Couriers whose address is known for certain; of any other none is guessed.
_PAGES: dict[str, str] = {
    "CJGLS": "https://trace.cjlogistics.com/next/tracking.html?wblNo={}",
    "HANJIN": "https://www.hanjin.com/kor/CMS/DeliveryMgr/WaybillResult.do"
    "?mCode=MN038&schLang=KR&wblnumText2={}",
    "HYUNDAI": "https://www.lotteglogis.com/home/reservation/tracking/linkView?InvNo={}",
    "EPOST": "https://service.epost.go.kr/trace.RetrieveDomRigiTraceList.comm?sid1={}",
    "KGB": "https://www.ilogen.com/web/personal/trace/{}",
}
_NUMBER = re.compile(r"[0-9]{9,14}")


def tracking_href(company: str, invoice: str) -> str:
    """The courier's page of this parcel; "" where none is known, or the number is none."""
    page = _PAGES.get(company, "")
    return page.format(invoice) if _NUMBER.fullmatch(invoice) else ""
