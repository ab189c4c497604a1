"""XML as metadata files have it: elements without namespaces, read safely and asked by name.

Document types are refused, and with them every entity that a file could declare, so that a small
file cannot mean something large or reach for another one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from fieldstone.errors import InvalidInput

MAX_DEPTH: Final = 60
_NUMBER: Final = re.compile("-?[0-9]{1,9}")
MAX_BYTES: Final = 20_000_000
MOST_ELEMENTS: Final = 1_000_000
"""Of all files of a package, with their attributes: each takes some 100 bytes of memory."""


class BadXml(InvalidInput):
    """A file that is not the XML of a declaration."""

    code = "salesforce.bad_xml"


class TooManyElements(InvalidInput):
    """A package whose files have more elements than are read."""

    code = "salesforce.too_many_elements"


@dataclass(slots=True)
class Allowance:
    """How many elements and attributes the files of a package may have yet."""

    left: int = MOST_ELEMENTS

    def take(self, count: int) -> None:
        """Count some. Raises TooManyElements."""
        self.left -= count
        if self.left < 0:
            raise TooManyElements(
                f"The package has more than {MOST_ELEMENTS:,} elements.",
                hint="Bring it in several parts.",
            )


def parse_xml(data: bytes, allowance: Allowance | None = None) -> Element:
    """Give the outermost element of a file; names of elements and attributes are local ones.

    allowance: what all files of a package share. Raises BadXml and TooManyElements.
    """
    if len(data) > MAX_BYTES:
        raise BadXml(f"The file is larger than {MAX_BYTES:,} bytes.")
    builder, depth, isfinal = TreeBuilder(), 0, True
    allowed = allowance or Allowance()

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        allowed.take(1 + len(attributes))
        depth += 1
        if depth > MAX_DEPTH:
            raise BadXml(f"Elements are nested more than {MAX_DEPTH} deep.")
        builder.start(_local(name), {_local(key): value for key, value in attributes.items()})

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_local(name))

    def refuse(*_: object) -> None:
        raise BadXml("The file declares a document type, which declarations have none of.")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(data)
        parser.Parse(b"", isfinal)
    # The latter two are raised for encodings that are not known, or that expat does not read.
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise BadXml(f"The file is no XML: {error}.") from error
    return builder.close()


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


def text_of(element: Element, name: str, default: str = "") -> str:
    """Give the text of the first element of a name, without blanks around it."""
    found = element.find(name)
    return default if found is None else (found.text or "").strip()


def flag_of(element: Element, name: str) -> bool:
    """Tell whether an element of a name says true."""
    return text_of(element, name).lower() == "true"


def number_of(element: Element, name: str) -> int | None:
    """Give the whole number that an element of a name says; None where it says none."""
    text = text_of(element, name)
    return int(text) if _NUMBER.fullmatch(text) else None


def texts_of(element: Element, name: str) -> tuple[str, ...]:
    """Give the texts of all elements of a name, but for empty ones."""
    told = ((one.text or "").strip() for one in element.iterfind(name))
    return tuple(text for text in told if text)


def names_in(element: Element) -> Iterator[str]:
    """Yield what the elements right below an element are called, each once."""
    yield from dict.fromkeys(one.tag for one in element)
