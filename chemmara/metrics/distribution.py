"""How samples of a model compare with the molecules it learned from."""

import warnings
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import canonical_smiles


@dataclass(frozen=True)
class Quality:
    """Shares of a sample: valid of all, unique of the valid, new (not in the training set) of the unique.

    NaN where there is nothing to take a share of.
    """

    validity: float
    uniqueness: float
    novelty: float


def sample_quality(smiles: Sequence[str], known: AbstractSet[str]) -> Quality:
    """Quality of sampled SMILES against the canonical SMILES of a training set."""
    valid = [text for text in map(canonical_smiles, smiles) if text is not None]
    unique = set(valid)
    return Quality(
        validity=len(valid) / len(smiles) if smiles else float("nan"),
        uniqueness=len(unique) / len(valid) if valid else float("nan"),
        novelty=len(unique - known) / len(unique) if unique else float("nan"),
    )


def frechet_distance(smiles: Sequence[str], reference: Sequence[str]) -> float:
    """FCD: Frechet distance of ChemNet activations between two sets of valid SMILES (Preuer 2018); 0 for equal ones.

    Depends on the sizes of the sets. Needs the extra `fcd`; ChemmaraError where that is not installed.
    """
    try:
        from fcd_torch import FCD  # pyright: ignore[reportMissingImports] - an extra
    except ImportError:
        raise ChemmaraError("FCD needs the extra: pip install 'chemmara[fcd]'") from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the extra's own, about functions of numpy and scipy that it still uses
        return float(FCD(device="cpu", n_jobs=1)(list(smiles), list(reference)))
