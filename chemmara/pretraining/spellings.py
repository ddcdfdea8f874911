"""Random SMILES to learn from: each training molecule is written anew in every epoch, fixed by seed, epoch and row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from chemmara.errors import TokenError
from chemmara.language_model.checkpoint import Prior, Randomisation
from chemmara.language_model.tokenizer import written
from chemmara.molecules.chem import parse, randomised, unrestricted
from chemmara.pretraining.batches import Encoded, Spelled

_LOOKED_AT, _EPOCHS = 1000, 10  # molecules, and epochs of each, whose spellings tell the tokens and the length needed
_HELD_OUT_SEED = 0  # the same for every run, so that held-out likelihoods of two priors can be compared


def spelling(smiles: str, kind: Randomisation, *, seed: int, epoch: int, row: int) -> str:
    """A random SMILES of a valid molecule; the same seed, epoch and row give the same one.

    Restricted: the atoms are renumbered at random, and RDKit writes a side chain before it goes on round the ring, as
    replay text "randomised" is made. Unrestricted: RDKit's doRandom, without that rule: c1cc(ccc1)C, too. Both as in
    Arús-Pous et al. 2019, doi:10.1186/s13321-019-0393-0.

    >>> [spelling("CC(=O)N", "restricted", seed=0, epoch=epoch, row=0) for epoch in range(3)]
    ['CC(=O)N', 'CC(N)=O', 'O=C(C)N']
    """
    molecule = parse(smiles)
    if molecule is None:
        raise ValueError(f"{smiles}: an invalid SMILES")
    drawn = int(np.random.SeedSequence((seed, epoch, row)).generate_state(1)[0])
    if kind == "restricted":
        return randomised(molecule, drawn)
    return unrestricted(molecule, drawn)


def first_spellings(smiles: Sequence[str], kind: Randomisation, notation: str, seed: int) -> Iterator[str]:
    """What training will read of the first 1,000 molecules in its first ten epochs, in a notation."""
    for row, text in enumerate(smiles[:_LOOKED_AT]):
        for epoch in range(_EPOCHS):
            try:
                yield written(spelling(text, kind, seed=seed, epoch=epoch, row=row), notation)
            except TokenError:  # no SELFIES of this spelling: training takes the canonical one
                continue


@dataclass(frozen=True)
class RandomSpellings:
    """Training molecules that are written anew in every epoch.

    A spelling with a token that the vocabulary lacks, or with more tokens than samples of the prior may have, gives way
    to the molecule's own row.
    """

    smiles: Sequence[str]
    canonical: Encoded  # their rows as the corpus writes them
    prior: Prior  # whose vocabulary and `max_length` a spelling has to fit
    kind: Randomisation
    seed: int

    @property
    def lengths(self) -> np.ndarray:
        """(molecules,) tokens of the canonical rows, by which batches are made up: they are the same in every epoch."""
        return self.canonical.lengths

    def spelled(self, rows: np.ndarray, epoch: int, /) -> Spelled:
        """The rows as they are written in an epoch."""
        found = [self._encoded(int(row), epoch) for row in rows]
        own = self.canonical.lists(rows)
        encoded = Encoded.of([own[i] if ids is None else ids for i, ids in enumerate(found)])
        return Spelled(encoded.batch(np.arange(len(rows))), sum(ids is None for ids in found))

    def head(self, n: int) -> Encoded:
        """At most the first n molecules, as they are written in epoch 0."""
        rows = np.arange(min(n, len(self.canonical)))
        own = self.canonical.lists(rows)
        return Encoded.of([self._encoded(row, 0) or own[row] for row in rows.tolist()])

    def _encoded(self, row: int, epoch: int) -> list[int] | None:
        """Ids of a molecule's spelling; None where the prior cannot write it."""
        try:
            ids = self.prior.encode(spelling(self.smiles[row], self.kind, seed=self.seed, epoch=epoch, row=row))
        except TokenError:
            return None
        return ids if len(ids) <= self.prior.config.max_length else None


def held_out_spellings(smiles: Sequence[str], prior: Prior, kind: Randomisation) -> Encoded:
    """One random SMILES of each held-out molecule, whatever the seed of the run; canonical where it cannot be written.

    TokenError where the prior can write neither.
    """
    canonical = Encoded.of([prior.encode(text) for text in smiles])
    return RandomSpellings(smiles, canonical, prior, kind, _HELD_OUT_SEED).head(len(smiles))
