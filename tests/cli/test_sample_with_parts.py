"""`chemmara sample` with --core, --link and --like, through the real program."""

import csv
import io
from pathlib import Path

import pytest
import torch
from click.testing import Result
from typer.testing import CliRunner

from chemmara.language_model.checkpoint import load_prior
from chemmara.language_model.sampling import log_likelihood
from chemmara.molecules.chem import canonical_smiles, parse
from chemmara.oracles.substructure import Core
from cli.main import app

PRIOR = "chembl-gru"


def sampled(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["sample", *map(str, arguments)])


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_decorated_cores_come_as_a_table_and_the_seed_fixes_it(tmp_path: Path) -> None:
    command = (PRIOR, "--core", "*c1ncnc2cc(*)ccc12", "--atoms", "1..4", "--atoms", "2..9", "-n", 12, "--seed", 3)
    result = sampled(*command)
    rows = table(result.stdout)
    assert (result.exit_code, result.stderr, len(rows)) == (0, "", 12)
    assert list(rows[0]) == ["smiles", "core", "R1", "R2"]
    molecules = [parse(row["smiles"]) for row in rows]
    assert Core("*c1ncnc2cc(*)ccc12")(molecules).all()  # type: ignore[arg-type]
    assert sampled(*command).stdout == result.stdout
    out = tmp_path / "made.csv"
    assert sampled(*command, "--nll", "--out", out).stdout == ""
    written = table(out.read_text())
    assert [row["smiles"] for row in written] == [row["smiles"] for row in rows]
    prior = load_prior(PRIOR)
    exact = -log_likelihood(prior.model, [prior.encode(row["smiles"]) for row in written])
    assert torch.allclose(torch.tensor([float(row["nll"]) for row in written]), exact, atol=1e-3)
    assert sampled(*command, "--out", tmp_path / "made.smi").exit_code == 0
    assert (tmp_path / "made.smi").read_text().splitlines() == [row["smiles"] for row in rows]


def test_a_file_of_cores_gives_each_its_share(tmp_path: Path) -> None:
    cores = tmp_path / "cores.smi"
    cores.write_text("*c1ccccc1 phenyl\n*N1CCC(*)CC1 piperidine\n")
    rows = table(sampled(PRIOR, "--core", cores, "-n", 9, "--unique", "--allow-h").stdout)
    assert sorted(row["core"] for row in rows) == ["[1*]N1CCC([2*])CC1"] * 4 + ["[1*]c1ccccc1"] * 5
    assert all(row["R1"] and (row["R2"] == "") == (row["core"] == "[1*]c1ccccc1") for row in rows)
    assert len({canonical_smiles(row["smiles"]) for row in rows}) == 9


@pytest.mark.parametrize(
    "words", [["--link", "*c1ccccc1", "*N1CCOCC1"], ["--link", "*c1ccccc1", "--link", "*N1CCOCC1"]]
)
def test_linkers_are_written_as_the_help_says(words: list[str]) -> None:
    result = sampled(PRIOR, *words, "--linker-atoms", "2..3", "-n", 6)
    rows = table(result.stdout)
    assert (result.exit_code, list(rows[0]), len(rows)) == (0, ["smiles", "linker"], 6)
    assert len({canonical_smiles(row["smiles"]) for row in rows}) == 6
    assert all("[1*]" in row["linker"] and "[2*]" in row["linker"] for row in rows)


def test_a_branched_linker_is_bound_to_three_fragments_and_a_ring_to_two_places_of_one() -> None:
    branched = table(
        sampled(PRIOR, "--link", "*c1ccccc1", "*N1CCOCC1", "*C1CC1", "--linker-atoms", "1..4", "-n", 6).stdout
    )
    assert list(branched[0]) == ["smiles", "linker"]
    for row in branched:
        assert all(row["linker"].count(f"[{place}*]") == 1 for place in (1, 2, 3))
        assert row["linker"].count("*") == 3
    ring = table(sampled(PRIOR, "--link", "*NC(=O)c1cccc(CN*)c1", "--linker-atoms", "5..7", "-n", 6).stdout)
    for row in ring:
        assert row["linker"].count("*") == 2
        # two N, C(=O), CH2, three atoms of benzene by its short side, and at least one of the linker: 8
        molecule = parse(row["smiles"])
        assert molecule is not None
        assert max(map(len, molecule.GetRingInfo().AtomRings())) >= 8


def test_analogues_say_what_is_kept_and_what_is_new() -> None:
    result = sampled(PRIOR, "--like", "O=C(NCCN1CCOCC1)c1ccc(Cl)cc1", "--similarity", "0.3..0.9", "-n", 5)
    rows = table(result.stdout)
    assert (result.exit_code, len(rows)) == (0, 5)
    assert list(rows[0]) == ["smiles", "similarity", "kept", "new"]
    assert all(0.3 <= float(row["similarity"]) <= 0.9 and "*]" in row["kept"] for row in rows)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("--core c1ccccc1", "core 'c1ccccc1': has no place; mark with * where something is to be attached"),
        ("--core *c1ccccc", "core '*c1ccccc': invalid SMILES: not SMILES syntax"),
        ("--core *=C1CCCCC1", "core '*=C1CCCCC1': place 1 is bound by a multiple bond"),
        ("--core *C([Xe])C", "core '*C([Xe])C': unknown token '[Xe]', which this prior does not know"),
        ("--core nowhere.smi", "nowhere.smi: no such file"),
        ("--core *CC* --atoms 2", "--atoms '2': write two numbers MIN..MAX"),
        ("--core *CC* --atoms 1..2 --atoms 1..2 --atoms 1..2", "3 windows of atoms for 2 places"),
        ("--core *CC --atoms 0..0", "heavy atoms of a group 0..0: write whole numbers"),
        ("--core *CC --like CC", "--core and --like: choose one of them"),
        ("--core *CC --top-p 0.5", "--top-p cannot be combined with --core"),
        ("--core *CC --similarity 0.4..0.5", "--similarity belongs to --like"),
        ("--allow-h", "--allow-h belongs to --core"),
        ("--linker-atoms 2..8", "--linker-atoms belongs to --link"),
        ("--link c1ccccc1 C1CC1", "fragment 'c1ccccc1': has no place"),
        ("--link *c1ccccc1", "two or three fragments are linked, not 1"),
        ("--link *CC* *CC*", "of two fragments each has one place; these have 2, 2"),
        (
            "--link *CC* *CC* *CC",
            "of three fragments each has one place, or one has two and the others one; these have 2, 2, 1",
        ),
        ("--link *CC(*)C*", "a single fragment has two places, which a linker joins into a ring; this one has 3"),
        ("--link *CC *CC *CC *CC", "two or three fragments are linked, not 4"),
        ("--link *CC *CC --linker-atoms 0..3", "heavy atoms of a linker 0..3"),
        ("--like Nope", "'Nope': invalid SMILES"),
        ("--like CCO*", "'CCO*': has a place (*)"),
        ("--like CCO.CCN", "'CCO.CCN': is several molecules"),
        ("--like CCO --similarity 0.4..8", "similarity 0.4..8: is between 0 and 1"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(words: str, line: str) -> None:
    result = sampled(PRIOR, *words.split(), "-n", 3)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("error: ")
    assert line in result.stderr


def test_a_prior_of_selfies_is_refused(tiny_prior: Path) -> None:
    for words in (["--core", "*CC"], ["--link", "*CC", "*CC"], ["--like", "CCO"]):
        result = sampled(tiny_prior, *words, "-n", 3)
        assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
        assert "writes SELFIES" in result.stderr


def test_a_window_that_nobody_meets_keeps_what_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chemmara.decoration.search.PATIENCE", 30)
    out = tmp_path / "few.csv"
    # one heavy atom between two rings: a dozen elements at most
    result = sampled(PRIOR, "--link", "*c1ccccc1", "*C1CC1", "--linker-atoms", "1..1", "-n", 40, "--out", out)
    found = len(table(out.read_text()))
    assert (result.exit_code, 1 <= found < 40) == (2, True)
    assert f"{found} of 40 different molecules found, and none in the last 30 tries" in result.stderr
    assert result.stderr.count("\n") == 1
    none = sampled(PRIOR, "--like", "O=C(NCCN1CCOCC1)c1ccc(Cl)cc1", "--similarity", "0.99..0.995", "-n", 2)
    assert (none.exit_code, none.stderr.count("\n")) == (2, 1)
    assert "0 of 2 different molecules found" in none.stderr
