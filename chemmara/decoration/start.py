"""What molecules can start from, as samplers: the cores, fragments or molecule that a chemist gives."""

from collections.abc import Callable, Sequence
from typing import Final

from rdkit.Chem import Mol

from chemmara.decoration.analogues import analogue_families
from chemmara.decoration.cores import core_family
from chemmara.decoration.family import Family
from chemmara.decoration.linkers import link_family
from chemmara.decoration.sampler import PatternSampler
from chemmara.decoration.window import Window
from chemmara.errors import ChemmaraError
from chemmara.language_model.checkpoint import Prior, longest
from chemmara.molecules.chem import canonical, parse, why_invalid
from chemmara.oracles.similarity import Similarity

_TOKENS_OF_A_HOLE: Final = 60  # that a recurrent network may write in each hole beyond the given tokens


def from_cores(
    prior: Prior, cores: Sequence[str], atoms: Sequence[Window] = (), *, allow_hydrogen: bool = False
) -> PatternSampler:
    """Molecules that carry groups at the places of a core; of several cores each has its share of the molecules.

    Raises:
        ChemmaraError: a core cannot be decorated, or the prior cannot write it (see `core_family`).
    """
    _needs_smiles(prior)
    families = [core_family(core, atoms, prior.tokenizer, allow_hydrogen=allow_hydrogen) for core in cores]
    return _sampler(prior, families)


def from_fragments(prior: Prior, fragments: Sequence[str], atoms: Window) -> PatternSampler:
    """Molecules in which linkers with so many heavy atoms join two or three fragments, or two places of one.

    Raises:
        ChemmaraError: the fragments do not fit together, or the prior cannot write them (see `link_family`).
    """
    _needs_smiles(prior)
    return _sampler(prior, [link_family(fragments, atoms, prior.tokenizer)])


def from_molecule(prior: Prior, smiles: str, similarity: Window) -> PatternSampler:
    """Molecules whose Tanimoto similarity to a given one (ECFP4, 2048 bits) is in a window, never that one itself.

    Raises:
        ChemmaraError: the SMILES is not valid, the prior cannot write it, or the window is not in 0..1.
    """
    _needs_smiles(prior)
    parent = parse(smiles)
    if parent is None:
        raise ChemmaraError(f"{smiles!r}: invalid SMILES: {why_invalid(smiles)}")
    if "." in smiles:
        raise ChemmaraError(f"{smiles!r}: is several molecules; write one without a dot")
    if any(atom.GetAtomicNum() == 0 for atom in parent.GetAtoms()):
        raise ChemmaraError(
            f"{smiles!r}: has a place (*), which belongs into a core; analogues are of a whole molecule"
        )
    if similarity.high > 1:
        raise ChemmaraError(f"similarity {similarity}: is between 0 and 1; write for instance 0.4..0.8")
    nearest, own = Similarity((smiles,)), canonical(parent)

    def passes(molecule: Mol) -> bool:
        near = float(nearest([molecule])[0])
        return near in similarity and (near < 1.0 or canonical(molecule) != own)

    return _sampler(prior, analogue_families(parent, prior.tokenizer), passes=passes, even=False)


def _needs_smiles(prior: Prior) -> None:
    if prior.tokenizer.notation != "smiles":
        raise ChemmaraError(
            f"prior {prior.name}: writes SELFIES; molecules with given parts need a prior that writes SMILES"
        )


def _sampler(
    prior: Prior, families: Sequence[Family], *, passes: Callable[[Mol], bool] | None = None, even: bool = True
) -> PatternSampler:
    """The sampler, with room for the longest pattern where the network has it."""
    patterns = [pattern for family in families for pattern in family.patterns]
    given = max(len(prior.tokenizer.encode(pattern.given)) for pattern in patterns)
    holes = max(len(pattern.holes) for pattern in patterns)
    limit, wanted = longest(prior.config.network), max(prior.config.max_length, given + _TOKENS_OF_A_HOLE * holes)
    if limit is not None and given >= limit:
        raise ChemmaraError(f"prior {prior.name}: takes {limit} tokens; what is to be kept has {given} already")
    return PatternSampler(
        prior.tokenizer, tuple(families), wanted if limit is None else min(wanted, limit), passes, even=even
    )
