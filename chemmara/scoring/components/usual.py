"""Usual transforms of values that do not lie in 0 to 1: where a medicinal chemist might begin."""

from typing import Any, Final


def _at_most(limit: float, width: float) -> dict[str, Any]:
    return {"kind": "at_most", "limit": limit, "width": width}


def _between(low: float, high: float, width: float) -> dict[str, Any]:
    return {"kind": "double_sigmoid", "low": low, "high": high, "width": width}


def _ramp(worst: float, best: float) -> dict[str, Any]:
    return {"kind": "ramp", "worst": worst, "best": best}


USUAL_TRANSFORMS: Final[dict[str, dict[str, Any]]] = {
    "sa_score": _ramp(6.0, 2.0),
    "np_score": _ramp(-2.0, 2.0),
    "spacial_score": _ramp(40.0, 10.0),
    "crippen_logp": _between(1.0, 4.0, 1.0),
    "tpsa": _at_most(120.0, 20.0),
    "molecular_weight": _between(250.0, 450.0, 50.0),
    "heavy_atoms": _between(18.0, 32.0, 4.0),
    "hetero_atoms": _at_most(9.0, 2.0),
    "hbd": _at_most(3.0, 1.0),
    "hba": _at_most(8.0, 2.0),
    "rotatable_bonds": _at_most(7.0, 2.0),
    "sp_atoms": _at_most(2.0, 1.0),
    "sp2_atoms": _at_most(20.0, 5.0),
    "sp3_atoms": _ramp(0.0, 10.0),
    "rings": _at_most(4.0, 1.0),
    "aromatic_rings": _at_most(3.0, 1.0),
    "aliphatic_rings": _ramp(0.0, 2.0),
    "largest_ring": _at_most(7.0, 1.0),
    "stereo_centres": _at_most(2.0, 1.0),
    "charge": {"kind": "value_map", "values": {0: 1.0, 1: 0.5}},
    "longest_path": _at_most(15.0, 3.0),
    "descriptor": _ramp(1500.0, 500.0),
    "smarts_count": {"kind": "step", "low": 1.0, "high": 3.0},
    "alerts": {"kind": "value_map", "values": {0: 1.0, 1: 0.5}},
    "rules": {"kind": "value_map", "values": {0: 1.0, 1: 0.5}},
    "volume": _between(250.0, 400.0, 50.0),
    "pmi1": _at_most(1000.0, 300.0),
    "pmi2": _at_most(5000.0, 1500.0),
    "pmi3": _at_most(6000.0, 1500.0),
    "program": _ramp(0.0, 1.0),
    "rest": _ramp(0.0, 1.0),
}
"""Oracle -> transform; those that are not named here lie in 0 to 1."""
