"""Functions of Salesforce that have nothing to work on here, each with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fieldstone.errors import Span
from fieldstone.query_language.formula.errors import UnknownFunction

_REPORT: Final = (
    "reads the groups of a report, and around a formula there are none",
    "A query with GROUP BY ROLLUP has subtotals.",
)
_SCRIPT: Final = (
    "loads a script or part of a page of Salesforce",
    "HYPERLINK and IMAGE show links and pictures.",
)
_ELSEWHERE: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "PARENTGROUPVAL": _REPORT,
        "PREVGROUPVAL": _REPORT,
        "INCLUDE": _SCRIPT,
        "REQUIRESCRIPT": _SCRIPT,
        "GETRECORDIDS": (
            "reads which records are picked in a list, and a formula is about one record",
            "id is the record's own.",
        ),
        "PREDICT": (
            "asks a model of Einstein Discovery",
            "Calculate the value, or write it into a field.",
        ),
    }
)


def refuse_elsewhere(name: str, at: Span) -> None:
    """Refuse a function that only Salesforce has. Raises UnknownFunction."""
    found = _ELSEWHERE.get(name.upper())
    if found is not None:
        why, hint = found
        raise UnknownFunction(f"{name.upper()} {why}.", at=at, hint=hint)
