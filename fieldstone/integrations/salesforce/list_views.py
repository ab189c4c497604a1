"""List views: columns, filters as a condition of the query language, and whose records."""

from __future__ import annotations

from typing import Final

from fieldstone.integrations.salesforce.columns import Missing, column_of, columns_of
from fieldstone.integrations.salesforce.elements import text_of, texts_of
from fieldstone.integrations.salesforce.filters import (
    OF_TYPE,
    Criterion,
    UnreadableFilter,
    as_condition,
    filter_items,
)
from fieldstone.integrations.salesforce.items import Item
from fieldstone.integrations.salesforce.mapped import Mapped
from fieldstone.integrations.salesforce.names import Names, has_types
from fieldstone.integrations.salesforce.own_names import own_name
from fieldstone.metadata.component import Component
from fieldstone.metadata.values import Json, fold

_SCOPES: Final = {"Everything": "everything", "Mine": "mine"}
_MORE_THAN_MINE: Final = "MineAndMyGroups"
_RECORD_TYPES: Final = frozenset({"recordtype", "recordtypeid"})


def read_list_view(item: Item, names: Names) -> Mapped:
    """Give the view of an object's list; without its filter where that cannot be said here."""
    made: list[Component] = []
    notes: dict[str, None] = {}
    for owner in names.objects_meant(item.object):
        missing = Missing()
        body: dict[str, Json] = {
            "object": owner,
            "label": (text_of(item.xml, "label") or item.own)[:120],
            "columns": [*columns_of(names, owner, texts_of(item.xml, "columns"), missing)],
        }
        where = _where(item, owner, names, notes)
        if where:
            body["where"] = where
        scope = text_of(item.xml, "filterScope", "Everything")
        body["scope"] = _SCOPES.get(scope, "everything")
        if scope == _MORE_THAN_MINE:
            body["scope"] = "mine"
            notes["It shows what its viewer owns, without what belongs to their groups."] = None
        elif scope not in _SCOPES:
            notes[f"Its scope {scope} is not known here: it shows all records."] = None
        made.append(Component("list_view", f"{owner}.{own_name(item.own)}", body, names.package))
        notes |= dict.fromkeys(missing.notes("columns"))
    if item.xml.find("sharedTo") is not None and item.xml.find("sharedTo/allInternalUsers") is None:
        notes["It was shared with some groups; here everybody is offered it."] = None
    return Mapped(tuple(made), tuple(notes))


def _where(item: Item, owner: str, names: Names, notes: dict[str, None]) -> str:
    try:
        told = filter_items(item.xml, "filters")
        criteria = [criterion_of(one, owner, names) for one in told]
        return as_condition(criteria, text_of(item.xml, "booleanFilter")) if criteria else ""
    except UnreadableFilter as error:
        notes[f"Its filter is left out: {error.problem.message}"] = None
        return ""


def criterion_of(
    told: tuple[str, str, tuple[str, ...], str], owner: str, names: Names
) -> Criterion:
    """Give one item of a filter over the records of an object. Raises UnreadableFilter."""
    written, operation, values, _ = told
    if fold(written.rpartition(".")[2]) in _RECORD_TYPES:
        # Written as Object.Type, or as the type alone.
        if not has_types(owner, names):
            raise UnreadableFilter("Its object has no record types.")
        called = tuple(one.rpartition(".")[2] for one in values)
        return Criterion("RecordType", OF_TYPE, operation, called)
    column = column_of(names, owner, written)
    if column is None:
        raise UnreadableFilter(f"There is no field {written[:80]}.")
    path, known = column
    if known.targets and known.type != "polymorphic":
        path = f"{path}.name"  # filters compare what a reference shows
    return Criterion(path, known.type, operation, values)
