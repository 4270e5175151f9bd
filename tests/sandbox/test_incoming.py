"""What becomes of bracket names in form bodies."""

import pytest

from sandbox.incoming import nested


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        ([("a", "1"), ("a", "2")], {"a": "1"}),
        ([("a[b]", "1"), ("a[c][d]", "2")], {"a": {"b": "1", "c": {"d": "2"}}}),
        ([("a[]", "1"), ("a[]", "2")], {"a": ["1", "2"]}),
        ([("a[10]", "x"), ("a[9]", "y")], {"a": ["y", "x"]}),
        ([("a[1][b]", "2"), ("a[0][b]", "1"), ("a[1][c]", "3")],
         {"a": [{"b": "1"}, {"b": "2", "c": "3"}]}),
        ([("a[0]", "1"), ("a[b]", "2")], {"a": {"0": "1", "b": "2"}}),
    ],
)  # fmt: skip
def test_brackets(fields: list[tuple[str, str]], body: dict[str, object]) -> None:
    assert nested(fields) == body
