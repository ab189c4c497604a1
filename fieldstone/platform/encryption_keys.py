"""The keys of encrypted values: one that follows from the secret key, or those of a file.

A line of the file is an id, 32 bytes in base64 and perhaps the day on which the key was made, with
blanks between; the first one seals, all of them open.
So a key is changed by a new first line, and taken away once no value has it any more.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import secrets
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from fieldstone.errors import InvalidInput
from fieldstone.platform.settings import Settings, load_secret_key
from fieldstone.runtime.encryption.keyring import KEY_BYTES, Keyring

_ID_DIGITS: Final = 8
_FILE: Final = "encryption.keys"


class BadKeyFile(InvalidInput):
    """A file of keys that cannot be read as one."""

    code = "encryption.bad_key_file"


def load_keyring(settings: Settings) -> Keyring:
    """Give the keys of an installation. Raises BadKeyFile."""
    secret = load_secret_key(settings).encode()
    kdf = HKDF(SHA256(), KEY_BYTES, salt=None, info=b"fieldstone.encryption")
    from_secret = kdf.derive(secret)
    # The id tells one secret key from another, and nothing of either.
    own = "s" + hmac.digest(from_secret, b"id", "sha256").hex()[:_ID_DIGITS]
    path = key_file(settings)
    listed = read_keys(path) if path.exists() else {}
    keys = {**{name: one.key for name, one in listed.items()}, own: from_secret}
    made = {name: one.made_on for name, one in listed.items() if one.made_on is not None}
    return Keyring(next(iter(keys)), keys, made)


def key_file(settings: Settings) -> Path:
    """Give where the file of keys lies, or would."""
    return settings.encryption_keys or settings.data / _FILE


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A line of the file. made_on: None where it does not say."""

    key: bytes
    made_on: date | None = None


def read_keys(path: Path) -> dict[str, ListedKey]:
    """Read a file of keys, the first one first. Raises BadKeyFile."""
    keys: dict[str, ListedKey] = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip():
            continue
        name, *rest = line.split()
        try:
            text, *day = rest
            made = date.fromisoformat(*day) if day else None
            key = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError, TypeError):
            key, made = b"", None
        if not name.isalnum() or len(key) != KEY_BYTES or name in keys:
            raise BadKeyFile(
                f"Line {number} of {path.name} is no key.",
                hint="A line is an id of its own, 32 bytes in base64, and perhaps a day.",
            )
        keys[name] = ListedKey(key, made)
    return keys


def add_key(path: Path, today: date) -> str:
    """Put a new key in front of a file of keys, readable for its owner alone; its id."""
    known = path.read_text() if path.exists() else ""
    name = f"k{secrets.token_hex(_ID_DIGITS // 2)}"
    line = f"{name} {base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()} {today}\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(line + known)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    return name
