"""KCP's refusal texts, minimum amounts and channels."""

from pathlib import Path

# KCP's own list: code, area and meaning, one a line under a heading.
_RESULT_CODES = Path(__file__).with_name("kcp-result-codes.tsv")


def _listed_texts() -> dict[str, str]:
    _, *lines = _RESULT_CODES.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines]
    return {code: meaning for code, _, meaning in rows}


# Seen in answers and missing from the list: what a second cancel of one payment gets.
ALREADY_CANCELLED = "500626"
RESULT_TEXTS: dict[str, str] = _listed_texts() | {ALREADY_CANCELLED: "기 취소 거래"}

# What the gateway puts before KCP's refusal of a cancel.
CANCEL_REFUSED = "결제취소에 실패하였습니다."

# A virtual account nobody has paid into has nothing to give back.
NO_DEPOSIT_TEXT = "요청하신 건에 대해 입금된 내역이 없습니다"

# Won, for live and for test channels; a method that is not named has no minimum.
MINIMUM_AMOUNT: dict[str, int] = {"card": 1_000, "trans": 400, "vbank": 301, "phone": 400}
TEST_MINIMUM_AMOUNT: dict[str, int] = {"card": 100, "trans": 100, "vbank": 1, "phone": 1}
INSTALMENTS_FROM = 50_000
LONGEST_INSTALMENT = 12

SHOP_NAME = "이음상점"
WINDOW_SITE = "T0000"
BILLING_SITE = "A52Q7"
TEST_SITE = "AO09C"

CHANNELS: tuple[dict[str, object], ...] = (
    {
        "pg_provider": "kcp", "pg_id": WINDOW_SITE, "sandbox": False, "type": "payment",
        "channel_name": "이음상점 결제창", "channel_key": "channel-key-ieum-window",
    },
    {
        "pg_provider": "kcp_billing", "pg_id": BILLING_SITE, "sandbox": False,
        "type": "api_payment",
        "channel_name": "이음상점 정기결제", "channel_key": "channel-key-ieum-billing",
    },
    {
        "pg_provider": "kcp", "pg_id": TEST_SITE, "sandbox": True, "type": "payment",
        "channel_name": "이음상점 결제창 (테스트)", "channel_key": "channel-key-ieum-test",
    },
)  # fmt: skip


def kcp_text(code: str) -> str:
    """A refusal the way the gateway passes it on: `[code|text]`."""
    return f"[{code}|{RESULT_TEXTS[code]}]"


def receipt_url(pg_tid: str, imp_uid: str, amount: object) -> str:
    """The slip page at KCP for one payment."""
    return (
        "https://admin8.kcp.co.kr/assist/bill.BillActionNew.do?cmd=card_bill"
        f"&tno={pg_tid}&order_no={imp_uid}&trade_mony={amount}"
    )
