"""The shop's own books: orders with items, customers with billing keys, escrow orders.

Locks: none; creates empty tables.
Back: drops the books; the files they came from bring them again.
"""

import sqlalchemy as sa
from alembic import op

from admin.models.base import UtcDateTime

revision = "0005_shop_books"
down_revision = "0004_operations"
branch_labels = None
depends_on = None

MOMENT = UtcDateTime()


def upgrade() -> None:
    op.create_table(
        "orders",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("order_number", sa.String(length=80), nullable=False),
        sa.Column("ordered_at", MOMENT, nullable=False),
        sa.Column("order_name", sa.String(length=255), nullable=False),
        sa.Column("buyer_name", sa.String(length=80), nullable=True),
        sa.Column("buyer_email", sa.String(length=255), nullable=True),
        sa.Column("buyer_tel", sa.String(length=40), nullable=True),
        sa.Column("currency", sa.String(length=40), nullable=False),
        sa.Column("pay_method", sa.String(length=40), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("cancelled_minor", sa.BigInteger(), nullable=False),
        sa.Column("paid_at", MOMENT, nullable=True),
        sa.Column("imp_uid", sa.String(length=32), nullable=True),
        sa.Column("escrow", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("order_number", name=op.f("uq_orders_order_number")),
    )
    op.create_index(op.f("ix_orders_imp_uid"), "orders", ["imp_uid"], unique=False)
    op.create_index(op.f("ix_orders_ordered_at"), "orders", ["ordered_at"], unique=False)
    op.create_index(op.f("ix_orders_paid_at"), "orders", ["paid_at"], unique=False)
    op.create_table(
        "line_items",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("item_order_number", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["orders.id"],
            name=op.f("fk_line_items_order_id_orders"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_items")),
        sa.UniqueConstraint("order_id", "position", name=op.f("uq_line_items_order_id")),
    )
    op.create_table(
        "customers",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("customer_number", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=True),
        sa.Column("tel", sa.String(length=40), nullable=True),
        sa.Column("tel_digits", sa.String(length=40), nullable=True),
        sa.Column("since", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
        sa.UniqueConstraint("customer_number", name=op.f("uq_customers_customer_number")),
    )
    op.create_index(op.f("ix_customers_name"), "customers", ["name"], unique=False)
    op.create_index(op.f("ix_customers_tel_digits"), "customers", ["tel_digits"], unique=False)
    op.create_table(
        "billing_keys",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column(
            "customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("customer_uid", sa.String(length=80), nullable=False),
        sa.Column("label", sa.String(length=80), nullable=True),
        sa.Column("known_to_gateway", sa.Boolean(), nullable=True),
        sa.Column("card_name", sa.String(length=80), nullable=True),
        sa.Column("card_number", sa.String(length=40), nullable=True),
        sa.Column("issued_at", MOMENT, nullable=True),
        sa.Column("checked_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_billing_keys_customer_id_customers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_keys")),
        sa.UniqueConstraint("customer_uid", name=op.f("uq_billing_keys_customer_uid")),
    )
    op.create_index(
        op.f("ix_billing_keys_customer_id"), "billing_keys", ["customer_id"], unique=False
    )
    op.create_table(
        "escrow_orders",
        sa.Column(
            "payment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("looked_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f("fk_escrow_orders_payment_id_payments")
        ),
        sa.PrimaryKeyConstraint("payment_id", name=op.f("pk_escrow_orders")),
    )
    op.create_index(
        "ix_escrow_orders_state_id", "escrow_orders", ["state", "payment_id"], unique=False
    )
    op.create_table(
        "deliveries",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column(
            "payment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("company", sa.String(length=20), nullable=False),
        sa.Column("invoice", sa.String(length=40), nullable=False),
        sa.Column("sent_at", MOMENT, nullable=False),
        sa.Column("applied_at", MOMENT, nullable=True),
        sa.Column("operation_id", sa.String(length=26), nullable=True),
        sa.ForeignKeyConstraint(
            ["payment_id"],
            ["escrow_orders.payment_id"],
            name=op.f("fk_deliveries_payment_id_escrow_orders"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_deliveries_payment_id")),
    )
    op.create_index(op.f("ix_deliveries_invoice"), "deliveries", ["invoice"], unique=False)


def downgrade() -> None:
    op.drop_table("deliveries")
    op.drop_table("escrow_orders")
    op.drop_table("billing_keys")
    op.drop_table("customers")
    op.drop_table("line_items")
    op.drop_table("orders")
