"""From syntax tree to text."""

from __future__ import annotations

import pytest

from fieldstone.query_language.parse import parse_condition, parse_query
from fieldstone.query_language.render import render_condition, render_query


@pytest.mark.parametrize(
    "text",
    [
        "SELECT id, company.name FROM Deal d WHERE d.stage != 'Won' ORDER BY amount DESC LIMIT 5",
        "SELECT COUNT() FROM Deal",
        "SELECT name AS n, COUNT(id) total FROM Deal",
        "SELECT name n, COUNT(id) FROM Deal GROUP BY name HAVING COUNT(id) > 1",
        "SELECT id, (SELECT id FROM contacts LIMIT :n) FROM Company OFFSET 5 FOR VIEW ALL ROWS",
        "SELECT TYPEOF what WHEN Deal THEN amount ELSE name END FROM Task",
        "SELECT id FROM Deal WHERE id NOT IN (SELECT deal FROM Quote) AND tags INCLUDES ('a;b')",
        "SELECT id FROM Deal WITH DATA CATEGORY Geo AT (usa, uk) GROUP BY CUBE(a, b)",
        r"SELECT id FROM Deal WHERE name LIKE 'it\'s 5\%\n' AND closed = 2024-05-01T10:00:00Z",
    ],
)
def test_canonical_text_is_rendered_as_it_was(text: str) -> None:
    assert render_query(parse_query(text)) == text


def test_nested_conditions_get_the_parentheses_they_need() -> None:
    condition = parse_condition(
        "((a = 1)) and (b = x or not (c like 'y')) and (not (d = 1 and e = 2))"
    )
    expected = "a = 1 AND (b = x OR NOT c LIKE 'y') AND NOT (d = 1 AND e = 2)"
    assert render_condition(condition) == expected
