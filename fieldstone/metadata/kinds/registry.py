"""All kinds of components, in plain sight."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fieldstone.errors import InvalidInput
from fieldstone.metadata.kinds.app import AppKind
from fieldstone.metadata.kinds.attach_rule import AttachRuleKind
from fieldstone.metadata.kinds.business_process import BusinessProcessKind
from fieldstone.metadata.kinds.compact_layout import CompactLayoutKind
from fieldstone.metadata.kinds.connected_app import ConnectedAppKind
from fieldstone.metadata.kinds.field import FieldKind
from fieldstone.metadata.kinds.field_set import FieldSetKind
from fieldstone.metadata.kinds.identity_provider import IdentityProviderKind
from fieldstone.metadata.kinds.kind import Kind
from fieldstone.metadata.kinds.layout import LayoutKind
from fieldstone.metadata.kinds.list_view import ListViewKind
from fieldstone.metadata.kinds.metadata_record import MetadataRecordKind
from fieldstone.metadata.kinds.object import ObjectKind
from fieldstone.metadata.kinds.organization import OrganizationKind
from fieldstone.metadata.kinds.package import PackageKind
from fieldstone.metadata.kinds.package_build import PackageBuildKind
from fieldstone.metadata.kinds.part import PartKind
from fieldstone.metadata.kinds.permission_set import PermissionSetKind
from fieldstone.metadata.kinds.picklist import PicklistKind
from fieldstone.metadata.kinds.quick_action import QuickActionKind
from fieldstone.metadata.kinds.record_type import RecordTypeKind
from fieldstone.metadata.kinds.relation import RelationKind
from fieldstone.metadata.kinds.retention_policy import RetentionPolicyKind
from fieldstone.metadata.kinds.role import RoleKind
from fieldstone.metadata.kinds.setting import SettingKind
from fieldstone.metadata.kinds.sharing_rule import SharingRuleKind
from fieldstone.metadata.kinds.tab import TabKind
from fieldstone.metadata.kinds.territory import TerritoryKind
from fieldstone.metadata.kinds.territory_rule import TerritoryRuleKind
from fieldstone.metadata.kinds.translation import TranslationKind
from fieldstone.metadata.kinds.trusted_key import TrustedKeyKind
from fieldstone.metadata.kinds.validation_rule import ValidationRuleKind
from fieldstone.metadata.kinds.web_link import WebLinkKind
from fieldstone.metadata.names import suggestion


class UnknownKind(InvalidInput):
    """A component of a kind that does not exist."""

    code = "metadata.unknown_kind"


OBJECT: Final = ObjectKind()
FIELD: Final = FieldKind()
RELATION: Final = RelationKind()
PICKLIST: Final = PicklistKind()
ATTACH_RULE: Final = AttachRuleKind()
VALIDATION_RULE: Final = ValidationRuleKind()
ORGANIZATION: Final = OrganizationKind()
SETTING: Final = SettingKind()
IDENTITY_PROVIDER: Final = IdentityProviderKind()
CONNECTED_APP: Final = ConnectedAppKind()
PERMISSION_SET: Final = PermissionSetKind()
ROLE: Final = RoleKind()
SHARING_RULE: Final = SharingRuleKind()
RETENTION_POLICY: Final = RetentionPolicyKind()
TERRITORY: Final = TerritoryKind()
TERRITORY_RULE: Final = TerritoryRuleKind()
LAYOUT: Final = LayoutKind()
COMPACT_LAYOUT: Final = CompactLayoutKind()
FIELD_SET: Final = FieldSetKind()
LIST_VIEW: Final = ListViewKind()
RECORD_TYPE: Final = RecordTypeKind()
BUSINESS_PROCESS: Final = BusinessProcessKind()
TRANSLATION: Final = TranslationKind()
QUICK_ACTION: Final = QuickActionKind()
WEB_LINK: Final = WebLinkKind()
TAB: Final = TabKind()
APP: Final = AppKind()
METADATA_RECORD: Final = MetadataRecordKind()
PACKAGE: Final = PackageKind()
TRUSTED_KEY: Final = TrustedKeyKind()
PACKAGE_BUILD: Final = PackageBuildKind()

KINDS: Final[Mapping[str, Kind[Any]]] = {
    kind.name: kind
    for kind in (
        *(OBJECT, FIELD, RELATION, PICKLIST, ATTACH_RULE, VALIDATION_RULE),
        *(ORGANIZATION, SETTING, PERMISSION_SET),
        *(IDENTITY_PROVIDER, CONNECTED_APP),
        *(ROLE, SHARING_RULE),
        RETENTION_POLICY,
        *(TERRITORY, TERRITORY_RULE),
        *(BUSINESS_PROCESS, COMPACT_LAYOUT, RECORD_TYPE),
        *(FIELD_SET, LIST_VIEW, WEB_LINK, QUICK_ACTION, LAYOUT),
        *(TAB, APP, METADATA_RECORD, TRANSLATION),
        *(PACKAGE, TRUSTED_KEY, PACKAGE_BUILD),
    )
}

OWNED: Final = frozenset(
    {FIELD.name, VALIDATION_RULE.name, QUICK_ACTION.name}
    | {kind.name for kind in KINDS.values() if isinstance(kind, PartKind)}
)
"""Kinds whose components belong to an object, and are called by its name, a point and theirs."""


def get_kind(name: str) -> Kind[Any]:
    """Give the kind of this name. Raises UnknownKind."""
    if name not in KINDS:
        raise UnknownKind(f"There is no kind {name[:40]!r}.", hint=suggestion(name, KINDS))
    return KINDS[name]
