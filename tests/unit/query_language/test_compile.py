"""Queries and their SQL, side by side in tests/fixtures/queries.

Each file holds queries, each with its key and its statements. After a change on purpose, run with
UPDATE_FIXTURES=1 and read the difference line by line.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pytest

from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.rights import ADMINISTRATOR
from fieldstone.query_language.compile import Wanted, compile_count, compile_page
from fieldstone.query_language.lifting import lift
from fieldstone.query_language.parse import parse_query
from fieldstone.query_language.resolve import resolve
from fieldstone.runtime.statements import prepare
from tests.support.query_catalog import a_catalog

FIXTURES: Final = sorted((Path(__file__).parents[2] / "fixtures" / "queries").glob("*.txt"))
PARAMS: Final = {"ids": ["company_1", "company_2"], "text": "x"}


def described(text: str, catalog: Catalog) -> str:
    """Give a query with its key and its statements."""
    lifted = lift(parse_query(text), PARAMS)
    plan = resolve(lifted, catalog, ADMINISTRATOR)
    parts = [f"> {text}", f"key: {lifted.key}"]
    if not plan.counts_rows:
        parts.append(f"page:\n{prepare(compile_page(plan, catalog, Wanted(51))).sql}")
        keys = len(plan.order_by)
        if keys and not plan.grouped:
            after = Wanted(51, after=(False,) * keys)
            parts.append(f"after:\n{prepare(compile_page(plan, catalog, after)).sql}")
    parts.append(f"count:\n{prepare(compile_count(plan, catalog, cut=False)).sql}")
    return "\n".join(line.rstrip() for part in parts for line in part.splitlines())


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """The small catalog."""
    return a_catalog()


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_queries_compile_to_the_sql_beside_them(path: Path, catalog: Catalog) -> None:
    written = path.read_text()
    queries = [line[2:] for line in written.splitlines() if line.startswith("> ")]

    compiled = "\n\n".join(described(query, catalog) for query in queries) + "\n"

    if os.environ.get("UPDATE_FIXTURES"):
        path.write_text(compiled)
    assert compiled == written


def test_queries_that_differ_in_values_alone_have_one_key(catalog: Catalog) -> None:
    text = "SELECT id FROM Deal WHERE amount > {} AND name LIKE '{}%' AND stage IN ({}) LIMIT {}"
    one = lift(parse_query(text.format(1, "a", "'x'", 5)))
    other = lift(parse_query(text.format("2.5", "bcd", "'y', 'z'", 99)))

    assert one.key == other.key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("name = 'a'", "name = ''"),
        ("name = 'a'", f"name = '{'a' * 300}'"),
        ("name LIKE 'a%'", "name LIKE '%a'"),
        ("name LIKE 'a%'", "name LIKE 'a'"),
        ("amount > 1", "amount > 1.00000000000000000001"),
        ("amount = 1", "amount = null"),
        ("stage IN ('a')", "stage IN ('a', null)"),
        ("close_date = TODAY", "close_date = THIS_YEAR"),
        ("close_date IN (TODAY)", "close_date IN (TODAY, TODAY)"),
        ("tags INCLUDES ('A')", "tags INCLUDES ('A', 'B')"),
        ("amount > USD1", "amount > EUR1"),
    ],
)
def test_values_that_change_the_sql_change_the_key(one: str, other: str) -> None:
    keys = {lift(parse_query(f"SELECT id FROM Deal WHERE {where}")).key for where in (one, other)}

    assert len(keys) == 2
