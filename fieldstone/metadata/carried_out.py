"""What a plan leaves behind, worked out without a database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import count

from fieldstone.metadata.changes import MetadataPlan
from fieldstone.metadata.component import StoredComponent


def rows_after(
    rows: Sequence[StoredComponent], plan: MetadataPlan, at: datetime
) -> list[StoredComponent]:
    """Give the stored components once a plan is carried out at an instant, in order of id.

    What is new and has no id yet gets one that means nothing.
    """
    by_id = {row.id: row for row in rows}
    free = count(max(by_id, default=0) + 1)
    for change in plan.changes:
        number, component = change.id or next(free), change.after or change.before
        assert component is not None
        known = by_id.get(number)
        by_id[number] = StoredComponent(
            id=number,
            component=component,
            storage=change.storage,
            created_at=known.created_at if known else at,
            deleted_at=at if change.operation == "remove" else None,
        )
    by_id.update((row.id, row) for row in plan.following)
    return sorted(by_id.values(), key=lambda row: row.id)


def removed_by(plan: MetadataPlan) -> frozenset[int]:
    """Give the ids of what is removed by a plan."""
    return frozenset(one.id for one in plan.changes if one.operation == "remove")
