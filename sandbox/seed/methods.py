"""How a buyer pays, as KCP stores it: cards, wallets, transfers, accounts, certificates."""

from random import Random

from sandbox.facts.codes import BANKS, CARDS, VBANK_ISSUERS
from sandbox.facts.kcp import INSTALMENTS_FROM, SHOP_NAME, kcp_text
from sandbox.payment_rows import Payment

# What buyers choose in the window, in parts of a thousand.
_SHARES = {
    "card": 512, "kakaopay": 128, "naverpay": 122, "vbank": 66, "trans": 52, "tosspay": 32,
    "samsung": 26, "payco": 20, "phone": 18, "point": 6, "cultureland": 7, "smartculture": 4,
    "happymoney": 4, "booknlife": 3,
}  # fmt: skip
METHODS = tuple(_SHARES)
_CHOICES = [method for method, share in _SHARES.items() for _ in range(share)]

# Since the wallets moved inside KCP's window the stored method is what the wallet drew on.
WALLETS = frozenset({"kakaopay", "naverpay", "tosspay", "payco"})
CERTIFICATES = frozenset({"cultureland", "smartculture", "happymoney", "booknlife"})
SMALL_ONLY = CERTIFICATES | {"phone", "point"}
ACCOUNT_METHODS = frozenset({"trans", "vbank"})
CARD_METHODS = frozenset({"card", "samsung"})

# Card company, its share, and the first six digits of its numbers.
_CARDS = (
    ("366", 20, "451842"), ("381", 17, "457973"), ("365", 14, "536510"), ("367", 14, "433290"),
    ("368", 10, "512360"), ("361", 7, "490220"), ("371", 6, "546112"), ("374", 6, "518831"),
    ("041", 4, "538920"), ("090", 2, "519780"),
)  # fmt: skip
# What a card fills alike for everybody; the company stands here once per hundredth of its share.
_ISSUED = [
    (code, CARDS[code], f"{digits}******") for code, share, digits in _CARDS for _ in range(share)
]
_QUOTAS = (0, 0, 0, 0, 0, 0, 0, 2, 3, 3, 5, 6, 10, 12)
_BANKS = ("004", "088", "020", "081", "011", "003", "090", "092", "023")

_CARD_FAILURES = ("3001", "3001", "3001", "CC61", "CC61", "CC10", "CC54", "CC63", "CC64", "CC04",
                  "CC07", "CC08", "CC03", "CCC0", "8310", "8124")  # fmt: skip
_OTHER_FAILURES = ("3001", "3001", "8310")
_VBANK_DAYS = 3


def choose_method(rng: Random) -> str:
    return _CHOICES[int(rng.random() * len(_CHOICES))]


def method_fields(rng: Random, method: str, amount: int, at: int) -> Payment:
    """The columns a method fills, for a window opened at `at`."""
    if method in WALLETS:
        return _wallet(rng, method, amount)
    if method in CARD_METHODS:
        return card(rng, amount) | {"pay_method": method}
    if method == "trans":
        code = _BANKS[int(rng.random() ** 1.6 * len(_BANKS))]
        return {"pay_method": method, "bank_code": code, "bank_name": BANKS[code]}
    if method == "vbank":
        return _virtual_account(rng, at)
    return {"pay_method": method, "apply_num": ""}


def card(rng: Random, amount: int) -> Payment:
    """A masked card of some company, in instalments when the amount allows."""
    draw = rng.random
    code, name, masked = _ISSUED[int(draw() * len(_ISSUED))]
    quota = _QUOTAS[int(draw() * len(_QUOTAS))] if amount >= INSTALMENTS_FROM else 0
    return {
        "card_code": code,
        "card_name": name,
        "card_number": f"{masked}{int(draw() * 10_000):04d}",
        "card_type": 0 if draw() < 0.8 else 1,
        "card_quota": quota,
        "apply_num": f"{int(draw() * 10**8):08d}",
    }


def failure(rng: Random, method: str) -> str:
    """Why KCP or the buyer stopped a payment by this method."""
    is_card = method in CARD_METHODS or method in WALLETS
    codes = _CARD_FAILURES if is_card else _OTHER_FAILURES
    return kcp_text(codes[int(rng.random() * len(codes))])


def _wallet(rng: Random, wallet: str, amount: int) -> Payment:
    if rng.random() < 0.7:
        return card(rng, amount) | {"pay_method": "card", "emb_pg_provider": wallet}
    return {"pay_method": "point", "emb_pg_provider": wallet, "apply_num": ""}


def _virtual_account(rng: Random, at: int) -> Payment:
    code = VBANK_ISSUERS[int(rng.random() * len(VBANK_ISSUERS))]
    issued = at + 40 + int(rng.random() * 120)
    # Valid to the end of the third day, Korean time.
    last_second = (issued + 9 * 3_600) // 86_400 * 86_400 + (_VBANK_DAYS + 1) * 86_400 - 1
    return {
        "pay_method": "vbank",
        "vbank_code": code,
        "vbank_name": BANKS[code],
        "vbank_num": f"{int(rng.random() * 10**14):014d}",
        "vbank_holder": SHOP_NAME,
        "vbank_issued_at": issued,
        "vbank_date": last_second - 9 * 3_600,
    }
