"""How many good molecules are known of each sample's cluster: cluster-anchored MARA subtracts beta log of it."""

from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np

from chemmara.rl.diversity_filter import Neighbourhoods, Scaffolds, Spheres

EqualMass = Literal["string", "molecule", "scaffold", "niche"]
_NICHE: Final = 0.4  # Tanimoto similarity to the first member from which a molecule belongs to a niche


class Molecules:
    """Every molecule is a cluster of its own, whose members are the strings that write it."""

    def key(self, smiles: str) -> str:
        """The canonical SMILES."""
        return smiles


@dataclass
class Clusters:
    """Good samples known so far, by cluster: strings of a molecule, or molecules of a scaffold or niche."""

    kind: EqualMass
    neighbourhoods: Neighbourhoods
    members: dict[str, str] = field(default_factory=dict)  # string or SMILES -> its cluster, in order
    counts: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, kind: EqualMass) -> "Clusters | None":
        """Empty clusters; None where every string counts for itself."""
        founded: dict[str, Neighbourhoods] = {
            "molecule": Molecules(), "scaffold": Scaffolds(), "niche": Spheres(_NICHE)
        }  # fmt: skip
        return cls(kind, founded[kind]) if kind in founded else None

    def sizes(self, smiles: list[str], texts: list[str], good: np.ndarray) -> np.ndarray:
        """(n,) known good members of each row's cluster, the batch's own among them; 1 for rows that are not good."""
        keys = [self._cluster_of(smiles[i], texts[i]) if good[i] else None for i in range(len(smiles))]
        return np.array([1 if key is None else self.counts[key] for key in keys])

    def _cluster_of(self, smiles: str, text: str) -> str:
        """The cluster of a good sample, which is counted as a member from now on."""
        member = text if self.kind == "molecule" else smiles
        if member not in self.members:
            key = self.neighbourhoods.key(smiles)
            self.members[member] = key
            self.counts[key] = self.counts.get(key, 0) + 1
        return self.members[member]

    def state(self) -> list[tuple[str, str]]:
        """Members and their clusters in order."""
        return list(self.members.items())

    def restore(self, state: list[tuple[str, str]]) -> None:
        """Know the members of a saved state."""
        for member, key in state:
            if self.kind == "niche" and member == key:
                self.neighbourhoods.key(member)  # the centre of a niche is one again
            self.members[member] = key
            self.counts[key] = self.counts.get(key, 0) + 1
