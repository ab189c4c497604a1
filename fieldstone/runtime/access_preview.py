"""What a changed permission set would give to people and take from them, before it is saved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Integer, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.compiled_rights import compile_rights
from fieldstone.metadata.component import Component
from fieldstone.metadata.rights import Rights
from fieldstone.metadata.tables import MEMBER, PERMISSION_ASSIGNMENT
from fieldstone.runtime.metadata_changes import try_metadata
from fieldstone.runtime.permissions import check_permissions
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.transactions import Transaction

MOST_TOLD: Final = 200
_TENANT: Final = parameter("tenant", Integer())
_GIVEN: Final = PERMISSION_ASSIGNMENT
_SETS_OF_EACH: Final = (
    select(func.array_agg(aggregate_order_by(_GIVEN.c.set_id, _GIVEN.c.set_id)).label("sets"))
    .join(
        MEMBER,
        (MEMBER.c.tenant_id == _GIVEN.c.tenant_id) & (MEMBER.c.user_id == _GIVEN.c.user_id),
    )
    .where(
        _GIVEN.c.tenant_id == _TENANT,
        MEMBER.c.ended_at.is_(None),
        MEMBER.c.is_administrator.is_(False),
    )
    .group_by(_GIVEN.c.user_id)
    .subquery()
)
_COMBINATIONS: Final = prepare(
    select(_SETS_OF_EACH.c.sets, func.count().label("people")).group_by(_SETS_OF_EACH.c.sets)
)

What = tuple[str, str, str]
"""Object, field ("" for the object as a whole) and right."""


@dataclass(frozen=True, slots=True)
class AccessChange:
    """How many people would gain and lose a right on an object or, where it is named, a field."""

    object: str
    field: str
    right: str
    gain: int
    lose: int

    @property
    def words(self) -> str:
        """The same as a sentence."""
        verb = {"view_all": "view all", "modify_all": "modify all"}.get(self.right, self.right)
        what = f"{self.object}.{self.field}" if self.field else self.object
        told = [(self.lose, "lose"), (self.gain, "gain")]
        parts = [f"{_people(number)} would {word}" for number, word in told if number]
        return f"{' and '.join(parts)} {verb} on {what}."


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would do. affected: how many people gain or lose anything at all."""

    affected: int
    changes: tuple[AccessChange, ...]
    is_cut: bool = False


async def preview_set(tx: Transaction, proposed: Component) -> Preview:
    """Tell what people would gain and lose if a permission set were as it is proposed.

    Raises what is wrong with the set, as saving it would.
    """
    check_permissions(tx)
    after = await try_metadata(tx, Proposal(upserts=(proposed,)))
    rows = await tx.rows(_COMBINATIONS, tenant=tx.tenant.id)
    gained, lost = Counter[What](), Counter[What]()
    affected = 0
    for row in rows:
        before_it = frozenset(_allowed(tx.catalog, compile_rights(tx.catalog, row["sets"])))
        after_it = frozenset(_allowed(after, compile_rights(after, row["sets"])))
        if before_it != after_it:
            affected += row["people"]
            gained.update(dict.fromkeys(after_it - before_it, row["people"]))
            lost.update(dict.fromkeys(before_it - after_it, row["people"]))
    told = sorted(gained.keys() | lost.keys(), key=lambda what: (-lost[what], what))
    changes = tuple(
        AccessChange(*what, gain=gained[what], lose=lost[what]) for what in told[:MOST_TOLD]
    )
    return Preview(affected, changes, is_cut=len(told) > MOST_TOLD)


def _allowed(catalog: Catalog, rights: Rights) -> Iterator[What]:
    for obj in catalog.objects:
        may = {
            "read": rights.may_read_object(obj.id),
            "create": rights.may_create(obj.id),
            "edit": rights.may_edit_object(obj.id),
            "delete": rights.may_delete(obj.id),
            "view_all": rights.may_view_all(obj.id),
            "modify_all": rights.may_modify_all(obj.id),
        }
        yield from ((obj.name, "", right) for right, given in may.items() if given)
        if not may["read"]:
            continue
        for field in obj.own_fields:
            if rights.may_read_field(field.id):
                yield obj.name, field.name, "read"
            if rights.may_edit_field(field.id):
                yield obj.name, field.name, "edit"


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number:,} people"
