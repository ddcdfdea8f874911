"""A range of numbers with both its ends, as it is written on the command line."""

import re
from dataclasses import dataclass
from typing import Self

from chemmara.errors import ChemmaraError

_TEXT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*\.\.\s*(\d+(?:\.\d+)?)\s*")


@dataclass(frozen=True)
class Window:
    """Numbers from `low` to `high`, both included.

    >>> 4 in Window(2, 8), 9 in Window(2, 8), str(Window(0.4, 0.8))
    (True, False, '0.4..0.8')
    """

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    def __str__(self) -> str:
        return f"{self.low:g}..{self.high:g}"

    @classmethod
    def read(cls, text: str, what: str) -> Self:
        """The window of a text MIN..MAX; ChemmaraError that says what it is for where the text is not one.

        >>> Window.read("2..8", "--atoms")
        Window(low=2.0, high=8.0)
        """
        match = _TEXT.fullmatch(text)
        if match is None or float(match[1]) > float(match[2]):
            raise ChemmaraError(f"{what} {text!r}: write two numbers MIN..MAX, the smaller one first")
        return cls(float(match[1]), float(match[2]))

    def of_atoms(self, what: str, least: int) -> "Window":
        """The same window; ChemmaraError where it is no range of whole numbers of atoms from `least` on."""
        if self.low % 1 or self.high % 1 or self.low < least or self.high < 1:
            raise ChemmaraError(f"{what} {self}: write whole numbers, the first at least {least}, the last at least 1")
        return self
