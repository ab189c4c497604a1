"""The shapes that are the same in every tenant: errors, pages, results, parameters, headers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fieldstone.api.openapi_operation import (
    JSON,
    list_schema,
    object_schema,
    or_null,
    schema_ref,
    shared_ref,
)
from fieldstone.api.requests import MOST_PER_PAGE, PAGE_SIZE
from fieldstone.metadata.field_types.reference import ID_PATTERN
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.runtime.search import MOST_RESULTS

TEXT: Final[JsonObject] = {"type": "string"}
COUNT: Final[JsonObject] = {"type": "integer", "minimum": 0}
RECORD_ID: Final[JsonObject] = {
    "type": "string",
    "pattern": ID_PATTERN,
    "examples": ["contact_1563a2f0c401000"],
}
CURSOR: Final = or_null({"type": "string", "description": "The cursor of the page behind."})
TOTAL: Final = or_null({**COUNT, "description": "null where counting would take too long."})
_SPAN: Final = object_schema(
    {
        "line": {"type": "integer", "minimum": 1},
        "column": {"type": "integer", "minimum": 1},
        "length": {"type": "integer", "minimum": 0},
    },
    required=("line", "column", "length"),
)
_OPERATION: Final[JsonObject] = {
    "type": "string",
    "enum": ["created", "updated", "unchanged", "failed"],
}

SCHEMAS: Final[Mapping[str, Json]] = {
    "api.Problem": {
        **object_schema(
            {
                "code": {"type": "string", "pattern": r"^[a-z_]+\.[a-z0-9_]+$"},
                "message": {"type": "string", "description": "What is wrong, in a sentence."},
                "at": {
                    "description": "A JSON pointer into the body, or a place in a query's text.",
                    "anyOf": [TEXT, _SPAN],
                },
                "hint": {"type": "string", "description": "What to do next."},
                "details": {"type": "object", "description": "Further facts."},
            },
            required=("code", "message"),
            closed=True,
        ),
        "description": "One thing that is wrong. code never changes.",
    },
    "api.Refusal": {
        **object_schema(
            {
                "errors": {**list_schema(schema_ref("api.Problem")), "minItems": 1},
                "request_id": TEXT,
            },
            required=("errors", "request_id"),
            closed=True,
        ),
        "description": "The one shape of every error; all problems of a request come at once.",
    },
    "api.Record": {
        "type": "object",
        "description": "A record of any object: values by the names of its fields.",
        "properties": {"id": RECORD_ID},
    },
    "api.Values": {
        "type": "object",
        "description": "Values by the names of the object's fields; null clears one.",
    },
    "api.Result": object_schema(
        {
            "id": or_null(RECORD_ID),
            "version": COUNT,
            "operation": _OPERATION,
            "errors": list_schema(schema_ref("api.Problem")),
        },
        required=("id", "version", "operation"),
        closed=True,
    ),
    "api.Results": object_schema(
        {
            "results": list_schema(schema_ref("api.Result")),
            "created": COUNT,
            "updated": COUNT,
            "unchanged": COUNT,
            "failed": COUNT,
        },
        required=("results", "created", "updated", "unchanged", "failed"),
        closed=True,
    ),
    "api.Change": object_schema(
        {
            "at": {"type": "string", "format": "date-time"},
            "by": or_null(RECORD_ID),
            "operation": {"type": "string", "enum": ["create", "update", "delete", "restore"]},
            "version": COUNT,
            "cause": {"type": "object", "description": "What led to it, such as a request."},
            "changes": {
                "type": "object",
                "description": "before and after, by the name of each field that changed.",
                "additionalProperties": object_schema(
                    {"before": {}, "after": {}}, required=("before", "after")
                ),
            },
        },
        required=("at", "by", "operation", "version", "cause", "changes"),
        closed=True,
    ),
    "api.Found": object_schema(
        {
            "search_records": list_schema(
                object_schema(
                    {"attributes": object_schema({"type": TEXT}, required=("type",)), "id": TEXT},
                    required=("attributes", "id"),
                )
            ),
            "objects": list_schema(
                object_schema(
                    {"object": TEXT, "total": COUNT, "given": COUNT},
                    required=("object", "total", "given"),
                    closed=True,
                )
            ),
            "complete": {
                "type": "boolean",
                "description": "Whether all records were looked at that may match.",
            },
        },
        required=("search_records", "objects", "complete"),
        closed=True,
    ),
}


def _path(name: str, description: str, example: str) -> JsonObject:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": {"type": "string", "minLength": 1, "examples": [example]},
    }


def _asked(name: str, description: str, schema: JsonObject) -> JsonObject:
    return {"name": name, "in": "query", "description": description, "schema": schema}


def _header(name: str, description: str, example: str, **rules: Json) -> JsonObject:
    schema = {"type": "string", **rules, "examples": [example]}
    return {"name": name, "in": "header", "description": description, "schema": schema}


PARAMETERS: Final[Mapping[str, JsonObject]] = {
    "tenant": _header(
        "X-Tenant",
        "Name of the tenant; without it, that of the address, or the default one.",
        "default",
        minLength=1,
    ),
    "if_match": _header(
        "If-Match", "The version that the caller has seen; another one gives 409.", '"3"'
    ),
    "idempotency_key": _header(
        "Idempotency-Key",
        "A request sent again under the same key is carried out once and answered the same.",
        "b1f0c9d2",
        minLength=1,
        maxLength=255,
    ),
    "if_none_match": _header("If-None-Match", "The ETag of the copy at hand.", '"1f2e3d"'),
    "object": _path("object", "Name of an object or one of its aliases, in any case.", "Contact"),
    "field": _path("field", "Name of a field, in any case.", "email"),
    "id": _path("id", "An id.", "contact_1563a2f0c401000"),
    "file": _path("file", "rejected.csv or held.csv.", "rejected.csv"),
    "value": _path("value", "Value of the unique field.", "A-17"),
    "kind": _path("kind", "A kind of component.", "field"),
    "fields": _asked("fields", "Names of the fields to show, parted by commas.", TEXT),
    "where": _asked("where", "A condition, as in a query, or a filter as JSON.", TEXT),
    "order_by": _asked("order_by", "What to sort by, as in a query.", TEXT),
    "limit": _asked(
        "limit",
        "Records per page.",
        {"type": "integer", "minimum": 1, "maximum": MOST_PER_PAGE, "default": PAGE_SIZE},
    ),
    "cursor": _asked("cursor", "What the page before gave as next.", TEXT),
    "reconcile": _asked(
        "reconcile",
        "yes to count the tables and the change log as well.",
        {"type": "string", "enum": ["yes", "no"]},
    ),
    "of_user": _asked("user", "Whom it is about; the viewer where nobody is named.", TEXT),
    "now": _asked("now", "yes to purge it at once.", {"type": "string", "enum": ["yes", "no"]}),
    "audit_kind": _asked("kind", "Kinds of entries, parted by commas.", TEXT),
    "held_object": {
        **_asked("object", "Of which object.", {**TEXT, "examples": ["Company"]}),
        "required": True,
    },
    "audit_tenant": _asked("tenant", "The tenant that it was done to, by name.", TEXT),
    "audit_operator": _asked("who", "Which operator did it, by name.", TEXT),
    "audit_how": _asked(
        "how", "How entries lost something, such as erased or rewritten; several with commas.", TEXT
    ),
    "audit_what": _asked("what", "What was done, such as update or signed_in.", TEXT),
    "audit_who": _asked("who", "Who did it: an id or an e-mail address.", TEXT),
    "audit_user": _asked("user", "Whom it was done to.", TEXT),
    "audit_object": _asked("object", "The object whose records it is about.", TEXT),
    "audit_record": _asked("record", "The record that it is about.", TEXT),
    "audit_component": _asked("component", "How the component's name begins.", TEXT),
    "audit_from": _asked("from", "Not before this instant or day.", TEXT),
    "audit_until": _asked("until", "Before this instant or day.", TEXT),
    "audit_format": _asked(
        "format", "csv where nothing is said.", {"type": "string", "enum": ["csv", "ndjson"]}
    ),
    "as_of": _asked(
        "as_of",
        "The instant to look at: a day, a moment such as 2026-03-18T12:00:00Z, or YESTERDAY.",
        TEXT,
    ),
    "count": _asked("count", "1 to count all records that match.", TEXT),
    "ids": _asked("ids", "Ids, parted by commas.", TEXT),
    "keep": _asked("keep", "Ids of records to leave as they are, parted by commas.", TEXT),
    "key": _asked("key", "Name of the unique field that tells records apart.", TEXT),
    "q": _asked("q", "The query as text.", TEXT),
    "query_params": _asked("params", "Values of the query's binds, as a JSON object.", TEXT),
    "answer_format": _asked(
        "format",
        "json for a page, which Accept may say as well; else a stream of all rows.",
        {"type": "string", "enum": ["json", "ndjson", "csv", "xlsx"]},
    ),
    "headers": _asked(
        "headers",
        "What heads the columns of CSV and XLSX; names where nothing is said.",
        {"type": "string", "enum": ["names", "labels"]},
    ),
    "end": _asked(
        "end",
        "no for NDJSON without the last line that tells whether it is whole.",
        {"type": "string", "enum": ["yes", "no"]},
    ),
    "words": _asked("q", "The words to search for.", TEXT),
    "explained_object": _asked(
        "object", "The object that it is about.", {**TEXT, "examples": ["Deal"]}
    ),
    "explained_record": _asked("record", "The one record that it is about, by its id.", TEXT),
    "explained_field": _asked("field", "The one field of it that it is about.", TEXT),
    "explained_user": _asked("user", "An id or an e-mail address; without it whoever asks.", TEXT),
    "layout_record_type": _asked("record_type", "Own name of the record's type.", TEXT),
    "locked_object": _asked("object", "Only of this object.", TEXT),
    "search_object": _asked("object", "The one object to search in.", TEXT),
    "export_object": {
        **_asked("object", "The object to export.", {**TEXT, "examples": ["Contact"]}),
        "required": True,
    },
    "format": _asked(
        "format",
        "csv where nothing is said.",
        {"type": "string", "enum": ["csv", "ndjson", "xlsx"]},
    ),
    "search_limit": _asked(
        "limit",
        "Results per page.",
        {"type": "integer", "minimum": 1, "maximum": MOST_RESULTS},
    ),
    "offset": _asked(
        "offset",
        "Results to pass over.",
        {"type": "integer", "minimum": 0, "maximum": MOST_RESULTS},
    ),
}
HEADERS: Final[Mapping[str, Json]] = {
    "ETag": {
        "description": "The version of what was answered, for If-Match or If-None-Match.",
        "schema": TEXT,
    },
    "X-Request-Id": {"description": "Names the request in logs and errors.", "schema": TEXT},
}


def _refusal(description: str, code: str, message: str, **more: Json) -> JsonObject:
    example: Json = {"errors": [{"code": code, "message": message, **more}], "request_id": "r_8f2c"}
    return {
        "description": description,
        "headers": {"X-Request-Id": shared_ref("headers", "X-Request-Id")},
        "content": {JSON: {"schema": schema_ref("api.Refusal"), "example": example}},
    }


REFUSALS: Final[Mapping[int, JsonObject]] = {
    401: _refusal("It is not told who asks.", "access.sign_in_needed", "You must sign in."),
    403: _refusal("The viewer may not do this.", "access.forbidden", "You may not change Deals."),
    404: _refusal(
        "There is no such thing, or not for this viewer.",
        "record.unknown",
        "There is no Deal deal_1563a2f0c401000.",
    ),
    409: _refusal(
        "The world has moved since the caller looked.",
        "record.stale",
        "Deal deal_1563a2f0c401000 is at version 4 by now; you changed version 3.",
        hint="Read it again and repeat the change.",
        details={"current_version": 4, "your_version": 3},
    ),
    413: _refusal(
        "The body is too large.", "request.too_large", "The body is larger than 1000000 bytes."
    ),
    422: _refusal(
        "What was sent cannot be used; all problems are told at once.",
        "value.required",
        "Name is required.",
        at="/name",
        hint="Give it a value.",
    ),
    429: _refusal(
        "Too many tries failed.",
        "access.too_many_tries",
        "Too many tries failed from where you are.",
    ),
    503: _refusal(
        "It cannot be done now, but may be later.",
        "query.timeout",
        "The database took too long to answer.",
    ),
}
