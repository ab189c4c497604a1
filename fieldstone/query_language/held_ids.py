"""Ids of parents: that of a record that the viewer may not see is told by what points to it.

It is part of the holder, whose reference shows it as well. So the id of a parent means one thing,
wherever it stands; all else of a parent that is out of sight is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fieldstone.metadata.catalog import Field
from fieldstone.query_language.plan import FieldRef, SourceTable


def read_at(sources: Sequence[SourceTable], place: int, field: Field) -> tuple[int, Field]:
    """Give where the value of a field is read: the place of its source, and the field there.

    The id of a parent that may be out of sight is read in the reference to it.
    """
    source = sources[place]
    if field.column != "id" or source.guard is None or source.parent is None:
        return place, field
    assert source.reference is not None, "there is a way to every parent"
    return source.parent, source.reference


def ref_read(sources: Sequence[SourceTable], ref: FieldRef) -> FieldRef:
    """Give the reference to a field by which its value is read."""
    place, field = read_at(sources, ref.source, ref.field)
    return ref if place == ref.source else replace(ref, source=place, field=field)
