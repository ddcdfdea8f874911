"""The candidates of a step: different new molecules, where each comes from, and what surrogates see of them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from rdkit.Chem import Mol

from chemmara.molecules.chem import molecules_of
from chemmara.screening.features import Features


@dataclass
class Pool:
    """Molecules that a step may measure, in the order in which they came."""

    taken: Callable[[str], bool]  # whether a molecule was measured, or is being measured, and cannot be a candidate
    sources: dict[str, str] = field(default_factory=dict)  # canonical SMILES -> the first source that has it
    molecules: list[Mol] = field(default_factory=list)  # of those described so far
    features: Features = field(default_factory=lambda: Features.of([]))  # of these

    def __len__(self) -> int:
        return len(self.sources)

    @property
    def smiles(self) -> list[str]:
        """Canonical SMILES (n,)."""
        return list(self.sources)

    def add(self, smiles: Iterable[str], source: str) -> None:
        """Take in those that are not among the candidates, or taken; "" is no molecule."""
        for text in smiles:
            if text and not self.taken(text):
                self.sources.setdefault(text, source)

    def describe(self) -> None:
        """Read the molecules that have come since the last time, and see what surrogates see of them."""
        new = molecules_of(self.smiles[len(self.molecules) :])
        self.molecules += new
        self.features = self.features.and_then(Features.of(new))
