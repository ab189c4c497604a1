"""Rows of sample data are made many at once, and references find the row that is meant."""

from __future__ import annotations

from itertools import groupby

from fieldstone.integrations.salesforce.sample_data import Row
from fieldstone.integrations.salesforce.sample_order import Arranged


def row(owner: str, reference: str, path: str, parent: str = "") -> Row:
    """Give a row, within another one where that is told."""
    return Row(owner, {}, reference, path, ("Below", parent) if parent else None)


def test_trees_are_made_by_object_with_those_outside_first():
    rows = [
        one
        for number in range(3)
        for one in (
            row("Account", f"A{number}", "a.json"),
            row("Contact", f"C{number}", "a.json", f"A{number}"),
            row("Case", f"T{number}", "a.json", f"C{number}"),
        )
    ]

    placed = Arranged(rows).rows

    groups = [name for name, _ in groupby(placed, key=lambda one: one.row.object)]
    assert groups == ["Account", "Contact", "Case"]
    assert {one.number for one in placed} == set(range(9))
    for one in placed[3:]:
        assert one.row.parent is not None
        assert one.above is rows[one.above_number]
        assert one.above.reference == one.row.parent[1]


def test_references_mean_rows_of_the_same_file_then_of_the_same_folder():
    rows = [row("Account", "1", path) for path in ("a/x.json", "a/y.json", "b/z.json")]
    rows.append(row("Account", "2", "b/z.json"))

    arranged = Arranged(rows)

    assert [arranged.find("1", one.path) for one in rows[:3]] == [0, 1, 2]
    assert arranged.find("1", "b/other.json") == 2
    assert arranged.find("1", "a/other.json") is None
    assert arranged.find("2", "c/other.json") == 3
    assert arranged.find("3", "b/z.json") is None
