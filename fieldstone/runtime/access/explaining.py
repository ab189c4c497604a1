"""Why somebody sees a record, may change it, or does not: the shortest reason that there is.

What is asked is the condition of every query itself, once as a whole and then part by part, so that
an explanation never says anything else than what happens.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import BigInteger, Integer, func, select

from fieldstone.errors import Forbidden
from fieldstone.ids import RecordId, format_id
from fieldstone.metadata.access_reasons import Reason
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.record_access import Grants, RecordAccess
from fieldstone.metadata.rights import Rights, SetupArea
from fieldstone.metadata.sharing import Level, PartyKind, SharingRule
from fieldstone.metadata.standing import NOBODY, Standing
from fieldstone.metadata.values import read_json
from fieldstone.runtime.access.parties import named_parties, names_of_users
from fieldstone.runtime.access.people_roles import roles_of
from fieldstone.runtime.access.shares import list_shares
from fieldstone.runtime.records.heap_statements import load_rows
from fieldstone.runtime.records.levels import levels_of, levels_under
from fieldstone.runtime.records.locks import closed_among
from fieldstone.runtime.records.store import stored_record, targets_in
from fieldstone.runtime.records.write import UnknownRecord
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.transactions import Transaction, Viewer

_STANDING: Final = prepare(
    select(
        func.standing_of(parameter("tenant", Integer()), parameter("user", BigInteger())).label(
            "standing"
        )
    )
)


@dataclass(frozen=True, slots=True)
class Explained:
    """What somebody may do with a record, and why. level: None for nothing at all."""

    level: Level | None
    reason: str
    edit_reason: str


async def explain_record(
    tx: Transaction, obj: ObjectDef, record_id: RecordId, user: RecordId | None = None
) -> Explained:
    """Give what somebody may do with a live record, and why. user: None for the viewer.

    Whoever asks sees the record themselves, and sees to people if it is about another. Raises
    UnknownRecord, Forbidden.
    """
    if user is not None and user != tx.viewer.user_id:
        if not tx.rights.may_set_up(SetupArea.PEOPLE):
            raise Forbidden("You may not ask what others see.")
        subject = await as_user(tx, user)
    else:
        subject = tx
    rows = await tx.rows(load_rows(obj.heap, tx.tenant.id, obj.id), ids=[record_id])
    if not rows or record_id not in await levels_of(tx, obj, [record_id]):
        raise UnknownRecord(f"There is no {obj.label} {format_id(obj.prefix, record_id)}.")
    why = _Why(tx, subject, obj, record_id, stored_record(rows[0]).owner_id)
    sees, reason = await why.reason(Level.READ)
    edits, edit_reason = await why.reason(Level.EDIT)
    if edits and await closed_among(subject, obj, [record_id]):
        edits, edit_reason = False, "It is locked."
    level = None if not sees else Level.EDIT if edits else Level.READ
    return Explained(level, reason, edit_reason)


async def as_user(tx: Transaction, user: RecordId) -> Transaction:
    """Give the same transaction as somebody else would have it, for asking alone."""
    row = await tx.row(_STANDING, tenant=tx.tenant.id, user=user)
    told = None if row is None or row["standing"] is None else read_json(row["standing"])
    standing = Standing.from_json(told) if isinstance(told, dict) else NOBODY
    names = await names_of_users(tx, [user])
    return replace(tx, viewer=Viewer(user, names.get(user, "They"), standing))


def object_of_record(tx: Transaction, text: str, rights: Rights) -> ObjectDef | None:
    """Give the object of a record by the prefix of its id; None where it is no id of a record."""
    prefix, _, number = text.rpartition("_")
    if not number:
        return None
    readable = (obj for obj in tx.catalog.objects if rights.may_read_object(obj.id))
    return next((obj for obj in readable if obj.prefix == prefix), None)


def reasons_of(told: Explained, of_field: Sequence[Reason] = ()) -> tuple[Reason, ...]:
    """Give for reading and changing a record why, or for one of its fields.

    of_field: the reasons for that field of whatever record. What refuses is told alone; where
    both allow it, the record's reason is followed by that of the field.
    """
    found = []
    for right, allowed, words in (
        ("read", told.level is not None, told.reason),
        ("edit", told.level is Level.EDIT, told.edit_reason),
    ):
        field = next((one for one in of_field if one.right == right), None)
        if field is None or not allowed:
            found.append(Reason(right, allowed, words))
        elif not field.allowed:
            found.append(field)
        else:
            found.append(replace(field, words=f"{words} {field.words}"))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Why:
    """Looks for reasons. asker: of who is told; tx: of whom it is about."""

    asker: Transaction
    tx: Transaction
    obj: ObjectDef
    record_id: RecordId
    owner: int | None

    @property
    def _who(self) -> str:
        return self.tx.viewer.name

    async def reason(self, level: Level) -> tuple[bool, str]:
        """Tell whether it is allowed, and why."""
        rights, obj, who = self.tx.rights, self.obj, self._who
        verb = "see" if level is Level.READ else "change"
        if not rights.may_read_object(obj.id) or (
            level is Level.EDIT and not rights.may_edit_object(obj.id)
        ):
            return False, f"No permission set lets {who} {verb} {obj.plural_label}."
        grants = rights.record_access.of(obj.id, level)
        if grants is None:
            return True, self._of_all(level)
        if (await levels_of(self.tx, obj, [self.record_id])).get(self.record_id, 0) < level:
            return False, await self._refusal(level, grants)
        return True, await self._opening(level, grants)

    def _of_all(self, level: Level) -> str:
        rights, obj, who = self.tx.rights, self.obj, self._who
        if self.tx.viewer.standing.is_administrator:
            return f"{who} is an administrator."
        may_all = rights.may_view_all if level is Level.READ else rights.may_modify_all
        verb = "sees" if level is Level.READ else "changes"
        if may_all(obj.id):
            return f"A permission set gives {who} all {obj.plural_label}."
        return f"Everybody {verb} {obj.plural_label}: sharing is {obj.sharing}."

    async def _refusal(self, level: Level, grants: Grants) -> str:
        obj, who = self.obj, self._who
        if grants.parent is not None:
            above = await self._whole()
            if above is not None:
                return (await above.reason(level))[1]
        owner = await self._owner_name()
        stands = f"neither owns it nor stands above {owner}" if self.owner else "does not own it"
        return (
            f"{obj.plural_label} are {_closed(obj)}: {who} {stands},"
            " and no sharing rule and no share of it reaches them."
        )

    async def _opening(self, level: Level, grants: Grants) -> str:
        who = self._who
        if grants.parent is not None:
            above = await self._whole()
            if above is not None:
                return (await above.reason(level))[1]
        if self.owner is not None and self.owner == self.tx.viewer.user_id:
            return f"{who} owns it."
        role = (await roles_of(self.tx, [self.owner])).get(self.owner) if self.owner else None
        below = self.tx.catalog.roles.below(self.tx.viewer.standing.role)
        if role is not None and role.id in below:
            return f"{who} stands above {await self._owner_name()}, whose role is {role.label}."
        for rule in self._rules(level):
            if await self._is_opened_by(rule, level):
                return f"The sharing rule {rule.label} opens it."
        return await self._share(level) or f"It is shared with {who}."

    async def _share(self, level: Level) -> str | None:
        """Tell of the share that opens it, its own or that of a record which it goes along with."""
        found = await self._shared_with(self.obj, self.record_id, level)
        if found is not None:
            return f"It is shared with {found}."
        heap = load_rows(self.obj.heap, self.tx.tenant.id, self.obj.id)
        rows = await self.asker.rows(heap, ids=[self.record_id])
        data = stored_record(rows[0]).data if rows else {}
        for field in self.obj.own_fields:
            for above in map(self.tx.catalog.by_id.__getitem__, field.references):
                for target in targets_in(data.get(field.key)):
                    found = await self._shared_with(above, RecordId(target), level, self.obj)
                    if found is not None:
                        return f"Its {field.label} is shared with {found}, and it goes along."
        return None

    async def _shared_with(
        self, obj: ObjectDef, record: RecordId, level: Level, along: ObjectDef | None = None
    ) -> str | None:
        """Give with whom a record is shared so that it reaches them; None where it does not.

        along: whose records go along.
        """
        try:
            shares = await list_shares(self.asker, obj, record)
        except UnknownRecord:
            return None
        user = self.tx.viewer.user_id
        mine = {*self.tx.rights.record_access.principals, user}
        reaching = [
            one.principal
            for one in shares
            if one.level >= level and one.principal in mine and along in (None, *one.along)
        ]
        if not reaching:
            return None
        nearest = user if user in reaching else reaching[0]
        party = (await named_parties(self.asker, [nearest]))[nearest]
        words = {PartyKind.TEAM: "the team ", PartyKind.ROLE: "the role "}
        words[PartyKind.ROLE_AND_BELOW] = "the role "
        name = party.name.lower() if party.party.kind is PartyKind.EVERYONE else party.name
        return f"{words.get(party.party.kind, '')}{name}"

    def _rules(self, level: Level) -> Iterator[SharingRule]:
        principals = set(self.tx.rights.record_access.principals)
        for rule in self.tx.catalog.sharing_rules.get(self.obj.id, ()):
            if rule.level >= level and rule.share_with.principal in principals:
                yield rule

    async def _is_opened_by(self, rule: SharingRule, level: Level) -> bool:
        roles, teams = self.tx.catalog.roles, ()
        if rule.owned_by is None:
            grants = Grants(criteria=(rule,))
        elif rule.owned_by.kind is PartyKind.TEAM:
            grants = Grants(teams=(rule.owned_by.id,))
        else:
            grants = Grants(roles=tuple(sorted(roles.members_of(rule.owned_by))), teams=teams)
        alone = RecordAccess({(self.obj.id, one): grants for one in Level}, ())
        found = await levels_under(self.tx, alone, self.obj, [self.record_id])
        return self.record_id in found

    async def _whole(self) -> _Why | None:
        """Give the same question about the record that this one is part of."""
        master = self.obj.master
        heap = load_rows(self.obj.heap, self.tx.tenant.id, self.obj.id)
        rows = await self.tx.rows(heap, ids=[self.record_id])
        if master is None or not rows:
            return None
        above = self.tx.catalog.by_id[master.references[0]]
        targets = targets_in(stored_record(rows[0]).data.get(master.key))
        wholes = await self.tx.rows(load_rows(above.heap, self.tx.tenant.id, above.id), ids=targets)
        if not wholes:
            return None
        record = stored_record(wholes[0])
        return _Why(self.asker, self.tx, above, record.id, record.owner_id)

    async def _owner_name(self) -> str:
        if self.owner is None:
            return "an owner"
        names = await names_of_users(self.asker, [self.owner])
        return names.get(self.owner, "its owner")


def _closed(obj: ObjectDef) -> str:
    return "read by all and changed by few" if obj.sharing == "read" else "private"
