"""File and image: a reference to an uploaded file, with what a page needs to show it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Final

from msgspec import Meta
from sqlalchemy import ColumnElement

from fieldstone.errors import BadValue
from fieldstone.metadata.field_types.field_type import FieldType, Widget
from fieldstone.metadata.field_types.stored import StoredJson, member
from fieldstone.metadata.field_types.text import check_text, one_line
from fieldstone.metadata.values import Json, JsonSchema

FILE_NAME_LENGTH: Final = 255
CONTENT_TYPE_LENGTH: Final = 127
_PARTS: Final = frozenset({"id", "name", "size_bytes", "content_type"})
_ID: Final = re.compile(r"file_(0|[1-9a-f][0-9a-f]{0,15})")
_CONTENT_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")


@dataclass(frozen=True, slots=True)
class FileOptions:
    """size_bytes: the largest file allowed."""

    size_bytes: Annotated[int, Meta(ge=1, le=5_000_000_000)] = 25_000_000


@dataclass(frozen=True, slots=True)
class StoredFile:
    """An uploaded file. content_type is its media type, such as application/pdf."""

    id: str
    name: str
    size_bytes: int
    content_type: str


def read_file(value: Json) -> StoredFile:
    """Give the file that a JSON object stands for. Raises BadValue."""
    if not isinstance(value, Mapping) or set(value) != _PARTS:
        raise BadValue(
            "This must be an object of id, name, size_bytes and content_type.",
            hint="Upload the file; the answer is what to write here.",
        )
    file_id = value["id"]
    if not isinstance(file_id, str) or not _ID.fullmatch(file_id):
        raise BadValue("This is not the id of a file.", at="/id", hint="Ids look like file_1a2b.")
    name = one_line(check_text(value["name"], FILE_NAME_LENGTH))
    if not name:
        raise BadValue("A file needs a name.", at="/name")
    size_bytes = value["size_bytes"]
    if isinstance(size_bytes, bool) or not isinstance(size_bytes, int) or size_bytes < 0:
        raise BadValue("The size of a file is a whole number of bytes.", at="/size_bytes")
    content_type = value["content_type"]
    if not isinstance(content_type, str) or not _CONTENT_TYPE.fullmatch(content_type):
        raise BadValue(
            "This is not a media type.", at="/content_type", hint="Write application/pdf."
        )
    if len(content_type) > CONTENT_TYPE_LENGTH:
        raise BadValue("This media type is too long.", at="/content_type")
    return StoredFile(file_id, name, size_bytes, content_type)


class File(FieldType[FileOptions, StoredFile]):
    """One uploaded file, such as a signed contract."""

    name = "file"
    label = "File"
    options_class = FileOptions
    searchable = True

    def json_schema(self, options: FileOptions) -> JsonSchema:
        return {
            "type": "object",
            "properties": {
                "id": {"type": "string", "pattern": "^file_(0|[1-9a-f][0-9a-f]{0,15})$"},
                "name": {"type": "string", "minLength": 1, "maxLength": FILE_NAME_LENGTH},
                "size_bytes": {"type": "integer", "minimum": 0, "maximum": options.size_bytes},
                "content_type": {"type": "string", "maxLength": CONTENT_TYPE_LENGTH},
            },
            "required": ["id", "name", "size_bytes", "content_type"],
            "additionalProperties": False,
        }

    def accept(self, value: Json, options: FileOptions) -> StoredFile:
        file = read_file(value)
        if file.size_bytes > options.size_bytes:
            told = f"{file.name} has {file.size_bytes} bytes; the limit is {options.size_bytes}."
            raise BadValue(told, at="/size_bytes")
        return file

    def parse(self, text: str, options: FileOptions) -> StoredFile:
        raise BadValue("A file cannot be read from text.", hint="Upload it instead.")

    def encode(self, value: StoredFile) -> Json:
        return asdict(value)

    def decode(self, stored: Json) -> StoredFile:
        return read_file(stored)

    def sql(self, stored: StoredJson, options: FileOptions) -> ColumnElement[str]:
        return member(stored, "id").collate("C")

    def sql_operand(self, value: StoredFile, options: FileOptions) -> str:
        return value.id

    def show(self, value: StoredFile, options: FileOptions) -> str:
        return value.name

    def search_sql(self, stored: StoredJson, options: FileOptions) -> ColumnElement[str]:
        return member(stored, "name")

    def widget(self, options: FileOptions) -> Widget:
        return Widget("file", {"size_bytes": options.size_bytes})


class Image(File):
    """One uploaded picture, such as a photo or a logo."""

    name = "image"
    label = "Image"

    def accept(self, value: Json, options: FileOptions) -> StoredFile:
        file = super().accept(value, options)
        if not file.content_type.startswith("image/"):
            raise BadValue(f"{file.name} is not an image.", at="/content_type")
        return file

    def widget(self, options: FileOptions) -> Widget:
        return Widget("image", {"size_bytes": options.size_bytes})
