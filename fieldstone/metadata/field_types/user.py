"""User: a reference to a person who signs in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fieldstone.metadata.field_types.field_type import Widget
from fieldstone.metadata.field_types.lookup import ChildName
from fieldstone.metadata.field_types.reference import OnDelete, Reference, ReferenceOptions, picker

USER_OBJECT: Final = "User"


@dataclass(frozen=True, slots=True)
class UserOptions:
    """child_name: what the user calls the records that point to them."""

    child_name: ChildName | None = None

    @property
    def targets(self) -> tuple[str, ...]:
        """The object of users."""
        return (USER_OBJECT,)

    @property
    def on_delete(self) -> OnDelete:
        """Users are deactivated; one who is deleted all the same leaves the field empty."""
        return OnDelete.CLEAR


class User(Reference[ReferenceOptions]):
    """A reference to a user, such as the owner of a deal."""

    name = "user"
    label = "User"
    options_class = UserOptions

    def widget(self, options: ReferenceOptions) -> Widget:
        return picker(options)
