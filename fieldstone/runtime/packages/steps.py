"""What packages ask for once they are installed: told with the plan, confirmed, and then done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Integer, select

from fieldstone.errors import InvalidInput
from fieldstone.metadata.changes import MetadataPlan
from fieldstone.metadata.kinds.registry import PERMISSION_SET
from fieldstone.metadata.packages import Step
from fieldstone.metadata.tables import MEMBER
from fieldstone.metadata.values import JsonObject, fold
from fieldstone.runtime.packages.wishes import Wished
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.transactions import Transaction

_EVERYONE: Final = prepare(
    select(MEMBER.c.user_id)
    .where(MEMBER.c.tenant_id == parameter("tenant", Integer()), MEMBER.c.ended_at.is_(None))
    .order_by(MEMBER.c.user_id)
)


class StepsUnconfirmed(InvalidInput):
    """A package gives rights to people once it is installed, and that was not agreed to."""

    code = "package.steps_unconfirmed"


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A set that a package brings and gives to people. user_ids: those who get it."""

    package: str
    set_name: str
    step: Step
    user_ids: tuple[int, ...]

    @property
    def key(self) -> str:
        """By what it is confirmed, with the number of people."""
        return f"step:{self.set_name}:{self.step.to}"

    @property
    def message(self) -> str:
        """What it does, in a sentence."""
        people = f"Everybody who may sign in ({len(self.user_ids):,})"
        whom = people if self.step.to == "everyone" else "Whoever installs it"
        return f"{whom} is given the permission set {self.set_name}."

    def as_json(self) -> JsonObject:
        """Give it as callers see it."""
        return {
            "package": self.package,
            "assign_permission_set": self.set_name,
            "to": self.step.to,
            "people": len(self.user_ids),
            "message": self.message,
        }


async def load_steps(
    tx: Transaction, wished: Wished, plan: MetadataPlan
) -> tuple[PlannedStep, ...]:
    """Give what is to be done once packages are installed; who has that already is not asked.

    A set that was here before is given to nobody: what it allows is not the package's to say.
    """
    wanted = list(_wanted(wished, plan))
    if not wanted:
        return ()
    is_for_all = any(step.to == "everyone" for _, _, step in wanted)
    rows = await tx.rows(_EVERYONE, tenant=tx.tenant.id) if is_for_all else []
    everyone = tuple(row["user_id"] for row in rows)
    viewer = () if tx.viewer.user_id is None else (tx.viewer.user_id,)
    return tuple(
        PlannedStep(package, name, step, everyone if step.to == "everyone" else viewer)
        for package, name, step in wanted
    )


def confirmations(steps: Sequence[PlannedStep]) -> dict[str, int]:
    """Give what has to be confirmed of steps: how many people each is for."""
    return {one.key: len(one.user_ids) for one in steps}


def check_confirmed(steps: Sequence[PlannedStep], confirmed: Mapping[str, int]) -> None:
    """Refuse to give anything to people that was not agreed to. Raises StepsUnconfirmed."""
    still = [one for one in steps if confirmed.get(one.key, -1) < len(one.user_ids)]
    if still:
        raise StepsUnconfirmed(
            " ".join(one.message for one in still),
            at="/confirm",
            hint="Send confirm with each step and its number of people, if that is meant.",
            details={"steps": confirmations(still)},
        )


def _wanted(wished: Wished, plan: MetadataPlan) -> Iterator[tuple[str, str, Step]]:
    made = {
        fold(change.after.name): change.after.name
        for change in plan.changes
        if change.operation == "create"
        and change.after
        and change.after.kind == PERMISSION_SET.name
    }
    new = {one.name for one in wished.deeds if one.deed == "install"}
    for package, _ in wished.changes:
        for step in package.manifest.steps if package.manifest.name in new else ():
            name = made.get(fold(step.assign_permission_set))
            if name is not None:
                yield package.manifest.name, name, step
