"""Text to token ids and back, over a fixed vocabulary."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from chemmara.errors import ChemmaraError, TokenError
from chemmara.molecules.alphabet import is_stereo
from chemmara.molecules.notation import NOTATIONS, Notation

PAD, START, END = 0, 1, 2
_SPECIALS = ("<pad>", "<start>", "<end>")


def written(smiles: str, notation: str) -> str:
    """A SMILES in a notation; TokenError where the molecule cannot be written in it (some have no SELFIES)."""
    try:
        return NOTATIONS[notation].write(smiles)
    except ChemmaraError as error:
        detail = str(error).removeprefix(f"{smiles}: has no SELFIES: ")
        raise TokenError(smiles, "has no SELFIES", f"({detail})") from None


@dataclass(frozen=True)
class Tokenizer:
    """A notation and its vocabulary; ids 0, 1 and 2 are padding, start and end.

    >>> tokenizer = Tokenizer("smiles", ("C", "Cl", "O"))
    >>> tokenizer.encode("CCl"), tokenizer.decode([3, 4, 2, 0])
    ([3, 4, 2], 'CCl')
    """

    notation: str
    tokens: tuple[str, ...]  # in order of their ids, without the three specials

    @classmethod
    def of(cls, texts: Iterable[str], notation: str = "smiles") -> "Tokenizer":
        """The smallest vocabulary that writes every text, its tokens sorted."""
        split = NOTATIONS[notation].split
        return cls(notation, tuple(sorted({token for text in texts for token in split(text)})))

    def __len__(self) -> int:
        return len(_SPECIALS) + len(self.tokens)

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {token: i for i, token in enumerate(self.tokens, start=len(_SPECIALS))}

    @cached_property
    def _rules(self) -> Notation:
        return NOTATIONS[self.notation]

    def encode(self, text: str) -> list[int]:
        """Ids of a text and the end token; TokenError names the first unknown token, its position and the text."""
        tokens = self._rules.split(text)
        try:
            return [*(self._ids[token] for token in tokens), END]
        except KeyError:
            i, token = next((i, token) for i, token in enumerate(tokens) if token not in self._ids)
            place = f"at character {sum(map(len, tokens[:i])) + 1}"
            hint = " (stereo: `corpus prepare --stereo drop` or `pretrain --stereo drop` takes it off)"
            detail = place + hint if is_stereo(token) else place
            raise TokenError(text, f"unknown token {token!r}", detail) from None

    def encode_smiles(self, smiles: str) -> list[int]:
        """Ids of a SMILES, written in this tokenizer's notation first; TokenError where it cannot be written."""
        return self.encode(written(smiles, self.notation))

    def knows(self, smiles: str) -> bool:
        """Whether the SMILES can be written: it exists in this notation, and every token is in the vocabulary."""
        try:
            self.encode_smiles(smiles)
        except TokenError:
            return False
        return True

    def decode(self, ids: Sequence[int]) -> str:
        """Text up to the end token (or the last id); specials are not written."""
        text: list[str] = []
        for i in ids:
            if i == END:
                break
            if i >= len(_SPECIALS):
                text.append(self.tokens[i - len(_SPECIALS)])
        return "".join(text)

    def decode_smiles(self, ids: Sequence[int]) -> str:
        """SMILES of a row of ids; '' where no end token was reached, for such a molecule was never finished."""
        return self._rules.read(self.decode(ids)) if END in ids else ""
