"""YAML as declarations are read and written: JSON's values in a form that people like to write.

Only what JSON has: texts, numbers (with a point they are Decimal, never float), true, false,
null, lists and objects. `no` and `2026-01-31` are texts. Keys that stand twice, references from
one place to another, tags and more than one document are refused, so that a small file cannot
mean something large or something else than it seems to.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import yaml
from yaml import AliasEvent, MappingNode, Node, SafeDumper, ScalarNode, YAMLError
from yaml.events import CollectionEndEvent, CollectionStartEvent, NodeEvent

from fieldstone.errors import InvalidInput, Span
from fieldstone.metadata.values import Json

if TYPE_CHECKING:
    from yaml import CSafeLoader as FastLoader
else:
    FastLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

MAX_CHARACTERS: Final = 1_000_000
MAX_DEPTH: Final = 32
_NULL: Final = "tag:yaml.org,2002:null"
_BOOL: Final = "tag:yaml.org,2002:bool"
_INT: Final = "tag:yaml.org,2002:int"
_FLOAT: Final = "tag:yaml.org,2002:float"
_MAP: Final = "tag:yaml.org,2002:map"


_WIDTH: Final = 100
_LINES: Final = re.compile(r"(?:[!-~](?:[ -~]*[!-~])?\n)+(?:[!-~](?:[ -~]*[!-~])?)?")
"""Texts of lines that are written as they are: none begins or ends with a blank, or is empty."""


class BadYaml(InvalidInput):
    """A text that is not YAML, or more than declarations need of it."""

    code = "metadata.bad_yaml"


def read_yaml(text: str) -> Json:
    """Give the value that a YAML text holds; None for an empty one. Raises BadYaml."""
    if len(text) > MAX_CHARACTERS:
        raise BadYaml(f"The file has more than {MAX_CHARACTERS:,} characters.")
    try:
        _check_events(text)
        result: Json = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader with fewer types
    except UnicodeEncodeError as error:
        raise BadYaml("This text is not valid Unicode: it holds half of a pair.") from error
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        told = str(getattr(error, "problem", None) or "it cannot be read")
        at = None if mark is None else Span(mark.line + 1, mark.column + 1)
        raise BadYaml(f"This is not valid YAML: {told}.", at=at) from error
    return result


def _check_events(text: str) -> None:
    """Refuse what would make the reading itself dangerous: depth, references, tags."""
    depth = 0
    for event in yaml.parse(text, Loader=FastLoader):
        at = None
        if event.start_mark is not None:
            at = Span(event.start_mark.line + 1, event.start_mark.column + 1)
        if isinstance(event, AliasEvent) or (isinstance(event, NodeEvent) and event.anchor):
            raise BadYaml("References with & and * are not allowed here.", at=at)
        if getattr(event, "tag", None) not in {None, "!"}:
            raise BadYaml("Tags with ! are not allowed here.", at=at, hint="Use quotes for a text.")
        depth += isinstance(event, CollectionStartEvent)
        depth -= isinstance(event, CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise BadYaml(f"This is nested more than {MAX_DEPTH} deep.", at=at)


class _Loader(FastLoader):
    """A safe loader that knows JSON's values only."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}

    def number(self, node: ScalarNode) -> int | Decimal:
        """Give a whole number or a Decimal."""
        return int(node.value) if node.tag == _INT else Decimal(node.value)

    def mapping(self, node: MappingNode) -> dict[Hashable, Json]:
        """Give an object, all keys of which are different texts."""
        seen: set[str] = set()
        for key, _ in node.value:
            at = Span(key.start_mark.line + 1, key.start_mark.column + 1)
            if not isinstance(key, ScalarNode):
                raise BadYaml("A key must be a text.", at=at)
            if key.value in seen:
                raise BadYaml(f"The key {key.value[:80]} stands there twice.", at=at)
            seen.add(key.value)
        return {key.value: self.construct_object(value, deep=True) for key, value in node.value}


_Loader.add_implicit_resolver(_NULL, re.compile(r"^(?:null|~|)$"), ["n", "~", ""])
_Loader.add_implicit_resolver(_BOOL, re.compile(r"^(?:true|false)$"), ["t", "f"])
_Loader.add_implicit_resolver(_INT, re.compile(r"^-?(?:0|[1-9][0-9]{0,27})$"), list("-0123456789"))
_Loader.add_implicit_resolver(
    _FLOAT,
    re.compile(r"^-?(?:0|[1-9][0-9]{0,27})\.[0-9]{1,27}$"),
    list("-0123456789"),
)
_Loader.add_constructor(_INT, _Loader.number)
_Loader.add_constructor(_FLOAT, _Loader.number)
_Loader.add_constructor(_MAP, _Loader.mapping)


class _Dumper(SafeDumper):
    """A safe dumper that puts quotes around just what _Loader would not take for a text."""

    yaml_implicit_resolvers = _Loader.yaml_implicit_resolvers

    def ignore_aliases(self, data: object) -> bool:
        """Write what stands in two places twice."""
        return True

    def text(self, value: str) -> ScalarNode:
        """Give a text: lines as lines, what needs care in quotes, all else plain."""
        style = None
        if _LINES.fullmatch(value):
            style = "|"
        elif not value.isprintable():
            style = '"'
        return self.represent_scalar("tag:yaml.org,2002:str", value, style)

    def number(self, value: Decimal) -> ScalarNode:
        """Give an exact number with every digit."""
        text = format(value, "f")
        return self.represent_scalar(_FLOAT if "." in text else _INT, text)

    def pairs(self, value: Mapping[str, Json]) -> Node:
        """Give an object with its keys in the order in which they come."""
        return self.represent_mapping(_MAP, value.items())


_Dumper.add_representer(str, _Dumper.text)
_Dumper.add_representer(Decimal, _Dumper.number)
_Dumper.add_representer(dict, _Dumper.pairs)


def write_yaml(value: Json) -> str:
    """Give the YAML of a value; equal values with keys in the same order give equal texts.

    read_yaml gives the value back, as far as numbers have no more digits than it reads.
    """
    return yaml.dump(
        value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=_WIDTH, indent=2
    )
