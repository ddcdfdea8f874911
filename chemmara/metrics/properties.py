"""The properties by which a chemist sorts molecules: in hits.csv, in the report and in what is exported."""

from collections.abc import Callable
from typing import Final

from rdkit.Chem import Mol

from chemmara.oracles.descriptors import DESCRIPTORS
from chemmara.oracles.substructure import Alerts

PROPERTIES: Final = {
    "molecular_weight": "average molecular weight, g/mol",
    "crippen_logp": "octanol-water partition coefficient, log10 (Wildman-Crippen 1999)",
    "tpsa": "topological polar surface area, square angstrom (Ertl 2000)",
    "hbd": "hydrogen-bond donors",
    "hba": "hydrogen-bond acceptors",
    "rotatable_bonds": "rotatable bonds (RDKit's strict definition)",
    "alerts": "structural alerts of the PAINS and BRENK catalogs",
    "sa_score": "synthetic accessibility, 1 easy to 10 hard (Ertl 2009)",
}
"""Name -> definition. Each name is that of the oracle which computes the same value."""


def _alerts(molecule: Mol) -> float:
    return Alerts()([molecule])[0]


_COMPUTE: Final[dict[str, Callable[[Mol], float]]] = {
    name: _alerts if name == "alerts" else DESCRIPTORS[name].compute for name in PROPERTIES
}


def properties(mol: Mol) -> dict[str, float]:
    """The values of `PROPERTIES` for one molecule, not rounded.

    >>> from chemmara.molecules.chem import parse
    >>> aspirin = properties(parse("CC(=O)Oc1ccccc1C(=O)O"))
    >>> round(aspirin["molecular_weight"], 2), aspirin["hbd"], round(aspirin["tpsa"], 2)
    (180.16, 1.0, 63.6)
    """
    return {name: property_of(name, mol) for name in PROPERTIES}


def property_of(name: str, mol: Mol) -> float:
    """One of them."""
    return float(_COMPUTE[name](mol))
