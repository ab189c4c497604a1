"""Layouts of an object's pages as one viewer meets them: which one fits, and what it shows them.

What the viewer may not see leaves no trace: fields, related lists and their columns are passed
over, and so are sections in which nothing is left.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from fieldstone.metadata.catalog import Catalog, ChildRelation, Declared, Field, ObjectDef
from fieldstone.metadata.compiled_rights import with_included
from fieldstone.metadata.kinds.layout import (
    LayoutBody,
    LayoutItem,
    LayoutSection,
    RelatedList,
)
from fieldstone.metadata.kinds.registry import COMPACT_LAYOUT, LAYOUT, RECORD_TYPE
from fieldstone.metadata.rights import Rights
from fieldstone.metadata.values import fold
from fieldstone.query_language.shown_paths import ShownPath, find_path, find_paths
from fieldstone.runtime.transactions import Transaction

Behaviour: TypeAlias = Literal["edit", "readonly", "required"]
_WIDE: Final = frozenset({"lines", "rich_text", "json", "address"})
"""Widgets of fields that take the whole width where nobody has laid them out."""


@dataclass(frozen=True, slots=True)
class PlacedField:
    """A field in a column, and what forms let one do with it."""

    field: Field
    behaviour: Behaviour = "edit"


Column: TypeAlias = tuple[PlacedField | None, ...]
"""The fields of a column from above; None for a gap."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page. label: "" where none is shown."""

    label: str
    columns: tuple[Column, ...]
    collapsed: bool = False
    on_detail: bool = True
    on_edit: bool = True

    @property
    def placed(self) -> Iterator[PlacedField]:
        """Its fields, column after column."""
        return (one for column in self.columns for one in column if one is not None)


@dataclass(frozen=True, slots=True)
class PlacedList:
    """A related list. columns: beside what names a record; () for the usual ones.

    sort: what it is in order of; None for the newest first.
    """

    relation: ChildRelation
    columns: tuple[ShownPath, ...] = ()
    sort: ShownPath | None = None
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """How the pages of an object look to one viewer.

    name: its own name; "" where nobody has declared one that fits. highlights: the fields in the
    head; None for the usual ones. links: own names of web links. actions: names of quick actions,
    those of the object with its name, as in Deal.Win.
    """

    name: str
    label: str
    sections: tuple[Section, ...] = ()
    related: tuple[PlacedList, ...] = ()
    highlights: tuple[Field, ...] | None = None
    links: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()

    @property
    def is_declared(self) -> bool:
        """Whether somebody has said how the pages look."""
        return bool(self.name)

    def on_detail(self) -> tuple[Section, ...]:
        """Give the sections of the page that shows a record."""
        return tuple(one for one in self.sections if one.on_detail)

    def on_edit(self) -> tuple[Section, ...]:
        """Give the sections of its form."""
        return tuple(one for one in self.sections if one.on_edit)


def layout_for(tx: Transaction, obj: ObjectDef, record_type: str = "") -> Layout:
    """Give the layout of an object's pages for the viewer; the usual one where none fits.

    record_type: the own name of the record's; "" for none.
    """
    sets = {fold(one.name) for one in with_included(tx.catalog, tx.viewer.standing.sets)}
    fits = fitting_layout(tx.catalog.declared_for(LAYOUT.name, obj), sets, record_type)
    if fits is None:
        found = usual_layout(tx.catalog, tx.rights, obj)
    else:
        found = bound_layout(tx.catalog, tx.rights, obj, fits)
    highlights = _of_type(tx.catalog, tx.rights, obj, record_type)
    return found if highlights is None else replace(found, highlights=highlights)


def fitting_layout(
    declared: Iterable[Declared], sets: Collection[str], record_type: str
) -> Declared | None:
    """Give the layout that fits; None where none does.

    One that names the record type goes before one for all types, and among those one that names
    a permission set of the viewer before one for everybody. sets: their folded names.
    """
    types = {fold(record_type)}
    fits = [
        one
        for one in declared
        if one.body.active
        and _is_for(one.body.record_types, types)
        and _is_for(one.body.permission_sets, sets)
    ]
    return min(
        fits,
        key=lambda one: (not one.body.record_types, not one.body.permission_sets, fold(one.name)),
        default=None,
    )


def _is_for(named: Sequence[str], mine: Collection[str]) -> bool:
    return not named or any(fold(one) in mine for one in named)


def bound_layout(catalog: Catalog, rights: Rights, obj: ObjectDef, declared: Declared) -> Layout:
    """Give a declared layout, its names bound, without what the viewer may not see."""
    body: LayoutBody = declared.body
    sections = (_section(obj, rights, one) for one in body.sections)
    related = (_related(catalog, rights, obj, one) for one in body.related_lists)
    return Layout(
        name=declared.name,
        label=body.label,
        sections=tuple(one for one in sections if any(one.placed)),
        related=tuple(one for one in related if one is not None),
        highlights=compact_fields(catalog, rights, obj, body.highlights),
        links=body.links,
        actions=body.actions,
    )


def usual_layout(catalog: Catalog, rights: Rights, obj: ObjectDef) -> Layout:
    """Give the layout of pages that nobody has laid out: all fields in their order."""
    named = set(obj.title.derivation.fields) if obj.title.derivation else set()
    shown = [
        f for f in obj.own_fields if rights.may_show_field(f.id) and not (f is obj.title and named)
    ]
    wide = [f for f in shown if f.type.widget(f.options).name in _WIDE]
    short = [f for f in shown if f not in wide]
    system = [f for f in obj.fields if f.is_system and f.name != "id"]
    sections = (
        Section("General", _in_two(short)),
        Section("More", (tuple(map(_placed, wide)),)),
        Section("Owner and dates", _in_two([f for f in system if rights.may_show_field(f.id)])),
    )
    return Layout(
        name="",
        label="",
        sections=tuple(one for one in sections if any(one.placed)),
        related=tuple(PlacedList(one) for one in visible_relations(catalog, rights, obj)),
    )


def layout_body(obj: ObjectDef, layout: Layout) -> LayoutBody:
    """Give what declares a layout, under its label."""
    return LayoutBody(
        object=obj.name,
        label=layout.label,
        sections=tuple(
            LayoutSection(
                label=one.label,
                columns=tuple(tuple(map(_item, column)) for column in one.columns),
                collapsed=one.collapsed,
                on_detail=one.on_detail,
                on_edit=one.on_edit,
            )
            for one in layout.sections
        ),
        related_lists=tuple(
            RelatedList(f"{one.relation.object.name}.{one.relation.field.name}")
            for one in layout.related
        ),
    )


def _item(placed: PlacedField | None) -> LayoutItem:
    return LayoutItem() if placed is None else LayoutItem(placed.field.name, placed.behaviour)


def visible_relations(catalog: Catalog, rights: Rights, obj: ObjectDef) -> list[ChildRelation]:
    """Give the references that point to an object, of those that the viewer may see."""
    return [
        one
        for one in catalog.children_of(obj)
        if rights.may_read_object(one.object.id) and rights.may_read_field(one.field.id)
    ]


def compact_fields(
    catalog: Catalog, rights: Rights, obj: ObjectDef, name: str | None
) -> tuple[Field, ...] | None:
    """Give the fields of a compact layout that are not the record's name; None for none."""
    declared = None if not name else catalog.find_declared(COMPACT_LAYOUT.name, _full(obj, name))
    if declared is None:
        return None
    found = (obj.find_field(one) for one in declared.body.fields)
    shown = [f for f in found if f is not None and rights.may_show_field(f.id)]
    return tuple(f for f in dict.fromkeys(shown) if f is not obj.title)


def _of_type(
    catalog: Catalog, rights: Rights, obj: ObjectDef, record_type: str
) -> tuple[Field, ...] | None:
    """Give the highlights that a record type asks for."""
    declared = catalog.find_declared(RECORD_TYPE.name, _full(obj, record_type))
    if declared is None:
        return None
    return compact_fields(catalog, rights, obj, declared.body.compact_layout)


def _full(obj: ObjectDef, own: str) -> str:
    return f"{obj.name}.{own}"


def _section(obj: ObjectDef, rights: Rights, said: LayoutSection) -> Section:
    return Section(
        label=said.label if said.show_label else "",
        columns=tuple(tuple(_items(obj, rights, column)) for column in said.columns),
        collapsed=said.collapsed,
        on_detail=said.on_detail,
        on_edit=said.on_edit,
    )


def _items(
    obj: ObjectDef, rights: Rights, column: Sequence[LayoutItem]
) -> Iterator[PlacedField | None]:
    for item in column:
        field = None if item.field is None else obj.find_field(item.field)
        if item.field is None:
            yield None
        elif field is not None and rights.may_show_field(field.id):
            yield PlacedField(field, item.behaviour)


def _related(
    catalog: Catalog, rights: Rights, obj: ObjectDef, said: RelatedList
) -> PlacedList | None:
    relation = find_relation(catalog, rights, obj, said.relation)
    if relation is None:
        return None
    of = relation.object
    columns = find_paths(of, said.columns, catalog, rights)
    sort = None if said.sort is None else find_path(of, said.sort, catalog, rights)
    if sort is not None and not rights.may_read_field(sort.field.id):
        sort = None
    return PlacedList(
        relation,
        tuple(one for one in columns if one.steps or one.field is not of.title),
        sort,
        said.descending,
    )


def find_relation(
    catalog: Catalog, rights: Rights, obj: ObjectDef, name: str
) -> ChildRelation | None:
    """Give the visible reference to an object that a full name means, such as Deal.company."""
    owner, _, own = name.partition(".")
    child = catalog.find_object(owner)
    field = None if child is None else child.find_field(own)
    visible = visible_relations(catalog, rights, obj)
    return next((one for one in visible if one.field is field), None)


def _in_two(fields: Sequence[Field]) -> tuple[Column, ...]:
    """Give fields in two columns, the order going from left to right."""
    placed = [_placed(one) for one in fields]
    return tuple(placed[::2]), tuple(placed[1::2])


def _placed(field: Field) -> PlacedField:
    fixed = field.read_only or (field.derivation is not None and not field.derivation.allows_input)
    return PlacedField(field, "readonly" if fixed else "edit")
