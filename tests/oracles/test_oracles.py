"""Oracles on molecules whose values are known."""

from typing import get_args

import numpy as np
import pytest

from chemmara.molecules.chem import parse
from chemmara.oracles.descriptors import DESCRIPTORS, DescriptorName, DescriptorOracle
from chemmara.oracles.similarity import Similarity
from chemmara.oracles.substructure import Alerts, Smarts


def measure(oracle: object, *smiles: str) -> list[float]:
    return oracle([parse(text) for text in smiles]).tolist()  # type: ignore[operator]


def test_every_descriptor_has_a_name_a_definition_and_keeps_its_range(drugs: dict[str, str]) -> None:
    assert set(get_args(DescriptorName)) == set(DESCRIPTORS)
    for name, row in DESCRIPTORS.items():
        assert row.definition
        values = np.array(measure(DescriptorOracle(name), *drugs.values()))  # type: ignore[arg-type]
        assert ((values >= row.low) & (values <= row.high)).all(), name


@pytest.mark.parametrize(
    ("name", "value"),
    [  # aspirin, C9H8O4: 9 * 12.011 + 8 * 1.008 + 4 * 15.999 = 180.16
        ("molecular_weight", 180.159), ("tpsa", 63.6), ("heavy_atoms", 13), ("rings", 1), ("aromatic_rings", 1),
        ("hbd", 1), ("hba", 3), ("rotatable_bonds", 2), ("crippen_logp", 1.3101), ("qed", 0.5501), ("sa_score", 1.58),
    ],
)  # fmt: skip
def test_aspirin(name: str, value: float, drugs: dict[str, str]) -> None:
    assert measure(DescriptorOracle(name), drugs["aspirin"])[0] == pytest.approx(value, abs=2e-3)  # type: ignore[arg-type]


def test_similarity_of_counts_by_hand() -> None:
    """Radius-2 environments: methane has 1; ethane 2 atoms + 1 pair... equal molecules 1, disjoint ones 0."""
    for fingerprint in ("ecfp4", "ecfp6", "fcfp4", "ecfp4-bits"):
        assert measure(Similarity(("CCO",), fingerprint), "CCO", "OCC") == [1.0, 1.0]
    assert measure(Similarity(("FC(F)(F)F",)), "CCN(CC)CC") == [0.0]
    # CCO has 3 + 3 environments, CCCO 4 + 5 ... the count form sums minima over maxima, so it never exceeds 1
    assert 0 < measure(Similarity(("CCO",)), "CCCO")[0] < 1


def test_the_nearest_reference_counts_or_their_mean() -> None:
    nearest = measure(Similarity(("CCO", "c1ccccc1")), "CCO")
    mean = measure(Similarity(("CCO", "c1ccccc1"), to="mean"), "CCO")
    other = measure(Similarity(("c1ccccc1",)), "CCO")
    assert nearest == [1.0]
    assert mean[0] == pytest.approx((1 + other[0]) / 2)


def test_patterns_wanted_and_unwanted() -> None:
    acid_without_ring = Smarts(wanted=("C(=O)[OH]",), unwanted=("[R]",))
    assert measure(acid_without_ring, "CC(=O)O", "c1ccccc1C(=O)O", "CCO") == [1.0, 0.0, 0.0]


def test_alerts_are_counted(drugs: dict[str, str]) -> None:
    # rhodanine with an arylidene is the classic PAINS hit; benzene has none
    assert measure(Alerts(("PAINS",)), "O=C1NC(=S)SC1=Cc1ccccc1", "c1ccccc1") == [1.0, 0.0]
    assert measure(Alerts(("BRENK",)), "CC=O", drugs["caffeine"]) == [1.0, 0.0]
