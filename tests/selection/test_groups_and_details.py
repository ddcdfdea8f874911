"""The table that is taken away: R-groups of a core, and what is worked out for the best rows alone."""

import pandas as pd
import pytest

from chemmara.molecules.chem import molecules_of
from chemmara.selection.groups import groups
from chemmara.selection.take_out import described

QUINAZOLINE = "*c1ncnc2cc(*)ccc12"


@pytest.mark.parametrize(
    ("core", "smiles", "expected"),
    [
        (QUINAZOLINE, "CNc1ncnc2cc(OC)ccc12", {"core": QUINAZOLINE, "R1": "CN*", "R2": "CO*"}),
        (QUINAZOLINE, "CNc1ncnc2ccccc12", {"core": QUINAZOLINE, "R1": "CN*", "R2": "*[H]"}),
        # substituted where there is no place: it does not hold the core
        (QUINAZOLINE, "CNc1ncnc2cc(OC)c(C)cc12", {"core": "", "R1": "", "R2": ""}),
        ("[*:2]c1ccc([*:1])cc1", "Nc1ccc(Cl)cc1", {"core": "[*:2]c1ccc([*:1])cc1"}),
        # a spiro ring closes over both places of one atom
        ("*C1(*)CCNC1=O", "C1CCC12CCNC2=O", {"core": "*C1(*)CCNC1=O", "R1": "C(C*)C*", "R2": "C(C*)C*"}),
    ],
)
def test_what_stands_at_the_places(core: str, smiles: str, expected: dict[str, str]) -> None:
    found = {name: column[0] for name, column in groups([core], molecules_of([smiles])).items()}
    assert found | expected == found


def test_a_core_that_may_be_turned_has_each_group_where_its_size_fits() -> None:
    # para-phenylene turns over: methyl and propyl may stand either way; one window for each place decides
    molecules = molecules_of(["Cc1ccc(CCC)cc1"])
    for atoms, first, second in ((["1..1", "2..5"], "C*", "CCC*"), (["2..5", "1..1"], "CCC*", "C*")):
        found = groups(["*c1ccc(*)cc1"], molecules, atoms)
        assert (found["R1"], found["R2"]) == ([first], [second])
    # a pyridine does not: what does not fit stays where it is
    found = groups(["*c1ccc(*)nc1"], molecules_of(["Cc1ccc(CCC)nc1"]), ["2..5", "1..1"])
    assert (found["R1"], found["R2"]) == (["C*"], ["CCC*"])


def test_each_molecule_has_the_first_core_that_it_holds() -> None:
    cores = ["*c1ccncc1", "*N1CCOCC1", "*c1ccnc(*)c1"]
    found = groups(cores, molecules_of(["CN1CCOCC1", "Clc1ccncc1", "Clc1ccnc(F)c1"]))
    assert found["core"] == [cores[1], cores[0], cores[2]]
    assert found["R1"][:2] == ["C*", "Cl*"]
    assert {found["R1"][2], found["R2"][2]} == {"Cl*", "F*"}
    assert found["R2"][:2] == ["", ""]


def test_beyond_the_first_rows_only_what_takes_milliseconds_is_left_out() -> None:
    table = pd.DataFrame({"smiles": ["CCO", "c1ccccc1C", "CCN"]})
    whole, short = described(table, "smiles"), described(table, "smiles", most=1)
    assert list(short.columns) == list(whole.columns)
    assert short["series"].tolist() == whole["series"].tolist()
    assert short["molecular_weight"].tolist()[0] == whole["molecular_weight"].tolist()[0] == 46.07
    assert short.loc[1:, ["molecular_weight", "hbd", "sa_score"]].isna().all(axis=None)
    assert short["inchikey"].tolist() == [whole["inchikey"].tolist()[0], "", ""]
    assert str(short["hbd"].dtype) == "Int64"  # 1 in a file, not 1.0
