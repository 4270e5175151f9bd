"""Settings: every fault in one message, never a value; what is real asks for more."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from admin.config import Settings, SettingsError, sqlite_path
from tests.architecture.source import ROOT, modules

GOOD = {
    "DATABASE_URL": "sqlite:////tmp/jangbu-none/jangbu.db",
    "HUEY_URL": "sqlite:////tmp/jangbu-none/huey.db",
    "GATEWAY_URL": "http://127.0.0.1:8010",
    "GATEWAY_KEY": "imp_apikey",
    "GATEWAY_SECRET": "a-gateway-secret-that-is-long",
    "SECRET_KEY": "kJ8#vQ2-mN5xR7zW1yT4uB6cD9eF3gH0",
}
LIVE = {
    **GOOD,
    "GATEWAY_URL": "https://api.iamport.kr",
    "WEBHOOK_TOKEN": "q7Zr-x9Wm2Tn4Yb6Lk8Jh0Gf",
}
READ = re.compile(r'env\.\w+\(\s*"([A-Z_]+)"')


def settings(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> Settings:
    """What an environment of exactly these settings gives."""
    for name in (*names_read(), "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return Settings.from_env()


def names_read() -> set[str]:
    return set(READ.findall((ROOT / "admin/config.py").read_text(encoding="utf-8")))


def faults(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as caught:
        settings(monkeypatch, values)
    return str(caught.value)


def test_the_least_that_a_sandbox_needs_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings(monkeypatch, GOOD)
    assert found.is_sandbox
    assert found.secure_cookies
    assert not found.include_sandbox
    assert found.proxy_hops == 0
    assert not found.testing


def test_nothing_set_names_everything_that_is_missing_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = faults(monkeypatch, {})
    for name in GOOD:
        assert name in said
    assert ".env.example" in said


WEAK = {
    "DATABASE_URL": "mysql://root:hunter2@db/jangbu",
    "HUEY_URL": "amqp://guest:hunter2@mq",
    "GATEWAY_URL": "http://api.iamport.kr/hunter2",
    "GATEWAY_KEY": " ",
    "GATEWAY_SECRET": " ",
    "SECRET_KEY": "hunter2-hunter2-hunter2-hunter2-hunter2",
    "WEBHOOK_TOKEN": "hunter2",
}


def test_every_weak_setting_is_named_and_no_value_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = faults(monkeypatch, WEAK)
    for name in WEAK:
        assert name in said, name
    assert "hunter2" not in said


@pytest.mark.parametrize(
    "secret",
    ["", "secret", "changeme", "a" * 64, "abcabcabc" * 8, "kJ8#vQ2-mN5xR7zW1yT4uB6cD9eF3gH"],
)
def test_security_s44_a_weak_secret_key_stops_the_start(
    secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "SECRET_KEY" in faults(monkeypatch, {**GOOD, "SECRET_KEY": secret})


@pytest.mark.parametrize(
    "name",
    [
        *("INCLUDE_SANDBOX", "SECURE_COOKIES", "PROXY_HOPS"),
        *("SYNC_MINUTES", "SYNC_HISTORY_DAYS", "SYNC_IN_FLIGHT"),
    ],
)
def test_a_setting_that_cannot_be_read_is_named_without_its_value(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = faults(monkeypatch, {**GOOD, name: "hunter2"})
    assert name in said
    assert "hunter2" not in said


@pytest.mark.parametrize("number", ["0", "17", "-1"])
def test_a_walk_asks_for_one_page_at_once_or_for_a_few(
    number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "SYNC_IN_FLIGHT" in faults(monkeypatch, {**GOOD, "SYNC_IN_FLIGHT": number})


def test_live_is_fine_with_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not settings(monkeypatch, LIVE).is_sandbox


def test_live_demands_a_webhook_token_and_secure_cookies(monkeypatch: pytest.MonkeyPatch) -> None:
    said = faults(monkeypatch, {**LIVE, "WEBHOOK_TOKEN": "", "SECURE_COOKIES": "false"})
    assert "WEBHOOK_TOKEN" in said
    assert "SECURE_COOKIES" in said


def test_live_never_runs_with_the_settings_of_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """They hash passwords cheaply and count no rates."""
    assert "JANGBU_TESTING" in faults(monkeypatch, {**LIVE, "JANGBU_TESTING": "true"})


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1.evil.example:8010",
        "http://10.0.0.1:8010",
        "http://api.iamport.kr",
        "https://api.iamport.kr:8443",
        "ftp://127.0.0.1",
        "api.iamport.kr",
    ],
)
def test_a_gateway_is_https_or_this_computer(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "GATEWAY_URL" in faults(monkeypatch, {**GOOD, "GATEWAY_URL": url})


def test_the_example_lists_every_setting_that_is_read() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    listed = set(re.findall(r"^#? ?([A-Z][A-Z_]+)=", text, re.M))
    assert names_read() <= listed


def test_the_example_starts_nothing_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    pairs = dict(line.split("=", 1) for line in text.splitlines() if re.match("[A-Z]", line))
    said = faults(monkeypatch, pairs)
    for name in ("GATEWAY_KEY", "GATEWAY_SECRET", "SECRET_KEY"):
        assert name in said, "a secret is never copied from an example"


def test_settings_are_read_in_one_place() -> None:
    readers = [
        path.relative_to(ROOT).as_posix()
        for path in modules("admin")
        if re.search(r"os\.environ|getenv|Env\(", path.read_text(encoding="utf-8"))
    ]
    assert readers == ["admin/config.py"]


def test_security_s59_settings_do_not_print_their_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = repr(
        settings(monkeypatch, {**LIVE, "DATABASE_URL": "postgresql://u:hunter2@localhost/j"})
    )
    for secret in (LIVE["SECRET_KEY"], LIVE["GATEWAY_SECRET"], LIVE["WEBHOOK_TOKEN"], "hunter2"):
        assert secret not in shown


def test_the_path_behind_a_database_url_is_found() -> None:
    assert sqlite_path("sqlite:////srv/j.db") == Path("/srv/j.db")
    assert sqlite_path("postgresql://db/j") is None
