"""The Korean calendar day of a stored moment, in SQL of both databases."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class kst_day_of(FunctionElement[date]):  # noqa: N801 - reads as a function in queries
    """`kst_day_of(column)`: the day as a date, so that sums can be grouped by it."""

    type = sa.Date()
    inherit_cache = True
    name = "kst_day_of"


@compiles(kst_day_of, "sqlite")
def _sqlite(element: kst_day_of, compiler: SQLCompiler, **options: Any) -> str:
    # Korea has kept +09:00 without summer time since 1988.
    return f"date({compiler.process(element.clauses, **options)}, '+9 hours')"


@compiles(kst_day_of, "postgresql")
def _postgresql(element: kst_day_of, compiler: SQLCompiler, **options: Any) -> str:
    return f"(timezone('Asia/Seoul', {compiler.process(element.clauses, **options)}))::date"
