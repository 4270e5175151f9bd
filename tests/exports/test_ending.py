"""A file is handed out for a day and no longer, and its purpose can be taken back."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest

from admin.domain.actor import Actor
from admin.domain.export import LIFETIME, ExportNotReady, ExportState
from admin.domain.permissions import Role
from admin.exports import ending
from admin.exports.handing import open_file
from tests.exports.inside import actions, the_export
from tests.exports.taking import take

EN = {"headers": {"Accept-Language": "en"}}


def test_after_a_day_the_file_is_gone_and_its_passport_stays(finance, shop, folder, now):
    take(finance, "period=all")
    export = the_export()
    actor = Actor(name="x", operator_id=finance.operator.id, role=Role.FINANCE)
    late = export.ready_at + LIFETIME
    open_file(export.id, folder=folder, actor=actor, now=late - timedelta(seconds=1))
    with pytest.raises(ExportNotReady):
        open_file(export.id, folder=folder, actor=actor, now=late)
    assert not folder.file(export.token, export.kind).exists()
    assert ending.sweep(folder=folder, now=late) == 1
    assert the_export().state is ExportState.EXPIRED
    assert finance.get(f"/exports/{export.id}/file").status_code == 409
    assert the_export().sha256 in finance.get(f"/exports/{export.id}").text
    assert "export.expired" in actions()


def test_the_sweep_removes_strays_and_nothing_else(finance, shop, folder, now):
    take(finance, "period=all")
    token = "0123456789abcdef" * 3
    strays = [folder.path / f"{token}{ending}" for ending in (".csv", ".1.part", ".prints.1.part")]
    others = folder.path / "somebody's own.csv"
    for one in (*strays, others):
        one.write_text("left")
    ending.sweep(folder=folder, now=now)
    assert not any(one.exists() for one in strays)
    assert others.exists()
    export = the_export()
    assert folder.file(export.token, export.kind).exists()
    assert folder.prints(export.token, export.prints_sha256) is not None


def test_a_manager_revokes_a_purpose_and_the_file_is_gone(sign_in, shop, folder):
    finance, manager = sign_in(Role.FINANCE), sign_in(Role.MANAGER)
    body = take(finance, "period=all").data
    export = the_export()
    address = f"/exports/{export.id}/revocation/"
    assert finance.post(address, {"reason": "no longer"}).status_code == 403
    assert manager.post(address, {"reason": "no"}).status_code == 422
    assert manager.post(address, {"reason": "the audit is over"}).status_code == 303
    assert the_export().state is ExportState.REVOKED
    assert not folder.file(export.token, export.kind).exists()
    assert finance.get(f"/exports/{export.id}/file").status_code == 409
    page = finance.post("/exports/check", {"file": (io.BytesIO(body), "any.csv")}, **EN)
    assert "Its purpose was revoked" in page.text
    assert "the audit is over" in page.text
