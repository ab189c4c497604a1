"""What the document says of installing, upgrading and uninstalling packages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, get_args

from fieldstone.api.openapi_operation import (
    Answer,
    Body,
    Operation,
    list_schema,
    object_schema,
    or_null,
)
from fieldstone.api.openapi_plan_operations import APPLIED_PARTS, LEFT_TO_JOB, PLAN_PARTS
from fieldstone.api.openapi_shapes import COUNT, TEXT
from fieldstone.api.packages import AGREED_SCHEMA, WISH_SCHEMA
from fieldstone.metadata.merging import Choice
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.runtime.package_trust import Trust
from fieldstone.runtime.packages.wishes import Deed

_TAG: Final = "Packages"
_REFUSES: Final = (409, 413, 422)
_CRM: Final[JsonObject] = {"install": ["crm"]}
_YES: Final[JsonObject] = {"type": "boolean"}


def _closed(properties: Mapping[str, Json]) -> JsonObject:
    return object_schema(properties, required=tuple(properties), closed=True)


_PACKAGE: Final[dict[str, Json]] = {
    **dict.fromkeys(("name", "label", "version", "description", "namespace"), TEXT),
    "dependencies": {"type": "object", "additionalProperties": TEXT},
}
_AVAILABLE: Final = _closed(
    {
        **dict.fromkeys(("install", "name", "version"), TEXT),
        "uploaded_at": or_null(TEXT),
        "is_installed": _YES,
    }
)
_CUSTOMISED: Final = _closed(
    {
        "what": {"type": "string", "enum": ["changed", "renamed", "removed"]},
        **dict.fromkeys(("kind", "name"), TEXT),
        "name_here": or_null(TEXT),
        "differences": list_schema(
            object_schema({"at": TEXT, "before": {}, "after": {}}, required=("at",), closed=True)
        ),
    }
)
_ENTRY: Final = _closed(
    {
        "change": COUNT,
        "at": TEXT,
        **dict.fromkeys(("by_name", "version_before", "version"), or_null(TEXT)),
    }
)
_DEED: Final = _closed(
    {
        "deed": {"type": "string", "enum": list(get_args(Deed))},
        **dict.fromkeys(("name", "label"), TEXT),
        **dict.fromkeys(("version_before", "version"), or_null(TEXT)),
        "records": COUNT,
    }
)
_CONFLICT: Final = object_schema(
    {
        **dict.fromkeys(("key", "kind", "name", "at", "message"), TEXT),
        "choice": or_null({"type": "string", "enum": [one.value for one in Choice]}),
        **{side: {} for side in ("base", "theirs", "ours")},
    },
    required=("key", "kind", "name", "at", "message", "choice"),
    closed=True,
)
_STEP: Final = _closed(
    {
        **dict.fromkeys(("package", "assign_permission_set", "message"), TEXT),
        "to": {"type": "string", "enum": ["installer", "everyone"]},
        "people": COUNT,
    }
)
_SIGNATURE: Final = _closed(
    {
        **dict.fromkeys(("package", "message"), TEXT),
        **dict.fromkeys(("key", "by"), or_null(TEXT)),
        "trust": {"type": "string", "enum": [one.value for one in Trust]},
        "must_accept": {"type": "boolean"},
    }
)
_PLANNED: Final[dict[str, Json]] = {
    **PLAN_PARTS,
    "steps": list_schema(_STEP),
    "signatures": list_schema(_SIGNATURE),
}
_TOLD: Final[dict[str, Json]] = {
    "packages": list_schema(_DEED),
    "conflicts": list_schema(_CONFLICT),
}

PACKAGE_OPERATIONS: Final[Mapping[str, Operation]] = {
    "GET /packages": Operation(
        _TAG,
        {
            200: Answer(
                "What is installed, and what could be by the text in install.",
                _closed(
                    {
                        "packages": list_schema(_closed(_PACKAGE)),
                        "available": list_schema(_AVAILABLE),
                    }
                ),
            )
        },
    ),
    "GET /packages/{name}": Operation(
        _TAG,
        {
            200: Answer(
                "The package: what it ships, which of it is not as it was, and its changes.",
                _closed(
                    {
                        **_PACKAGE,
                        "components": {"type": "object", "additionalProperties": COUNT},
                        "customised": list_schema(_CUSTOMISED),
                        "history": list_schema(_ENTRY),
                    }
                ),
            )
        },
    ),
    "POST /package-uploads": Operation(
        _TAG,
        {
            201: Answer(
                "It waits for a week; install is by what it is meant.",
                _closed(dict.fromkeys(("install", "name", "label", "version"), TEXT)),
            )
        },
        body=Body(
            object_schema({"file": {"type": "string", "format": "binary"}}, required=("file",)),
            media_type="multipart/form-data",
        ),
        refuses=(413, 422),
    ),
    "POST /package-plans": Operation(
        _TAG,
        {200: Answer("What it would do; nothing has changed.", _closed({**_TOLD, **_PLANNED}))},
        body=Body(WISH_SCHEMA, _CRM),
        refuses=_REFUSES,
    ),
    "POST /packages": Operation(
        _TAG,
        {200: Answer("It is done.", _closed({**_TOLD, **APPLIED_PARTS})), 202: LEFT_TO_JOB},
        body=Body(AGREED_SCHEMA, {**_CRM, "digest": "…", "choices": {}, "confirm": {}}),
        refuses=_REFUSES,
    ),
}
