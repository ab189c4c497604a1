"""What $Setup.Object.Field, $CustomMetadata.Type.Record.Field and $Profile.Name mean.

A setting is looked up by whom it holds for: the viewer, else the viewer's profile, else everybody.
Records of metadata change with the catalog alone, so that their values are constants.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from fieldstone.metadata.calculation import Calculation, Kind
from fieldstone.metadata.catalog import Catalog, Field, Holds, ObjectDef
from fieldstone.metadata.held_fields import (
    DEVELOPER_NAME,
    EVERYBODY,
    MASTER_LABEL,
    PROFILE_SIGN,
    SETUP_OWNER,
)
from fieldstone.metadata.kinds.metadata_record import MetadataRecordBody
from fieldstone.metadata.names import suggestion
from fieldstone.metadata.rights import Rights
from fieldstone.metadata.values import Json, fold
from fieldstone.query_language.formula.check import applied
from fieldstone.query_language.formula.errors import UnknownName, WrongArguments
from fieldstone.query_language.formula.field_shapes import shape_of_field
from fieldstone.query_language.formula.outside import SETTINGS
from fieldstone.query_language.formula.typed import Constant, MomentValue, Read, Shape, Typed
from fieldstone.query_language.functions.blank import BLANKVALUE, ISBLANK
from fieldstone.query_language.functions.if_ import If
from fieldstone.query_language.functions.look_up import UNGIVEN, LookedUpField, LookUp
from fieldstone.query_language.functions.substitute import Substitute
from fieldstone.query_language.syntax import Path

CUSTOM_METADATA: Final = "$custommetadata"
PROFILE: Final = "$profile"
METADATA_RECORD: Final = "metadata_record"
_TEXT: Final = Shape(Kind.TEXT)
_EVERYBODY: Final = Constant(EVERYBODY, _TEXT)
_PROFILE: Final = Read(MomentValue.PROFILE, _TEXT)
_SIGN: Final = Constant(PROFILE_SIGN, _TEXT)
_NOTHING: Final = Constant("", _TEXT)
_ENDING: Final = "__mdt"


def held_value(path: Path, catalog: Catalog, rights: Rights, viewer: Typed | None) -> Typed | None:
    """Give what a path that begins with a dollar reads of settings or metadata; None for another.

    rights: of whoever writes the formula. viewer: the id of the viewer's own record. Raises
    UnknownName, WrongArguments.
    """
    root = fold(path.names[0])
    if root == PROFILE and fold(path.names[-1]) == "name" and len(path.names) == 2:
        return applied(Substitute(), [_PROFILE, _SIGN, _NOTHING], path.span, path.names[0])
    if root == CUSTOM_METADATA and len(path.names) == 4:
        return _of_metadata(path, catalog, rights)
    if root in SETTINGS and len(path.names) == 3:
        obj = catalog.find_object(path.names[1])
        if obj is not None and obj.holds is Holds.SETTINGS:
            return _setting(obj, _field(obj, path, rights), path, viewer)
    return None


def _setting(obj: ObjectDef, field: Field, path: Path, viewer: Typed | None) -> Typed:
    """Give the value of a setting that is nearest to the viewer."""
    key = obj.get_field(SETUP_OWNER)
    holders = [_EVERYBODY, _PROFILE, *([] if viewer is None else [viewer])]
    found: Typed | None = None
    for holder in holders:
        value = _looked_up(LookedUpField(obj, key, field), holder, path)
        if found is None:
            found = value
        elif field.type.name == "checkbox":
            # A checkbox is never blank: what counts is whether the holder has settings at all.
            own = _looked_up(LookedUpField(obj, key, key), holder, path)
            missing = applied(ISBLANK, [own], path.span, ISBLANK.name)
            found = applied(If(), [missing, found, value], path.span, If.name)
        else:
            found = applied(BLANKVALUE, [value, found], path.span, BLANKVALUE.name)
    assert found is not None
    return found


def _looked_up(of: LookedUpField, key: Typed, path: Path) -> Typed:
    function = LookUp(of, Kind.TEXT, shape_of_field(of.result))
    return applied(function, [key], path.span, path.names[0])


def _of_metadata(path: Path, catalog: Catalog, rights: Rights) -> Typed:
    obj = catalog.find_object(path.names[1]) or catalog.find_object(
        path.names[1].removesuffix(_ENDING)
    )
    if obj is None or obj.holds is not Holds.METADATA or not rights.may_read_object(obj.id):
        known = (one.name for one in catalog.objects if one.holds is Holds.METADATA)
        raise _unknown(path, suggestion(path.names[1], known))
    records = catalog.declared_for(METADATA_RECORD, obj)
    found = next((one for one in records if fold(one.name) == fold(path.names[2])), None)
    if found is None:
        raise _unknown(path, suggestion(path.names[2], (one.name for one in records)))
    field = _field(obj, path, rights)
    calculation = _calculation(field, path)
    if field.is_reference:
        raise WrongArguments(
            f"{field.label} refers to another record, whose name no formula reads.", at=path.span
        )
    said = _said(found.body, field, found.name)
    return Constant(calculation.read(said), shape_of_field(field))


def _said(record: MetadataRecordBody, field: Field, own: str) -> Json:
    """Give what a record stores in a field."""
    if field.name == MASTER_LABEL:
        return record.label
    if field.name == DEVELOPER_NAME:
        return own
    sent = _by_field(record.values, field)
    return None if sent is None else field.type.encode(field.type.accept(sent, field.options))


def _by_field(values: Mapping[str, Json], field: Field) -> Json:
    names = {fold(field.name), *map(fold, field.aliases)}
    return next((value for name, value in values.items() if fold(name) in names), None)


def _field(obj: ObjectDef, path: Path, rights: Rights) -> Field:
    field = obj.find_field(path.names[-1])
    if field is None or not rights.may_read_field(field.id):
        raise _unknown(path, suggestion(path.names[-1], _readable(obj, rights)))
    _calculation(field, path)
    return field


def _readable(obj: ObjectDef, rights: Rights) -> Iterable[str]:
    return (one.name for one in obj.fields if rights.may_read_field(one.id))


def _calculation(field: Field, path: Path) -> Calculation:
    found = field.type.calculation
    if found is None or found.kind in UNGIVEN or field.is_calculated:
        raise WrongArguments(
            f"{field.label} is a {field.type.label}, which formulas do not read here.",
            at=path.span,
        )
    return found


def _unknown(path: Path, hint: str | None) -> UnknownName:
    return UnknownName(f"There is no {path.text[:80]}.", at=path.span, hint=hint)
