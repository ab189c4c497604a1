"""Scopes: what USING SCOPE means, which is about who asks and never about what may be seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from fieldstone.metadata.catalog import Catalog, ObjectDef
from fieldstone.metadata.values import fold
from fieldstone.query_language.errors import NotSupported
from fieldstone.query_language.guards import numbers_text
from fieldstone.query_language.operands import Reader
from fieldstone.query_language.plan import (
    Every,
    FieldRef,
    Literal,
    Moment,
    Negation,
    NullTest,
    OwnedByTeams,
    Parameter,
    PlanCondition,
    SharedWith,
    Some,
    Test,
)
from fieldstone.query_language.syntax import Operator, Query

EVERYTHING: Final = "everything"
MINE: Final = "mine"
Parameters = Callable[[int | None, Reader], Parameter]
_Scope = Callable[[ObjectDef, Catalog, Parameters], PlanCondition]


def check_scope(query: Query) -> None:
    """Refuse a scope that there is not. Raises NotSupported."""
    if query.scope is not None and fold(query.scope) not in SCOPES:
        *some, last = SCOPES
        raise NotSupported(
            f"There is no scope {query.scope[:80]}.",
            at=query.source.span,
            hint=f"The scopes are {', '.join(some)} and {last}.",
        )


def scoped(
    name: str, obj: ObjectDef, catalog: Catalog, parameters: Parameters
) -> PlanCondition | None:
    """Give the condition that a record is within a scope; None for a scope that has them all.

    Raises NotSupported where records belong to nobody.
    """
    scope = SCOPES[fold(name)]
    if scope is None:
        return None
    if "owner" not in obj.by_name:
        raise NotSupported(f"{obj.plural_label} belong to nobody.", hint="Leave out USING SCOPE.")
    return scope(obj, catalog, parameters)


def _mine(obj: ObjectDef, catalog: Catalog, parameters: Parameters) -> PlanCondition:
    return _by_viewer(obj, "owner", parameters)


def _delegated(obj: ObjectDef, catalog: Catalog, parameters: Parameters) -> PlanCondition:
    """Give the condition that the viewer made a record for somebody else."""
    nobody = NullTest(FieldRef(0, obj.by_name["owner"]))
    made, own = (_by_viewer(obj, name, parameters) for name in ("created_by", "owner"))
    return Every((made, Negation(nobody), Negation(own)))


def _team(obj: ObjectDef, catalog: Catalog, parameters: Parameters) -> PlanCondition:
    return SharedWith(obj.id, parameters(None, _viewer_and_teams))


def _my_territory(obj: ObjectDef, catalog: Catalog, parameters: Parameters) -> PlanCondition:
    return SharedWith(obj.id, parameters(None, _territories))


def _my_team_territory(obj: ObjectDef, catalog: Catalog, parameters: Parameters) -> PlanCondition:
    return SharedWith(obj.id, parameters(None, partial(_with_inner, catalog)))


def _mine_and_my_groups(obj: ObjectDef, catalog: Catalog, parameters: Parameters) -> PlanCondition:
    own = _by_viewer(obj, "owner", parameters)
    return Some((own, OwnedByTeams(parameters(None, _teams))))


SCOPES: Final[Mapping[str, _Scope | None]] = {
    EVERYTHING: None,
    MINE: _mine,
    "mine_and_my_groups": _mine_and_my_groups,
    "delegated": _delegated,
    "team": _team,
    "my_territory": _my_territory,
    "my_team_territory": _my_team_territory,
}
"""What each scope means, by its name."""


def _by_viewer(obj: ObjectDef, name: str, parameters: Parameters) -> PlanCondition:
    return Test(FieldRef(0, obj.by_name[name]), Operator.EQUAL, parameters(None, _user_id))


def _user_id(literal: Literal, moment: Moment) -> object:
    return moment.user_id


def _teams(literal: Literal, moment: Moment) -> object:
    return numbers_text(tuple(sorted(moment.place.teams)))


def _viewer_and_teams(literal: Literal, moment: Moment) -> object:
    own = () if moment.user_id is None else (int(moment.user_id),)
    return numbers_text((*own, *sorted(moment.place.teams)))


def _territories(literal: Literal, moment: Moment) -> object:
    return numbers_text(tuple(sorted(moment.place.territories)))


def _with_inner(catalog: Catalog, literal: Literal, moment: Moment) -> object:
    """Give the viewer's territories with all that lie within them."""
    return numbers_text(tuple(sorted(catalog.territories.reached_from(moment.place.territories))))
