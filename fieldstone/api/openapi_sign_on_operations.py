"""What the document says of the endpoints for identity providers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fieldstone.api.openapi_operation import Answer, Body, Operation, list_schema, object_schema
from fieldstone.api.openapi_shapes import TEXT
from fieldstone.metadata.values import JsonObject

_TAG: Final = "Identity providers"
_FLAG: Final[JsonObject] = {"type": "boolean"}
_SHOWN: Final = {
    **dict.fromkeys(("name", "label", "issuer", "client_id", "protocol", "return_address"), TEXT),
    **dict.fromkeys(("active", "has_secret"), _FLAG),
    "entity_id": {"type": ["string", "null"]},
    "sign_out_address": {"type": ["string", "null"]},
}
_DECLARED: Final[JsonObject] = {
    **dict.fromkeys(("issuer", "sign_in_address"), TEXT),
    **dict.fromkeys(("sign_out_address", "sign_out_answer_address"), TEXT),
    "signs_requests": _FLAG,
    "certificates": list_schema(TEXT),
}
_PROVIDER: Final = object_schema(_SHOWN, required=tuple(_SHOWN), closed=True)
_KEY_PARTS: Final[JsonObject] = {
    **dict.fromkeys(("id", "fingerprint", "certificate", "made_at", "expires_at"), TEXT),
    "signs": _FLAG,
}
_KEY: Final = object_schema(_KEY_PARTS, required=tuple(_KEY_PARTS), closed=True)

SIGN_ON_OPERATIONS: Final[Mapping[str, Operation]] = {
    "GET /identity-providers": Operation(
        _TAG,
        {
            200: Answer(
                "The providers.",
                object_schema(
                    {"providers": list_schema(_PROVIDER)}, required=("providers",), closed=True
                ),
            )
        },
    ),
    "PUT /identity-providers/{name}/secret": Operation(
        _TAG,
        {204: Answer("It is kept, encrypted.")},
        body=Body(
            object_schema({"secret": {"type": "string", "format": "password"}}),
            {"secret": "as the provider gave it"},
        ),
        refuses=(413, 422),
    ),
    "GET /identity-providers/{name}/keys": Operation(
        _TAG,
        {
            200: Answer(
                "Our key pairs at a SAML provider, the one that signs first.",
                object_schema({"keys": list_schema(_KEY)}, required=("keys",), closed=True),
            )
        },
        refuses=(409,),
    ),
    "POST /identity-providers/{name}/keys": Operation(
        _TAG,
        {201: Answer("A new key pair; the first one signs.", _KEY)},
        refuses=(409,),
    ),
    "PUT /identity-providers/{name}/keys/{key_pair}": Operation(
        _TAG,
        {200: Answer("It signs from now on.", _KEY)},
        body=Body(object_schema({"signs": _FLAG}), {"signs": True}),
        refuses=(409, 413, 422),
    ),
    "DELETE /identity-providers/{name}/keys/{key_pair}": Operation(
        _TAG, {204: Answer("It is forgotten.")}, refuses=(409,)
    ),
    "POST /saml-metadata": Operation(
        _TAG,
        {
            200: Answer(
                "What a provider says of itself, as its declaration has it.",
                object_schema(_DECLARED, required=tuple(_DECLARED), closed=True),
            )
        },
        body=Body(
            object_schema(dict.fromkeys(("metadata", "address"), TEXT)),
            {"address": "https://sso.acme.example/metadata"},
        ),
        refuses=(409, 413, 422),
    ),
    "DELETE /identity-providers/{name}/secret": Operation(_TAG, {204: Answer("It is gone.")}),
}
