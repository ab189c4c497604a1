"""The names of a package, and what they mean here: objects and fields, ours and the package's.

Standard objects and fields are found by the aliases of the shipped CRM. What a package uses and
neither brings nor finds is made: standard fields by what is known of them, what belongs to other
packages by what its uses tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from fieldstone.integrations.salesforce.contents import (
    RECORDS,
    SETTINGS,
    Contents,
    KnownField,
    Wanted,
)
from fieldstone.integrations.salesforce.guesses import type_guessed
from fieldstone.integrations.salesforce.standard_fields import (
    compound_part,
    custom_part,
    may_be_of_itself,
    standard_body,
    standard_objects,
    target_of_itself,
)
from fieldstone.metadata.catalog import Catalog, Field, ObjectDef
from fieldstone.metadata.component import Component
from fieldstone.metadata.field_types.registry import FIELD_TYPES
from fieldstone.metadata.held_fields import (
    DEVELOPER_NAME,
    MASTER_LABEL,
    SETTING_NAME,
    SETUP_OWNER,
)
from fieldstone.metadata.kinds.registry import RECORD_TYPE
from fieldstone.metadata.values import fold

ACTIVITY: Final = "Activity"
ACTIVITIES: Final = ("Task", "Event")
"""In Salesforce, custom fields of activities are fields of tasks and of events."""

_SETTINGS: Final = "_settings__c"
"""How objects are called that hold settings, where nothing else tells."""
_SYSTEM: Final[Mapping[str, tuple[str, str]]] = {
    "id": ("id", "id"),
    "owner": ("owner", "user"),
    "ownerid": ("owner", "user"),
    "createddate": ("created_at", "datetime"),
    "createdby": ("created_by", "user"),
    "createdbyid": ("created_by", "user"),
    "lastmodifieddate": ("updated_at", "datetime"),
    "systemmodstamp": ("updated_at", "datetime"),
    "lastmodifiedby": ("updated_by", "user"),
    "lastmodifiedbyid": ("updated_by", "user"),
}
_HELD: Final[Mapping[str, Mapping[str, str]]] = {
    RECORDS: {"name": "Name"},
    "list_settings": {"name": SETTING_NAME},
    SETTINGS: {"setupownerid": SETUP_OWNER},
    "metadata": {
        "developername": DEVELOPER_NAME,
        "qualifiedapiname": DEVELOPER_NAME,
        "masterlabel": MASTER_LABEL,
        "label": MASTER_LABEL,
    },
}
"""The fields that an object has because of what it holds, as Salesforce calls them."""

_PERSONS: Final = {"personaccount": "Account"}
"""Accounts that are persons are accounts, with the contact's own fields as Name__pc."""

_NOT_FIELDS: Final = frozenset({"recordtype", "recordtypeid", "isdeleted"})
"""Names that mean something of every record, and are no fields to be made."""


class Names:
    """What the names of one package mean, gathered before anything of it is made.

    package: what the components made here will belong to; what the catalog has of it already is
    passed over, so that a package that is brought again means the same.
    """

    def __init__(
        self,
        catalog: Catalog,
        package: str,
        namespace: str = "",
        stored: Iterable[Component] = (),
    ) -> None:
        self.catalog = catalog
        self.package = package
        self._stored = {one.key: one for one in stored}
        self._namespace = fold(f"{namespace}__") if namespace else ""
        self.contents = Contents()
        self._salesforce = {
            obj.name: name for name in standard_objects() if (obj := self._theirs(name)) is not None
        }

    def _theirs(self, name: str) -> ObjectDef | None:
        """Give the object of a name that another package, or the tenant, has."""
        found = self.catalog.find_object(name)
        return None if found is None or found.package == self.package else found

    def own(self, name: str) -> str:
        """Give a name without the namespace of the package itself, in every part of a path."""
        if not self._namespace or self._namespace not in fold(name):
            return name
        parts = (
            part[len(self._namespace) :] if fold(part).startswith(self._namespace) else part
            for part in name.split(".")
        )
        return ".".join(parts)

    def bring_object(self, name: str, holds: str = RECORDS) -> None:
        """Say that the package brings an object."""
        if not self.is_extended(name):
            self.contents.objects[fold(name)] = name
            self.contents.brought.add(name)
        self.contents.holds[fold(name)] = holds

    def holds(self, name: str) -> str:
        """Give what an object holds: records, settings, list_settings or metadata."""
        return self.contents.holds.get(fold(name), RECORDS)

    def stored(self, kind: str, name: str) -> Component | None:
        """Give a component that is there already, whoever ships it; None if there is none."""
        return self._stored.get((kind, fold(name)))

    def find_value_set(self, name: str) -> str | None:
        """Give what a global value set is called here; None if there is none."""
        there = self.catalog.value_sets.get(fold(name))
        return self.contents.value_sets.get(fold(name)) or (None if there is None else there.name)

    def is_extended(self, name: str) -> bool:
        """Tell whether an object is there already, whoever made it but this package."""
        return self._theirs(self.own(name)) is not None

    def find_object(self, written: str) -> str | None:
        """Give what an object is called here; None if there is none."""
        name = _PERSONS.get(fold(written), self.own(written))
        if fold(name) in self.contents.objects:
            return self.contents.objects[fold(name)]
        theirs = self._theirs(name)
        return None if theirs is None else theirs.name

    def need_object(self, written: str, holds: str = RECORDS) -> str:
        """Give what an object is called here; one that there is not will be made."""
        found = self.find_object(written)
        if found is not None:
            if holds != RECORDS:
                self.contents.holds.setdefault(fold(found), holds)
            return found
        name = self.own(written)
        self.contents.objects[fold(name)] = name
        if holds == RECORDS and fold(name).endswith(_SETTINGS):
            holds = SETTINGS
        self.contents.holds.setdefault(fold(name), holds)
        return name

    def objects_meant(self, written: str) -> tuple[str, ...]:
        """Give the objects that an owner of fields means: activities are tasks and events."""
        if fold(written) == fold(ACTIVITY):
            return tuple(self.need_object(name) for name in ACTIVITIES)
        return (self.need_object(written),)

    def find_field(self, owner: str, written: str) -> KnownField | None:
        """Give a field that there is, or that Salesforce has of itself; None for any other.

        owner: the object as it is called here.
        """
        there = self.field_there(owner, written)
        return self._found_standard(owner, self.own(written)) if there is None else there

    def field_there(self, owner: str, written: str) -> KnownField | None:
        """Give a field that there is by now, without making any; None for any other."""
        name = self.own(written)
        key = fold(owner), fold(name)
        if key in self.contents.fields:
            return self.contents.fields[key]
        if fold(name) in _SYSTEM:
            called, kind = _SYSTEM[fold(name)]
            return KnownField(called, kind, ("User",) if kind == "user" else ())
        obj = self.catalog.find_object(owner)
        there = None if obj is None else obj.find_field(name)
        if there is not None and there.package != self.package:
            return _of_catalog(there, self.catalog)
        held = _HELD.get(self.holds(owner), {}).get(fold(name))
        if fold(owner) in self.contents.objects and held is not None:
            return KnownField(held, "text")
        part = compound_part(self.salesforce_name(owner), name)
        whole = None if part is None else self.field_there(owner, part[0])
        if part is None or whole is None:
            return None
        return KnownField(f"{whole.name}.{part[1]}", "text")

    def need_field(
        self, owner: str, written: str, said: str = "", targets: Iterable[str] = ()
    ) -> KnownField | None:
        """Give a field; a custom one that there is not will be made. None for names of no field.

        said: what the place where it stands tells of its type. targets: what it points to.
        """
        part = custom_part(self.own(written))
        if part is not None:
            whole = self.need_field(owner, part[0], part[2])
            return None if whole is None else KnownField(f"{whole.name}.{part[1]}", _of_part(part))
        found = self.find_field(owner, written)
        name = self.own(written)
        wanted = self.contents.wanted.get((fold(owner), fold(name)))
        if found is not None and wanted is None:
            return found
        if not _may_want(self, owner, name):
            return None
        aimed = self.field_there(owner, f"{name}Id") if wanted is None else None
        if aimed is not None and aimed.targets:
            return aimed
        if wanted is None:
            wanted = self.contents.wanted[fold(owner), fold(name)] = Wanted(owner, name)
        wanted.said.add(said)
        wanted.targets = wanted.targets or tuple(targets)
        known = self.guessed(wanted)
        self.contents.bring_field(owner, known)
        return known

    def relation(self, owner: str, written: str) -> KnownField | None:
        """Give the reference that stands before a point, such as Account or Payment__r."""
        bare = self.own(written)
        if fold(bare).endswith("__r"):
            name = bare[:-3] + "__c"
            found = self.find_field(owner, name)
            if found is not None and found.targets:
                return found
            target = self.find_object(name) or self._likely_target(owner, name)
            return self.need_field(owner, name, "lookup", (target,))
        bare, _, aimed = bare.partition(":")
        for spelling in (bare, f"{bare}Id"):
            known = self.find_field(owner, spelling)
            if known is not None and known.targets:
                meant = self.find_object(aimed) if aimed else None
                return known if meant is None else replace(known, targets=(meant,))
        if fold(bare) in _NOT_FIELDS or not _may_want(self, owner, f"{bare}Id"):
            return None
        return self.need_field(owner, f"{bare}Id", "lookup")

    def path(self, owner: str, written: str) -> str | None:
        """Give a dotted path in the names that are used here; None where a part means nothing."""
        *steps, last = written.split(".")
        obj, told = owner, []
        for step in steps:
            found = self.relation(obj, step)
            if found is None or not found.targets:
                return None
            told.append(found.name)
            obj = found.targets[0]
        known = self.need_field(obj, last)
        return None if known is None else ".".join([*told, known.name])

    def salesforce_name(self, owner: str) -> str:
        """Give what Salesforce calls an object that is called otherwise here."""
        return self._salesforce.get(owner, owner)

    def guessed(self, wanted: Wanted) -> KnownField:
        """Give what a field that is used and not brought must be, by all that is known by now."""
        kind = type_guessed(wanted.name, frozenset(wanted.said))
        targets = wanted.targets
        reference = wanted.name.removesuffix("Id")
        if reference != wanted.name and kind in ("text", "lookup"):
            of_itself = target_of_itself(self.salesforce_name(wanted.object), reference)
            kind, targets = "lookup", targets or (self.need_object(of_itself),)
        same = self.find_object(wanted.name)
        if same is not None and kind in ("text", "lookup"):
            kind, targets = "lookup", targets or (same,)
        if kind == "lookup" and not targets:
            targets = (self._likely_target(wanted.object, wanted.name),)
        return KnownField(wanted.name, kind, targets if kind == "lookup" else ())

    def _likely_target(self, owner: str, name: str) -> str:
        """Give the object that a reference of this name most likely points to."""
        bare = fold(name).removesuffix("__c").rpartition("__")[2]
        for standard in ("Account", "Contact", "Opportunity", "Campaign", "Lead", "Case", "User"):
            if bare.endswith(fold(standard)) or (standard == "Contact" and "contact" in bare):
                return self.need_object(standard)
        return self.need_object(name if fold(name).endswith("__c") else owner)

    def _found_standard(self, owner: str, name: str) -> KnownField | None:
        if fold(name) in _NOT_FIELDS or fold(name).endswith("__c"):
            return None
        called = self.salesforce_name(owner)
        part = compound_part(called, name)
        if part is not None:
            whole = self.find_field(owner, part[0])
            return None if whole is None else KnownField(f"{whole.name}.{part[1]}", "text")
        body = standard_body(called, name, of_crm=called != owner or self.is_extended(owner))
        if body is None:
            return None
        known = KnownField(name, str(body["type"]))
        if "references" in body:
            target = self.need_object(str(body["references"]))
            body["references"], known = target, KnownField(name, known.type, (target,))
        full = f"{owner}.{name}"
        made = Component("field", full, {"object": owner, **body}, self.package)
        self.contents.standard[fold(owner), fold(name)] = made
        self.contents.bring_field(owner, known)
        return known


def _of_catalog(there: Field, catalog: Catalog) -> KnownField:
    targets = tuple(catalog.by_id[target].name for target in there.references)
    kind = there.type.name
    return KnownField(there.name, kind if kind in FIELD_TYPES else "text", targets)


def has_types(owner: str, names: Names) -> bool:
    """Tell whether the records of an object have types, its own or those of the package."""
    obj = names.catalog.find_object(owner)
    there = obj is not None and bool(names.catalog.declared_for(RECORD_TYPE.name, obj))
    return there or names.contents.has_parts("RecordType", owner)


def _may_want(names: Names, owner: str, name: str) -> bool:
    """Tell whether a field that there is not may be one of others, or of Salesforce itself."""
    if fold(name).endswith(("__c", "__pc")):
        return True
    is_field = fold(name) not in _NOT_FIELDS and names.holds(owner) == RECORDS
    return is_field and may_be_of_itself(names.salesforce_name(owner), name)


def _of_part(part: tuple[str, str, str]) -> str:
    return "number" if part[2] == "geolocation" else "text"
