"""The kind translation: what things are called in another language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated

from msgspec import Meta

from fieldstone.errors import Problem
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.kind import Kind
from fieldstone.metadata.kinds.object import Name
from fieldstone.metadata.kinds.part import OwnName
from fieldstone.metadata.named_places import Form, Place
from fieldstone.metadata.scope import Scope

Language = Annotated[str, Meta(pattern="^[a-z]{2,3}(_[A-Z]{2})?$")]
Words = Annotated[str, Meta(max_length=1000)]


@dataclass(frozen=True, slots=True)
class FieldWords:
    """What a field is called. options: the texts of a picklist's values, by the values.

    child_label: what its records are called on the page of the one they point to.
    """

    label: Words = ""
    help: Words = ""
    options: Mapping[str, Words] = field(default_factory=dict)
    child_label: Words = ""


@dataclass(frozen=True, slots=True)
class LayoutWords:
    """What the sections of a layout are called, by their own labels."""

    sections: Mapping[str, Words] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TranslationBody:
    """Words of one language, for an object and its parts or for what belongs to none.

    What is left out is called as everywhere. rules: messages, by own names. actions: by own names,
    or as in Deal.Win. picklists: the texts of shared value sets, by their names and values.
    """

    language: Language
    object: Name | None = None
    label: Words = ""
    plural_label: Words = ""
    fields: Mapping[Name, FieldWords] = field(default_factory=dict)
    rules: Mapping[OwnName, Words] = field(default_factory=dict)
    record_types: Mapping[OwnName, Words] = field(default_factory=dict)
    list_views: Mapping[OwnName, Words] = field(default_factory=dict)
    actions: Mapping[str, Words] = field(default_factory=dict)
    links: Mapping[OwnName, Words] = field(default_factory=dict)
    field_sets: Mapping[OwnName, Words] = field(default_factory=dict)
    layouts: Mapping[OwnName, LayoutWords] = field(default_factory=dict)
    picklists: Mapping[Name, Mapping[str, Words]] = field(default_factory=dict)
    tabs: Mapping[Name, Words] = field(default_factory=dict)
    apps: Mapping[Name, Words] = field(default_factory=dict)


class TranslationKind(Kind[TranslationBody]):
    """The words of a language, named de.Deal or, for what belongs to no object, de."""

    name = "translation"
    body_class = TranslationBody
    declared = True
    places = (
        Place("object", Form.OBJECT, drops=0),
        Place("fields/~", Form.FIELD, drops=0),
        Place("rules/~", Form.OWN, ("validation_rule",), drops=0),
        Place("record_types/~", Form.OWN, ("record_type",), drops=0),
        Place("list_views/~", Form.OWN, ("list_view",), drops=0),
        Place("links/~", Form.OWN, ("web_link",), drops=0),
        Place("field_sets/~", Form.OWN, ("field_set",), drops=0),
        Place("layouts/~", Form.OWN, ("layout",), drops=0),
        Place("actions/~", Form.OWN, ("quick_action",), drops=0),
        Place("picklists/~", Form.NAME, ("picklist",), drops=0),
        Place("tabs/~", Form.NAME, ("tab",), drops=0),
        Place("apps/~", Form.NAME, ("app",), drops=0),
    )

    def check(self, component: Component, scope: Scope) -> Iterator[Problem]:
        """Yield a name that is not the language's, with the object's if there is one."""
        body = self.read(component)
        owner = None if body.object is None else scope.object_name(body.object) or body.object
        right = body.language if owner is None else f"{body.language}.{owner}"
        language, _, said = component.name.partition(".")
        if (language, (scope.object_name(said) or said) or None) != (body.language, owner):
            message = "A translation is called by its language and its object."
            yield Problem("metadata.invalid", message, "/name", f"Call it {right}.")
        yield from super().check(component, scope)
