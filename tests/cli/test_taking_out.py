"""Export, pick, cluster, novelty, and score's best: through the real program."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from click.testing import Result
from rdkit.Chem import MolToSmiles, SDMolSupplier
from typer.testing import CliRunner

from chemmara.molecules.chem import canonical_smiles
from chemmara.records.ledger import Call, Ledger
from cli.main import app

ENDS, CORES = (
    ("C", "CC", "OC", "N(C)C", "C(F)(F)F", "C1CC1"),
    ("c1ccc({})cc1", "C1CCN({})CC1", "c1csc({})c1", "OCC({})C"),
)
SMILES = [core.format(link + end) for core in CORES for link in ("", "C(=O)N", "CO") for end in ENDS]


def chemmara(*arguments: object, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """72 molecules with names and scores, one of them twice, and an invalid row."""
    path = tmp_path / "library.csv"
    rows = [f"{smiles},m{row},{(37 * row % 72) / 72:.4f}" for row, smiles in enumerate(SMILES)]
    path.write_text("\n".join(["smiles,name,total", rows[0], "C1CC,broken,1.0", *rows[1:], f"{SMILES[5]},twice,0.99"]))
    return path


@pytest.fixture
def known(tmp_path: Path) -> Path:
    path = tmp_path / "known.csv"
    path.write_text("smiles,name\nCc1ccccc1,toluene\nnonsense,\nCN1CCCCC1,methylpiperidine\n")
    return path


@pytest.fixture
def run(tmp_path: Path, campaign_file: Path) -> Path:
    """A run with 72 calls, of which those with a score of .5 are hits; the last one has no score."""
    from chemmara.campaign.settings import load_campaign
    from chemmara.records.run_folder import RunFolder

    folder = tmp_path / "run"
    folder.mkdir()
    with Ledger.create(RunFolder(folder).ledger) as ledger:
        scores = [*((37 * row % 72) / 72 for row in range(71)), float("nan")]
        ledger.append(
            [
                Call(row + 1, 1, text, score, {"qed": score, "tpsa": 20.123456}, "" if score >= 0 else "=failed")
                for row, (text, score) in enumerate(zip(SMILES, scores, strict=True))
            ]
        )
        ledger.set("campaign", json.loads(load_campaign(campaign_file).model_dump_json()))
        ledger.set("versions", {})
    return folder


def test_a_runs_best_leave_it_with_everything_a_chemist_asks_for(run: Path, known: Path, tmp_path: Path) -> None:
    result = chemmara("export", run, "--top", 5, "--known", known, "--out", tmp_path / "x.csv")
    assert (result.exit_code, result.stdout) == (0, ""), result.output
    rows = table((tmp_path / "x.csv").read_text())
    assert list(rows[0]) == [
        *("name", "call", "step", "smiles", "score", "pareto", "qed", "tpsa", "scaffold", "series", "nearest_known"),
        *("nearest_name", "nearest_similarity", "inchikey", "molecular_weight", "crippen_logp", "hbd", "hba"),
        *("rotatable_bonds", "alerts", "sa_score"),
    ]
    assert [row["score"] for row in rows] == ["0.9861", "0.9722", "0.9583", "0.9444", "0.9306"]  # 71/72, 70/72, ...
    assert rows[0]["tpsa"] == "20.123"  # the component's value, five digits
    assert rows[0]["name"] == f"call-{rows[0]['call']}"
    assert {row["nearest_name"] for row in rows} <= {"toluene", "methylpiperidine"}
    assert all(row["inchikey"].count("-") == 2 for row in rows)


@pytest.mark.parametrize("suffix", [".sdf", ".csv", ".tsv", ".smi", ".parquet", ".csv.gz"])
def test_every_kind_of_file_has_the_same_molecules(run: Path, tmp_path: Path, suffix: str) -> None:
    from chemmara.molecules.library import open_library

    out = tmp_path / f"x{suffix}"
    assert chemmara("export", run, "--top", 6, "--out", out).exit_code == 0
    found = next(open_library(out).chunks())
    wanted = sorted(range(71), key=lambda row: -(37 * row % 72))[:6]
    assert [canonical_smiles(text) for text in found["smiles"]] == [canonical_smiles(SMILES[row]) for row in wanted]
    assert found["name"].tolist() == [f"call-{row + 1}" for row in wanted]


def test_an_sd_file_is_read_by_rdkit_with_titles_coordinates_and_data(run: Path, tmp_path: Path) -> None:
    assert chemmara("export", run, "--diverse", 4, "--out", tmp_path / "x.sdf").exit_code == 0
    records = list(SDMolSupplier(str(tmp_path / "x.sdf")))
    assert [record.GetProp("pick") for record in records] == ["1", "2", "3", "4"]
    for record in records:
        assert record.GetProp("_Name") == f"call-{record.GetProp('call')}"
        assert canonical_smiles(record.GetProp("smiles")) == MolToSmiles(record)
        assert len({tuple(place) for place in record.GetConformer().GetPositions().tolist()}) == record.GetNumAtoms()


def test_hits_csv_is_what_export_gives_with_fifty_proposals(run: Path) -> None:
    assert chemmara("report", run).exit_code == 0
    hits = pd.read_csv(run / "hits.csv")
    exported = pd.read_csv(io.StringIO(chemmara("export", run).stdout))
    assert len(hits) == 36  # 36/72 to 71/72, but for the one without a score
    assert hits.drop(columns="pick").equals(exported)
    assert sorted(hits["pick"].dropna()) == list(range(1, 37))
    refused = chemmara("pick", run, "-n", 3)
    assert f"is a folder; a file of molecules is needed (of this run: {run}/hits.csv)" in refused.stderr
    diverse = pd.read_csv(io.StringIO(chemmara("export", run, "--diverse", 7).stdout))
    assert diverse["name"].tolist() == hits.sort_values("pick")["name"].tolist()[:7]
    assert [record.GetProp("_Name") for record in SDMolSupplier(str(run / "hits.sdf"))] == hits["name"].tolist()
    assert (run / "hits.smi").read_text().splitlines()[0] == f"{hits['smiles'][0]} {hits['name'][0]}"


def test_another_threshold_makes_other_hits(run: Path, library: Path) -> None:
    """Scores are 0/72 to 71/72, without one of them: from .75 = 54/72 on there are 18, from .25 on 54."""
    for threshold, number in ((0.75, 18), (0.25, 54)):
        hits = pd.read_csv(io.StringIO(chemmara("export", run, "--hit-threshold", threshold).stdout))
        assert number - 1 <= len(hits) <= number
        assert hits["score"].min() >= threshold
        assert hits["pareto"].notna().all()
    none = chemmara("export", run, "--hit-threshold", 0.999)
    assert "no hit (a score of 0.999); try --top or a lower --hit-threshold" in none.stderr
    for words in ((run, "--hit-threshold", 0.5, "--top", 3), (library, "--hit-threshold", 0.5)):
        refused = chemmara("export", *words)
        assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)
        assert "--hit-threshold says what the hits of a run are" in refused.stderr


def test_a_librarys_best_of_each_scaffold_keep_its_columns_and_cells(library: Path) -> None:
    result = chemmara("export", library, "--top", 10, "--per-scaffold", 1)
    rows = table(result.stdout)
    assert len({row["scaffold"] for row in rows}) == 10
    assert [row["series"] for row in rows] == [str(number) for number in range(1, 11)]
    totals = [row["total"] for row in rows]
    assert totals == sorted(totals, reverse=True)
    assert rows[0]["total"] == "0.99"  # `twice`, the better row of its molecule
    again = chemmara("export", "-", "--top", 10, "--per-scaffold", 1, stdin=result.stdout)
    assert again.stdout == result.stdout


def test_a_library_without_scores_gives_its_most_different_molecules(known: Path) -> None:
    rows = table(chemmara("export", "-", "--diverse", 3, "--known", known, stdin="CCO\nC1CC\nOCC\nCc1ccccc1\n").stdout)
    assert sorted(row["smiles"] for row in rows) == ["CCO", "Cc1ccccc1"]
    assert next(row for row in rows if row["smiles"] == "Cc1ccccc1")["nearest_similarity"] == "1.0"


def test_picks_come_in_their_order_with_their_distances(library: Path, tmp_path: Path) -> None:
    result = chemmara("pick", library, "-n", 5)
    rows = table(result.stdout)
    assert list(rows[0]) == ["smiles", "name", "total", "pick", "distance"]
    assert [row["pick"] for row in rows] == ["1", "2", "3", "4", "5"]
    assert rows[0]["distance"] == ""
    far = [float(row["distance"]) for row in rows[1:]]
    assert far == sorted(far, reverse=True)  # each as far as possible from those before
    good = chemmara("pick", library, "-n", 5, "--method", "weighted", "--json", "--out", tmp_path / "x.csv")
    figures = json.loads(good.stdout)
    assert (figures["molecules"], figures["picked"]) == (74, 5)
    assert table((tmp_path / "x.csv").read_text())[0]["name"] == "twice"  # the best valid row


def test_clusters_of_a_library_keep_every_row(library: Path) -> None:
    for method in ("butina", "leader", "scaffold"):
        rows = table(chemmara("cluster", library, "--method", method).stdout)
        assert [row["name"] for row in rows][:2] == ["m0", "broken"]
        assert len(rows) == 74
        assert (rows[1]["cluster"], rows[1]["cluster_size"], rows[1]["centre"]) == ("", "", "")
        valid = [row for row in rows if row["cluster"]]
        centres = [row["cluster"] for row in valid if row["centre"] == "yes"]
        assert sorted(centres) == sorted({row["cluster"] for row in valid})
        assert int(next(row for row in valid if row["cluster"] == "1")["cluster_size"]) == max(
            int(row["cluster_size"]) for row in valid
        )
        twice = [row["cluster"] for row in rows if row["smiles"] == SMILES[5]]
        assert twice[0] == twice[1]
    figures = json.loads(chemmara("cluster", library, "--method", "scaffold", "--json").stdout)
    assert (figures["molecules"], figures["invalid"], figures["unique"], figures["clusters"]) == (74, 1, 72, 14)


def test_novelty_is_exact_by_scaffold_and_by_the_nearest(known: Path) -> None:
    text = "c1ccc(C)cc1 a\nCCc1ccccc1 b\nC1CC c\nC1CC1 d\n"
    rows = table(chemmara("novelty", "-", "--against", known, stdin=text).stdout)
    assert [(row["name"], row["known"], row["known_scaffold"], row["nearest_name"]) for row in rows] == [
        ("a", "yes", "yes", "toluene"),
        ("b", "no", "yes", "toluene"),
        ("c", "", "", ""),
        ("d", "no", "no", "methylpiperidine"),
    ]
    assert rows[0]["nearest_similarity"] == "1.0"
    figures = json.loads(chemmara("novelty", "-", "--against", known, "--json", stdin=text).stdout)
    counts = [figures[key] for key in ("molecules", "invalid", "known", "new", "new_scaffold")]
    assert counts == [4, 1, 1, 2, 1]
    salt = "Cl.Cc1ccccc1\n"
    assert table(chemmara("novelty", "-", "--against", known, stdin=salt).stdout)[0]["known"] == "no"
    assert table(chemmara("novelty", "-", "--against", known, "--standardise", stdin=salt).stdout)[0]["known"] == "yes"


def test_score_keeps_the_best_different_ones() -> None:
    text = "CCO a\nOCC b\nC1CC c\nCc1ccccc1 d\nCC(=O)Oc1ccccc1C(=O)[O-].[Na+] e\nCC(=O)Oc1ccccc1C(=O)O f\n"
    whole = table(chemmara("score", "-", "--task", "qed", "--unique", "--standardise", stdin=text).stdout)
    assert [row["name"] for row in whole] == ["a", "c", "d", "e"]  # b is a, and f is the drug of e
    said = chemmara("score", "-", "--task", "qed", "--unique", stdin=text).stderr
    assert "1 rows have no score; the first is different molecule 2: invalid SMILES" in said  # row 3 of the library
    best = table(chemmara("score", "-", "--task", "qed", "--unique", "--standardise", "--top", 2, stdin=text).stdout)
    assert best == sorted((row for row in whole if row["total"]), key=lambda row: -float(row["total"]))[:2]


def test_what_a_filter_ruled_out_fills_up_neither_the_best_nor_a_diverse_set(run: Path, tmp_path: Path) -> None:
    """Three molecules, one of which the filter puts to 0: two can be taken, however many are wanted."""
    objective = tmp_path / "o.toml"
    objective.write_text(
        '[[component]]\noracle = "qed"\n[[component]]\noracle = "smarts"\nwanted = ["c"]\nrole = "filter"\n'
    )
    text = "Cc1ccccc1 a\nCCO b\nc1ccncc1 c\n"
    best = chemmara("score", "-", "--objective", objective, "--top", 3, stdin=text)
    assert sorted(row["name"] for row in table(best.stdout)) == ["a", "c"]
    assert "2 molecules score above 0, fewer than 3" in best.stderr
    scored = chemmara("score", "-", "--objective", objective, stdin=text).stdout
    for command in (("export", "--top"), ("export", "--diverse"), ("pick", "--method", "weighted", "-n")):
        found = chemmara(command[0], "-", *command[1:], 3, stdin=scored)
        assert sorted(row["name"] for row in table(found.stdout)) == ["a", "c"], command
        assert "fewer than the 3" in found.stderr
    assert len(table(chemmara("export", "-", stdin=scored).stdout)) == 3  # all molecules, where none is to be chosen
    docked = "smiles,kcal\nCCO,-5\nCCN,0\nCCC,-7\n"  # a 0 like any other
    assert len(table(chemmara("export", "-", "--top", 3, "--score-column", "kcal", stdin=docked).stdout)) == 3
    rows = table(chemmara("export", run, "--top", 100).stdout)
    assert min(float(row["score"]) for row in rows) > 0


def test_where_takes_what_meets_all_conditions_on_columns_and_properties(run: Path) -> None:
    """Ethanol 46.07 g/mol, tpsa 20.23; toluene 92.14, 0; pyridine 79.10, 12.89; benzoic acid 122.12, 37.3."""
    text = "smiles,name,total,stock\nCCO,a,0.4,yes\nCc1ccccc1,b,0.9,yes\nc1ccncc1,c,0.8,no\nOC(=O)c1ccccc1,d,0.7,\n"

    def names(*options: object) -> list[str]:
        found = chemmara(*options, stdin=text)
        assert found.exit_code == 0, found.stderr
        return [row["name"] for row in table(found.stdout)]

    assert names("export", "-", "--top", 4, "--where", "tpsa > 0") == ["c", "d", "a"]
    assert names("export", "-", "--top", 4, "--where", "tpsa>0", "--where", "molecular_weight <= 100") == ["c", "a"]
    assert names("export", "-", "--where", "stock = yes") == ["b", "a"]
    assert names("export", "-", "--where", "stock != yes") == ["c"]  # an empty cell meets none
    assert names("export", "-", "--where", "name != b", "--top", 2) == ["c", "d"]
    for command in (("export", "--diverse"), ("pick", "-n"), ("pick", "--method", "weighted", "-n")):
        assert sorted(names(command[0], "-", *command[1:], 4, "--where", "total < 0.85", "--where", "hba < 2")) == [
            *("a", "c", "d")
        ], command
    refused = chemmara("export", "-", "--top", 3, "--where", "tpsa < 0", stdin=text)
    assert "no valid molecule with a score above 0 that meets all of --where" in refused.stderr
    assert "no valid molecule that meets" in chemmara("export", "-", "--where", "tpsa < 0", stdin=text).stderr
    best = table(chemmara("export", run, "--top", 3, "--where", "qed < 0.5", "--where", "hbd >= 1").stdout)
    assert len(best) == 3
    assert all(float(row["qed"]) < 0.5 and int(row["hbd"]) >= 1 for row in best)


def test_where_all_scores_are_0_nothing_is_taken_in_one_line() -> None:
    text = "smiles,score\nCCO,0\nCCN,0\n"
    for command in (("export", "--diverse"), ("export", "--top"), ("pick", "--method", "weighted", "-n")):
        refused = chemmara(command[0], "-", *command[1:], 2, stdin=text)
        assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1), refused.stderr
        assert "no valid molecule with a score above 0" in refused.stderr


def test_where_looks_at_every_row_of_a_molecule_and_computes_a_property_that_no_cell_has() -> None:
    text = "smiles,score,vendor,tpsa\nCCO,0.5,A,500\nOCC,0.5,B,\nCCN,0.6,B,\n"

    def taken(*command: object) -> list[str]:
        return sorted(row["smiles"] for row in table(chemmara(command[0], "-", *command[1:], stdin=text).stdout))

    for command in (("pick", "-n", 3), ("pick", "--method", "weighted", "-n", 3), ("export", "--top", 3)):
        assert taken(*command, "--where", "vendor = B") == ["CCN", "OCC"], command
    assert taken("pick", "-n", 3, "--where", "tpsa < 100") == ["CCN", "OCC"]  # its own cell, or 20.2 and 26.0
    assert taken("export", "--top", 3, "--where", "tpsa > 100") == []  # export writes tpsa anew, and goes by that
    assert taken("export", "--top", 3, "--where", "tpsa > 25") == ["CCN"]


def test_where_goes_by_the_cells_of_hits_csv(run: Path) -> None:
    assert chemmara("report", run).exit_code == 0
    hits = pd.read_csv(run / "hits.csv")
    for name in ("pareto", "scaffold", "name", "score", "qed"):
        value = hits[name].dropna().iloc[3]
        found = pd.read_csv(io.StringIO(chemmara("export", run, "--where", f"{name} = {value}").stdout))
        assert found["name"].tolist() == hits[hits[name] == value]["name"].tolist(), name
    refused = chemmara("export", run, "--where", "error = x", "--top", 3)
    assert (refused.exit_code, "no column 'error'" in refused.stderr) == (2, True)
    none = chemmara("export", run, "--where", "tpsa > 900", "--top", 3)
    assert "none of 70 molecules meets all of --where" in none.stderr  # of 71 scores one is 0


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("tpsa !== 50", "'= 50' is no value"),
        ("tpsa => 50", "'> 50' is no value"),
        ("tpsa ==", "'=' is no value"),
        ("tpsa < nan", "'nan' is no value"),
        ("tpsa", "write NAME, one of < <= > >= = !=, and a value, as 'tpsa <= 90'"),
        ("tpsa <= low", "'low' is no number, which <= needs"),
        ("TPSA_ <= 3", "no column 'TPSA_'; did you mean 'tpsa'?"),
    ],
)
def test_a_condition_that_is_none_is_refused(run: Path, condition: str, words: str) -> None:
    for command in (("export", run, "--top", 3), ("pick", run / "hits.csv", "-n", 3)):
        chemmara("report", run)
        refused = chemmara(*command, "--where", condition)
        assert (refused.exit_code, words in refused.stderr) == (2, True), refused.stderr


def test_what_begins_like_a_formula_is_text_in_a_spreadsheet(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text('smiles,name,=x,total\nCCO,"=HYPERLINK(""http://a"")",-3.5,1\nCCN,@cmd,+1,0.5\nCCC,-OH,-,0.2\n')
    for command in (("export", path), ("cluster", path), ("pick", path, "-n", 3), ("score", path, "--task", "qed")):
        rows = sorted(table(chemmara(*command).stdout), key=lambda row: row["smiles"])
        assert [row["name"] for row in rows] == ["'-OH", "'@cmd", '\'=HYPERLINK("http://a")']
        assert [row["'=x"] for row in rows] == ["-", "+1", "-3.5"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (lambda lib, _: ("export", lib, "--top", 3, "--diverse", 3), "choose one"),
        (lambda _, run: ("export", run, "--top", 3, "--score-column", "qed"), "belong to a library"),
        (lambda lib, _: ("export", lib, "--top", 3, "--score-column", "nope"), "no column 'nope'; it has smiles, name"),
        (lambda lib, _: ("export", lib, "--top", 3, "--score-column", "name"), "has no number in it"),
        (lambda lib, _: ("export", lib, "--known", "missing.csv"), "missing.csv: no such file"),
        (lambda lib, _: ("export", lib.parent), "not a run's folder"),
        (lambda _, run: ("pick", run, "-n", 3), "a file of molecules is needed"),
        (lambda lib, _: ("export", lib, "--out", lib), "is the library that is read"),
        (lambda lib, _: ("pick", lib, "-n", 3, "--diversity", 0.2), "belong to --method weighted"),
        (lambda lib, _: ("cluster", lib, "--method", "scaffold", "--distance", 0.2), "belongs to butina and leader"),
        (lambda lib, _: ("score", lib, "--task", "qed", "--suite-score", "--top", 2), "whole list"),
    ],
)
def test_a_mistake_is_one_line(
    library: Path, run: Path, arguments: Callable[..., tuple[object, ...]], words: str
) -> None:
    result = chemmara(*arguments(library, run))
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr
    assert len([line for line in result.stderr.splitlines() if line.startswith("error: ")]) == 1
