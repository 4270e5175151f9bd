"""docs/gateway.md says what is so: it is made, and the committed one is what is made now."""

from __future__ import annotations

import json

from tests import gateway_page
from tests.gateway_page import PAGE, RECORD, page, read_operations, read_tests

REMAKE = ".venv/bin/python -m tests.gateway_page"


def test_the_committed_page_is_the_one_that_is_made() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), f"Make it anew: {REMAKE}"


def test_every_operation_of_the_contract_is_on_the_page_once() -> None:
    names = [operation.name for operation in read_operations([])]
    text = page()
    assert len(names) == len(set(names)) > 40
    assert [text.count(f"### {name}\n") for name in names] == [1] * len(names)


def test_companies_are_those_of_kcp_alone() -> None:
    kcp = {operation.name: operation.kcp for operation in read_operations([])}
    assert kcp["POST /payments/cancel"] is None
    assert kcp["GET /payments/{imp_uid}/balance"] == ()
    assert kcp["POST /subscribe/payments/again"] == ("kcp", "kcp_billing")


def test_what_a_published_client_reached_with_success_is_served() -> None:
    served = {operation.name for operation in read_operations([]) if operation.served}
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    reached = {
        name
        for name, clients in record.items()
        if any("success" in how for how in clients.values())
    }
    assert reached <= served


def test_a_test_that_checks_through_its_parameters_is_counted() -> None:
    operations = gateway_page._names(gateway_page._contract())
    holds = {test.name: test.holds for test in read_tests(operations)}
    assert "GET /banks" in holds["test_public_lists"]
    assert holds["test_last_minute_adds_five_minutes"] == frozenset()


def test_every_choice_says_what_was_chosen() -> None:
    tests = read_tests(frozenset())
    silent = [test.name for test in tests if test.name.startswith("test_choice_") and not test.says]
    assert silent == []
