"""What a branch has in common with its parent, as it is kept: lists, since there are thousands."""

from __future__ import annotations

from typing import Any

from fieldstone.metadata.branch_history import Common, Merged
from fieldstone.metadata.branch_merge import Pair
from fieldstone.metadata.component import Component
from fieldstone.metadata.values import Json


def common_as_json(common: Common) -> Json:
    """Give what is common as read_common takes it."""
    merges: list[Json] = [
        {
            "into_parent": one.into_parent,
            "version": one.version,
            "before": [_written(pair) for pair in one.before],
            "made": [list(ids) for ids in one.made],
        }
        for one in common.merges
    ]
    return {"pairs": [_written(pair) for pair in common.pairs], "merges": merges}


def read_common(kept: Any) -> Common:
    """Read what is common; branches from before merges were kept have a list of pairs alone."""
    if isinstance(kept, list):
        return Common(tuple(map(_read, kept)))
    merges = (
        Merged(
            one["into_parent"],
            one["version"],
            tuple(map(_read, one["before"])),
            tuple((parent, branch) for parent, branch in one["made"]),
        )
        for one in kept["merges"]
    )
    return Common(tuple(map(_read, kept["pairs"])), tuple(merges))


def _written(pair: Pair) -> list[Json]:
    base = pair.base
    return [pair.parent_id, pair.branch_id, base.kind, base.name, base.package, base.body]


def _read(kept: Any) -> Pair:
    parent, branch, kind, name, package, body = kept
    return Pair(parent, branch, Component(kind, name, body, package))
