"""Every command through the real program: data on stdout, words on stderr, exit codes."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from click.testing import Result
from typer.testing import CliRunner

from chemmara.language_model.checkpoint import load_prior
from chemmara.language_model.sampling import sample
from chemmara.molecules.chem import canonical_smiles, parse
from chemmara.records.ledger import Ledger
from cli.main import app

ROOT = Path(__file__).parents[2]


def chemmara(*arguments: object, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def library(tmp_path: Path, drugs: dict[str, str]) -> Path:
    path = tmp_path / "library.csv"
    lines = [f"{name},{smiles},1.50" for name, smiles in drugs.items()]
    path.write_text("\n".join(["name,SMILES,x", *lines[:2], "broken,C1CC,", *lines[2:]]) + "\n")
    return path


def test_help_is_quick_and_loads_nothing_heavy() -> None:
    code = "import sys; sys.argv = ['chemmara', '--help']\n"
    code += "import atexit\n"
    code += "atexit.register(lambda: print(sorted({m.split('.')[0] for m in sys.modules}), file=sys.stderr))\n"
    code += "from cli.main import app; app()"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "score" in ran.stdout
    loaded = set(ran.stderr.split("'"))
    assert not loaded & {"torch", "rdkit", "pandas", "sklearn", "scipy", "matplotlib", "numpy", "pydantic"}


@pytest.mark.parametrize(
    ("module", "unused"),
    [
        ("chemmara.campaign.run", {"sklearn", "scipy.stats", "matplotlib", "distributed", "onnxruntime"}),
        ("chemmara.scoring.local", {"torch", "pandas", "sklearn", "scipy.stats", "matplotlib", "onnxruntime"}),
    ],
)
def test_a_campaign_and_a_scoring_process_begin_without_what_few_of_them_need(module: str, unused: set[str]) -> None:
    script = f"import sys, {module}; print('\\n'.join(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not set(ran.stdout.split()) & unused


@pytest.mark.parametrize(
    "command",
    ["init", "validate", "run", "resume", "report", "compare", "sample", "likelihood", "score", "diversity", "pretrain",
     "export", "pick", "cluster", "novelty",
     "corpus prepare", "corpus fetch", "corpus list", "prior list", "prior show", "objective list", "objective show"],
)  # fmt: skip
def test_every_command_teaches_by_an_example(command: str) -> None:
    result = chemmara(*command.split(), "--help")
    assert result.exit_code == 0
    assert "Example: chemmara" in " ".join(result.stdout.split())


def test_the_version_is_told() -> None:
    from chemmara import __version__

    assert chemmara("--version").stdout == f"chemmara {__version__}\n"


def test_sample_writes_smiles_and_the_seed_fixes_them(tiny_prior: Path, tmp_path: Path) -> None:
    first = chemmara("sample", tiny_prior, "-n", 20, "--seed", 5)
    assert first.exit_code == 0
    lines = first.stdout.splitlines()
    assert len(lines) == 20
    assert all(line == "" or parse(line) is not None for line in lines)
    assert chemmara("sample", tiny_prior, "-n", 20, "--seed", 5).stdout == first.stdout
    assert chemmara("sample", tiny_prior, "-n", 20, "--seed", 6).stdout != first.stdout
    assert chemmara("sample", tiny_prior, "-n", 20, "--seed", 5, "--out", tmp_path / "s.smi").stdout == ""
    assert (tmp_path / "s.smi").read_text() == first.stdout


def test_sample_draws_until_there_are_enough_different_valid_molecules(tiny_prior: Path) -> None:
    plain = chemmara("sample", tiny_prior, "-n", 200, "--seed", 5).stdout.splitlines()
    assert any(parse(line) is None for line in plain)
    for flags in (["--valid"], ["--unique"], ["--valid", "--unique"]):
        result = chemmara("sample", tiny_prior, "-n", 200, "--seed", 5, *flags)
        lines = result.stdout.splitlines()
        assert (result.exit_code, len(lines), result.stderr) == (0, 200, "")
        if "--valid" in flags:
            assert all(parse(line) is not None for line in lines)
        if "--unique" in flags:
            assert len({canonical_smiles(line) or line for line in lines}) == 200
        assert chemmara("sample", tiny_prior, "-n", 200, "--seed", 5, *flags).stdout == result.stdout


def test_sample_says_when_a_prior_has_no_more_and_keeps_what_there_is(tiny_prior: Path, tmp_path: Path) -> None:
    # at this temperature it writes the same molecule again and again
    out = tmp_path / "x.smi"
    result = chemmara("sample", tiny_prior, "-n", 50, "--valid", "--unique", "--temperature", 0.01, "--out", out)
    assert result.exit_code == 2
    found = len(out.read_text().splitlines())
    assert found < 50
    assert f"{found} of 50 different valid molecules in " in result.stderr
    assert "what there is was written" in result.stderr


def test_the_nll_of_a_sample_is_that_of_the_sequence(tiny_prior: Path, tmp_path: Path) -> None:
    beside = [
        line.split(" ") for line in chemmara("sample", tiny_prior, "-n", 9, "--valid", "--nll").stdout.splitlines()
    ]
    assert chemmara("sample", tiny_prior, "-n", 9, "--valid", "--nll", "--out", tmp_path / "x.csv").exit_code == 0
    rows = table((tmp_path / "x.csv").read_text())
    assert [[row["smiles"], row["nll"]] for row in rows] == beside
    prior = load_prior(tiny_prior)
    generator = torch.Generator().manual_seed(0)
    rollout = sample(prior.model, prior.tokenizer, 27, generator=generator, max_length=25)  # 9 + 9 // 4 + 16
    expected = dict(zip(rollout.smiles, (-rollout.logp).tolist(), strict=True))
    for row in rows[:5]:
        assert float(row["nll"]) == pytest.approx(expected[row["smiles"]], abs=1e-3)


def test_likelihood_keeps_the_columns_and_adds_nats(tiny_prior: Path, library: Path) -> None:
    library.write_text("name,SMILES\na,CCO\nb,CC(=O)Nc1ccc(O)cc1\nc,CCO\n")
    result = chemmara("likelihood", tiny_prior, library)
    rows = table(result.stdout)
    assert list(rows[0]) == ["name", "SMILES", "nll", "error"]
    assert rows[0]["nll"] == rows[2]["nll"]
    assert 0 < float(rows[0]["nll"]) < float(rows[1]["nll"])  # 3 tokens against 15, in an untrained network


def test_likelihood_keeps_a_row_that_the_prior_cannot_write_and_says_why(tiny_prior: Path, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("smiles,name\nCCO,a\nO=I(=O)c1ccccc1,b\n,c\nCC[Xe],d\nC[C@@H](N)C(=O)O,e\nCCO,f\n")
    result = chemmara("likelihood", tiny_prior, tmp_path / "x.csv", "--out", tmp_path / "nll.csv")
    assert result.exit_code == 0
    rows = table((tmp_path / "nll.csv").read_text())
    assert [row["name"] for row in rows] == list("abcdef")
    assert [bool(row["nll"]) for row in rows] == [True, False, False, False, False, True]
    assert rows[0] == {**rows[5], "name": "a"}
    assert rows[0]["error"] == ""
    assert rows[1]["error"].startswith("has no SELFIES")
    assert rows[2]["error"] == "empty"
    assert rows[3]["error"] == "unknown token '[Xe]' at character 7"  # of [C][C][Xe]
    assert rows[4]["error"].startswith("unknown token '[C@@H1]' at character 4 (stereo: `corpus prepare --stereo drop`")
    assert "4 rows have no nll; the first is row 2: has no SELFIES" in result.stderr


def test_score_keeps_rows_columns_and_order(library: Path, tmp_path: Path) -> None:
    result = chemmara("score", library, "--objective", "drug-like")
    rows = table(result.stdout)
    assert list(rows[0]) == [
        "name",
        "SMILES",
        "x",
        "total",
        "qed",
        "sa_score",
        "crippen_logp",
        "tpsa",
        "alerts",
        "error",
    ]
    assert [row["name"] for row in rows][:4] == ["aspirin", "caffeine", "broken", "ibuprofen"]
    assert rows[0]["x"] == "1.50"
    assert (rows[2]["total"], rows[2]["error"]) == ("", "invalid SMILES: not SMILES syntax")
    assert "1 rows have no score; the first is row 3" in result.stderr
    pooled = chemmara("score", library, "--objective", "drug-like", "--workers", 2, "--out", tmp_path / "out.csv")
    assert pooled.exit_code == 0
    assert (tmp_path / "out.csv").read_text() == result.stdout


def test_what_was_scored_can_be_scored_again_and_its_old_columns_are_named(library: Path, tmp_path: Path) -> None:
    first, again = tmp_path / "first.csv", tmp_path / "again.csv"
    assert chemmara("score", library, "--objective", "drug-like", "--out", first).exit_code == 0
    result = chemmara("score", first, "--objective", "drug-like", "--out", again)
    assert result.exit_code == 0
    assert again.read_text() == first.read_text()
    assert (
        "columns that it has already are replaced: total, qed, sa_score, crippen_logp, tpsa, alerts, error"
        in result.stderr
    )
    other = chemmara("score", first, "--task", "qed")
    assert list(table(other.stdout)[0])[-2:] == ["qed", "error"] or "total" in table(other.stdout)[0]


def test_scoring_replaces_no_column_of_smiles(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("total\nCCO\n")
    result = chemmara("score", tmp_path / "x.csv", "--smiles-column", "total", "--task", "qed")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "named like a column of scores" in result.stderr


def test_a_runs_hits_can_be_scored_again(campaign_file: Path, tmp_path: Path) -> None:
    assert chemmara("run", campaign_file, "--out", tmp_path / "run", "--budget", 60).exit_code == 0
    hits = table((tmp_path / "run" / "hits.csv").read_text())
    assert hits
    result = chemmara("score", tmp_path / "run" / "hits.csv", "--objective", campaign_file)
    assert result.exit_code == 0
    assert "are replaced: qed, tpsa" in result.stderr
    with Ledger.open(tmp_path / "run" / "ledger.sqlite") as ledger:
        exact = {call.smiles: call.score for call in ledger.calls()}
    for old, new in zip(hits, table(result.stdout), strict=True):
        assert float(new["total"]) == pytest.approx(exact[old["smiles"]], abs=1e-12)
        assert float(old["score"]) == round(exact[old["smiles"]], 4)


def test_a_job_that_begins_again_keeps_a_budget_that_was_raised(campaign_file: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    job = ("run", campaign_file, "--out", run, "--resume")
    for arguments in (("run", campaign_file, "--out", run, "--budget", 20), ("resume", run, "--budget", 300), job):
        result = chemmara(*arguments)
        assert result.exit_code == 0, result.output
    assert json.loads((run / "campaign.json").read_text())["campaign"]["budget"] == 300
    smaller = chemmara(*job, "--budget", 100)
    assert (smaller.exit_code, smaller.stderr.count("\n")) == (2, 1)
    assert "has a budget of 300, which can grow but not shrink" in smaller.stderr


def test_likelihood_of_its_own_output_replaces_nll(tiny_prior: Path, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("smiles,nll,id\nCCO,-1,a\n")
    result = chemmara("likelihood", tiny_prior, tmp_path / "x.csv", "--out", tmp_path / "y.csv")
    assert "columns that it has already are replaced: nll" in result.stderr
    assert chemmara("likelihood", tiny_prior, tmp_path / "y.csv").stdout == (tmp_path / "y.csv").read_text()
    row = table((tmp_path / "y.csv").read_text())[0]
    assert (list(row), float(row["nll"]) > 0) == (["smiles", "id", "nll", "error"], True)


def test_diversity_as_table_and_json(library: Path) -> None:
    figures = json.loads(chemmara("diversity", library, "--json").stdout)
    assert (figures["molecules"], figures["invalid"], figures["unique"]) == (9, 1, 8)
    assert "#Circles (.75)" in chemmara("diversity", library).stdout
    piped = chemmara("diversity", "-", "--json", stdin="CCO\nOCC\n")
    assert json.loads(piped.stdout)["duplicates"] == 1


def test_init_writes_what_validate_accepts(tmp_path: Path, tiny_prior: Path) -> None:
    path = tmp_path / "mine" / "campaign.toml"
    assert chemmara("init", path).exit_code == 0
    path.write_text(path.read_text().replace('"chembl-gru"', f'"{tiny_prior}"', 1))
    result = chemmara("validate", path)
    assert (result.exit_code, "sound" in result.stdout) == (0, True)
    schema = json.loads((tmp_path / "mine" / "campaign.schema.json").read_text())
    assert schema["properties"]["budget"]["description"].startswith("Unique molecules")
    assert chemmara("init", path).exit_code == 2


def test_run_report_and_resume_tell_figures_and_the_pages_path(campaign_file: Path, tmp_path: Path) -> None:
    result = chemmara("run", campaign_file, "--out", tmp_path / "run", "--budget", 60, "--seed", 9)
    assert result.exit_code == 0
    for words in ("oracle calls", "hits (Yield)", "scaffolds", str(tmp_path / "run" / "report.html")):
        assert words in result.stdout
    assert (
        len(table((tmp_path / "run" / "hits.csv").read_text()))
        == len((tmp_path / "run" / "hits.smi").read_text().split("\n")) - 1
    )
    assert chemmara("report", tmp_path / "run").stdout.strip() == str(tmp_path / "run" / "report.html")
    assert chemmara("resume", tmp_path / "run", "--budget", 80).exit_code == 0
    assert chemmara("sample", tmp_path / "run" / "policy", "-n", 3).exit_code == 0


def test_compare_runs_methods_over_seeds_and_goes_on_where_it_stopped(campaign_file: Path, tmp_path: Path) -> None:
    arguments = ["compare", campaign_file, "--methods", "reinvent, mara", "--budget", 40, "--out", tmp_path / "c"]
    assert chemmara(*arguments, "--seeds", 1).exit_code == 0
    before = (tmp_path / "c" / "mara" / "3" / "ledger.sqlite").read_bytes()
    result = chemmara(*arguments, "--seeds", 2)
    assert result.exit_code == 0
    first = [line.split(" | ")[0] for line in result.stdout.splitlines()]
    assert [first[i] for i in (0, 2, 3, 5, 7)] == [
        "| method", "| reinvent", "| mara", "| paired difference", "| mara - reinvent",
    ]  # fmt: skip
    assert (tmp_path / "c" / "mara" / "3" / "ledger.sqlite").stat().st_size == len(before)
    for name in ("table.md", "runs.csv", "comparison.png", "comparison.html"):
        assert (tmp_path / "c" / name).stat().st_size > 0
    assert len(table((tmp_path / "c" / "runs.csv").read_text())) == 4


def test_corpus_and_pretrain_make_a_prior(tmp_path: Path, drugs: dict[str, str]) -> None:
    (tmp_path / "raw.smi").write_text(
        "\n".join(smiles + "C" * n for smiles in ("CCO", "CCN", "CCCO") for n in range(12, 40))
    )
    out = tmp_path / "corpus"
    prepared = chemmara("corpus", "prepare", tmp_path / "raw.smi", "--out", out, "--valid", 0.1)
    assert prepared.exit_code == 0
    assert "kept" in prepared.stderr
    assert chemmara("corpus", "prepare", tmp_path / "raw.smi", "--out", out).exit_code == 2
    options = [
        "--hidden",
        8,
        "--embedding",
        4,
        "--epochs",
        2,
        "--batch-size",
        16,
        "--evaluate-samples",
        5,
        "--card-samples",
        50,
    ]
    trained = chemmara("pretrain", out, "--out", tmp_path / "prior", *options)
    assert (trained.exit_code, "nats a held-out molecule" in trained.stderr) == (0, True), trained.exception
    assert chemmara("pretrain", out, "--out", tmp_path / "prior", *options).exit_code == 2
    assert chemmara("sample", tmp_path / "prior", "-n", 2).exit_code == 0
    assert (tmp_path / "prior" / "card.md").exists()
    assert drugs


def test_corpus_fetch_takes_a_copy_and_refuses_a_wrong_one(tmp_path: Path) -> None:
    (tmp_path / "copy").write_text("CCO\n")
    result = chemmara("corpus", "fetch", "zinc250k", "--from", tmp_path / "copy", "--out", tmp_path / "z.smi")
    assert (result.exit_code, (tmp_path / "z.smi").exists()) == (2, False)
    assert "refused" in result.stderr
    assert "zinc250k" in chemmara("corpus", "list").stdout


def test_what_is_bundled_can_be_listed_and_shown() -> None:
    priors = chemmara("prior", "list").stdout
    assert "chembl-gru" in priors
    assert "zinc250k-gru" in priors
    assert "held-out molecule" in chemmara("prior", "show", "chembl-gru").stdout
    assert "drug-like" in chemmara("objective", "list").stdout
    missing = chemmara("prior", "show", "chembl-gro")
    assert missing.exit_code == 2
    assert "did you mean 'chembl-gru'?" in missing.stderr
