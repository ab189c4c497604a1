"""The kind layout: where the fields and related lists of an object stand on its pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from msgspec import Meta

from fieldstone.metadata.kinds.object import Label, Name
from fieldstone.metadata.kinds.part import FieldPath, FullName, OwnName, PartKind
from fieldstone.metadata.named_places import Form, Place

MOST_ITEMS: Final = 1_000


@dataclass(frozen=True, slots=True)
class LayoutItem:
    """A field in a column; without a field it is a gap.

    behaviour: whether forms let it be changed, only show it, or ask for it.
    """

    field: Name | None = None
    behaviour: Literal["edit", "readonly", "required"] = "edit"


@dataclass(frozen=True, slots=True)
class LayoutSection:
    """A part of a page with its columns, each with its items from above.

    show_label: whether the label stands above it. on_detail, on_edit: on which pages it is.
    """

    label: Annotated[str, Meta(max_length=120)] = ""
    columns: Annotated[
        tuple[Annotated[tuple[LayoutItem, ...], Meta(max_length=MOST_ITEMS)], ...],
        Meta(min_length=1, max_length=2),
    ] = ((),)
    show_label: bool = True
    collapsed: bool = False
    on_detail: bool = True
    on_edit: bool = True


@dataclass(frozen=True, slots=True)
class RelatedList:
    """Records that point to the one that is shown.

    relation: the reference by which they do, such as Deal.company. columns: what is told of each;
    () for the usual ones. sort: what they are in order of; None for the newest first.
    """

    relation: FullName
    columns: Annotated[tuple[FieldPath, ...], Meta(max_length=30)] = ()
    sort: FieldPath | None = None
    descending: bool = False


@dataclass(frozen=True, slots=True)
class LayoutBody:
    """A layout of an object's pages.

    record_types: own names of those that it is for; () for all. permission_sets: whose people see
    it; () for everybody. links: own names of web links, in order. actions: names of quick actions,
    in order: those of the object with its name, as in Deal.Win, and those of everywhere.
    highlights: the own name of the compact layout whose fields stand in the head. active: whether
    pages take it.
    """

    object: Name
    label: Label
    sections: Annotated[tuple[LayoutSection, ...], Meta(max_length=200)] = ()
    related_lists: Annotated[tuple[RelatedList, ...], Meta(max_length=200)] = ()
    record_types: Annotated[tuple[OwnName, ...], Meta(max_length=500)] = ()
    permission_sets: Annotated[tuple[Name, ...], Meta(max_length=500)] = ()
    links: Annotated[tuple[OwnName, ...], Meta(max_length=200)] = ()
    actions: Annotated[tuple[str, ...], Meta(max_length=200)] = ()
    highlights: OwnName | None = None
    active: bool = True
    description: Annotated[str, Meta(max_length=4000)] = ""


class LayoutKind(PartKind[LayoutBody]):
    """How the pages of an object look, such as Deal.Deal_Layout."""

    name = "layout"
    body_class = LayoutBody
    places = (
        Place("object", Form.OBJECT),
        Place("sections/*/columns/*/*/field", Form.FIELD, drops=1),
        Place("related_lists/*/relation", Form.FULL, drops=1),
        Place("related_lists/*/columns/*", Form.PATH, owner="related_lists/*/relation", drops=0),
        Place("related_lists/*/sort", Form.PATH, owner="related_lists/*/relation", drops=0),
        Place("record_types/*", Form.OWN, ("record_type",)),
        Place("permission_sets/*", Form.NAME, ("permission_set",)),
        Place("links/*", Form.OWN, ("web_link",), drops=0),
        Place("actions/*", Form.NAME, ("quick_action",), drops=0),
        Place("highlights", Form.OWN, ("compact_layout",), drops=0),
    )
