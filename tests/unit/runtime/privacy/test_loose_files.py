"""Files are looked through for addresses, whatever encoding they came in."""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldstone.runtime.privacy.loose_files import _as_bytes, _says

WORDS = ["ada@example.com", "j\xf6rg@example.com"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("said", ["Ada@Example.com", "J\xd6RG@example.COM", "j\xf6rg@example.com"])
def test_address_is_found_in_any_encoding(tmp_path: Path, encoding: str, said: str) -> None:
    file = tmp_path / "import.csv"
    file.write_bytes(f"Name,Email\r\nX,{said}\r\n".encode(encoding))

    assert _says(file, _as_bytes(WORDS))
    assert not _says(file, _as_bytes(["bob@example.com"]))


def test_address_is_found_where_two_parts_of_a_file_meet(tmp_path: Path) -> None:
    file = tmp_path / "large.csv"
    file.write_bytes(("x" * (512 * 1024 - 5) + "ada@example.com").encode("utf-16-le"))

    assert _says(file, _as_bytes(WORDS))
