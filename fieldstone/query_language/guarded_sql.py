"""Guards as SQL: which rows of a table the viewer may see.

Whom a record belongs to and with whom it is shared lies in small tables. What is asked of them does
not depend on the row, so that PostgreSQL asks once per statement and looks each row up in what it
found.
"""

from __future__ import annotations

from typing import Any, Protocol

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    FromClause,
    Integer,
    any_,
    bindparam,
    cast,
    column,
    false,
    func,
    or_,
    select,
    union_all,
)

from fieldstone.ids import TenantId
from fieldstone.metadata.field_types.stored import constant
from fieldstone.metadata.tables import LINK, PERSON_ROLE, RECORD_SHARE
from fieldstone.query_language.columns import comparable
from fieldstone.query_language.plan import FieldRef, Guard, Parameter, Rows


class Asking(Protocol):
    """The statement in which a guard stands."""

    @property
    def tenant_id(self) -> TenantId:
        """Whose records they are."""
        ...

    def meets(
        self, rows: Rows, table: FromClause, own: ColumnElement[int] | None = None
    ) -> ColumnElement[bool]:
        """Give the condition that a record is one of some rows."""
        ...


def guarded(guard: Guard, table: FromClause, asking: Asking) -> ColumnElement[bool]:
    """Give the condition that a row of a table is open to the viewer. It may be null for no."""
    if guard.parent is not None:
        reference, above = guard.parent
        return asking.meets(above, table, comparable(table, FieldRef(0, reference)))
    tenant = constant(asking.tenant_id)
    owner, tests = table.c.owner_id, list[ColumnElement[bool]]()
    if guard.user is not None:
        tests.append(owner == bindparam(guard.user.name, type_=BigInteger(), required=False))
    if guard.roles is not None:
        tests.append(owner.in_(_people_of_roles(guard.roles, tenant)))
    if guard.teams is not None:
        tests.append(owner.in_(_people_of_teams(guard.teams, tenant)))
    if guard.shares is not None:
        shared = _shared(guard, guard.shares, tenant)
        if guard.is_own:
            # As an array it is a condition of an index: of few records, no others are looked at.
            tests.append(table.c.id == func.any(func.array(shared.scalar_subquery())))
        else:
            tests.append(table.c.id.in_(shared))
    tests += [asking.meets(rows, table) for rows in guard.criteria]
    return or_(false(), *tests)


def _numbers(parameter: Parameter, kind: Any) -> ColumnElement[Any]:
    return any_(bindparam(parameter.name, type_=ARRAY(kind), required=False))


def _people_of_roles(roles: Parameter, tenant: ColumnElement[Any]) -> Any:
    person = PERSON_ROLE.alias()
    return (
        select(person.c.user_id)
        .where(person.c.tenant_id == tenant, person.c.role_id == _numbers(roles, Integer()))
        .correlate_except(person)
    )


def _people_of_teams(teams: Parameter, tenant: ColumnElement[Any]) -> Any:
    wanted = bindparam(teams.name, type_=ARRAY(BigInteger), required=False)
    people = func.people_of_teams(tenant, wanted).table_valued(column("user_id", BigInteger))
    return select(people.alias().c.user_id)


def _shared(guard: Guard, principals: Parameter, tenant: ColumnElement[Any]) -> Any:
    """Give the records that are shared with the viewer, and what goes along with them."""
    share, above, link = RECORD_SHARE.alias(), RECORD_SHARE.alias(), LINK.alias()
    own = select(share.c.record_id).where(
        share.c.tenant_id == tenant,
        share.c.principal == _numbers(principals, BigInteger()),
        share.c.object_id == constant(guard.object.id),
        share.c.level >= constant(guard.level),
    )
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
            above.c.principal == _numbers(principals, BigInteger()),
            above.c.along != cast(constant("{}"), ARRAY(Integer)),
            constant(guard.object.id) == any_(above.c.along),
            above.c.level >= constant(guard.level),
            link.c.source_object_id == constant(guard.object.id),
        )
    )
    return union_all(own.correlate_except(share), along.correlate_except(above, link))
