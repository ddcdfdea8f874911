"""The user's mistakes: one clear line, exit code 2, and nothing lost."""

import json
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app

CASES = [
    ("run {campaign} --out {tmp}/r --method optimise+restart.patience=0", "restart.patience"),
    ("run {campaign} --out {tmp}/r --method optimise+restart.calls=9", "unknown key 'calls'"),
    ("run {campaign} --out {tmp}/r --method optimise+niching=true", "niching and restart both begin the search anew"),
    ("run nowhere.toml --out {tmp}/r", "no such campaign"),
    ("run {tmp}/empty.toml --out {tmp}/r", "'objective' is missing"),
    ("run {tmp}/folder --out {tmp}/r", "is a folder"),
    ("run {tmp}/broken.toml --out {tmp}/r", "not valid TOML"),
    ("run {tmp}/key.toml --out {tmp}/r", "unknown key 'budgett'; did you mean 'budget'?"),
    ("run {tmp}/type.toml --out {tmp}/r", "in budget (got 'many')"),
    ("run {tmp}/oracle.toml --out {tmp}/r", "unknown oracle 'qedd' in objective.component[1]; did you mean 'qed'?"),
    ("run {campaign} --out {tmp}/r --budget 0", "greater than 0 in budget (got 0)"),
    ("run {campaign} --out {tmp}/r --method maraa", "no such method 'maraa'"),
    ("run {tmp}/prior.toml --out {tmp}/r", "no such prior"),
    ("run {campaign} --out {tmp}/r --prior {tmp}/folder", "not a prior"),
    ("run {campaign} --out /proc/nowhere", "cannot write there"),
    ("run {campaign} --out {tmp}/empty.toml", "cannot write there"),
    ("run {campaign} --out {tmp}/r --resume --force", "choose one"),
    ("run quickstartt --out {tmp}/r", "did you mean 'quickstart'?"),
    ("resume {tmp}/folder", "not a run's folder"),
    ("report {tmp}/folder", "not a run's folder"),
    ("report {tmp}/nowhere", "nowhere: no such folder"),
    ("resume {tmp}/nowhere", "nowhere: no such folder"),
    ("score {tmp}/folder --objective drug-like", "is a folder; a file of molecules is needed"),
    ("validate {tmp}/key.toml", "did you mean 'budget'?"),
    ("compare {campaign} --methods mara --seeds 5..3 --out {tmp}/c", "the first and the last seed, as 3..5"),
    ("compare {campaign} --methods mara --seeds 0 --out {tmp}/c", "the first and the last seed, as 3..5"),
    ("compare {campaign} --methods , --out {tmp}/c", "names no method"),
    ("compare {campaign} --methods mara,nope --out {tmp}/c", "no such method 'nope'"),
    ("sample {tmp}/folder -n 3", "not a prior (config.json is missing)"),
    ("sample nope -n 3", "no such prior"),
    ("sample {prior} -n 3 --out {tmp}/none/x.smi", "does not exist"),
    (
        "likelihood {prior} {tmp}/error.csv --smiles-column error",
        "its column of SMILES is called 'error'; rename it first",
    ),
    ("likelihood {prior} {tmp}/empty.smi", "holds no molecules"),
    ("score {tmp}/none.csv --objective drug-like", "no such file"),
    ("score {tmp}/empty.smi --objective drug-like", "holds no molecules"),
    ("score {tmp}/tokens.smi --objective nope", "no such objective"),
    ("score {tmp}/tokens.smi --objective {tmp}/oracle.toml", "did you mean 'qed'?"),
    ("diversity {tmp}/none.csv", "no such file"),
    ("corpus prepare {tmp}/none.smi --out {tmp}/c", "no such file"),
    ("corpus fetch nope", "no such data set"),
    ("pretrain {tmp}/folder --out {tmp}/p", "not a prepared corpus"),
    ("pretrain {tmp}/tokens.smi --out {tmp}/p --from nope", "no such prior"),
    ("pretrain {tmp}/tokens.smi --out {tmp}/p --extend-vocabulary", "name one by --from"),
    ("pretrain {tmp}/single.smi --out {tmp}/p --from chembl-gru", "1 molecules to learn from and 0 held out"),
    ("pretrain {tmp}/blank.smi --out {tmp}/p", "invalid SMILES: 2"),
    ("pretrain {tmp}/corpus --out {tmp}/p --stereo drop", "use `corpus prepare --stereo drop`"),
    ("pretrain {tmp}/tokens.smi --out {tmp}/p --resume --force", "--resume and --force: choose one"),
    ("pretrain {tmp}/tokens.smi --out {tmp}/p --heads 4", "--heads: a gru has none"),
    ("pretrain {tmp}/tokens.smi --out {tmp}/p --from chembl-gru --notation selfies", "its notation is kept"),
    ("pretrain {tmp}/tokens.smi --out {tmp}/p --from chembl-gru --hidden 32", "its network is kept"),
    ("pretrain {tmp}/tokens.smi --out {tmp}/p --epochs 0", "greater than 0"),
    ("pretrain {tmp}/tokens.smi --out {tmp}/p --network transformer --hidden 10 --heads 3", "must divide"),
]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    objective = '[[objective.component]]\noracle = "qed"\n'
    for name, text in {
        "empty.toml": "", "broken.toml": "a = = 1", "key.toml": "budgett = 1\n" + objective,
        "type.toml": 'budget = "many"\n' + objective, "oracle.toml": objective.replace("qed", "qedd"),
        "prior.toml": 'prior = "nope"\n' + objective, "empty.smi": "", "tokens.smi": "CCO\nCC[Xe]\n",
        "error.csv": "smiles,error\nCCO,-\n", "single.smi": "CCO\n", "blank.smi": "\nC1CC\n  \nx\n",
        "corpus/train.smi": "CCO\nCCN\n", "corpus/valid.smi": "CCC\n",
    }.items():  # fmt: skip
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "folder").mkdir()
    return tmp_path


@pytest.mark.parametrize(("command", "words"), CASES)
def test_a_mistake_is_one_clear_line(
    command: str, words: str, place: Path, campaign_file: Path, tiny_prior: Path
) -> None:
    before = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    arguments = command.format(tmp=place, campaign=campaign_file, prior=tiny_prior).split()
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2, result.output
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("error: ")
    assert words in lines[0]
    assert result.stdout == ""
    after = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    assert after == before


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    import chemmara.pretraining.catalogue

    def broken() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(chemmara.pretraining.catalogue, "catalogue", broken)
    assert isinstance(CliRunner().invoke(app, ["corpus", "list"]).exception, ZeroDivisionError)


def test_a_run_of_an_earlier_version_is_refused_in_one_line_by_every_command(
    tmp_path: Path, campaign_file: Path
) -> None:
    program, folder = CliRunner(), tmp_path / "c" / "mara" / "3"
    begun = program.invoke(app, ["run", str(campaign_file), "--budget", "20", "--out", str(folder)])
    assert begun.exit_code == 0, begun.output
    connection = sqlite3.connect(folder / "ledger.sqlite")
    connection.execute("PRAGMA user_version = 1")
    connection.close()
    saved = json.loads((folder / "campaign.json").read_text())
    saved["campaign"]["threshold"] = saved["campaign"].pop("hit_threshold")  # as it was called then
    saved["campaign"]["memory"] = saved["campaign"].pop("worker_memory")
    (folder / "campaign.json").write_text(json.dumps(saved))
    for command in (
        ["resume", folder],
        ["report", folder],
        ["explain", folder, "CCO", "CCN"],
        ["run", campaign_file, "--out", folder, "--resume"],
        ["compare", campaign_file, "--methods", "mara", "--seeds", 1, "--out", tmp_path / "c"],
    ):
        refused = program.invoke(app, [str(argument) for argument in command])
        assert refused.exit_code == 2, command
        assert refused.stderr.count("\n") == 1
        assert "has format 1, and this chemmara reads format" in refused.stderr


def test_a_campaign_json_that_is_none_of_ours_is_one_line(tmp_path: Path) -> None:
    for text in ("[]", "{}", '{"campaign": 3}'):
        (tmp_path / "campaign.json").write_text(text)
        refused = CliRunner().invoke(app, ["resume", str(tmp_path)])
        assert refused.exit_code == 2
        assert "is not the campaign.json of a run" in refused.stderr


def test_a_report_of_a_run_without_a_call_is_refused_in_one_line(tmp_path: Path, campaign_file: Path) -> None:
    program = CliRunner()
    assert (
        program.invoke(app, ["run", str(campaign_file), "--budget", "20", "--out", str(tmp_path / "r")]).exit_code == 0
    )
    for emptied in ("calls", "run"):  # stopped in its first batch, and in the making of its ledger
        with sqlite3.connect(tmp_path / "r" / "ledger.sqlite") as connection:
            connection.execute(f"DELETE FROM {emptied}")  # noqa: S608 - a name from the line above
        refused = program.invoke(app, ["report", str(tmp_path / "r")])
        assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)
        assert "has no oracle call yet" in refused.stderr
