"""What an import was asked to do, as it is kept in its job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from fieldstone.errors import BadValue, Problem, Several
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.field_types.datetime import read_instant, write_instant
from fieldstone.metadata.rights import Rights
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.metadata.visible import visible_field
from fieldstone.runtime.imports.errors import BadChoice, BadKey
from fieldstone.runtime.imports.mapping import ColumnMapping, reads

IMPORT: Final = "import"
MOST_DRY_ROWS: Final = 50_000


class Duplicates(StrEnum):
    """What becomes of a row that is probably a record already.

    review: it is held back and told of. create: it becomes a record and is told of. merge: what is
    certain fills the empty fields of the record that is there; the rest is held back.
    """

    REVIEW = "review"
    CREATE = "create"
    MERGE = "merge"


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """One import. object: a name of it. file: the number of the uploaded file.

    mapping: header to the name of a field or part. key: the field by which rows find the record
    they change; "" if rows are only ever new. dry_run: everything is tried and nothing kept.
    as_of: up to when the sender knew the records; None for the beginning of the import.
    """

    object: str
    file: int
    file_name: str
    mapping: Mapping[str, Json] = field(default_factory=dict)
    key: str = ""
    duplicates: Duplicates = Duplicates.REVIEW
    dry_run: bool = False
    as_of: datetime | None = None

    def to_json(self) -> JsonObject:
        """Give it as the arguments of a job."""
        return {
            "object": self.object,
            "file": self.file,
            "file_name": self.file_name,
            "mapping": dict(self.mapping),
            "key": self.key,
            "duplicates": self.duplicates.value,
            "dry_run": self.dry_run,
            "as_of": None if self.as_of is None else write_instant(self.as_of),
        }

    @classmethod
    def from_json(cls, arguments: JsonObject) -> ImportPlan:
        """Read it out of the arguments of a job."""
        mapping, number = arguments["mapping"], arguments["file"]
        assert isinstance(mapping, Mapping)
        assert isinstance(number, int)
        return cls(
            object=str(arguments["object"]),
            file=number,
            file_name=str(arguments["file_name"]),
            mapping=mapping,
            key=str(arguments["key"]),
            duplicates=Duplicates(str(arguments["duplicates"])),
            dry_run=bool(arguments["dry_run"]),
            as_of=read_as_of(str(arguments.get("as_of") or "")),
        )


def read_as_of(text: str) -> datetime | None:
    """Read up to when the sender of a file knew the records; None where it is not said.

    Raises BadChoice.
    """
    if not text:
        return None
    try:
        return read_instant(text)
    except BadValue as error:
        raise BadChoice(
            f"as_of cannot be {text[:40]!r}.",
            at="/as_of",
            hint="Write an instant, such as 2026-01-31T14:30:00Z.",
        ) from error


def read_duplicates(text: str, *, keyed: bool) -> Duplicates:
    """Read the choice of what becomes of duplicates; with a key, likeness is not asked by default.

    Raises BadChoice.
    """
    if not text:
        return Duplicates.CREATE if keyed else Duplicates.REVIEW
    try:
        return Duplicates(text.lower())
    except ValueError:
        offered = ", ".join(Duplicates)
        raise BadChoice(
            f"duplicates cannot be {text[:40]!r}.", at="/duplicates", hint=f"It is {offered}."
        ) from None


def key_field(
    obj: ObjectDef, name: str, mapping: tuple[ColumnMapping, ...], rights: Rights
) -> Field:
    """Give the field by which rows find their record. Raises UnknownField, BadKey."""
    of = visible_field(obj, rights, name, at="/key")
    findable = of.column == "id" or of.unique or of.external_id or of.slot is not None
    if not findable:
        raise BadKey(
            f"Records cannot be found by {of.label}.",
            at="/key",
            hint="Choose the id, a unique field, or one that is indexed.",
        )
    if not reads(mapping, of):
        raise BadKey(f"No column fills {of.name}.", at="/key", hint="Add it to the mapping.")
    return of


def require_columns(mapping: tuple[ColumnMapping, ...], headers: tuple[str, ...]) -> None:
    """Refuse an import that would read nothing. Raises Several."""
    if not mapping:
        told = ", ".join(headers[:20])
        problem = Problem(
            "import.bad_mapping",
            "No column of the file fits a field.",
            "/mapping",
            f'Say which does, as in {{"{headers[0]}": "name"}}. The columns are {told}.',
        )
        raise Several([problem])
