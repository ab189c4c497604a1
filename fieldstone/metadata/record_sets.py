"""Records that a package brings, in files such as records/Company.yaml and Company.2.yaml.

    key: external_id                         named:
    records:                                   first: {name: Acme, parent: {Company: second}}
    - external_id: acme                        second: {name: Acme Works}
      parent: {Company.external_id: works}

A record is known again by the value of a unique field, or where its object has none by a name that
the package gives it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Final

from jsonschema import Draft202012Validator

from fieldstone.errors import Problem
from fieldstone.metadata.names import MAX_NAME_LENGTH
from fieldstone.metadata.schemas import problems_of
from fieldstone.metadata.values import Json, JsonObject

RECORDS: Final = "records"
"""The folder of these files."""

SUFFIX: Final = ".yaml"
MOST_IN_FILE: Final = 2_000
MOST_RECORDS: Final = 20_000
"""Of a package: they are made while the set-up is changed, and everybody's writing waits."""

_RECORD: Final[Json] = {"type": "object"}
_SCHEMA: Final = Draft202012Validator(
    {
        "type": "object",
        "properties": {
            "key": {"type": "string", "minLength": 1, "maxLength": MAX_NAME_LENGTH},
            "records": {"type": "array", "items": _RECORD, "maxItems": MOST_IN_FILE},
            "named": {
                "type": "object",
                "propertyNames": {"pattern": r"^[A-Za-z0-9][A-Za-z0-9_-]{0,79}$(?!\n)"},
                "additionalProperties": _RECORD,
                "maxProperties": MOST_IN_FILE,
            },
        },
        "dependentRequired": {"key": ["records"], "records": ["key"]},
        "anyOf": [{"required": ["records"]}, {"required": ["named"]}],
        "additionalProperties": False,
    }
)


@dataclass(frozen=True, slots=True)
class RecordSet:
    """Records of one object that a package brings in one file.

    records: as the API takes them, each known by the value of the field key. named: the others, by
    the names that the package gives them. A reference is {"Company.external_id": "acme"}, which
    says the record that has this value there, or {"Company": "first"} for one that has this name.
    part: the number of the file, where an object has several.
    """

    object: str
    key: str | None
    records: tuple[Mapping[str, Any], ...] = ()
    named: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    part: int = 1

    @property
    def path(self) -> str:
        """Where it stands in the package."""
        number = f".{self.part}" if self.part > 1 else ""
        return f"{RECORDS}/{self.object}{number}{SUFFIX}"

    @property
    def count(self) -> int:
        """How many records there are."""
        return len(self.records) + len(self.named)


def is_record_file(path: str) -> bool:
    """Tell whether a file of a package holds records."""
    parts = PurePosixPath(path).parts
    return len(parts) == 2 and parts[0] == RECORDS and path.endswith(SUFFIX)


def problems_of_records(value: JsonObject) -> Iterator[Problem]:
    """Yield what is wrong with the shape of a file of records, with a pointer into it."""
    yield from problems_of(_SCHEMA, value, "package.invalid")


def read_records(path: str, value: JsonObject) -> RecordSet:
    """Read a file of records of the right shape."""
    said: Any = value
    name, _, part = PurePosixPath(path).name.removesuffix(SUFFIX).partition(".")
    number = int(part) if part.isascii() and part.isdigit() and len(part) < 4 else 1
    return RecordSet(
        name, said.get("key"), tuple(said.get("records", ())), said.get("named", {}), number
    )


def problems_of_sets(sets: list[RecordSet]) -> Iterator[Problem]:
    """Yield what is wrong with all sets of a package: what is known by the same twice."""
    if sum(one.count for one in sets) > MOST_RECORDS:
        message = f"A package brings at most {MOST_RECORDS:,} records."
        yield Problem("package.invalid", message, RECORDS)
    seen: set[tuple[str, str | None, str]] = set()
    for one in sets:
        for number, record in enumerate(one.records):
            assert one.key is not None
            value = record.get(one.key)
            # Whether case counts as well, the field tells that is there when they come.
            known = one.object, one.key, str(value)
            if value is None or known in seen:
                message = f"This record has no {one.key} of its own."
                at = f"{one.path}#/records/{number}/{one.key}"
                yield Problem("package.invalid", message, at)
            seen.add(known)
        for name in one.named:
            if (one.object, None, name) in seen:
                message = f"Another record is called {name} as well."
                yield Problem("package.invalid", message, f"{one.path}#/named/{name}")
            seen.add((one.object, None, name))
