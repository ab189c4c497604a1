"""Packages as files: what read_package reads is written here, equal packages as equal bytes.

Only what was declared is written. Keys are in an order of their own, for the database keeps none;
the fields of an object are in the order in which they are made again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any, Final

import msgspec

from fieldstone.errors import Several
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.field import split_name
from fieldstone.metadata.kinds.registry import FIELD, OBJECT, RELATION, get_kind
from fieldstone.metadata.packages import (
    FOLDER_OF,
    MANIFEST,
    BadPackage,
    Manifest,
    Package,
    check_size,
    read_package,
)
from fieldstone.metadata.record_sets import SUFFIX, RecordSet, problems_of_sets
from fieldstone.metadata.values import Json, JsonObject, fold, write_canonical
from fieldstone.metadata.yaml_text import read_yaml, write_yaml

_FIRST: Final = ("name", "label", "plural_label", "type", "object", "field", "value")
"""The keys that are written first wherever they stand."""
_MOST_ROUNDS: Final = 20
_SIGNATURE: Final = "signature"


def write_package(
    manifest: Manifest, components: Sequence[Component], records: Iterable[RecordSet] = ()
) -> dict[str, str]:
    """Give the files of a package, by their paths.

    components: in an order in which they could be made, fields of relations among them. Reading the
    files gives them back, and writing what was read gives the same files. Raises Several for
    components and records that no package can hold.
    """
    sets = list(records)
    wrong = list(problems_of_sets(sets))
    if wrong:
        raise Several(wrong)
    given = _told(components)
    texts = _Texts()
    files = _written(manifest, given, texts)
    for _ in range(_MOST_ROUNDS):
        package = read_package(files)
        again = _written(manifest, package.components, texts)
        if again == files:
            _check_whole(package, given)
            whole = files | {one.path: _records(one) for one in sets}
            check_size(whole)
            return whole
        files = again
    raise AssertionError("The order of fields does not settle.")


def content_digest(files: Mapping[str, str]) -> bytes:
    """Give the SHA-256 of all that a package holds but its signature, the text of each file."""
    manifest = read_yaml(files[MANIFEST])
    assert isinstance(manifest, dict)
    said = {key: value for key, value in manifest.items() if key != _SIGNATURE}
    content: dict[str, Json] = {path: text for path, text in files.items() if path != MANIFEST}
    return hashlib.sha256(write_canonical([said, content])).digest()


def write_manifest(manifest: Manifest) -> str:
    """Give the text of a manifest: what it says otherwise than one that says nothing."""
    said: dict[str, Json] = msgspec.to_builtins(manifest)
    kept = {key: _in_order(value) for key, value in said.items() if not _is_default(key, value)}
    return write_yaml(kept)


def _is_default(key: str, value: Json) -> bool:
    one = next(one for one in fields(Manifest) if one.name == key)
    default: Any = one.default
    if one.default_factory is not MISSING:
        default = one.default_factory()
    return bool(value == default or (not value and not default and default is not MISSING))


def _told(components: Sequence[Component]) -> tuple[Component, ...]:
    """Leave out what follows from a relation: the object between and its fields."""
    follow: dict[tuple[str, str], list[Component]] = {}
    there = {one.key: one for one in components}
    for relation in components:
        if relation.kind == RELATION.name:
            parts = RELATION.expand(relation)
            # What was changed since is told as a whole.
            alike = all(_same(part, there.get(part.key)) for part in parts)
            follow.update({part.key: [relation] for part in parts if alike})
    return tuple(one for one in components if one.key not in follow)


def _same(part: Component, other: Component | None) -> bool:
    return other is not None and (part.name, part.body) == (other.name, other.body)


class _Texts:
    """Writes bodies, each once as long as it stays the same."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[dict[str, Json], str]] = {}

    def of(self, path: str, body: dict[str, Json]) -> str:
        """Give the text of a file."""
        known = self._known.get(path)
        # Equal bodies have their keys in the same order, which follows from what they hold.
        if known is None or known[0] != body:
            known = self._known[path] = body, write_yaml(body)
        return known[1]


def _written(manifest: Manifest, components: Sequence[Component], texts: _Texts) -> dict[str, str]:
    owned: dict[str, list[Component]] = {}
    objects = {fold(one.name) for one in components if one.kind == OBJECT.name}
    for one in components:
        owner = fold(split_name(one.name)[0])
        if one.kind == FIELD.name and owner in objects:
            owned.setdefault(owner, []).append(one)
    written = {MANIFEST: write_manifest(manifest)}
    for one in sorted(components, key=lambda one: (one.kind, one.name)):
        if one.kind == FIELD.name and fold(split_name(one.name)[0]) in objects:
            continue
        body = _body(one)
        if one.kind == OBJECT.name and fold(one.name) in owned:
            body["fields"] = [_field(field) for field in owned[fold(one.name)]]
        path = f"{FOLDER_OF[one.kind]}/{one.name}{SUFFIX}"
        written[path] = texts.of(path, body)
    return written


def _records(one: RecordSet) -> str:
    """Give the text of a file of records, each with its key first."""
    records: list[Json] = [_record(record, one.key) for record in one.records]
    named: dict[str, Json] = {name: _record(one.named[name], None) for name in sorted(one.named)}
    said: dict[str, Json] = {"key": one.key, "records": records} if one.key is not None else {}
    return write_yaml(said | ({"named": named} if named or one.key is None else {}))


def _record(record: Mapping[str, Any], first: str | None) -> dict[str, Json]:
    return {key: _in_order(record[key]) for key in sorted(record, key=lambda k: (k != first, k))}


def _field(field: Component) -> dict[str, Json]:
    body = {key: value for key, value in _body(field).items() if key != "object"}
    return {"name": split_name(field.name)[1], **body}


def _body(component: Component) -> dict[str, Json]:
    """Give a body in the order in which its kind tells of its parts, then by the alphabet."""
    declared = [one.name for one in fields(get_kind(component.kind).body_class)]
    places = {name: place for place, name in enumerate((*_FIRST, *declared))}
    keys = sorted(component.body, key=lambda key: (places.get(key, len(places)), key))
    return {key: _in_order(component.body[key]) for key in keys}


def _in_order(value: Json) -> Json:
    if isinstance(value, Mapping):
        keys = sorted(value, key=lambda key: (key not in _FIRST, key))
        first = [key for key in _FIRST if key in value]
        return {key: _in_order(value[key]) for key in (*first, *keys[len(first) :])}
    return [_in_order(part) for part in value] if isinstance(value, list | tuple) else value


def _check_whole(package: Package, given: Iterable[Component]) -> None:
    """See that what was written reads as what was given. Raises BadPackage."""
    read = {one.key: one for one in package.components}
    for one in given:
        found = read.get(one.key)
        if found is None or not _equal(found, one):
            raise BadPackage(f"{one.kind} {one.name} cannot be written as a file of a package.")


def _equal(read: Component, given: Component) -> bool:
    """Compare bodies; a field stands in its object's file, whatever spelling names that."""
    bodies: Iterator[JsonObject] = (
        {key: value for key, value in one.body.items() if key != "object" or one.kind != FIELD.name}
        for one in (read, given)
    )
    return next(bodies) == next(bodies)


def with_manifest(files: Mapping[str, str], manifest: Manifest) -> dict[str, str]:
    """Give the files of a package with another manifest, such as one with a signature."""
    return {**files, MANIFEST: write_manifest(manifest)}
