"""What a person was given, as the gate finds it; what that means is for the catalog to say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.compiled_rights import compile_rights
from fieldstone.metadata.rights import ADMINISTRATOR, Rights
from fieldstone.metadata.values import Json


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody was given in a tenant; equal standings mean equal rights under one catalog.

    sets: ids of the permission sets that were assigned. role, teams: the component ids of where
    they stand in the organization. scopes: what a token is narrowed to; None for no narrowing.
    by_token: whether a program asks in their name.
    """

    is_administrator: bool = False
    sets: frozenset[int] = frozenset()
    role: int | None = None
    teams: frozenset[int] = frozenset()
    scopes: frozenset[str] | None = None
    by_token: bool = False

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
        )

    def rights_under(self, catalog: Catalog) -> Rights:
        """Work out what may be seen and done under a catalog."""
        return ADMINISTRATOR if self.is_administrator else compile_rights(catalog, self.sets)


def _numbers(told: Json) -> frozenset[int]:
    every = told if isinstance(told, list) else ()
    return frozenset(one for one in every if isinstance(one, int))


SYSTEM: Final = Standing(is_administrator=True)
"""Of the system's own work, and of whoever administers a tenant."""

NOBODY: Final = Standing()
"""Of whoever was given nothing."""
