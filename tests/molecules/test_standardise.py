"""The main fragment of salts and solvates, and libraries standardised on request."""

import gzip
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chemmara.molecules.chem import canonical_smiles, parse
from chemmara.molecules.counter_ions import COMMON
from chemmara.molecules.library import open_library
from chemmara.molecules.standardise import StandardiseConfig, is_mixture, parent_smiles, standardise, standardised
from cli.main import app

SALTS = {
    # tafamidis has 20 heavy atoms and 27 atoms, meglumine 13 and 30: hydrogens do not count
    "CNC[C@H](O)[C@@H](O)[C@H](O)[C@H](O)CO.OC(=O)c1ccc2nc(oc2c1)-c1cc(Cl)cc(Cl)c1":
        "O=C(O)c1ccc2nc(-c3cc(Cl)cc(Cl)c3)oc2c1",
    # embonic acid has 29 heavy atoms, imipramine 21: but it is a common acid
    "CN(C)CCCN1c2ccccc2CCc2ccccc21.O=C(O)c1cc2ccccc2c(Cc2c(O)c(C(=O)O)cc3ccccc23)c1O": "CN(C)CCCN1c2ccccc2CCc2ccccc21",
    # dexamfetamine saccharate
    "C[C@H](N)Cc1ccccc1.O=C(O)[C@@H](O)[C@@H](O)[C@H](O)[C@@H](O)C(=O)O": "C[C@H](N)Cc1ccccc1",
    "CC(=O)Oc1ccccc1C(=O)O.NCCCC[C@H](N)C(=O)O": "CC(=O)Oc1ccccc1C(=O)O",  # aspirin lysine
    "CC(=O)Oc1ccccc1C(=O)[O-].[Na+]": "CC(=O)Oc1ccccc1C(=O)O",
    "C[NH+](C)CCOC(c1ccccc1)c1ccccc1.Cn1c(=O)c2[n-]c(Cl)nc2n(C)c1=O": "CN(C)CCOC(c1ccccc1)c1ccccc1",  # dimenhydrinate
    "CC(C)(C)NCC(O)COc1nsnc1N1CCOCC1.O=C(O)/C=C\\C(=O)O": "CC(C)(C)NCC(O)COc1nsnc1N1CCOCC1",  # timolol maleate
    "CCCCCCCCCCCCOS(=O)(=O)[O-].NCCS": "NCCS",  # a small molecule with lauryl sulfate
    "CS(C)=O.N[Pt](N)(Cl)Cl": "[NH2][Pt]([NH2])([Cl])[Cl]",  # a solvent loses against a complex without carbon
    "Cl.CN(C)C(=N)NC(=N)N": "CN(C)C(=N)NC(=N)N",
    "CC[N+](CC)(CC)CC.[I-]": "CC[N+](CC)(CC)CC",  # all common: the organic one; its charge cannot be taken off
    "NCCCC[C@H](N)C(=O)O.Cl.O": "NCCCC[C@H](N)C(=O)O",  # lysine, where it is alone with what is smaller
    "[K+].CC(=O)[O-]": "CC(=O)O",
    "[Na+].[Cl-]": "Cl",  # uncharged as far as hydrogen can
    "CCO": "CCO",
    "C1.C1": "CC",  # one fragment, though there is a dot
    "[NH3+:1][CH2:2][CH2:3][c:4]1[cH:5][cH:6][cH:7][cH:8][cH:9]1.[Cl-]": "NCCc1ccccc1",
}  # fmt: skip


@pytest.mark.parametrize(("salt", "drug"), SALTS.items())
def test_the_main_fragment_of_a_salt_is_the_drug(salt: str, drug: str) -> None:
    assert parent_smiles(salt) == drug
    assert parent_smiles(drug) == drug
    assert parent_smiles(".".join(reversed(salt.split(".")))) == drug or "1.C1" in salt


def test_hydrogens_do_not_count() -> None:
    # octane has 8 heavy atoms and 26 atoms, naphthalene 10 and 18
    assert parent_smiles("CCCCCCCC.c1ccc2ccccc2c1") == "c1ccc2ccccc2c1"
    assert parent_smiles("[H]C([H])([H])C([H])([H])CCCCCC.c1ccc2ccccc2c1") == "c1ccc2ccccc2c1"


def test_equal_fragments_are_told_apart_by_weight_and_then_by_text() -> None:
    assert parent_smiles("CC(I)CC.CC(F)CC") == "CCC(C)I"  # by text the fluoride would be the first
    assert parent_smiles("CCCCN.CCC(C)N") == parent_smiles("CCC(C)N.CCCCN") == "CCC(C)N"


def test_the_list_of_common_fragments_is_sound() -> None:
    assert all(parse(smiles) is not None for smiles in COMMON)
    assert len({canonical_smiles(smiles) for smiles in COMMON}) == len(COMMON)


def test_a_corpus_takes_the_same_fragment_and_keeps_its_filters() -> None:
    salt, drug = next(iter(SALTS.items()))
    assert standardise(salt, StandardiseConfig()) == (drug, "")
    assert standardise("CCO", StandardiseConfig()) == ("", "too few atoms")
    assert standardise("[CH3:1]" + "C" * 12, StandardiseConfig()) == ("C" * 13, "")


def test_fifty_salts_of_approved_drugs_lose_nothing_but_common_fragments(shared: Path) -> None:
    file = shared / "data" / "drugs" / "chembl_drugs_patwalters.smi.gz"
    if not file.is_file():
        pytest.skip(f"{file} is not here")
    rows = [line.split()[0] for line in gzip.decompress(file.read_bytes()).decode().splitlines() if line.strip()]
    salts = [smiles for smiles in rows if is_mixture(smiles)]
    assert len(salts) > 50
    for salt in salts:
        parent = parse(parent_smiles(salt))
        assert parent is not None
        assert "." not in parent_smiles(salt)
        atoms = [fragment.GetNumHeavyAtoms() for fragment in map(parse, salt.split(".")) if fragment is not None]
        # 5 of 585 salts have a common acid that is larger than the drug, the other main fragments are the largest
        assert parent.GetNumHeavyAtoms() == max(atoms) or "O=C(O)" in salt or "C(=O)[O-]" in salt


def test_a_library_is_standardised_in_a_column_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("id,smiles\na,CCN.Cl\nb,C1CC\nc,CC(=O)[O-]\n")
    library = standardised(open_library(tmp_path / "x.csv"))
    assert (library.smiles_column, library.columns) == ("standardised", ["id", "smiles", "standardised"])
    table = next(library.chunks())
    assert table["smiles"].tolist() == ["CCN.Cl", "C1CC", "CC(=O)[O-]"]
    assert table["standardised"].tolist() == ["CCN", "C1CC", "CC(=O)O"]


def test_score_and_diversity_standardise_on_request_and_count_salts_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "x.smi"
    path.write_text("CC(=O)Oc1ccccc1C(=O)[O-].[Na+]\nCC(=O)Oc1ccccc1C(=O)O\nC1CC.C\nC1.C1\n")
    plain = CliRunner().invoke(app, ["score", str(path), "--task", "qed"])
    assert "1 rows are salts or mixtures" in plain.stderr
    ready = CliRunner().invoke(app, ["score", str(path), "--task", "qed", "--standardise"])
    lines = [line.split(",") for line in ready.stdout.splitlines()]
    assert lines[0][:3] == ["smiles", "standardised", "total"]
    assert lines[1][1:] == lines[2][1:]
    assert lines[3][1:3] == ["C1CC.C", ""]
    assert "salts or mixtures" not in ready.stderr
    unlike = CliRunner().invoke(app, ["diversity", str(path), "--json"])
    assert json.loads(unlike.stdout)["duplicates"] == 0
    assert "1 rows are salts or mixtures" in unlike.stderr
    alike = CliRunner().invoke(app, ["diversity", str(path), "--json", "--standardise"])
    assert json.loads(alike.stdout)["duplicates"] == 1
    assert alike.stderr == ""


@pytest.mark.parametrize(
    ("smiles", "plain"),
    [
        ("[2H]C([2H])([2H])O[13CH3]", "COC"),
        ("C[C@H]([2H])O", "CCO"),  # a centre by the isotope alone
        ("F/C=C/[2H]", "C=CF"),  # likewise a double bond
        ("[13C@H](C)(N)O", "C[C@@H](N)O"),  # a centre without it
        ("CC(C)[C@H]([18F])C", "CC(C)[C@@H](C)F"),
        ("C[C@H](N)O", "C[C@H](N)O"),
    ],
)
def test_a_corpus_has_no_isotopes_unless_they_are_kept(
    smiles: str, plain: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert standardise(smiles, StandardiseConfig(min_atoms=1)) == (plain, "")
    assert standardise(smiles, StandardiseConfig(min_atoms=1, isotopes="keep")) == (canonical_smiles(smiles), "")
    assert capfd.readouterr().err == ""


def test_deuterium_alone_is_too_small_for_a_corpus_with_isotopes_or_without(capfd: pytest.CaptureFixture[str]) -> None:
    for isotopes in ("keep", "drop"):
        config = StandardiseConfig(min_atoms=1, isotopes=isotopes)
        assert standardise("[2H][2H]", config) == ("", "too few atoms")
    assert capfd.readouterr().err == ""
