"""Who runs PostgreSQL: it refuses the superuser, so root lends it an account without rights."""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fieldstone.platform.embedded.errors import ServerMissing


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the operating system, seen without its supplementary groups."""

    name: str
    uid: int
    gid: int

    def may_enter(self, directory: Path) -> bool:
        """Tell whether the account may pass through a directory and all that are above it."""
        return all(self._may_pass(step) for step in (directory, *directory.parents))

    def _may_pass(self, directory: Path) -> bool:
        found = directory.stat()
        if found.st_uid == self.uid:
            return bool(found.st_mode & stat.S_IXUSR)
        if found.st_gid == self.gid:
            return bool(found.st_mode & stat.S_IXGRP)
        return bool(found.st_mode & stat.S_IXOTH)


def find_account(environment: Mapping[str, str]) -> Account | None:
    """Give the account to run PostgreSQL as, or None when that is simply our own.

    FIELDSTONE_PG_OS_USER names another one than postgres or nobody. Raises ServerMissing.
    """
    if os.geteuid() != 0:
        return None
    for name in (environment.get("FIELDSTONE_PG_OS_USER"), "postgres", "nobody"):
        if name and (entry := _find_entry(name)):
            return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise ServerMissing(
        "PostgreSQL does not run as root, and there is no other account to run it as.",
        hint="Name one in FIELDSTONE_PG_OS_USER.",
    )


def _find_entry(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None
