"""What is made on the pages of layouts: three sorts of components that name fields of an object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fieldstone.metadata.kinds.registry import COMPACT_LAYOUT, FIELD_SET, LAYOUT


@dataclass(frozen=True, slots=True)
class Sort:
    """What may be made here. slug: in its address; noun: for people; told: what it is for."""

    kind: str
    slug: str
    noun: str
    told: str

    @property
    def is_layout(self) -> bool:
        """Whether it has sections and related lists."""
        return self.kind == LAYOUT.name


_HEAD: Final = "The fields that the head of a record tells."
SORTS: Final[Mapping[str, Sort]] = {
    one.slug: one
    for one in (
        Sort(LAYOUT.name, "layouts", "layout", "Where fields stand on records and in their forms."),
        Sort(COMPACT_LAYOUT.name, "compact-layouts", "compact layout", _HEAD),
        Sort(
            FIELD_SET.name,
            "field-sets",
            "field set",
            "Fields under a name, for lists and programs.",
        ),
    )
}
