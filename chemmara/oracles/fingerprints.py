"""Fingerprints by name, each made once for a molecule however many oracles use it."""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal
from weakref import WeakKeyDictionary

from rdkit.Chem import MACCSkeys, Mol, rdFingerprintGenerator

from chemmara.oracles.pharmacophore import gobbi

_BITS = 2048
_PMO_FARTHEST = 10  # bonds between the atoms of a pair, as GuacaMol and PMO count them


def _morgan(radius: int, *, features: bool, bits: bool) -> Callable[[Mol], Any]:
    atoms = rdFingerprintGenerator.GetMorganFeatureAtomInvGen() if features else None
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=radius, fpSize=_BITS, atomInvariantsGenerator=atoms)
    return generator.GetFingerprint if bits else generator.GetSparseCountFingerprint


def _pairs() -> Callable[[Mol], Any]:
    generator = rdFingerprintGenerator.GetAtomPairGenerator(minDistance=1, maxDistance=_PMO_FARTHEST)
    return generator.GetSparseCountFingerprint


def _torsions() -> Callable[[Mol], Any]:
    return rdFingerprintGenerator.GetTopologicalTorsionGenerator().GetSparseCountFingerprint


def _maccs() -> Callable[[Mol], Any]:
    return MACCSkeys.GenMACCSKeys  # type: ignore[attr-defined]


_MORGANS: Final[dict[str, tuple[int, bool, bool]]] = {
    f"{family}{2 * radius}{suffix}": (radius, family == "fcfp", suffix == "-bits")
    for family in ("ecfp", "fcfp")
    for radius in (1, 2, 3)
    for suffix in ("", "-bits")
}
_OTHERS: Final[dict[str, Callable[[], Callable[[Mol], Any]]]] = {
    "atom-pairs": _pairs,
    "torsions": _torsions,
    "maccs": _maccs,
    "gobbi": lambda: gobbi,
}

if TYPE_CHECKING:
    Fingerprint = str
else:
    Fingerprint = Literal[(*_MORGANS, *_OTHERS)]
"""ecfp2, ecfp4, ecfp6 (Morgan of that diameter; unfolded counts), fcfp2 to fcfp6 (of pharmacophoric features), each
with -bits for 2,048 bits; atom-pairs (counts, up to 10 bonds apart); torsions (counts); maccs (166 keys); gobbi (2D
pharmacophore, 39,972 bits). None sees stereo."""


@cache
def _maker(fingerprint: Fingerprint) -> Callable[[Mol], Any]:
    if fingerprint in _MORGANS:
        radius, features, bits = _MORGANS[fingerprint]
        return _morgan(radius, features=features, bits=bits)
    return _OTHERS[fingerprint]()


_made: WeakKeyDictionary[Mol, dict[str, Any]] = WeakKeyDictionary()  # goes with the molecule


def fingerprint_of(molecule: Mol, fingerprint: Fingerprint) -> Any:
    """The RDKit fingerprint of a molecule, which must not change afterwards."""
    made = _made.setdefault(molecule, {})
    if fingerprint not in made:
        made[fingerprint] = _maker(fingerprint)(molecule)
    return made[fingerprint]
