"""What nobody changes by hand: packages themselves, and the protected records that they bring."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from fieldstone.errors import Problem
from fieldstone.metadata.component import Component, StoredComponent
from fieldstone.metadata.kinds.registry import KINDS, METADATA_RECORD

Key = tuple[str, str]


def kept_problems(keys: Iterable[Key], pointers: Mapping[Key, str]) -> Iterator[Problem]:
    """Yield what comes of other deeds and is not declared."""
    for kind, name in sorted(keys):
        if kind in KINDS and KINDS[kind].kept:
            yield Problem(
                "metadata.kept",
                f"The {kind} {name} is not declared by hand.",
                pointers.get((kind, name)),
                f"It comes and goes by /api/{kind}s.",
            )


def protected_problems(
    rows: Iterable[StoredComponent],
    upserts: Iterable[Component],
    others: Collection[Key],
    pointers: Mapping[Key, str],
) -> Iterator[Problem]:
    """Yield records of custom metadata that only their package changes.

    others: what is removed or gets another name. What follows from the change of something else,
    such as a field that is called otherwise, is nobody's change of the record.
    """
    said = {one.key: one for one in upserts if one.kind == METADATA_RECORD.name}
    for row in rows:
        before = row.component
        if before.kind != METADATA_RECORD.name or row.deleted_at is not None:
            continue
        if before.package is None or not before.body.get("protected"):
            continue
        changed = before.key in said and said[before.key].body != before.body
        if changed or before.key in others:
            yield Problem(
                "metadata.protected",
                f"{before.name} is protected: only the package {before.package} changes it.",
                pointers.get(before.key),
                "Upgrade the package, or make a record of your own.",
            )
