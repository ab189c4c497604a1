"""What must hold before records are written. All problems of a record are reported together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from fieldstone.errors import Forbidden, Problem
from fieldstone.ids import format_id, parse_id
from fieldstone.metadata.catalog import Field, ObjectDef, UnknownField
from fieldstone.metadata.field_types.file import File
from fieldstone.metadata.rights import Rights
from fieldstone.metadata.values import Json
from fieldstone.runtime.encryption.sealing import claimed_keys
from fieldstone.runtime.records.draft import Draft
from fieldstone.runtime.records.heap_statements import living_ids
from fieldstone.runtime.records.held_files import readable_files
from fieldstone.runtime.records.levels import levels_of
from fieldstone.runtime.records.side_statements import (
    CLAIM_UNIQUE,
    FILES,
    RELEASE_UNIQUE,
    WHO_HOLDS,
)
from fieldstone.runtime.transactions import Transaction

NOT_UNIQUE: Final = "value.not_unique"


def told_problems(
    obj: ObjectDef, rights: Rights, problems: Sequence[Problem], *, is_seen: bool = True
) -> tuple[Problem, ...]:
    """Give the problems of a record as a viewer is told of them. is_seen: whether they see it.

    What is wrong with a field that they may not read is said once and without its name or value;
    of a record that they do not see, everything.
    """
    if not (is_seen and rights.may_read_object(obj.id)):
        return (_HIDDEN,) if problems else ()
    if not rights.unreadable_fields:
        return tuple(problems)
    hidden = {f"/{f.name}" for f in obj.fields if not rights.may_read_field(f.id)}
    # What the viewer wrote themselves is told as it was written: the field is unknown to them, or
    # masked.
    own = (UnknownField.code, Forbidden.code)
    secret = [p for p in problems if p.at in hidden and p.code not in own]
    told = tuple(problem for problem in problems if problem not in secret)
    return (*told, _HIDDEN) if secret else told


_HIDDEN: Final = Problem(
    "value.hidden",
    "A value that you may not see keeps the record from being written.",
    "",
    "Ask somebody who may see all of it.",
)


async def check_references(tx: Transaction, obj: ObjectDef, drafts: Sequence[Draft]) -> None:
    """Note every changed reference whose record does not exist; one statement for each target."""
    wanted: dict[int, list[tuple[Draft, Field, int, str]]] = {}
    references = [field for field in obj.own_fields if field.is_reference]
    for draft in drafts:
        for field in references:
            if draft.changes(field):
                for text in _texts(draft.value(field)):
                    _sort_out(tx, draft, field, text, wanted)
    _want_owners(tx, obj, drafts, wanted)
    for object_id, wants in wanted.items():
        target = tx.catalog.by_id[object_id]  # type: ignore[index]
        readable = tx.rights.may_read_object(target.id)
        found = await tx.rows(
            living_ids(target.heap, tx.tenant.id, target.id),
            ids=sorted({number for _, _, number, _ in wants}),
        )
        living = {row["id"] for row in found}
        seen = await levels_of(tx, target, living) if readable else {}
        for draft, at, number, text in wants:
            # What somebody may not see is not there to be pointed at; rules may point to it.
            if number not in living or (at in draft.given and number not in seen):
                message = f"There is no {target.label} {text}."
                draft.refuse("value.unknown_reference", message, at)


def _want_owners(
    tx: Transaction,
    obj: ObjectDef,
    drafts: Iterable[Draft],
    wanted: dict[int, list[tuple[Draft, Field, int, str]]],
) -> None:
    user, me = tx.catalog.find_object("User"), tx.viewer.user_id
    if user is None:
        return
    for draft in drafts:
        owner = draft.owner_id
        if owner is None or owner == me:
            continue
        if draft.before is None or draft.before.owner_id != owner:
            text = format_id(user.prefix, owner)
            wanted.setdefault(user.id, []).append((draft, obj.by_name["owner"], owner, text))


def _sort_out(
    tx: Transaction,
    draft: Draft,
    field: Field,
    text: str,
    wanted: dict[int, list[tuple[Draft, Field, int, str]]],
) -> None:
    prefix, number = parse_id(text)
    target = tx.catalog.by_prefix.get(prefix)
    if target is None or target.id not in field.references:
        allowed = " or ".join(tx.catalog.by_id[one].label for one in field.references)
        draft.refuse("value.unknown_reference", f"{text} is not the id of a {allowed}.", field)
    else:
        wanted.setdefault(target.id, []).append((draft, field, number, text))


def _texts(value: Json) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [str(part) for part in value] if isinstance(value, list | tuple) else []


async def claim_unique(tx: Transaction, obj: ObjectDef, drafts: Sequence[Draft]) -> None:
    """Take the unique values of records, or note who has them already."""
    fields = [f for f in obj.own_fields if is_unique(f)]
    changed = [(d, f) for d in drafts if not d.problems for f in fields if d.changes(f)]
    released = [(d, f) for d, f in changed if d.before and d.before.data.get(f.key) is not None]
    if released:
        await tx.run(
            RELEASE_UNIQUE,
            tenant=tx.tenant.id,
            field_id=[f.id for _, f in released],
            record_id=[d.id for d, _ in released],
        )
    claims = _first_claims(tx, [(d, f) for d, f in changed if d.value(f) is not None])
    if not claims:
        return
    keys = list(claims)
    taken = await tx.rows(
        CLAIM_UNIQUE,
        tenant=tx.tenant.id,
        object_id=[obj.id] * len(keys),
        field_id=[field_id for field_id, _ in keys],
        value=[value for _, value in keys],
        record_id=[claims[key][0].id for key in keys],
    )
    won = {(row["field_id"], row["value"]) for row in taken}
    await _refuse_losers(tx, obj, {key: claims[key] for key in keys if key not in won})


async def check_files(tx: Transaction, obj: ObjectDef, drafts: Sequence[Draft]) -> None:
    """Note every changed file value that no upload made, or another's that the viewer cannot read.

    What is said of a file is the upload's.
    """
    fields = [f for f in obj.own_fields if isinstance(f.type, File)]
    held = [
        (draft, field, parse_id(str(value["id"]))[1])
        for draft in drafts
        for field in fields
        if draft.changes(field) and isinstance(value := draft.value(field), dict)
    ]
    if not held:
        return
    ids = sorted({number for _, _, number in held})
    known = {row["id"]: row for row in await tx.rows(FILES, tenant=tx.tenant.id, ids=ids)}
    readable = await readable_files(tx, {n: row["created_by"] for n, row in known.items()})
    for draft, field, number in held:
        row = known.get(number)
        if row is None or number not in readable:
            message = f"There is no file {format_id('file', number)}."
            draft.refuse("value.unknown_reference", message, field, "Upload it first.")
        elif row["size_bytes"] > field.options.size_bytes:
            message = f"{row['name']} is larger than {field.options.size_bytes} bytes."
            draft.refuse("value.invalid", message, field)
        else:
            told = {name: row[name] for name in ("name", "size_bytes", "content_type")}
            draft.put(field, {"id": format_id("file", number), **told})


def is_unique(field: Field) -> bool:
    """Tell whether no two records may have one value."""
    return field.unique or field.external_id


def _first_claims(
    tx: Transaction,
    wanted: Sequence[tuple[Draft, Field]],
) -> dict[tuple[int, str], tuple[Draft, Field]]:
    """Give one claimant for each value; those after the first within a call are refused."""
    claims: dict[tuple[int, str], tuple[Draft, Field]] = {}
    for draft, field in wanted:
        keys = [(int(field.id), text) for text in claimed_keys(tx, field, draft)]
        taken = next((claims[key] for key in keys if key in claims), None)
        if taken is not None:
            other = taken[0].number
            message = f"{field.label} is the same as that of record {other + 1} of this call."
            draft.refuse(NOT_UNIQUE, message, field)
        else:
            claims.update(dict.fromkeys(keys, (draft, field)))
    return claims


async def _refuse_losers(
    tx: Transaction, obj: ObjectDef, losers: dict[tuple[int, str], tuple[Draft, Field]]
) -> None:
    if not losers:
        return
    holders = await tx.rows(
        WHO_HOLDS,
        tenant=tx.tenant.id,
        object_id=[obj.id] * len(losers),
        field_id=[field_id for field_id, _ in losers],
        value=[value for _, value in losers],
    )
    seen = await levels_of(tx, obj, [row["record_id"] for row in holders])
    held = {
        (row["field_id"], row["value"]): row["record_id"]
        for row in holders
        if row["record_id"] in seen
    }
    refused = set[tuple[int, Field]]()
    for key, (draft, field) in losers.items():
        if (draft.id, field) in refused:
            continue
        refused.add((draft.id, field))
        other = format_id(obj.prefix, held[key]) if key in held else "another record"
        told = field.label if field.encryption else f"{field.label} {draft.value(field)}"
        message = f"{told} belongs to {other} already."
        draft.refuse(NOT_UNIQUE, message, field)
