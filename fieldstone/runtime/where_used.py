"""Where a component is used: who names it, and who asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fieldstone.errors import Forbidden
from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.component import Component, StoredComponent, UnknownComponent
from fieldstone.metadata.component_change import ComponentChange
from fieldstone.metadata.differences import differences
from fieldstone.metadata.kinds.field import split_name
from fieldstone.metadata.kinds.registry import FIELD, OBJECT, OWNED, get_kind
from fieldstone.metadata.names import suggestion
from fieldstone.metadata.renames import renamed
from fieldstone.metadata.scope import Scope
from fieldstone.metadata.values import fold
from fieldstone.query_language.formula.renaming import FormulaRenames
from fieldstone.runtime.metadata_changes import load_components
from fieldstone.runtime.storage.usage import load_use
from fieldstone.runtime.transactions import Transaction

_ELSEWHERE: Final = "another_name_that_nothing_has"


@dataclass(frozen=True, slots=True)
class Use:
    """A component that names another one, and the places of its body where it does."""

    kind: str
    name: str
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Uses:
    """Who uses a component.

    queries: how many of the last thirty days asked for an object, or filtered or sorted by a field;
    None for components of which queries know nothing.
    """

    component: Component
    uses: tuple[Use, ...]
    queries: int | None


async def where_used(tx: Transaction, kind: str, name: str) -> Uses:
    """Tell who names a component. Raises UnknownComponent, Forbidden.

    Components of which the viewer may see nothing are left out.
    """
    area = get_kind(kind).area
    if not tx.rights.may_set_up(area):
        raise Forbidden("You may not see how the system is set up.")
    rows = [row for row in await load_components(tx) if row.deleted_at is None]
    target = next((row for row in rows if row.component.key == (kind, fold(name))), None)
    if target is None:
        known = [row.component.name for row in rows if row.component.kind == kind]
        raise UnknownComponent(f"There is no {kind} {name[:80]}.", hint=suggestion(name, known))
    visible = [row for row in rows if tx.rights.may_set_up(get_kind(row.component.kind).area)]
    uses = users_of(target.component, visible, tx.catalog)
    return Uses(target.component, uses, await _queries(tx, target))


def users_of(target: Component, rows: list[StoredComponent], catalog: Catalog) -> tuple[Use, ...]:
    """Give the components that name another one, by what would follow if it had another name."""
    scope, formulas = Scope(row.component for row in rows), FormulaRenames(catalog)
    owner, own = split_name(target.name)
    name = f"{owner}.{_ELSEWHERE}" if owner and own else _ELSEWHERE
    found = []
    for component in (row.component for row in rows if not _is_part(row.component, target)):
        followed = renamed(component, target, name, scope, formulas)
        changed = ComponentChange("change", 0, component, followed, {})
        # A place that is itself called by the name comes twice: as it is, and as it would be.
        places = [one.at for one in differences(changed) if _ELSEWHERE not in one.at]
        needed = target.key in {(k, fold(n)) for k, n in get_kind(component.kind).needs(component)}
        if places or needed:
            found.append(Use(component.kind, component.name, tuple(places)))
    return tuple(found)


def _is_part(component: Component, target: Component) -> bool:
    """Tell whether a component is another one, or a field or rule of it."""
    if component.key == target.key:
        return True
    owned = target.kind == OBJECT.name and component.kind in OWNED
    return owned and fold(split_name(component.name)[0]) == fold(target.name)


async def _queries(tx: Transaction, target: StoredComponent) -> int | None:
    kind = target.component.kind
    if kind not in (OBJECT.name, FIELD.name):
        return None
    return sum(
        one.times
        for one in await load_use(tx)
        if target.id == one.use.object_id or target.id in one.use.fields
    )
