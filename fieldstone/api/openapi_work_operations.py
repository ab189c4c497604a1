"""What the document says of the endpoints for imports, search, jobs and files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fieldstone.api.openapi_operation import (
    Answer,
    Body,
    Operation,
    list_schema,
    object_schema,
    or_null,
    schema_ref,
)
from fieldstone.api.openapi_shapes import COUNT, CURSOR, TEXT
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.runtime.exports import Format
from fieldstone.runtime.jobs import JobState

_IMPORTS: Final = "Imports"
_JOBS: Final = "Jobs"
_FILES: Final = "Files"
_FORM: Final = "multipart/form-data"
_FILE: Final[JsonObject] = {"type": "string", "contentMediaType": "application/octet-stream"}
_EXPORTS: Final = (Format.NDJSON.media_type, Format.XLSX.media_type)
_INSTANT: Final[JsonObject] = {"type": "string", "format": "date-time"}
_TWIN: Final = object_schema({"name": or_null(TEXT), "id": or_null(TEXT)})
_IMPORT_FORM: Final = object_schema(
    {
        "file": {**_FILE, "description": "CSV, TSV or a workbook, with headers in its first row."},
        "object": {"type": "string", "default": "Contact"},
        "mapping": {
            "type": "string",
            "contentMediaType": "application/json",
            "description": "A JSON object of header to field; proposed where it is missing.",
        },
        "key": {"type": "string", "description": "A field by which rows change records."},
        "duplicates": {"type": "string", "enum": ["review", "create", "merge"]},
        "dry_run": {"type": "string", "enum": ["yes", "no"]},
        "as_of": {
            "type": "string",
            "format": "date-time",
            "description": "What others changed since is not overwritten; now where it is missing.",
        },
    },
    required=("file",),
)
_UPLOAD: Final = Body(_IMPORT_FORM, media_type=_FORM)
_REFUSES: Final = (409, 413, 422)

WORK_SCHEMAS: Final[Mapping[str, Json]] = {
    "api.Job": object_schema(
        {
            "id": COUNT,
            "kind": TEXT,
            "state": {"type": "string", "enum": [state.value for state in JobState]},
            "progress": {"type": "object"},
            "result": or_null({"type": "object"}),
            "cancel_requested": {"type": "boolean"},
            "attempts": COUNT,
            "created_at": _INSTANT,
            "finished_at": or_null(_INSTANT),
            "url": TEXT,
        },
        required=("id", "kind", "state", "progress", "created_at", "finished_at", "url"),
        closed=True,
    ),
    "api.Double": object_schema(
        {
            "existing": _TWIN,
            "new": _TWIN,
            "confidence": {"type": "number", "minimum": 0, "maximum": 1},
            "action": TEXT,
        },
        required=("existing", "new", "confidence", "action"),
    ),
    "api.ImportReport": object_schema(
        {
            "imported": COUNT,
            "duplicates_found": COUNT,
            "duplicates": list_schema(schema_ref("api.Double")),
            "updated": COUNT,
            "rejected": COUNT,
            "rejected_file": or_null(TEXT),
            "job": schema_ref("api.Job"),
        },
        required=("imported", "duplicates_found", "duplicates", "job"),
    ),
}

_HITS: Final[JsonObject] = object_schema(
    {
        "results": list_schema(
            object_schema(
                {"type": TEXT, "id": TEXT, "name": TEXT},
                required=("type", "id", "name"),
            )
        ),
        "next": or_null(COUNT),
        "meta": object_schema(
            {
                "complete": {
                    "type": "boolean",
                    "description": "Whether all that matches was put in order.",
                },
                "ranked_at_most": COUNT,
            },
            required=("complete", "ranked_at_most"),
            closed=True,
        ),
    },
    required=("results", "next", "meta"),
    closed=True,
)

WORK_OPERATIONS: Final[Mapping[str, Operation]] = {
    "POST /import": Operation(
        _IMPORTS,
        {
            200: Answer("What became of the rows.", schema_ref("api.ImportReport")),
            202: Answer("It is large and goes on as a job.", schema_ref("api.ImportReport")),
        },
        body=_UPLOAD,
        refuses=_REFUSES,
    ),
    "POST /import/preview": Operation(
        _IMPORTS,
        {200: Answer("What would be imported.", {"type": "object"})},
        body=_UPLOAD,
        refuses=_REFUSES,
    ),
    "GET /imports/{id}": Operation(_IMPORTS, {200: Answer("The job.", schema_ref("api.Job"))}),
    "GET /imports/{id}/{file}": Operation(
        _IMPORTS, {200: Answer("The rows, with reasons.", TEXT, media_type="text/csv")}
    ),
    "GET /search": Operation(
        "Search",
        {
            200: Answer(
                "What is found, best first; of FIND, as /api/query gives it.",
                {"anyOf": [_HITS, schema_ref("api.Found")]},
            )
        },
        ("words", "search_object", "search_limit", "offset"),
        refuses=(422,),
    ),
    "GET /export": Operation(
        "Exports",
        {
            200: Answer(
                "The file, sent as it is written.",
                _FILE,
                media_type="text/csv",
                other_types=_EXPORTS,
            )
        },
        ("export_object", "format", "headers", "fields", "where", "order_by"),
        refuses=(422,),
    ),
    "POST /exports": Operation(
        "Exports",
        {202: Answer("The job that writes the file.", schema_ref("api.Job"))},
        body=Body(
            schema_ref("api.Question"), {"q": "SELECT name, value FROM Deal", "format": "xlsx"}
        ),
        refuses=(413, 422),
    ),
    "GET /exports/{id}": Operation("Exports", {200: Answer("The job.", schema_ref("api.Job"))}),
    "GET /exports/{id}/file": Operation(
        "Exports", {303: Answer("Where the file is.")}, refuses=(409,)
    ),
    "GET /jobs": Operation(
        _JOBS,
        {
            200: Answer(
                "A page of jobs.",
                object_schema(
                    {"jobs": list_schema(schema_ref("api.Job")), "next": CURSOR},
                    required=("jobs", "next"),
                    closed=True,
                ),
            )
        },
        ("limit", "cursor"),
        refuses=(422,),
    ),
    "GET /jobs/{id}": Operation(_JOBS, {200: Answer("The job.", schema_ref("api.Job"))}),
    "POST /jobs/{id}/cancel": Operation(
        _JOBS, {200: Answer("The job.", schema_ref("api.Job"))}, refuses=(409, 422)
    ),
    "POST /files": Operation(
        _FILES,
        {201: Answer("What a field of type file or image takes.", {"type": "object"})},
        body=Body(object_schema({"file": _FILE}, required=("file",)), media_type=_FORM),
        refuses=_REFUSES,
    ),
    "GET /files/{id}": Operation(
        _FILES,
        {200: Answer("The bytes.", _FILE, ("ETag",), media_type="application/octet-stream")},
    ),
}
