"""KCP's refusal texts, minimum amounts and channels."""

RESULT_TEXTS: dict[str, str] = {
    "3001": "사용자 취소",
    "500626": "기 취소 거래",
    "8040": "부분취소(환불) 진행중 거래, 전체취소 불가",
    "8098": "변경요청(부분취소) 가능 과세/부가세 금액 초과",
    "8099": "변경요청(부분취소) 가능 비과세 금액 초과",
    "8124": "신용카드 건최대한도 초과",
    "8125": "신용카드 최대할부개월수 초과",
    "8135": "신용카드 건최소한도 미만",
    "8310": "거래 유효 시간 경과. 처음부터 다시 시도 바랍니다.",
    "8345": "당월 환불 불가 - 일반 취소로 진행 요망",
    "8392": "부분취소 불가 사이트",
    "8E02": "구매확정 완료 거래건 취소(환불) 불가",
    "CC03": "카드사 거절(기타사유)",
    "CC04": "분실 혹은 거래불가 카드",
    "CC07": "1회 한도초과",
    "CC08": "1일 한도초과",
    "CC10": "통장 잔액부족",
    "CC14": "카드번호 오류",
    "CC34": "할부불가가맹점",
    "CC54": "카드유효기간만료 또는 불일치",
    "CC61": "거래금액 한도초과",
    "CC63": "비밀번호 오류",
    "CC64": "CVC 오류",
    "CCC0": "카드사 시스템 점검 중입니다.(점검시간 이후에 다시 시도해주세요.)",
}

# A virtual account nobody has paid into has nothing to give back.
NO_DEPOSIT_TEXT = "요청하신 건에 대해 입금된 내역이 없습니다"

# Won. Card reads 1,000 in the contract and 100 on request; the demo shop has asked for it.
MINIMUM_AMOUNT: dict[str, int] = {"card": 100, "trans": 400, "vbank": 301, "phone": 400}
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
