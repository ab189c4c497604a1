"""What was found, marked in the texts it was found in: <mark>acme</mark>, all else as HTML text."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from fieldstone.metadata.values import Json, JsonObject, fold
from fieldstone.query_language.finding.checks import Marking
from fieldstone.query_language.finding.patterns import steady_expression_of
from fieldstone.query_language.finding.syntax import (
    AllOf,
    AnyOf,
    NoneOf,
    SearchText,
    Term,
)

_ELLIPSIS = "…"
MOST_MARKED = 5_000
"""Characters of a text in which places are looked for, so that one record takes no seconds."""


@dataclass(frozen=True, slots=True)
class Marker:
    """Marks the wanted terms of one search."""

    marking: Marking
    expressions: tuple[re.Pattern[str], ...]

    @classmethod
    def of(cls, search: SearchText, marking: Marking) -> Marker:
        """Give the marker of a search."""
        terms = dict.fromkeys(wanted_terms(search))
        expressions = (re.compile(steady_expression_of(one.pattern)) for one in terms)
        return cls(marking, tuple(expressions))

    def members(self, texts: Mapping[str, Json]) -> JsonObject:
        """Give what a record shows beside its fields. texts: of the fields that were looked at."""
        found = {
            name: (text, places)
            for name, text in texts.items()
            if isinstance(text, str) and (places := self._places(text))
        }
        shown: dict[str, Json] = {}
        if self.marking.snippet_length is not None:
            shown["snippet"] = self._snippet(found, self.marking.snippet_length)
        if self.marking.highlights:
            shown["highlight"] = {name: _marked(*one) for name, one in found.items()}
        return shown

    def _snippet(
        self, found: Mapping[str, tuple[str, list[tuple[int, int]]]], length: int
    ) -> JsonObject | None:
        """Give what surrounds the first place in the longest text; null without one."""
        if not found:
            return None
        name = max(found, key=lambda name: len(found[name][0]))
        text, places = found[name]
        first, behind = places[0]
        start = max(0, min(first - (length - (behind - first)) // 2, len(text) - length))
        end = min(len(text), max(start + length, behind))
        inside = [(a - start, b - start) for a, b in places if a >= start and b <= end]
        marked = _marked(text[start:end], inside)
        before = _ELLIPSIS if start > 0 else ""
        return {"field": name, "text": f"{before}{marked}{_ELLIPSIS if end < len(text) else ''}"}

    def _places(self, text: str) -> list[tuple[int, int]]:
        """Give where the terms stand, in order, those that touch as one."""
        folded = _Folded.of(text[:MOST_MARKED])
        spans = sorted(
            folded.place(span) for one in self.expressions for span in _spans(one, folded.text)
        )
        merged: list[tuple[int, int]] = []
        for start, end in spans:
            if merged and start <= merged[-1][1]:
                merged[-1] = merged[-1][0], max(end, merged[-1][1])
            else:
                merged.append((start, end))
        return merged


@dataclass(frozen=True, slots=True)
class _Folded:
    """A text as terms are looked for in it.

    starts: where each of its characters stands in the text as it was; None where all do so at the
    same place.
    """

    text: str
    starts: tuple[int, ...] | None

    @classmethod
    def of(cls, text: str) -> _Folded:
        """Fold a text; a capital may become two characters."""
        folded = fold(text)
        if len(folded) == len(text):
            return cls(folded, None)
        signs = [(place, sign) for place, one in enumerate(text) for sign in fold(one)]
        return cls("".join(sign for _, sign in signs), tuple(place for place, _ in signs))

    def place(self, span: tuple[int, int]) -> tuple[int, int]:
        """Give where a part of it, of one character at least, stands in the text as it was."""
        if self.starts is None:
            return span
        begin, end = span
        return self.starts[begin], self.starts[end - 1] + 1


def wanted_terms(search: SearchText) -> Iterator[Term]:
    """Yield the terms that are wanted, not those behind NOT."""
    match search:
        case Term():
            yield search
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from wanted_terms(part)
        case NoneOf():
            return


def _spans(expression: re.Pattern[str], text: str) -> Iterator[tuple[int, int]]:
    start = 0
    while found := expression.search(text, start):
        begin, end = found.span(2)
        if begin < end:
            yield begin, end
        # What separates two words may stand behind one and in front of the next.
        start = max(end, start + 1)


def _marked(text: str, places: Iterable[tuple[int, int]]) -> str:
    pieces, behind = [], 0
    for start, end in places:
        pieces += [html.escape(text[behind:start]), f"<mark>{html.escape(text[start:end])}</mark>"]
        behind = end
    return "".join([*pieces, html.escape(text[behind:])])
