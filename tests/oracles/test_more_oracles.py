"""The rest of the RDKit set, each on molecules whose values can be counted."""

import numpy as np
import pytest
from rdkit.Chem.Pharm2D import Generate, Gobbi_Pharm2D

from chemmara.molecules.chem import parse, remember_smiles
from chemmara.oracles.descriptors import DescriptorOracle, RdkitDescriptor
from chemmara.oracles.fingerprints import fingerprint_of
from chemmara.oracles.formula import Isomer
from chemmara.oracles.pharmacophore import gobbi
from chemmara.oracles.rules import Violations
from chemmara.oracles.similarity import Novelty, Similarity
from chemmara.oracles.spatial import ShapeSimilarity, SpatialOracle
from chemmara.oracles.substructure import Alerts, Core, SmartsCount
from chemmara.scoring.components import IsomerComponent
from chemmara.scoring.tasks import MOLECULES


def measure(oracle: object, *smiles: str) -> list[float]:
    return oracle([parse(text) for text in smiles]).tolist()  # type: ignore[operator]


@pytest.mark.parametrize(
    ("name", "smiles", "value"),
    [
        ("hetero_atoms", "CCON", 2), ("fraction_sp3", "Cc1ccccc1", 1 / 7), ("sp_atoms", "CC#N", 2),
        ("sp2_atoms", "C=CC", 2), ("sp3_atoms", "C=CC", 1), ("aliphatic_rings", "C1CCc2ccccc2C1", 1),
        ("largest_ring", "C1CCc2ccccc2CCC1", 8), ("largest_ring", "CC", 0), ("stereo_centres", "CC(N)C(=O)O", 1),
        ("charge", "C[NH3+]", 1), ("longest_path", "CCCO.C", 3), ("longest_path", "C", 0),
    ],
)  # fmt: skip
def test_counted_by_hand(name: str, smiles: str, value: float) -> None:
    assert measure(DescriptorOracle(name), smiles) == [pytest.approx(value)]


def test_natural_products_score_above_synthetic_ones() -> None:
    morphine, celecoxib = "CN1CCC23C4C1Cc1ccc(O)c(O4)c1C2C(O)C=CC3", MOLECULES["celecoxib"]
    high, low = measure(DescriptorOracle("np_score"), morphine, celecoxib)
    assert high > 1
    assert low < 0


def test_rdkits_own_descriptors_by_name() -> None:
    # Sitagliptin's value in GuacaMol's specification.
    assert measure(RdkitDescriptor("BertzCT"), MOLECULES["sitagliptin"]) == [pytest.approx(896.3804853871784)]


def test_isomers_by_hand() -> None:
    # C2H6O against CH4O: C 2 of 1, H 6 of 4, O right, 9 atoms of 6: mean exponent of 1/2, 4/2, 0, 9/8
    assert measure(Isomer("CH4O"), "CCO") == [pytest.approx(np.exp(-(0.5 + 2 + 0 + 1.125) / 4))]
    assert measure(Isomer("C2H6O"), "CCO", "COC") == [1.0, 1.0]
    # In the text COc1ccccc1 the pattern reads C and Oc1: two atoms, of 16 wanted.
    anisole = parse("COc1ccccc1")
    assert anisole is not None
    (value,) = Isomer("C7H8O", "smiles-text")([remember_smiles(anisole, "COc1ccccc1")])
    assert value == pytest.approx(np.exp(-(14**2) / 8 / 4))
    # A dummy counts towards GuacaMol's total: 6 C, 5 H and * are 12 against 11.
    with_dummy, without = (measure(Isomer("C6H6", count), "*c1ccccc1")[0] for count in ("atoms-and-dummies", "atoms"))  # type: ignore[arg-type]
    assert with_dummy / without == pytest.approx(np.exp((1 - 0) / 8 / 3))


@pytest.mark.parametrize("formula", ["C7H8N2O2", "C9H10N2O2PF2Cl", "CH4", "C11H24"])
def test_formulas_are_read(formula: str) -> None:
    assert IsomerComponent(oracle="isomer", formula=formula).formula == formula


@pytest.mark.parametrize("formula", ["", "C7h8", "hello", "C7H8Xx", "7C"])
def test_what_is_no_formula_is_refused(formula: str) -> None:
    with pytest.raises(ValueError, match=r"formula|element"):
        IsomerComponent(oracle="isomer", formula=formula)


def test_gobbis_fingerprint_is_rdkits_bit_for_bit(drugs: dict[str, str]) -> None:
    for smiles in [*drugs.values(), *MOLECULES.values(), "C", "CCO.CCN", "[Na+].[Cl-]", "O=C(O)CN"]:
        molecule = parse(smiles)
        assert molecule is not None
        assert gobbi(molecule) == Generate.Gen2DFingerprint(molecule, Gobbi_Pharm2D.factory)


def test_a_fingerprint_is_made_once_for_a_molecule() -> None:
    molecule = parse("CCO")
    assert molecule is not None
    assert fingerprint_of(molecule, "ecfp6") is fingerprint_of(molecule, "ecfp6")
    assert fingerprint_of(molecule, "ecfp6") != fingerprint_of(molecule, "fcfp6")


def test_dice_and_tanimoto_by_hand() -> None:
    # Radius 1 of ethane: two times C, two times CC. Of propane: 2 CH3, 1 CH2; 2 ends, 1 middle.
    # Shared: the CH3 twice: 2 of 4 + 6 counts.
    tanimoto, dice = (measure(Similarity(("CC",), "ecfp2", measure=kind), "CCC")[0] for kind in ("tanimoto", "dice"))  # type: ignore[arg-type]
    assert dice == pytest.approx(2 * tanimoto / (1 + tanimoto))


def test_a_core_is_kept_where_only_its_marks_are_changed() -> None:
    core = Core("*c1ccc2[nH]ccc2c1")
    # 5-methylindole and indole itself; substituted elsewhere; another ring
    assert measure(core, "Cc1ccc2[nH]ccc2c1", "c1ccc2[nH]ccc2c1", "Cc1cc2cc(C)ccc2[nH]1", "c1ccccc1") == [1, 1, 0, 0]


def test_novelty_patterns_rules_and_alerts() -> None:
    assert measure(Novelty(("OCC",)), "CCO", "CCN") == [0, 1]
    assert measure(SmartsCount("[#9,#17]"), "FC(F)Cl", "CC") == [3, 0]
    # 32 carbons: heavier than 500 no (450), logP above 5
    assert measure(Violations("lipinski"), "C" * 32, "CCO") == [1, 0]
    assert measure(Violations("rule-of-three"), MOLECULES["celecoxib"])[0] >= 3
    assert measure(Alerts(("NIBR",)), "CC(=O)Cl", "CCO")[0] >= 1


def test_shapes_are_seeded_and_a_molecule_is_its_own_shape() -> None:
    aspirin = "CC(=O)Oc1ccccc1C(=O)O"
    assert measure(ShapeSimilarity(aspirin, conformers=2), aspirin)[0] == pytest.approx(1.0, abs=0.02)
    rod, ball = measure(SpatialOracle("npr1"), "CC#CC#CC", "CC(C)(C)C")
    assert rod < 0.05
    assert ball > 0.9
    assert measure(SpatialOracle("volume"), "CCO") == measure(SpatialOracle("volume"), "CCO")
