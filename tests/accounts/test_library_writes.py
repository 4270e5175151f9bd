"""What Flask-Security changes by itself is written also when somebody wrote a moment before."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from admin.domain.permissions import Role
from admin.models import Operator, db
from admin.models.base import WRITES
from tests.conftest import add_operator

pytestmark = pytest.mark.slow


def test_a_factor_is_kept_although_another_process_wrote_since_the_page_was_read(app):
    operator = db.session.get_one(Operator, add_operator(Role.FINANCE).id)
    db.session.expire_all()
    assert operator.tf_primary_method is None  # the request's reading transaction is open

    with db.engine.connect() as plain:
        other = plain.execution_options(**{WRITES: True})
        with other.begin():
            other.execute(sa.update(Operator).values(theme="dark"))
    operator.tf_primary_method = "authenticator"
    app.extensions["people"].datastore.commit()

    db.session.expire_all()
    assert (operator.tf_primary_method, operator.theme) == ("authenticator", "dark")
