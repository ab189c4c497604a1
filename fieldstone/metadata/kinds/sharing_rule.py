"""The kind sharing_rule: opens some records of an object to people who would not see them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from msgspec import Meta

from fieldstone.errors import Problem
from fieldstone.ids import BadId, parse_id
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.kind import Kind
from fieldstone.metadata.kinds.object import Name, check_name
from fieldstone.metadata.named_places import Form, Place
from fieldstone.metadata.rights import SetupArea
from fieldstone.metadata.scope import Scope

TEAM_PREFIX: Final = "team"


@dataclass(frozen=True, slots=True)
class PartyBody:
    """Some of the people, named in one of four ways.

    role: those of a role. role_and_below: with all below it. team: the id of a team. everyone:
    true.
    """

    role: Name | None = None
    role_and_below: Name | None = None
    team: Annotated[str, Meta(max_length=60)] | None = None
    everyone: Literal[True] | None = None

    @property
    def said(self) -> tuple[str, ...]:
        """Which of the ways are used."""
        names = ("role", "role_and_below", "team", "everyone")
        return tuple(name for name in names if getattr(self, name) is not None)


@dataclass(frozen=True, slots=True)
class SharingRuleBody:
    """Share records of object with some people.

    owned_by: the records whose owners are of this party; or where: those that meet a condition in
    the query language. access: whether they may be seen alone, or changed as well.
    """

    object: Name
    share_with: PartyBody
    access: Literal["read", "edit"] = "read"
    owned_by: PartyBody | None = None
    where: Any = None
    label: Annotated[str, Meta(max_length=120)] = ""
    active: bool = True
    description: Annotated[str, Meta(max_length=4000)] = ""


class SharingRuleKind(Kind[SharingRuleBody]):
    """A rule such as: deals of the north are read by the team Partners."""

    name = "sharing_rule"
    body_class = SharingRuleBody
    area = SetupArea.PERMISSIONS
    for_administrators = True
    places = (
        Place("object", Form.OBJECT),
        *(
            Place(f"{party}/{way}", Form.NAME, ("role",))
            for party in ("owned_by", "share_with")
            for way in ("role", "role_and_below")
        ),
        Place("where", Form.CONDITION),
    )

    def check(self, component: Component, scope: Scope) -> Iterator[Problem]:
        """Yield a rule that does not say which records, or with whom."""
        yield from check_name(component.name)
        body = self.read(component)
        if (body.owned_by is None) == (body.where is None):
            hint = "Give owned_by for records of some owners, or where for a condition."
            message = "A rule says either whose records it shares or which condition they meet."
            yield Problem("metadata.invalid", message, "", hint)
        if body.where is not None and not isinstance(body.where, str | dict):
            yield Problem("metadata.invalid", "where must be a condition.", "/where")
        yield from _party_problems(body.share_with, "/share_with", everyone=True)
        if body.owned_by is not None:
            yield from _party_problems(body.owned_by, "/owned_by", everyone=False)


def _party_problems(party: PartyBody, at: str, *, everyone: bool) -> Iterator[Problem]:
    ways = ("role", "role_and_below", "team", *(("everyone",) if everyone else ()))
    if len(party.said) != 1 or party.said[0] not in ways:
        yield Problem("metadata.invalid", f"Name one of {', '.join(ways)}.", at)
    if party.team is not None and team_number(party.team) is None:
        message, hint = f"{party.team} is not the id of a team.", "It looks like team_54f8b6e78401."
        yield Problem("metadata.unknown_reference", message, f"{at}/team", hint)


def team_number(text: str) -> int | None:
    """Give the number of a team by the text of its id; None if it is none."""
    try:
        prefix, number = parse_id(text)
    except BadId:
        return None
    return number if prefix == TEAM_PREFIX else None
