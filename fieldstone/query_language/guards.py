"""Guards: which records a viewer may see or edit, as parts of a plan.

One plan serves all viewers to whom records are open in the same ways: whose roles and teams they
are is bound when it runs. The condition of a sharing rule is asked by the system, so that it may
look at fields that the viewer does not read; a rule that does not reach the viewer is no part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import Final

from fieldstone.errors import FieldstoneError
from fieldstone.ids import ObjectId
from fieldstone.metadata.catalog import Catalog, ObjectDef
from fieldstone.metadata.record_access import Grants, RecordAccess
from fieldstone.metadata.rights import ADMINISTRATOR
from fieldstone.metadata.sharing import Level
from fieldstone.query_language.binding import Binder, Parameters
from fieldstone.query_language.definition_conditions import resolve_definition
from fieldstone.query_language.plan import Guard, Literal, Moment, Parameter, Rows, SourceTable

_TEXTS_KEPT: Final = 1_000
Read = Callable[[ObjectId, Level, Literal, Moment], object]


class Guards:
    """Makes the guards of one plan, each once. level: to see records, or to edit them."""

    def __init__(
        self,
        catalog: Catalog,
        access: RecordAccess,
        parameters: Parameters,
        level: Level = Level.READ,
    ) -> None:
        self._catalog = catalog
        self._access = access
        self._parameters = parameters
        self._level = level
        self._made: dict[ObjectId, Guard] = {}
        self._viewer: tuple[Parameter, Parameter] | None = None

    def of(self, object_id: ObjectId) -> Guard | None:
        """Give the guard of an object's records; None where all of them are open."""
        grants = self._access.of(object_id, self._level)
        if grants is None:
            return None
        if object_id not in self._made:
            self._made[object_id] = self._make(self._catalog.by_id[object_id], grants)
        return self._made[object_id]

    def _make(self, obj: ObjectDef, grants: Grants) -> Guard:
        if grants.parent is not None:
            assert obj.master is not None, "parts have a whole"
            above = self._catalog.by_id[grants.parent]
            source = SourceTable(above, guard=self.of(above.id))
            # Parts go to the bin with their whole, and are asked about there as well.
            rows = Rows(self._catalog.tenant_id, (source,), None, deleted=True)
            return Guard(obj, self._level, parent=(obj.master, rows))
        user, shares = self._of_viewer()
        return Guard(
            obj,
            self._level,
            user=user,
            roles=self._whose(obj, _roles) if grants.roles else None,
            teams=self._whose(obj, _teams) if grants.teams else None,
            shares=shares,
            criteria=tuple(self._criteria(obj, grants)),
            breadth=self._access.breadth_of(obj.id),
        )

    def _criteria(self, obj: ObjectDef, grants: Grants) -> Iterator[Rows]:
        for rule in grants.criteria:
            found = criterion_rows(obj, str(rule.where), self._catalog, self._parameters)
            if found is not None:
                yield found

    def _whose(self, obj: ObjectDef, read: Read) -> Parameter:
        return self._parameters(None, partial(read, obj.id, self._level))

    def _of_viewer(self) -> tuple[Parameter, Parameter]:
        if self._viewer is None:
            self._viewer = self._parameters(None, _user), self._parameters(None, _principals)
        return self._viewer


def criterion_rows(
    obj: ObjectDef, where: str, catalog: Catalog, parameters: Parameters
) -> Rows | None:
    """Give the rows that the condition of a sharing rule opens; None where it has gone wrong.

    A change that would break one is refused; one that got through opens nothing.
    """
    try:
        return resolved_criterion(obj, where, catalog, parameters)
    except FieldstoneError:
        return None


def resolved_criterion(
    obj: ObjectDef, where: str, catalog: Catalog, parameters: Parameters
) -> Rows:
    """Give the rows that meet the condition of a sharing rule. Raises the errors of queries."""
    binder = Binder(catalog, ADMINISTRATOR, obj, parameters)
    condition = resolve_definition(where, obj, binder, "a sharing rule")
    return Rows(catalog.tenant_id, tuple(binder.sources), condition, deleted=True)


def _user(literal: Literal, moment: Moment) -> object:
    return moment.user_id


def _principals(literal: Literal, moment: Moment) -> object:
    return numbers_text(moment.access.principals)


def _roles(object_id: ObjectId, level: Level, literal: Literal, moment: Moment) -> object:
    grants = moment.access.of(object_id, level)
    return numbers_text(grants.roles if grants is not None else ())


def _teams(object_id: ObjectId, level: Level, literal: Literal, moment: Moment) -> object:
    grants = moment.access.of(object_id, level)
    return numbers_text(grants.teams if grants is not None else ())


@lru_cache(maxsize=_TEXTS_KEPT)
def numbers_text(numbers: tuple[int, ...]) -> str:
    """Give numbers as PostgreSQL writes an array."""
    return "{" + ",".join(map(str, numbers)) + "}"
