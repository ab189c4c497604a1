"""Queries of a folder that FIELDSTONE_QUERY_CASES names: what is valid is read, the rest refused.

The folder holds valid.jsonl and invalid.jsonl, each line as {"query", "valid", "flags"}; a query
with the flag partial is a clause alone and is completed first. Without a folder there is nothing
to try beside the queries of test_soql.py. With -s the test says how many there are.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from fieldstone.errors import InvalidInput
from fieldstone.metadata.values import read_json
from fieldstone.query_language.json_form import query_from_json, query_to_json
from fieldstone.query_language.parse import parse_query
from fieldstone.query_language.render import render_query

FURTHER = os.environ.get("FIELDSTONE_QUERY_CASES")
DISPUTABLE = {
    "AND Foo = 'bar' OR Baz = 'boom'": "Salesforce takes AND and OR in parentheses alone.",
    "LeadSourceCOUNT(Name)": "It reads as a function, which is unknown when names are bound.",
    "Id = foo": "Fields are compared with fields here; one that is not there is refused later.",
    "Id = :foo": "It is a parameter, which is missing when the query is asked without it.",
    "DISTANCE(GEOLOCATION(37.775,-122.418), warehouse": "Two places may stand in any order.",
}
"""What is judged otherwise here, by the words that tell the query, and why."""


def cases() -> list[dict[str, Any]]:
    """Give the queries of the folder."""
    folder = None if FURTHER is None else Path(FURTHER)
    files = [] if folder is None else [folder / "valid.jsonl", folder / "invalid.jsonl"]
    lines = [line for file in files for line in file.read_text("utf-8").splitlines() if line]
    return [read_json(line) for line in lines]  # type: ignore[misc]  # each line is an object


def completions(case: dict[str, Any]) -> tuple[str, ...]:
    """Give the texts of a query; of a clause, with what may be missing before or behind it."""
    text: str = case["query"]
    if "partial" not in case["flags"]:
        return (text,)
    return text, f"SELECT Id {text}", f"SELECT Id FROM Account {text}", f"{text} FROM Account"


def judged(text: str) -> bool:
    """Tell whether a query is read, and then comes back from its own text and from its JSON."""
    try:
        query = parse_query(text)
    except InvalidInput:
        return False
    assert parse_query(render_query(query)) == query
    assert query_from_json(query_to_json(query)) == query
    return True


@pytest.mark.skipif(FURTHER is None, reason="FIELDSTONE_QUERY_CASES names no folder")
def test_every_query_of_the_folder_is_judged_right() -> None:
    found = cases()
    wrong = [
        case["query"]
        for case in found
        if any(judged(text) for text in completions(case)) != case["valid"]
    ]
    disputed = [one for one in wrong if any(words in one for words in DISPUTABLE)]
    sys.stdout.write(f"\n{len(found)} queries, {len(wrong)} otherwise, {len(disputed)} by choice\n")

    assert [one for one in wrong if one not in disputed] == []
