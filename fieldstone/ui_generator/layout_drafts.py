"""Layouts that are being made: what each key and button of their page does to a draft.

A draft travels with its form, so that nothing is kept on the server and a page without scripts
works as well. Compact layouts and field sets are drafts of one section of one column.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, Final, Literal, TypeAlias

import msgspec

from fieldstone.errors import InvalidInput
from fieldstone.metadata.kinds.compact_layout import CompactLayoutBody
from fieldstone.metadata.kinds.field_set import FieldSetBody
from fieldstone.metadata.kinds.layout import LayoutBody, LayoutItem, LayoutSection, RelatedList
from fieldstone.metadata.kinds.registry import LAYOUT
from fieldstone.metadata.values import Json, JsonObject, fold, read_json, write_json

_LONGEST: Final = 500_000
_MOST: Final = 100
BEHAVIOURS: Final[Mapping[str, Literal["edit", "readonly", "required"]]] = {
    "edit": "edit",
    "required": "required",
    "readonly": "readonly",
}
_Columns: TypeAlias = list[list[LayoutItem]]


class BadDraft(InvalidInput):
    """A draft of a layout that no page of ours has sent."""

    code = "page.bad_draft"


@dataclass(frozen=True, slots=True)
class Spot:
    """What is chosen in a draft: an item, a section or a related list; "" for nothing.

    at: section, column and place of an item; else the one number.
    """

    part: str = ""
    at: tuple[int, ...] = ()

    @classmethod
    def read(cls, text: str) -> Spot:
        """Read what an address of a page or a button says, such as item-0-1-2."""
        part, *numbers = text.split("-")
        wanted = {"item": 3, "section": 1, "related": 1}.get(part)
        right = all(one.isascii() and one.isdigit() and len(one) < 5 for one in numbers)
        if wanted != len(numbers) or not right:
            return cls()
        return cls(part, tuple(map(int, numbers)))

    @property
    def text(self) -> str:
        """It as a button says it."""
        return "-".join((self.part, *map(str, self.at)))


@dataclass(frozen=True, slots=True)
class Draft:
    """A layout as somebody is making it, and what of it is chosen.

    seen: what tells whether the component is still as it was when this was begun.
    """

    body: LayoutBody
    chosen: Spot = Spot()
    seen: str = ""

    @property
    def item(self) -> LayoutItem | None:
        """The item that is chosen."""
        if self.chosen.part != "item":
            return None
        section, column, place = self.chosen.at
        return self.body.sections[section].columns[column][place]

    @property
    def section(self) -> LayoutSection | None:
        """The section that is chosen."""
        return self.body.sections[self.chosen.at[0]] if self.chosen.part == "section" else None

    @property
    def related(self) -> RelatedList | None:
        """The related list that is chosen."""
        listed = self.body.related_lists
        return listed[self.chosen.at[0]] if self.chosen.part == "related" else None

    @property
    def placed(self) -> frozenset[str]:
        """The folded names of the fields that have a place."""
        items = (i for s in self.body.sections for column in s.columns for i in column)
        return frozenset(fold(one.field) for one in items if one.field is not None)

    def put_section(self, section: LayoutSection) -> Draft:
        """Give it with another section in the place of the one that is chosen."""
        return _put_section(self, self.chosen.at[0], section)

    def put_related(self, related: RelatedList) -> Draft:
        """Give it with another related list in the place of the one that is chosen."""
        listed = [*self.body.related_lists]
        listed[self.chosen.at[0]] = related
        return replace(self, body=replace(self.body, related_lists=tuple(listed)))

    def choose(self, spot: Spot) -> Draft:
        """Give it with something else chosen; nothing, if that is not there."""
        found = replace(self, chosen=spot)
        try:
            _ = found.item or found.section or found.related
        except IndexError:
            return replace(self, chosen=Spot())
        return found


def read_draft(text: str, chosen: str) -> Draft:
    """Read a draft as its form sends it, but for its label. Raises BadDraft."""
    try:
        said = read_json(text[:_LONGEST])
        # The label is an input of its own, and may be empty until it is saved.
        body = msgspec.convert(
            {**said, "label": "?"} if isinstance(said, dict) else said, LayoutBody
        )
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        hint = "Open the page again; nothing was saved."
        raise BadDraft("What the page sent is no layout.", hint=hint) from error
    return Draft(body).choose(Spot.read(chosen))


def write_draft(draft: Draft) -> str:
    """Give a draft as its form keeps it."""
    return write_json(msgspec.to_builtins(draft.body))


def draft_of(body: LayoutBody | CompactLayoutBody | FieldSetBody) -> Draft:
    """Give the draft of a component."""
    if isinstance(body, LayoutBody):
        return Draft(body)
    section = LayoutSection(columns=(tuple(map(LayoutItem, body.fields)),))
    return Draft(LayoutBody(body.object, body.label, (section,), description=body.description))


def body_of(kind: str, draft: Draft) -> JsonObject:
    """Give the body of the component that a draft is to become; only what is not usual."""
    body = draft.body
    if kind == LAYOUT.name:
        said = _without_defaults(body)
        assert isinstance(said, dict)
        return said
    names = [i.field for s in body.sections for column in s.columns for i in column if i.field]
    told: dict[str, Json] = {"object": body.object, "label": body.label, "fields": names}
    return {**told, **({"description": body.description} if body.description else {})}


def _without_defaults(value: Any) -> Any:
    if is_dataclass(value):
        told = {}
        for one in fields(value):
            held = getattr(value, one.name)
            if held != one.default:
                told[one.name] = _without_defaults(held)
        return told
    return [_without_defaults(one) for one in value] if isinstance(value, tuple) else value


def do(draft: Draft, written: str) -> Draft:
    """Give a draft after what a button says, such as up, add:phone or remove@item-0-1-2.

    What stands behind the @ is chosen first. What makes no sense there changes nothing.
    """
    said, _, spot = written.partition("@")
    if spot:
        draft = draft.choose(Spot.read(spot))
    name, _, argument = said.partition(":")
    work = _WORKS.get((name, draft.chosen.part)) or _WORKS.get((name, ""))
    return draft if work is None else work(draft, argument)


def _put_columns(draft: Draft, number: int, columns: Sequence[Sequence[LayoutItem]]) -> Draft:
    section = replace(draft.body.sections[number], columns=tuple(map(tuple, columns)))
    return _put_section(draft, number, section)


def _put_section(draft: Draft, number: int, section: LayoutSection) -> Draft:
    sections = [*draft.body.sections]
    sections[number] = section
    return replace(draft, body=replace(draft.body, sections=tuple(sections)))


def _columns(draft: Draft, number: int) -> _Columns:
    return [list(column) for column in draft.body.sections[number].columns]


def _insert(draft: Draft, item: LayoutItem, at: tuple[int, ...]) -> Draft:
    """Put an item at a place, or at the end of a column that is shorter, and choose it."""
    section, column, place = at
    columns = _columns(draft, section)
    place = min(place, len(columns[column]))
    columns[column].insert(place, item)
    found = _put_columns(draft, section, columns)
    return found.choose(Spot("item", (section, column, place)))


def _place(draft: Draft, item: LayoutItem) -> Draft:
    """Put an item behind the one that is chosen, or at the end of a section, and choose it."""
    if not draft.body.sections:
        draft = replace(draft, body=replace(draft.body, sections=(LayoutSection(),)))
    if draft.chosen.part == "item":
        section, column, place = draft.chosen.at
        place += 1
    else:
        section = draft.chosen.at[0] if draft.chosen.part == "section" else 0
        lengths = [len(one) for one in draft.body.sections[section].columns]
        column = lengths.index(min(lengths))
        place = lengths[column]
    return _insert(draft, item, (section, column, place))


def _add(draft: Draft, name: str) -> Draft:
    if not name or fold(name) in draft.placed:
        return draft
    return _place(draft, LayoutItem(name))


def _gap(draft: Draft, _: str) -> Draft:
    return _place(draft, LayoutItem())


def _move_item(by: int) -> Callable[[Draft, str], Draft]:
    def move(draft: Draft, _: str) -> Draft:
        section, column, place = draft.chosen.at
        columns = _columns(draft, section)
        item = columns[column].pop(place)
        to, other = place + by, section
        if not 0 <= to <= len(columns[column]):
            other = section + by
            if not 0 <= other < len(draft.body.sections):
                return draft
        found = _put_columns(draft, section, columns)
        columns = _columns(found, other)
        column = min(column, len(columns) - 1)
        if other != section:
            to = 0 if by > 0 else len(columns[column])
        return _insert(found, item, (other, column, to))

    return move


def _move_aside(by: int) -> Callable[[Draft, str], Draft]:
    def move(draft: Draft, _: str) -> Draft:
        section, column, place = draft.chosen.at
        columns = _columns(draft, section)
        if not 0 <= column + by < len(columns):
            return draft
        item = columns[column].pop(place)
        return _insert(_put_columns(draft, section, columns), item, (section, column + by, place))

    return move


def _dropped_at(draft: Draft, written: str) -> tuple[int, ...] | None:
    """Read where something was dropped; None where there is no such column."""
    at = Spot.read(f"item-{written}").at
    sections = draft.body.sections
    is_there = at and at[0] < len(sections) and at[1] < len(sections[at[0]].columns)
    return at if is_there else None


def _drop_new(draft: Draft, written: str) -> Draft:
    place, _, name = written.partition(":")
    at = _dropped_at(draft, place)
    if at is None or not name or fold(name) in draft.placed:
        return draft
    return _insert(draft, LayoutItem(name), at)


def _drop_item(draft: Draft, written: str) -> Draft:
    at, item = _dropped_at(draft, written), draft.item
    if at is None or item is None:
        return draft
    section, column, place = draft.chosen.at
    columns = _columns(draft, section)
    del columns[column][place]
    return _insert(_put_columns(draft, section, columns), item, at)


def _remove_item(draft: Draft, _: str) -> Draft:
    section, column, place = draft.chosen.at
    columns = _columns(draft, section)
    del columns[column][place]
    found = _put_columns(draft, section, columns)
    if not columns[column]:
        return found.choose(Spot("section", (section,)))
    return found.choose(Spot("item", (section, column, min(place, len(columns[column]) - 1))))


def _behave(draft: Draft, written: str) -> Draft:
    section, column, place = draft.chosen.at
    columns = _columns(draft, section)
    behaviour = BEHAVIOURS.get(written)
    if behaviour is None:
        return draft
    columns[column][place] = replace(columns[column][place], behaviour=behaviour)
    return _put_columns(draft, section, columns)


def _add_section(draft: Draft, _: str) -> Draft:
    sections = [*draft.body.sections]
    at = draft.chosen.at[0] + 1 if draft.chosen.part in ("item", "section") else len(sections)
    sections.insert(at, LayoutSection("New section", ((), ())))
    body = replace(draft.body, sections=tuple(sections))
    return replace(draft, body=body).choose(Spot("section", (at,)))


def _split(draft: Draft, _: str) -> Draft:
    """Make two columns of one, or one of two, in the order in which they are read."""
    number = draft.chosen.at[0]
    columns = _columns(draft, number)
    if len(columns) == 1:
        return _put_columns(draft, number, (columns[0][::2], columns[0][1::2]))
    longest = max(map(len, columns))
    in_rows = [c[row] for row in range(longest) for c in columns if row < len(c)]
    return _put_columns(draft, number, ([one for one in in_rows if one.field],))


def _moved(listed: Sequence[Any], at: int, to: int) -> tuple[Any, ...]:
    changed = [*listed]
    changed.insert(to, changed.pop(at))
    return tuple(changed)


def _move_whole(key: str, part: str, by: int) -> Callable[[Draft, str], Draft]:
    def move(draft: Draft, _: str) -> Draft:
        listed, at = getattr(draft.body, key), draft.chosen.at[0]
        if not 0 <= at + by < len(listed):
            return draft
        changes: dict[str, Any] = {key: _moved(listed, at, at + by)}
        body = replace(draft.body, **changes)
        return replace(draft, body=body).choose(Spot(part, (at + by,)))

    return move


def _drop_whole(key: str, part: str) -> Callable[[Draft, str], Draft]:
    def drop(draft: Draft, written: str) -> Draft:
        to = Spot.read(f"{part}-{written}").at
        return _move_whole(key, part, to[0] - draft.chosen.at[0])(draft, "") if to else draft

    return drop


def _remove_whole(key: str, part: str) -> Callable[[Draft, str], Draft]:
    def remove(draft: Draft, _: str) -> Draft:
        listed, at = [*getattr(draft.body, key)], draft.chosen.at[0]
        del listed[at]
        changes: dict[str, Any] = {key: tuple(listed)}
        found = replace(draft, body=replace(draft.body, **changes))
        return found.choose(Spot(part, (min(at, len(listed) - 1),)) if listed else Spot())

    return remove


def _relate(draft: Draft, name: str) -> Draft:
    listed = draft.body.related_lists
    if not name or len(listed) >= _MOST or any(fold(one.relation) == fold(name) for one in listed):
        return draft
    body = replace(draft.body, related_lists=(*listed, RelatedList(name)))
    return replace(draft, body=body).choose(Spot("related", (len(listed),)))


def _nothing(draft: Draft, _: str) -> Draft:
    return draft


_WORKS: Final[Mapping[tuple[str, str], Callable[[Draft, str], Draft]]] = {
    ("choose", ""): _nothing,
    ("add", ""): _add,
    ("gap", ""): _gap,
    ("section", ""): _add_section,
    ("relate", ""): _relate,
    ("drop-new", ""): _drop_new,
    ("drop", "item"): _drop_item,
    ("drop", "section"): _drop_whole("sections", "section"),
    ("drop", "related"): _drop_whole("related_lists", "related"),
    ("up", "item"): _move_item(-1),
    ("down", "item"): _move_item(1),
    ("left", "item"): _move_aside(-1),
    ("right", "item"): _move_aside(1),
    ("remove", "item"): _remove_item,
    ("behave", "item"): _behave,
    ("up", "section"): _move_whole("sections", "section", -1),
    ("down", "section"): _move_whole("sections", "section", 1),
    ("remove", "section"): _remove_whole("sections", "section"),
    ("split", "section"): _split,
    ("up", "related"): _move_whole("related_lists", "related", -1),
    ("down", "related"): _move_whole("related_lists", "related", 1),
    ("remove", "related"): _remove_whole("related_lists", "related"),
}
