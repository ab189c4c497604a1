"""Forms as a layout says: which fields they ask for, in which sections, and what they only show."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass

from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.rights import Rights
from fieldstone.runtime.layouts import Layout, PlacedField, Section
from fieldstone.ui_generator.forms import RecordForm, ValueField, editable_fields


@dataclass(frozen=True, slots=True)
class FormItem:
    """One place of a form: an input, or a field that is only shown; neither is a gap."""

    input: ValueField | None = None
    fixed: Field | None = None


@dataclass(frozen=True, slots=True)
class FormSection:
    """A section of a form. collapsed: whether it is folded until somebody opens it."""

    label: str
    columns: tuple[tuple[FormItem, ...], ...]
    collapsed: bool

    @property
    def is_open(self) -> bool:
        """Whether it has to be open: nobody overlooks what is wrong."""
        inputs = (item.input for column in self.columns for item in column)
        return not self.collapsed or any(one.problems for one in inputs if one is not None)


def laid_out_fields(
    obj: ObjectDef, rights: Rights, layout: Layout, asked: Container[str], *, is_new: bool
) -> tuple[Field, ...]:
    """Give the fields that a form by a layout lets one fill in, in their order.

    What a new record cannot do without, and what the address fills in (asked, by their names), is
    there as well: a form that nobody could send helps nobody.
    """
    editable = dict.fromkeys(editable_fields(obj, rights))
    placed = [one for section in layout.on_edit() for one in _inputs(obj, section)]
    shown_only = {one.field for s in layout.on_edit() for one in s.placed} - set(placed)
    beside = [
        f for f in editable if f not in shown_only and (f.name in asked or (is_new and f.required))
    ]
    return tuple(one for one in dict.fromkeys((*placed, *beside)) if one in editable)


def demand_as(form: RecordForm, layout: Layout) -> None:
    """Tell the fields of a form which of them the layout asks for."""
    wanted = {
        one.field
        for section in layout.on_edit()
        for one in section.placed
        if one.behaviour == "required"
    }
    for one in form.inputs():
        one.demanded = one.of in wanted
        one.is_required = one.is_required or one.demanded


def form_sections(form: RecordForm, layout: Layout, *, is_new: bool) -> tuple[FormSection, ...]:
    """Give the sections of a form; what has no place in the layout comes last, under no label."""
    inputs = {one.of: one for one in form.inputs()}
    sections = []
    for section in layout.on_edit():
        columns = tuple(
            tuple(_items(form.object, column, inputs, is_new=is_new)) for column in section.columns
        )
        if any(item.input or item.fixed for column in columns for item in column):
            sections.append(FormSection(section.label, columns, section.collapsed))
    if inputs:
        rest = tuple(FormItem(one) for one in inputs.values())
        sections.append(FormSection("", (rest[::2], rest[1::2]), collapsed=False))
    return tuple(sections)


def _inputs(obj: ObjectDef, section: Section) -> Iterator[Field]:
    for one in section.placed:
        if one.behaviour != "readonly":
            yield from _filled_in(obj, one)


def _filled_in(obj: ObjectDef, placed: PlacedField) -> tuple[Field, ...]:
    """Give the fields by which one is filled in: a name that is made of others, by those."""
    derivation = placed.field.derivation
    if placed.field is not obj.title or derivation is None:
        return (placed.field,)
    parts = (obj.find_field(name) for name in derivation.fields)
    return tuple(one for one in parts if one is not None)


def _items(
    obj: ObjectDef,
    column: tuple[PlacedField | None, ...],
    inputs: dict[Field, ValueField],
    *,
    is_new: bool,
) -> Iterator[FormItem]:
    """Yield the items of a column; takes the inputs that have found their place out of inputs."""
    for placed in column:
        if placed is None:
            yield FormItem()
            continue
        asked = () if placed.behaviour == "readonly" else _filled_in(obj, placed)
        found = [inputs.pop(one) for one in asked if one in inputs]
        yield from map(FormItem, found)
        if not found and not is_new and placed.field is not obj.title:
            yield FormItem(fixed=placed.field)
