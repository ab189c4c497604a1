"""What a change would give to people and take from them, before it is saved.

Rights on objects and fields follow from permission sets, records from everything that opens them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from fieldstone.errors import Forbidden
from fieldstone.metadata.api_scopes import API, reaches
from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.compiled_rights import compile_rights
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.registry import PERMISSION_SET
from fieldstone.metadata.rights import Rights
from fieldstone.runtime.access.everybody import Everybody, PeopleChange, load_everybody
from fieldstone.runtime.access.people_roles import check_people
from fieldstone.runtime.access.record_counts import (
    RecordChange,
    Side,
    count_people,
    record_changes,
)
from fieldstone.runtime.metadata_changes import try_metadata
from fieldstone.runtime.permissions import check_permissions
from fieldstone.runtime.transactions import Transaction

MOST_TOLD: Final = 200

What = tuple[str, str, str]
"""Object, field ("" for the object as a whole) and right."""


@dataclass(frozen=True, slots=True)
class AccessChange:
    """How many people would gain and lose a right on an object or, where it is named, a field."""

    object: str
    field: str
    right: str
    gain: int
    lose: int

    @property
    def words(self) -> str:
        """The same as a sentence."""
        verb = {"view_all": "view all", "modify_all": "modify all"}.get(self.right, self.right)
        what = f"{self.object}.{self.field}" if self.field else self.object
        told = [(self.lose, "lose"), (self.gain, "gain")]
        parts = [f"{count_people(number)} would {word}" for number, word in told if number]
        return f"{' and '.join(parts)} {verb} on {what}."


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would do. affected: how many people gain or lose anything at all.

    records: what of which records; None where whoever asks may not be told how many there are.
    """

    affected: int
    changes: tuple[AccessChange, ...]
    is_cut: bool = False
    records: tuple[RecordChange, ...] | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """What changes as sentences, the records first."""
        of_records = [words for one in self.records or () for words in one.words]
        return (*of_records, *(one.words for one in self.changes))


@dataclass(frozen=True, slots=True)
class ChangeOfAccess:
    """What is proposed: components, and changes of people, in any mixture."""

    proposal: Proposal = field(default_factory=Proposal)
    people: PeopleChange = field(default_factory=PeopleChange)


async def preview_set(tx: Transaction, proposed: Component) -> Preview:
    """Tell what people would gain and lose if a permission set were as it is proposed.

    Raises what is wrong with the set, as saving it would.
    """
    return await preview_access(tx, ChangeOfAccess(Proposal(upserts=(proposed,))))


async def preview_access(tx: Transaction, change: ChangeOfAccess) -> Preview:
    """Tell what people would gain and lose by a change. Nothing is saved.

    Administrators are told of records, and see everything themselves before and after. Raises
    what carrying out the change would raise.
    """
    _check(tx, change)
    catalog = tx.catalog
    if change.proposal.keys:
        catalog = await try_metadata(tx, change.proposal)
    people = await load_everybody(tx)
    before, after = Side(tx.catalog, people), Side(catalog, people.changed(change.people))
    rights = _Rights(before, after)
    records: tuple[RecordChange, ...] | None = None
    if _may_count(tx):
        records = tuple(await record_changes(tx, before, after))
        for one in records:
            if one.difference is not None:
                rights.affected |= one.difference.losers | one.difference.gainers
    told = rights.told()
    return Preview(
        len(rights.affected), tuple(told[:MOST_TOLD]), is_cut=len(told) > MOST_TOLD, records=records
    )


def _check(tx: Transaction, change: ChangeOfAccess) -> None:
    """Refuse those who could not carry it out. Raises Forbidden."""
    if change.people.moves_people:
        check_people(tx)
    if change.people.gives_sets or not change.people.moves_people:
        check_permissions(tx)
    others = any(kind != PERMISSION_SET.name for kind, _ in change.proposal.keys)
    if others and not tx.viewer.standing.is_administrator:
        raise Forbidden("Only an administrator may change who gets in or sees which records.")


def _may_count(tx: Transaction) -> bool:
    """Tell whether the viewer sees all records, and may so be told how many others would see."""
    standing = tx.viewer.standing
    return standing.is_administrator and reaches(standing.scopes, API)


class _Rights:
    """What members may do with objects and fields, before and after. affected: who would notice."""

    def __init__(self, before: Side, after: Side) -> None:
        self.affected: set[int] = set()
        self._gained, self._lost = Counter[What](), Counter[What]()
        for sets, users in _alike(before.people, after.people).items():
            if before.catalog is after.catalog and sets[0] == sets[1]:
                continue
            was = frozenset(_allowed(before.catalog, compile_rights(before.catalog, sets[0])))
            is_now = frozenset(_allowed(after.catalog, compile_rights(after.catalog, sets[1])))
            if was != is_now:
                self.affected.update(users)
                self._gained.update(dict.fromkeys(is_now - was, len(users)))
                self._lost.update(dict.fromkeys(was - is_now, len(users)))

    def told(self) -> list[AccessChange]:
        """Give what changes, what most people lose first, whole objects before fields."""
        gained, lost = self._gained, self._lost
        every = sorted(
            gained.keys() | lost.keys(), key=lambda what: (-lost[what], bool(what[1]), what)
        )
        return [AccessChange(*what, gain=gained[what], lose=lost[what]) for what in every]


def _alike(
    before: Everybody, after: Everybody
) -> Mapping[tuple[frozenset[int], frozenset[int]], list[int]]:
    """Give members by the permission sets that they have before and after."""
    found: dict[tuple[frozenset[int], frozenset[int]], list[int]] = defaultdict(list)
    for user, sets in before.sets.items():
        found[sets, after.sets[user]].append(user)
    return found


def _allowed(catalog: Catalog, rights: Rights) -> Iterator[What]:
    for obj in catalog.objects:
        may = {
            "read": rights.may_read_object(obj.id),
            "create": rights.may_create(obj.id),
            "edit": rights.may_edit_object(obj.id),
            "delete": rights.may_delete(obj.id),
            "view_all": rights.may_view_all(obj.id),
            "modify_all": rights.may_modify_all(obj.id),
            "lock": rights.may_lock(obj.id),
        }
        yield from ((obj.name, "", right) for right, given in may.items() if given)
        if not may["read"]:
            continue
        for own in obj.own_fields:
            if rights.may_read_field(own.id):
                yield obj.name, own.name, "read"
            elif rights.is_masked(own.id):
                yield obj.name, own.name, "masked read"
            if rights.may_edit_field(own.id):
                yield obj.name, own.name, "edit"
