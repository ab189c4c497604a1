"""What follows for the views that people keep when fields, objects and settings are renamed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from fieldstone.ids import ObjectId
from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.component import Component, StoredComponent
from fieldstone.metadata.component_change import ComponentChange
from fieldstone.metadata.kinds.registry import FIELD, LIST_VIEW, OBJECT, SETTING
from fieldstone.metadata.named_places import FormulaNames
from fieldstone.metadata.renames import renamed
from fieldstone.metadata.scope import Scope
from fieldstone.metadata.values import JsonObject
from fieldstone.runtime.personal_views import PersonalView, follow_renames
from fieldstone.runtime.transactions import Transaction

# The object of a field has its old name while the field is looked for.
_IN_ORDER: Final = (FIELD.name, SETTING.name, OBJECT.name)


async def follow_in_views(
    tx: Transaction,
    changes: Iterable[ComponentChange],
    stored: Sequence[StoredComponent],
    formulas: FormulaNames,
) -> None:
    """Have the views that people keep name what they named by its new name.

    stored: the components before the change; tx has the catalog from before it.
    """
    renames = [
        (one.before, one.after.name)
        for one in changes
        if one.before is not None and one.after is not None and one.before.kind in _IN_ORDER
        if one.before.name != one.after.name
    ]
    if not renames:
        return
    renames.sort(key=lambda one: _IN_ORDER.index(one[0].kind))
    scope = Scope(row.component for row in stored if row.deleted_at is None)

    def follow(view: PersonalView) -> JsonObject:
        component = _component_of(view, tx.catalog)
        if component is None:
            return view.body
        for target, name in renames:
            component = renamed(component, target, name, scope, formulas)
        return {key: value for key, value in component.body.items() if key != "object"}

    await follow_renames(tx, follow)


def _component_of(view: PersonalView, catalog: Catalog) -> Component | None:
    obj = catalog.by_id.get(ObjectId(view.object_id))
    if obj is None:
        return None
    return Component(LIST_VIEW.name, f"{obj.name}.Own", {**view.body, "object": obj.name})
