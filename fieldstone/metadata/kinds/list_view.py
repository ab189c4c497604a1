"""The kind list_view: a list of an object's records that people share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from msgspec import Meta

from fieldstone.metadata.kinds.object import Label, Name
from fieldstone.metadata.kinds.part import FieldPath, PartKind, Text
from fieldstone.metadata.named_places import Form, Place


@dataclass(frozen=True, slots=True)
class ViewOrder:
    """One key of the order of a list."""

    path: FieldPath
    descending: bool = False


@dataclass(frozen=True, slots=True)
class ListViewBody:
    """A list of records. where: a condition of the query language, or a filter in JSON.

    scope: whose records. permission_sets, roles: who is offered it; everybody where both are ().
    """

    object: Name
    label: Label
    columns: Annotated[tuple[FieldPath, ...], Meta(max_length=100)] = ()
    where: Annotated[str, Meta(min_length=1, max_length=20_000)] | dict[str, Any] | None = None
    scope: Literal["everything", "mine"] = "everything"
    sort: Annotated[tuple[ViewOrder, ...], Meta(max_length=10)] = ()
    permission_sets: Annotated[tuple[Name, ...], Meta(max_length=500)] = ()
    roles: Annotated[tuple[Name, ...], Meta(max_length=500)] = ()
    description: Text = ""


class ListViewKind(PartKind[ListViewBody]):
    """A list under a name, such as Deal.Closing_This_Month."""

    name = "list_view"
    body_class = ListViewBody
    places = (
        Place("object", Form.OBJECT),
        Place("columns/*", Form.PATH, drops=0),
        Place("sort/*/path", Form.PATH, drops=1),
        Place("where", Form.CONDITION),
        Place("permission_sets/*", Form.NAME, ("permission_set",)),
        Place("roles/*", Form.NAME, ("role",)),
    )
