"""A catalog in another language: the same things under the labels that translations give them.

Everything that shows something reads the catalog, so that a catalog with other labels is all that a
language needs. Names, ids and values stay as they are, and with them all that is stored and asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from babel.core import Locale

from fieldstone.ids import ObjectId
from fieldstone.metadata.catalog import Catalog, Declared, Field, ObjectDef
from fieldstone.metadata.field_types.choice import ChoiceOptions, KnownChoice, with_choices
from fieldstone.metadata.kinds.translation import FieldWords, TranslationBody
from fieldstone.metadata.record_types import RecordType, options_of
from fieldstone.metadata.values import fold

TRANSLATION: Final = "translation"
OWN_LABELS: Final = "own"
"""What those want in the place of a language who change what things are called."""

_LABELLED: Final = {
    "record_type": "record_types",
    "list_view": "list_views",
    "web_link": "links",
    "field_set": "field_sets",
}
"""For the kinds of parts of objects, where a translation has their labels by own names."""

_GENERAL: Final = {"tab": "tabs", "app": "apps"}
"""The same for what belongs to no object."""


def languages_of(catalog: Catalog) -> tuple[str, ...]:
    """Give the languages into which something is translated, in order."""
    return tuple(sorted({one.body.language for one in _translations(catalog)}))


def language_chosen(catalog: Catalog, wanted: str | None) -> str:
    """Give the language in which somebody sees a catalog; "" for that of its own labels.

    wanted: the person's, or OWN_LABELS; None for that of the organization. A language of
    a country falls back on the language: es_MX on es.
    """
    if wanted == OWN_LABELS:
        return ""
    organization = catalog.organization
    asked = (wanted or organization.language or organization.locale).replace("-", "_")
    known = {fold(one): one for one in languages_of(catalog)}
    return known.get(fold(asked)) or known.get(fold(asked.partition("_")[0])) or ""


def language_name(code: str, said_in: str = "en") -> str:
    """Give what a language is called in a language; its code where nobody knows it."""
    try:
        return Locale.parse(code).get_display_name(said_in) or code
    except (ValueError, LookupError):  # what Locale.parse raises for what it does not know
        return code


def localised(catalog: Catalog, language: str) -> Catalog:
    """Give a catalog with the labels of a language; what has none keeps its own."""
    words = _words(catalog, language)
    fields: dict[Field, Field] = {}
    objects = tuple(_object(obj, words, fields) for obj in catalog.objects)
    by_id = {obj.id: obj for obj in objects}

    def now(old: Mapping[str, ObjectDef]) -> dict[str, ObjectDef]:
        return {key: by_id[obj.id] for key, obj in old.items()}

    def of(one: Field) -> Field:
        return fields.get(one, one)

    return replace(
        catalog,
        language=language,
        objects=objects,
        by_id=by_id,
        by_name=now(catalog.by_name),
        by_slug=now(catalog.by_slug),
        by_prefix=now(catalog.by_prefix),
        children={
            target: tuple(
                replace(
                    one,
                    object=by_id[one.object.id],
                    field=of(one.field),
                    label=_child_label(words, one.object.id, one.field.name) or one.label,
                )
                for one in relations
            )
            for target, relations in catalog.children.items()
        },
        attach_rules=tuple(
            replace(
                rule,
                field=of(rule.field),
                source=of(rule.source),
                target_field=of(rule.target_field),
            )
            for rule in catalog.attach_rules
        ),
        validation_rules={
            owner: tuple(
                replace(
                    rule,
                    message=words.of(owner).get("rules", rule.name) or rule.message,
                    field=None if rule.field is None else of(rule.field),
                )
                for rule in rules
            )
            for owner, rules in catalog.validation_rules.items()
        },
        declared={
            kind: {name: _declared(one, words) for name, one in those.items()}
            for kind, those in catalog.declared.items()
        },
    )


@dataclass(frozen=True, slots=True)
class _ObjectWords:
    """What the translations of one object say; of several, the first that says something."""

    said: tuple[TranslationBody, ...] = ()

    def get(self, part: str, name: str) -> str:
        """Give the label of a part by its own name; "" for none."""
        for body in self.said:
            told = getattr(body, part)
            if text := told.get(name) or _folded(told).get(fold(name), ""):
                return str(text)
        return ""

    def own(self, key: str) -> str:
        """Give what the object itself is called."""
        return next((text for body in self.said if (text := getattr(body, key))), "")

    def of_field(self, field: Field) -> FieldWords | None:
        """Give the words of a field, by its name or any other."""
        names = {fold(name) for name in (field.name, *field.aliases)}
        for body in self.said:
            for name, words in body.fields.items():
                if fold(name) in names:
                    return words
        return None


@dataclass(frozen=True, slots=True)
class _Words:
    """All words of a language. general: of what belongs to no object."""

    objects: Mapping[ObjectId, _ObjectWords]
    general: _ObjectWords
    options: dict[tuple[int, tuple[tuple[str, str], ...]], Any] = field(default_factory=dict)
    """Options that are alike and called alike are one object, so that a catalog stays small."""

    def of(self, object_id: ObjectId | None) -> _ObjectWords:
        """Give the words of an object; those of none where it has none."""
        return _NO_WORDS if object_id is None else self.objects.get(object_id, _NO_WORDS)


_NO_WORDS: Final = _ObjectWords()


def _translations(catalog: Catalog) -> Iterable[Declared]:
    return catalog.declared.get(TRANSLATION, {}).values()


def _words(catalog: Catalog, language: str) -> _Words:
    """Collect the words of a language, and behind them those of the language without a country."""
    ranks = [fold(language)]
    if "_" in language:
        ranks.append(fold(language.partition("_")[0]))
    found: dict[ObjectId | None, list[tuple[int, TranslationBody]]] = {}
    for one in _translations(catalog):
        body: TranslationBody = one.body
        if fold(body.language) in ranks and (body.object is None or one.object_id is not None):
            rank = ranks.index(fold(body.language))
            found.setdefault(one.object_id, []).append((rank, body))
    ordered = {
        owner: _ObjectWords(tuple(body for _, body in sorted(said, key=lambda pair: pair[0])))
        for owner, said in found.items()
    }
    general = ordered.pop(None, _NO_WORDS)
    objects = {owner: said for owner, said in ordered.items() if owner is not None}
    return _Words(objects, general)


def _object(obj: ObjectDef, words: _Words, made: dict[Field, Field]) -> ObjectDef:
    """Give an object in other words. made: gets the fields that have become others."""
    mine = words.of(obj.id)
    types = tuple(_record_type(one, mine) for one in obj.record_types)
    for one in obj.fields:
        found = _field(one, mine, words)
        if one is obj.type_field and types != obj.record_types:
            found = replace(found, options=options_of(types))
        if found is not one:
            made[one] = found
    if not mine.said and not any(one in made for one in obj.fields):
        return obj
    return replace(
        obj,
        label=mine.own("label") or obj.label,
        plural_label=mine.own("plural_label") or obj.plural_label,
        record_types=types,
        fields=tuple(made.get(one, one) for one in obj.fields),
        by_name={key: made.get(one, one) for key, one in obj.by_name.items()},
    )


def _record_type(one: RecordType, words: _ObjectWords) -> RecordType:
    label = words.get("record_types", one.name)
    return replace(one, label=label, own_label=one.own_label or one.label) if label else one


def _field(one: Field, words: _ObjectWords, every: _Words) -> Field:
    said = words.of_field(one) if words.said else None
    options = _options(one, said, every)
    if said is None or not (said.label or said.help):
        return one if options is one.options else replace(one, options=options)
    return replace(one, label=said.label or one.label, help=said.help or one.help, options=options)


def _options(one: Field, said: FieldWords | None, every: _Words) -> Any:
    """Give the options of a field with the texts of its values."""
    options = one.options
    if not isinstance(options, ChoiceOptions):
        return options
    texts = dict(said.options) if said else {}
    if options.value_set is not None:
        for body in every.general.said:
            shared = _folded(body.picklists).get(fold(options.value_set), {})
            texts = {**shared, **texts}
    if not any(texts.values()):
        return options
    key = id(options), tuple(sorted(texts.items()))
    if key not in every.options:
        every.options[key] = with_choices(options, list(_choices(options, _folded(texts))))
    return every.options[key]


def _choices(options: ChoiceOptions, texts: Mapping[str, str]) -> Iterator[KnownChoice]:
    for one in options.choices:
        text = texts.get(fold(one.value)) or texts.get(fold(one.label)) or one.label
        yield KnownChoice(one.value, text, one.color, one.active, one.default, one.searched)


def _child_label(words: _Words, owner: ObjectId, field_name: str) -> str:
    """Give what a related list is called in the words of the object whose records it holds."""
    for body in words.of(owner).said:
        said = _folded(body.fields).get(fold(field_name))
        if said is not None and said.child_label:
            return str(said.child_label)
    return ""


def _declared(one: Declared, words: _Words) -> Declared:
    """Give a part of an object, or a tab or an app, under its label in a language."""
    label = ""
    if one.kind in _LABELLED:
        label = words.of(one.object_id).get(_LABELLED[one.kind], one.name)
    elif one.kind in _GENERAL:
        label = words.general.get(_GENERAL[one.kind], one.name)
    elif one.kind == "quick_action":
        of = words.general if one.object_id is None else words.of(one.object_id)
        label = of.get("actions", one.name) or of.get("actions", f"{one.body.object}.{one.name}")
    elif one.kind == "layout":
        return _layout(one, words.of(one.object_id))
    return replace(one, body=replace(one.body, label=label)) if label else one


def _layout(one: Declared, words: _ObjectWords) -> Declared:
    """Give a layout whose sections are called otherwise."""
    texts: dict[str, str] = {}
    for body in reversed(words.said):
        said = _folded(body.layouts).get(fold(one.name))
        texts |= _folded(said.sections) if said else {}
    if not texts:
        return one
    sections = tuple(
        replace(part, label=texts.get(fold(part.label)) or part.label) for part in one.body.sections
    )
    return replace(one, body=replace(one.body, sections=sections))


def _folded(said: Mapping[str, Any]) -> dict[str, Any]:
    return {fold(name): value for name, value in said.items()}
