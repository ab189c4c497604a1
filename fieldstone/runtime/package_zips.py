"""Packages as ZIP files: equal files as equal bytes, and read within bounds.

Whoever made the file may have meant harm: it is unpacked within bounds, whatever it claims.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from fieldstone.metadata.packages import MANIFEST, MAX_FILES, MOST_CHARACTERS, BadPackage
from fieldstone.metadata.yaml_text import MAX_CHARACTERS
from fieldstone.runtime.zip_members import NOT_ZIP, RefusedZip, unpacked

MOST_UNPACKED_BYTES: Final = 4 * MOST_CHARACTERS
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The first moment that a ZIP file can tell."""
_MODE: Final = 0o644 << 16
_LARGEST: Final = 4 * MAX_CHARACTERS


def write_zip(files: Mapping[str, str]) -> bytes:
    """Give the ZIP file of a package; its bytes depend on nothing but the texts of its files."""
    written = io.BytesIO()
    with ZipFile(written, "w") as archive:
        for path in sorted(files):
            member = ZipInfo(path, _EPOCH)
            member.compress_type = ZIP_DEFLATED
            member.external_attr = _MODE
            member.create_system = 3
            archive.writestr(member, files[path].encode(), compresslevel=9)
    return written.getvalue()


def read_zip(content: bytes) -> dict[str, str]:
    """Give the texts of the files of a package by their paths. Raises BadPackage.

    A package may lie in a folder of the ZIP file, as it does where the folder was zipped.
    """
    try:
        with ZipFile(io.BytesIO(content)) as archive:
            return _texts(archive)
    except RefusedZip as error:
        raise BadPackage(f"{error}.") from error
    except NOT_ZIP as error:
        raise BadPackage(f"This is no ZIP file of a package: {error}.") from error


def _texts(archive: ZipFile) -> dict[str, str]:
    found = [one for one in archive.infolist() if not one.is_dir()]
    if len(found) > MAX_FILES:
        raise BadPackage(f"A package has at most {MAX_FILES:,} files.")
    top = _folder_of([one.filename for one in found])
    texts: dict[str, str] = {}
    for one, data in unpacked(archive, found, _LARGEST, MOST_UNPACKED_BYTES):
        path = one.filename.removeprefix(top)
        if path in texts:
            raise BadPackage("The file stands there twice.", at=path)
        texts[path] = data.decode("utf-8")
    return texts


def _folder_of(paths: list[str]) -> str:
    """Give the folder in which the manifest lies, as it stands before every path; "" for none."""
    manifests = [path for path in paths if PurePosixPath(path).name == MANIFEST]
    shortest = min(manifests, key=len, default="")
    folder = shortest.removesuffix(MANIFEST)
    return folder if all(path.startswith(folder) for path in paths) else ""
