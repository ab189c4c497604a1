"""The files of a package as it is brought: a folder, or a zip with or without a folder around it.

A zip is somebody else's: what it unpacks to is counted while it is read, whatever it announces,
and names that lead out of it are refused.
"""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from fieldstone.errors import InvalidInput
from fieldstone.runtime.zip_members import NOT_ZIP, RefusedZip, unpacked

MAX_FILES: Final = 50_000
MAX_FILE_BYTES: Final = 20_000_000
MAX_TOTAL_BYTES: Final = 300_000_000
_PASSED_OVER: Final = frozenset({".git", ".sfdx", ".sf", "node_modules", "__MACOSX", ".github"})
_NOT_KEPT: Final = frozenset(
    {".resource", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".pdf", ".mp4", ".zip", ".woff", ".ttf"}
)
"""Endings of files whose names alone are of interest."""


class BadArchive(InvalidInput):
    """A folder or zip that cannot be read as a package."""

    code = "salesforce.bad_archive"


def read_folder(folder: Path) -> Mapping[str, bytes]:
    """Give the files below a folder by their paths in it. Raises BadArchive."""
    found: dict[str, bytes] = {}
    total = 0
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(one for one in folders if one not in _PASSED_OVER)
        for name in sorted(names):
            path = Path(place) / name
            if path.is_symlink() or not path.is_file():
                continue
            data = b"" if path.suffix in _NOT_KEPT else path.read_bytes()
            total += len(data)
            found[path.relative_to(folder).as_posix()] = data
            _check(len(found), total)
    return _without_top(found)


def read_zip(data: bytes) -> Mapping[str, bytes]:
    """Give the files of a zip by their paths in it. Raises BadArchive."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _without_top(_members(archive))
    except RefusedZip as refused:
        raise BadArchive(f"{refused}.", hint="Zip it anew, without a password.") from refused
    except NOT_ZIP as error:
        raise BadArchive(f"The file is no zip that can be read: {error}.") from error


def _members(archive: zipfile.ZipFile) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    kept: dict[zipfile.ZipInfo, str] = {}
    for member in archive.infolist():
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if member.is_dir() or any(part in _PASSED_OVER for part in path.parts):
            continue
        if path.is_absolute() or ".." in path.parts or ":" in str(path):
            raise BadArchive(f"The zip holds a name that leads out of it: {str(path)[:200]}.")
        found[str(path)] = b""
        if path.suffix not in _NOT_KEPT:
            kept[member] = str(path)
        _check(len(found), 0)
    for member, data in unpacked(archive, kept, MAX_FILE_BYTES, MAX_TOTAL_BYTES):
        found[kept[member]] = data
    return found


def _check(count: int, total: int) -> None:
    if count > MAX_FILES:
        raise BadArchive(f"The package has more than {MAX_FILES:,} files.")
    if total > MAX_TOTAL_BYTES:
        raise BadArchive(f"The package unpacks to more than {MAX_TOTAL_BYTES:,} bytes.")


def _without_top(files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """Take off folders that hold everything there is, as zips of repositories have one."""
    while files:
        tops = {path.partition("/")[0] for path in files}
        if len(tops) != 1 or any("/" not in path for path in files):
            return files
        top = tops.pop()
        if top in FOLDERS_OF_TYPES:
            return files
        files = {path.removeprefix(f"{top}/"): data for path, data in files.items()}
    raise BadArchive("There are no files in it.")


FOLDERS_OF_TYPES: Final = frozenset({"objects", "layouts", "permissionsets", "force-app", "src"})
"""Folders that say by their name what is in them, and so are not taken off."""
