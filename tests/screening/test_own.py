"""Surrogates and acquisitions in the user's Python: what they are given and may give, and what is refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from chemmara.campaign.learner import learner_of, learner_of_next_stage
from chemmara.campaign.method_spec import with_method
from chemmara.campaign.run import Run
from chemmara.campaign.settings import load_campaign, saved_settings
from chemmara.errors import ChemmaraError, ConfigError
from chemmara.language_model.checkpoint import load_prior
from chemmara.oracles.python import contents_of
from chemmara.records.run_folder import RunFolder
from chemmara.screening.features import Features
from chemmara.screening.own import OwnSurrogate, own_acquisition
from cli.main import app
from tests.conftest import with_method_tables
from tests.screening.test_screening import measured, screening_of

OWN = '''
from chemmara.screening.features import Features
from chemmara.screening.gaussian_process import GaussianProcess

class Same:
    """Our Gaussian process, as a user's class."""
    def fit(self, smiles, values):
        self.posterior = GaussianProcess().fit(Features.of(smiles), values)
    def predict(self, smiles):
        return self.posterior.predict(Features.of(smiles))

def same(means, spreads, threshold, rng):
    return means + 10 ** rng.uniform(-2.0, 0.0) * spreads

class Length:
    """A molecule is worth its letters over ten, give or take a half."""
    def fit(self, smiles, values):
        pass
    def predict(self, smiles):
        return [len(text) / 10 for text in smiles], [0.5] * len(smiles)

def shortest(means, spreads, threshold, rng):
    return 10.0 - means
'''
SCREEN = """
[method]
name = "prior-undone"
tau = 0.3
batch_size = 16
[method.screen]
candidates = 48
start = 32
trained_on = 200
price = 0.0
"""


@pytest.fixture
def own(tmp_path: Path) -> str:
    (tmp_path / "own.py").write_text(OWN, encoding="utf-8")
    return f"{tmp_path / 'own.py'}:"


@pytest.fixture
def screened_file(campaign_file: Path) -> Path:
    return with_method_tables(campaign_file, SCREEN)


def test_a_model_and_a_preference_by_hand(own: str) -> None:
    """CCO, CCCCO and CCCCCCO are worth .3, .5 and .7; the shortest is preferred: 9.7, 9.5, 9.3."""
    screening = screening_of(surrogate=f"{own}Length", choose=f"{own}shortest", price=0.0)
    measured(["C" * n + "N" for n in range(1, 26)], screening)
    choice = screening.choose({"policy": ["CCCCCCO", "CCO", "CCCCO"]}, 2, np.random.default_rng(0))
    assert choice.smiles == ["CCO", "CCCCO"]
    assert choice.predicted.tolist() == [0.3, 0.5]


def test_a_file_that_changes_does_not_change_a_run(own: str) -> None:
    surrogate = OwnSurrogate(f"{own}Length", contents_of(f"{own}Length"))
    learned, asked = Features.of(["CC"]), Features.of(["CCO"])
    assert surrogate.fit(learned, np.ones(1)).predict(asked)[0].tolist() == [0.3]
    Path(own.rstrip(":")).write_text(OWN.replace("/ 10", "/ 20"), encoding="utf-8")
    assert surrogate.fit(learned, np.ones(1)).predict(asked)[0].tolist() == [0.3]
    anew = OwnSurrogate(f"{own}Length", contents_of(f"{own}Length"))
    assert anew.fit(learned, np.ones(1)).predict(asked)[0].tolist() == [0.15]


def test_a_draw_is_the_mean_and_a_normal_deviate_times_the_spread(own: str) -> None:
    posterior = OwnSurrogate(f"{own}Length", "").fit(Features.of(["CC"]), np.array([0.1]))
    drawn = posterior.draw(Features.of(["CCO", "CCCCO"]), np.random.default_rng(5))
    assert drawn.tolist() == (np.array([0.3, 0.5]) + 0.5 * np.random.default_rng(5).standard_normal(2)).tolist()


@pytest.mark.usefixtures("own")
def test_our_models_as_a_users_give_the_same_ledger_also_after_a_stop(tmp_path: Path, screened_file: Path) -> None:
    """With our process and upper confidence bound in the user's file no call differs: its models see what ours see."""
    as_begun = screened_file.read_text(encoding="utf-8")
    screened_file.write_text(as_begun + 'choose = "ucb"\n', encoding="utf-8")
    ours = load_campaign(screened_file)
    with Run.start(tmp_path / "ours", ours) as run:
        run.go()
        expected = run.ledger.frame()
    own_models = 'surrogate = "own.py:Same"\nchoose = "own.py:same"\n'
    screened_file.write_text(as_begun + own_models, encoding="utf-8")
    theirs = load_campaign(screened_file)
    assert theirs != ours
    steps = iter(range(100))

    def stop(_: object) -> None:
        if next(steps) == 5:
            raise KeyboardInterrupt

    with Run.start(tmp_path / "theirs", theirs) as run, pytest.raises(KeyboardInterrupt):
        run.go(stop)
    with Run.resume(tmp_path / "theirs", theirs) as run:
        assert run.learner.screening is not None
        assert run.learner.screening.active
        run.go()
        pd.testing.assert_frame_equal(run.ledger.frame(), expected)


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("class Model:\n    def fit(self, smiles, values): pass", "is no surrogate: it has no predict"),
        ("Model = 3", "is no surrogate: a class is needed"),
        (
            "class Model:\n    def __init__(self):\n        raise OSError('no weights')",
            "cannot be made (OSError: no weights; own.py, line 3)",
        ),
        ("import nothing_of_the_kind", "cannot be imported (ModuleNotFoundError"),
        ("class Other: pass", "has no 'Model'"),
    ],
)
def test_what_is_no_surrogate_is_refused_before_a_call(
    tmp_path: Path, campaign_file: Path, code: str, why: str
) -> None:  # fmt: skip
    (tmp_path / "own.py").write_text(code, encoding="utf-8")
    spec = f"prior-undone+screen.surrogate={tmp_path / 'own.py'}:Model"
    refused = CliRunner().invoke(app, ["run", str(campaign_file), "--method", spec, "--out", str(tmp_path / "run")])
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1), refused.stderr
    assert why in refused.stderr
    assert not (tmp_path / "run").exists()


def test_a_name_that_is_none_is_refused_with_those_that_are(campaign_file: Path) -> None:
    campaign = load_campaign(campaign_file)
    with pytest.raises(ConfigError, match=r"gaussian-process, random-forest, linear, nor your own file.py:name"):
        with_method(campaign, "prior-undone+screen.surrogate=forest")
    with pytest.raises(ConfigError, match="none of hit, ucb, thompson"):
        with_method(campaign, "prior-undone+screen.choose=best")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("[0.1] * n", "has to give means, and standard deviations"),
        ("[0.1] * n, [0.1]", "3 standard deviations are needed, of shape (3,); it gave (1,)"),
        ("[float('nan')] * n, [0.1] * n", "means have to be finite (one is nan)"),
        ("['high'] * n, [0.1] * n", "means have to be numbers (ValueError: could not convert string to float"),
        ("[1j] * n, [0.1] * n", "means have to be real numbers"),
        ("[0.1] * n, [-0.1] * n", "a standard deviation below 0 (-0.1)"),
        ("1 / 0", "its predict failed (ZeroDivisionError: division by zero; own.py, line 4)"),
        ("__import__('numpy').ones(2).reshape(3)", "into shape (3,); own.py, line 4)"),
        ("__import__('statistics').mean([])", "requires at least one data point; own.py, line 4)"),
    ],
)
def test_what_a_model_may_not_answer_is_named(tmp_path: Path, answer: str, why: str) -> None:
    code = f"class M:\n    def fit(self, s, v): pass\n    def predict(self, s):\n        n = len(s); return {answer}\n"
    (tmp_path / "own.py").write_text(code, encoding="utf-8")
    posterior = OwnSurrogate(f"{tmp_path / 'own.py'}:M", answer).fit(Features.of(["C"]), np.ones(1))
    with pytest.raises(ChemmaraError) as refused:
        posterior.predict(Features.of(["CC", "CCC", "CCCC"]))
    assert why in str(refused.value)


def test_tensors_are_answers_too(tmp_path: Path) -> None:
    code = "import torch\nclass M:\n    def fit(self, s, v): pass\n    def predict(self, s):\n"
    code += "        means = torch.ones(len(s), requires_grad=True)\n        return means, means * 0.5\n"
    (tmp_path / "own.py").write_text(code, encoding="utf-8")
    means, spreads = (
        OwnSurrogate(f"{tmp_path / 'own.py'}:M", "")
        .fit(Features.of(["C"]), np.ones(1))
        .predict(Features.of(["CC", "CCC"]))
    )
    assert (means.tolist(), spreads.tolist()) == ([1.0, 1.0], [0.5, 0.5])


def test_a_stage_goes_on_with_the_models_that_the_run_began_with(
    tmp_path: Path, screened_file: Path, own: str
) -> None:  # fmt: skip
    """The file is edited while the first stage goes on; the second, too, says .3 of CCO."""
    text = screened_file.read_text(encoding="utf-8") + f'surrogate = "{own}Length"\nchoose = "{own}shortest"\n'
    stage = '[[stage]]\nobjective = { component = [{ oracle = "qed" }] }\nbudget = 20\n'
    screened_file.write_text(text + stage, encoding="utf-8")
    settings = load_campaign(screened_file)
    first = learner_of(settings.in_stage(1), load_prior(settings.prior))
    (tmp_path / "own.py").write_text("raise SystemExit", encoding="utf-8")
    screening = learner_of_next_stage(first, settings.in_stage(2)).screening
    assert screening is not None
    measured(["C" * n + "N" for n in range(1, 36)], screening)
    assert screening.choose({"policy": ["CCO"]}, 1, np.random.default_rng(0)).predicted.tolist() == [0.3]


def test_settings_are_read_where_the_file_is_gone(tmp_path: Path, campaign_file: Path, own: str) -> None:
    """What reads a run that has ended needs no model; a run that goes on does."""
    spec = f"prior-undone+screen.surrogate={own}Length"
    with Run.start(tmp_path / "run", with_method(load_campaign(campaign_file), spec)) as run:
        run.save()
    (tmp_path / "own.py").unlink()
    settings = saved_settings(tmp_path / "run")
    with pytest.raises(ChemmaraError, match="cannot be imported"):
        Run.resume(tmp_path / "run", settings)


def test_a_module_is_named_by_its_own_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "of_a_package.py").write_text("import statistics\ndef best(*_):\n    return statistics.mean([])\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ChemmaraError, match=r"of_a_package.py, line 3\)$"):
        own_acquisition("of_a_package:best", "")(np.ones(2), np.ones(2), 0.5, np.random.default_rng(0))
    with pytest.raises(ChemmaraError, match=r"No module named 'of_none'\)$"):
        own_acquisition("of_none:best", "")


def test_a_preference_is_a_number_for_each_candidate(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("def best(means, spreads, threshold, rng):\n    return means[:1]\n")
    preference = own_acquisition(f"{tmp_path / 'own.py'}:best", "")
    with pytest.raises(ChemmaraError, match=r"2 preferences are needed, of shape \(2,\); it gave \(1,\)"):
        preference(np.ones(2), np.ones(2), 0.5, np.random.default_rng(0))


def test_a_path_on_the_command_line_is_kept_whole(
    tmp_path: Path, campaign_file: Path, own: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the run goes on from any other folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "more.smi").write_text("CCO\n", encoding="utf-8")
    spec = "prior-undone+screen.surrogate=own.py:Length+screen.library=more.smi"
    screen = with_method(load_campaign(campaign_file), spec).method.screen
    assert screen is not None
    assert (screen.surrogate, screen.library) == (f"{own}Length", tmp_path / "more.smi")


def test_resume_says_that_the_model_was_changed_and_a_failure_keeps_every_call(
    tmp_path: Path, campaign_file: Path, own: str
) -> None:
    spec, folder = f"prior-undone+screen.surrogate={own}Length+screen.start=16+screen.candidates=16", tmp_path / "run"
    run = ["run", str(campaign_file), "--method", spec, "--out", str(folder), "--budget", "60"]
    begun = CliRunner().invoke(app, run)
    assert begun.exit_code == 0, begun.stderr
    assert "surrogate" in RunFolder(folder).read_config()["files"]["method.screen"]
    (tmp_path / "own.py").write_text(OWN.replace("[0.5] * len(smiles)", "smiles"), encoding="utf-8")
    failed = CliRunner().invoke(app, ["resume", str(folder), "--budget", "90"])
    assert failed.exit_code == 2
    assert "the files of 'method.screen' have changed since the run was begun" in failed.stderr
    assert "standard deviations have to be numbers" in failed.stderr
    (tmp_path / "own.py").write_text(OWN, encoding="utf-8")
    again = CliRunner().invoke(app, ["resume", str(folder), "--budget", "90"])
    assert again.exit_code == 0, again.stderr
    assert RunFolder(folder).ledger.exists()
