"""Which records somebody sees, as far as it follows from the catalog and from who they are.

What is said here becomes a condition of every query (query_language/guards.py). Objects whose
records somebody sees and edits without exception are left out, so that nothing is asked of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from hashlib import blake2b
from typing import Final

from fieldstone.ids import ObjectId
from fieldstone.metadata.sharing import EVERYONE, Level, SharingRule

_DIGEST_BYTES: Final = 12


class Breadth(Enum):
    """How many of an object's records somebody sees, as far as it is worth another statement.

    FEW: few of a few people, so that each of these is best looked at. OWNERS: more, of a few people
    still. SPARSE: few of many people, best fetched and sorted. SOME: some in a hundred. MANY: so
    many that the next page of a list is found among the first rows looked at. It says how to ask,
    and never what is seen.
    """

    UNKNOWN = "unknown"
    FEW = "few"
    OWNERS = "owners"
    SPARSE = "sparse"
    SOME = "some"
    MANY = "many"


@dataclass(frozen=True, slots=True)
class Grants:
    """What opens records of an object to somebody, beside owning them and shares of theirs.

    roles, teams: whose people own them. criteria: rules whose condition they meet. parent: the
    object whose record, of which they are parts, decides instead.
    """

    roles: tuple[int, ...] = ()
    teams: tuple[int, ...] = ()
    criteria: tuple[SharingRule, ...] = ()
    parent: ObjectId | None = None

    @property
    def shape(self) -> str:
        """What of it decides how a query reads: everything but whose roles and teams they are."""
        if self.parent is not None:
            return f"^{self.parent}"
        rules = ",".join(str(rule.id) for rule in self.criteria)
        return f"{'r' if self.roles else ''}{'t' if self.teams else ''}[{rules}]"

    def covers(self, other: Grants) -> bool:
        """Tell whether all that others open is opened here too."""
        rules, theirs = ({rule.id for rule in one.criteria} for one in (self, other))
        return (
            self.parent == other.parent
            and set(other.roles) <= set(self.roles)
            and set(other.teams) <= set(self.teams)
            and theirs <= rules
        )


@dataclass(frozen=True, slots=True)
class RecordAccess:
    """What somebody may see and edit of objects whose records are not all open to them.

    grants: by object and level; what is not in it is open. principals: the numbers under which
    shares name them, but for their own. breadths: how many they see, of objects where that is
    known; no part of what they see.
    """

    grants: Mapping[tuple[ObjectId, Level], Grants] = field(default_factory=dict, hash=False)
    principals: tuple[int, ...] = (EVERYONE,)
    breadths: Mapping[ObjectId, Breadth] = field(default_factory=dict, hash=False, compare=False)

    def breadth_of(self, object_id: ObjectId) -> Breadth:
        """Give how many of an object's records are seen."""
        return self.breadths.get(object_id, Breadth.UNKNOWN)

    def of(self, object_id: ObjectId, level: Level) -> Grants | None:
        """Give what opens an object's records; None where all of them are open."""
        return self.grants.get((object_id, level))

    @property
    def digest(self) -> str:
        """Names what queries look like under it; "" where no record is closed."""
        if not self.grants:
            return ""
        said = (f"{o}.{level:d}{grants.shape}" for (o, level), grants in self.grants.items())
        text = ";".join(sorted(said))
        return blake2b(text.encode(), digest_size=_DIGEST_BYTES).hexdigest()

    def covers(self, other: RecordAccess) -> bool:
        """Tell whether every record that is open to others by it is open here too."""
        if not self.grants:
            return True
        return set(other.principals) <= set(self.principals) and all(
            key in other.grants and mine.covers(other.grants[key])
            for key, mine in self.grants.items()
        )


OPEN: Final = RecordAccess()


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody stands: the role, all teams they belong to, however deep, and territories."""

    role: int | None = None
    teams: frozenset[int] = frozenset()
    territories: frozenset[int] = frozenset()


NOWHERE: Final = Place()
"""Where those stand who have no role, no team and no territory."""
