"""docs/faults.md is made from the tests: each fault is proved, or says why it is not yet."""

from __future__ import annotations

from tests.faults_page import FAULTS, NO_TEST, PAGE, page, proofs

REMAKE = ".venv/bin/python -m tests.faults_page"


def test_the_committed_page_is_the_one_that_is_made() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), f"Make it anew: {REMAKE}"


def test_every_fault_is_proved_or_says_why_not() -> None:
    proved = proofs()
    assert set(FAULTS) == set(range(1, 69))
    assert set(proved) <= set(FAULTS), "a test names a fault that nobody has described"
    assert set(FAULTS) - set(proved) == set(NO_TEST)


def test_a_fault_named_by_a_case_is_found() -> None:
    lost = "operations/test_refund_outcomes.py::"
    lost += "test_a_refund_that_happened_behind_an_unclear_answer_is_settled_by_its_marker"
    assert lost in proofs()[14]
