"""Downloads of commands: streamed to a file or to the terminal, and never half taken for whole."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Final

import httpx

from fieldstone.errors import Problem, Unavailable
from fieldstone.metadata.values import read_json
from fieldstone.platform.client import ServerRefused, ServerUnreachable, checked

_TIMEOUT: Final = httpx.Timeout(30.0, read=3600.0)
_END: Final = b'{"@end":'


class DownloadCut(Unavailable):
    """The server broke an answer off, so that there is only a part of it."""

    code = "client.cut"


def download(
    http: httpx.Client,
    method: str,
    path: str,
    output: Path | None,
    *,
    marks_end: bool = False,
    **request: Any,
) -> None:
    """Write an answer to a file, or to the terminal where there is none.

    A file appears once it is whole. marks_end: whether the answer is NDJSON whose last line tells
    whether it is; that line is not written. Raises ServerRefused, ServerUnreachable, DownloadCut.
    """
    begun = False
    try:
        with http.stream(method, path, timeout=_TIMEOUT, **request) as answer:
            if not answer.is_success:
                answer.read()
                checked(answer)
            begun = True
            chunks: Iterable[bytes] = answer.iter_bytes()
            _write(_until_end(chunks) if marks_end else chunks, output)
    except httpx.TransportError as error:
        raise _cut() if begun else _unreachable(http) from error


def _cut() -> DownloadCut:
    return DownloadCut(
        "The server broke the answer off before its end.", hint="Ask again, or ask for less."
    )


def _unreachable(http: httpx.Client) -> ServerUnreachable:
    return ServerUnreachable(
        f"No server answers at {http.base_url}.",
        hint="Start one with ./crm serve, or name another with --url.",
    )


def _write(chunks: Iterable[bytes], output: Path | None) -> None:
    with _opened(output) as file:
        for chunk in chunks:
            file.write(chunk)
        file.flush()


@contextmanager
def _opened(output: Path | None) -> Iterator[BinaryIO]:
    """Open a file that takes its name once all went well.

    The terminal, devices and pipes are written to at once, and stay what they are.
    """
    if output is None:
        yield sys.stdout.buffer
        return
    output = output.resolve()
    if output.exists() and not output.is_file():
        with output.open("wb") as special:
            yield special
        return
    with tempfile.NamedTemporaryFile(
        dir=output.parent, prefix=f".{output.name}-", delete=False
    ) as file:
        try:
            yield file  # type: ignore[misc]  # what it wraps is a BinaryIO
            file.close()
            Path(file.name).chmod(0o666 & ~_umask())
            Path(file.name).replace(output)
        finally:
            with suppress(FileNotFoundError):
                Path(file.name).unlink()


def _umask() -> int:
    """Give the mask of new files, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _until_end(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Give all lines but the last, which tells how it went. Raises DownloadCut, ServerRefused."""
    kept = b""
    for chunk in chunks:
        kept += chunk
        whole = kept.rfind(b"\n", 0, -1) + 1  # of what is there, all lines but the last
        if whole:
            yield kept[:whole]
            kept = kept[whole:]
    if not kept.startswith(_END):
        raise _cut()
    told = read_json(kept)
    end = told.get("@end") if isinstance(told, Mapping) else None
    error = end.get("error") if isinstance(end, Mapping) else None
    if isinstance(error, Mapping):
        problem = Problem(str(error["code"]), str(error["message"]), hint=_text(error.get("hint")))
        raise ServerRefused(200, (problem,))


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
