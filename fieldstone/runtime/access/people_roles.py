"""Which role somebody has. Roles are components; who has one is data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from sqlalchemy import ARRAY, BigInteger, Integer, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from fieldstone.errors import Forbidden, NotFound
from fieldstone.ids import RecordId
from fieldstone.metadata.names import suggestion
from fieldstone.metadata.rights import SetupArea
from fieldstone.metadata.sharing import Role, RoleTree
from fieldstone.metadata.tables import PERSON_ROLE
from fieldstone.metadata.values import fold
from fieldstone.runtime.audit.events import Event, note_event
from fieldstone.runtime.permissions import UnknownPerson
from fieldstone.runtime.records.heap_statements import living_ids
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.transactions import Transaction

_TENANT: Final = parameter("tenant", Integer())
_USER: Final = parameter("user", BigInteger())
_PUT: Final = prepare(
    insert(PERSON_ROLE)
    .values(tenant_id=_TENANT, user_id=_USER, role_id=parameter("role", Integer()))
    .on_conflict_do_update(
        index_elements=["tenant_id", "user_id"], set_={"role_id": parameter("role", Integer())}
    )
)
_TAKE: Final = prepare(
    delete(PERSON_ROLE).where(PERSON_ROLE.c.tenant_id == _TENANT, PERSON_ROLE.c.user_id == _USER)
)
_OF: Final = prepare(
    select(PERSON_ROLE.c.user_id, PERSON_ROLE.c.role_id).where(
        PERSON_ROLE.c.tenant_id == _TENANT,
        PERSON_ROLE.c.user_id == func.any(parameter("users", ARRAY(BigInteger))),
    )
)
_COUNTS: Final = prepare(
    select(PERSON_ROLE.c.role_id, func.count().label("people"))
    .where(PERSON_ROLE.c.tenant_id == _TENANT)
    .group_by(PERSON_ROLE.c.role_id)
)


_WITH: Final = prepare(
    select(PERSON_ROLE.c.user_id)
    .where(
        PERSON_ROLE.c.tenant_id == _TENANT,
        PERSON_ROLE.c.role_id == parameter("role", Integer()),
        PERSON_ROLE.c.user_id > parameter("after", BigInteger()),
    )
    .order_by(PERSON_ROLE.c.user_id)
    .limit(parameter("most", Integer()))
)


class UnknownRole(NotFound):
    """No role of this name."""

    code = "role.unknown"


def role_named(tx: Transaction, name: str) -> Role:
    """Give a role by its name. Raises UnknownRole."""
    for role in tx.catalog.roles:
        if fold(role.name) == fold(name):
            return role
    hint = suggestion(name, (role.name for role in tx.catalog.roles))
    raise UnknownRole(f"There is no role {name[:80]}.", hint=hint)


async def set_role(tx: Transaction, user_id: RecordId, role: Role | None) -> None:
    """Give somebody a role, or take it from them. Raises Forbidden, UnknownPerson."""
    check_people(tx)
    if role is None:
        if await tx.run(_TAKE, tenant=tx.tenant.id, user=user_id):
            await note_event(tx, user_id, Event.ROLE_TAKEN)
    else:
        obj = tx.catalog.get_object("User")
        if not await tx.rows(living_ids(obj.heap, tx.tenant.id, obj.id), ids=[user_id]):
            raise UnknownPerson("There is no such person in this tenant.")
        await tx.run(_PUT, tenant=tx.tenant.id, user=user_id, role=role.id)
        await note_event(tx, user_id, Event.ROLE_GIVEN, role=role.name)


async def roles_of(tx: Transaction, users: Sequence[int]) -> Mapping[int, Role]:
    """Give the roles of some people; those without one are left out."""
    rows = await tx.rows(_OF, tenant=tx.tenant.id, users=list(users)) if users else []
    known = tx.catalog.roles.by_id
    return {row["user_id"]: known[row["role_id"]] for row in rows if row["role_id"] in known}


async def count_people(tx: Transaction) -> Mapping[int, int]:
    """Count the people of each role, by its id."""
    return {row["role_id"]: row["people"] for row in await tx.rows(_COUNTS, tenant=tx.tenant.id)}


async def people_with(tx: Transaction, role: Role, after: int = 0, most: int = 100) -> list[int]:
    """Give the users who have a role, in order of id, behind one."""
    rows = await tx.rows(_WITH, tenant=tx.tenant.id, role=role.id, after=after, most=most)
    return [row["user_id"] for row in rows]


def roles_in_order(tree: RoleTree) -> Iterator[tuple[Role, int]]:
    """Yield the roles from the top down, each with its depth, those beside each other by label."""
    waiting = [(role, 0) for role in _by_label(tree, None)]
    while waiting:
        role, depth = waiting.pop()
        yield role, depth
        waiting += [(child, depth + 1) for child in _by_label(tree, role.id)]


def _by_label(tree: RoleTree, above: int | None) -> list[Role]:
    """Give the roles right below one, the last first."""
    found = tree.children_of(above)
    return sorted(found, key=lambda role: (fold(role.label), role.id), reverse=True)


def check_setup_of_people(tx: Transaction) -> None:
    """Refuse those who do not see to people. Raises Forbidden."""
    if not tx.rights.may_set_up(SetupArea.PEOPLE):
        raise Forbidden("You may not see who has which role.")


def check_people(tx: Transaction) -> None:
    """Refuse all but administrators, for roles and teams open records. Raises Forbidden."""
    administers = tx.viewer.standing.is_administrator
    if not administers or not tx.rights.may_set_up(SetupArea.PEOPLE):
        raise Forbidden("Only an administrator may decide on roles and teams.")
