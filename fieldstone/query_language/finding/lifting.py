"""Lifting of FIND: binds filled in, objects named, and the values taken out, as of queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from fieldstone.metadata.catalog import Catalog, ObjectDef
from fieldstone.metadata.rights import Rights
from fieldstone.metadata.values import Json
from fieldstone.query_language.binding import bind_object
from fieldstone.query_language.errors import BadQuery, NotSupported, TypeMismatch
from fieldstone.query_language.finding.fields import is_searched
from fieldstone.query_language.finding.patterns import holds_word, phone_digits_of
from fieldstone.query_language.finding.render import FindWriter
from fieldstone.query_language.finding.syntax import (
    AllOf,
    AnyOf,
    Find,
    NoneOf,
    Returned,
    SearchText,
    Term,
)
from fieldstone.query_language.finding.text import parse_search_text
from fieldstone.query_language.lifting import Lifted, Lifter, value_of
from fieldstone.query_language.syntax import Bind, Path, Query, SelectItem, Source, Text

MOST_OBJECTS: Final = 100
_LIMIT: Final = "limit of all"


@dataclass(frozen=True, slots=True)
class LiftedFind:
    """A search with its values apart. search: what is sought, which is no bind any more.

    limit: the number of the literal behind the LIMIT of the whole; None without.
    """

    find: Find
    search: SearchText
    lifted: Lifted
    limit: int | None


def with_text(find: Find, params: Mapping[str, Json]) -> Find:
    """Give a search whose text is known, with words in it.

    Raises MissingParameter, TypeMismatch and BadSyntax.
    """
    sought = find.sought
    if not isinstance(sought, Bind):
        return replace(find, sought=_with_words(sought) or sought)
    text = value_of(sought, params)
    if not isinstance(text, str):
        raise TypeMismatch(f"The parameter {sought.name} is no text to find.", at=sought.span)
    found = parse_search_text(text, sought.span, literally=False)
    return replace(find, sought=_with_words(found) or found)


def with_objects(find: Find, catalog: Catalog, rights: Rights) -> Find:
    """Give a search that names all objects it looks at, with fields to show of each.

    Without RETURNING these are all that have a field to look at. An object that stands alone shows
    the id and the name of its records. Raises UnknownObject, BadQuery.
    """
    if len(find.returning) > MOST_OBJECTS:
        raise NotSupported(f"A search returns at most {MOST_OBJECTS} objects.", at=find.span)
    if not find.returning:
        every = [one for one in catalog.objects if is_searched(one, find.fields, rights)]
        if not every:
            raise BadQuery("No object has a field that could be looked at.", at=find.span)
        named = (Path((one.name,), find.span) for one in every[:MOST_OBJECTS])
        bare = (Returned(Query((), Source(path, span=path.span)), span=path.span) for path in named)
        return with_objects(replace(find, returning=tuple(bare)), catalog, rights)
    found: dict[ObjectDef, Returned] = {}
    for returned in find.returning:
        obj = bind_object(returned.query.source.path, catalog, rights)
        if obj in found:
            raise BadQuery(f"RETURNING names {obj.name} twice.", at=returned.span)
        found[obj] = returned if returned.query.select else _showing_name(returned, obj, rights)
    return replace(find, returning=tuple(found.values()))


def lift_find(find: Find, params: Mapping[str, Json]) -> LiftedFind:
    """Take the values out of a search. Raises MissingParameter, TypeMismatch."""
    assert not isinstance(find.sought, Bind), "the text is known"
    writer = _FindLifter(params, in_expressions=False)
    key = writer.find(find)
    first = find.returning[0].query
    lifted = Lifted(first, key, tuple(writer.literals), writer.numbers, writer.inlined)
    return LiftedFind(find, find.sought, lifted, writer.numbers.get(_LIMIT))


def _showing_name(returned: Returned, obj: ObjectDef, rights: Rights) -> Returned:
    at = returned.span
    shown = [obj.by_name["id"].name]
    if rights.may_read_field(obj.title.id):
        shown.append(obj.title.name)
    items = (SelectItem(Path((name,), at), span=at) for name in dict.fromkeys(shown))
    return replace(returned, query=replace(returned.query, select=tuple(items)))


def _with_words(search: SearchText) -> SearchText | None:
    """Give a search without terms of separating signs alone, such as the & of R & D."""
    match search:
        case Term(pattern):
            return search if holds_word(pattern) else None
        case AllOf(parts) | AnyOf(parts):
            kept = tuple(one for part in parts if (one := _with_words(part)) is not None)
            return replace(search, parts=kept) if len(kept) > 1 else next(iter(kept), None)
        case NoneOf(part):
            found = _with_words(part)
            return None if found is None else replace(search, part=found)


class _FindLifter(Lifter, FindWriter):
    """Writes the shape of a search, and keeps its terms among the values."""

    def sought(self, sought: SearchText | Bind) -> str:
        assert not isinstance(sought, Bind)
        return self._shape(sought)

    def find_count(self, find: Find) -> str:
        assert find.limit is not None
        self.keep_count(_LIMIT, find.limit)
        return "?"

    def _shape(self, search: SearchText) -> str:
        match search:
            case Term(pattern):
                self.keep(id(search), Text(pattern, search.span))
                return "?digits" if phone_digits_of(pattern) else "?words"
            case AllOf(parts):
                return f"({' AND '.join(self._shape(part) for part in parts)})"
            case AnyOf(parts):
                return f"({' OR '.join(self._shape(part) for part in parts)})"
            case NoneOf(part):
                return f"NOT {self._shape(part)}"
