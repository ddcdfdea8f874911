"""How different the molecules of a set are. docs/metrics.md repeats these definitions with their sources."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from rdkit.DataStructs import CreateFromBinaryText
from rdkit.SimDivFilters.rdSimDivPickers import LeaderPicker

from chemmara.metrics.packing import apart
from chemmara.metrics.similarity import Fingerprints, Overview, overview
from chemmara.molecules.chem import generic_scaffold, packed_bytes, parse, scaffold

SEARCHED: Final = 32_768
"""Different fingerprints up to which #Circles is searched for: who is near whom takes 128 MiB a distance then."""


@dataclass(frozen=True)
class Diversity:
    """How different the molecules of a set are."""

    scaffolds: dict[str, str]  # Bemis-Murcko scaffold of each molecule by its SMILES; '' for an acyclic one
    generic_scaffolds: set[str]
    fingerprints: dict[str, bytes]  # of each molecule by its SMILES, 256 bytes
    internal_diversity: float
    circles: dict[float, list[str]]  # the molecules picked, by distance


def diversity(smiles: Sequence[str], distances: Sequence[float]) -> Diversity:
    """Every figure of diversity of a set of valid SMILES, each read once and each pair compared once."""
    packed, own, generic = list[tuple[str, bytes]](), dict[str, str](), dict[str, str]()
    for text in smiles:
        molecule = parse(text)
        if molecule is None:
            raise ValueError(f"{text!r} is not a valid SMILES; leave invalid ones out first")
        own[text] = scaffold(molecule)
        if own[text] not in generic:  # it follows from the scaffold, and takes three times as long
            generic[own[text]] = generic_scaffold(molecule)
        packed.append((text, packed_bytes(molecule)))
    fingerprints = Fingerprints.of(packed)
    pairs = _overview(fingerprints, distances)
    picks = [_picked(fingerprints, pairs, index, distance) for index, distance in enumerate(distances)]
    circles = dict(zip(distances, picks, strict=True))
    return Diversity(own, set(generic.values()), dict(packed), pairs.mean_distance, circles)


def scaffolds(smiles: Iterable[str]) -> set[str]:
    """Distinct Bemis-Murcko scaffolds; all acyclic molecules count as one, the empty scaffold."""
    return {scaffold(molecule) for molecule in map(parse, smiles) if molecule is not None}


def generic_scaffolds(smiles: Iterable[str]) -> set[str]:
    """Distinct Bemis-Murcko frameworks: scaffolds with every atom carbon and every bond single."""
    return {generic_scaffold(molecule) for molecule in map(parse, smiles) if molecule is not None}


def internal_diversity(smiles: Sequence[str]) -> float:
    """IntDiv1: mean Tanimoto distance over all pairs of different rows (Morgan 2, 2048 bits); NaN below two.

    Every SMILES must be valid. Not a figure to rank methods by when it stands alone: a hundred near-copies of two
    molecules score well.
    """
    fingerprints = _fingerprints(smiles)
    if fingerprints.copies.sum() < len(smiles):
        raise ValueError("a SMILES is not valid; leave invalid ones out first")
    return overview(fingerprints).mean_distance


def circles(smiles: Iterable[str], distance: float = 0.75) -> int:
    """#Circles: how many molecules `picked` finds, each farther than `distance` from every other.

    Source: arXiv 2210.12759, where it is the largest number of such molecules; ours is a lower bound of it.

    >>> circles(["CCO", "CCCO", "c1ccccc1"])
    2
    """
    return len(picked(smiles, distance))


def picked(smiles: Iterable[str], distance: float = 0.75) -> list[str]:
    """Molecules of a set of which any two are farther apart than `distance`: as many as a search finds.

    Tanimoto distance (0 to 1) of Morgan fingerprints, radius 2, 2048 bits; invalid SMILES are left out. It depends on
    the set alone, not on the order or the copies. Up to 32 different fingerprints there is no larger set; up to 32,768
    it is what 5,000 steps of a local search find (`packing.apart`); beyond, one greedy pass that begins with the
    molecules that have the fewest others near them.
    """
    fingerprints = _fingerprints(smiles)
    return _picked(fingerprints, _overview(fingerprints, [distance]), 0, distance)


def _fingerprints(smiles: Iterable[str]) -> Fingerprints:
    molecules = ((text, parse(text)) for text in smiles)
    return Fingerprints.of((text, packed_bytes(own)) for text, own in molecules if own is not None)


def _overview(fingerprints: Fingerprints, distances: Sequence[float]) -> Overview:
    return overview(fingerprints, distances, which=len(fingerprints) <= SEARCHED)


def _picked(fingerprints: Fingerprints, pairs: Overview, index: int, distance: float) -> list[str]:
    """The molecules picked at the distance with this index in the overview."""
    if len(fingerprints) <= SEARCHED:
        rows = apart(pairs.near[index])
    else:
        order = pairs.numbers[index].argsort(kind="stable")
        texts = [fingerprints.packed[row].tobytes() for row in order]
        vectors = [CreateFromBinaryText(text) for text in texts]  # pyright: ignore[reportArgumentType] - takes bytes, too
        # The picker leaves out what lies nearer than the threshold; ours leaves out what lies as near as it, too.
        found = LeaderPicker().LazyBitVectorPick(vectors, len(vectors), np.nextafter(distance, 1.0))
        rows = [int(order[number]) for number in found]
    return sorted(fingerprints.smiles[row] for row in rows)
