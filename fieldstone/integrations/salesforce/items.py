"""The parts of a package, whichever way its files are laid out.

Source format has one file a part (`objects/X/fields/Y.field-meta.xml`), the format of the metadata
API has an object with all of them inside (`objects/X.object`). Both become the same list of items.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from fieldstone.errors import InvalidInput
from fieldstone.integrations.salesforce.elements import Allowance, BadXml, parse_xml, text_of
from fieldstone.integrations.salesforce.report import Line, Outcome, not_applicable
from fieldstone.integrations.salesforce.tokens import name_without_tokens, without_tokens
from fieldstone.metadata.values import Json, fold, read_json

PROJECT: Final = "sfdx-project.json"
META: Final = "-meta.xml"
OBJECT: Final = "CustomObject"

TYPES: Final[Mapping[str, str]] = {
    "object": OBJECT,
    "field": "CustomField",
    "validationRule": "ValidationRule",
    "listView": "ListView",
    "recordType": "RecordType",
    "fieldSet": "FieldSet",
    "compactLayout": "CompactLayout",
    "webLink": "WebLink",
    "businessProcess": "BusinessProcess",
    "layout": "Layout",
    "globalValueSet": "GlobalValueSet",
    "standardValueSet": "StandardValueSet",
    "permissionset": "PermissionSet",
    "permissionsetgroup": "PermissionSetGroup",
    "mutingpermissionset": "MutingPermissionSet",
    "profile": "Profile",
    "role": "Role",
    "sharingRules": "SharingRules",
    "tab": "CustomTab",
    "app": "CustomApplication",
    "md": "CustomMetadata",
    "labels": "CustomLabels",
    "label": "CustomLabel",
    "quickAction": "QuickAction",
    "objectTranslation": "CustomObjectTranslation",
    "fieldTranslation": "CustomFieldTranslation",
    "translation": "Translations",
    "globalValueSetTranslation": "GlobalValueSetTranslation",
    "standardValueSetTranslation": "StandardValueSetTranslation",
}
"""The types of parts by the endings of their files."""

INSIDE: Final[Mapping[str, str]] = {
    "fields": "CustomField",
    "validationRules": "ValidationRule",
    "listViews": "ListView",
    "recordTypes": "RecordType",
    "fieldSets": "FieldSet",
    "compactLayouts": "CompactLayout",
    "webLinks": "WebLink",
    "businessProcesses": "BusinessProcess",
}
"""The types of parts that stand within an object in the format of the metadata API."""

OWNED: Final = frozenset(INSIDE.values())
_SHARING: Final[Mapping[str, str]] = {
    "sharingCriteriaRules": "SharingCriteriaRule",
    "sharingOwnerRules": "SharingOwnerRule",
    "sharingGuestRules": "SharingGuestRule",
    "sharingTerritoryRules": "SharingTerritoryRule",
}
"""The rules of an object that one file holds in either format."""

_WITHIN: Final = {OBJECT: INSIDE, "SharingRules": _SHARING}

_CODE: Final = "is code, and code does not run here"
_PAGE: Final = "is a page or part of one, which is drawn here by layouts"
_FLOW: Final = "is automation, which is not brought over"
_ELSEWHERE: Final[Mapping[str, str]] = {
    **dict.fromkeys(("cls", "trigger", "component", "page", "js", "html", "css", "cmp"), _CODE),
    **dict.fromkeys(("design", "controller", "helper", "evt", "intf", "tokens", "app-meta"), _CODE),
    **dict.fromkeys(("flexipage", "homePageLayout", "homePageComponent"), _PAGE),
    **dict.fromkeys(("flow", "flowDefinition", "workflow", "approvalProcess"), _FLOW),
    **dict.fromkeys(("assignmentRules", "escalationRules", "autoResponseRules"), _FLOW),
    "resource": "is a file of pages and code",
    "report": "is a report, and reports are not brought over",
    "reportType": "describes reports, and reports are not brought over",
    "dashboard": "is a dashboard, and dashboards are not brought over",
    "customPermission": "is asked for by code and pages",
    "email": "is a template of messages",
    "remoteSite": "opens a way out for code",
    "settings": "is a setting of a whole organization",
    "queue": "is a queue, and records belong to people here",
    "group": "is a group of people; teams are made by who works here",
    **dict.fromkeys(("approvalProcess", "duplicateRule", "matchingRule"), _FLOW),
    **dict.fromkeys(("flowDefinition", "pathAssistant", "milestoneType"), _FLOW),
    **dict.fromkeys(("site", "network", "communities", "app_analytics"), _PAGE),
    **dict.fromkeys(("scontrol", "homePageLayout", "homePageComponent", "letter"), _PAGE),
    **dict.fromkeys(("xml_template", "theme", "brandingSet", "asset", "document"), _PAGE),
}
"""Why parts have no place here, by the endings of their files."""

_DECLARES: Final = b"http://soap.sforce.com/2006/04/metadata"
_MANIFESTS: Final = ("package", "destructiveChanges")
_HEAD_BYTES: Final = 1_000
_ROOT: Final = re.compile(rb"<([A-Za-z]{1,60})[\s>]")
_UNKNOWN: Final = "is of a kind that has no counterpart here"


class NoPackage(InvalidInput):
    """Files without a single part of a Salesforce package among them."""

    code = "salesforce.no_package"


@dataclass(frozen=True, slots=True)
class Item:
    """One part. type, name: as Salesforce calls it. object: the object it belongs to, or ""."""

    type: str
    name: str
    xml: Element
    path: str
    object: str = ""

    @property
    def own(self) -> str:
        """The name without that of its object."""
        return self.name.removeprefix(f"{self.object}.") if self.object else self.name

    @property
    def line(self) -> Line:
        """Its line in the report, before anything is known of it."""
        return Line(self.type, self.name, self.path)


@dataclass(frozen=True, slots=True)
class Source:
    """A package as it was read.

    items: in order of type and name. lines: of what is no item: files that cannot be read, that
    have no place here, or that say again what another one says. others: files that are no
    metadata, such as sample data. namespace: what its own names begin with elsewhere.
    """

    items: tuple[Item, ...]
    lines: tuple[Line, ...] = ()
    others: Mapping[str, bytes] = field(default_factory=dict)
    namespace: str = ""
    project: Mapping[str, Json] = field(default_factory=dict)

    def of_type(self, *types: str) -> Iterator[Item]:
        """Yield the items of some types, in order."""
        return (item for item in self.items if item.type in types)


def read_source(files: Mapping[str, bytes]) -> Source:
    """Read the files of a package by their paths.

    Raises NoPackage where there are none, and TooManyElements.
    """
    allowance = Allowance()
    project = _project(files.get(PROJECT))
    folders = _package_folders(project, files)
    found: dict[tuple[str, str], Item] = {}
    lines: list[Line] = []
    others: dict[str, bytes] = {}
    for written in sorted(files):
        path = name_without_tokens(written)
        ending = ending_of(path)
        if ending is None:
            if path != PROJECT:
                others[path] = files[written]
            lines.extend(_unknown(path, files[written]))
            continue
        if not written.startswith(folders):
            why = "It lies outside of the folders that are the package."
            lines.append(not_applicable(type_of(ending), name_of(path), path, why))
        elif ending not in TYPES:
            why = _ELSEWHERE.get(ending, _UNKNOWN)
            lines.append(not_applicable(type_of(ending), name_of(path), path, f"It {why}."))
        else:
            for item in _items(path, ending, files[written], lines, allowance):
                _put(found, item, lines)
    if not found:
        hint = "Bring the folder or the zip that has objects, layouts and the like in it."
        raise NoPackage("There is no part of a Salesforce package in these files.", hint=hint)
    ordered = sorted(found.values(), key=lambda one: (one.type, fold(one.name)))
    return Source(
        tuple(ordered), tuple(lines), others, str(project.get("namespace") or ""), project
    )


def _unknown(path: str, data: bytes) -> Iterator[Line]:
    """Yield the line of a file that declares something of which nothing is known here."""
    name = PurePosixPath(path).name
    if _DECLARES in data[:_HEAD_BYTES] and not name.startswith(_MANIFESTS):
        root = _ROOT.search(data, 0, _HEAD_BYTES)
        type_ = "Metadata" if root is None else root[1].decode("ascii")
        yield not_applicable(type_, name_of(path), path, f"It {_UNKNOWN}.")


def _put(found: dict[tuple[str, str], Item], item: Item, lines: list[Line]) -> None:
    key = item.type, fold(item.name)
    other = found.get(key)
    if other is not None:
        lines.append(not_applicable(item.type, item.name, other.path, f"{item.path} says it anew."))
    found[key] = item


def _items(
    path: str, ending: str, data: bytes, lines: list[Line], allowance: Allowance
) -> Iterator[Item]:
    """Yield the items of one file; what cannot be read becomes a line."""
    type_, name = TYPES[ending], name_of(path)
    try:
        xml = parse_xml(without_tokens(data), allowance)
    except BadXml as error:
        message = error.problem.message
        lines.append(Line(type_, name, path, Outcome.FAILED, (message,)))
        return
    if type_ in OWNED or type_ == "CustomFieldTranslation":
        owner = PurePosixPath(path).parent.parent.name
        if type_ == "CustomFieldTranslation":
            owner = PurePosixPath(path).parent.name
        own = text_of(xml, "fullName") if type_ == "CustomField" else ""
        own = own or name
        yield Item(type_, f"{owner}.{own}", xml, path, owner)
        return
    if type_ != "SharingRules":
        yield Item(type_, name, xml, path)
    for tag, inner in _WITHIN.get(type_, {}).items():
        for part in xml.iterfind(tag):
            own = text_of(part, "fullName")
            if own:
                yield Item(inner, f"{name}.{own}", part, path, name)


def ending_of(path: str) -> str | None:
    """Give the ending that tells what a file of metadata is; None for any other file."""
    *folders, name = PurePosixPath(path).parts
    bundle = next((one for one in folders if one in _BUNDLES), "")
    if name.endswith(META):
        return _BUNDLES[bundle] if bundle else name.removesuffix(META).rpartition(".")[2]
    stem, point, ending = name.rpartition(".")
    if bundle or (ending == "md" and (not folders or folders[-1] != "customMetadata")):
        return None
    known = ending in TYPES or ending in _ELSEWHERE
    # What belongs to code and pages lies beside a file that describes it, or is named by it.
    return ending if point and stem and known and ending not in _BESIDE else None


_BUNDLES: Final = {"aura": "cmp", "lwc": "js"}
"""Folders in which each part of code has one of its own; an .app among them is no application."""

_BESIDE: Final = frozenset({"js", "html", "css", "json", "md5", "settings", "labels-meta", "email"})


def name_of(path: str) -> str:
    """Give the full name of the part that a file holds."""
    name = PurePosixPath(path).name.removesuffix(META)
    return unquote(name.rpartition(".")[0] or name)


def type_of(ending: str) -> str:
    """Give the type of a part by the ending of its file; that ending, if the type is unknown."""
    known = TYPES.get(ending)
    return known or _NAMES.get(ending) or ending[:1].upper() + ending[1:]


_NAMES: Final[Mapping[str, str]] = {
    "cls": "ApexClass",
    "trigger": "ApexTrigger",
    "page": "ApexPage",
    "component": "ApexComponent",
    "cmp": "AuraDefinitionBundle",
    "js": "LightningComponentBundle",
    "resource": "StaticResource",
    "flexipage": "FlexiPage",
    "remoteSite": "RemoteSiteSetting",
    "email": "EmailTemplate",
}


def _project(data: bytes | None) -> Mapping[str, Json]:
    if data is None:
        return {}
    try:
        said = read_json(data.decode("utf-8-sig"))
    except (ValueError, RecursionError, InvalidInput):
        return {}
    return said if isinstance(said, dict) else {}


def _package_folders(project: Mapping[str, Json], files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Give the folders that a project names as its packages; all files, where it names none."""
    named = project.get("packageDirectories")
    paths = [
        str(one["path"]).replace("\\", "/").strip("./") + "/"
        for one in (named if isinstance(named, list) else ())
        if isinstance(one, dict) and str(one.get("path") or "").strip("./")
    ]
    there = tuple(path for path in paths if any(file.startswith(path) for file in files))
    if there:
        return there
    # What stands beside the package is for those who build it: tests, scratch organizations.
    return (_SOURCES,) if f"{_SOURCES}package.xml" in files else ("",)


_SOURCES: Final = "src/"
