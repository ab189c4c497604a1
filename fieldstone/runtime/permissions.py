"""Permission sets and the people who have them.

Nobody gives away more than they may do themselves: who may only give sets to people cannot so
become an administrator.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ARRAY, BigInteger, DateTime, Integer, Text, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from fieldstone.errors import Forbidden, NotFound
from fieldstone.ids import BadId, RecordId, parse_id
from fieldstone.metadata.api_scopes import API, reaches
from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.names import suggestion
from fieldstone.metadata.permission_set import PermissionSet
from fieldstone.metadata.rights import Rights, SetupArea
from fieldstone.metadata.standing import Standing
from fieldstone.metadata.tables import MEMBER, PERMISSION_ASSIGNMENT
from fieldstone.metadata.values import fold, read_json
from fieldstone.runtime.audit.events import Event, note_event, note_events
from fieldstone.runtime.statements import Prepared, incoming, parameter, prepare
from fieldstone.runtime.transactions import Transaction

STANDARD: Final = "Standard_User"
"""The set that new members get where nothing else is said."""

_TENANT: Final = parameter("tenant", Integer())
_USER: Final = parameter("user_id", BigInteger())
_SET: Final = parameter("set_id", Integer())
_GIVEN: Final = PERMISSION_ASSIGNMENT
_MINE: Final = (_GIVEN.c.tenant_id == _TENANT, _GIVEN.c.user_id == _USER)
_ASSIGN: Final = prepare(
    insert(_GIVEN)
    .values(
        tenant_id=_TENANT,
        user_id=_USER,
        set_id=_SET,
        assigned_by=parameter("assigned_by", BigInteger()),
        assigned_at=parameter("assigned_at", DateTime(timezone=True)),
    )
    .on_conflict_do_nothing()
)


def _assigned_to_many() -> Prepared:
    x = incoming(_GIVEN, "user_id")
    by = parameter("assigned_by", BigInteger())
    at = parameter("assigned_at", DateTime(timezone=True))
    rows = select(_TENANT, x.c.user_id, _SET, by, at)
    into = ["tenant_id", "user_id", "set_id", "assigned_by", "assigned_at"]
    made = insert(_GIVEN).from_select(into, rows).on_conflict_do_nothing()
    return prepare(made.returning(_GIVEN.c.user_id))


_ASSIGN_MANY: Final = _assigned_to_many()
_REVOKE: Final = prepare(delete(_GIVEN).where(*_MINE, _GIVEN.c.set_id == _SET))
_OF_PERSON: Final = prepare(
    select(_GIVEN.c.set_id, _GIVEN.c.assigned_by, _GIVEN.c.assigned_at)
    .where(*_MINE)
    .order_by(_GIVEN.c.set_id)
)
_HOLDERS: Final = prepare(
    select(_GIVEN.c.user_id, _GIVEN.c.assigned_by, _GIVEN.c.assigned_at)
    .where(
        _GIVEN.c.tenant_id == _TENANT,
        _GIVEN.c.set_id == _SET,
        _GIVEN.c.user_id > parameter("after", BigInteger()),
    )
    .order_by(_GIVEN.c.user_id)
    .limit(parameter("most", Integer()))
)
_MEMBER: Final = prepare(
    select(MEMBER.c.user_id).where(MEMBER.c.tenant_id == _TENANT, MEMBER.c.user_id == _USER)
)
_BY_EMAIL: Final = prepare(
    select(MEMBER.c.user_id).where(
        MEMBER.c.tenant_id == _TENANT, MEMBER.c.email == parameter("email", Text())
    )
)
_EMAILS: Final = prepare(
    select(MEMBER.c.user_id, MEMBER.c.email).where(
        MEMBER.c.tenant_id == _TENANT,
        MEMBER.c.user_id == func.any(parameter("user_ids", ARRAY(BigInteger()))),
    )
)
_STANDING: Final = prepare(select(func.standing_of(_TENANT, _USER)))
_COUNTS: Final = prepare(
    select(_GIVEN.c.set_id, func.count().label("people"))
    .where(_GIVEN.c.tenant_id == _TENANT)
    .group_by(_GIVEN.c.set_id)
)


class UnknownSet(NotFound):
    """No permission set of this name."""

    code = "access.unknown_set"


class UnknownPerson(NotFound):
    """Nobody of this id may sign in to the tenant."""

    code = "access.unknown_person"


class MoreThanOwn(Forbidden):
    """Somebody gives, or takes charge of, more than they may do themselves."""

    code = "access.more_than_own"


class InsufficientScope(Forbidden):
    """A token that does not reach so far, whatever its owner may do."""

    code = "access.insufficient_scope"


@dataclass(frozen=True, slots=True)
class Assignment:
    """A set that somebody has, by whom and since when."""

    set: PermissionSet
    user_id: RecordId
    assigned_by: RecordId | None
    assigned_at: datetime


async def find_person(tx: Transaction, text: str) -> RecordId:
    """Give the user whom an id or an e-mail address means. Raises UnknownPerson."""
    if "@" in text:
        found = await tx.value(_BY_EMAIL, tenant=tx.tenant.id, email=text.strip().lower())
    else:
        found = await tx.value(_MEMBER, tenant=tx.tenant.id, user_id=_number(text))
    if found is None:
        raise UnknownPerson("There is no such person in this tenant.")
    return RecordId(found)


async def names_of(tx: Transaction, user_ids: Sequence[int]) -> dict[int, str]:
    """Give the e-mail addresses of members by their ids."""
    rows = await tx.rows(_EMAILS, tenant=tx.tenant.id, user_ids=list(user_ids))
    return {row["user_id"]: row["email"] for row in rows}


async def standing_of(tx: Transaction, user_id: int) -> Standing:
    """Give what a member was given, as they have it at their next request."""
    told = read_json(await tx.value(_STANDING, tenant=tx.tenant.id, user_id=user_id))
    assert isinstance(told, dict), "members have a standing"
    return Standing.from_json(told)


def _number(text: str) -> int:
    try:
        return parse_id(text)[1]
    except BadId:
        raise UnknownPerson("There is no such person in this tenant.") from None


def find_set(catalog: Catalog, name: str) -> PermissionSet | None:
    """Give the permission set of a name, whatever its case; None if there is none."""
    wanted = fold(name)
    return next((one for one in sets_in(catalog) if fold(one.name) == wanted), None)


def get_set(catalog: Catalog, name: str) -> PermissionSet:
    """Give the permission set of a name. Raises UnknownSet."""
    found = find_set(catalog, name)
    if found is None:
        hint = suggestion(name, (one.name for one in sets_in(catalog)))
        raise UnknownSet(f"There is no permission set {name[:80]}.", hint=hint)
    return found


def sets_in(catalog: Catalog) -> tuple[PermissionSet, ...]:
    """Give the permission sets of a catalog in order of their labels."""
    return tuple(
        sorted(catalog.permission_sets.values(), key=lambda one: (fold(one.label), one.id))
    )


def check_permissions(tx: Transaction) -> None:
    """Refuse those who may not set up permissions. Raises Forbidden."""
    if not tx.rights.may_set_up(SetupArea.PERMISSIONS):
        raise Forbidden("You may not see or change what others may do.")


def check_whole(tx: Transaction) -> None:
    """Refuse a narrowed token where it would get somebody in, or further. Raises InsufficientScope.

    Whoever has such a token could otherwise make themselves more with it than it reaches.
    """
    if not reaches(tx.viewer.standing.scopes, API):
        raise insufficient_scope(API)


def insufficient_scope(needed: str | None) -> InsufficientScope:
    """Give the refusal of a token without a scope that is needed."""
    return InsufficientScope(
        "This token does not reach so far.",
        hint=f"Take a token with the scope {needed}.",
        details={"scope": needed},
    )


def check_covered(tx: Transaction, given: Rights) -> None:
    """Refuse what reaches further than the viewer's own rights. Raises MoreThanOwn."""
    if not tx.rights.covers(given):
        raise _more_than_own()


def check_in_reach(tx: Transaction, person: Standing) -> None:
    """Refuse to take charge of somebody who may do, or sees, more. Raises MoreThanOwn."""
    theirs = person.rights_under(tx.catalog)
    check_covered(tx, theirs)
    if not tx.rights.record_access.covers(theirs.record_access):
        raise _more_than_own()


def _more_than_own() -> MoreThanOwn:
    return MoreThanOwn(
        "This allows more than you may do yourself.", hint="Ask an administrator to do it."
    )


def rights_given(
    catalog: Catalog, sets: Iterable[PermissionSet], *, is_administrator: bool = False
) -> Rights:
    """Give what somebody may do who is given these sets."""
    given = frozenset(one.id for one in sets)
    return Standing(is_administrator=is_administrator, sets=given).rights_under(catalog)


async def assign(tx: Transaction, user_id: int, one: PermissionSet) -> bool:
    """Give somebody a set; whether they did not have it. A profile takes another one's place."""
    check_permissions(tx)
    check_whole(tx)
    check_covered(tx, rights_given(tx.catalog, (one,)))
    return await give(tx, user_id, one)


async def assign_to_many(tx: Transaction, user_ids: Sequence[int], one: PermissionSet) -> None:
    """Give a set that is no profile to some people."""
    check_permissions(tx)
    check_whole(tx)
    check_covered(tx, rights_given(tx.catalog, (one,)))
    rows = await tx.rows(
        _ASSIGN_MANY,
        tenant=tx.tenant.id,
        user_id=list(user_ids),
        set_id=one.id,
        assigned_by=tx.viewer.user_id,
        assigned_at=tx.now,
    )
    if rows:
        given = [row["user_id"] for row in rows]
        await note_events(tx, given, Event.SET_GIVEN, permission_set=one.name)


async def give(tx: Transaction, user_id: int, one: PermissionSet) -> bool:
    """Give somebody a set, as the system; whether they did not have it."""
    if one.is_profile:
        for other in await sets_of(tx, user_id):
            if other.set.is_profile and other.set is not one:
                await _take(tx, user_id, other.set)
    added = await tx.run(
        _ASSIGN,
        tenant=tx.tenant.id,
        user_id=user_id,
        set_id=one.id,
        assigned_by=tx.viewer.user_id,
        assigned_at=tx.now,
    )
    if added:
        await note_event(tx, user_id, Event.SET_GIVEN, permission_set=one.name)
    return added > 0


async def revoke(tx: Transaction, user_id: int, one: PermissionSet) -> bool:
    """Take a set from somebody; whether they had it."""
    check_permissions(tx)
    check_whole(tx)
    return await _take(tx, user_id, one)


async def sets_of(tx: Transaction, user_id: int) -> list[Assignment]:
    """Give the sets that somebody has, in order of their labels. Whether to tell is not checked."""
    rows = await tx.rows(_OF_PERSON, tenant=tx.tenant.id, user_id=user_id)
    known = tx.catalog.permission_sets
    found = [
        _assignment(known[row["set_id"]], user_id, row) for row in rows if row["set_id"] in known
    ]
    return sorted(found, key=lambda one: (fold(one.set.label), one.set.id))


async def holders_of(
    tx: Transaction, one: PermissionSet, after: int, most: int
) -> list[Assignment]:
    """Give who has a set, in order of their ids."""
    check_permissions(tx)
    values = {"tenant": tx.tenant.id, "set_id": one.id, "after": after, "most": most}
    return [_assignment(one, row["user_id"], row) for row in await tx.rows(_HOLDERS, **values)]


async def count_holders(tx: Transaction) -> dict[int, int]:
    """Count who has each set that anybody has, by the ids of the sets."""
    check_permissions(tx)
    rows = await tx.rows(_COUNTS, tenant=tx.tenant.id)
    return {row["set_id"]: row["people"] for row in rows}


async def _take(tx: Transaction, user_id: int, one: PermissionSet) -> bool:
    values = {"tenant": tx.tenant.id, "user_id": user_id, "set_id": one.id}
    taken = await tx.run(_REVOKE, **values) > 0
    if taken:
        await note_event(tx, user_id, Event.SET_TAKEN, permission_set=one.name)
    return taken


def _assignment(one: PermissionSet, user_id: int, row: Any) -> Assignment:
    return Assignment(one, RecordId(user_id), row["assigned_by"], row["assigned_at"])
