"""The list of payments as a file with Django's admin: the action that everybody writes.

`django_csv.py DATABASE FILE` calls the action over the whole table and prints what it took. There
is no sign-in and no server, so that only the file is compared.
"""

import csv
import json
import sys
import time
from pathlib import Path

import django
from django.conf import settings

COLUMNS = (
    "merchant_uid imp_uid standing order_name buyer_name buyer_tel buyer_email pay_method "
    "apply_num amount_minor cancelled_minor card_quota currency escrow sandbox started_at paid_at "
    "cancelled_at cancel_reason fail_reason failed_at vbank_due_at pg_tid pg_id card_name"
).split()
NUMBERS = ("amount_minor", "cancelled_minor", "card_quota")

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[1]}},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.admin"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
    TIME_ZONE="Asia/Seoul",
)
django.setup()

from django.contrib import admin  # noqa: E402 - after setup()
from django.db import models  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.test import RequestFactory  # noqa: E402


def field(name):
    """A column of the table as Django speaks of it."""
    if name in NUMBERS:
        return models.BigIntegerField()
    if name in ("escrow", "sandbox"):
        return models.BooleanField()
    if name.endswith("_at"):
        return models.DateTimeField(null=True)
    return models.TextField(null=True)


Payment = type(
    "Payment",
    (models.Model,),
    {
        **{name: field(name) for name in COLUMNS},
        "id": models.BigIntegerField(primary_key=True),
        "__module__": __name__,
        "Meta": type("Meta", (), {"db_table": "payments", "managed": False, "app_label": "peer"}),
    },
)


class PaymentAdmin(admin.ModelAdmin):
    """A list with one action."""

    list_display = COLUMNS
    ordering = ("-started_at", "-id")
    actions = ("as_csv",)

    def as_csv(self, request, queryset):
        """The recipe of Django's own documentation and of its readers."""
        response = HttpResponse(content_type="text/csv")
        writer = csv.writer(response)
        writer.writerow(COLUMNS)
        for one in queryset:
            writer.writerow([getattr(one, name) for name in COLUMNS])
        return response


request = RequestFactory().get("/")
view = PaymentAdmin(Payment, admin.AdminSite())
began = time.process_time()
answer = view.as_csv(request, view.get_queryset(request))
Path(sys.argv[2]).write_bytes(answer.content)
seconds = time.process_time() - began
status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
print(json.dumps({"seconds": seconds, "megabytes": peak}))
