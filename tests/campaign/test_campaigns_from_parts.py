"""Campaigns from a core, fragments or a molecule, through the real program: what is kept, what is refused, kills."""

import json
from pathlib import Path

import pandas as pd
import pytest
from rdkit import Chem
from typer.testing import CliRunner

from chemmara.campaign.results import write_outputs
from chemmara.campaign.run import Run
from chemmara.campaign.settings import load_campaign
from chemmara.campaign.start import given_parts
from chemmara.decoration.read_linkers import linkers
from chemmara.language_model.checkpoint import load_prior
from chemmara.molecules.chem import canonical_smiles, molecules_of, parse, parse_pattern
from cli.main import app
from tests.campaign.test_campaign import killed_and_resumed, rows

PIPERIDINE = "*C(=O)N1CCC(*)CC1"
QED = """
prior = "chembl-gru"
budget = {budget}
hit_threshold = 0.7
seed = 1
threads = 1
checkpoint_seconds = 0.2
[start]
{start}
[method]
name = "mara"
batch_size = 16
tau = 0.65
[method.screen]
candidates = 24
start = 16
[objective]
[[objective.component]]
oracle = "qed"
"""


def campaign(folder: Path, table: str, budget: int = 48) -> Path:
    file = folder / "campaign.toml"
    file.write_text(QED.format(start=table, budget=budget), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    "table",
    [
        f'core = "{PIPERIDINE}"\natoms = "1..12"',
        'link = ["*c1ccccc1", "*N1CCOCC1"]\nlinker_atoms = "2..6"',
        'like = "CC(=O)Nc1ccc(OCc2ccccc2)cc1"\nsimilarity = "0.3..0.9"',
    ],
    ids=["core", "link", "like"],
)
def test_every_molecule_that_is_measured_holds_the_parts(tmp_path: Path, table: str) -> None:
    settings = load_campaign(campaign(tmp_path, table))
    with Run.start(tmp_path / "run", settings) as run:
        run.go()
    parts = given_parts(settings.start, load_prior("chembl-gru"))
    assert parts is not None
    calls = rows(tmp_path / "run")
    assert len(calls) == 48
    for row in calls:
        molecule = parse(row[2])
        assert molecule is not None
        assert parts.keeps(molecule)
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {line["kl"] for line in lines} == {None}, "a batch that holds parts says nothing of the KL"
    page = write_outputs(tmp_path / "run").page.read_text(encoding="utf-8")
    assert ("Every molecule " + ("is an analogue of " if settings.start.like else "holds ")) in page
    hits = pd.read_csv(tmp_path / "run" / "hits.csv")
    assert len(hits)
    if settings.start.link:
        assert hits["linker"].tolist() == linkers(settings.start.link, molecules_of(hits["smiles"].tolist()))
        assert all("[1*]" in text and "[2*]" in text for text in hits["linker"])
    assert ("lead_similarity" in hits) == bool(settings.start.like)
    if settings.start.like:
        assert hits["lead_similarity"].between(0.3, 0.9).all()


def test_a_campaign_from_a_core_with_children_keeps_the_core_and_survives_kills(tmp_path: Path) -> None:
    file = campaign(tmp_path, f'core = "{PIPERIDINE}"\natoms = "1..12"', budget=64)
    file.write_text(
        file.read_text(encoding="utf-8").replace(
            "start = 16\n", "start = 16\nchildren = 96\n[method.genetic]\nparents = 8\n"
        ),
        encoding="utf-8",
    )
    with Run.start(tmp_path / "whole", load_campaign(file)) as run:
        run.go()
    whole = rows(tmp_path / "whole")
    held_within(whole, PIPERIDINE, 1, 12)
    assert from_elsewhere(tmp_path / "whole", "screen_children")
    folder = tmp_path / "killed"
    killed_and_resumed(file, folder, (40,))
    assert rows(folder) == whole


def held_within(calls: list[tuple], core: str, least: int, most: int) -> None:
    """By RDKit alone, apart from our own predicate: in one way in which the core lies in it, a molecule has a group of
    such a size at each of its two places.
    """
    query = Chem.MolFromSmarts(core)
    places = [atom.GetIdx() for atom in query.GetAtoms() if not atom.GetAtomicNum()]
    for _, _, smiles, *_ in calls:
        molecule = parse(smiles)
        assert molecule is not None
        sizes = [
            [len(group) for group in without_core(molecule, match, places)]
            for match in molecule.GetSubstructMatches(query, uniquify=False)
        ]
        assert any(len(found) == 2 and least <= min(found) and max(found) <= most for found in sizes), (smiles, sizes)


def without_core(molecule: Chem.Mol, match: tuple[int, ...], places: list[int]) -> tuple[tuple[int, ...], ...]:
    """The atoms of each group, once those of the core are taken away; a group starts at the match of a place."""
    rest = Chem.RWMol(molecule)
    for atom in sorted({atom for at, atom in enumerate(match) if at not in places}, reverse=True):
        rest.RemoveAtom(atom)
    return Chem.GetMolFrags(rest)


def from_elsewhere(folder: Path, figure: str) -> float:
    """The steps' shares of calls that a source other than the policy took, added up."""
    lines = (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return sum(json.loads(line)[figure] or 0.0 for line in lines)


def test_no_call_is_spent_on_a_library_molecule_or_a_child_outside_the_bounds(tmp_path: Path) -> None:
    sizes = {"C": 1, "CC": 2, "CCC": 3, "CCCC": 4, "CCCCC": 5, "c1ccccc1": 6}
    made = [f"{first}C(=O)N1CCC({second})CC1" for first in sizes for second in sizes]
    made += ["CCC(=O)N1CCCCC1", "CCC(=O)N1CCC(=CC)CC1", "CCC(=O)N1CC(C)C(CC)CC1"]
    library = tmp_path / "library.smi"
    library.write_text("\n".join(made) + "\n", encoding="utf-8")
    file = campaign(tmp_path, f'core = "{PIPERIDINE}"\natoms = "2..4"', budget=120)
    text = file.read_text(encoding="utf-8").replace(
        "start = 16\n",
        'start = 16\nchildren = 24\nlibrary = "library.smi"\ndrawn = 40\n[method.genetic]\nparents = 8\n',
    )
    file.write_text(text, encoding="utf-8")
    with Run.start(tmp_path / "run", load_campaign(file)) as run:
        run.go()
    held_within(rows(tmp_path / "run"), PIPERIDINE, 2, 4)
    assert from_elsewhere(tmp_path / "run", "screen_children") + from_elsewhere(tmp_path / "run", "screen_library")


def test_no_call_is_spent_on_a_child_of_genetic_gfn_outside_the_bounds(tmp_path: Path) -> None:
    file = campaign(tmp_path, f'core = "{PIPERIDINE}"\natoms = "1..8"', budget=80)
    before, _, after = file.read_text(encoding="utf-8").partition("[method]")
    method = 'name = "genetic-gfn"\nbatch_size = 16\ngenetic = { parents = 8, offspring = 24 }\n'
    file.write_text(f"{before}[method]\n{method}[objective]{after.partition('[objective]')[2]}", encoding="utf-8")
    with Run.start(tmp_path / "run", load_campaign(file)) as run:
        run.go()
    held_within(rows(tmp_path / "run"), PIPERIDINE, 1, 8)


def test_no_call_is_spent_on_a_seed_without_the_parts(tmp_path: Path) -> None:
    held = "CC(=O)N1CCC(C)CC1"
    (tmp_path / "seeds.smi").write_text(f"{held}\nCCO\nCC(=O)N1CCCCC1\n", encoding="utf-8")
    table = f'core = "{PIPERIDINE}"\natoms = "1..12"\nseeds = "seeds.smi"'
    with Run.start(tmp_path / "run", load_campaign(campaign(tmp_path, table, budget=20))) as run:
        run.go()
        assert run.unwritable == ["CCO", "CC(=O)N1CCCCC1"]
    calls = rows(tmp_path / "run")
    assert [row[2] for row in calls if row[1] == 0] == [held]
    held_within(calls, PIPERIDINE, 1, 12)


def test_cores_come_from_a_file_and_each_has_its_share(tmp_path: Path) -> None:
    (tmp_path / "cores.smi").write_text(f"{PIPERIDINE}\n*c1ccncc1\n", encoding="utf-8")
    with Run.start(tmp_path / "run", load_campaign(campaign(tmp_path, 'core = "cores.smi"'))) as run:
        run.go()
    pyridine = parse_pattern("c1ccncc1")
    number = sum(parse(row[2]).HasSubstructMatch(pyridine) for row in rows(tmp_path / "run"))  # type: ignore[union-attr]
    assert 12 <= number <= 44


def test_a_component_called_like_a_part_keeps_its_column(tmp_path: Path) -> None:
    file = campaign(tmp_path, 'link = ["*c1ccccc1", "*N1CCOCC1"]', budget=16)
    file.write_text(file.read_text(encoding="utf-8") + 'name = "linker"\n', encoding="utf-8")
    with Run.start(tmp_path / "run", load_campaign(file)) as run:
        run.go()
    write_outputs(tmp_path / "run")
    hits = pd.read_csv(tmp_path / "run" / "hits.csv")
    assert len(hits)
    assert hits["linker"].round(4).tolist() == hits["score"].tolist()


def test_hits_say_what_stands_at_the_places_of_their_core(tmp_path: Path) -> None:
    with Run.start(tmp_path / "run", load_campaign(campaign(tmp_path, f'core = "{PIPERIDINE}"'))) as run:
        run.go()
    page = write_outputs(tmp_path / "run").page
    hits = pd.read_csv(tmp_path / "run" / "hits.csv")
    assert len(hits)
    assert set(hits["core"]) == {PIPERIDINE}
    for smiles, first, second in zip(hits["smiles"], hits["R1"], hits["R2"], strict=True):
        core = "[1*]C(=O)N1CCC([2*])CC1"
        held = [text.replace("*", f"[*:{n}]") for n, text in enumerate((first, second), 1) if text != "*[H]"]
        mapped = core.replace("[1*]", "[*:1]").replace("[2*]", "[*:2]" if second != "*[H]" else "[H]")
        whole = canonical_smiles(Chem.MolToSmiles(Chem.molzip(Chem.MolFromSmiles(".".join([mapped, *held])))))  # noqa: TID251 - maps stay
        assert whole == smiles
    assert '"R1"' in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('core = "c1ccccc1"', "has no place"),
        ('core = "*C1CC"', "*C1CC"),
        ('core = "*=C1CCCCC1"', "*=C1CCCCC1"),
        ('link = ["c1ccccc1", "*N1CCOCC1"]', "c1ccccc1"),
        ('link = ["*c1ccccc1", "*N1CCOCC1"]\nlinker_atoms = "8"', "MIN..MAX"),
        ('like = "C1CC"', "invalid SMILES"),
        ('core = "*c1ccccc1"\nlike = "CCO"', "choose one of them"),
        ('like = "CCO"\natoms = "1..2"', "atoms belongs to core"),
        ('core = "none.smi"', "none.smi: no such file"),
    ],
)
def test_bad_parts_are_one_line_and_leave_no_folder(tmp_path: Path, table: str, words: str) -> None:
    result = CliRunner().invoke(app, ["run", str(campaign(tmp_path, table)), "--out", str(tmp_path / "run")])
    assert result.exit_code == 2
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_a_policy_gradient_cannot_learn_from_forced_tokens(tmp_path: Path) -> None:
    file = campaign(tmp_path, f'core = "{PIPERIDINE}"')
    text = (
        file.read_text(encoding="utf-8")
        .replace('name = "mara"', 'name = "rloo"')
        .replace("[method.screen]\ncandidates = 24\nstart = 16\n", "")
    )
    file.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(app, ["validate", str(file)])
    assert result.exit_code == 2
    assert "start gives parts, which biases the estimator rloo" in result.stderr
