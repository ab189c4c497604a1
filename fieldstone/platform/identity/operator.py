"""The operator: whoever can read the installation's secret key acts as its administrator.

Commands on the machine sign a note with the key, which holds for a minute; so they work however
people sign in.
"""

from __future__ import annotations

from typing import Final

from itsdangerous import BadSignature, TimestampSigner

PREFIX: Final = "fso_"
_SAYS: Final = "operator"
_HOLDS_S: Final = 60


def operator_note(secret_key: str) -> str:
    """Give a note that the key's owner may send as a bearer token at once."""
    return PREFIX + _signer(secret_key).sign(_SAYS).decode()


def is_operator(text: str, secret_key: str) -> bool:
    """Tell whether a bearer token is such a note, signed within the last minute."""
    if not text.startswith(PREFIX):
        return False
    try:
        return _signer(secret_key).unsign(text[len(PREFIX) :], max_age=_HOLDS_S) == _SAYS.encode()
    except BadSignature:
        return False


def _signer(secret_key: str) -> TimestampSigner:
    return TimestampSigner(secret_key, salt="fieldstone.operator")
