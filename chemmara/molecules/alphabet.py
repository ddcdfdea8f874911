"""What a prior can write, told by its vocabulary: elements, stereo, charges, length. Needs no torch."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from chemmara import assets
from chemmara.errors import ChemmaraError

_ELEMENT = re.compile(r"\[?[=#/\\-]*\d*(?:(se|te|as|si)(?![a-z])|([A-Z][a-z]?|[bcnops]))")
_NO_ATOM: Final = ("Branch", "Ring", "nop")  # SELFIES tokens that stand for no atom


def is_stereo(token: str) -> bool:
    """Whether a token of SMILES or SELFIES tells a stereo centre or the side of a double bond.

    >>> [is_stereo(token) for token in ("[C@@H]", "/", "[/C]", "[nH]", "C")]
    [True, True, True, False, False]
    """
    return any(mark in token for mark in "@/\\")


def element_of(token: str) -> str | None:
    """The element of an atom's token, of SMILES or SELFIES; None for a token that is no atom.

    >>> [element_of(token) for token in ("Cl", "c", "[nH]", "[C@@H]", "[=N+1]", "[Ring1]", "=", "%10", "[se]")]
    ['Cl', 'C', 'N', 'C', 'N', None, None, None, 'Se']
    """
    found = None if any(word in token for word in _NO_ATOM) else _ELEMENT.match(token)
    return None if found is None else (found[1] or found[2]).capitalize()


@dataclass(frozen=True)
class Alphabet:
    """The tokens of a prior, and the most of them that it writes."""

    tokens: tuple[str, ...]
    max_length: int  # tokens, end included

    @cached_property
    def stereo(self) -> bool:
        """Whether it can tell stereo centres or the sides of double bonds."""
        return any(map(is_stereo, self.tokens))

    @cached_property
    def elements(self) -> tuple[str, ...]:
        """The elements of its atoms, sorted; hydrogen goes without saying."""
        return tuple(sorted({element for token in self.tokens if (element := element_of(token))} - {"H"}))

    def sentence(self) -> str:
        """Its limits in words.

        >>> Alphabet(("C", "O", "Cl", "("), 101).sentence()
        'writes C, Cl, O; no stereo; up to 100 tokens'
        """
        stereo = "with stereo" if self.stereo else "no stereo"
        return f"writes {', '.join(self.elements)}; {stereo}; up to {self.max_length - 1} tokens"


class _Length(BaseModel):
    max_length: int


class _Tokens(BaseModel):
    tokens: tuple[str, ...]


def alphabet_of(prior: str | Path) -> Alphabet:
    """The alphabet of a prior's folder or a bundled prior, from config.json and vocabulary.json alone.

    ChemmaraError where they are missing or damaged.
    """
    folder = assets.prior_folder(prior)
    length, tokens = _read(folder / "config.json", _Length), _read(folder / "vocabulary.json", _Tokens)
    return Alphabet(tokens.tokens, length.max_length)


def _read(path: Path, kind: type[Any]) -> Any:
    try:
        return kind.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        raise ChemmaraError(f"{path}: missing or damaged; this is no prior") from None
