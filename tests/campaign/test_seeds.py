"""Campaigns that begin with known molecules: measured or with scores of their own, through the real program."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from chemmara.campaign.run import Run
from chemmara.campaign.settings import load_campaign
from chemmara.campaign.start import StartConfig, read_seeds
from chemmara.errors import ChemmaraError
from chemmara.molecules.library import Library, open_library
from chemmara.rl.seeds import take_seeds
from chemmara.scoring.budget import Budgeted
from chemmara.scoring.measurement import Measured, Request, at_once
from chemmara.scoring.objective import Objective, ObjectiveConfig
from chemmara.scoring.scores import Scores
from cli.main import app
from tests.campaign.test_campaign import killed_and_resumed, rows
from tests.conftest import DRUGS
from tests.rl.test_finetune import learner
from tests.rl.test_screened_steps import screened

QED = ObjectiveConfig.model_validate({"component": [{"oracle": "qed"}]})


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    """Three drugs, one of them twice, with scores."""
    file = tmp_path / "actives.csv"
    names = ["aspirin", "caffeine", "ibuprofen"]
    lines = [f"{DRUGS[name]},{score}" for name, score in zip(names, (0.9, 0.8, 0.7), strict=True)]
    file.write_text("\n".join(["smiles,activity", *lines, f"OC(=O)c1ccccc1OC(C)=O,0.1{''}"]) + "\n", encoding="utf-8")
    return file


def with_start(campaign: Path, table: str) -> Path:
    text = campaign.read_text(encoding="utf-8").replace("[objective]", f"[start]\n{table}\n[objective]")
    campaign.write_text(text, encoding="utf-8")
    return campaign


def test_seeds_are_read_once_each_with_the_scores_of_their_first_rows(seeds: Path) -> None:
    read = read_seeds(StartConfig(seeds=seeds, seed_scores="activity"))
    assert read is not None
    assert read.smiles == [DRUGS["aspirin"], DRUGS["caffeine"], DRUGS["ibuprofen"]]
    assert read.scores == [0.9, 0.8, 0.7]
    assert read_seeds(StartConfig(seeds=seeds)).scores is None  # type: ignore[union-attr]
    assert read_seeds(StartConfig()) is None


def test_the_file_of_seeds_is_opened_once_by_a_run_of_two_stages(
    tmp_path: Path, campaign_file: Path, seeds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = list[Path]()

    def counted(path: Path) -> Library:
        opened.append(path)
        return open_library(path)

    monkeypatch.setattr("chemmara.campaign.start.open_library", counted)
    file = with_start(campaign_file, f'seeds = "{seeds}"')
    stage = '\n[[stage]]\nobjective = { component = [{ oracle = "qed" }] }\nbudget = 20\n'
    file.write_text(file.read_text(encoding="utf-8") + stage, encoding="utf-8")
    with Run.start(tmp_path / "run", load_campaign(file, budget=40)) as run:
        run.go()
        assert run.progress.stage == 2
    assert opened == [seeds]


def test_seeds_do_not_end_a_stage_by_being_good(tmp_path: Path, campaign_file: Path) -> None:
    """Ten alkyl amines with a QED of .4 and more are seeds; the untrained prior's molecules do not come to that, so
    that the first stage takes its 30 calls, also where it is gone on with after the seeds."""
    seeds = tmp_path / "seeds.smi"
    seeds.write_text("".join(f"{'C' * n}NCc1ccccc1\n" for n in range(1, 11)), encoding="utf-8")
    file = with_start(campaign_file, f'seeds = "{seeds}"')
    stage = '\n[[stage]]\nobjective = { component = [{ oracle = "qed" }] }\nbudget = 30\nuntil_top10 = 0.4\n'
    file.write_text(file.read_text(encoding="utf-8") + stage, encoding="utf-8")

    def stop(_: object) -> None:
        raise KeyboardInterrupt

    settings = load_campaign(file, budget=50)
    with Run.start(tmp_path / "run", settings) as run, pytest.raises(KeyboardInterrupt):
        run.go(stop)
    with Run.resume(tmp_path / "run", settings) as run:
        run.go()
        calls = run.ledger.frame()
    given, found = (calls.query(rows)["stage_score"] for rows in ("step == 0", "step > 0 and stage == 1"))
    assert (len(given), len(found)) == (10, 20)
    assert given.mean() > 0.4 > found.nlargest(10).mean()


def test_seeds_that_are_hits_are_counted_as_such_in_words_and_on_the_page(
    tmp_path: Path, campaign_file: Path, seeds: Path
) -> None:
    """Of aspirin, caffeine and ibuprofen (QED .550, .538, .822) those from .54 on are hits: two."""
    head = campaign_file.read_text(encoding="utf-8").partition("[objective]")[0]
    head = head.replace("hit_threshold = 0.5\n", "hit_threshold = 0.54\n").replace("budget = 150", "budget = 40")
    campaign_file.write_text(f'{head}[objective]\ncomponent = [{{ oracle = "qed" }}]\n', encoding="utf-8")
    file = with_start(campaign_file, f'seeds = "{seeds}"')
    result = CliRunner().invoke(app, ["run", str(file), "--out", str(tmp_path / "run")])
    assert result.exit_code == 0, result.output
    hits = pd.read_csv(tmp_path / "run" / "hits.csv")
    assert (hits["step"] == 0).sum() == 2
    assert f"2 of {len(hits)} hits are seeds that were given (step 0 in hits.csv; chemmara export" in result.stderr
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert f"It began with the seeds of {seeds}, measured first, in step 0." in page
    assert "2 hits are seeds: the filter &#39;found in step&#39;, from 1 on, leaves them out." in page


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("smiles,a\nCCO,0.5\n", "b", "has no column 'b'; it has smiles, a"),
        ("smiles,a\nCCO,high\nCCN,0.1\n", "a", "scores are numbers from 0 to 1, not 'high'"),
        ("smiles,a\nCCO,7.3\n", "a", "scores are numbers from 0 to 1, not '7.3'"),
        ("smiles,a\nC1CC,0.5\n", None, "1 seeds are no valid SMILES: 'C1CC'"),
    ],
)
def test_a_bad_seed_file_is_refused_in_a_line(tmp_path: Path, text: str, column: str | None, words: str) -> None:
    file = tmp_path / "seeds.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ChemmaraError, match=words.replace("(", r"\(")):
        read_seeds(StartConfig(seeds=file, seed_scores=column))


def test_a_learner_knows_its_seeds(tiny_prior: Path) -> None:
    trained = screened(tiny_prior, {"children": 8}, genetic={"parents": 2}, replay={"rounds": 1}, repeats="nothing")
    smiles = [DRUGS["aspirin"], DRUGS["caffeine"], "O=S(=O)(O)B(O)O"]  # the prior has no boron
    total = np.array([0.9, 0.4, 0.8])
    unwritable = take_seeds(trained, Scores(smiles, total, {}, np.ones(3, bool), [""] * 3, np.zeros(3, np.int64)))
    assert unwritable == ["O=S(=O)(O)B(O)O"]
    assert trained.replay is not None
    assert trained.diversity_filter is not None
    assert trained.screening is not None
    assert {entry.smiles: entry.score for entry in trained.replay.kept} == {smiles[0]: 0.9, smiles[1]: 0.4}
    assert list(trained.breeding.pool) == [smiles[0], smiles[2], smiles[1]]  # type: ignore[union-attr]
    assert set(trained.diversity_filter.members) == {smiles[0], smiles[2]}  # from .5 on
    assert list(trained.screening.memory.values) == smiles
    assert len(trained.screening.hits) == 2
    again = trained.augmentation.visits.of_batch([smiles[0], "CCO"], np.array([0.9, 0.9]))
    assert again.tolist() == [0.0, 0.9]


def test_seeds_teach_the_policy_from_the_first_step(tiny_prior: Path) -> None:
    trained = learner(tiny_prior, replay={"joined": 2, "rounds": 0}, estimator="log-variance")
    take_seeds(trained, Scores([DRUGS["aspirin"]], np.array([1.0]), {}, np.ones(1, bool), [""], np.zeros(1, np.int64)))
    step = trained.step(Objective(QED))
    assert DRUGS["aspirin"] in step.updates[0].rows.smiles


def test_no_call_is_spent_on_a_seed() -> None:
    measured: list[str] = []

    def measure(requests: list[Request]) -> list[Measured]:
        measured.extend(request.smiles for request in requests)
        return [Measured((0.5,)) for _ in requests]

    budget = Budgeted(Objective(QED), at_once(measure), 10, seeds=["CCO"])
    scores = budget(["OCC", "CCN"])
    assert (measured, budget.used) == (["CCN"], 1)
    assert np.isnan(scores.total[0])
    assert (scores.error[0], scores.call.tolist()) == ("a seed", [0, 1])


def test_seeds_with_scores_cost_nothing_and_a_killed_run_still_knows_them(
    tmp_path: Path, campaign_file: Path, seeds: Path
) -> None:
    file = with_start(campaign_file, f'seeds = "{seeds.name}"\nseed_scores = "activity"')
    with Run.start(tmp_path / "whole", load_campaign(file)) as run:
        run.go()
        assert run.learner.replay is not None
    whole = rows(tmp_path / "whole")
    assert len(whole) == 150
    assert not {row[2] for row in whole} & set(DRUGS.values())
    folder = tmp_path / "killed"
    killed_and_resumed(file, folder, (1, 70))
    assert rows(folder) == whole


def test_seeds_without_scores_are_the_first_calls_and_change_what_is_sampled(
    tmp_path: Path, campaign_file: Path, seeds: Path
) -> None:
    with Run.start(tmp_path / "without", load_campaign(campaign_file)) as run:
        run.go()
    file = with_start(campaign_file, f'seeds = "{seeds.name}"')
    with Run.start(tmp_path / "with", load_campaign(file)) as run:
        run.go()
        assert run.progress.seeded
    with_seeds = rows(tmp_path / "with")
    assert len(with_seeds) == 150
    assert [(row[0], row[1], row[2]) for row in with_seeds[:3]] == [
        (1, 0, DRUGS["aspirin"]), (2, 0, DRUGS["caffeine"]), (3, 0, DRUGS["ibuprofen"])
    ]  # fmt: skip
    assert {row[2] for row in with_seeds} != {row[2] for row in rows(tmp_path / "without")}


STEREO = "C[C@H](N)Cc1ccccc1"


def test_seeds_that_the_prior_cannot_write_are_named_before_a_call_is_spent(
    tmp_path: Path, campaign_file: Path
) -> None:
    (tmp_path / "series.smi").write_text(f"CCO\n{STEREO}\n", encoding="utf-8")
    file = with_start(campaign_file, 'seeds = "series.smi"')
    words = "start: 1 of 2 seeds cannot be written by the prior"
    checked = CliRunner().invoke(app, ["validate", str(file)])
    assert checked.exit_code == 0, checked.output
    assert words in checked.output
    assert f"the first is {STEREO}: it has stereo." in checked.output
    result = CliRunner().invoke(app, ["run", str(file), "--out", str(tmp_path / "run"), "--budget", "20"])
    assert result.exit_code == 0, result.output
    assert words in result.stderr.splitlines()[1]


def test_a_lead_with_stereo_of_which_the_prior_writes_none_is_a_caution(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chemmara.campaign.first_look._SAMPLED", 2)  # analogues of such a lead are rare
    file = tmp_path / "like.toml"
    file.write_text(f'prior = "chembl-gru"\nobjective = "drug-like"\nbudget = 9\nstart = {{ like = "{STEREO}" }}\n')
    assert (
        f"start: like {STEREO} has stereo, which the prior" in CliRunner().invoke(app, ["validate", str(file)]).output
    )


def test_a_dry_run_reads_the_seeds(tmp_path: Path, campaign_file: Path) -> None:
    (tmp_path / "series.smi").write_text("CCO\nno molecule\n", encoding="utf-8")
    file = with_start(campaign_file, 'seeds = "series.smi"')
    result = CliRunner().invoke(app, ["run", str(file), "--out", str(tmp_path / "run"), "--dry-run"])
    assert result.exit_code == 2, result.output
    assert "1 seeds are no valid SMILES" in result.stderr


def test_a_mistake_in_the_seeds_is_one_line_and_leaves_no_folder(tmp_path: Path, campaign_file: Path) -> None:
    file = with_start(campaign_file, 'seeds = "none.smi"')
    result = CliRunner().invoke(app, ["run", str(file), "--out", str(tmp_path / "run")])
    assert result.exit_code == 2
    assert "none.smi: no such file" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "run").exists()
