"""Children of the best molecules: a graph-based genetic algorithm beside the policy, paid from the same budget.

Source: Genetic-GFN (arXiv 2402.05961), hyeonahkimm/genetic_gfn, pmo/main/genetic_gfn/ga_expert.py.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import torch
from pydantic import PositiveInt

from chemmara.config import Fraction, Strict
from chemmara.molecules.chem import canonical, canonical_smiles, parse
from chemmara.molecules.crossover import crossover
from chemmara.molecules.mutation import mutated
from chemmara.rl.ranks import drawn_by_rank

_POOL: Final = 1024  # molecules that can be parents


class GeneticConfig(Strict):
    """Children of the best molecules so far, scored in every step and learned from through the replay."""

    generations: PositiveInt = 2
    """Generations a step."""
    offspring: PositiveInt = 8
    """Most children of a generation; each new one costs an oracle call of the same budget."""
    parents: PositiveInt = 64
    """Molecules drawn for a generation, by rank and with replacement, from the best 1,024 so far. There are no
    children before more molecules than this have a score."""
    mutation_rate: Fraction = 0.01
    """Probability that a child is changed after crossover."""


@dataclass
class Breeding:
    """The molecules that can be parents, and how their children are made."""

    config: GeneticConfig
    generator: torch.Generator
    pool: dict[str, float] = field(default_factory=dict)  # canonical SMILES -> what it earned, best first

    def add(self, smiles: list[str], scores: np.ndarray) -> None:
        """Take in scored molecules; an invalid SMILES ("") and a molecule without a score (NaN) are left out."""
        for molecule, score in zip(smiles, scores.tolist(), strict=True):
            if molecule and score > self.pool.get(molecule, float("-inf")):
                self.pool[molecule] = score
        self.pool = dict(sorted(self.pool.items(), key=lambda entry: -entry[1])[:_POOL])

    def forget(self, full: Callable[[str], bool]) -> None:
        """Take out the molecules that earn nothing more, since the diversity filter's bucket for them is full."""
        self.pool = {molecule: score for molecule, score in self.pool.items() if not full(molecule)}

    def generation(self) -> list[str]:
        """The different children of one generation, as canonical SMILES: at most `offspring`, all of them valid."""
        if len(self.pool) <= self.config.parents:
            return []
        molecules = list(self.pool)
        parents = [molecules[i] for i in drawn_by_rank(len(molecules), self.config.parents, self.generator)]
        rng = random.Random(int(torch.randint(2**62, (1,), generator=self.generator)))
        children = [child(rng.choice(parents), rng.choice(parents), self.config.mutation_rate, rng)
                    for _ in range(self.config.offspring)]  # fmt: skip
        return [smiles for smiles in dict.fromkeys(children) if smiles]


def child(first: str, second: str, mutation_rate: float, rng: random.Random) -> str:
    """Canonical SMILES of a child of two molecules, given as SMILES; "" where they have none."""
    parents = parse(first), parse(second)
    if parents[0] is None or parents[1] is None:
        return ""
    born = crossover(parents[0], parents[1], rng)
    if born is not None and rng.random() <= mutation_rate:
        born = mutated(born, rng)
    return "" if born is None else canonical_smiles(canonical(born)) or ""
