"""Flask-Admin over the same table of payments: fifty rows, twelve columns, five to search in.

Without a sign-in, so that only the list is compared. Started by `benchmarks.search` with the
interpreter of the peers.
"""

import os

from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from flask_sqlalchemy import SQLAlchemy

SHOWN = (
    "imp_uid merchant_uid status started_at paid_at pay_method amount_minor cancelled_minor "
    "order_name buyer_name buyer_tel buyer_email"
).split()

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["PEER_DATABASE_URL"]
app.config["SECRET_KEY"] = os.urandom(16).hex()
db = SQLAlchemy(app)
with app.app_context():

    class Payment(db.Model):
        """The table as it is."""

        __table__ = db.Table("payments", db.metadata, autoload_with=db.engine)


class PaymentView(ModelView):
    """A list as one writes it in an afternoon."""

    can_create = can_edit = can_delete = False
    can_export = True
    export_max_rows = 0
    page_size = 50
    column_list = SHOWN
    column_sortable_list = SHOWN
    column_default_sort = ("started_at", True)
    column_searchable_list = ("imp_uid", "merchant_uid", "buyer_name", "order_name", "buyer_tel")
    column_filters = ("status", "started_at", "pay_method", "amount_minor")


Admin(app, name="peer").add_view(PaymentView(Payment, db.session, endpoint="payment"))
