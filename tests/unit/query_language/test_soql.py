"""Queries as people and programs write them for Salesforce: read, or refused."""

from __future__ import annotations

from pathlib import Path as File

import pytest

from fieldstone.errors import InvalidInput
from fieldstone.query_language.parse import parse_query
from fieldstone.query_language.render import render_query
from fieldstone.query_language.syntax import And, Bind, Comparison, Membership, Operator, Path

SOQL = File(__file__).parents[2] / "fixtures" / "soql"
ACCEPTED = (SOQL / "accepted.txt").read_text("utf-8").splitlines()
BEYOND = (SOQL / "beyond.txt").read_text("utf-8").splitlines()
REFUSED = (SOQL / "refused.txt").read_text("utf-8").splitlines()


@pytest.mark.parametrize("text", [*ACCEPTED, *BEYOND])
def test_what_salesforce_takes_and_more_reads_back_as_itself(text: str) -> None:
    query = parse_query(text)

    assert parse_query(render_query(query)) == query


@pytest.mark.parametrize("text", REFUSED)
def test_what_nobody_takes_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_query(text)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("accountId", "accountId"),
        (" acc . Owner.Id", "acc.Owner.Id"),
        ("list[ i + 1 ]?.Id", "list[i+1]?.Id"),
        ("names.get( 'a  b' )", "names.get('a  b')"),
        ("new  Map<Id, List<Id>>( some )\n.keySet()", "new Map<Id,List<Id>>(some).keySet()"),
        ("new Set<Id>{ a.Id, b }", "new Set<Id>{a.Id,b}"),
        ("(Id) record.get('Id')", "(Id)record.get('Id')"),
        ("one(two(three(four(')'))))", "one(two(three(four(')'))))"),
    ],
)
def test_a_bind_may_be_what_apex_has_behind_its_colon(written: str, name: str) -> None:
    where = parse_query(f"SELECT a FROM b WHERE c = :{written} ORDER BY d").where

    assert isinstance(where, Comparison)
    assert where.right == Bind(name)


def test_a_list_in_parentheses_is_no_cast_of_the_next_word() -> None:
    where = parse_query("SELECT a FROM b WHERE c IN :(names) LIMIT 3").where

    assert isinstance(where, Membership)
    assert where.right == Bind("(names)")


def test_a_pattern_may_be_joined_behind_a_colon() -> None:
    where = parse_query("SELECT a FROM b WHERE c LIKE :'%' + name + '%' AND d = 1").where

    assert isinstance(where, And)
    assert where.conditions[0] == Comparison(Path(("c",)), Operator.LIKE, Bind("'%'+name+'%'"))


def test_counts_may_be_calculated_behind_a_colon() -> None:
    query = parse_query("SELECT a FROM b LIMIT :size - 1 OFFSET :(page - 1) * size // so far")

    assert query.limit == Bind("size-1")
    assert query.offset == Bind("(page-1)*size")
