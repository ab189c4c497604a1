"""A package as components: what each type of part becomes, in plain sight.

A reader is a pure function of one item and the names of the package. Names are gathered first, so
that no reader depends on which part is read before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import unquote

from fieldstone.errors import InvalidInput
from fieldstone.integrations.salesforce.calling import gather_called
from fieldstone.integrations.salesforce.elements import text_of
from fieldstone.integrations.salesforce.field_lists import read_compact_layout, read_field_set
from fieldstone.integrations.salesforce.fields import known_field, read_field
from fieldstone.integrations.salesforce.items import OBJECT, Item, Source
from fieldstone.integrations.salesforce.layouts import read_layout
from fieldstone.integrations.salesforce.list_views import read_list_view
from fieldstone.integrations.salesforce.making import made_beside
from fieldstone.integrations.salesforce.mapped import Mapped
from fieldstone.integrations.salesforce.metadata_values import read_metadata_record
from fieldstone.integrations.salesforce.names import Names
from fieldstone.integrations.salesforce.objects import holds_of, read_object, reason_left_out
from fieldstone.integrations.salesforce.own_names import own_name
from fieldstone.integrations.salesforce.people import (
    GROUP,
    MUTING,
    ROLE,
    SET,
    read_muting_set,
    read_permission_set_group,
    read_role,
    read_sharing_rule,
)
from fieldstone.integrations.salesforce.permission_sets import read_permission_set
from fieldstone.integrations.salesforce.picklists import read_value_set
from fieldstone.integrations.salesforce.profiles import PROFILE, gather_assignments, read_profile
from fieldstone.integrations.salesforce.quick_actions import (
    action_parts,
    is_form,
    read_quick_action,
)
from fieldstone.integrations.salesforce.record_types import read_business_process, read_record_type
from fieldstone.integrations.salesforce.report import Line, Outcome, not_applicable
from fieldstone.integrations.salesforce.rules import read_lookup_filter, read_rule
from fieldstone.integrations.salesforce.tabs import is_entry, read_app, read_tab
from fieldstone.integrations.salesforce.translations import (
    read_field_translation,
    read_object_translation,
    read_standard_values_translation,
    read_translations,
    read_value_set_translation,
    with_words,
)
from fieldstone.integrations.salesforce.value_sets import read_standard_value_set
from fieldstone.integrations.salesforce.web_links import is_address, read_web_link
from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.changes import Key
from fieldstone.metadata.component import Component
from fieldstone.metadata.values import fold

Reader = Callable[[Item, Names], Mapped]

READERS: Final[Mapping[str, tuple[Reader, ...]]] = {
    "GlobalValueSet": (read_value_set,),
    OBJECT: (read_object,),
    "CustomField": (read_field, read_lookup_filter),
    "ValidationRule": (read_rule,),
    "Layout": (read_layout,),
    "ListView": (read_list_view,),
    "CompactLayout": (read_compact_layout,),
    "FieldSet": (read_field_set,),
    "RecordType": (read_record_type,),
    "BusinessProcess": (read_business_process,),
    "PermissionSet": (read_permission_set,),
    GROUP: (read_permission_set_group,),
    MUTING: (read_muting_set,),
    PROFILE: (read_profile,),
    ROLE: (read_role,),
    **dict.fromkeys(("SharingCriteriaRule", "SharingOwnerRule"), (read_sharing_rule,)),
    "CustomMetadata": (read_metadata_record,),
    "CustomTab": (read_tab,),
    "CustomApplication": (read_app,),
    "WebLink": (read_web_link,),
    "QuickAction": (read_quick_action,),
    "StandardValueSet": (read_standard_value_set,),
    "CustomObjectTranslation": (read_object_translation,),
    "CustomFieldTranslation": (read_field_translation,),
    "Translations": (read_translations,),
    "GlobalValueSetTranslation": (read_value_set_translation,),
    "StandardValueSetTranslation": (read_standard_values_translation,),
}
"""What reads the items of each type; what several of them give is put together."""

_LAST: Final = frozenset({PROFILE})
"""Types that say something of whatever is there, and have nothing made for it."""

_NOT_YET: Final = "is of a kind that is not brought over"
_TEXTS: Final = "holds texts, which are brought over where formulas use them"


@dataclass(frozen=True, slots=True)
class MappedPackage:
    """A package as it would be here.

    components: each once, in the order in which they were told. lines: of the report, one for each
    item and for what is made beside them. line_of: which of them tells of a component, by its key.
    """

    components: tuple[Component, ...]
    lines: tuple[Line, ...]
    line_of: Mapping[Key, int]


def map_source(
    source: Source, catalog: Catalog, package: str, stored: Iterable[Component] = ()
) -> MappedPackage:
    """Give what a package becomes for a tenant. stored: the components that the tenant has."""
    names = gather_names(source, catalog, package, stored)
    made: dict[Key, Component] = {}
    lines: list[Line] = []
    line_of: dict[Key, int] = {}
    for item in sorted(source.items, key=lambda one: (one.type != OBJECT, one.type in _LAST)):
        line, components = _read(item, names)
        kept = [one for one in components if _is_anothers(one, names)]
        line = line.noting(*(_kept(one, names) for one in kept))
        for component in components:
            if component in kept:
                continue
            made[component.key] = with_words(made.get(component.key), component)
            line_of[component.key] = len(lines)
        lines.append(line)
    for component, line in made_beside(names):
        if component.key not in made:
            made[component.key] = component
            line_of[component.key] = len(lines)
            lines.append(line)
    return MappedPackage(tuple(made.values()), (*lines, *source.lines), line_of)


def _is_anothers(component: Component, names: Names) -> bool:
    """Tell whether a component is there already, and is another package's or the tenant's own."""
    there = names.stored(component.kind, component.name)
    return there is not None and there.package not in (component.package, names.package)


def _kept(component: Component, names: Names) -> str:
    there = names.stored(component.kind, component.name)
    whose = "your own" if there is None or there.package is None else f"that of {there.package}"
    kind = component.kind.replace("_", " ")
    return f"The {kind} {component.name} is there already, {whose}, and stays as it is."


def gather_names(
    source: Source, catalog: Catalog, package: str, stored: Iterable[Component] = ()
) -> Names:
    """Give the names of a package before anything of it is read."""
    names = Names(catalog, package, source.namespace, stored)
    for item in source.of_type(OBJECT):
        if reason_left_out(item.name) is None and item.name != "Activity":
            names.bring_object(names.own(item.name), holds_of(item))
    for item in source.of_type("GlobalValueSet"):
        names.contents.value_sets[fold(item.name)] = item.name
    for item in source.of_type("CustomTab"):
        names.contents.tabs.add(fold(names.own(item.name)))
    for item in source.of_type("CustomLabels", "CustomLabel"):
        told = [item.xml] if item.type == "CustomLabel" else item.xml.findall("labels")
        names.contents.bring_labels(
            {text_of(one, "fullName"): text_of(one, "value") for one in told}
        )
    for item in source.of_type("CustomField"):
        if reason_left_out(item.object) is None:
            known = known_field(item, names)
            if known is not None:
                for owner in names.objects_meant(item.object):
                    names.contents.bring_field(owner, known)
    _gather_parts(source, names)
    return names


def _gather_parts(source: Source, names: Names) -> None:
    """Note the parts that others name; those that are left out are not there to be named."""
    for item in source.of_type("RecordType", "WebLink", "CompactLayout"):
        if item.type != "WebLink" or is_address(item):
            owner = names.find_object(item.object) or names.own(item.object)
            names.contents.bring_part(item.type, owner, item.own)
    for item in source.of_type("QuickAction"):
        written, own = action_parts(item)
        if is_form(item):
            owner = (names.find_object(written) or names.own(written)) if written else ""
            names.contents.bring_part(item.type, owner, own)
    for item in source.of_type("CustomTab", ROLE):
        if item.type == ROLE or is_entry(item):
            names.contents.bring_part(item.type, "", item.name)
    for item in source.of_type(SET, MUTING):
        names.contents.rights[item.type, fold(names.own(unquote(item.name)))] = item.xml
    for item in source.of_type("CustomMetadata"):
        owner, _, own = names.own(item.name).partition(".")
        names.contents.bring_part(item.type, f"{owner}__mdt", own_name(own))
    gather_called(source, names)
    gather_assignments(source, names)


def _read(item: Item, names: Names) -> tuple[Line, tuple[Component, ...]]:
    """Read one item with all its readers; what keeps it out of here ends that."""
    why = reason_left_out(item.object) if item.object else None
    if why is not None:
        return not_applicable(item.type, item.name, item.path, f"Its object {why}."), ()
    if item.type not in READERS:
        why = _TEXTS if item.type in ("CustomLabels", "CustomLabel") else _NOT_YET
        return not_applicable(item.type, item.name, item.path, f"It {why}."), ()
    line = item.line
    made: list[Component] = []
    for read in READERS[item.type]:
        try:
            mapped = read(item, names)
        except InvalidInput as error:
            return line.failed(error.problem.message), tuple(made)
        if mapped.outcome is not None:
            line = replace(line, outcome=mapped.outcome, notes=(*line.notes, *mapped.notes))
            return line, tuple(made) if mapped.outcome is Outcome.NOTED else ()
        line = line.noting(*mapped.notes)
        made.extend(mapped.components)
    return line, tuple(made)
