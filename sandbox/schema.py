"""The tables of a sandbox, and the fields of a payment as the gateway names them."""

import re

# Every field of the gateway's payment object, in its order, with what an unset one reads.
PAYMENT_FIELDS: dict[str, object] = {
    "imp_uid": None, "merchant_uid": None, "pay_method": None, "channel": "pc",
    "pg_provider": None, "emb_pg_provider": None, "pg_tid": None, "pg_id": None,
    "sandbox": False, "escrow": False, "apply_num": None, "bank_code": None,
    "bank_name": None, "card_code": None, "card_name": None, "card_issuer_code": None,
    "card_issuer_name": None, "card_publisher_code": None, "card_publisher_name": None,
    "card_quota": 0, "card_number": None, "card_type": None, "vbank_code": None,
    "vbank_name": None, "vbank_num": None, "vbank_holder": None, "vbank_date": 0,
    "vbank_issued_at": 0, "name": None, "amount": 0, "cancel_amount": 0, "currency": "KRW",
    "buyer_name": None, "buyer_email": None, "buyer_tel": None, "buyer_addr": None,
    "buyer_postcode": None, "custom_data": None, "user_agent": None, "status": "ready",
    "started_at": 0, "paid_at": 0, "failed_at": 0, "cancelled_at": 0, "fail_reason": None,
    "cancel_reason": None, "receipt_url": None, "cancel_history": [],
    "deposit_history": [], "cancel_receipt_urls": [], "cash_receipt_issued": False,
    "customer_uid": None, "customer_uid_usage": None, "promotion": None,
}  # fmt: skip

# Fields that are worked out when a payment is read, not stored.
DERIVED = frozenset(
    [
        "card_issuer_code",
        "card_issuer_name",
        "card_publisher_code",
        "card_publisher_name",
        "receipt_url",
        "cancel_history",
        "deposit_history",
        "cancel_receipt_urls",
        "promotion",
    ]
)
BOOLEANS = frozenset({"sandbox", "escrow", "cash_receipt_issued"})
WHOLE = frozenset(
    [
        "card_quota",
        "vbank_date",
        "vbank_issued_at",
        "started_at",
        "paid_at",
        "failed_at",
        "cancelled_at",
    ]
)
MONEY = frozenset({"amount", "cancel_amount"})

# What the gateway knows of a payment and does not tell: when it last changed, its tax-free
# part and how much of it went back, a cancel made at KCP behind the gateway's back, the buyer's
# escrow decision, where its webhooks go, and values a test planted that no column can hold.
HIDDEN: dict[str, object] = {
    "updated_at": 0, "tax_free": 0, "tax_free_cancelled": 0, "pg_cancelled": 0,
    "escrow_decision": None, "notice_url": None, "verbatim": None,
}  # fmt: skip

STORED = tuple(name for name in PAYMENT_FIELDS if name not in DERIVED) + tuple(HIDDEN)


def _column(name: str) -> str:
    if name in MONEY or name in {"tax_free", "tax_free_cancelled"}:
        return f"{name} NUMERIC NOT NULL"
    if name in WHOLE or name in BOOLEANS or name in {"updated_at", "pg_cancelled"}:
        return f"{name} INTEGER NOT NULL"
    if name == "card_type":
        return f"{name} INTEGER"
    return f"{name} TEXT"


TABLES = (
    f"CREATE TABLE payments (id INTEGER PRIMARY KEY, {', '.join(map(_column, STORED))})",
    """CREATE TABLE cancellations (
        id INTEGER PRIMARY KEY, imp_uid TEXT NOT NULL, cancellation_id TEXT NOT NULL,
        pg_tid TEXT NOT NULL, amount NUMERIC NOT NULL, cancelled_at INTEGER NOT NULL,
        reason TEXT NOT NULL)""",
    """CREATE TABLE customers (
        customer_uid TEXT PRIMARY KEY, pg_provider TEXT NOT NULL, pg_id TEXT NOT NULL,
        sandbox INTEGER NOT NULL DEFAULT 0, customer_id TEXT, card_name TEXT NOT NULL,
        card_code TEXT, card_number TEXT, card_type INTEGER, customer_name TEXT,
        customer_tel TEXT, customer_email TEXT, customer_addr TEXT, customer_postcode TEXT,
        inserted INTEGER NOT NULL, updated INTEGER NOT NULL, decline TEXT)""",
    """CREATE TABLE deliveries (
        imp_uid TEXT PRIMARY KEY, company TEXT NOT NULL, invoice TEXT NOT NULL,
        sent_at INTEGER NOT NULL, applied_at INTEGER NOT NULL)""",
    """CREATE TABLE prepared (
        merchant_uid TEXT PRIMARY KEY, amount NUMERIC NOT NULL, currency TEXT)""",
    """CREATE TABLE tokens (
        imp_key TEXT PRIMARY KEY, access_token TEXT NOT NULL, expired_at INTEGER NOT NULL)""",
    """CREATE TABLE ledger (
        seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, imp_uid TEXT,
        merchant_uid TEXT, customer_uid TEXT, amount NUMERIC, reason TEXT,
        source TEXT NOT NULL)""",
    """CREATE TABLE receipts (
        scope TEXT NOT NULL, uid TEXT NOT NULL, receipt_tid TEXT NOT NULL,
        apply_num TEXT NOT NULL, type TEXT NOT NULL, amount INTEGER NOT NULL,
        vat INTEGER NOT NULL, receipt_url TEXT NOT NULL, applied_at INTEGER NOT NULL,
        cancelled_at INTEGER NOT NULL, PRIMARY KEY (scope, uid))""",
    """CREATE TABLE deadlines (
        id INTEGER PRIMARY KEY, due_at INTEGER NOT NULL, kind TEXT NOT NULL,
        imp_uid TEXT NOT NULL, amount NUMERIC)""",
    """CREATE TABLE registered (
        imp_uid TEXT PRIMARY KEY, cancellation_id TEXT NOT NULL, amount NUMERIC NOT NULL,
        tax_free NUMERIC NOT NULL, reason TEXT NOT NULL)""",
    """CREATE TABLE windows (
        seq INTEGER PRIMARY KEY, id TEXT UNIQUE, merchant_uid TEXT, imp_uid TEXT,
        user_code TEXT, tier TEXT, params TEXT NOT NULL, mobile INTEGER NOT NULL, origin TEXT,
        at INTEGER NOT NULL, error_code TEXT, error_msg TEXT)""",
    "CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    """CREATE TABLE schedules (
        id INTEGER PRIMARY KEY, merchant_uid TEXT NOT NULL UNIQUE, customer_uid TEXT NOT NULL,
        imp_uid TEXT, pg_provider TEXT NOT NULL, pg_id TEXT NOT NULL, customer_id TEXT,
        schedule_at INTEGER NOT NULL, executed_at INTEGER NOT NULL DEFAULT 0,
        revoked_at INTEGER NOT NULL DEFAULT 0,
        schedule_status TEXT NOT NULL DEFAULT 'scheduled', amount NUMERIC NOT NULL,
        currency TEXT NOT NULL, name TEXT, buyer_name TEXT, buyer_email TEXT, buyer_tel TEXT,
        buyer_addr TEXT, buyer_postcode TEXT, custom_data TEXT, promotion_id TEXT,
        tax_free NUMERIC NOT NULL, card_quota INTEGER NOT NULL, notice_url TEXT)""",
    """CREATE TABLE key_groups (
        customer_uid TEXT PRIMARY KEY, channel_group_id TEXT NOT NULL)""",
)

# `walk` serves a status list in the order of started_at; the three time indexes count a window
# and serve narrow ones. All cover what the list query reads.
INDEXES = (
    "CREATE UNIQUE INDEX payments_imp_uid ON payments (imp_uid)",
    "CREATE INDEX payments_merchant_uid ON payments (merchant_uid, started_at)",
    """CREATE INDEX payments_customer_uid ON payments (customer_uid, started_at)
        WHERE customer_uid IS NOT NULL""",
    "CREATE INDEX payments_started ON payments (started_at, sandbox)",
    """CREATE INDEX payments_walk
        ON payments (status, started_at, paid_at, cancelled_at, failed_at, sandbox)""",
    """CREATE INDEX payments_paid ON payments (status, paid_at, started_at, sandbox)
        WHERE paid_at > 0""",
    """CREATE INDEX payments_cancelled ON payments (status, cancelled_at, started_at, sandbox)
        WHERE cancelled_at > 0""",
    """CREATE INDEX payments_failed ON payments (status, failed_at, started_at, sandbox)
        WHERE failed_at > 0""",
    """CREATE INDEX payments_updated
        ON payments (status, updated_at, started_at, paid_at, cancelled_at, failed_at, sandbox)""",
    "CREATE INDEX cancellations_imp_uid ON cancellations (imp_uid)",
    "CREATE INDEX schedules_due ON schedules (schedule_status, schedule_at)",
    "CREATE INDEX schedules_customer_uid ON schedules (customer_uid, schedule_at)",
    "CREATE INDEX schedules_time ON schedules (schedule_at)",
    "CREATE INDEX windows_merchant_uid ON windows (merchant_uid)",
)
TABLE_NAMES = (
    "payments", "cancellations", "customers", "deliveries", "prepared", "tokens", "ledger",
    "receipts", "deadlines", "settings", "schedules", "key_groups", "registered",
    "windows",
)  # fmt: skip


def if_missing(statement: str) -> str:
    """The same statement, without effect where its table or index is there already."""
    return re.sub(r"^CREATE (UNIQUE )?(TABLE|INDEX)", r"\g<0> IF NOT EXISTS", statement)
