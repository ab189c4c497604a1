"""What declared views and actions say in the languages, checked when they are declared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from fieldstone.metadata.catalog import Catalog, ObjectDef
from fieldstone.metadata.rights import ADMINISTRATOR
from fieldstone.query_language.formula.check import check
from fieldstone.query_language.formula.parse import parse_formula
from fieldstone.query_language.formula.record_scope import RecordScope
from fieldstone.query_language.json_form import filter_from_json, read_filter
from fieldstone.query_language.lifting import lift
from fieldstone.query_language.resolve import resolve
from fieldstone.query_language.syntax import Path, Query, SelectItem, Source

Said = tuple[str, str, str, Callable[[], object]]
"""Kind and full name of a component, where in its body it says something, and how to read that."""


def declared_texts(catalog: Catalog) -> Iterator[Said]:
    """Yield every condition of a view and every default of an action that has an object."""
    for view in catalog.declared.get("list_view", {}).values():
        obj = None if view.object_id is None else catalog.by_id.get(view.object_id)
        if obj is not None and view.body.where is not None:
            work = partial(_read_condition, catalog, obj, view.body.where)
            yield "list_view", f"{obj.name}.{view.name}", "where", work
    for action in catalog.declared.get("quick_action", {}).values():
        named = action.body.object or action.body.target
        obj = None if named is None else catalog.find_object(named)
        if obj is None:
            continue
        full = f"{action.body.object}.{action.name}" if action.body.object else action.name
        for field, text in action.body.defaults.items():
            work = partial(_read_formula, catalog, obj, text)
            yield "quick_action", full, f"defaults/{field}", work


def _read_condition(catalog: Catalog, obj: ObjectDef, where: str | Mapping[str, Any]) -> None:
    condition = read_filter(where) if isinstance(where, str) else filter_from_json(where, "")
    query = Query((SelectItem(Path(("id",))),), Source(Path((obj.name,))), where=condition)
    resolve(lift(query), catalog, ADMINISTRATOR)


def _read_formula(catalog: Catalog, obj: ObjectDef, text: str) -> None:
    check(parse_formula(text), RecordScope(catalog, obj, ADMINISTRATOR))
