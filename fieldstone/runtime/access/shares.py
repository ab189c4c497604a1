"""Shares: one record opened to a person, a team or a role, with what hangs on it if so wished.

What hangs on a record is found by its references, so that it goes along as long as it hangs there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    DateTime,
    Integer,
    Text,
    delete,
    false,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import insert

from fieldstone.errors import Conflict, Forbidden, InvalidInput, NotFound
from fieldstone.ids import RecordId, format_id
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.sharing import Level, Party, PartyKind, Sharing
from fieldstone.metadata.tables import RECORD_SHARE
from fieldstone.runtime.access.assigning import assign_later
from fieldstone.runtime.access.parties import named_parties
from fieldstone.runtime.access.teams import get_team
from fieldstone.runtime.audit.events import Event, note_record_event
from fieldstone.runtime.records.heap_statements import living_ids, load_rows
from fieldstone.runtime.records.levels import check_level, seen_of
from fieldstone.runtime.records.write import UnknownRecord
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.transactions import Transaction

MOST_SHARES: Final = 500
LONGEST_REASON: Final = 500
_S: Final = RECORD_SHARE.c
_TENANT: Final = parameter("tenant", Integer())
_RECORD: Final = parameter("record", BigInteger())
_PRINCIPAL: Final = parameter("principal", BigInteger())
_KEY: Final = ["tenant_id", "record_id", "principal"]
_VALUES: Final = {
    "level": parameter("level", Integer()),
    "along": parameter("along", ARRAY(Integer)),
    "reason": parameter("reason", Text()),
    "at": parameter("now", DateTime(timezone=True)),
    "actor_id": parameter("actor", BigInteger()),
    "by_rule": false(),
}
_PUT: Final = prepare(
    insert(RECORD_SHARE)
    .values(
        tenant_id=_TENANT,
        record_id=_RECORD,
        principal=_PRINCIPAL,
        object_id=parameter("object", Integer()),
        **_VALUES,
    )
    .on_conflict_do_update(index_elements=_KEY, set_=_VALUES, where=_S.by_rule.is_(False))
)
_TAKE: Final = prepare(
    delete(RECORD_SHARE).where(
        _S.tenant_id == _TENANT,
        _S.record_id == _RECORD,
        _S.principal == _PRINCIPAL,
        _S.by_rule.is_(False),
    )
)
_IS_BY_RULE: Final = prepare(
    select(_S.by_rule).where(
        _S.tenant_id == _TENANT, _S.record_id == _RECORD, _S.principal == _PRINCIPAL
    )
)
_OF: Final = prepare(
    select(*RECORD_SHARE.c)
    .where(_S.tenant_id == _TENANT, _S.record_id == _RECORD)
    .order_by(_S.at, _S.principal)
    .limit(MOST_SHARES)
)
_COUNT: Final = prepare(
    select(func.count())
    .select_from(RECORD_SHARE)
    .where(_S.tenant_id == _TENANT, _S.record_id == _RECORD)
)


class SharedByRule(Conflict):
    """A share that follows from a rule of a territory, and changes and ends with it."""

    code = "share.by_rule"

    @classmethod
    def refused(cls) -> SharedByRule:
        """Give what is told to those who change or end one."""
        hint = "Change the rules of the territory, or share it with another one."
        return cls("A rule of a territory shares it so.", hint=hint)


class NothingToShare(InvalidInput):
    """A share that would change nothing, or that cannot be."""

    code = "share.invalid"


class UnknownShare(NotFound):
    """A record is not shared so."""

    code = "share.unknown"


@dataclass(frozen=True, slots=True)
class Share:
    """One share of a record.

    principal: the number of whom it is shared with. along: the objects whose records go along.
    """

    principal: int
    level: Level
    along: tuple[ObjectDef, ...] = ()
    reason: str = ""
    at: datetime | None = None
    actor_id: int | None = None


def objects_along(obj: ObjectDef, tx: Transaction) -> list[ObjectDef]:
    """Give the objects whose records may go along with a share of an object's record.

    Nobody asks record by record whether the sharer might share what goes along, now or later: it
    must be all records of such an object that they may change, as it is the one that they share.
    """
    found: dict[ObjectDef, None] = {}
    for relation in tx.catalog.children_of(obj):
        child = relation.object
        if child.sharing in _OWN_SHARES and child is not obj and _changes_all(tx, child):
            found[child] = None
    return list(found)


def _changes_all(tx: Transaction, obj: ObjectDef) -> bool:
    may_edit = tx.rights.may_edit_object(obj.id)
    return may_edit and tx.rights.record_access.of(obj.id, Level.EDIT) is None


_OWN_SHARES: Final = (Sharing.PRIVATE, Sharing.READ)


async def put_share(
    tx: Transaction, obj: ObjectDef, record_id: RecordId, party: Party, share: Share
) -> None:
    """Share a record, or change how it is shared.

    Whoever may change a record may share it. Raises Forbidden, UnknownRecord, NotEditable,
    NothingToShare, SharedByRule.
    """
    _check_object(obj)
    await _check_record(tx, obj, record_id)
    await _check_party(tx, party)
    if share.level is Level.READ and obj.sharing is Sharing.READ and not share.along:
        raise NothingToShare(f"Everybody sees {obj.plural_label}.", hint="Share it for editing.")
    if len(share.reason) > LONGEST_REASON:
        raise NothingToShare(f"A reason has at most {LONGEST_REASON} characters.", at="/reason")
    wrong = [one for one in share.along if one not in objects_along(obj, tx)]
    if wrong:
        message = f"{wrong[0].plural_label} do not go along with {obj.plural_label}."
        raise NothingToShare(message, at="/along")
    if await tx.value(_COUNT, tenant=tx.tenant.id, record=record_id) >= MOST_SHARES:
        message = f"A record has at most {MOST_SHARES} shares."
        raise NothingToShare(message, hint="Share it with a team.")
    put = await tx.run(
        _PUT,
        tenant=tx.tenant.id,
        record=record_id,
        principal=party.principal,
        object=obj.id,
        level=int(share.level),
        along=sorted(int(one.id) for one in share.along),
        reason=share.reason.strip(),
        now=tx.now,
        actor=tx.viewer.user_id,
    )
    if not put:
        raise SharedByRule.refused()
    await _place_anew(tx, obj, record_id, party.principal)
    await note_record_event(
        tx,
        obj,
        record_id,
        Event.RECORD_SHARED,
        **await _told(tx, party.principal),
        level=share.level.word,
        along=sorted(one.name for one in share.along),
        reason=share.reason.strip(),
    )


async def take_share(tx: Transaction, obj: ObjectDef, record_id: RecordId, principal: int) -> None:
    """End a share. Raises Forbidden, UnknownRecord, NotEditable, UnknownShare, SharedByRule."""
    await _check_record(tx, obj, record_id)
    which = {"tenant": tx.tenant.id, "record": record_id, "principal": principal}
    if not await tx.run(_TAKE, **which):
        if await tx.value(_IS_BY_RULE, **which):
            raise SharedByRule.refused()
        raise UnknownShare("It is not shared so.")
    await _place_anew(tx, obj, record_id, principal)
    await note_record_event(tx, obj, record_id, Event.SHARE_ENDED, **await _told(tx, principal))


async def _place_anew(tx: Transaction, obj: ObjectDef, record_id: RecordId, principal: int) -> None:
    """Have rules follow what was given to a territory by hand, or is so no more."""
    if principal in tx.catalog.territories.by_id:
        await assign_later(tx, obj, [record_id])


async def list_shares(tx: Transaction, obj: ObjectDef, record_id: RecordId) -> list[Share]:
    """Give with whom a record is shared, the first first. Raises UnknownRecord."""
    known = await tx.rows(load_rows(obj.heap, tx.tenant.id, obj.id), ids=[record_id])
    if not known or not await check_level(tx, obj, record_id, Level.READ):
        raise _unknown(obj, record_id)
    rows = await tx.rows(_OF, tenant=tx.tenant.id, record=record_id)
    return [_share(tx, row) for row in rows if row["object_id"] == obj.id]


def _share(tx: Transaction, row: Any) -> Share:
    known, rights = tx.catalog.by_id, tx.rights
    named = (known[one] for one in row["along"] if one in known)
    along = tuple(one for one in named if rights.may_read_object(one.id))
    level = Level(row["level"])
    return Share(row["principal"], level, along, row["reason"], row["at"], row["actor_id"])


async def _told(tx: Transaction, principal: int) -> dict[str, str]:
    """Give whom a share is for, as the audit tells it: by id, for names change."""
    named = await named_parties(tx, [principal])
    return {"with": named[principal].text}


def _check_object(obj: ObjectDef) -> None:
    if obj.sharing is Sharing.READ_WRITE:
        hint = "Under Set up, Sharing says who sees what."
        raise NothingToShare(f"Everybody sees and changes {obj.plural_label}.", hint=hint)
    if obj.sharing is Sharing.PARENT:
        whole = obj.master.label if obj.master is not None else "whole"
        raise NothingToShare(f"Its {whole} decides who sees it.", hint=f"Share the {whole}.")


async def _check_record(tx: Transaction, obj: ObjectDef, record_id: RecordId) -> None:
    # A share, a role or owning it says nothing of whether the object may be changed at all.
    if not tx.rights.may_edit_object(obj.id):
        raise Forbidden(f"You may not change {obj.plural_label}.")
    rows = await tx.rows(living_ids(obj.heap, tx.tenant.id, obj.id), ids=[record_id])
    if not rows or not await check_level(tx, obj, record_id):
        raise _unknown(obj, record_id)


def _unknown(obj: ObjectDef, record_id: RecordId) -> UnknownRecord:
    return UnknownRecord(f"There is no {obj.label} {format_id(obj.prefix, record_id)}.")


async def _check_party(tx: Transaction, party: Party) -> None:
    """Refuse a team that there is not, or a person whom the viewer does not see.

    Raises NothingToShare, UnknownTeam.
    """
    if party.kind is PartyKind.TEAM:
        await get_team(tx, party.id)
    if party.kind is PartyKind.USER:
        user = tx.catalog.get_object("User")
        found = await tx.rows(living_ids(user.heap, tx.tenant.id, user.id), ids=[party.id])
        readable = tx.rights.may_read_object(user.id)
        if not found or not readable or party.id not in await seen_of(tx, user, [party.id]):
            text = format_id(user.prefix, party.id)
            raise NothingToShare(f"There is no {user.label} {text}.", at="/with")
