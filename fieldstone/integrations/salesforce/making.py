"""What has to be made for a package because it uses it and does not bring it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from fieldstone.integrations.salesforce.attaching import pointing_further
from fieldstone.integrations.salesforce.contents import RECORDS, Wanted
from fieldstone.integrations.salesforce.guesses import BODIES
from fieldstone.integrations.salesforce.names import Names
from fieldstone.integrations.salesforce.report import Line, Outcome
from fieldstone.metadata.component import Component
from fieldstone.metadata.names import label_of, plural_of, slug_of
from fieldstone.metadata.values import Json

Made = Iterator[tuple[Component, Line]]


def made_beside(names: Names) -> Made:
    """Yield what is made because it is used, with its lines of the report.

    To be asked once all parts of the package were read.
    """
    contents = names.contents
    for name in sorted(set(contents.objects.values()) - contents.brought):
        yield from _object_made(name, names)
    for component in contents.standard.values():
        note = "Salesforce has this field of itself; it was made because it is used."
        yield component, Line("StandardField", component.name, "", Outcome.NOTED, (note,))
    for wanted in contents.wanted.values():
        yield _field_made(wanted, names)
    for full, targets in sorted(contents.attached.items()):
        yield from pointing_further(full, [*targets], names)
    for full in contents.wanted_records:
        yield _record_made(full, names)
    for key, name in sorted(contents.wanted_labels.items()):
        yield _label_made(name, contents.labels.get(key), names.package)


def plural_of_object(name: str, written: str, names: Names) -> str:
    """Give a plural label whose address no other object has. name: of the object."""
    others = {obj.slug for obj in names.catalog.objects if obj.package != names.package}
    for told in (written, f"{written} ({names.package})", f"{written} ({name})"):
        if names.contents.claim(slug_of(told) or slug_of(name), name, others):
            return told
    return name


def name_field(
    owner: str, body: Mapping[str, Json], package: str, label: str = "Name"
) -> Component:
    """Give the field that names the records of an object."""
    told: dict[str, Json] = {"object": owner, "label": label[:120], "searchable": True, **body}
    return Component("field", f"{owner}.Name", told, package)


def _object_made(name: str, names: Names) -> Made:
    label = label_of(name.removesuffix("__c").removesuffix("__mdt").rpartition("__")[2])
    holds = names.holds(name)
    body: dict[str, Json] = {
        "label": label,
        "plural_label": plural_of_object(name, plural_of(label), names),
        "name_field": "Name",
        "in_navigation": holds == RECORDS and names.contents.has_tab(name),
        "description": "Used by a package that does not bring it.",
    }
    if holds != RECORDS:
        body["holds"] = holds
    note = "The package uses this object and does not bring it; it was made with its name."
    line = Line("CustomObject", name, "", Outcome.NOTED, (note,))
    yield Component("object", name, body, names.package), line
    if holds == RECORDS:
        named = name_field(name, {"type": "text", "length": 80}, names.package)
        yield named, Line("CustomField", named.name, "", Outcome.NOTED, (note,))


_OF_ITSELF: Final = "Salesforce has this field of itself, and nothing here tells its type"


def _field_made(wanted: Wanted, names: Names) -> tuple[Component, Line]:
    known = names.guessed(wanted)
    full = f"{wanted.object}.{wanted.name}"
    body: dict[str, Json] = {
        "object": wanted.object,
        "label": label_of(wanted.name.removesuffix("__c").rpartition("__")[2]),
        **BODIES.get(known.type, {"type": known.type}),
    }
    if known.type == "lookup":
        body["references"] = known.targets[0]
    if "__" not in wanted.name:
        if known.type == "lookup":
            body["aliases"] = [wanted.name.removesuffix("Id")]
        note = f"{_OF_ITSELF}; made as {known.type}."
        line = Line("StandardField", full, "", Outcome.NOTED, (note,))
        return Component("field", full, body, names.package), line
    note = f"The package uses this field and does not bring it; made as {known.type}."
    line = Line("CustomField", full, "", Outcome.NOTED, (note,))
    return Component("field", full, body, names.package), line


def _record_made(full: str, names: Names) -> tuple[Component, Line]:
    owner, _, own = full.partition(".")
    body: dict[str, Json] = {"object": owner, "label": label_of(own)[:120], "values": {}}
    note = "The package uses this record and does not bring it; it was made without values."
    line = Line("CustomMetadata", full, "", Outcome.NOTED, (note,))
    return Component("metadata_record", full, body, names.package), line


def _label_made(name: str, text: str | None, package: str) -> tuple[Component, Line]:
    body: dict[str, Json] = {"type": "text", "value": text or label_of(name)}
    line = Line("CustomLabel", name, "")
    if text is None:
        line = line.noting("The package does not bring this text; its name stands for it.")
    return Component("setting", f"Label.{name}", body, package), line
