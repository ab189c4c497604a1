"""Which side is taken in each conflict of an upgrade, as callers say it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fieldstone.errors import Problem, Several
from fieldstone.metadata.component_merge import Conflict
from fieldstone.metadata.merging import Choice
from fieldstone.metadata.names import suggestion


def check_choices(choices: Mapping[str, Choice], conflicts: Iterable[Conflict]) -> None:
    """Refuse choices in conflicts that there are not. Raises Several."""
    known = {one.key for one in conflicts}
    unknown = [
        Problem(
            "package.unknown_conflict",
            f"There is no conflict {key[:200]}.",
            f"/choices/{key}",
            suggestion(key, known) or "Plan it again and look which there are.",
        )
        for key in choices
        if key not in known
    ]
    if unknown:
        raise Several(unknown)
