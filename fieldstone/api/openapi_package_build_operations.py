"""What the document says of building packages and of looking into them."""

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
)
from fieldstone.api.openapi_shapes import TEXT
from fieldstone.api.package_builds import BUILD_SCHEMA
from fieldstone.metadata.values import JsonObject
from fieldstone.runtime.package_signing import SignatureState

_TAG: Final = "Packages"
_PROBLEM: Final = object_schema(
    {"code": TEXT, "message": TEXT, "at": or_null(TEXT), "hint": or_null(TEXT)},
    required=("code", "message", "at", "hint"),
    closed=True,
)
_COUNTS: Final[JsonObject] = {"type": "object", "additionalProperties": {"type": "integer"}}
_SIGNATURE: Final = object_schema(
    {
        "state": {"type": "string", "enum": [one.value for one in SignatureState]},
        "key": or_null(TEXT),
        "by": or_null(TEXT),
    },
    required=("state", "key", "by"),
    closed=True,
)

PACKAGE_BUILD_OPERATIONS: Final[Mapping[str, Operation]] = {
    "POST /package-builds": Operation(
        _TAG,
        {200: Answer("The package.", TEXT, media_type="application/zip")},
        body=Body(
            BUILD_SCHEMA,
            {"manifest": {"name": "sales", "label": "Sales", "version": "1.0.0"}, "sign": True},
        ),
        refuses=(413, 422),
    ),
    "POST /package-checks": Operation(
        _TAG,
        {
            200: Answer(
                "What it holds, or what is wrong with it; who signed it, where that is known.",
                object_schema(
                    {
                        "valid": {"type": "boolean"},
                        "problems": list_schema(_PROBLEM),
                        **dict.fromkeys(("name", "label", "version"), TEXT),
                        "dependencies": {"type": "object"},
                        "components": _COUNTS,
                        "records": _COUNTS,
                        "signature": _SIGNATURE,
                    },
                    required=("valid", "problems"),
                    closed=True,
                ),
            )
        },
        body=Body(
            object_schema({"file": {"type": "string", "format": "binary"}}, required=("file",)),
            media_type="multipart/form-data",
        ),
        refuses=(413, 422),
    ),
    "GET /package-key": Operation(
        _TAG,
        {200: Answer("The key.", object_schema({"key": TEXT}, required=("key",), closed=True))},
    ),
}
