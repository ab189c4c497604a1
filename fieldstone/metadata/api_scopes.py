"""Scopes: how far a token reaches, whatever the person behind it may do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

API: Final = "api"
READ_RECORDS: Final = "records:read"
WRITE_RECORDS: Final = "records:write"
READ_METADATA: Final = "metadata:read"
WRITE_METADATA: Final = "metadata:write"
PEOPLE: Final = "people"
EXPORT: Final = "export"

API_SCOPES: Final[Mapping[str, str]] = {
    API: "Do all that you may do",
    READ_RECORDS: "Read and search records that you may read",
    WRITE_RECORDS: "Create, change and delete records that you may edit",
    READ_METADATA: "See which objects and fields there are",
    WRITE_METADATA: "Change objects and fields, where you may",
    PEOPLE: "See and deactivate people, where you may",
    EXPORT: "Export records that you may read to files",
}
"""What each lets a program do, in the words of whoever allows it."""

_IMPLIED: Final[Mapping[str, tuple[str, ...]]] = {
    WRITE_RECORDS: (READ_RECORDS,),
    WRITE_METADATA: (READ_METADATA,),
    EXPORT: (READ_RECORDS,),
}


def reaches(scopes: frozenset[str] | None, needed: str | None) -> bool:
    """Tell whether a token of these scopes may do what needs one of them.

    scopes: None for a token that is not narrowed. needed: None for what every token may do.
    """
    if scopes is None or needed is None or API in scopes:
        return True
    return needed in widened(scopes)


def widened(scopes: Iterable[str]) -> frozenset[str]:
    """Give scopes with what they imply: whoever may write may read."""
    given = frozenset(scopes)
    return given.union(*(_IMPLIED.get(scope, ()) for scope in given))


def in_order(scopes: Iterable[str]) -> tuple[str, ...]:
    """Give scopes that exist, each once, in the order in which they are told."""
    given = frozenset(scopes)
    return tuple(scope for scope in API_SCOPES if scope in given)
