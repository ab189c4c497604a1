"""The parts of a regular expression, and sets of characters as ranges of code points."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from string import ascii_letters
from typing import Final, TypeAlias, assert_never

LAST_CODE: Final = 0x10FFFF
Ranges: TypeAlias = tuple[tuple[int, int], ...]
"""Code points from the first to the second of each pair, in order and apart from each other."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One character of a set."""

    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Row:
    """Parts one behind the other."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several parts."""

    options: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """A part so many times; most: None for any number."""

    part: Node
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Look:
    """Whether a part follows, without passing it; negative: whether it does not."""

    part: Node
    negative: bool


class Edge(Enum):
    """A place between characters."""

    BEGIN = "the beginning"
    END = "the end"
    WORD = "the edge of a word"
    NO_WORD = "anywhere but at the edge of a word"


Node: TypeAlias = Letter | Row | Choice | Repeat | Look | Edge


def ranges_of(pairs: Iterable[tuple[int, int]]) -> Ranges:
    """Give ranges in order, joined where they touch."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(pairs):
        if found and first <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(last, found[-1][1])
        else:
            found.append((first, last))
    return tuple(found)


def others(ranges: Ranges) -> Ranges:
    """Give all characters that are not in ranges. There is no character 0."""
    found, begin = [], 1
    for first, last in ranges:
        if first > begin:
            found.append((begin, first - 1))
        begin = last + 1
    if begin <= LAST_CODE:
        found.append((begin, LAST_CODE))
    return tuple(found)


def in_both(one: Ranges, other: Ranges) -> Ranges:
    """Give the characters that are in both of two sets."""
    return others(ranges_of([*others(one), *others(other)]))


def in_both_cases(ranges: Ranges) -> Ranges:
    """Give ranges with the other case of each letter from A to Z in them."""
    swapped = (ord(letter.swapcase()) for letter in ascii_letters if holds(ranges, ord(letter)))
    return ranges_of([*ranges, *((code, code) for code in swapped)])


def holds(ranges: Ranges, code: int) -> bool:
    """Tell whether a character is in ranges."""
    return any(first <= code <= last for first, last in ranges)


def of_characters(characters: str) -> Ranges:
    """Give the ranges of some characters."""
    return ranges_of((ord(one), ord(one)) for one in characters)


def size(node: Node) -> int:
    """Give how many characters a pattern has with all its repetitions written out."""
    match node:
        case Letter() | Edge():
            return 1
        case Row(parts) | Choice(parts):
            return sum(map(size, parts)) + 1
        case Repeat(part, least, most):
            return size(part) * max(least + 1 if most is None else most, 1)
        case Look(part):
            return size(part) + 1
        case _:
            assert_never(node)


def count_of_ranges(node: Node) -> int:
    """Give how many ranges of characters stand in a pattern as it is written."""
    match node:
        case Letter(ranges):
            return len(ranges)
        case Row(parts) | Choice(parts):
            return sum(map(count_of_ranges, parts))
        case Repeat(part) | Look(part):
            return count_of_ranges(part)
        case Edge():
            return 0
        case _:
            assert_never(node)


def length_of(node: Node) -> int | None:
    """Give how many characters every text has that a pattern describes; None where it differs."""
    match node:
        case Letter():
            return 1
        case Look() | Edge():
            return 0
        case Row(parts):
            lengths = [length_of(part) for part in parts]
            return None if None in lengths else sum(one or 0 for one in lengths)
        case Choice(options):
            first, *others = {length_of(option) for option in options}
            return None if others else first
        case Repeat(part, least, most):
            length = length_of(part)
            return length * least if length is not None and least == most else None
        case _:
            assert_never(node)


def ranges_in_parts(parts: Iterable[Node]) -> Ranges:
    """Give the characters that texts may have that some patterns describe."""
    return ranges_of(pair for part in parts for pair in _pairs_in(part))


def _pairs_in(node: Node) -> Iterator[tuple[int, int]]:
    match node:
        case Letter(ranges):
            yield from ranges
        case Row(parts) | Choice(parts):
            for part in parts:
                yield from _pairs_in(part)
        case Repeat(part):
            yield from _pairs_in(part)
        case Look() | Edge():
            return
        case _:
            assert_never(node)


def without_ends(node: Node) -> Node:
    """Give a pattern of whole texts without the signs that say where these begin and end."""
    match node:
        case Edge.BEGIN | Edge.END:
            return Row(())
        case Choice(options):
            return Choice(tuple(map(without_ends, options)))
        case Row(parts):
            inner = list(parts)
            while inner and inner[0] is Edge.BEGIN:
                del inner[0]
            while inner and inner[-1] is Edge.END:
                del inner[-1]
            return Row(tuple(inner))
        case _:
            return node


def looks(node: Node) -> bool:
    """Tell whether a pattern looks ahead, or behind for the edge of a word."""
    match node:
        case Look() | Edge():
            return True
        case Row(parts) | Choice(parts):
            return any(map(looks, parts))
        case Repeat(part):
            return looks(part)
        case Letter():
            return False
        case _:
            assert_never(node)


WORD: Final = ranges_of([(48, 57), (65, 90), (95, 95), (97, 122)])
DIGIT: Final = ranges_of([(48, 57)])
BLANK: Final = of_characters(" \t\n\v\f\r")
LINE_ENDS: Final = of_characters("\n\r\x85\u2028\u2029")
