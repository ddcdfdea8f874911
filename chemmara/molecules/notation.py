"""How a molecule is written for a language model: SMILES or SELFIES, and how that text falls into tokens."""

import re
from dataclasses import dataclass
from typing import Final, Protocol

import selfies

from chemmara.errors import ChemmaraError

_SMILES_TOKEN = re.compile(r"\[[^\]]+\]|Br|Cl|%\d\d|.", re.DOTALL)


class Notation(Protocol):
    """A way to write molecules. `split` loses nothing: joining its tokens gives the text back."""

    @property
    def name(self) -> str:
        """'smiles' or 'selfies', as it stands in a prior's files."""
        ...

    def write(self, smiles: str) -> str:
        """A SMILES in this notation."""
        ...

    def read(self, text: str) -> str:
        """The SMILES of a text in this notation; it may be chemical nonsense, which `chem.parse` tells."""
        ...

    def split(self, text: str) -> list[str]:
        """The tokens of a text, in order."""
        ...


@dataclass(frozen=True)
class Smiles:
    """SMILES as it is; a bracket atom, a two-letter element and a %nn ring closure are one token each.

    >>> Smiles().split("C[C@@H](Cl)C%10")
    ['C', '[C@@H]', '(', 'Cl', ')', 'C', '%10']
    """

    name: str = "smiles"

    def write(self, smiles: str) -> str:
        """The SMILES unchanged."""
        return smiles

    def read(self, text: str) -> str:
        """The text unchanged."""
        return text

    def split(self, text: str) -> list[str]:
        """Tokens by a regular expression that matches any character, so that nothing is lost."""
        return _SMILES_TOKEN.findall(text)


@dataclass(frozen=True)
class Selfies:
    """SELFIES (Krenn et al. 2020, doi:10.1088/2632-2153/aba947): every text over its alphabet is a molecule.

    >>> Selfies().split(Selfies().write("CCO"))
    ['[C]', '[C]', '[O]']
    """

    name: str = "selfies"

    def write(self, smiles: str) -> str:
        """The SELFIES of a SMILES; ChemmaraError where the library cannot write one."""
        try:
            return str(selfies.encoder(smiles))
        except selfies.EncoderError as error:
            reason = str(error).strip().splitlines()[0]
            raise ChemmaraError(f"{smiles}: has no SELFIES: {reason}") from None

    def read(self, text: str) -> str:
        """The SMILES that the SELFIES derives; '' for a text that is not SELFIES."""
        try:
            return str(selfies.decoder(text))
        except selfies.DecoderError:
            return ""

    def split(self, text: str) -> list[str]:
        """One token per bracket, and the dots between fragments."""
        return list(selfies.split_selfies(text))


NOTATIONS: Final[dict[str, Notation]] = {"smiles": Smiles(), "selfies": Selfies()}
