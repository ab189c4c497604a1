"""What a person was given, as the gate finds it; what that means is for the catalog to say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from fieldstone.ids import ObjectId
from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.compiled_access import record_access
from fieldstone.metadata.compiled_rights import compile_rights
from fieldstone.metadata.record_access import OPEN, Place, RecordAccess
from fieldstone.metadata.rights import ADMINISTRATOR, Rights
from fieldstone.metadata.sharing import Level
from fieldstone.metadata.values import Json


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody was given in a tenant; equal standings mean equal rights under one catalog.

    sets: ids of the permission sets that were assigned. role, teams: where they stand in the
    organization. territories: those that they work in themselves. scopes: what a token is narrowed
    to; None for no narrowing. by_token: whether a program asks in their name.
    """

    is_administrator: bool = False
    sets: frozenset[int] = frozenset()
    role: int | None = None
    teams: frozenset[int] = frozenset()
    scopes: frozenset[str] | None = None
    by_token: bool = False
    territories: frozenset[int] = frozenset()

    @classmethod
    def from_json(cls, told: Mapping[str, Json]) -> Standing:
        """Read what the SQL function standing_of gives."""
        role, scopes = told.get("role"), told.get("scopes")
        return cls(
            is_administrator=told.get("administrator") is True,
            sets=_numbers(told.get("sets")),
            role=role if isinstance(role, int) else None,
            teams=_numbers(told.get("teams")),
            scopes=frozenset(map(str, scopes)) if isinstance(scopes, list) else None,
            territories=_numbers(told.get("territories")),
        )

    def rights_under(self, catalog: Catalog) -> Rights:
        """Work out what may be seen and done under a catalog."""
        if self.is_administrator:
            return ADMINISTRATOR
        return with_record_access(compile_rights(catalog, self.sets), catalog, self.place)

    @property
    def place(self) -> Place:
        """Where they stand, which decides which records they see."""
        return Place(self.role, self.teams, self.territories)


def with_record_access(rights: Rights, catalog: Catalog, place: Place) -> Rights:
    """Give rights that reach to the records that are open to somebody who stands at a place."""

    def all_open(object_id: ObjectId, level: Level) -> bool:
        may_all = rights.may_view_all if level is Level.READ else rights.may_modify_all
        return may_all(object_id)

    return with_records(rights, record_access(catalog, place, all_open))


def with_records(rights: Rights, access: RecordAccess) -> Rights:
    """Give rights that reach to some records alone."""
    if access is OPEN:
        return rights
    return replace(rights, digest=f"{rights.digest}/{access.digest}", record_access=access)


def _numbers(told: Json) -> frozenset[int]:
    every = told if isinstance(told, list) else ()
    return frozenset(one for one in every if isinstance(one, int))


SYSTEM: Final = Standing(is_administrator=True)
"""Of the system's own work, and of whoever administers a tenant."""

NOBODY: Final = Standing()
"""Of whoever was given nothing."""
