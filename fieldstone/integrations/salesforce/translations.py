"""Translations: what objects, fields, values and the rest are called in another language.

Files tell of one object, or one field, each; all of one language and object are one component.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from fieldstone.integrations.salesforce.calling import layout_called
from fieldstone.integrations.salesforce.columns import Missing, field_of
from fieldstone.integrations.salesforce.elements import text_of
from fieldstone.integrations.salesforce.items import Item
from fieldstone.integrations.salesforce.mapped import Mapped, left_out
from fieldstone.integrations.salesforce.names import Names
from fieldstone.integrations.salesforce.own_names import own_name
from fieldstone.integrations.salesforce.value_sets import FIELDS_OF
from fieldstone.metadata.component import Component
from fieldstone.metadata.values import Json

KIND: Final = "translation"
_PLURALS: Final = ("true", "1")
_OLD_CODES: Final = {"iw": "he", "in": "id"}
_PARTS: Final[Mapping[str, tuple[str, str, str]]] = {
    "validationRules": ("name", "errorMessage", "rules"),
    "recordTypes": ("name", "label", "record_types"),
    "webLinks": ("name", "label", "links"),
    "fieldSets": ("name", "label", "field_sets"),
    "quickActions": ("name", "label", "actions"),
}
"""The parts of an object's translation: the tags of name and text, and where it is put."""


def read_object_translation(item: Item, names: Names) -> Mapped:
    """Give the words of one language for an object, its fields and its parts."""
    written, _, language = item.name.rpartition("-")
    if not written:
        return left_out("It does not tell of which object it speaks.")
    made: list[Component] = []
    missing, notes = Missing(), dict[str, None]()
    for owner in names.objects_meant(written):
        body = _labels(item.xml)
        fields: dict[str, Json] = {}
        for one in item.xml.iterfind("fields"):
            fields |= _field_words(one, text_of(one, "name"), owner, names, missing)
        title = text_of(item.xml, "nameFieldLabel")
        named = field_of(names, owner, "Name") if title else None
        if named is not None:
            fields.setdefault(named.name, {"label": title[:1000]})
        if fields:
            body["fields"] = fields
        for tag, (name, text, key) in _PARTS.items():
            told = _told(item.xml.iterfind(tag), name, text)
            if told:
                body[key] = {own_name(own): words for own, words in told.items()}
        layouts = _layouts(item.xml, written, names)
        if layouts:
            body["layouts"] = layouts
        made.append(_translation(language, owner, body, names))
    if item.xml.find("sharingReasons") is not None:
        notes["Reasons of sharing are not kept."] = None
    return Mapped(tuple(made), (*notes, *missing.notes()))


def read_field_translation(item: Item, names: Names) -> Mapped:
    """Give the words of one language for a field. Its folder tells the object and the language."""
    written, _, language = item.object.rpartition("-")
    if not written:
        return left_out("It does not tell of which object it speaks.")
    made: list[Component] = []
    missing = Missing()
    for owner in names.objects_meant(written):
        name = text_of(item.xml, "name") or item.own
        fields = _field_words(item.xml, name, owner, names, missing)
        if fields:
            made.append(_translation(language, owner, {"fields": fields}, names))
    return Mapped(tuple(made), missing.notes())


def read_translations(item: Item, names: Names) -> Mapped:
    """Give the words of one language for apps, tabs and actions; other texts belong to code."""
    body: dict[str, Json] = {}
    for tag, key in (("customApplications", "apps"), ("customTabs", "tabs")):
        told = _told(item.xml.iterfind(tag), "name", "label")
        if told:
            body[key] = {own_name(names.own(own)): words for own, words in told.items()}
    actions = _told(item.xml.iterfind("quickActions"), "name", "label")
    if actions:
        body["actions"] = {own_name(own): words for own, words in actions.items()}
    others = {one.tag for one in item.xml} - {"customApplications", "customTabs", "quickActions"}
    notes = (f"Words for {', '.join(sorted(others))} are not kept.",) if others else ()
    return Mapped((_translation(item.name, None, body, names),), notes)


def read_value_set_translation(item: Item, names: Names) -> Mapped:
    """Give the words of one language for the values of a shared list."""
    written, _, language = item.name.rpartition("-")
    name = names.find_value_set(written)
    if name is None:
        return left_out(f"There is no list of values {written} here.")
    told = _values(item.xml, "valueTranslation")
    return Mapped((_translation(language, None, {"picklists": {name: told}}, names),))


def read_standard_values_translation(item: Item, names: Names) -> Mapped:
    """Give the words of one language for the values of standard fields."""
    written, _, language = item.name.rpartition("-")
    told = _values(item.xml, "valueTranslation")
    made: list[Component] = []
    for full in FIELDS_OF.get(written, ()):
        said, _, own = full.partition(".")
        owner = names.find_object(said)
        known = None if owner is None else names.find_field(owner, own)
        if owner is not None and known is not None and "." not in known.name:
            words: dict[str, Json] = {"fields": {known.name: {"options": told}}}
            made.append(_translation(language, owner, words, names))
    return Mapped(tuple(made)) if made else left_out("No field here has these values.")


def with_words(before: Component | None, component: Component) -> Component:
    """Give a translation with what was told of it before; of any other kind the last one counts."""
    if before is None or component.kind != KIND:
        return component
    return Component(KIND, component.name, _merged(before.body, component.body), component.package)


def _merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Json]:
    """Put two objects of JSON together; of what both tell, the second one counts."""
    found: dict[str, Json] = {**first}
    for key, value in second.items():
        known = found.get(key)
        both = isinstance(known, Mapping) and isinstance(value, Mapping)
        found[key] = _merged(known, value) if both else value  # type: ignore[arg-type]
    return found


def _translation(
    language: str, owner: str | None, words: Mapping[str, Json], names: Names
) -> Component:
    code = _OLD_CODES.get(language, language)
    body: dict[str, Json] = {"language": code, **({} if owner is None else {"object": owner})}
    name = code if owner is None else f"{code}.{owner}"
    return Component(KIND, name, {**body, **words}, names.package)


def _labels(xml: Element) -> dict[str, Json]:
    """Give the labels of an object: its nominative, where a language has cases."""
    found: dict[str, Json] = {}
    for one in xml.iterfind("caseValues"):
        if text_of(one, "caseType", "Nominative") != "Nominative":
            continue
        is_plural = text_of(one, "plural").lower() in _PLURALS
        words = text_of(one, "value")
        if words:
            found.setdefault("plural_label" if is_plural else "label", words)
    return found


def _field_words(
    xml: Element, written: str, owner: str, names: Names, missing: Missing
) -> dict[str, Json]:
    known = field_of(names, owner, written)
    if known is None:
        missing.add(written)
        return {}
    words: dict[str, Json] = {}
    for tag, key in (("label", "label"), ("help", "help"), ("relationshipLabel", "child_label")):
        if text_of(xml, tag):
            words[key] = text_of(xml, tag)[:1000]
    options = _values(xml, "picklistValues")
    if options:
        words["options"] = options
    if not words and xml.find("caseValues") is not None:
        label = _labels(xml).get("label")
        words = {} if label is None else {"label": label}
    return {known.name: words} if words else {}


def _values(xml: Element, tag: str) -> dict[str, Json]:
    told = _told(xml.iterfind(tag), "masterLabel", "translation")
    return {unquote(value): words for value, words in told.items()}


def _layouts(xml: Element, owner: str, names: Names) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for one in xml.iterfind("layouts"):
        sections = _told(one.iterfind("sections"), "section", "label")
        if sections:
            called = text_of(one, "layout").partition("-")[2] or text_of(one, "layout")
            found[layout_called(owner, unquote(called), names)] = {"sections": sections}
    return found


def _told(elements: Iterable[Element], name: str, text: str) -> dict[str, Json]:
    """Give the texts of elements by what they are about; those that are not translated are not."""
    found = {text_of(one, name): text_of(one, text)[:1000] for one in elements}
    return {key: words for key, words in found.items() if key and words}
