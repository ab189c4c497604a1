"""What can be wrong with a formula, one class per code."""

from __future__ import annotations

from fieldstone.errors import InvalidInput


class BadFormula(InvalidInput):
    """The text is not a formula."""

    code = "formula.syntax"


class FormulaTooLarge(InvalidInput):
    """The formula is longer, deeper or more laborious than a formula may be."""

    code = "formula.too_large"


class FormulaCircle(InvalidInput):
    """A formula field that uses itself, be it through others."""

    code = "formula.circle"


class UnknownName(InvalidInput):
    """No field of this name, or none that the viewer may see."""

    code = "formula.unknown_name"


class UnknownFunction(InvalidInput):
    """No function of this name."""

    code = "formula.unknown_function"


class WrongArguments(InvalidInput):
    """A function or operator with operands of kinds or in a number that it does not take."""

    code = "formula.wrong_arguments"
