"""The option --device of every command that runs a network: a missing device is one line, a GPU does the same work."""

import json
from pathlib import Path

import pytest
import torch
from fake_gpu import fake_gpu
from typer.testing import CliRunner, Result

from chemmara.campaign.settings import saved_settings
from cli.main import app

COMMANDS = [
    "run {campaign} --out {tmp}/r",
    "resume {tmp}/begun",
    "compare {campaign} --methods mara --seeds 1 --out {tmp}/c",
    "plan {campaign} --pilot 10",
    "sample {prior} -n 3",
    "likelihood {prior} {tmp}/molecules.smi",
    "pretrain {tmp}/molecules.smi --out {tmp}/p",
]


@pytest.fixture
def places(tmp_path: Path, campaign_file: Path, tiny_prior: Path, drugs: dict[str, str]) -> dict[str, Path]:
    """Where the commands find what they need."""
    (tmp_path / "molecules.smi").write_text("\n".join([*drugs.values(), *("C" * n for n in range(1, 10))]) + "\n")
    return {"campaign": campaign_file, "prior": tiny_prior, "tmp": tmp_path}


def call(command: str, places: dict[str, Path], *options: str) -> Result:
    return CliRunner().invoke(app, [*command.format(**places).split(), *options])


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.split()[0])
@pytest.mark.parametrize(
    ("device", "words"),
    [
        pytest.param("cuda", "'cuda': torch finds no CUDA GPU on this machine; choose --device cpu",
                     marks=pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")),
        ("cuda:99", "'cuda:99'"),
        ("gpu", "should be auto, cpu, cuda, cuda:N (N is the number of a GPU, from 0) or mps"),
    ],
)  # fmt: skip
def test_a_device_that_is_not_there_is_one_line(places: dict[str, Path], command: str, device: str, words: str) -> None:
    if command.startswith("resume"):
        assert call("run {campaign} --out {tmp}/begun --budget 20", places).exit_code == 0
    before = sorted(places["tmp"].glob("*"))
    result = call(command, places, "--device", device)
    assert result.exit_code == 2
    (line,) = (line for line in result.stderr.splitlines() if line.startswith("error: "))
    assert words in line
    assert result.stdout == ""
    assert sorted(places["tmp"].glob("*")) == before  # nothing was begun


@pytest.mark.parametrize(
    "command",
    [
        "sample {prior} -n 70 --seed 2", "sample {prior} -n 30 --valid --unique --nll",
        "likelihood {prior} {tmp}/molecules.smi",
    ],
)  # fmt: skip
def test_a_gpu_does_what_a_cpu_does(places: dict[str, Path], command: str) -> None:
    """Random numbers of the GPU that is none are a CPU's, so that the same must come out."""
    here = call(command, places, "--device", "cpu")
    with fake_gpu():
        there = call(command, places, "--device", "cuda")
        chosen = call(command, places)
    assert (here.exit_code, there.exit_code, chosen.exit_code) == (0, 0, 0)
    assert here.stdout == there.stdout == chosen.stdout != ""


def test_a_plan_on_a_gpu_is_that_on_a_cpu(places: dict[str, Path]) -> None:
    """A CPU's sums come in another order (decision 16), by which exp(score / beta) may differ in its fifth digit."""
    here = call("plan {campaign} --pilot 70 --json", places, "--device", "cpu")
    with fake_gpu():
        there = call("plan {campaign} --pilot 70 --json", places, "--device", "cuda")
    plans = [json.loads(result.stdout) for result in (here, there)]
    forecasts = [plan.pop("forecasts") for plan in plans]
    assert plans[0] == plans[1]
    for ours, theirs in zip(*forecasts, strict=True):
        assert ours == {
            key: value if isinstance(value, str) else pytest.approx(value, rel=1e-4) for key, value in theirs.items()
        }


def test_the_campaigns_file_names_the_device_and_the_option_goes_before_it(places: dict[str, Path]) -> None:
    file = places["campaign"]
    file.write_text('device = "cuda:99"\n' + file.read_text())
    for command in COMMANDS:
        if "{campaign}" in command:
            result = call(command, places)
            assert (result.exit_code, "'cuda:99'" in result.stderr) == (2, True), command
    assert call(COMMANDS[0], places, "--device", "cpu", "--budget", "20").exit_code == 0
    assert saved_settings(places["tmp"] / "r").device == "cpu"
    assert json.loads((places["tmp"] / "r" / "campaign.json").read_text())["campaign"]["device"] == "cpu"


def test_the_settings_of_a_run_may_be_read_with_another_device(places: dict[str, Path]) -> None:
    assert call(COMMANDS[0], places, "--device", "cpu", "--budget", "20").exit_code == 0
    again = saved_settings(places["tmp"] / "r", budget=30, device="cuda")
    assert (again.budget, again.device) == (30, "cuda")
