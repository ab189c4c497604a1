"""Files in forms: kept as soon as they arrive, so that a refused form still holds them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from starlette.datastructures import FormData, ImmutableMultiDict, UploadFile
from starlette.requests import Request

from fieldstone.errors import FieldstoneError, Problem
from fieldstone.metadata.catalog import Field
from fieldstone.metadata.values import write_json
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.files import FileRecord, FileStore, add_file

SUFFIX: Final = ".upload"
_CHUNK_BYTES: Final = 256 * 1024

Sent = ImmutableMultiDict[str, str]


async def keep_uploads(
    request: Request, sent: FormData, fields: tuple[Field, ...]
) -> tuple[Sent, list[Problem]]:
    """Keep the files of a form and put what is known of them in their places.

    Gives the texts of the form, and what was wrong with a file.
    """
    texts = [(name, text) for name, text in sent.multi_items() if isinstance(text, str)]
    problems: list[Problem] = []
    for field in fields:
        upload = sent.get(field.name + SUFFIX)
        if isinstance(upload, UploadFile) and upload.filename:
            try:
                kept = await _keep(request, upload, field)
                texts.append((field.name, write_json(kept.show())))
            except FieldstoneError as error:
                problems += [problem.below(f"/{field.name}") for problem in error.problems]
    return ImmutableMultiDict(texts), problems


async def _keep(request: Request, upload: UploadFile, field: Field) -> FileRecord:
    store: FileStore = request.app.state.files
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    number = database.minter.mint()
    kept = await store.keep(tenant.id, number, _chunks(upload), field.options.size_bytes)
    async with database.write(tenant, viewer) as tx:
        name, content_type = upload.filename or "", upload.content_type or ""
        return await add_file(tx, number, name, content_type, kept)


async def _chunks(upload: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await upload.read(_CHUNK_BYTES):
        yield chunk
