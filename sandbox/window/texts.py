"""The window's words in Korean and English, and the cards and answers it offers to try."""

from sandbox.facts.codes import BANKS, CARDS
from sandbox.facts.kcp import RESULT_TEXTS

# Cards to issue a key for. Nobody types a number of their own here.
TEST_CARDS: dict[str, str] = {
    "good": "4518420000001093",
    "no_balance": "4518420000000010",
    "expired": "4518420000000054",
    "over_limit": "4518420000000061",
    "lost": "4518420000000004",
    "wrong_number": "4518420000000000",
}

# KCP's codes a buyer can let the card company, or whoever pays, answer with.
CARD_ANSWERS = ("CC61", "CC10", "CC54", "CC04", "CC63", "CC47", "CC03", "CC98")
OTHER_ANSWERS = ("8314", "8310", "8390", "9999")

CARD_NAMES: dict[str, str] = {
    "361": "BC Card", "364": "Gwangju Card", "365": "Samsung Card", "366": "Shinhan Card",
    "367": "Hyundai Card", "368": "Lotte Card", "369": "Suhyup Card", "370": "Citi Card",
    "371": "NH NongHyup Card", "372": "Jeonbuk Card", "373": "Jeju Card", "374": "Hana Card",
    "381": "KB Kookmin Card", "041": "Woori Card", "071": "Korea Post Card", "045": "MG Card",
    "048": "Shinhyup Card", "002": "KDB Card", "089": "K bank Card", "090": "Kakao Bank Card",
    "10001": "UnionPay", "10002": "Diners Club", "10003": "American Express",
    "10004": "Mastercard", "10005": "Visa", "10006": "JCB",
}  # fmt: skip

# Banks with accounts of persons; money is sent from these.
BANK_NAMES: dict[str, str] = {
    "004": "KB Kookmin Bank", "088": "Shinhan Bank", "081": "Hana Bank", "020": "Woori Bank",
    "011": "NH NongHyup Bank", "003": "IBK", "090": "Kakao Bank", "092": "Toss Bank",
    "089": "K bank", "023": "SC First Bank", "027": "Citibank Korea", "031": "iM Bank",
    "032": "BNK Busan Bank", "034": "Gwangju Bank", "035": "Jeju Bank", "037": "Jeonbuk Bank",
    "039": "BNK Kyongnam Bank", "045": "MG", "048": "Shinhyup", "071": "Korea Post",
    "007": "Suhyup Bank", "002": "KDB",
}  # fmt: skip

KO: dict[str, str] = {
    "title": "결제",
    "practice": "연습용 결제창 · 실제 돈은 움직이지 않아요",
    "shop": "상점",
    "order": "주문",
    "amount": "결제 금액",
    "won": "{}원",
    "issue_title": "정기결제 카드 등록",
    "issue_amount": "표시 금액",
    "issue_note": "카드만 등록해요. 지금은 결제되지 않아요.",
    "flow": "인증 방법",
    "flow_app": "앱카드",
    "flow_plain": "일반결제",
    "app_only": "앱카드로만 결제할 수 있어요.",
    "card": "카드사",
    "only_card": "이 카드로 결제해요.",
    "points": "카드 포인트를 함께 써요.",
    "quota": "할부",
    "lump": "일시불",
    "months": "{}개월",
    "quota_note": "할부는 50,000원부터 쓸 수 있어요.",
    "test_card": "연습용 카드",
    "test_card_note": "카드 번호는 입력하지 않아요. 연습용 카드를 골라 주세요.",
    "good": "정상 카드",
    "no_balance": "결제하면 잔액 부족",
    "expired": "결제하면 유효기간 오류",
    "over_limit": "결제하면 한도 초과",
    "lost": "결제하면 거래 불가",
    "wrong_number": "등록이 거절되는 카드",
    "bank": "은행",
    "deadline": "입금 기한",
    "vbank_note": "계좌를 발급해요. 기한 안에 입금하면 결제가 끝나요.",
    "carrier": "통신사",
    "mvno": "알뜰폰",
    "escrow": "에스크로로 안전하게 보관했다가 구매확정 뒤에 상점에 전해요.",
    "member": "회원 아이디",
    "pays_with": "{} 결제예요. 금액을 확인해 주세요.",
    "answers": "연습용: 어떻게 답할까요?",
    "answers_note": "실제 결제창에는 없는 칸이에요. 실패를 고르면 그 이유로 결제가 끝나요.",
    "answer": "카드사 응답",
    "other_answer": "결제 기관 응답",
    "approve": "승인",
    "pay": "{}원 결제하기",
    "pay_issue": "카드 등록하기",
    "pay_vbank": "계좌 발급받기",
    "close": "결제 취소",
    "busy": "처리하고 있어요.",
    "failed": "답을 받지 못했어요. 다시 눌러 주세요.",
    "ended": "이 결제창은 이미 끝났어요.",
    "ended_note": "상점으로 돌아가 주세요.",
    "back": "상점으로 돌아가기",
    "unknown": "없는 결제창이에요.",
}

EN: dict[str, str] = {
    "title": "Payment",
    "practice": "Practice window · no real money moves",
    "shop": "Shop",
    "order": "Order",
    "amount": "Amount",
    "won": "{} KRW",
    "issue_title": "Register a card for recurring payments",
    "issue_amount": "Amount shown",
    "issue_note": "The card is only registered. Nothing is charged now.",
    "flow": "Verification",
    "flow_app": "Card app",
    "flow_plain": "Card company's page",
    "app_only": "Only the card company's app is offered.",
    "card": "Card company",
    "only_card": "This card pays.",
    "points": "Card points are used as well.",
    "quota": "Instalments",
    "lump": "Lump sum",
    "months": "{} months",
    "quota_note": "Instalments are offered from 50,000 KRW.",
    "test_card": "Practice card",
    "test_card_note": "No card number is typed here. Choose a practice card.",
    "good": "A good card",
    "no_balance": "Charges fail: not enough balance",
    "expired": "Charges fail: expired",
    "over_limit": "Charges fail: over its limit",
    "lost": "Charges fail: not usable",
    "wrong_number": "Refused at registration",
    "bank": "Bank",
    "deadline": "Deposit by",
    "vbank_note": "An account is issued. The payment is complete once the deposit arrives.",
    "carrier": "Carrier",
    "mvno": "Other (MVNO)",
    "escrow": "The money is held in escrow until you confirm the purchase.",
    "member": "Member ID",
    "pays_with": "You pay with {}. Please check the amount.",
    "answers": "Practice: how should it answer?",
    "answers_note": "The real window has no such field. A failure ends the payment.",
    "answer": "The card company answers",
    "other_answer": "The payment company answers",
    "approve": "Approved",
    "pay": "Pay {} KRW",
    "pay_issue": "Register the card",
    "pay_vbank": "Get an account",
    "close": "Cancel",
    "busy": "Working on it.",
    "failed": "No answer came. Please press again.",
    "ended": "This window has ended already.",
    "ended_note": "Please go back to the shop.",
    "back": "Back to the shop",
    "unknown": "There is no such window.",
}

METHODS: dict[str, tuple[str, str]] = {
    "card": ("신용카드", "Credit card"),
    "samsung": ("삼성페이", "Samsung Pay"),
    "trans": ("계좌이체", "Bank transfer"),
    "vbank": ("가상계좌", "Virtual account"),
    "phone": ("휴대폰 소액결제", "Phone bill"),
    "payco": ("페이코", "PAYCO"),
    "kakaopay": ("카카오페이", "Kakao Pay"),
    "naverpay": ("네이버페이", "Naver Pay"),
    "naverpay_bridge": ("네이버페이", "Naver Pay"),
    "tosspay": ("토스페이", "Toss Pay"),
    "lpay": ("엘페이", "L.PAY"),
    "ssgpay": ("SSG페이", "SSG Pay"),
    "applepay": ("애플페이", "Apple Pay"),
    "cultureland": ("문화상품권", "Cultureland gift certificate"),
    "smartculture": ("스마트문상", "Smart Culture gift certificate"),
    "happymoney": ("해피머니", "Happy Money gift certificate"),
    "booknlife": ("도서문화상품권", "Book & Life gift certificate"),
    "point": ("베네피아 포인트", "Benepia points"),
}

ANSWER_NAMES: dict[str, str] = {
    "CC61": "over the limit", "CC10": "not enough balance", "CC54": "card expired",
    "CC04": "lost or unusable card", "CC63": "wrong password", "CC47": "no instalments",
    "CC03": "declined", "CC98": "system failure", "8314": "system failure",
    "8310": "time is up", "8390": "not at this hour", "9999": "other",
}  # fmt: skip


def words(language: str) -> dict[str, str]:
    return EN if language == "en" else KO


def method_name(method: str, language: str) -> str:
    return METHODS[method][language == "en"]


def card_name(code: str, language: str) -> str:
    return CARD_NAMES[code] if language == "en" else CARDS[code]


def bank_name(code: str, language: str) -> str:
    return BANK_NAMES[code] if language == "en" else BANKS[code]


def answer_name(code: str, language: str) -> str:
    return f"{code} {ANSWER_NAMES[code] if language == 'en' else RESULT_TEXTS[code]}"
