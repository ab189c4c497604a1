"""Proposals as JSON, for jobs that carry them out later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fieldstone.metadata.changes import Proposal, Revert
from fieldstone.metadata.component import Component
from fieldstone.metadata.conversions import Instruction
from fieldstone.metadata.values import Json, JsonObject


def write_proposal(proposal: Proposal) -> JsonObject:
    """Give a proposal as JSON, without its pointers into what a caller sent."""
    return {
        "creates": [_written(one) for one in proposal.creates],
        "upserts": [_written(one) for one in proposal.upserts],
        "removals": [list(key) for key in proposal.removals],
        "restores": [list(key) for key in proposal.restores],
        "renames": [[*key, name] for key, name in proposal.renames],
        "reverts": [
            {"id": one.id, "before": _written(one.before), "after": _written(one.after)}
            for one in proposal.reverts
        ],
        "conversions": [[*key, dict(one.values)] for key, one in proposal.conversions.items()],
        "packaging": proposal.packaging,
        "is_whole": proposal.is_whole,
    }


def _written(one: Component | None) -> Json:
    if one is None:
        return None
    return {"kind": one.kind, "name": one.name, "body": one.body, "package": one.package}


def read_proposal(said: Mapping[str, Any]) -> Proposal:
    """Read what write_proposal gave."""
    return Proposal(
        creates=tuple(Component(**one) for one in said["creates"]),
        upserts=tuple(Component(**one) for one in said["upserts"]),
        removals=tuple((kind, name) for kind, name in said["removals"]),
        restores=tuple((kind, name) for kind, name in said["restores"]),
        renames=tuple(((kind, name), new) for kind, name, new in said["renames"]),
        reverts=tuple(_revert(one) for one in said["reverts"]),
        conversions={
            (kind, name): Instruction(values) for kind, name, values in said["conversions"]
        },
        packaging=said["packaging"],
        is_whole=said.get("is_whole", False),
    )


def _revert(one: Mapping[str, Any]) -> Revert:
    after = None if one["after"] is None else Component(**one["after"])
    return Revert(one["id"], Component(**one["before"]), after)
