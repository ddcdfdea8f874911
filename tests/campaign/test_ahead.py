"""Campaigns with batches ahead: the same ledger whatever the times, and less waiting where they are uneven."""

import heapq
import json
import random
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from chemmara.campaign.recorded import scores_of_stage
from chemmara.campaign.run import Run
from chemmara.campaign.settings import CampaignConfig, load_campaign
from chemmara.errors import ChemmaraError
from chemmara.language_model.sampling import Rollout, pad
from chemmara.records.status import RunReader
from chemmara.rl.candidates import Candidates
from chemmara.scoring.dispatch import Crew
from chemmara.scoring.measurement import Arrived, HandOver, Measured, Request, at_once
from chemmara.scoring.objective import Objective
from cli.main import app
from cli.status import status_line
from tests.campaign.test_campaign import killed_and_resumed, rows
from tests.conftest import with_method_tables
from tests.support.processes import start

SCREEN = "[method.screen]\ncandidates = 48\nstart = 24\n"
SLOW = """
import time, zlib

from rdkit.Chem import MolToSmiles
from rdkit.Chem.QED import qed


def slow(molecules):
    for molecule in molecules:
        smiles = MolToSmiles(molecule)
        number = zlib.crc32(smiles.encode())
        time.sleep(SLOWEST if number % 16 == 0 else 0.001 * (number % 20))
        with open("LOG", "a") as log:
            log.write(smiles + "\\n")
    return [qed(molecule) for molecule in molecules]
"""


class Clock:
    """Workers with times that are given: a molecule begins when a worker is free, in the order of handing over."""

    def __init__(self, objective: Objective, workers: int, seconds: list[float]) -> None:
        self.objective, self.seconds = objective, list(seconds)
        self.now, self.free = 0.0, [0.0] * workers

    def hand_over(self, requests: list[Request]) -> "Clock.Batch":
        ends = [0.0]
        for _ in requests:
            ends.append(max(self.now, heapq.heappop(self.free)) + self.seconds.pop(0))
            heapq.heappush(self.free, ends[-1])
        return self.Batch(self, max(ends), Arrived(requests, self.objective.measure(requests)))

    class Batch:
        def __init__(self, clock: "Clock", end: float, arrived: Arrived) -> None:
            self.clock, self.end, self.arrived = clock, end, arrived

        def ready(self, seconds: float) -> bool:
            return self.arrived.ready(seconds)

        def answers(self) -> dict[str, Measured]:
            return {}

        def result(self) -> list[Measured]:
            self.clock.now = max(self.clock.now, self.end)
            return self.arrived.result()


def by_clock(monkeypatch: pytest.MonkeyPatch, workers: int, seconds: list[float]) -> list[Clock]:
    """Have campaigns measure by a clock; it is in the list once a campaign has begun."""
    clocks: list[Clock] = []

    @contextmanager
    def handing_over(campaign: CampaignConfig, objective: Objective) -> Iterator[HandOver]:
        clocks.append(Clock(objective, workers, seconds))
        waits = at_once(lambda requests: clocks[0].hand_over(requests).result())
        yield clocks[0].hand_over if campaign.ahead else waits

    monkeypatch.setattr("chemmara.campaign.run.handing_over_batches", handing_over)
    return clocks


@contextmanager
def at_once_here(campaign: CampaignConfig, objective: Objective) -> Iterator[HandOver]:
    """Batches ahead without workers: their values are there when they are handed over."""
    del campaign
    yield at_once(objective.measure)


@pytest.fixture
def without_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker processes, which take seconds to begin."""
    monkeypatch.setattr("chemmara.campaign.run.handing_over_batches", at_once_here)


@pytest.mark.parametrize(("ahead", "end"), [(0, 48.0), (1, 38.0), (2, 38.0)])
def test_a_slow_molecule_holds_up_the_other_worker_no_more_by_hand(
    tmp_path: Path, campaign_file: Path, monkeypatch: pytest.MonkeyPatch, ahead: int, end: float
) -> None:
    """Two workers; six batches of four molecules that take 2, 2, 2 and 6 seconds: 72 s of work, 36 s for two at best.

    Alone, a batch takes 8 s: worker A has two of 2 s and waits 4 s for worker B, with 2 and 6 s: 6 x 8 = 48 s.
    With one batch ahead A goes on at 4 s with the second batch (4-6, 6-8, 8-10), B at 8 s with its slow one (8-14),
    and A, at 10 s, with the third batch, proposed at 8 s. So a batch ends every 6 s from 8 s on: 8 + 5 x 6 = 38 s.
    Two ahead change nothing more: molecules are handed over earlier, in the same order, to workers that are busy.
    """
    clocks = by_clock(monkeypatch, 2, [2.0, 2.0, 2.0, 6.0] * 6)
    text = campaign_file.read_text(encoding="utf-8").replace("budget = 150", f"budget = 24\nahead = {ahead}")
    campaign_file.write_text(text, encoding="utf-8")
    with Run.start(tmp_path / "run", load_campaign(campaign_file)) as run:
        prior = run.learner.prior
        chains = iter([["C" * (4 * batch + n) for n in range(1, 5)] for batch in range(6)])

        def alkanes(under_way: object = ()) -> Candidates:
            assert len(run.learner.under_way) <= ahead
            del under_way
            smiles = next(chains)
            return Candidates(Rollout(pad([prior.encode(text) for text in smiles]), torch.zeros(4), smiles), [], None)

        run.learner.proposals = SimpleNamespace(candidates=alkanes)  # type: ignore[assignment]
        run.go()
    assert [(row[1], row[2]) for row in rows(tmp_path / "run")] == [((n + 3) // 4, "C" * n) for n in range(1, 25)]
    assert clocks[0].now == end


def test_without_batches_ahead_a_run_is_one_step_after_the_other(tmp_path: Path, campaign_file: Path) -> None:
    """The loop of earlier versions, written out: sample, measure, record, learn."""
    with Run.start(tmp_path / "run", load_campaign(campaign_file)) as run:
        run.go()
    with Run.start(tmp_path / "plain", load_campaign(campaign_file)) as plain:
        objective = Objective(plain.config.objective)
        recorded = scores_of_stage(
            plain.config, plain.progress, objective, at_once(objective.measure), plain.ledger, plain.tally,
            tmp_path, seeds=(), keep_going=False,
        )  # fmt: skip
        number = 0
        torch.set_num_threads(1)
        while recorded.budget.used < 150:
            number += 1
            plain.learner.step(lambda smiles, number=number: recorded(smiles, number))
    assert rows(tmp_path / "run") == rows(tmp_path / "plain")
    assert "under_way" not in (tmp_path / "run" / "metrics.jsonl").read_text(encoding="utf-8")


@pytest.fixture
def screened_file(campaign_file: Path) -> Path:
    """The small campaign, shorter, with screening and a saved state every moment."""
    text = campaign_file.read_text(encoding="utf-8")
    campaign_file.write_text(text.replace("budget = 150", "budget = 80"), encoding="utf-8")
    method = '[method]\nname = "prior-undone"\ntau = 0.3\nbatch_size = 8\nreplay = { rows = 8 }\n'
    return with_method_tables(campaign_file, method + SCREEN)


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chance=st.randoms(use_true_random=False), workers=st.integers(1, 4), ahead=st.integers(1, 3))
def test_the_ledger_depends_neither_on_the_times_nor_on_the_number_of_workers(
    tmp_path: Path, screened_file: Path, chance: random.Random, workers: int, ahead: int
) -> None:
    """No molecule twice, no call beyond the budget, and every row that of workers that answer at once."""
    handed: list[str] = []

    @contextmanager
    def uneven(campaign: CampaignConfig, objective: Objective) -> Iterator[HandOver]:
        del campaign
        with ThreadPoolExecutor(workers) as threads:

            def measure(requests: list[Request]) -> tuple[list[Measured], float]:
                time.sleep(chance.choice([0.0, 0.0, 0.002, 0.02]))
                return objective.measure(requests), 0.0

            def hand_over(requests: list[Request]) -> object:
                handed.extend(request.smiles for request in requests)
                assert len(handed) == len(set(handed)) <= 80
                return Crew(threads.submit, measure, (), str, Measured((np.nan,) * 2)).hand_over(requests)

            yield hand_over  # type: ignore[misc]

    ledgers = []
    for name, way in (("even", at_once_here), ("uneven", uneven)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("chemmara.campaign.run.handing_over_batches", way)
            campaign = load_campaign(screened_file, ahead=ahead)
            with Run.start(tmp_path / name, campaign, force=True) as run:
                run.go()
        ledgers.append(rows(tmp_path / name))
    assert ledgers[0] == ledgers[1]
    assert [row[0] for row in ledgers[0]] == list(range(1, 81))


def slow_file(file: Path, tmp_path: Path, slowest: float, log: str) -> Path:
    """The campaign with a component that takes its time, and notes every molecule that it has measured in a file."""
    module = SLOW.replace("SLOWEST", str(slowest)).replace("LOG", str(tmp_path / log))
    (tmp_path / f"{log}_oracle.py").write_text(module, encoding="utf-8")
    component = f'[[objective.component]]\noracle = "python"\ncall = "{tmp_path}/{log}_oracle.py:slow"\nlow = 0.0\n'
    path = tmp_path / f"{log}.toml"
    path.write_text(f"ahead = 2\nworkers = 2\n{file.read_text()}\n{component}high = 1.0\n", encoding="utf-8")
    return path


def test_killed_with_batches_under_way_the_ledger_ends_as_if_nothing_had_happened(
    tmp_path: Path, screened_file: Path
) -> None:
    file = slow_file(screened_file, tmp_path, 0.1, "log")
    with Run.start(tmp_path / "whole", load_campaign(file)) as run:
        run.go()
        assert not run.learner.under_way
    whole = rows(tmp_path / "whole")
    measured = (tmp_path / "log").read_text().split()
    assert len(whole) == len(measured) == len(set(measured)) == 80
    killed_and_resumed(file, tmp_path / "killed", (1, 40))
    assert rows(tmp_path / "killed") == whole
    logs = [(tmp_path / name / "metrics.jsonl").read_text() for name in ("whole", "killed")]
    assert logs[0] == logs[1]
    lines = [json.loads(line) for line in logs[0].splitlines()]
    assert all(line["calls"] + line["under_way"] <= 80 for line in lines)
    assert (lines[0]["under_way"] > 8, lines[-1]["under_way"]) == (True, 0)
    assert max(line["screen_active"] for line in lines) == 1.0


def test_an_interrupt_saves_at_once_and_what_was_answered_is_not_measured_again(
    tmp_path: Path, screened_file: Path
) -> None:
    file, folder = slow_file(screened_file, tmp_path, 15.0, "log"), tmp_path / "run"
    process = start("run", file, "--out", folder)
    log = tmp_path / "log"
    end = time.monotonic() + 200
    while time.monotonic() < end and not (log.exists() and len(log.read_text().split()) >= 12):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted: saving; what the workers have in hand is measured again on resuming (Ctrl-C again" in err
    assert "2 scoring processes, 2 batches ahead" in err
    quick = (tmp_path / "log_oracle.py").read_text().replace("sleep(15.0", "sleep(0.0")
    (tmp_path / "log_oracle.py").write_text(quick, encoding="utf-8")
    with Run.resume(folder, load_campaign(file)) as run:
        assert len(run.learner.under_way) > 0
        run.go()
    assert len(rows(folder)) == 80
    measured = log.read_text().split()
    assert set(measured) == {row[2] for row in rows(folder)}
    assert len(measured) - 80 <= 4  # at most what the two workers had in hand, and what came while it was saved


@pytest.mark.usefixtures("without_workers")
def test_batches_under_way_at_the_end_of_a_stage_are_its_own(tmp_path: Path, campaign_file: Path) -> None:
    stage = (
        '[[stage]]\nuntil_hits = 0.01\nbudget = 140\nobjective = { component = [{ oracle = "qed" }] }\n'
        "method = { batch_size = 20 }\n"
    )
    campaign_file.write_text(f"hit_threshold = 0.1\n{_without_threshold(campaign_file)}{stage}", encoding="utf-8")
    with Run.start(tmp_path / "run", load_campaign(campaign_file, ahead=2)) as run:
        run.go()
    calls = rows(tmp_path / "run")
    first = [row for row in calls if row[6] == 1]
    assert [row[0] for row in calls] == list(range(1, 151))
    assert first == calls[: len(first)]
    steps = {row[1] for row in first}
    # The share of hits is known from 100 calls on, 5 steps or a few more for repeats; the two batches under way then
    # are finished, and nothing is proposed beyond them.
    reached = next(step for step in sorted(steps) if sum(row[1] <= step for row in first) >= 100)
    assert max(steps) <= reached + 2
    assert len(first) > 100


def _without_threshold(file: Path) -> str:
    return file.read_text(encoding="utf-8").replace("hit_threshold = 0.5\n", "")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--ahead", "1", "--method", "genetic-gfn"], "ahead = 1 does not go with genetic generations"),
        (["--ahead", "2", "--method", "rloo+estimator=top-likelihood"], "which top-likelihood does not allow"),
        (["--ahead", "9"], "Invalid value for '--ahead'"),
    ],
)
def test_what_does_not_go_with_batches_ahead_is_refused_in_a_line(
    tmp_path: Path, campaign_file: Path, options: list[str], words: str
) -> None:
    result = CliRunner().invoke(app, ["run", str(campaign_file), "--out", str(tmp_path / "run"), *options])
    assert result.exit_code == 2
    assert words in " ".join(result.stderr.replace("│", " ").split())
    assert not (tmp_path / "run").exists()


def test_validate_notes_that_a_target_is_not_normalised_off_policy(campaign_file: Path) -> None:
    campaign_file.write_text(f"ahead = 1\n{campaign_file.read_text(encoding='utf-8')}", encoding="utf-8")
    assert "normalised" not in CliRunner().invoke(app, ["validate", str(campaign_file)]).stderr
    text = campaign_file.read_text(encoding="utf-8").replace('name = "prior-undone"', 'name = "reinvent"')
    campaign_file.write_text(text, encoding="utf-8")
    noted = CliRunner().invoke(app, ["validate", str(campaign_file)])
    assert (noted.exit_code, "where reinvent has no normalised target" in noted.stderr) == (0, True)


@pytest.mark.usefixtures("without_workers")
def test_a_run_goes_on_with_its_own_ahead_only_and_says_how_many_calls_are_under_way(
    tmp_path: Path, campaign_file: Path
) -> None:
    folder = tmp_path / "run"
    said = []

    def stop(standing: object) -> None:
        said.append(standing)
        raise KeyboardInterrupt

    with Run.start(folder, load_campaign(campaign_file, ahead=1)) as run:
        with pytest.raises(KeyboardInterrupt):
            run.go(stop)
        number = said[0].under_way
        assert 0 < number <= 32  # two batches of 16, less their repeats
        status = RunReader(folder).read()
        assert status.standing.under_way == number
        assert f"; {number} calls under way; " in status_line(status)
    assert RunReader(folder).read().standing.under_way == 0
    with pytest.raises(ChemmaraError, match="was begun with another ahead"):
        Run.resume(folder, load_campaign(campaign_file))
    with Run.resume(folder, load_campaign(campaign_file, ahead=1, budget=170)) as run:
        run.go()
    assert len(rows(folder)) == 170
    assert number == sum(row[1] in (2, 3) for row in rows(folder))


@pytest.mark.usefixtures("without_workers")
def test_an_oracle_that_always_fails_still_ends_a_run_and_goes_on_once_that_is_mended(
    tmp_path: Path, campaign_file: Path
) -> None:
    module = tmp_path / "oracle.py"
    module.write_text("def broken(molecules):\n    raise RuntimeError('no licence')\n", encoding="utf-8")
    component = f'[[objective.component]]\noracle = "python"\ncall = "{module}:broken"\nhigh = 1\nlow = 0\n'
    text = campaign_file.read_text(encoding="utf-8")
    campaign_file.write_text(f"ahead = 1\n{text}\n{component}", encoding="utf-8")
    program, folder = CliRunner(), tmp_path / "run"
    stopped = program.invoke(app, ["run", str(campaign_file), "--out", str(folder)])
    assert stopped.exit_code == 2, stopped.output
    assert "has a score (python: RuntimeError: no licence)" in stopped.stderr
    wasted = len(rows(folder))
    assert 8 <= wasted <= 16  # the batch ahead is not in the ledger, and is measured again
    module.write_text("def broken(molecules):\n    return [0.5] * len(molecules)\n", encoding="utf-8")
    assert program.invoke(app, ["resume", str(folder)]).exit_code == 0
    scores = [row[3] for row in rows(folder)]
    assert (len(scores), scores[:wasted]) == (150, [None] * wasted)
    assert None not in scores[wasted:]
