"""What a package has in it, and what it uses without bringing it: gathered while it is read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.etree.ElementTree import Element

from fieldstone.metadata.component import Component
from fieldstone.metadata.values import fold

RECORDS: Final = "records"
SETTINGS: Final = "settings"

Place = tuple[str, str]
"""The folded names of an object and of a field of it."""


@dataclass(frozen=True, slots=True)
class KnownField:
    """A field as it is called here: name may end with a part, such as address.city.

    type: the name of its field type. targets: the objects that a reference may point to.
    """

    name: str
    type: str
    targets: tuple[str, ...] = ()


@dataclass(slots=True)
class Wanted:
    """A field that is used and not brought. said: what its uses tell of its type."""

    object: str
    name: str
    said: set[str] = field(default_factory=set)
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Assignment:
    """That a profile shows a layout, by its own name, for a record type; "" for all of them.

    said_by: the profile as the package calls it. profile: what it is called here; "" where it is
    not brought over.
    """

    layout: str
    said_by: str
    profile: str
    record_type: str


@dataclass(slots=True)
class Contents:
    """The parts of a package by their folded names.

    objects: those that it brings or uses and nobody else has; brought: the former. holds: what is
    in them. fields: by their object as it is called here. wanted, standard: fields that are made
    because they are used. tabs: of which objects. labels: texts; wanted_labels: those that formulas
    use. slugs: addresses of lists, each with its object. parts: those of objects, by type, object
    as it is called here, and own name. assignments: of layouts, by the objects' names.
    called: names that were chosen so that no two parts have the same, by type, object and what is
    written. attached: to which objects more a field of others shall point. rights: what sets allow
    and what muting sets take away, by their types and folded names. wanted_records: of
    types of metadata, that formulas use and nobody brings.
    """

    objects: dict[str, str] = field(default_factory=dict)
    brought: set[str] = field(default_factory=set)
    holds: dict[str, str] = field(default_factory=dict)
    fields: dict[Place, KnownField] = field(default_factory=dict)
    wanted: dict[Place, Wanted] = field(default_factory=dict)
    standard: dict[Place, Component] = field(default_factory=dict)
    value_sets: dict[str, str] = field(default_factory=dict)
    tabs: set[str] = field(default_factory=set)
    labels: dict[str, str] = field(default_factory=dict)
    wanted_labels: dict[str, str] = field(default_factory=dict)
    slugs: dict[str, str] = field(default_factory=dict)
    parts: set[tuple[str, str, str]] = field(default_factory=set)
    assignments: dict[str, list[Assignment]] = field(default_factory=dict)
    called: dict[tuple[str, str, str], str] = field(default_factory=dict)
    attached: dict[str, dict[str, None]] = field(default_factory=dict)
    rights: dict[tuple[str, str], Element] = field(default_factory=dict)
    wanted_records: dict[str, None] = field(default_factory=dict)

    def bring_field(self, owner: str, known: KnownField) -> None:
        """Add a field. owner: its object, as it is called here."""
        self.fields[fold(owner), fold(known.name)] = known

    def assign(self, owner: str, told: Assignment) -> None:
        """Add that a profile shows a layout of an object."""
        self.assignments.setdefault(fold(owner), []).append(told)

    def bring_labels(self, labels: Mapping[str, str]) -> None:
        """Add texts by their names."""
        self.labels |= {fold(name): text for name, text in labels.items()}

    def need_label(self, written: str) -> str:
        """Give the name of the setting that holds a text of the package's own."""
        name = written.rpartition(".")[2]
        return self.wanted_labels.setdefault(fold(name), name)

    def claim(self, slug: str, name: str, others: Collection[str]) -> bool:
        """Take the address of lists for an object, unless another one has it."""
        return slug not in others and self.slugs.setdefault(slug, name) == name

    def has_tab(self, name: str) -> bool:
        """Tell whether people find an object by a tab; where a package has none, all of them."""
        return not self.tabs or fold(name) in self.tabs

    def is_part(self, owner: str) -> bool:
        """Tell whether the records of an object are parts of others."""
        fields = (one for (obj, _), one in self.fields.items() if obj == fold(owner))
        return any(one.type == "master_detail" for one in fields)

    def bring_part(self, type_: str, owner: str, own: str) -> None:
        """Say that the package brings a part of an object; owner is "" for a part of none."""
        self.parts.add((type_, fold(owner), fold(own)))

    def has_part(self, type_: str, owner: str, own: str) -> bool:
        """Tell whether the package brings a part of an object."""
        return (type_, fold(owner), fold(own)) in self.parts

    def has_parts(self, type_: str, owner: str) -> bool:
        """Tell whether the package brings parts of a type for an object."""
        return any(told[:2] == (type_, fold(owner)) for told in self.parts)
