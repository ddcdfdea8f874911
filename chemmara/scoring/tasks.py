"""The benchmark tasks of PMO and of GuacaMol's goal-directed suite, as objectives.

Definitions and their traps: docs/benchmark-tasks.md. A plain name is the current definition (PyTDC 1.1.15; GuacaMol
0.5.5 agrees), NAME_prev the one behind PMO's published tables, NAME_guacamol GuacaMol's own.
"""

from collections.abc import Callable
from typing import Any, Final

from chemmara import config
from chemmara.errors import ChemmaraError, nearest_name
from chemmara.molecules.chem import parse
from chemmara.oracles.descriptors import DescriptorOracle, RdkitDescriptor
from chemmara.oracles.formula import AtomCount
from chemmara.scoring.objective import ObjectiveConfig

MOLECULES: Final = {
    "albuterol": "CC(C)(C)NCC(O)c1ccc(O)c(CO)c1",
    "amlodipine": r"Clc1ccccc1C2C(=C(/N/C(=C2/C(=O)OCC)COCCN)C)\C(=O)OC",
    "aripiprazole": "Clc4cccc(N3CCN(CCCCOc2ccc1c(NC(=O)CC1)c2)CC3)c4Cl",
    "camphor": "CC1(C)C2CCC1(C)C(=O)C2",
    "celecoxib": "CC1=CC=C(C=C1)C1=CC(=NN1C1=CC=C(C=C1)S(N)(=O)=O)C(F)(F)F",
    "fexofenadine": "CC(C)(C(=O)O)c1ccc(cc1)C(O)CCCN2CCC(CC2)C(O)(c3ccccc3)c4ccccc4",
    "hop": "CCCOc1cc2ncnc(Nc3ccc4ncsc4c3)c2cc1S(=O)(=O)C(C)(C)C",
    "menthol": "CC(C)C1CCC(C)CC1O",
    "mestranol": "COc1ccc2[C@H]3CC[C@@]4(C)[C@@H](CC[C@@]4(O)C#C)[C@@H]3CCc2c1",
    "osimertinib": "COc1cc(N(C)CCN(C)C)c(NC(=O)C=C)cc1Nc2nccc(n2)c3cn(C)c4ccccc34",
    "perindopril": "O=C(OCC)C(NC(C(=O)N1C(C(=O)O)CC2CCCCC12)C)CCC",
    "ranolazine": "COc1ccccc1OCC(O)CN2CCN(CC(=O)Nc3c(C)cccc3C)CC2",
    "sildenafil": "CCCC1=NN(C2=C1N=C(NC2=O)C3=C(C=CC(=C3)S(=O)(=O)N4CCN(CC4)C)OCC)C",
    "sitagliptin": "Fc1cc(c(F)cc1F)CC(N)CC(=O)N3Cc2nnc(n2CC3)C(F)(F)F",
    "tadalafil": "O=C1N(CC(N2C1CC3=C(C2C4=CC5=C(OCO5)C=C4)NC6=C3C=CC=C6)=O)C",
    "thiothixene": "CN(C)S(=O)(=O)c1ccc2Sc3ccccc3C(=CCCN4CCN(C)CC4)c2c1",
    "troglitazone": "Cc1c(C)c2OC(C)(COc3ccc(CC4SC(=O)NC4=O)cc3)CCc2c(C)c1O",
    "zaleplon": "O=C(C)N(CC)C1=CC=CC(C2=CC=NC3=C(C=NN23)C#N)=C1",
}
PATTERNS: Final = {
    "valsartan": "CN(C=O)Cc1ccc(c2ccccc2)cc1",
    "sulfone": "CS([#6])(=O)=O",
    "benzothiazole": "[#7]-c1ccc2ncsc2c1",
    "quinazoline": "[#7]-c1n[c;h1]nc2[c;h1]c(-[#8])[c;h0][c;h1]c12",
    "chain": "[#6]-[#6]-[#6]-[#8]-[#6]~[#6]~[#6]~[#6]~[#6]-[#7]-c1ccc2ncsc2c1",
}

_Table = dict[str, Any]


def _like(molecule: str, fingerprint: str = "ecfp4", transform: _Table | None = None) -> _Table:
    reference = MOLECULES[molecule]
    return {
        "name": f"like_{molecule}_{fingerprint}", "oracle": "similarity", "references": [reference],
        "fingerprint": fingerprint, "transform": transform,
    }  # fmt: skip


def _property(oracle: str, transform: _Table) -> _Table:
    return {"oracle": oracle, "transform": transform}


def _up_to(best: float) -> _Table:
    return {"kind": "ramp", "worst": 0.0, "best": best}


def _near(centre: float, width: float) -> _Table:
    return {"kind": "gaussian", "centre": centre, "width": width}


def _at_least(limit: float, width: float) -> _Table:
    return {"kind": "at_least", "limit": limit, "width": width}


def _at_most(limit: float, width: float) -> _Table:
    return {"kind": "at_most", "limit": limit, "width": width}


def _has(pattern: str) -> _Table:
    return {"name": f"has_{pattern}", "oracle": "smarts", "wanted": [PATTERNS[pattern]]}


def _has_not(pattern: str) -> _Table:
    return {"name": f"has_no_{pattern}", "oracle": "smarts", "unwanted": [PATTERNS[pattern]]}


def _isomer(formula: str, count: AtomCount) -> _Table:
    return {"oracle": "isomer", "formula": formula, "count": count}


def _as_sitagliptin(oracle: str, width: float) -> _Table:
    """Near to sitagliptin's own value, which is computed, not copied."""
    molecule = parse(MOLECULES["sitagliptin"])
    assert molecule is not None  # noqa: S101 - it is one
    if oracle == "BertzCT":
        (value,) = RdkitDescriptor("BertzCT")([molecule])
        return {"oracle": "descriptor", "descriptor": "BertzCT", "transform": _near(float(value), width)}
    (value,) = DescriptorOracle(oracle)([molecule])
    return _property(oracle, _near(float(value), width))


_COUNTED: Final[dict[str, AtomCount]] = {"": "atoms", "_prev": "smiles-text", "_guacamol": "atoms-and-dummies"}
_WITH_FORMULA: Final = ("isomers_c7h8n2o2", "isomers_c9h10n2o2pf2cl", "sitagliptin_mpo", "zaleplon_mpo")

_MEANS: Final[dict[str, Callable[[AtomCount], list[_Table]]]] = {
    "albuterol_similarity": lambda _: [_like("albuterol", "fcfp4", _up_to(0.75))],
    "amlodipine_mpo": lambda _: [_like("amlodipine"), _property("rings", _near(3, 0.5))],
    "aripiprazole_similarity": lambda _: [_like("aripiprazole", "fcfp4", _up_to(0.75))],
    "celecoxib_rediscovery": lambda _: [_like("celecoxib")],
    "fexofenadine_mpo": lambda _: [
        _like("fexofenadine", "atom-pairs", _up_to(0.8)), _property("tpsa", _at_least(90, 10)),
        _property("crippen_logp", _at_most(4, 1)),
    ],
    "isomers_c11h24": lambda count: [_isomer("C11H24", count)],
    "isomers_c7h8n2o2": lambda count: [_isomer("C7H8N2O2", count)],
    "isomers_c9h10n2o2pf2cl": lambda count: [_isomer("C9H10N2O2PF2Cl", count)],
    "median1": lambda _: [_like("camphor"), _like("menthol")],
    "median2": lambda _: [_like("tadalafil", "ecfp6"), _like("sildenafil", "ecfp6")],
    "mestranol_similarity": lambda _: [_like("mestranol", "atom-pairs", _up_to(0.75))],
    "osimertinib_mpo": lambda _: [
        _like("osimertinib", "fcfp4", _up_to(0.8)), _like("osimertinib", "ecfp6", _at_most(0.85, 0.1)),
        _property("tpsa", _at_least(100, 10)), _property("crippen_logp", _at_most(1, 1)),
    ],
    "perindopril_mpo": lambda _: [_like("perindopril"), _property("aromatic_rings", _near(2, 0.5))],
    "qed": lambda _: [{"oracle": "qed"}],
    "ranolazine_mpo": lambda _: [
        _like("ranolazine", "atom-pairs", _up_to(0.7)), _property("tpsa", _at_least(95, 20)),
        _property("crippen_logp", _at_least(7, 1)),
        {"oracle": "smarts_count", "name": "fluorines", "pattern": "[F]", "transform": _near(1, 1)},
    ],
    "sitagliptin_mpo": lambda count: [
        _like("sitagliptin", "ecfp4", _near(0, 0.1)), _as_sitagliptin("crippen_logp", 0.2),
        _as_sitagliptin("tpsa", 5), _isomer("C16H15F6N5O", count),
    ],
    "thiothixene_rediscovery": lambda _: [_like("thiothixene")],
    "troglitazone_rediscovery": lambda _: [_like("troglitazone")],
    "valsartan_smarts": lambda _: [
        _has("valsartan"), _as_sitagliptin("crippen_logp", 0.2), _as_sitagliptin("tpsa", 5),
        _as_sitagliptin("BertzCT", 30),
    ],
    "zaleplon_mpo": lambda count: [_like("zaleplon"), _isomer("C19H17N3O2", count)],
    # The arithmetic means:
    "deco_hop": lambda _: [
        _like("hop", "gobbi", _up_to(0.85)), _has_not("sulfone"), _has_not("benzothiazole"), _has("quinazoline"),
    ],
    "scaffold_hop": lambda _: [_like("hop", "gobbi", _up_to(0.75)), _has("chain"), _has_not("quinazoline")],
}  # fmt: skip
_NOT_PMO: Final = ("aripiprazole_similarity", "isomers_c11h24")

PMO: Final = tuple(sorted(set(_MEANS) - set(_NOT_PMO)))
"""The 20 PMO tasks that need RDKit alone."""
TASKS: Final = (
    *sorted(_MEANS),
    *(f"{name}_prev" for name in _WITH_FORMULA),
    *(f"{n}_guacamol" for n in sorted(_MEANS)),
)
"""Every name that `task` knows."""


def task(name: str) -> ObjectiveConfig:
    """The objective of a benchmark task; ChemmaraError if there is none of that name."""
    if name not in TASKS:
        near = nearest_name(name, TASKS)
        raise ChemmaraError(f"unknown task {name!r}" + (f"; did you mean {near!r}?" if near else ""))
    plain = name.removesuffix("_prev").removesuffix("_guacamol")
    components = _MEANS[plain](_COUNTED[name.removeprefix(plain)])
    if name == "aripiprazole_similarity_guacamol":
        components = [_like("aripiprazole", "ecfp4", _up_to(0.75))]
    mean = "arithmetic" if plain in {"deco_hop", "scaffold_hop"} else "geometric"
    return config.parse(ObjectiveConfig, {"aggregation": mean, "component": components}, source=f"task {name}")
