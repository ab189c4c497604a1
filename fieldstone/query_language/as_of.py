"""AS OF: which instant is meant, and the catalog that a query of the past is resolved under.

Names and rights are those of today. Slots are not: they hold the values of today alone, so that
under this catalog no field has one, and all is read from the JSON of the records as they were.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

from fieldstone.errors import Span
from fieldstone.metadata.catalog import Catalog, ChildRelation, Field, ObjectDef
from fieldstone.query_language.errors import NotYet, TypeMismatch
from fieldstone.query_language.plan import Literal, Moment, place_of
from fieldstone.query_language.relative_dates import days_of, start_of
from fieldstone.query_language.syntax import DateTimeValue, DateValue, RelativeDate, Text

_KEPT: Final = 512
_MILLISECOND: Final = 1_000
_REST: Final = timedelta(microseconds=_MILLISECOND - 1)
_HINT: Final = "Write a day, a moment such as 2026-03-18T12:00:00Z, or YESTERDAY."


def instant_of(literal: Literal, moment: Moment) -> datetime:
    """Give the instant that is meant; of a day and of a span of days, where it begins.

    Records tell their times to the millisecond: all of it counts, so that whoever names a time that
    a record tells sees that change. Raises TypeMismatch, and NotYet for what is still to come.
    """
    found = _read(literal, moment)
    if found > moment.now:
        raise NotYet(
            f"{found.isoformat()} is still to come.",
            at=place_of(literal),
            hint="AS OF looks back: name an instant up to now.",
        )
    return found if found.microsecond % _MILLISECOND else found + _REST


def _read(literal: Literal, moment: Moment) -> datetime:
    match literal:
        case DateTimeValue(instant):
            return instant
        case DateValue(day):
            return start_of(day, moment)
        case RelativeDate():
            return start_of(days_of(literal, moment)[0], moment)
        case Text():
            return _read_text(literal.value.strip(), literal.span, moment)
        case _:
            raise TypeMismatch("AS OF takes an instant.", at=place_of(literal), hint=_HINT)


def _read_text(text: str, at: Span, moment: Moment) -> datetime:
    """Read an instant that came as text, as parameters do."""
    try:
        if len(text) == len("2026-03-18"):
            return start_of(date.fromisoformat(text), moment)
        found = datetime.fromisoformat(text)
    except ValueError:
        raise TypeMismatch(f"{text[:80]!r} is no instant.", at=at, hint=_HINT) from None
    if found.tzinfo is None:
        raise TypeMismatch(
            f"{text} has no time zone.",
            at=at,
            hint=f"Write {text}Z for UTC, or an offset such as {text}+02:00.",
        )
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise TypeMismatch(f"{text} is no instant.", at=at, hint=_HINT) from None


def past_catalog(catalog: Catalog) -> Catalog:
    """Give a catalog without slots: the same ids, names and types, in fields of its own."""
    objects = {obj.id: _without_slots(obj) for obj in catalog.objects}

    def names(known: dict[str, ObjectDef]) -> dict[str, ObjectDef]:
        return {name: objects[obj.id] for name, obj in known.items()}

    children = {
        number: tuple(_below(relation, objects[relation.object.id]) for relation in relations)
        for number, relations in catalog.children.items()
    }
    return replace(
        catalog,
        objects=tuple(objects[obj.id] for obj in catalog.objects),
        by_id=objects,
        by_name=names(dict(catalog.by_name)),
        by_slug=names(dict(catalog.by_slug)),
        by_prefix=names(dict(catalog.by_prefix)),
        children=children,
    )


@lru_cache(maxsize=_KEPT)
def _without_slots(obj: ObjectDef) -> ObjectDef:
    """Give an object whose fields are read from the JSON; the same one for all who ask in time."""
    fields = {one: one if one.is_system else replace(one, slot=None) for one in obj.fields}
    # What tells of the record type is found by its names alone, and lies in no slot.
    by_name = {name: fields.get(one, one) for name, one in obj.by_name.items()}
    return replace(obj, fields=tuple(fields.values()), by_name=by_name)


def _below(relation: ChildRelation, obj: ObjectDef) -> ChildRelation:
    return replace(relation, object=obj, field=_same(relation.field, obj))


def _same(field: Field, obj: ObjectDef) -> Field:
    return next(one for one in obj.fields if one.id == field.id)
