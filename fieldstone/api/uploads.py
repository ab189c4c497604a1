"""How endpoints take files: multipart forms within a limit, kept before anything is done."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from fieldstone.api.requests import BadParameter, BodyTooLarge
from fieldstone.errors import InvalidInput
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.files import FileRecord, FileStore, add_file

_FIELDS: Final = 30
_FIELD_BYTES: Final = 1_000_000
_CHUNK_BYTES: Final = 256 * 1024
AROUND_BYTES: Final = 1_000_000
"""What a form may hold beside the file: its other fields and the lines between them."""


class BadForm(InvalidInput):
    """A body that is not the form that is expected."""

    code = "request.bad_form"


@dataclass(frozen=True, slots=True)
class Form:
    """A form with one file. fields: its other fields; parameters of the address fill gaps."""

    upload: UploadFile
    fields: Mapping[str, str]

    def flag(self, name: str) -> bool:
        """Give a field that is yes or no; no where it is missing. Raises BadParameter."""
        text = self.fields.get(name, "").strip().lower()
        if text in {"", "0", "false", "no", "off"}:
            return False
        if text in {"1", "true", "yes", "on"}:
            return True
        raise BadParameter(f"{name} must be yes or no.", at=f"/{name}")


def files_of(request: Request) -> FileStore:
    """Give the store of the application."""
    store: FileStore = request.app.state.files
    return store


@asynccontextmanager
async def read_upload(request: Request, limit_bytes: int) -> AsyncIterator[Form]:
    """Read a multipart form with the field file; large files wait on disk. Raises BadForm.

    Raises BodyTooLarge as soon as more comes than the limit, whatever length was announced.
    """
    content_type = request.headers.get("content-type", "")
    if not content_type.lower().startswith("multipart/form-data"):
        raise BadForm(
            "The body must be a multipart form with a file.", hint="curl -F file=@contacts.csv"
        )
    counted = Request(request.scope, _counting(request, limit_bytes + AROUND_BYTES))
    try:
        async with counted.form(
            max_files=1, max_fields=_FIELDS, max_part_size=_FIELD_BYTES
        ) as form:
            yield _form(request, form)
    except HTTPException as error:
        raise BadForm(f"The form cannot be read: {error.detail}") from error


def _counting(request: Request, limit_bytes: int) -> Any:
    received = 0

    async def receive() -> Message:
        nonlocal received
        message = await request.receive()
        received += len(message.get("body", b""))
        if received > limit_bytes:
            raise BodyTooLarge(f"The file is larger than {limit_bytes - AROUND_BYTES} bytes.")
        return message

    return receive


def _form(request: Request, form: FormData) -> Form:
    upload = form.get("file")
    if not isinstance(upload, UploadFile):
        raise BadForm("The form has no file.", at="/file", hint="curl -F file=@contacts.csv")
    texts = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    return Form(upload, {**request.query_params, **texts})


async def keep_upload(request: Request, upload: UploadFile, limit_bytes: int) -> FileRecord:
    """Keep a file of a form, and write down what is known of it. Raises FileTooLarge."""
    store, tenant, viewer = files_of(request), tenant_of(request), viewer_of(request)
    number = database_of(request).minter.mint()
    kept = await store.keep(tenant.id, number, _chunks(upload), limit_bytes)
    async with database_of(request).write(tenant, viewer) as tx:
        name, content_type = upload.filename or "", upload.content_type or ""
        return await add_file(tx, number, name, content_type, kept)


async def _chunks(upload: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await upload.read(_CHUNK_BYTES):
        yield chunk
