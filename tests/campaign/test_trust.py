"""What a campaign says of its models' domain and of its prior's limits, before it and after it."""

import json
import shutil
from hashlib import sha256
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from chemmara import assets
from chemmara.campaign.model_columns import model_columns
from chemmara.language_model.checkpoint import load_prior
from chemmara.molecules.alphabet import Alphabet, alphabet_of, element_of
from cli.main import app

DRUGS = {"l-alanine": "C[C@H](N)C(=O)O", "ethanol": "CCO", "boric acid": "OB(O)O"}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A regression that knows acids and alcohols of nine rings."""
    pytest.importorskip("onnxruntime", reason="needs the extra [qsar]")
    from chemmara.qsar.train import Recipe, train
    from tests.qsar.test_honest import activities

    folder = tmp_path_factory.mktemp("model") / "m"
    train(activities("regression"), Recipe(kind="linear", folds=3), folder, "x")
    return folder


def campaign(folder: Path, prior: Path | str, component: str) -> Path:
    path = folder / "c.toml"
    path.write_text(
        f'prior = "{prior}"\nbudget = 40\nhit_threshold = 0.01\nthreads = 1\nseed = 1\n'
        f'method = {{ name = "vanilla", batch_size = 16 }}\n[objective]\n[[objective.component]]\n{component}\n'
    )
    return path


def qsar(model: Path, *settings: str) -> str:
    transform = 'transform = { kind = "ramp", worst = -100.0, best = 100.0 }'
    return "\n".join([f'oracle = "qsar"\nmodel = "{model}"\nname = "acid"', transform, *settings])


def program(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def test_hits_have_interval_domain_and_nearest_molecule_and_the_run_ends_with_a_warning(
    model: Path, tiny_prior: Path, tmp_path: Path
) -> None:
    code, _, err = program("run", campaign(tmp_path, tiny_prior, qsar(model)), "--out", tmp_path / "run")
    assert code == 0, err
    hits = pd.read_csv(tmp_path / "run" / "hits.csv")
    columns = ("predicted", "low", "high", "domain", "similarity", "nearest", "nearest_similarity", "nearest_measured")
    assert [f"acid_{column}" for column in columns] == [name for name in hits if name.startswith("acid_")]
    outside = (hits["acid_domain"] == "outside").sum()
    assert f"acid: {outside} of {len(hits)} hits ({outside / len(hits):.0%}) lie outside the model's domain" in err
    # The column of the component is what was scored; outside the domain that is not what was predicted.
    far = hits[hits["acid_domain"] == "outside"]
    assert (far["acid"] < far["acid_predicted"]).all()
    near = hits[hits["acid_domain"] == "inside"]
    assert near["acid"].to_numpy() == pytest.approx(near["acid_predicted"].to_numpy(), rel=1e-3)
    code, _, err = program("report", tmp_path / "run")
    assert (code, "lie outside the model's domain" in err) == (0, True)


def test_the_report_says_which_model_was_used_and_what_the_prior_can_write(
    model: Path, tiny_prior: Path, tmp_path: Path
) -> None:
    program("run", campaign(tmp_path, tiny_prior, qsar(model)), "--out", tmp_path / "run")
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    card = json.loads((model / "model.json").read_text(encoding="utf-8"))
    assert f"{tiny_prior} {alphabet_of(tiny_prior).sentence()}." in page
    assert f"regression of {card['target']} by linear, learned from {card['molecules']} molecules" in page
    assert f"chemmara {card['versions']['chemmara']}" in page
    for name in ("model.json", "model.onnx", "arrays.safetensors"):
        assert f"{name} {sha256((model / name).read_bytes()).hexdigest()[:16]}..." in page
    kept = json.loads((tmp_path / "run" / "campaign.json").read_text(encoding="utf-8"))
    assert list(kept["models"]) == ["acid"]


def test_a_run_goes_on_only_with_the_model_that_it_began_with(model: Path, tiny_prior: Path, tmp_path: Path) -> None:
    from chemmara.oracles.qsar import load_model
    from chemmara.qsar.train import Recipe, train
    from tests.qsar.test_honest import activities

    copy, run = tmp_path / "copy", tmp_path / "run"
    shutil.copytree(model, copy)
    assert program("run", campaign(tmp_path, tiny_prior, qsar(copy)), "--out", run, "--budget", 20)[0] == 0
    kept = (run / "campaign.json").read_bytes()
    shutil.rmtree(copy)
    train(activities("regression"), Recipe(kind="linear", folds=3, seed=1), copy, "x")
    load_model.cache_clear()
    code, _, err = program("resume", run, "--budget", 40)
    assert (code, err.count("\n")) == (2, 1)
    assert "the model of 'acid' is not the one that the run began with" in err
    assert (run / "campaign.json").read_bytes() == kept
    shutil.rmtree(copy)
    shutil.copytree(model, copy)
    load_model.cache_clear()
    assert program("resume", run, "--budget", 40)[0] == 0


def test_a_run_that_found_nothing_names_what_was_0_for_every_call(tiny_prior: Path, tmp_path: Path) -> None:
    heavy = 'oracle = "molecular_weight"\nname = "heavy"\nrole = "filter"\ntransform = { kind = "step", low = 2000.0 }'
    path = campaign(tmp_path, tiny_prior, f'oracle = "qed"\n[[objective.component]]\n{heavy}')
    code, _, err = program("run", path, "--out", tmp_path / "run")
    assert code == 0
    assert "no molecule scored above 0 in 40 calls; 0 for all of them: 'heavy'; the policy had nothing" in err
    light = path.read_text(encoding="utf-8").replace("low = 2000.0", "low = 20.0")
    path.write_text(light, encoding="utf-8")
    assert "no molecule scored" not in program("run", path, "--out", tmp_path / "other")[2]


def test_an_export_says_how_far_the_models_may_be_believed(model: Path, tiny_prior: Path, tmp_path: Path) -> None:
    assert program("run", campaign(tmp_path, tiny_prior, qsar(model)), "--out", tmp_path / "run")[0] == 0
    code, _, err = program("export", tmp_path / "run", "--top", 5, "--out", tmp_path / "x.csv")
    assert (code, "of 5 molecules" in err, "(column acid_domain)" in err) == (0, True, True), err
    hits, best = pd.read_csv(tmp_path / "run" / "hits.csv"), pd.read_csv(tmp_path / "x.csv")
    assert list(best) == [name for name in hits if name != "pick"]
    columns = [name for name in hits if name.startswith("acid_")]
    both = best.merge(hits, on="name", suffixes=("", "_of_hits"))
    assert len(both) == 5
    for name in columns:
        assert both[name].equals(both[f"{name}_of_hits"]), name


def test_an_export_can_take_what_lies_inside_a_models_domain(model: Path, tiny_prior: Path, tmp_path: Path) -> None:
    assert program("run", campaign(tmp_path, tiny_prior, qsar(model)), "--out", tmp_path / "run")[0] == 0
    hits = pd.read_csv(tmp_path / "run" / "hits.csv")
    outside = (hits["acid_domain"] == "outside").sum()
    assert outside
    code, _, err = program("export", tmp_path / "run", "--where", "acid_domain = outside", "--out", tmp_path / "x.csv")
    assert code == 0, err
    assert len(pd.read_csv(tmp_path / "x.csv")) == outside


@pytest.mark.usefixtures("model")
def test_a_damaged_model_costs_columns_but_no_output(tiny_prior: Path, tmp_path: Path) -> None:
    from chemmara.oracles.qsar import load_model
    from chemmara.qsar.train import Recipe, train
    from tests.qsar.test_honest import activities

    train(activities("regression"), Recipe(kind="linear", folds=3), tmp_path / "m", "x")
    assert program("run", campaign(tmp_path, tiny_prior, qsar(tmp_path / "m")), "--out", tmp_path / "run")[0] == 0
    (tmp_path / "m" / "model.onnx").write_text("not a model")
    load_model.cache_clear()
    for command in (("report", tmp_path / "run"), ("export", tmp_path / "run", "--top", 3)):
        code, _, err = program(*command)
        assert code == 0, err
        assert "for the model cannot be read" in err
        assert "damaged (model.onnx is no model" in err
    code, _, err = program("export", tmp_path / "run", "--where", "acid_domain = outside")
    assert (code, "--where: acid: molecules have no interval" in err) == (2, True), err
    code, _, err = program("validate", tmp_path / "c.toml")
    assert (code, err.count("\n")) == (2, 1), err


def test_a_component_called_nearest_stands_beside_the_nearest_known(
    model: Path, tiny_prior: Path, tmp_path: Path
) -> None:
    path = campaign(tmp_path, tiny_prior, qsar(model).replace('"acid"', '"nearest"'))
    assert program("run", path, "--out", tmp_path / "run")[0] == 0
    (tmp_path / "known.smi").write_text("CCO\n")
    out = tmp_path / "x.parquet"
    code, _, err = program("export", tmp_path / "run", "--top", 3, "--known", tmp_path / "known.smi", "--out", out)
    assert code == 0, err
    assert list(pd.read_parquet(out)).count("nearest_similarity") == 1


def test_a_file_in_place_of_a_model_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("smiles\nCCO\n")
    code, _, err = program("qsar", "predict", tmp_path / "m.csv", tmp_path / "m.csv")
    assert (code, err.count("\n")) == (2, 1)
    assert "holds no model of `chemmara qsar train`" in err


def test_a_run_whose_model_is_gone_has_its_hits_and_says_what_they_lack(
    model: Path, tiny_prior: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(model, copy)
    assert program("run", campaign(tmp_path, tiny_prior, qsar(copy)), "--out", tmp_path / "run")[0] == 0
    shutil.rmtree(copy)
    from chemmara.oracles.qsar import load_model

    load_model.cache_clear()
    code, _, err = program("report", tmp_path / "run")
    assert code == 0
    assert "acid: hits have no interval and no domain, for the model cannot be read" in err
    assert len(pd.read_csv(tmp_path / "run" / "hits.csv")) > 0


def test_columns_keep_the_order_of_the_hits_and_an_objective_without_models_has_none(model: Path) -> None:
    hits = pd.DataFrame({"smiles": ["CCCCCCCC", "OC(=O)Cc1ccccc1"]}, index=[7, 3])
    component = {"oracle": "qsar", "model": str(model), "name": None}
    found = model_columns({"component": [component]}, hits)
    assert found.columns["qsar_domain"].to_dict() == {7: "outside", 3: "inside"}
    assert found.warnings == [
        (
            "qsar: 1 of 2 hits (50%) lie outside the model's domain, where its predictions are extrapolated"
            " (column qsar_domain of hits.csv)"
        )
    ]
    assert model_columns({"component": [{"oracle": "qed", "name": None}]}, hits).columns.shape == (2, 0)
    assert model_columns({"component": [component]}, hits.iloc[:0]).columns.shape == (0, 0)


@pytest.mark.parametrize("outside", ["keep", "none", "discount"])
def test_validate_says_how_much_of_the_prior_lies_outside_and_what_becomes_of_it(
    outside: str, model: Path, tiny_prior: Path, tmp_path: Path
) -> None:
    code, out, err = program("validate", campaign(tmp_path, tiny_prior, qsar(model, f'outside = "{outside}"')))
    assert (code, "sound" in out) == (0, True), err
    assert "of 200 molecules of the prior tiny lie outside the domain" in err
    assert f'outside = "{outside}"' in err


def test_the_share_outside_is_that_of_the_sampled_molecules(model: Path, tiny_prior: Path, tmp_path: Path) -> None:
    from chemmara.language_model.wanted import sample_wanted
    from chemmara.molecules.chem import parse
    from chemmara.oracles.qsar import load_model

    prior = load_prior(tiny_prior)
    smiles = [text for draw in sample_wanted(prior, 200, seed=1, valid=True) for text in draw.smiles]
    near = load_model(model).similarity([molecule for text in smiles if (molecule := parse(text)) is not None])
    reach = sorted(near)[150]
    shutil.copytree(model, tmp_path / "m")
    card = json.loads((model / "model.json").read_text()) | {"domain_similarity": reach}
    (tmp_path / "m" / "model.json").write_text(json.dumps(card))
    share = sum(similarity < reach for similarity in near) / 200
    assert 0.5 < share < 1
    err = program("validate", campaign(tmp_path, tiny_prior, qsar(tmp_path / "m")))[2]
    assert f"acid: {share:.0%} of 200 molecules" in err


def test_validate_names_the_references_that_the_prior_cannot_write(tmp_path: Path) -> None:
    references = ", ".join(f'"{smiles}"' for smiles in DRUGS.values())
    path = campaign(tmp_path, "chembl-gru", f'oracle = "similarity"\nreferences = [{references}]')
    code, _, err = program("validate", path)
    assert code == 0, err
    assert "2 of 3 references cannot be written by the prior chembl-gru" in err
    assert f"the first is {DRUGS['l-alanine']}: it has stereo. No fingerprint sees stereo" in err
    path = campaign(tmp_path, "chembl-gru", f'oracle = "novelty"\nreferences = ["{DRUGS["boric acid"]}"]')
    assert "unknown token 'B'" in program("validate", path)[2]
    long = "C" * 150
    path = campaign(tmp_path, "chembl-gru", f'oracle = "shape"\nreference = "{long}"')
    assert "it takes 150 tokens" in program("validate", path)[2]
    # A prior that writes stereo writes alanine: nothing to say.
    path = campaign(tmp_path, "zinc250k-gru", f'oracle = "similarity"\nreferences = ["{DRUGS["l-alanine"]}"]')
    assert "note" not in program("validate", path)[2]


def test_validate_names_what_is_0_for_all_that_the_campaign_begins_with(tmp_path: Path) -> None:
    silicon = 'oracle = "smarts"\nwanted = ["[Si]"]\nrole = "filter"\n[[objective.component]]\noracle = "qed"'
    code, _, err = program("validate", campaign(tmp_path, "chembl-gru", silicon))
    assert code == 0, err
    assert "note: smarts: passes none of 200 molecules of the prior chembl-gru, so that a policy has" in err
    seeds = path = campaign(tmp_path, "chembl-gru", silicon)
    (tmp_path / "seeds.smi").write_text("C[Si](C)(C)c1ccccc1\n")
    path.write_text(seeds.read_text().replace("[objective]", '[start]\nseeds = "seeds.smi"\n[objective]', 1))
    assert "; the seeds alone may do better" in program("validate", path)[2]
    both = campaign(tmp_path, "chembl-gru", silicon.replace('role = "filter"', ""))
    both.write_text(both.read_text().replace("[objective]", '[objective]\naggregation = "arithmetic"', 1))
    assert (
        "is 0 for all of 200 molecules of the prior chembl-gru; the other components alone"
        in program("validate", both)[2]
    )
    heavy = 'oracle = "molecular_weight"\ntransform = { kind = "step", low = 3000 }'
    assert (
        "note: molecular_weight: is 0 for all of 200 molecules"
        in program("validate", campaign(tmp_path, "chembl-gru", heavy))[2]
    )
    own = tmp_path / "own.py"  # the user's own oracle may cost something: it is not asked
    own.write_text("def zero(molecules):\n    return [0.0] * len(molecules)\n", encoding="utf-8")
    asked = 'oracle = "python"\ncall = "own.py:zero"\nlow = 0\nhigh = 1\ncost_ms = 1'
    assert program("validate", campaign(tmp_path, "chembl-gru", asked))[::2] == (0, "")


def test_validate_looks_at_what_holds_the_core_of_a_campaign_from_a_core(tmp_path: Path) -> None:
    pyridine = 'oracle = "smarts"\nwanted = ["[Si]"]\nrole = "filter"\n[[objective.component]]\noracle = "qed"'
    path = campaign(tmp_path, "chembl-gru", pyridine.replace("[Si]", "c1cccnc1C(=O)N1CCNCC1"))
    start = '[start]\ncore = "*c1cccnc1C(=O)N1CCNCC1"\natoms = "1..9"\n'
    path.write_text(path.read_text().replace("[objective]", start + "[objective]", 1))
    assert program("validate", path)[2] == ""
    path.write_text(path.read_text().replace('wanted = ["c1cccnc1C(=O)N1CCNCC1"]', 'wanted = ["[Si]"]'))
    err = program("validate", path)[2]
    assert "molecules of the prior chembl-gru that hold what [start] gives" in err


@pytest.mark.parametrize(
    ("start", "words"),
    [
        ('seeds = "gone.smi"', "gone.smi"),
        ('seeds = "seeds.csv"\nseed_scores = "activity"', "has no column 'activity'"),
        ('core = "*[Pt]c1ccccc1"', "Pt"),
    ],
)
def test_validate_reads_seeds_and_parts(start: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "seeds.csv").write_text("smiles,score\nCCO,0.5\n", encoding="utf-8")
    path = campaign(tmp_path, "chembl-gru", 'oracle = "qed"')
    path.write_text(path.read_text().replace("[objective]", f"[start]\n{start}\n[objective]", 1))
    code, out, err = program("validate", path)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert words in err


def test_validate_names_programs_and_scripts_that_are_not_there(tmp_path: Path, tiny_prior: Path) -> None:
    (tmp_path / "dock.py").write_text("", encoding="utf-8")

    def noted(*command: str) -> str:
        words = json.dumps(list(command))
        given = f'oracle = "program"\ncommand = {words}\nlow = 0\nhigh = 1'
        code, _, err = program("validate", campaign(tmp_path, tiny_prior, given))
        assert code == 0, err
        return err

    assert noted("python3", "dock.py", "model.pt", "out.csv") == ""  # what it will write need not be there
    assert f"note: program: {tmp_path}/doc.py is not there; a run may end" in noted("python3", "doc.py")
    assert noted("bash", "-c", "exec python3 /opt/dock.py") == noted("python3", "-m", "x", "--config=cfg.py") == ""
    assert "note: program: ./gone is not there" in noted("./gone", "dock.py")
    assert "note: program: no-such-program-here is not there" in noted("no-such-program-here")


def test_validate_notes_a_device_that_is_not_here(tmp_path: Path, tiny_prior: Path) -> None:
    path = campaign(tmp_path, tiny_prior, 'oracle = "qed"')
    path.write_text('device = "cuda:99"\n' + path.read_text())
    code, out, err = program("validate", path)
    assert (code, "sound" in out) == (0, True)
    assert "a run on this machine would end here" in err


def test_elements_are_read_off_the_tokens_of_both_notations() -> None:
    smiles = {"Br": "Br", "c": "C", "[nH]": "N", "[N+]": "N", "[13CH3]": "C", "[se]": "Se", "[Si]": "Si", "[Cu]": "Cu"}
    selfies = {"[=C]": "C", "[#N]": "N", "[/C@@H1]": "C", "[O-1]": "O", "[=S]": "S", "[Cl]": "Cl", "[\\Se]": "Se"}
    none = ("(", "=", "#", "1", "%12", "/", "[Branch1]", "[=Branch2]", "[#Ring1]", "[nop]", ".")
    assert {token: element_of(token) for token in smiles | selfies} == smiles | selfies
    assert all(element_of(token) is None for token in none)


def test_the_alphabet_of_a_folder_is_that_of_the_loaded_prior(tiny_prior: Path) -> None:
    for name in (*assets.priors(), tiny_prior):
        prior = load_prior(name)
        assert alphabet_of(name) == Alphabet(prior.tokenizer.tokens, prior.config.max_length)


def test_prior_list_says_the_limits_of_each() -> None:
    code, out, _ = program("prior", "list")
    assert code == 0
    assert "    writes Br, C, Cl, F, I, N, O, P, S; no stereo; up to 110 tokens" in out
    assert out.count("with stereo; up to") == 4


def test_replay_of_random_smiles_is_noted_for_a_prior_of_canonical_ones_alone(tmp_path: Path) -> None:
    random = tmp_path / "random"
    shutil.copytree(assets.prior_folder("chembl-gru"), random)
    config = json.loads((random / "config.json").read_text())
    (random / "config.json").write_text(json.dumps(config | {"random_smiles": "restricted"}))
    for method, prior, noted in (
        ("augmented-memory", "chembl-gru", True),
        ("augmented-memory", random, False),
        ("augmented-memory", "zinc250k-gru-selfies", False),
        ("reinvent", "chembl-gru", False),  # replays what was sampled
    ):
        path = campaign(tmp_path, prior, 'oracle = "qed"')
        path.write_text(path.read_text().replace("vanilla", method))
        code, _, err = program("validate", path)
        assert code == 0, err
        assert ('note: replay.smiles = "randomised" learns from random SMILES' in err) == noted, (method, prior)
        assert len(err.splitlines()) == noted
