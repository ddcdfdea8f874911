"""The patterns of one core, of one set of fragments, or of one cut of a molecule, and what they keep."""

from collections.abc import Sequence
from dataclasses import dataclass

from rdkit.Chem import Mol

from chemmara.decoration.conditions import Conditions
from chemmara.decoration.pattern import Pattern
from chemmara.errors import ChemmaraError, TokenError
from chemmara.language_model.tokenizer import Tokenizer


@dataclass(frozen=True)
class Family:
    """Patterns that stand for the same request."""

    kept: str  # SMILES of what is kept, with its places
    columns: tuple[str, ...]  # names of what is sampled: R1, R2, ..., or linker
    variants: tuple[tuple[Pattern, ...], ...]  # each variant has the same share, and each pattern of a variant
    conditions: Conditions  # what every molecule of it meets, whoever proposes the molecule

    @property
    def patterns(self) -> list[Pattern]:
        """All patterns, variant by variant."""
        return [pattern for variant in self.variants for pattern in variant]

    @property
    def shares(self) -> list[float]:
        """The probability of each of the patterns; they sum to 1."""
        return [1.0 / len(self.variants) / len(variant) for variant in self.variants for _ in variant]

    def keeps(self, molecule: Mol) -> bool:
        """Whether a molecule holds what is kept, with groups or linkers of the right sizes at its places only."""
        return self.conditions.hold(molecule)


def writable(patterns: Sequence[Pattern], tokenizer: Tokenizer, what: str) -> tuple[Pattern, ...]:
    """Those of the patterns whose given tokens a prior has.

    Raises:
        ChemmaraError: there is none; it names the first token that the prior lacks.
    """
    kept, reason = [], "no SMILES of it fits"
    for pattern in patterns:
        try:
            tokenizer.encode(pattern.given)
        except TokenError as error:
            hint = error.detail.partition(" (")[2]
            reason = f"{error.reason}, which this prior does not know{f' ({hint}' if hint else ''}"
        else:
            kept.append(pattern)
    if not kept:
        raise ChemmaraError(f"{what}: {reason}")
    return tuple(kept)
