"""Sample data of a package: trees and plans of `sf data`, and sets of CSV files, as rows.

A row may be referred to by a name of its own; values that begin with @, and ids of other rows in a
set of CSV files, are such references.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from fieldstone.errors import InvalidInput
from fieldstone.metadata.values import Json, read_json

SIGN: Final = "@"
MOST_ROWS: Final = 100_000
_ID: Final = "id"
_ATTRIBUTES: Final = "attributes"


@dataclass(frozen=True, slots=True)
class Row:
    """A record to be made. object: as Salesforce calls it. reference: what others call it by.

    values: by the names of fields; a text that begins with @ refers to another row. parent: of a
    row that stands within another one, the name of the relation and what that row is called by.
    path: the file that it comes from.
    """

    object: str
    values: Mapping[str, Json]
    reference: str
    path: str
    parent: tuple[str, str] | None = None


class BadSampleData(InvalidInput):
    """Files that are called sample data and are none."""

    code = "salesforce.bad_sample_data"


def read_sample_data(files: Mapping[str, bytes]) -> tuple[Row, ...]:
    """Give the rows of all sample data among some files, in the order in which they are made.

    Plans come first, then trees that no plan names, then CSV files. Raises BadSampleData.
    """
    texts = {path: data for path, data in files.items() if path.endswith((".json", ".csv"))}
    told: dict[str, None] = {}
    for path in sorted(texts):
        if path.endswith(".json"):
            told |= dict.fromkeys(_planned(path, texts))
    trees = (path for path in sorted(texts) if path.endswith(".json"))
    rows: list[Row] = []
    for path in dict.fromkeys((*told, *trees)):
        rows.extend(_tree(path, texts[path]))
        _check(rows)
    for path in sorted(one for one in texts if one.endswith(".csv")):
        rows.extend(_table(path, texts[path]))
        _check(rows)
    return tuple(rows)


def _check(rows: list[Row]) -> None:
    if len(rows) > MOST_ROWS:
        raise BadSampleData(f"There are more than {MOST_ROWS:,} rows.", hint="Import them as CSV.")


def _planned(path: str, texts: Mapping[str, bytes]) -> Iterator[str]:
    """Yield the files that a plan names, in its order; nothing where a file is no plan."""
    said = _json(path, texts[path])
    if not isinstance(said, list):
        return
    for one in said:
        named = one.get("files") if isinstance(one, dict) and "sobject" in one else None
        for name in named if isinstance(named, list) else ():
            beside = str(PurePosixPath(path).parent / str(name))
            if beside in texts:
                yield beside


def _tree(path: str, data: bytes) -> Iterator[Row]:
    said = _json(path, data)
    records = said.get("records") if isinstance(said, dict) else None
    if isinstance(records, list):
        for number, one in enumerate(records, 1):
            yield from _of_tree(one, path, f"{path}#{number}", None)


def _of_tree(said: Any, path: str, place: str, parent: tuple[str, str] | None) -> Iterator[Row]:
    """Yield a record of a tree and the ones within it."""
    attributes = said.get(_ATTRIBUTES) if isinstance(said, dict) else None
    if not isinstance(attributes, dict) or not isinstance(attributes.get("type"), str):
        return
    reference = str(attributes.get("referenceId") or place)
    values: dict[str, Json] = {}
    below: list[tuple[str, Any]] = []
    for name, value in said.items():
        if isinstance(value, dict) and isinstance(value.get("records"), list):
            below.extend((name, one) for one in value["records"])
        elif name != _ATTRIBUTES:
            values[name] = value
    yield Row(attributes["type"], values, reference, path, parent)
    for number, (name, one) in enumerate(below, 1):
        yield from _of_tree(one, path, f"{place}.{number}", (name, reference))


def _table(path: str, data: bytes) -> Iterator[Row]:
    """Yield the rows of a CSV file, which is called as its object is: Account.csv."""
    try:
        lines = csv.DictReader(io.StringIO(data.decode("utf-8-sig")), strict=True)
        for number, line in enumerate(lines, 1):
            values: dict[str, Json] = {}
            reference = f"{path}#{number}"
            for name, text in line.items():
                if not name or not isinstance(text, str):
                    continue
                if name.strip().lower() == _ID:
                    reference = text or reference
                elif text:
                    values[name.strip()] = text
            yield Row(PurePosixPath(path).stem, values, reference, path)
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadSampleData(f"{path} cannot be read as CSV: {error}.") from error


def _json(path: str, data: bytes) -> Any:
    """Give what a file says; files of another sort say nothing."""
    try:
        return read_json(data.decode("utf-8-sig"))
    except (ValueError, RecursionError, InvalidInput):
        return None
