"""Guards as SQL: which rows of a table the viewer may see.

Whom a record belongs to and with whom it is shared lies in small tables, of which there are three
ways to ask. Once per statement, and each row is looked up in what was found: the rule. As arrays,
which are conditions of indexes: whoever sees few records has no others looked at. Row by row:
whoever sees many has a page full before all people below them would have been found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import (
    ARRAY,
    CTE,
    BigInteger,
    ColumnElement,
    CompoundSelect,
    FromClause,
    Integer,
    Select,
    Subquery,
    Text,
    any_,
    bindparam,
    cast,
    column,
    exists,
    false,
    func,
    or_,
    select,
    union_all,
)

from fieldstone.ids import ObjectId, TenantId
from fieldstone.metadata.field_types.stored import constant
from fieldstone.metadata.record_access import Breadth
from fieldstone.metadata.sharing import Level
from fieldstone.metadata.tables import LINK, PERSON_ROLE, RECORD_SHARE
from fieldstone.query_language.columns import comparable
from fieldstone.query_language.plan import (
    FieldRef,
    Guard,
    OwnedByTeams,
    Parameter,
    Rows,
    SharedWith,
)


class Asking(Protocol):
    """The statement in which a guard stands."""

    @property
    def tenant_id(self) -> TenantId:
        """Whose records they are."""
        ...

    @property
    def ends_early(self) -> bool:
        """Whether it is at its end as soon as it has found enough rows."""
        ...

    def meets(
        self, rows: Rows, table: FromClause, own: ColumnElement[int] | None = None
    ) -> ColumnElement[bool]:
        """Give the condition that a record is one of some rows."""
        ...


@dataclass(frozen=True, slots=True)
class _Asked:
    """Which shares are looked for: those of an object, from a level up, with some parties."""

    object_id: ObjectId
    level: int
    principals: ColumnElement[Any]

    @classmethod
    def by(cls, guard: Guard) -> _Asked:
        """Look for those that open a guard's records to the viewer."""
        return cls(guard.object.id, guard.level, _principals(guard))


def guarded(guard: Guard, table: FromClause, asking: Asking) -> ColumnElement[bool]:
    """Give the condition that a row of a table is open to the viewer. It may be null for no."""
    if guard.parent is not None:
        reference, above = guard.parent
        return asking.meets(above, table, comparable(table, FieldRef(0, reference)))
    tenant = constant(asking.tenant_id)
    owner, tests = table.c.owner_id, list[ColumnElement[bool]]()
    by_row = guard.breadth is Breadth.MANY and asking.ends_early
    if guard.user is not None:
        tests.append(owner == bindparam(guard.user.name, type_=BigInteger(), required=False))
    if guard.roles is not None and by_row:
        tests.append(_has_role(owner, guard.roles, tenant))
    elif guard.roles is not None:
        tests.append(_one_of(owner, _people_of_roles(guard.roles, tenant), guard))
    if guard.teams is not None:
        tests.append(_one_of(owner, _people_of_teams(guard.teams, tenant), guard))
    tests += [asking.meets(rows, table) for rows in guard.criteria]
    if guard.shares is not None and by_row:
        along = _shared_along(_Asked.by(guard), tenant)
        tests += [_is_shared(table, guard, tenant), table.c.id.in_(along)]
    elif guard.shares is not None:
        tests.append(_one_of(table.c.id, shared_records(guard, tenant), guard))
    return or_(false(), *tests)


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways in which rows of a table are open to a viewer, each by itself.

    people: whose rows are, each of them once. owned, shared, criteria: the conditions that a row is
    theirs, that it is shared, and that it meets that of each rule; they may be null for no.
    """

    people: Subquery
    owned: ColumnElement[bool]
    shared: ColumnElement[bool]
    criteria: tuple[ColumnElement[bool], ...]


def known_ways(guard: Guard, tenant_id: TenantId) -> CTE:
    """Give the one row of whose records are open and of which are shared, as arrays.

    A statement finds it once, however many of its parts ask: each part by itself would have to be
    planned, begun and run.
    """
    tenant = constant(tenant_id)
    people = _as_array(owning_people(guard, tenant)).label("people")
    shared = _as_array(shared_records(guard, tenant)).label("shared")
    return select(people, shared).cte("known").prefix_with("MATERIALIZED")


def ways_in(guard: Guard, known: CTE, table: FromClause, asking: Asking) -> Ways:
    """Give the ways in which a guard opens rows of a table. known: what known_ways gave."""
    each = select(func.unnest(known.c.people, type_=BigInteger()).label("user_id"))
    return Ways(
        each.distinct().subquery("people"),
        table.c.owner_id == any_(_hidden(known.c.people)),
        table.c.id == any_(_hidden(known.c.shared)),
        tuple(asking.meets(rows, table) for rows in guard.criteria),
    )


def owning_people(guard: Guard, tenant: ColumnElement[Any]) -> CompoundSelect[Any]:
    """Give those whose records are open to the viewer for being theirs; some may come twice."""
    assert guard.user is not None
    own = bindparam(guard.user.name, type_=BigInteger(), required=False)
    found = [select(own.label("user_id"))]
    if guard.roles is not None:
        found.append(_people_of_roles(guard.roles, tenant))
    if guard.teams is not None:
        found.append(_people_of_teams(guard.teams, tenant))
    return union_all(*found)


def shared_records(guard: Guard, tenant: ColumnElement[Any]) -> CompoundSelect[Any]:
    """Give the records that are shared with the viewer, and what goes along; some may be twice."""
    asked = _Asked.by(guard)
    return union_all(_shared(asked, tenant), _shared_along(asked, tenant))


def within_scope(
    scope: OwnedByTeams | SharedWith, table: FromClause, tenant_id: TenantId
) -> ColumnElement[bool]:
    """Give the condition that a row of a table is within a scope."""
    tenant = constant(tenant_id)
    found: ColumnElement[bool]
    if isinstance(scope, OwnedByTeams):
        found = table.c.owner_id.in_(_people_of_teams(scope.teams, tenant))
        return found
    asked = _Asked(scope.object, Level.READ, _numbers(scope.principals, BigInteger()))
    found = table.c.id.in_(union_all(_shared(asked, tenant), _shared_along(asked, tenant)))
    return found


def _one_of(value: ColumnElement[int], rows: Any, guard: Guard) -> ColumnElement[bool]:
    few = guard.breadth in (Breadth.FEW, Breadth.SPARSE)
    if few or (guard.breadth is Breadth.UNKNOWN and guard.is_own):
        return _among(value, rows)
    found: ColumnElement[bool] = value.in_(rows)
    return found


def _among(value: ColumnElement[int], rows: Any) -> ColumnElement[bool]:
    """Give whether a value is one of some rows, as a condition that an index takes."""
    return value == any_(_as_array(rows))


def _as_array(rows: Any) -> ColumnElement[Any]:
    return func.array(rows.scalar_subquery(), type_=ARRAY(BigInteger))


def _has_role(
    owner: ColumnElement[int], roles: Parameter, tenant: ColumnElement[Any]
) -> ColumnElement[bool]:
    person = PERSON_ROLE.alias()
    found = select(constant(1)).where(
        person.c.tenant_id == tenant,
        person.c.user_id == owner,
        person.c.role_id == _numbers(roles, Integer()),
    )
    return _by_row(found, person)


def _is_shared(table: FromClause, guard: Guard, tenant: ColumnElement[Any]) -> ColumnElement[bool]:
    share = RECORD_SHARE.alias()
    found = select(constant(1)).where(
        share.c.tenant_id == tenant,
        share.c.record_id == table.c.id,
        share.c.principal == _principals(guard),
        share.c.level >= constant(guard.level),
    )
    return _by_row(found, share)


def _by_row(found: Select[Any], own: FromClause) -> ColumnElement[bool]:
    """Give whether there is such a row; an OFFSET keeps PostgreSQL from finding all at once."""
    return exists(found.offset(constant(0)).correlate_except(own))


def _numbers(parameter: Parameter, kind: Any) -> ColumnElement[Any]:
    return any_(_hidden(_array(parameter, kind)))


def _array(parameter: Parameter, kind: Any) -> ColumnElement[Any]:
    """Give a parameter that takes numbers as the text of an array.

    A text is sent as it is, where a thousand numbers would be looked at one by one.
    """
    return cast(bindparam(parameter.name, type_=Text(), required=False), ARRAY(kind))


def _hidden(numbers: ColumnElement[Any]) -> ColumnElement[Any]:
    """Give numbers so that PostgreSQL does not weigh each of them whenever it plans."""
    return cast(select(numbers).scalar_subquery(), numbers.type)


def _principals(guard: Guard) -> ColumnElement[Any]:
    """Give any of the numbers under which shares name the viewer."""
    assert guard.shares is not None
    assert guard.user is not None
    own = bindparam(guard.user.name, type_=BigInteger(), required=False)
    numbers = func.array_append(_array(guard.shares, BigInteger()), own, type_=ARRAY(BigInteger))
    return any_(_hidden(numbers))


def _people_of_roles(roles: Parameter, tenant: ColumnElement[Any]) -> Any:
    person = PERSON_ROLE.alias()
    return (
        select(person.c.user_id)
        .where(person.c.tenant_id == tenant, person.c.role_id == _numbers(roles, Integer()))
        .correlate_except(person)
    )


def _people_of_teams(teams: Parameter, tenant: ColumnElement[Any]) -> Any:
    people = func.people_of_teams(tenant, _array(teams, BigInteger())).table_valued(
        column("user_id", BigInteger)
    )
    return select(people.alias().c.user_id)


def _shared(asked: _Asked, tenant: ColumnElement[Any]) -> Any:
    """Give the records that are shared themselves."""
    share = RECORD_SHARE.alias()
    own = select(share.c.record_id).where(
        share.c.tenant_id == tenant,
        share.c.principal == asked.principals,
        share.c.object_id == constant(asked.object_id),
        share.c.level >= constant(asked.level),
    )
    return own.correlate_except(share)


def _shared_along(asked: _Asked, tenant: ColumnElement[Any]) -> Any:
    """Give the records that go along with others that are shared."""
    above, link = RECORD_SHARE.alias(), LINK.alias()
    along = (
        select(link.c.source_id)
        .select_from(
            above.join(
                link,
                (link.c.tenant_id == above.c.tenant_id) & (link.c.target_id == above.c.record_id),
            )
        )
        .where(
            above.c.tenant_id == tenant,
            above.c.principal == asked.principals,
            above.c.along != cast(constant("{}"), ARRAY(Integer)),
            constant(asked.object_id) == any_(above.c.along),
            above.c.level >= constant(asked.level),
            link.c.source_object_id == constant(asked.object_id),
        )
    )
    return along.correlate_except(above, link)
