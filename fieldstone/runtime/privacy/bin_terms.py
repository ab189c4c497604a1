"""How long what policies are about is kept, where they differ from what is usual."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.retention import Kept
from fieldstone.metadata.values import Json
from fieldstone.runtime.transactions import Transaction


@dataclass(frozen=True, slots=True)
class BinTerms:
    """Up to which instant what was deleted goes for good.

    own: the instants of objects that have another one, by the object of what was deleted.
    """

    before: datetime
    own: Mapping[int, datetime] = field(default_factory=dict)

    def arguments(self) -> dict[str, Any]:
        """Give it as the statements take it."""
        return {
            "before": self.before,
            "objects": list(self.own),
            "befores": list(self.own.values()),
        }

    def to_json(self) -> Json:
        """Give it as the arguments of a job hold it."""
        own: dict[str, Json] = {str(key): one.isoformat() for key, one in self.own.items()}
        return {"before": self.before.isoformat(), "own": own}

    @classmethod
    def from_json(cls, said: Any) -> BinTerms:
        """Read it out of the arguments of a job."""
        own = {int(key): datetime.fromisoformat(one) for key, one in said["own"].items()}
        return cls(datetime.fromisoformat(said["before"]), own)


def bin_terms(tx: Transaction, usual: timedelta) -> BinTerms:
    """Give how long the recycle bin keeps what, by the policies of the tenant."""
    policies = [one for one in tx.catalog.retention if one.of is Kept.BIN and one.active]
    own = {
        int(one.object_id): tx.now - timedelta(days=one.days)
        for one in policies
        if one.object_id is not None
    }
    return BinTerms(tx.now - kept_for(tx.catalog, Kept.BIN, usual), own)


def kept_for(catalog: Catalog, of: Kept, usual: timedelta) -> timedelta:
    """Give how long something is kept of which no object has a policy of its own."""
    for one in catalog.retention:
        if one.of is of and one.active and one.object_id is None:
            return timedelta(days=one.days)
    return usual
