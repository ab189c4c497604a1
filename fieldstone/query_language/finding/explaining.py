"""A plan of FIND in words: where is looked first, which fields decide, and what makes it slow.

As of a query, nothing of it is a value: neither of a record nor of the words that are sought.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from fieldstone.metadata.values import JsonObject
from fieldstone.query_language.explaining import (
    Expected,
    told_of_estimate,
    told_of_use,
    used_in,
)
from fieldstone.query_language.finding.patterns import INDEXED, tells
from fieldstone.query_language.finding.plan import FindPart, FindPlan
from fieldstone.query_language.finding.syntax import terms_of

_MANY_OBJECTS: Final = 5
"""So many objects are worth a word about naming those that are wanted."""


def explain_find(
    plan: FindPlan, patterns: Sequence[Sequence[str]], expected: Expected | None, most: int
) -> JsonObject:
    """Give a plan for people and programs; says holds the whole of it as sentences.

    patterns: what the index is asked for. expected: None for those who do not read everything.
    most: how many records whose texts may match are looked at.
    """
    objects = [_explained(part) for part in plan.parts]
    advice = list(_advice(plan))
    says = [
        _first_look(patterns, most),
        *(sentence for part in plan.parts for sentence in _says(part)),
        *told_of_estimate(expected),
        *advice,
    ]
    numbers = {"rows": expected.rows, "cost": round(expected.cost)} if expected else {}
    return {"objects": objects, "tests": len(patterns), **numbers, "advice": advice, "says": says}


def _first_look(patterns: Sequence[Sequence[str]], most: int) -> str:
    alternatives = sum(map(len, patterns))
    asked = "1 pattern" if alternatives == 1 else f"{alternatives} patterns"
    together = f" in {len(patterns)} tests that all have to hold" if len(patterns) > 1 else ""
    return (
        f"An index over the search texts of all records is asked for {asked}{together}, and gives "
        f"up to {most:,} records."
    )


def _explained(part: FindPart) -> JsonObject:
    conditions, orders = used_in(part.plan)
    return {
        "object": part.object.name,
        "heap": part.object.heap,
        "fields": [field.name for field in (*part.texts, *part.phones)],
        "conditions": conditions,
        "order": orders,
    }


def _says(part: FindPart) -> Iterator[str]:
    name = part.object.name
    fields = [field.name for field in (*part.texts, *part.phones)]
    if not fields:
        yield f"{name} has no field that is searched, so that nothing of it is found."
        return
    yield f"Of {name}, in {part.object.heap}, these fields decide: {', '.join(fields)}."
    yield from told_of_use(*used_in(part.plan))
    if not part.plan.order_by:
        by = "their ids" if part.title is None else f"how well {part.title.name} fits the words"
        yield f"Records of {name} come in the order of {by}."


def _advice(plan: FindPlan) -> Iterator[str]:
    shortest = min((tells(term.pattern) for term in terms_of(plan.search)), default=INDEXED)
    if shortest < INDEXED:
        yield (
            f"A word with fewer than {INDEXED} letters or digits in a row is no help to the index: "
            "a longer one beside it makes the search fast."
        )
    if len(plan.parts) > _MANY_OBJECTS:
        yield "RETURNING with the objects that are wanted leaves the others alone."
    if any(part.plan.offset is not None for part in plan.parts):
        yield "OFFSET reads what it passes over."
