"""A query that is kept is lifted with other parameters as if it were lifted for the first time."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from hypothesis import example, given
from hypothesis import strategies as st

from fieldstone.errors import FieldstoneError, Problem
from fieldstone.metadata.values import Json
from fieldstone.query_language.lifted_forms import QueryForm
from fieldstone.query_language.lifting import Lifted, lift
from fieldstone.query_language.parse import parse_query

TEXTS: Final = (
    "SELECT a, b * 2 c FROM A WHERE a = :p AND (b LIKE :q OR NOT c != 5) LIMIT :r",
    "SELECT a FROM A WHERE a IN :p AND b NOT IN (1, :q, null) AND c INCLUDES :r OFFSET 3",
    "SELECT a FROM A AS OF :p WHERE a > TODAY AND b IN (SELECT c FROM B WHERE d EXCLUDES (:q))",
    "SELECT a + :p FROM A WHERE LEFT(a, 3) = :q AND DATE(2026, 1, :r) < b",
    "SELECT a, (SELECT b FROM bs WHERE c = :p LIMIT :q) FROM A ORDER BY d LIMIT :r PER a",
    "SELECT SUM(a) FROM A WHERE f(b, 1) > 5 GROUP BY b HAVING SUM(a) > :p AND MIN(c) = :q",
)
values: st.SearchStrategy[Json] = st.one_of(
    st.sampled_from(["", " ", "a", "b%", "%b", "50\\", "x" * 84, "x" * 85, "İ" * 130, "x" * 255]),
    st.sampled_from([0, 1, -1, 10**16, Decimal("1.5"), 2**31, True, None]),
    st.sampled_from(["2026-01-01", "TODAY", "\0"]),
)
params = st.dictionaries(
    st.sampled_from("pqr"), st.one_of(values, st.lists(values, max_size=3)), max_size=3
)


def outcome(query: QueryForm | None, text: str, given_params: Mapping[str, Json]) -> object:
    """Give what lifting gives, by a form or without one; or what is wrong."""
    tree = parse_query(text) if query is None else query.query
    try:
        found: Lifted = lift(tree, given_params) if query is None else query.lift(given_params)
    except FieldstoneError as error:
        problem: Problem = error.problem
        return problem
    return found.key, found.literals, sorted(found.numbers.values()), len(found.inlined)


@given(st.sampled_from(TEXTS), st.lists(params, min_size=1, max_size=30))
@example(TEXTS[0], [{"p": n, "q": "a", "r": 1} for n in (1, "a", None, "", 10**16, 2)])
def test_a_form_lifts_as_if_for_the_first_time(text: str, some: list[dict[str, Json]]) -> None:
    form = QueryForm(parse_query(text))
    for one in some:
        assert outcome(form, text, one) == outcome(None, text, one)
