"""Components become a catalog: names are bound, system fields added, everything is indexed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from sys import intern
from typing import Any, Final, TypeVar

from fieldstone.ids import FieldId, ObjectId, TenantId
from fieldstone.metadata.catalog import (
    About,
    AttachRule,
    Catalog,
    ChildRelation,
    Derivation,
    Field,
    Formula,
    Holds,
    ObjectDef,
    RollUp,
    ValidationRule,
    ValueSet,
)
from fieldstone.metadata.component import Component, StoredComponent
from fieldstone.metadata.conversions import EARLIER, earlier_in
from fieldstone.metadata.declared import declared_of
from fieldstone.metadata.encryption import EncryptedType
from fieldstone.metadata.field_types.choice import HasChoices, with_choices
from fieldstone.metadata.field_types.field_type import FieldType
from fieldstone.metadata.field_types.lookup import LookupOptions
from fieldstone.metadata.field_types.number import NumberOptions
from fieldstone.metadata.field_types.options import options_as_said
from fieldstone.metadata.field_types.registry import FIELD_TYPES, get_field_type
from fieldstone.metadata.held_fields import title_name
from fieldstone.metadata.kinds.field import FieldBody, options_of, refers, split_name
from fieldstone.metadata.kinds.kind import Kind
from fieldstone.metadata.kinds.object import ObjectBody
from fieldstone.metadata.kinds.registry import (
    ATTACH_RULE,
    CONNECTED_APP,
    FIELD,
    IDENTITY_PROVIDER,
    OBJECT,
    ORGANIZATION,
    PICKLIST,
    SETTING,
    VALIDATION_RULE,
)
from fieldstone.metadata.kinds.setting import setting_of
from fieldstone.metadata.names import keys_of, label_of, slug_of
from fieldstone.metadata.organization import Organization, Setting
from fieldstone.metadata.permission_sets import permission_sets_of
from fieldstone.metadata.record_type_components import (
    keys_in,
    named_fields,
    record_type_field,
    record_types_of,
    spellings_of,
)
from fieldstone.metadata.retention_policies import retention_of
from fieldstone.metadata.scope import Scope
from fieldstone.metadata.sharing import Sharing
from fieldstone.metadata.sharing_components import roles_of, sharing_rules_of
from fieldstone.metadata.storage import SALT, indexes_in
from fieldstone.metadata.territory_components import territories_of, territory_rules_of
from fieldstone.metadata.values import JsonObject, fold, write_json

B = TypeVar("B")
USER: Final = "User"
SYSTEM_FIELDS_PER_OBJECT: Final = 16

SystemField = tuple[str, str, str, str, tuple[str, ...]]
_SYSTEM_FIELDS: Final[tuple[SystemField, ...]] = (
    ("id", "Id", "id", "id", ()),
    ("owner", "Owner", "user", "owner_id", ("OwnerId",)),
    ("created_at", "Created at", "datetime", "created_at", ("CreatedDate",)),
    ("created_by", "Created by", "user", "created_by", ("CreatedById",)),
    ("updated_at", "Updated at", "datetime", "updated_at", ("LastModifiedDate", "SystemModstamp")),
    ("updated_by", "Updated by", "user", "updated_by", ("LastModifiedById",)),
    ("version", "Version", "number", "version", ()),
)


@dataclass(frozen=True, slots=True)
class _Draft:
    """An object before its fields are bound."""

    stored: StoredComponent
    body: ObjectBody
    fields: list[StoredComponent]

    @property
    def id(self) -> ObjectId:
        return ObjectId(self.stored.id)


def build_catalog(
    tenant_id: TenantId, version: int, leaf: str, rows: Sequence[StoredComponent]
) -> Catalog:
    """Build the catalog of a tenant out of its component rows.

    leaf: the partition that holds the tenant's records unless an object has a heap of its own.
    rows: all components, those in the bin included, which are passed over. They were checked
    when they were written, so that building cannot fail.
    """
    live = [row for row in rows if row.deleted_at is None]
    return _Builder(tenant_id, version, leaf, live).build()


class _Builder:
    """Holds what binding one object needs to know of the others, for the length of one build."""

    def __init__(
        self, tenant_id: TenantId, version: int, leaf: str, rows: Sequence[StoredComponent]
    ) -> None:
        self._tenant_id = tenant_id
        self._version = version
        self._leaf = leaf
        self._rows = rows
        self._scope = Scope(row.component for row in rows)
        self._options: dict[tuple[str, str], Any] = {}
        self._value_sets = {
            fold(row.component.name): _value_set(row.component)
            for row in rows
            if row.component.kind == "picklist"
        }
        self._drafts = self._collect()
        self._ids = {fold(d.stored.component.name): d.id for d in self._drafts.values()}
        self._declared = declared_of(rows, self._scope, self._ids)
        self._record_type_keys = keys_in(rows)

    def build(self) -> Catalog:
        """Bind everything. Objects come out in order of name."""
        objects = tuple(self._bind(draft) for _, draft in sorted(self._drafts.items()))
        by_id = {obj.id: obj for obj in objects}

        def find_object(name: str) -> ObjectDef | None:
            number = self._ids.get(fold(self._scope.object_name(name) or name))
            return None if number is None else by_id.get(number)

        return Catalog(
            tenant_id=self._tenant_id,
            version=self._version,
            objects=objects,
            by_id=by_id,
            by_name=_indexed(objects, lambda obj: (obj.name, *obj.aliases)),
            by_slug={obj.slug: obj for obj in objects},
            by_prefix={obj.prefix: obj for obj in objects},
            children=_children(objects, by_id),
            value_sets=self._value_sets,
            attach_rules=tuple(self._attach_rules(by_id)),
            validation_rules=self._validation_rules(by_id),
            organization=_organization(self._scope),
            settings={fold(one.name): one for one in _settings(self._scope)},
            identity_providers=_bodies(self._scope, IDENTITY_PROVIDER),
            connected_apps=_bodies(self._scope, CONNECTED_APP),
            permission_sets=permission_sets_of(self._rows, find_object),
            roles=roles_of(self._rows),
            sharing_rules=sharing_rules_of(self._rows, self._scope, self._ids),
            retention=retention_of(self._scope, self._ids),
            territories=territories_of(self._rows, self._scope, self._ids),
            territory_rules=territory_rules_of(self._rows, self._scope, self._ids),
            declared=self._declared,
        )

    def _collect(self) -> dict[str, _Draft]:
        drafts = {
            fold(row.component.name): _Draft(row, OBJECT.read(row.component), [])
            for row in self._rows
            if row.component.kind == "object"
        }
        for row in self._rows:
            if row.component.kind == "field":
                owner = self._scope.object_name(split_name(row.component.name)[0])
                if owner is not None:
                    drafts[fold(owner)].fields.append(row)
        return drafts

    def _bind(self, draft: _Draft) -> ObjectDef:
        stored, body = draft.stored, draft.body
        own = sorted(draft.fields, key=lambda row: row.id)
        fields = (*self._system_fields(draft), *(self._field(draft.id, row) for row in own))
        by_name = _indexed(fields, lambda field: (field.name, *field.aliases))
        types = record_types_of(draft.id, by_name, self._declared, self._record_type_keys)
        if types:
            fields = (*fields, record_type_field(draft.id, types))
            by_name = _indexed(fields, lambda field: (field.name, *field.aliases))
            by_name.update(spellings_of(named_fields(draft.id, types)))
        heap = stored.storage.get("heap")
        return ObjectDef(
            id=draft.id,
            name=stored.component.name,
            label=body.label,
            plural_label=body.plural,
            slug=body.slug_for(stored.component.name),
            prefix=str(stored.storage["prefix"]),
            heap=heap if isinstance(heap, str) else self._leaf,
            name_field=title_name(body.holds, body.name_field),
            fields=fields,
            by_name=by_name,
            record_types=types,
            aliases=body.aliases,
            description=body.description,
            icon=body.icon,
            package=stored.component.package,
            in_navigation=body.in_navigation and body.holds == "records",
            is_junction=body.junction,
            created_at=stored.created_at,
            sharing=Sharing(body.sharing),
            about=About(body.about),
            holds=Holds(body.holds),
            indexes=indexes_in(stored.storage),
        )

    def _system_fields(self, draft: _Draft) -> Iterable[Field]:
        users = self._ids.get(fold(USER))
        for number, (name, label, type_name, column, aliases) in enumerate(_SYSTEM_FIELDS):
            field_type = FIELD_TYPES[type_name]
            yield Field(
                id=FieldId(-(draft.id * SYSTEM_FIELDS_PER_OBJECT + number)),
                object_id=draft.id,
                name=name,
                label=label,
                type=field_type,
                options=_system_options(field_type),
                column=column,
                read_only=name != "owner",
                references=(users,) if type_name == "user" and users is not None else (),
                aliases=aliases,
            )

    def _field(self, object_id: ObjectId, row: StoredComponent) -> Field:
        component, body = row.component, FIELD.read(row.component)
        own = intern(split_name(component.name)[1])
        field_type = get_field_type(body.type)
        options = self._options_of(field_type, component)
        if body.encrypted is not None:
            field_type = EncryptedType(field_type, body.encrypted)
        targets = [self._ids.get(fold(name)) for name in self._target_names(options)]
        if not targets and refers(field_type):
            targets = list(self._ids.values())
        # A field that was stored once keeps its slot for the time when it is stored again.
        lent = {} if body.is_calculated else row.storage
        slot, filling = lent.get("slot"), lent.get("slot_filling")
        return Field(
            id=FieldId(row.id),
            object_id=object_id,
            name=own,
            label=body.label or label_of(own),
            type=field_type,
            options=options,
            key=str(row.storage["key"]),
            slot=slot if isinstance(slot, str) else None,
            filling=filling if isinstance(filling, str) else None,
            required=body.required or bool(getattr(options, "required", False)),
            unique=body.unique,
            external_id=body.external_id,
            searchable=_searchable(field_type, body, row),
            read_only=body.read_only or field_type.read_only or body.is_calculated,
            personal=body.personal,
            default=body.default,
            default_formula=body.default_formula,
            visible_if=body.visible_if,
            required_if=body.required_if,
            derivation=_derivation(body),
            formula=_formula(body),
            roll_up=_roll_up(body),
            references=tuple(target for target in targets if target is not None),
            child_name=str(getattr(options, "child_name", "") or ""),
            mask=body.mask,
            encryption=body.encrypted,
            salt=str(row.storage.get(SALT, "")),
            aliases=body.aliases,
            description=body.description,
            help=body.help,
            package=component.package,
            earlier=earlier_in(row.storage) if EARLIER in row.storage else (),
        )

    def _target_names(self, options: object) -> Iterable[str]:
        for name in getattr(options, "targets", ()):
            yield self._scope.object_name(name) or name

    def _options_of(self, field_type: FieldType[Any, Any], component: Component) -> Any:
        """Options that are alike are one object, so that a large catalog stays small."""
        flat = options_of(component.body)
        key = field_type.name, write_json(flat)
        if key not in self._options:
            options = options_as_said(field_type, flat)
            value_set = self._value_sets.get(fold(str(flat.get("value_set") or "")))
            if value_set is not None:
                shared = PICKLIST.read(Component("picklist", value_set.name, value_set.body))
                options = with_choices(options, shared.options)
            self._options[key] = options
        return self._options[key]

    def _attach_rules(self, by_id: Mapping[ObjectId, ObjectDef]) -> Iterable[AttachRule]:
        for row in self._rows:
            if row.component.kind == "attach_rule":
                body = ATTACH_RULE.read(row.component)
                obj, target = self._object(by_id, body.object), self._object(by_id, body.target)
                yield AttachRule(
                    name=row.component.name,
                    object_id=obj.id,
                    field=obj.get_field(body.field),
                    source=obj.get_field(body.source),
                    target_id=target.id,
                    target_field=target.get_field(body.target_field),
                )

    def _validation_rules(
        self, by_id: Mapping[ObjectId, ObjectDef]
    ) -> dict[ObjectId, tuple[ValidationRule, ...]]:
        found: dict[ObjectId, tuple[ValidationRule, ...]] = {}
        for row in self._rows:
            if row.component.kind == VALIDATION_RULE.name:
                body = VALIDATION_RULE.read(row.component)
                if not body.active:
                    continue
                obj = self._object(by_id, body.object)
                field = obj.get_field(body.field) if body.field else None
                own = split_name(row.component.name)[1]
                rule = ValidationRule(own, obj.id, body.condition, body.message, field)
                found[obj.id] = (*found.get(obj.id, ()), rule)
        return found

    def _object(self, by_id: Mapping[ObjectId, ObjectDef], name: str) -> ObjectDef:
        return by_id[self._ids[fold(self._scope.object_name(name) or name)]]


def _indexed(things: Sequence[Any], names: Callable[[Any], tuple[str, ...]]) -> dict[str, Any]:
    """Map every spelling to its thing; a thing's own full name wins over another's short one."""
    found: dict[str, Any] = {}
    for thing in things:
        for name in names(thing):
            found.setdefault(keys_of(name)[0], thing)
    for thing in things:
        for name in names(thing):
            for key in keys_of(name):
                found.setdefault(key, thing)
    return found


def _children(
    objects: Sequence[ObjectDef], by_id: Mapping[ObjectId, ObjectDef]
) -> dict[ObjectId, tuple[ChildRelation, ...]]:
    found: dict[ObjectId, dict[str, ChildRelation]] = {}
    for obj in objects:
        for field in obj.own_fields:
            for target in field.references:
                taken = found.setdefault(target, {})
                name = field.child_name or obj.slug
                unique = name if name not in taken else f"{name}_by_{slug_of(field.name)}"
                while unique in taken:
                    unique = f"{obj.slug}_{unique}"
                taken[unique] = ChildRelation(unique, obj, field)
    return {target: tuple(relations.values()) for target, relations in found.items()}


def _value_set(component: Component) -> ValueSet:
    body: JsonObject = component.body
    return ValueSet(component.name, str(body["label"]), body)


def _system_options(field_type: FieldType[Any, Any]) -> Any:
    if field_type.name == "user":
        return LookupOptions(references=USER)
    if field_type.name == "number":
        return NumberOptions(places=0)
    return field_type.options_class()


def _searchable(field_type: FieldType[Any, Any], body: FieldBody, row: StoredComponent) -> bool:
    if body.is_calculated:
        return False
    if body.searchable is not None:
        return body.searchable and field_type.searchable
    by_itself = field_type.searchable and not _has_choices(field_type)
    # A slot that is lent or taken later does not change what a record is found by.
    return by_itself and bool(row.storage.get("searched", "slot" in row.storage))


# Whether an object keeps a protocol takes long to find out, and there are few types.
@lru_cache(maxsize=256)
def _has_choices(field_type: FieldType[Any, Any]) -> bool:
    return isinstance(field_type, HasChoices)


def _organization(scope: Scope) -> Organization:
    for component in scope.of_kind(ORGANIZATION.name):
        return Organization(**asdict(ORGANIZATION.read(component)))
    return Organization()


def _bodies(scope: Scope, kind: Kind[B]) -> dict[str, B]:
    """Give what the components of a kind declare, by their names."""
    return {component.name: kind.read(component) for component in scope.of_kind(kind.name)}


def _settings(scope: Scope) -> Iterator[Setting]:
    for component in scope.of_kind(SETTING.name):
        yield setting_of(component, SETTING.read(component))


def _formula(body: FieldBody) -> Formula | None:
    if body.formula is None:
        return None
    return Formula(body.formula, blanks_as_zero=body.blanks_as == "zero")


def _roll_up(body: FieldBody) -> RollUp | None:
    if body.roll_up is None:
        return None
    said = body.roll_up
    where = write_json(said.where) if isinstance(said.where, dict) else said.where
    return RollUp(said.children, said.function, said.field, where)


def _derivation(body: FieldBody) -> Derivation | None:
    if body.derive is None:
        return None
    derive = body.derive
    return Derivation(derive.form, derive.fields, derive.separator, derive.table)
