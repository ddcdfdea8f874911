"""`chemmara plan` and `chemmara explain`, through the program."""

import json
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from chemmara.campaign.plan import _pilot
from chemmara.campaign.settings import load_campaign
from chemmara.campaign.start import StartConfig, first_molecules, given_parts
from chemmara.decoration.spelled import Spelled
from chemmara.language_model.checkpoint import load_prior
from chemmara.molecules.chem import molecules_of, parse_pattern
from cli.main import app

CAMPAIGN = """
prior = "{prior}"
budget = 60
hit_threshold = 0.4
method = {{ name = "mara", batch_size = 16, tau = 0.3 }}
[objective]
component = [{{ oracle = "qed" }}]
"""


@pytest.fixture
def campaign(tiny_prior: Path, tmp_path: Path) -> Path:
    path = tmp_path / "campaign.toml"
    path.write_text(CAMPAIGN.format(prior=tiny_prior))
    return path


def writable(run: Path) -> list[tuple[str, float]]:
    """The molecules of a run's ledger, worst first; a SELFIES that reads as a molecule need not be written again."""
    writes = load_prior(str(run / "policy")).tokenizer.knows
    calls = sqlite3.connect(run / "ledger.sqlite").execute("SELECT smiles, score FROM calls ORDER BY score")
    return [(smiles, score) for smiles, score in calls if writes(smiles)]


def test_plan_tells_prospects_costs_and_a_choice(campaign: Path) -> None:
    result = CliRunner().invoke(app, ["plan", str(campaign), "--pilot", "200", "--betas", "0.05,0.5", "--json"])
    assert result.exit_code == 0, result.output
    plan = json.loads(result.stdout)
    rows = plan["forecasts"]
    assert [(row["method"], row["beta"]) for row in rows] == [
        (rewards, beta) for rewards in ("vanilla", "prior-undone", "mara") for beta in (0.05, 0.5)
    ]
    assert rows[0]["score"] > rows[1]["score"]  # the lower beta, the better the optimum
    assert all(row["low"] <= row["hits"] <= row["high"] for row in rows)
    assert 0 < plan["calls"] <= 200
    assert plan["beta"] in {0.05, 0.5}
    words = CliRunner().invoke(app, ["plan", str(campaign), "--pilot", "50"])
    assert "effective samples" in words.output
    assert "oracle calls spent" in words.output


def test_the_pilot_of_a_campaign_from_a_core_holds_the_core(tmp_path: Path) -> None:
    """A filter that the prior's own molecules hardly pass, and those with the core always do.

    qed of what holds the core is above 0 in every row; of the prior alone some molecules are invalid, and score 0.
    """
    path = tmp_path / "campaign.toml"
    holds = 'component = [{ oracle = "qed" }, { oracle = "core", core = "*c1ccncc1", role = "filter" }]'
    text = CAMPAIGN.format(prior="chembl-gru").replace('component = [{ oracle = "qed" }]', holds)
    path.write_text(text.replace("[objective]", '[start]\ncore = "*c1ccncc1"\n[objective]'))
    pilot = _pilot(load_campaign(path), 40, lambda _: None)[0]
    assert len(pilot) == 40
    prior = load_prior("chembl-gru")
    parts = given_parts(load_campaign(path).start, prior)
    assert parts is not None
    spelled = Spelled.of(parts.patterns, prior)
    batches = first_molecules(parts, prior, 40, seed=0, side_by_side=128)
    support = np.concatenate([batch.logp.numpy() - spelled.of_texts(batch.smiles) for batch in batches])
    assert pilot.prior_logp == pytest.approx(support)  # what MARA compares: not the spelling of the core
    assert min(pilot.scores) > 0
    pattern = parse_pattern("c1ccncc1")
    assert all(molecule.HasSubstructMatch(pattern) for molecule in molecules_of(pilot.smiles))
    without = load_campaign(path).model_copy(update={"start": StartConfig()})
    assert np.mean(_pilot(without, 40, lambda _: None)[0].scores > 0) < 0.5
    result = CliRunner().invoke(app, ["plan", str(path), "--pilot", "40", "--betas", "0.05"])
    assert result.exit_code == 0, result.output
    assert "nan" in result.output.splitlines()[1].lower(), "how many strings there are is unknown"
    assert "The campaign has beta 0.007812 and tau 0.3" in result.output


@pytest.mark.parametrize("betas", ["x", "0.1,-1"])
def test_betas_that_are_none_are_refused(campaign: Path, betas: str) -> None:
    refused = CliRunner().invoke(app, ["plan", str(campaign), "--betas", betas])
    assert refused.exit_code == 2
    assert refused.output.startswith("error: --betas")


def test_explain_adds_up_and_tells_what_it_cannot(campaign: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert CliRunner().invoke(app, ["run", str(campaign), "--out", str(out)]).exit_code == 0
    rows = writable(out)
    (worst, low), (best, high) = rows[0], rows[-1]
    result = CliRunner().invoke(app, ["explain", str(out), best, worst, "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["score"] == pytest.approx((high - low) * 128)
    parts = ("prior", "score", "lift", "strings", "clusters")
    assert found["predicted"] == pytest.approx(sum(found[part] for part in parts))
    assert found["clusters"] == 0  # equal mass for strings
    assert all(drawn["saturated"] and drawn["strings"] <= drawn["draws"] for drawn in found["drawn"])
    below, above = found["observed_range"]
    assert below <= found["observed"] <= above
    words = CliRunner().invoke(app, ["explain", str(out), best, worst]).output
    assert f"the policy prefers {'A to B' if found['observed'] > 0 else 'B to A'} by" in words
    call = dict(sqlite3.connect(out / "ledger.sqlite").execute("SELECT smiles, call FROM calls"))
    named = CliRunner().invoke(app, ["explain", str(out), f"call-{call[best]}", worst, "--json"])
    assert json.loads(named.stdout) == found
    itself = json.loads(CliRunner().invoke(app, ["explain", str(out), best, best, "--json"]).stdout)
    assert (itself["prior"], itself["score"], itself["lift"], itself["observed"]) == (0, 0, 0, 0)
    assert itself["strings"] == 0
    assert "likes both alike; the optimum likes both alike" in itself["words"]
    rows = dict(line.split("  ", 1) for line in words.splitlines() if "  " in line)
    assert float(rows["numbers of SMILES, log ratio"]) == pytest.approx(found["strings"], abs=0.005)
    assert rows["SMILES of A"].strip().startswith(f"{found['drawn'][0]['strings']} different of")
    for text, words in (
        ("C1CC", "is an invalid SMILES"),
        ("call-9999", "no name of"),
        ("CCCCCCCCCCCCCCCCCCCCCCCCCCI", "has no score of"),
    ):
        refused = CliRunner().invoke(app, ["explain", str(out), best, text])
        assert refused.exit_code == 2
        assert words in refused.output


@pytest.mark.parametrize("equal_mass", ["molecule", "scaffold", "niche"])
def test_explain_tells_what_equal_mass_takes_off(campaign: Path, tmp_path: Path, equal_mass: str) -> None:
    campaign.write_text(campaign.read_text().replace("tau = 0.3", f'tau = 0.3, equal_mass = "{equal_mass}"'))
    out = tmp_path / "run"
    assert CliRunner().invoke(app, ["run", str(campaign), "--out", str(out)]).exit_code == 0
    rows = writable(out)
    (worst, low), (best, high) = rows[0], rows[-1]
    assert low < 0.3 <= high, "of the two only the better is good"
    found = json.loads(CliRunner().invoke(app, ["explain", str(out), best, worst, "--json"]).stdout)
    parts = ("prior", "score", "lift", "strings", "clusters")
    assert found["predicted"] == pytest.approx(sum(found[part] for part in parts))
    if equal_mass == "molecule":
        assert found["clusters"] == pytest.approx(-found["strings"])  # the number of its strings cancels
    else:
        members = np.exp(-found["clusters"])  # good molecules known of the better one's scaffold or niche
        assert members == pytest.approx(round(members))
        assert 1 <= members <= sum(score >= 0.3 for _, score in rows)
    words = CliRunner().invoke(app, ["explain", str(out), best, worst]).output
    assert f"equal mass of each {equal_mass}" in words


def test_explain_refuses_a_prior_that_was_replaced_by_one_of_another_vocabulary(
    tiny_prior: Path, campaign: Path, tmp_path: Path
) -> None:
    prior, out = tmp_path / "mine", tmp_path / "run"
    shutil.copytree(tiny_prior, prior)
    campaign.write_text(campaign.read_text().replace(str(tiny_prior), str(prior)))
    assert CliRunner().invoke(app, ["run", str(campaign), "--out", str(out)]).exit_code == 0
    rows = writable(out)
    command = ["explain", str(out), rows[0][0], rows[-1][0]]
    assert CliRunner().invoke(app, command).exit_code == 0
    vocabulary = json.loads((prior / "vocabulary.json").read_text())
    vocabulary["tokens"] = vocabulary["tokens"][::-1]
    (prior / "vocabulary.json").write_text(json.dumps(vocabulary))
    refused = CliRunner().invoke(app, command)
    assert refused.exit_code == 2
    assert "has another vocabulary than the policy of" in refused.output
