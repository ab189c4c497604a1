"""What else a metadata change touches: who names what is changed, and how often it is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from fieldstone.metadata.component import StoredComponent
from fieldstone.metadata.component_change import ComponentChange
from fieldstone.metadata.kinds.registry import FIELD, OBJECT, get_kind
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.query_language.named_fields import WHOLE
from fieldstone.runtime.client_use import ClientUse, load_clients
from fieldstone.runtime.long_texts import worked_out
from fieldstone.runtime.metadata_changes import load_components
from fieldstone.runtime.storage.usage import Asked, load_use
from fieldstone.runtime.transactions import Transaction
from fieldstone.runtime.where_used import Use, users_of

MOST_TOLD: Final = 10
"""So many changed components are looked for elsewhere; a change set may have thousands."""

_WORK: Final = 20
"""How much there is to look through in a component, in characters of a text."""

_LABELS: Final = frozenset({"label", "plural_label", "help", "description", "icon"})
"""What of an object or field may be said otherwise without anybody noticing."""


@dataclass(frozen=True, slots=True)
class Touched:
    """A component that is changed or goes, and who notices.

    uses: the components that name it, those of the same change set included. queries: how many of
    the last thirty days filtered or sorted by it. clients: the programs that asked for it in these
    days. package: who ships it.
    """

    kind: str
    name: str
    package: str | None
    uses: tuple[Use, ...]
    queries: int
    clients: tuple[ClientUse, ...] = ()

    def as_json(self) -> JsonObject:
        """Give it as callers see it."""
        named: list[Json] = [{"kind": one.kind, "name": one.name} for one in self.uses]
        return {
            "kind": self.kind,
            "name": self.name,
            "package": self.package,
            "named_by": named,
            "queries": self.queries,
            "clients": [
                {
                    "name": one.name,
                    "app": one.is_app,
                    "times": one.times,
                    "last_day": one.last_day.isoformat(),
                }
                for one in self.clients
            ],
        }


async def load_touched(tx: Transaction, changes: Iterable[ComponentChange]) -> tuple[Touched, ...]:
    """Tell who notices a change, for the first of the objects and fields that it is about."""
    told = list(_told(changes))[:MOST_TOLD]
    if not told:
        return ()
    rows = [row for row in await load_components(tx) if row.deleted_at is None]
    visible = [row for row in rows if tx.rights.may_set_up(get_kind(row.component.kind).area)]
    asked = await load_use(tx)
    places = {one.id: _place(tx, one) for one in told}
    clients = await load_clients(tx, [owner for owner, _ in places.values()])
    found = [
        await worked_out(partial(_touched, tx, one, visible, asked), len(visible) * _WORK)
        for one in told
    ]
    heard = (
        replace(one, clients=clients.get(places[change.id], ()))
        for change, one in zip(told, found, strict=True)
    )
    return tuple(one for one in heard if one.uses or one.queries or one.clients or one.package)


def _place(tx: Transaction, change: ComponentChange) -> tuple[int, int]:
    """Give the numbers of an object and, unless it is that itself, of a field."""
    assert change.before is not None
    if change.before.kind == OBJECT.name:
        return change.id, int(WHOLE)
    owner = tx.catalog.find_object(change.before.name.partition(".")[0])
    return (owner.id if owner is not None else 0), change.id


def _told(changes: Iterable[ComponentChange]) -> Iterator[ComponentChange]:
    """Yield the changes that others may notice."""
    for change in changes:
        before, after = change.before, change.after
        if before is None or before.kind not in (OBJECT.name, FIELD.name):
            continue
        if change.operation == "remove":
            yield change
        elif change.operation == "change" and after is not None:
            differing = {
                key
                for key in {*before.body, *after.body}
                if before.body.get(key) != after.body.get(key)
            }
            if before.name != after.name or differing - _LABELS:
                yield change


def _touched(
    tx: Transaction, change: ComponentChange, rows: list[StoredComponent], asked: list[Asked]
) -> Touched:
    component = change.before
    assert component is not None
    queries = sum(
        one.times for one in asked if change.id == one.use.object_id or change.id in one.use.fields
    )
    uses = users_of(component, rows, tx.catalog)
    return Touched(component.kind, component.name, component.package, uses, queries)
