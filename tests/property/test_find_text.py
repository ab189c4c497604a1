"""Laws of the search language: its text, and its patterns in Python and in PostgreSQL."""

from __future__ import annotations

import re
from typing import Final

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fieldstone.errors import InvalidInput
from fieldstone.metadata.values import fold
from fieldstone.query_language.finding.patterns import expression_of, like_of
from fieldstone.query_language.finding.render import render_find
from fieldstone.query_language.finding.syntax import (
    AllOf,
    AnyOf,
    FieldsSearched,
    Find,
    NoneOf,
    Options,
    Returned,
    SearchText,
    Setting,
    Term,
)
from fieldstone.query_language.parse import parse_find
from fieldstone.query_language.syntax import AccessMode, Query, Source
from tests.support.query_strategies import (
    aliases,
    binds,
    characters,
    conditions,
    names,
    orders,
    paths,
    select_items,
    values,
)

_SIGNS = st.one_of(
    st.sampled_from([*"*?", r"\*", r"\?", r"\\", '"', "(", ")", "{", "}", "AND", "or", "-", "'"]),
    characters.filter(lambda sign: sign not in "\\*?" and not sign.isspace()),
)
terms = (
    st.lists(st.lists(_SIGNS, min_size=1, max_size=5).map("".join), min_size=1, max_size=3)
    .map(" ".join)
    .map(Term)
)


def _several(inner: st.SearchStrategy[SearchText]) -> st.SearchStrategy[SearchText]:
    parts = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(st.builds(AllOf, parts), st.builds(AnyOf, parts), st.builds(NoneOf, inner))


search_texts: st.SearchStrategy[SearchText] = st.recursive(terms, _several, max_leaves=6)
_counts = st.none() | st.integers(0, 2_000) | binds
_queries = st.builds(
    Query,
    select=st.lists(select_items, min_size=1, max_size=3).map(tuple),
    source=paths.map(lambda path: Source(path)).filter(lambda one: len(one.path.names) == 1),
    where=st.none() | conditions(),
    order_by=st.lists(orders, max_size=2).map(tuple),
    limit=_counts,
    offset=_counts,
)
_returned = st.one_of(
    st.builds(Returned, _queries, st.none() | aliases),
    paths.map(lambda path: Returned(Query((), Source(path)))),
)
_withs = st.one_of(
    st.builds(Setting, names.map(str.upper).filter(lambda name: name != "DATA")),
    st.builds(Setting, names.map(str.upper), st.just("="), values.map(lambda value: (value,))),
    st.builds(
        Setting,
        names.map(str.upper),
        st.just("IN"),
        st.lists(values, min_size=1, max_size=2).map(tuple),
    ),
    st.builds(
        Options,
        st.just("SNIPPET"),
        st.tuples(st.tuples(names.map(str.lower), values)),
    ),
    st.builds(AccessMode, st.just("USER_MODE")),
)
finds = st.builds(
    Find,
    search_texts | binds,
    st.sampled_from(FieldsSearched),
    st.lists(_returned, max_size=2).map(tuple),
    st.lists(_withs, max_size=2).map(tuple),
    _counts,
    st.lists(st.sampled_from(["TRACKING", "VIEWSTAT"]), max_size=2).map(tuple),
)
_WORDS: Final = """
    FIND { } ( ) " ' \\ * ? AND OR NOT IN ALL NAME FIELDS RETURNING Contact Contact( name WHERE = 5
    ORDER BY LIMIT 3 OFFSET USING ListView WITH SNIPPET HIGHLIGHT DIVISION UPDATE TRACKING , :p 'x'
    é \0 \ud800
"""


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(finds)
def test_a_rendered_search_reads_back_as_itself(find: Find) -> None:
    assert parse_find(render_find(find)) == find


@settings(max_examples=300)
@given(
    st.lists(st.sampled_from(_WORDS.split()), max_size=20).map(lambda one: "FIND " + " ".join(one))
    | st.text(max_size=40).map(lambda text: f"FIND {{{text}}}")
)
@example("FIND {" + "(" * 3_000 + "}")
@example("FIND {" + "NOT " * 900 + "a}")
def test_any_text_is_read_or_refused_with_a_code(text: str) -> None:
    try:
        parse_find(text)
    except InvalidInput as error:
        assert error.problem.code.startswith("query.")
        assert error.problem.message.endswith(".")


@given(terms, st.text(characters, max_size=30))
@example(Term("a b"), "a\nb")
def test_what_a_term_finds_the_index_finds(term: Term, text: str) -> None:
    folded = fold(text)
    if re.search(expression_of(term.pattern), folded):
        pieces = re.findall(r"\\.|.", like_of(term.pattern), re.DOTALL)
        signs = {"%": ".*", "_": "."}
        like = "".join(
            re.escape(one[1:]) if one.startswith("\\") else signs.get(one, re.escape(one))
            for one in pieces
        )
        assert re.fullmatch(like, folded, re.DOTALL)
