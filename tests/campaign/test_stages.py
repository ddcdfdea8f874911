"""Campaigns in stages: one budget, one ledger, an objective for each stage, and a kill at any moment."""

import json
import re
import sqlite3
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from chemmara.campaign.learner import learner_of, learner_of_next_stage
from chemmara.campaign.progress import Progress
from chemmara.campaign.recorded import scores_of_stage
from chemmara.campaign.run import Run
from chemmara.campaign.settings import CampaignConfig, load_campaign
from chemmara.campaign.stages import StageConfig, known_values, stage_method
from chemmara.errors import ChemmaraError
from chemmara.language_model.checkpoint import load_prior
from chemmara.records.ledger import Call, Ledger
from chemmara.records.tally import Tally
from chemmara.rl.method import MethodConfig
from chemmara.rl.niches import Niches, NichingConfig, Start
from chemmara.scoring.cache import remembering
from chemmara.scoring.measurement import Measured, Request, at_once, waiting_for
from chemmara.scoring.objective import Objective
from cli.main import app
from tests.campaign.test_campaign import killed_and_resumed, rows

STAGE = """
[[stage]]
budget = 60
objective = { component = [{ oracle = "qed" }, { oracle = "crippen_logp", role = "filter", transform = { kind = "step", high = 5.0 } }] }
method = { tau = 0.2, learning_rate = 0.001, diversity_filter = { bucket = 3 } }
"""  # noqa: E501 - one TOML table
NAN = float("nan")


@pytest.fixture
def staged_file(campaign_file: Path) -> Path:
    """The small campaign with a first stage of 60 calls; QED is measured in both stages."""
    campaign_file.write_text(campaign_file.read_text(encoding="utf-8") + STAGE, encoding="utf-8")
    return campaign_file


def with_stage(campaign: Path, table: str) -> Path:
    campaign.write_text(campaign.read_text(encoding="utf-8") + table, encoding="utf-8")
    return campaign


def two_stages() -> CampaignConfig:
    return CampaignConfig.model_validate(
        {
            "budget": 5,
            "objective": {
                "aggregation": "arithmetic",
                "component": [
                    {"oracle": "qed"},
                    {"oracle": "tpsa", "transform": {"kind": "ramp", "worst": 0.0, "best": 60.0}},
                ],
            },
            "stage": [{"budget": 3, "objective": {"component": [{"oracle": "qed"}]}}],
        }
    )


def test_a_molecule_of_an_earlier_stage_costs_a_call_and_only_what_is_missing_is_measured(tmp_path: Path) -> None:
    """Budget 5, of which the first stage has spent 3: two are left, for CCO (known QED .4) and CCF.

    CCO: (.4 + 30 / 60) / 2 = .45; CCF: (.6 + 45 / 60) / 2 = .675; CCCl comes too late.
    """
    settings, received = two_stages(), list[Request]()

    def measure(requests: list[Request]) -> list[Measured]:
        received.extend(requests)
        known = {"CCO": (0.4, 30.0), "CCF": (0.6, 45.0)}
        return [Measured(known[request.smiles]) for request in requests]

    with Ledger.create(tmp_path / "ledger.sqlite", staged=True) as ledger:
        ledger.set("campaign", settings.model_dump(mode="json"))
        first = [("CCO", 0.4), ("CCC", 0.5), ("CCN", 0.3)]
        ledger.append([Call(i, 1, text, qed, {"qed": qed, "tpsa": NAN}, "") for i, (text, qed) in enumerate(first, 1)])
        tally = Tally(0.5)
        recorded = scores_of_stage(
            settings, Progress(step=1, calls=3, stage=2), Objective(settings.objective), at_once(measure), ledger,
            tally, tmp_path, seeds=(), keep_going=False,
        )  # fmt: skip
        scores = recorded(["OCC", "CCO", "CCF", "CCCl"], 2)
        assert [request.smiles for request in received] == ["CCO", "CCF"]
        np.testing.assert_equal(received[0].known, (0.4, NAN))
        assert received[1].known == ()
        np.testing.assert_allclose(scores.total, [0.45, 0.45, 0.675, NAN])
        assert scores.call.tolist() == [4, 4, 5, 0]
        assert (recorded.budget.used, recorded.budget.left) == (5, 0)
        table = ledger.frame()
        assert table["stage"].tolist() == [1, 1, 1, 2, 2]
        np.testing.assert_allclose(table["stage_score"], [0.4, 0.5, 0.3, 0.45, 0.675])
        np.testing.assert_allclose(table["score"], [NAN, NAN, NAN, 0.45, 0.675])  # hits are those of the last stage
        np.testing.assert_allclose(table["tpsa"], [NAN, NAN, NAN, 30, 45])
        with pytest.raises(sqlite3.IntegrityError):  # once a stage, not twice
            ledger.append([Call(6, 3, "CCF", 0.1, {}, "", stage=2)])


def test_a_stage_ends_by_its_budget_its_ten_best_or_its_share_of_hits() -> None:
    qed = {"component": [{"oracle": "qed"}]}
    by_budget = StageConfig.model_validate({"objective": qed, "budget": 3})
    assert [bool(by_budget.over([NAN] * calls, 0.8)) for calls in (2, 3)] == [False, True]
    by_top = StageConfig.model_validate({"objective": qed, "until_top10": 0.7})
    # nine of .8 and one of .0: mean .72; nine alone are not ten
    assert by_top.over([0.8] * 9 + [NAN], 0.8) == ""
    assert by_top.over([0.8] * 9 + [0.0, NAN], 0.8) == "the ten best molecules of the stage have a mean score of 0.720"
    by_hits = StageConfig.model_validate({"objective": qed, "until_hits": 0.5})
    # 50 of the latest 100 reach .8, once the first of 101 calls is no longer counted
    assert by_hits.over([0.9] * 50 + [0.1] * 49, 0.8) == ""
    assert by_hits.over([0.9] * 50 + [0.1] * 51, 0.8) == ""
    assert by_hits.over([0.1] * 51 + [0.8] * 50, 0.8) == "50% of the latest 100 calls are hits of the stage"


def test_seeds_are_calls_of_their_stage_and_end_it_by_no_threshold() -> None:
    """Ten seeds of .9 are no ten best of the policy; 50 of them beside 99 calls are no half of the latest 100."""
    qed = {"component": [{"oracle": "qed"}]}
    by_top = StageConfig.model_validate({"objective": qed, "until_top10": 0.7, "budget": 20})
    assert by_top.over([0.9] * 10 + [0.1] * 9, 0.8, 10) == ""
    assert by_top.over([0.9] * 9 + [0.8] * 10, 0.8, 9).endswith("mean score of 0.800")
    assert by_top.over([0.9] * 10 + [0.1] * 10, 0.8, 10) == "the 20 calls of the stage are spent"
    by_hits = StageConfig.model_validate({"objective": qed, "until_hits": 0.5})
    assert by_hits.over([0.9] * 50 + [0.8] * 50 + [0.1] * 49, 0.8, 50) == ""
    assert by_hits.over([0.9] * 50 + [0.8] * 50 + [0.1] * 50, 0.8, 50).startswith("50% of the latest 100")


def test_the_live_figures_are_those_of_the_stage_and_calls_of_all() -> None:
    tally = Tally(0.5)
    for smiles, score, stage in (("CCO", 0.9, 1), ("CCN", NAN, 2), ("CCO", 0.1, 2), ("c1ccccc1", 0.6, 2)):
        tally.add(smiles, score, stage)
    now = tally.standing(3, 10, stages=2)
    assert (now.calls, now.hits, now.best, now.scaffolds, now.circles) == (4, 1, 0.6, 1, 1)
    assert (now.top10, now.stage) == (pytest.approx(0.35), "stage 2 of 2")  # (.1 + .6) / 2


def test_known_values_are_those_of_any_earlier_call() -> None:
    calls = [
        Call(1, 1, "CCO", 0.4, {"qed": 0.4, "tpsa": NAN}, ""),
        Call(2, 1, "CCN", NAN, {"qed": NAN, "tpsa": NAN}, "qed: failed"),
        Call(3, 2, "CCO", 0.4, {"qed": NAN, "tpsa": 20.0}, "", stage=2),
    ]
    assert known_values(calls, ["tpsa", "qed"]) == {"CCO": (20.0, 0.4)}


def test_what_is_known_already_is_not_measured_again_through_a_cache(tmp_path: Path) -> None:
    objective, received = Objective(two_stages().objective), list[Request]()

    def measure(requests: list[Request]) -> list[Measured]:
        received.extend(requests)
        return [Measured((0.4, 30.0)) for _ in requests]

    with remembering(objective, at_once(measure), tmp_path / "cache.sqlite") as hand_over:
        cached = waiting_for(hand_over)
        assert cached([Request("CCO", (0.4, 20.0))]) == [Measured((0.4, 20.0))]
        assert not received
        cached([Request("CCO", (0.4, NAN))])
    np.testing.assert_equal(received[0].known, (0.4, NAN))


def test_a_stage_lays_its_keys_over_the_method_inside_its_tables_too() -> None:
    campaign = MethodConfig.model_validate({"tau": 0.5, "diversity_filter": {"similarity": 0.3}})
    method = stage_method(campaign, {"diversity_filter": {"bucket": 3}, "learning_rate": 0.001})
    assert method.diversity_filter is not None
    filtered = campaign.model_copy(
        update={
            "learning_rate": 0.001,
            "diversity_filter": campaign.diversity_filter.model_copy(update={"bucket": 3}),  # type: ignore[union-attr]
        }
    )
    assert method == filtered
    assert stage_method(campaign, {"diversity_filter": False}).diversity_filter is None


def test_the_next_stage_goes_on_with_the_policy_and_forgets_scores(staged_file: Path) -> None:
    settings = load_campaign(staged_file)
    learner = learner_of(settings.in_stage(1), load_prior(settings.prior))
    learner.step(Objective(settings.objectives[0]))
    after = learner_of_next_stage(learner, settings.in_stage(2))
    assert after.replay is not None
    assert learner.replay is not None
    assert learner.replay.kept
    assert not after.replay.kept
    assert (learner.augmentation.tau.config, after.augmentation.tau.config) == (0.2, 0.3)
    for name, weights in learner.policy.state_dict().items():
        assert torch.equal(weights, after.policy.state_dict()[name])
    assert torch.equal(learner.sampling.get_state(), after.sampling.get_state())
    assert torch.equal(learner.generator.get_state(), after.generator.get_state())


def test_a_stage_goes_on_from_the_niche_that_was_found_not_from_the_way_to_the_next(staged_file: Path) -> None:
    settings = load_campaign(staged_file)
    learner = learner_of(settings.in_stage(1), load_prior(settings.prior))
    found = {name: weights + 1.0 for name, weights in learner.policy.state_dict().items()}
    learner.niches = Niches(NichingConfig(), 0.5, number=2, before=Start(found, [], {}))
    after = learner_of_next_stage(learner, settings.in_stage(2)).policy.state_dict()
    assert all(torch.equal(weights, after[name]) for name, weights in found.items())


@pytest.fixture
def uninterrupted(tmp_path: Path, staged_file: Path) -> list[tuple]:
    with Run.start(tmp_path / "whole", load_campaign(staged_file)) as run:
        assert run.go() == "the budget of 150 oracle calls is spent"
        assert run.progress.stage == 2
    return rows(tmp_path / "whole")


def test_the_budgets_hold_to_the_call_and_a_molecule_costs_one_call_a_stage(uninterrupted: list[tuple]) -> None:
    assert [row[0] for row in uninterrupted] == list(range(1, 151))
    assert [row[6] for row in uninterrupted] == [1] * 60 + [2] * 90
    assert len({(row[2], row[6]) for row in uninterrupted}) == 150
    for row in uninterrupted:
        values = json.loads(row[4])
        assert list(values) == ["qed", "crippen_logp", "tpsa"]
        assert values["qed"] is not None
        assert (values["tpsa"] is None) == (row[6] == 1)
        assert row[6] == 1 or values["crippen_logp"] is None


class _KilledError(Exception):
    """Stands for the end of the process, in the same process."""


@pytest.mark.parametrize("checkpoint_seconds", [1e-6, 1e6])
def test_a_run_that_ends_after_any_step_goes_on_to_the_same_ledger(
    tmp_path: Path, staged_file: Path, uninterrupted: list[tuple], checkpoint_seconds: float
) -> None:
    settings = load_campaign(staged_file, checkpoint_seconds=checkpoint_seconds)
    folder, killed_at, ended = tmp_path / "killed", 0, ""
    with Run.start(folder, settings):
        pass
    while not ended:  # ever one step further than the time before
        killed_at += 1

        def tell(standing: object, last: int = killed_at) -> None:
            if standing.step == last:  # type: ignore[attr-defined]
                raise _KilledError

        with Run.resume(folder, settings) as run:
            try:
                ended = run.go(tell)
            except _KilledError:
                assert rows(folder) == uninterrupted[: run.progress.calls]
    assert killed_at > 5
    assert rows(folder) == uninterrupted


def test_after_kills_in_either_stage_the_ledger_ends_as_if_nothing_had_happened(
    tmp_path: Path, staged_file: Path, uninterrupted: list[tuple]
) -> None:
    folder = tmp_path / "killed"
    out = killed_and_resumed(staged_file, folder, (20, 61))
    assert rows(folder) == uninterrupted
    assert "report.html" in out


def test_a_stage_without_a_budget_ends_at_its_threshold_and_never_takes_more_than_the_campaigns(
    tmp_path: Path, campaign_file: Path
) -> None:
    stage = '\n[[stage]]\nobjective = { component = [{ oracle = "qed" }] }\nuntil_top10 = 0.01\n'
    with Run.start(tmp_path / "soon", load_campaign(with_stage(campaign_file, stage))) as run:
        run.go()
    stages = [row[6] for row in rows(tmp_path / "soon")]
    assert 10 <= stages.count(1) < 40
    assert len(stages) == 150
    text = campaign_file.read_text(encoding="utf-8").replace("until_top10 = 0.01", "until_top10 = 1.0")
    campaign_file.write_text(text, encoding="utf-8")
    with Run.start(tmp_path / "never", load_campaign(campaign_file, budget=70)) as run:
        assert run.go() == "the budget of 70 oracle calls is spent"
    assert [row[6] for row in rows(tmp_path / "never")] == [1] * 70
    with Run.resume(tmp_path / "never", load_campaign(campaign_file, budget=80)) as run:
        run.go()
    assert [row[6] for row in rows(tmp_path / "never")] == [1] * 80


def chemmara(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.stdout, result.stderr


def test_the_program_knows_of_stages_from_validate_to_the_report(tmp_path: Path, staged_file: Path) -> None:
    folder = tmp_path / "run"
    code, out, _ = chemmara("validate", staged_file)
    assert code == 0
    assert "stage 1 of 2: geometric of qed, crippen_logp; ends after 60 calls\n" in out
    assert "stage 2 of 2: arithmetic of qed, tpsa; takes the rest of the budget\n" in out
    code, out, _ = chemmara("run", staged_file, "--out", folder, "--dry-run")
    assert code == 0
    assert "at most 150 oracle calls in 2 stages" in out
    assert "stage 1 of 2; at most 60 oracle calls" in out
    assert not folder.exists()
    code, out, err = chemmara("run", staged_file, "--out", folder)
    assert code == 0, err
    assert "stage 2 of 2" in chemmara("status", folder)[1]
    assert json.loads(chemmara("status", folder, "--json")[1])["stage"] == "stage 2 of 2"
    assert "stage 1 of 2; at most 0 oracle calls" in chemmara("resume", folder, "--budget", 160, "--dry-run")[1]
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Stage 1, calls 1 to 60, measured qed, crippen_logp." in page
    assert "Stage 2, calls 61 to 150, measured qed, tpsa; a hit of this run is a hit of this stage." in page
    assert len(re.findall(r'"marks": ?\[61\]', page)) > 5
    header, *hits = (folder / "hits.csv").read_text(encoding="utf-8").splitlines()
    columns = header.split(",")
    assert "tpsa" in columns
    assert not {"stage", "stage_score"} & set(columns)
    found = {row[0] for row in rows(folder) if row[6] == 2 and row[3] >= 0.5}
    assert {int(line.split(",")[columns.index("call")]) for line in hits} == found
    code, _, err = chemmara("resume", folder, "--budget", 160)
    assert code == 0, err
    assert [row[6] for row in rows(folder)][149:] == [2] * 11
    code, _, err = chemmara("export", folder, "--top", 5, "--out", tmp_path / "best.csv")
    assert code == 0, err


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("", "a stage never ends without a budget, until_top10 or until_hits; give one of them in stage[1]"),
        ("budget = 150", "the budgets of the stages come to 150 of the campaign's 150 calls, and leave none"),
        ("budget = 0", "should be greater than 0 in stage[1].budget"),
        ("until_top10 = 7", "should be less than or equal to 1 in stage[1].until_top10"),
        ("budget = 9\nmethod = { replay = false }", "method.replay is the same in all stages"),
        ("budget = 9\nmethod = { taw = 0.1 }", "unknown key 'taw' in method; did you mean 'tau'? in stage[1]"),
        ("budget = 9\nmethod = { tau = 3 }", "stage[1].method: should be less than or equal to 1 in tau (got 3)"),
    ],
)
def test_a_mistake_in_a_stage_is_one_line(tmp_path: Path, campaign_file: Path, table: str, words: str) -> None:
    with_stage(campaign_file, f'\n[[stage]]\nobjective = {{ component = [{{ oracle = "qed" }}] }}\n{table}\n')
    code, _, err = chemmara("run", campaign_file, "--out", tmp_path / "run")
    assert code == 2
    assert words in err
    assert len(err.strip().splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_one_name_for_two_oracles_and_seed_scores_are_refused(tmp_path: Path, campaign_file: Path) -> None:
    text = campaign_file.read_text(encoding="utf-8")
    stage = '\n[[stage]]\nbudget = 9\nobjective = { component = [{ name = "tpsa", oracle = "qed" }] }\n'
    with_stage(campaign_file, stage)
    code, _, err = chemmara("validate", campaign_file)
    assert code == 2
    assert "stages 1 and 2 measure different things under the name 'tpsa'; give one of them another name" in err
    (tmp_path / "seeds.csv").write_text("smiles,activity\nCCO,0.5\n", encoding="utf-8")
    started = text.replace("[objective]", '[start]\nseeds = "seeds.csv"\nseed_scores = "activity"\n[objective]')
    campaign_file.write_text(started + STAGE, encoding="utf-8")
    code, _, err = chemmara("validate", campaign_file)
    assert code == 2
    assert "seed_scores are scores of one objective, and stages have several; leave it out" in err


def test_stages_alone_are_no_campaign_and_a_method_must_fit_them(tmp_path: Path, staged_file: Path) -> None:
    code, _, err = chemmara("run", staged_file, "--out", tmp_path / "run", "--method", "rloo")
    assert code == 2, err
    assert "--method: does not go with a stage's method: 'kind' is missing in diversity_filter" in err
    staged_file.write_text(f"budget = 100\n{STAGE}", encoding="utf-8")
    code, _, err = chemmara("validate", staged_file)
    assert code == 2
    assert "[objective] is missing: it is that of the last stage" in err
    assert len(err.strip().splitlines()) == 1


def test_a_run_goes_on_with_the_stages_that_it_was_begun_with(tmp_path: Path, staged_file: Path) -> None:
    folder = tmp_path / "run"
    with Run.start(folder, load_campaign(staged_file)):
        pass
    staged_file.write_text(staged_file.read_text(encoding="utf-8").replace("budget = 60", "budget = 61"))
    with pytest.raises(ChemmaraError, match="was begun with another stage"):
        Run.resume(folder, load_campaign(staged_file))
