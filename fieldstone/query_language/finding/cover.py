"""What a text must hold to be found at all: alternatives of which each group has one.

It is asked of an index over the whole search text of a record, before the fields are looked at.
"""

from __future__ import annotations

from typing import Final, TypeAlias, assert_never

from fieldstone.query_language.errors import BadQuery
from fieldstone.query_language.finding.patterns import FEWEST, like_of, phone_digits_of, tells
from fieldstone.query_language.finding.syntax import AllOf, AnyOf, NoneOf, SearchText, Term

MOST_GROUPS: Final = 8
Groups: TypeAlias = tuple[tuple[Term, ...], ...]


def patterns_of(search: SearchText) -> list[list[str]]:
    """Give patterns of LIKE: of each list, every text that is found matches one.

    The list that tells most comes first. Raises BadQuery for a search that has none, because it
    only says what is not wanted, or that would go through everything, as of a single letter.
    """
    groups = _telling(search)
    if not groups:
        raise BadQuery(
            "This search only says what is not wanted.",
            at=search.span,
            hint="Put something to find in front of it: acme AND NOT old.",
        )
    if _tells(groups[0]) < FEWEST:
        short = min(groups[0], key=lambda term: tells(term.pattern))
        raise BadQuery(
            f"A word to find has at least {FEWEST} letters or digits in a row.",
            at=short.span,
            hint="Wildcards do not count.",
        )
    return [_patterns(group) for group in groups[:MOST_GROUPS]]


def _patterns(group: tuple[Term, ...]) -> list[str]:
    found: dict[str, None] = {}
    for term in group:
        found[like_of(term.pattern)] = None
        if digits := phone_digits_of(term.pattern):
            found[f"{digits.rstrip('%')}%"] = None
    return list(found)


def _telling(search: SearchText) -> Groups:
    """Give the groups of a search, those that tell most first."""
    match search:
        case Term():
            return ((search,),)
        case NoneOf():
            return ()
        case AllOf(parts):
            found = dict.fromkeys(group for part in parts for group in _telling(part))
            return tuple(sorted(found, key=lambda group: (-_tells(group), len(group))))
        case AnyOf(parts):
            return _of_alternatives(tuple(_telling(part) for part in parts))
        case _:
            assert_never(search)


def _of_alternatives(parts: tuple[Groups, ...]) -> Groups:
    """Give one group of the alternatives, each with what tells most of it; none if one has none."""
    if not all(parts):
        return ()
    return (tuple(dict.fromkeys(term for groups in parts for term in groups[0])),)


def _tells(group: tuple[Term, ...]) -> int:
    return min(tells(term.pattern) for term in group)
