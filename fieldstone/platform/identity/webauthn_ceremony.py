"""What the standard says of passkeys (WebAuthn level 2): options for browsers, answers verified.

Loaded when somebody first uses a passkey, for its library takes most of a second and 12 MB.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any, Final

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, options_to_json_dict
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from fieldstone.metadata.values import JsonObject
from fieldstone.platform.identity.errors import WrongFactor
from fieldstone.platform.identity.passkey_shapes import Known, Owner, Registered, WebSite

_LONGEST_ID: Final = 1024
# What the library raises on texts, CBOR and keys that are none.
_UNREADABLE: Final = (
    WebAuthnException,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    NotImplementedError,
    EOFError,
    struct.error,
)


def registration_options(
    site: WebSite, owner: Owner, challenge: bytes, known: Sequence[Known]
) -> JsonObject:
    """Give what a browser needs to make a passkey for somebody, none of those they have."""
    options = generate_registration_options(
        rp_id=site.host,
        rp_name=owner.organization,
        user_id=owner.handle,
        user_name=owner.email,
        user_display_name=owner.email,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=_descriptors(known),
    )
    shown: JsonObject = options_to_json_dict(options)
    return shown


def assertion_options(
    site: WebSite, challenge: bytes, known: Sequence[Known], *, alone: bool
) -> JsonObject:
    """Give what a browser needs to let somebody sign.

    known: the passkeys of whoever gave a password already. alone: whether it is all that they
    give, so that the device has to know its owner.
    """
    wanted = (
        UserVerificationRequirement.REQUIRED if alone else UserVerificationRequirement.PREFERRED
    )
    options = generate_authentication_options(
        rp_id=site.host,
        challenge=challenge,
        allow_credentials=_descriptors(known),
        user_verification=wanted,
    )
    shown: JsonObject = options_to_json_dict(options)
    return shown


def verify_registration(credential: JsonObject, site: WebSite, challenge: bytes) -> Registered:
    """Give the passkey that a browser made. Raises WrongFactor."""
    try:
        found = verify_registration_response(
            credential=_plain(credential),
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
        )
    except _UNREADABLE as error:
        raise _wrong() from error
    if len(found.credential_id) > _LONGEST_ID:
        raise _wrong()
    synced = found.credential_device_type is CredentialDeviceType.MULTI_DEVICE
    return Registered(
        found.credential_id,
        found.credential_public_key,
        found.sign_count,
        _transports(credential),
        synced,
    )


def credential_of(credential: JsonObject) -> bytes:
    """Give the id of the passkey that a browser let sign. Raises WrongFactor."""
    try:
        return base64url_to_bytes(str(credential.get("id", ""))[: 2 * _LONGEST_ID])
    except ValueError as error:
        raise _wrong() from error


def handle_of(credential: JsonObject) -> bytes | None:
    """Give whom a passkey says it is of; None where it does not say. Raises WrongFactor."""
    response = credential.get("response")
    handle = response.get("userHandle") if isinstance(response, dict) else None
    try:
        return base64url_to_bytes(handle) if isinstance(handle, str) else None
    except ValueError as error:
        raise _wrong() from error


def verify_assertion(
    credential: JsonObject, site: WebSite, challenge: bytes, public_key: bytes, *, alone: bool
) -> int:
    """Give how often a passkey signed, by its own count. Raises WrongFactor."""
    try:
        found = verify_authentication_response(
            credential=_plain(credential),
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=public_key,
            # Compared where it is kept, so that of two at once only one is taken.
            credential_current_sign_count=0,
            require_user_verification=alone,
        )
    except _UNREADABLE as error:
        raise _wrong() from error
    return found.new_sign_count


def _descriptors(known: Sequence[Known]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=one.credential_id,
            transports=[AuthenticatorTransport(name) for name in one.transports],
        )
        for one in known
    ]


def _transports(credential: JsonObject) -> tuple[str, ...]:
    """Give how a browser may reach a key, as far as the standard knows it."""
    response = credential.get("response")
    said = response.get("transports") if isinstance(response, dict) else None
    known = {str(one.value) for one in AuthenticatorTransport}
    return tuple(sorted({str(one) for one in said} & known)) if isinstance(said, list) else ()


def _plain(credential: JsonObject) -> dict[str, Any]:
    return dict(credential)


def _wrong() -> WrongFactor:
    return WrongFactor("This passkey was not accepted.", hint="Try again, or use another way.")
