"""The same table as a workbook with XlsxWriter in its `constant_memory` mode.

`xlsxwriter_table.py DATABASE FILE` writes 25 columns as they stand and prints what it took.
"""

import json
import sqlite3
import sys
import time
from pathlib import Path

import xlsxwriter

COLUMNS = (
    "merchant_uid imp_uid standing order_name buyer_name buyer_tel buyer_email pay_method "
    "apply_num amount_minor cancelled_minor card_quota currency escrow sandbox started_at paid_at "
    "cancelled_at cancel_reason fail_reason failed_at vbank_due_at pg_tid pg_id card_name"
).split()

began = time.process_time()
book = xlsxwriter.Workbook(sys.argv[2], {"constant_memory": True})
sheet = book.add_worksheet()
sheet.write_row(0, 0, COLUMNS)
rows = sqlite3.connect(sys.argv[1]).execute(
    f"SELECT {', '.join(COLUMNS)} FROM payments ORDER BY started_at DESC, id DESC"  # noqa: S608
)
for number, row in enumerate(rows, start=1):
    sheet.write_row(number, 0, row)
book.close()
seconds = time.process_time() - began
status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
print(json.dumps({"seconds": seconds, "megabytes": peak}))
