"""REINVENT 4's scoring components as chemmara's: what each endpoint measures, and in which role.

Source: reinvent_plugins/components of github.com/MolecularAI/REINVENT4.
"""

from collections.abc import Callable
from typing import Any, Final

from rdkit.Chem import Descriptors

from chemmara.campaign.reinvent_transforms import as_key
from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import parse_pattern

Measured = tuple[dict[str, Any], str]
"""Keys of an [[objective.component]], and in what its values differ from REINVENT's ("" where they are the same)."""

SAME: Final[dict[str, str]] = {
    "Qed": "qed", "MolecularWeight": "molecular_weight", "GraphLength": "longest_path",
    "NumAtomStereoCenters": "stereo_centres", "HBondAcceptors": "hba", "HBondDonors": "hbd",
    "NumRotBond": "rotatable_bonds", "Csp3": "fraction_sp3", "numsp": "sp_atoms", "numsp2": "sp2_atoms",
    "numsp3": "sp3_atoms", "NumHeavyAtoms": "heavy_atoms", "NumHeteroAtoms": "hetero_atoms", "NumRings": "rings",
    "NumAromaticRings": "aromatic_rings", "NumAliphaticRings": "aliphatic_rings", "SlogP": "crippen_logp",
    "LargestRingSize": "largest_ring", "SAScore": "sa_score",
}  # fmt: skip
"""Components that have no parameters here -> the oracle that gives the same values."""

_ELSEWHERE: Final[dict[str, str]] = {
    **dict.fromkeys(("externalprocess",), 'use oracle = "program", which has its own way to talk to it'),
    **dict.fromkeys(("rest",), 'use oracle = "rest", which has its own way to talk to the service'),
    **dict.fromkeys(("chemprop", "chemprop2", "qptuna"), "train a model by `chemmara qsar train`, or call yours by"
                    ' oracle = "python"'),
    **dict.fromkeys(("dockstream", "icolos", "maize"), 'use oracle = "docking", or "program" for your own workflow'),
    "rocssimilarity": 'use oracle = "shape", which is another measure of shape',
}  # fmt: skip


def converted_component(kind: str, params: dict[str, Any]) -> Measured:
    """Keys of a chemmara component that measures what an endpoint of a REINVENT component measures.

    Raises:
        ChemmaraError: there is no equal, or the parameters are not those of REINVENT.
    """
    key = as_key(kind)
    if key in _PLAIN:
        return {"oracle": _PLAIN[key]}, ""
    if key in _WITH_PARAMETERS:
        return _WITH_PARAMETERS[key](params)
    raise ChemmaraError(f"there is no equal here; {_ELSEWHERE.get(key, 'your own Python, program or service can be')}"
                        + ("" if key in _ELSEWHERE else " an oracle"))  # fmt: skip


def _text(params: dict[str, Any], key: str) -> str:
    """A text of the parameters; a list of one text is that text."""
    value = params.get(key)
    texts = value if isinstance(value, list) else [value]
    if len(texts) != 1 or not isinstance(texts[0], str):
        raise ChemmaraError(f"params.{key} is missing or not one text")
    return texts[0]


def _texts(params: dict[str, Any], key: str) -> list[str]:
    value = params.get(key)
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise ChemmaraError(f"params.{key} is missing or not a list of texts")
    return texts


def _tpsa(params: dict[str, Any]) -> Measured:
    if params.get("includeSandP"):
        raise ChemmaraError("TPSA with sulphur and phosphorus (includeSandP) is not known here")
    return {"oracle": "tpsa"}, ""


def _descriptor(params: dict[str, Any]) -> Measured:
    wanted = _text(params, "descriptor")
    names = {name.lower(): name for name, _ in Descriptors.descList}
    if wanted.lower() not in names:
        raise ChemmaraError(f"RDKit has no descriptor {wanted!r}")
    return {"oracle": "descriptor", "descriptor": names[wanted.lower()]}, ""


def _similarity(params: dict[str, Any]) -> Measured:
    radius, references = params.get("radius"), _texts(params, "smiles")
    if radius not in (1, 2, 3):
        raise ChemmaraError(f"params.radius = {radius!r}; here it is 1, 2 or 3")
    counts = bool(params.get("use_counts"))
    name = f"{'fcfp' if params.get('use_features') else 'ecfp'}{2 * radius}{'' if counts else '-bits'}"
    differs = [
        *(["fingerprints without counts are folded to 2,048 bits here"] if not counts else []),
        *([f"the nearest of the {len(references)} references counts here"] if len(references) > 1 else []),
    ]
    return {"oracle": "similarity", "references": references, "fingerprint": name}, "; ".join(differs)


def _group_count(params: dict[str, Any]) -> Measured:
    return {"oracle": "smarts_count", "pattern": _text(params, "smarts")}, ""


def _matching_substructure(params: dict[str, Any]) -> Measured:
    """0.5 without any of the patterns, 1 with one of them; multiplies the score."""
    patterns = _texts(params, "smarts")
    if params.get("use_chirality"):
        raise ChemmaraError("patterns that see chirality (use_chirality) are not known here")
    table = {"oracle": "smarts", "unwanted": patterns, "role": "penalty"}
    note = "what it wants stands under `unwanted`, whose value is 1 where none matches: that halves the score, as there"
    return {**table, "transform": {"kind": "value_map", "values": {0: 1.0, 1: 0.5}}}, note


def _custom_alerts(params: dict[str, Any]) -> Measured:
    """1 without any of the patterns, else 0; decides before all other components."""
    patterns = _texts(params, "smarts")
    sound = [pattern for pattern in patterns if parse_pattern(pattern) is not None]
    if not sound:
        raise ChemmaraError("none of its patterns is SMARTS")
    left_out = len(patterns) - len(sound)
    note = f"{left_out} of its patterns are not SMARTS and were left out, as REINVENT does" if left_out else ""
    return {"oracle": "smarts", "unwanted": sound, "role": "filter"}, note


def _pmi(params: dict[str, Any]) -> Measured:
    name = _text(params, "property")
    if name not in ("npr1", "npr2"):
        raise ChemmaraError(f"params.property = {name!r}; REINVENT knows npr1 and npr2")
    return {"oracle": name}, "the conformer is another one here (seeded, relaxed in a force field)"


def _volume(params: dict[str, Any]) -> Measured:
    del params
    return {"oracle": "volume"}, "the conformer and the grid are others here (seeded, relaxed in a force field)"


_PLAIN: Final = {as_key(name): oracle for name, oracle in SAME.items()}
_WITH_PARAMETERS: Final[dict[str, Callable[[dict[str, Any]], Measured]]] = {
    "tpsa": _tpsa,
    "rdkitdescriptors": _descriptor,
    "tanimotosimilarity": _similarity,
    "tanimotodistance": _similarity,  # in spite of its name a similarity: a subclass that changes nothing
    "groupcount": _group_count,
    "matchingsubstructure": _matching_substructure,
    "customalerts": _custom_alerts,
    "pmi": _pmi,
    "molvolume": _volume,
}
