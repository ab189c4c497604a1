"""Functions that read the moment and the viewer: a value from outside is their last argument."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from fieldstone.metadata.calculation import Kind
from fieldstone.query_language.formula.typed import MomentValue, Read, Shape, Typed
from fieldstone.query_language.functions.function import Plain, check_arguments

NOW: Final = Read(MomentValue.NOW, Shape(Kind.DATETIME))
TODAY: Final = Read(MomentValue.TODAY, Shape(Kind.DATE))
TIME: Final = Read(MomentValue.TIME, Shape(Kind.TIME))
ZONE: Final = Read(MomentValue.ZONE, Shape(Kind.TEXT))
FISCAL_MONTH: Final = Read(MomentValue.FISCAL_MONTH, Shape(Kind.NUMBER, 2))


class OfMoment(Plain):
    """A plain function with one argument more than `takes` says.

    reads: what that is.
    """

    reads: ClassVar[Read]

    def adapt(self, arguments: Sequence[Typed]) -> Sequence[Typed]:
        return [*super().adapt(arguments), self.reads]

    def shape(self, arguments: Sequence[Typed]) -> Shape:
        check_arguments(self.takes, arguments[:-1])
        return self.result([argument.shape for argument in arguments])
