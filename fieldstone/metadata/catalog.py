"""The catalog: all that is known of one tenant's objects, immutable, one per version.

Everything the engine does reads the catalog and nothing else. It is built by `build.py` out of
component rows, kept under (tenant, version), and never patched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from fieldstone.errors import NotFound
from fieldstone.ids import FieldId, ObjectId, TenantId
from fieldstone.metadata.calculation import AS_TEXT
from fieldstone.metadata.conversions import EarlierKey
from fieldstone.metadata.encryption import Encryption
from fieldstone.metadata.field_types.field_type import FieldType
from fieldstone.metadata.kinds.connected_app import ConnectedAppBody
from fieldstone.metadata.kinds.identity_provider import IdentityProviderBody
from fieldstone.metadata.masking import Mask
from fieldstone.metadata.names import suggestion
from fieldstone.metadata.organization import Organization, Setting
from fieldstone.metadata.permission_set import PermissionSet
from fieldstone.metadata.record_types import RecordType
from fieldstone.metadata.retention import RetentionPolicy
from fieldstone.metadata.sharing import RoleTree, Sharing, SharingRule
from fieldstone.metadata.slots import SlotKind
from fieldstone.metadata.territories import TerritoryRule, TerritoryTree
from fieldstone.metadata.values import Json, fold


class UnknownObject(NotFound):
    """No object of this name, or none that the viewer may see."""

    code = "metadata.unknown_object"


class UnknownField(NotFound):
    """No field of this name, or none that the viewer may see."""

    code = "metadata.unknown_field"


DERIVATION_FORMS: Final = ("join", "person_name", "work_domain", "site_domain", "table")
"""How values may follow from others; what each does stands in runtime/records/derivations.py."""

_BY_HAND: Final = frozenset({"person_name", "table"})


@dataclass(frozen=True, slots=True)
class Derivation:
    """How a field's value follows from others of its record.

    form: one of DERIVATION_FORMS. fields: names of the fields it reads. separator: what join puts
    between them. table: for each value of the first field, the value that follows from it.
    """

    form: str
    fields: tuple[str, ...]
    separator: str = " "
    table: Mapping[str, Json] = dataclass_field(default_factory=dict)

    @property
    def allows_input(self) -> bool:
        """Whether a caller may give the value as well."""
        return self.form in _BY_HAND


@dataclass(frozen=True, slots=True)
class Formula:
    """What a field's value is calculated by, whenever it is asked for.

    text: in the formula language. blanks_as_zero: whether numbers that are missing count as 0.
    """

    text: str
    blanks_as_zero: bool = True


class RollUpFunction(StrEnum):
    """What a roll-up makes of the child records; the value is its name in definitions."""

    COUNT = "count"
    SUM = "sum"
    MIN = "min"
    MAX = "max"
    AVERAGE = "average"


@dataclass(frozen=True, slots=True)
class RollUp:
    """What a field sums up of the records that point to its record, whenever it is asked for.

    children: the name of the child relation, or the reference, as in Deal.company. field: of the
    children; None for a count. where: a condition that the children meet; None for all of them.
    """

    children: str
    function: RollUpFunction
    field: str | None = None
    where: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """One field of one object; within a catalog there is one instance of it, equal to itself alone.

    key: its name in the record's JSON, short and never reused, so that renaming is free.
    column: the record table's own column instead, for system fields such as id; key is then "".
    slot: the indexed column it is lent; None if it has none. filling: a column that writes fill
    although no query uses it: one that is being lent or taken back (runtime/storage/backfill.py).
    references: the objects a reference may point to; empty for other types.
    formula, roll_up: of a field that is calculated; it is stored nowhere, and nobody writes it.
    visible_if, required_if: conditions under which forms show it, and it must have a value.
    child_name: what its target calls the records that point to it, such as contacts.
    mask: what of its values those see who may not unmask it; None where everybody sees them.
    encryption: how its values are kept from the database; None where it reads them. salt: what the
    keys of an encrypted field follow from, as hexadecimal digits; no secret.
    earlier: the keys under which its values lay before they became others, the oldest first.
    narrows: the reference of the catalog that this one is, to records of one object alone.
    personal: whether it goes when a person is made anonymous; None lets metadata/personal.py say.
    """

    id: FieldId
    object_id: ObjectId
    name: str
    label: str
    type: FieldType[Any, Any]
    options: Any
    key: str = ""
    column: str | None = None
    slot: str | None = None
    filling: str | None = None
    required: bool = False
    unique: bool = False
    external_id: bool = False
    searchable: bool = False
    read_only: bool = False
    personal: bool | None = None
    default: Json = None
    default_formula: str | None = None
    visible_if: str | None = None
    required_if: str | None = None
    derivation: Derivation | None = None
    formula: Formula | None = None
    roll_up: RollUp | None = None
    references: tuple[ObjectId, ...] = ()
    child_name: str = ""
    mask: Mask | None = None
    encryption: Encryption | None = None
    salt: str = ""
    aliases: tuple[str, ...] = ()
    description: str = ""
    help: str = ""
    package: str | None = None
    earlier: tuple[EarlierKey, ...] = ()
    narrows: Field | None = None

    @property
    def whole(self) -> Field:
        """The field of the catalog: this one, or the reference that it narrows."""
        return self.narrows or self

    @property
    def is_reference(self) -> bool:
        """Whether its value is the id of another record."""
        return bool(self.references)

    @property
    def is_calculated(self) -> bool:
        """Whether its value is worked out when it is asked for, rather than stored."""
        return self.formula is not None or self.roll_up is not None

    @property
    def written_slot(self) -> str | None:
        """The indexed column that writes fill, whether or not queries use it."""
        return self.slot or self.filling

    @property
    def is_declared(self) -> bool:
        """Whether a component declares it; records of its object have others by themselves."""
        return self.id > 0

    @property
    def is_system(self) -> bool:
        """Whether it is a column of every record rather than a part of its JSON."""
        return self.column is not None


class About(StrEnum):
    """What the records of an object are about; the value is its name in definitions."""

    THINGS = "things"
    PERSON = "person"
    DEALINGS = "dealings"


class Holds(StrEnum):
    """What the records of an object are, and so who writes them."""

    RECORDS = "records"
    LIST_SETTINGS = "list_settings"
    SETTINGS = "settings"
    METADATA = "metadata"


@dataclass(frozen=True, slots=True)
class ObjectIndex:
    """An index that an own heap has beside those of its slots.

    name: unique in the heap. fields: what it is ordered by, the first ones compared by equality.
    """

    name: str
    fields: tuple[FieldId, ...]
    made_on: date


@dataclass(frozen=True, slots=True, eq=False)
class ObjectDef:
    """One object: a kind of record.

    record_types: in order of their making; with any, records have a field that says which they are
    of. prefix: what its records' ids begin with. heap: the table that holds its rows, either the
    tenant's leaf or a heap of its own. fields are in the order in which they were defined, the
    system fields first. by_name maps every folded spelling, aliases included, to a field.
    """

    id: ObjectId
    name: str
    label: str
    plural_label: str
    slug: str
    prefix: str
    heap: str
    name_field: str
    fields: tuple[Field, ...]
    by_name: Mapping[str, Field]
    aliases: tuple[str, ...] = ()
    description: str = ""
    icon: str = ""
    package: str | None = None
    in_navigation: bool = True
    is_junction: bool = False
    created_at: datetime | None = None
    indexes: tuple[ObjectIndex, ...] = ()
    sharing: Sharing = Sharing.READ_WRITE
    about: About = About.THINGS
    holds: Holds = Holds.RECORDS
    record_types: tuple[RecordType, ...] = ()
    own_fields: tuple[Field, ...] = dataclass_field(init=False, repr=False, default=())
    """The fields that are kept in the record's JSON."""

    def __post_init__(self) -> None:
        own = tuple(field for field in self.fields if not field.is_system)
        object.__setattr__(self, "own_fields", own)

    def find_field(self, name: str) -> Field | None:
        """Give the field that a name means, whatever its case; None if there is none."""
        return self.by_name.get(fold(name))

    def get_field(self, name: str) -> Field:
        """Give the field that a name means. Raises UnknownField with the nearest name."""
        found = self.find_field(name)
        if found is None:
            hint = suggestion(name, (field.name for field in self.fields))
            raise UnknownField(f"{self.label} has no field {name[:80]}.", hint=hint)
        return found

    @property
    def type_field(self) -> Field | None:
        """The field that says which record type a record is of; None where there are none."""
        return self.own_fields[-1] if self.record_types else None

    def record_type(self, key: Json) -> RecordType | None:
        """Give the record type that records keep as key; None for none, or one that has gone."""
        return next((one for one in self.record_types if one.key == key), None)

    @property
    def master(self) -> Field | None:
        """The reference to the record that its records are parts of; None where there is none."""
        return next((one for one in self.own_fields if one.type.name == "master_detail"), None)

    @property
    def title(self) -> Field:
        """The field that names a record: else its first line of text, else the id.

        What a junction holds tells of a link, and names nothing.
        """
        lines = () if self.is_junction else self.own_fields
        named = self.find_field(self.name_field)
        if named is not None and named.encryption is not None:
            named = None
        return named or next(filter(_is_line, lines), None) or self.by_name["id"]


def _is_line(field: Field) -> bool:
    """Tell whether a field is a line of text that is stored, and can be looked for."""
    is_text = field.type.calculation is AS_TEXT and field.type.slot is SlotKind.TEXT
    return is_text and not field.is_calculated


@dataclass(frozen=True, slots=True)
class ChildRelation:
    """A reference seen from its target: name is what the target calls these records.

    label: how that is said in a language; "" where it follows from the name.
    """

    name: str
    object: ObjectDef
    field: Field
    label: str = ""


@dataclass(frozen=True, slots=True)
class ValueSet:
    """A global picklist that several fields share. body is as its definition says."""

    name: str
    label: str
    body: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class AttachRule:
    """A rule that fills a reference of a record by an equal value on both sides.

    Records of object get field set to the record of target whose target_field equals their
    source field, whichever of the two arrives first.
    """

    name: str
    object_id: ObjectId
    field: Field
    source: Field
    target_id: ObjectId
    target_field: Field


@dataclass(frozen=True, slots=True, eq=False)
class ValidationRule:
    """A formula that must not be true of a record of an object; message is for whoever writes it.

    field: where the message is shown; None for above all fields.
    """

    name: str
    object_id: ObjectId
    condition: str
    message: str
    field: Field | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Declared:
    """A component that the catalog holds as it was declared, such as a layout or a view.

    id: of its component. name: without its object's. object_id: None where it belongs to none.
    body: as the kind reads it; what it names may have gone meanwhile and is passed over.
    """

    id: int
    kind: str
    name: str
    body: Any
    object_id: ObjectId | None = None
    package: str | None = None


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Catalog:
    """Everything known of one tenant at one version. objects are in order of name.

    validation_rules: the active ones, by the object whose records they check. settings: by their
    folded names. identity_providers, connected_apps: by their names. permission_sets: by the ids
    under which they are given to people. sharing_rules: the active ones, by the object whose
    records they open. territory_rules: likewise, in the order they are asked in. declared: what is
    held as it was declared, by its kind and folded full name. language: that of its labels, where
    it is not their own.
    """

    tenant_id: TenantId
    version: int
    objects: tuple[ObjectDef, ...]
    by_id: Mapping[ObjectId, ObjectDef]
    by_name: Mapping[str, ObjectDef]
    by_slug: Mapping[str, ObjectDef]
    by_prefix: Mapping[str, ObjectDef]
    children: Mapping[ObjectId, tuple[ChildRelation, ...]]
    value_sets: Mapping[str, ValueSet]
    attach_rules: tuple[AttachRule, ...] = ()
    validation_rules: Mapping[ObjectId, tuple[ValidationRule, ...]] = dataclass_field(
        default_factory=dict
    )
    organization: Organization = dataclass_field(default_factory=Organization)
    settings: Mapping[str, Setting] = dataclass_field(default_factory=dict)
    identity_providers: Mapping[str, IdentityProviderBody] = dataclass_field(default_factory=dict)
    connected_apps: Mapping[str, ConnectedAppBody] = dataclass_field(default_factory=dict)
    permission_sets: Mapping[int, PermissionSet] = dataclass_field(default_factory=dict)
    roles: RoleTree = dataclass_field(default_factory=RoleTree)
    sharing_rules: Mapping[ObjectId, tuple[SharingRule, ...]] = dataclass_field(
        default_factory=dict
    )
    retention: tuple[RetentionPolicy, ...] = ()
    territories: TerritoryTree = dataclass_field(default_factory=TerritoryTree)
    territory_rules: Mapping[ObjectId, tuple[TerritoryRule, ...]] = dataclass_field(
        default_factory=dict
    )

    declared: Mapping[str, Mapping[str, Declared]] = dataclass_field(default_factory=dict)
    language: str = ""

    def declared_for(self, kind: str, obj: ObjectDef) -> tuple[Declared, ...]:
        """Give what is declared of a kind for an object, in order of name."""
        found = (one for one in self.declared.get(kind, {}).values() if one.object_id == obj.id)
        return tuple(sorted(found, key=lambda one: fold(one.name)))

    def find_declared(self, kind: str, name: str) -> Declared | None:
        """Give what is declared of a kind under a full name, such as Deal.Won; None if nothing."""
        return self.declared.get(kind, {}).get(fold(name))

    def find_object(self, name: str) -> ObjectDef | None:
        """Give the object that a name or alias means, whatever its case; None if there is none."""
        return self.by_name.get(fold(name))

    def get_object(self, name: str) -> ObjectDef:
        """Give the object that a name or alias means. Raises UnknownObject."""
        found = self.find_object(name)
        if found is None:
            hint = suggestion(name, (obj.name for obj in self.objects))
            raise UnknownObject(f"There is no object {name[:80]}.", hint=hint)
        return found

    def children_of(self, obj: ObjectDef) -> tuple[ChildRelation, ...]:
        """Give the references that point to an object, by the names it knows them under."""
        return self.children.get(obj.id, ())
