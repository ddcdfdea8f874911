"""What the program and the documentation say of transforms and roles, and how mistakes with them are named."""

import codecs
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from chemmara.campaign.settings import CampaignConfig
from chemmara.config import load, parse
from chemmara.errors import ConfigError
from chemmara.scoring.components.everyday import EVERYDAY
from chemmara.scoring.components.table import component_table, everyday_names
from chemmara.scoring.load import load_objective
from chemmara.scoring.objective import Objective, ObjectiveConfig
from chemmara.scoring.transforms import TRANSFORMS
from cli.main import app

DOCS = Path(__file__).parents[2] / "docs"
ROWS = {row.oracle: row for row in component_table()}
NEEDS_FILES = {"qsar", "docking"}


def refusal(tables: dict, model: type = ObjectiveConfig) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(model, tables, source="o.toml")
    return str(caught.value)


def test_the_page_shows_the_transforms_and_curves_as_the_program_prints_them() -> None:
    printed = CliRunner().invoke(app, ["oracle", "transforms", "--markdown"])
    assert printed.exit_code == 0
    page = (DOCS / "transforms.md").read_text(encoding="utf-8")
    assert printed.stdout.strip() in page
    assert page.count("|\n") > 0
    assert all(f"## {transform.example['kind']}\n" in page for transform in TRANSFORMS)


def test_every_transforms_keys_have_words_and_its_curve_is_its_own() -> None:
    plain = CliRunner().invoke(app, ["oracle", "transforms"]).stdout
    lines = json.loads(CliRunner().invoke(app, ["oracle", "transforms", "--json"]).stdout)
    assert len(lines) == len(TRANSFORMS)
    for line, transform in zip(lines, TRANSFORMS, strict=True):
        assert all(line["keys"].values())
        assert f"{line['kind']}: " in plain
        np.testing.assert_allclose(line["desirabilities"], transform(**transform.example)(np.array(line["values"])))


@pytest.mark.parametrize("name", sorted(set(ROWS) - NEEDS_FILES))
def test_every_shown_example_can_be_pasted_into_an_objective_and_into_a_campaign(name: str, tmp_path: Path) -> None:
    shown = CliRunner().invoke(app, ["oracle", "show", name]).stdout
    campaign, objective = shown[shown.index("# in a campaign's file") :].split("# in an objective's file:")
    (tmp_path / "o.toml").write_text(objective)
    (tmp_path / "c.toml").write_text("budget = 5\n[objective]\naggregation = 'arithmetic'\n" + campaign)
    assert load(ObjectiveConfig, tmp_path / "o.toml").names == [name]
    assert load(CampaignConfig, tmp_path / "c.toml").objective.names == [name]


def test_alerts_and_rules_filter_by_no_match_and_other_counts_say_what_passes() -> None:
    nitro, benzene = "O=[N+]([O-])c1ccccc1", "c1ccccc1C"
    for filtering in ({"oracle": "alerts"}, {"oracle": "rules", "rules": "lead-like"}):
        tables = {"component": [{"oracle": "qed"}, {**filtering, "role": "filter"}]}
        config = parse(ObjectiveConfig, tables, source="o.toml")
        passing = config.component[1].transform
        assert passing is not None
        assert passing(np.array([0.0, 1.0, np.nan])).tolist()[:2] == [1.0, 0.0]
        totals = Objective(config)([nitro, benzene]).total
        if filtering["oracle"] == "alerts":
            assert (totals[0], totals[1] > 0) == (0.0, True)
        else:
            assert totals.tolist() == [0.0, 0.0]  # both are lighter than 250 g/mol
    words = refusal({"component": [{"oracle": "qed"}, {"oracle": "hbd", "role": "filter"}]})
    assert "component 'hbd' gives values outside 0..1 (0 to inf); say which ones the filter passes" in words
    assert "add a transform" in refusal({"component": [{"oracle": "alerts"}]})
    words = refusal({"component": [{"oracle": "qed"}, {"name": "likeness", "oracle": "qed", "role": "filter"}]})
    assert "component 'likeness' is a filter that passes every value but 0" in words
    yes_or_no = {"oracle": "smarts", "wanted": ["[OH]"], "role": "filter"}
    config = parse(ObjectiveConfig, {"component": [{"oracle": "qed"}, yes_or_no]}, source="o.toml")
    assert Objective(config)(["CCO", "CCN"]).total[1] == 0.0


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("logp", "crippen_logp"), ("LogP", "crippen_logp"), ("mw", "molecular_weight"), ("MolWt", "molecular_weight"),
        ("hb-donors", "hbd"), ("sa", "sa_score"), ("tanimoto", "similarity"), ("vina", "docking"), ("pains", "alerts"),
        ("Lipinski", "rules"), ("model", "qsar"), ("qedd", "qed"),
    ],
)  # fmt: skip
def test_an_everyday_name_is_told_ours(word: str, meant: str) -> None:
    assert f"unknown oracle {word!r} in component[1]; did you mean {meant!r}?" in refusal(
        {"component": [{"oracle": word}]}
    )
    result = CliRunner().invoke(app, ["oracle", "show", word])
    assert (result.exit_code, f"did you mean {meant!r}?" in result.stderr) == (2, True)


def test_everyday_names_are_no_names_of_ours_and_lead_to_one() -> None:
    assert set(everyday_names().values()) <= set(ROWS)
    assert not set(everyday_names()) & set(ROWS)
    assert all(word == word.lower() and "-" not in word for word in EVERYDAY)


@pytest.mark.parametrize(
    ("transform", "words"),
    [
        (
            {"kind": "linear", "worst": 0, "best": 1},
            "unknown kind 'linear' in component[1].transform; did you mean 'ramp'?",
        ),
        ({"kind": "ramp", "worst": 0, "bst": 1}, "unknown key 'bst' in component[1].transform; did you mean 'best'?"),
        ({"kind": "ramp", "worst": 0}, "'best' is missing in component[1].transform"),
        ({"worst": 0, "best": 1}, "'kind' is missing in component[1].transform"),
        ("ramp", "should be a table in component[1].transform (got 'ramp')"),
        ({"kind": "value_map", "values": {"none": 1}}, "component[1].transform.values"),
        ({"kind": "value_map", "values": [1, 0]}, "should be a table in component[1].transform.values"),
        ({"kind": "value_map", "values": {}}, "at least 1 item"),
    ],
)
def test_a_mistake_in_a_transform_is_one_line(transform: object, words: str) -> None:
    found = refusal({"component": [{"oracle": "tpsa", "transform": transform}]})
    assert words in found
    assert "\n" not in found


def test_a_value_map_takes_decimal_keys_as_toml_writes_them(tmp_path: Path) -> None:
    (tmp_path / "o.toml").write_text(
        '[[component]]\noracle = "crippen_logp"\ntransform = { kind = "value_map", values = { 0.5 = 1, 2 = 0.25 } }\n'
    )
    transform = load(ObjectiveConfig, tmp_path / "o.toml").component[0].transform
    assert transform is not None
    assert transform(np.array([0.5, 2.0, 0.0])).tolist() == [1.0, 0.25, 0.0]


QED = '[[component]]\noracle = "qed"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            f"budget = 5\n[objective]\naggregation = 'product'\n{QED}",
            "write [[objective.component]] in place of [[component]]",
        ),
        (f"budget = 5\n{QED}", "write [[objective.component]] in place of [[component]]"),
        (
            QED.replace("[[c", "[[objective.c") + "budget = 5\n",
            "'budget' in objective.component[1]; it belongs to the file as a",
        ),
        ('[objective.component]\noracle = "qed"\n', "write [[objective.component]] in double brackets"),
        (
            f"aggregation = 'product'\n{QED.replace('[[c', '[[objective.c')}",
            "'aggregation'; it belongs under [objective]",
        ),
    ],
)
def test_a_component_in_the_wrong_place_of_a_campaign_is_told_its_place(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(CampaignConfig, tmp_path / "c.toml")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_campaign_pasted_into_an_objectives_file_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "o.toml").write_text(f"prior = 'chembl-gru'\nbudget = 5\n{QED}")
    with pytest.raises(ConfigError, match=r"has prior, budget, which a campaign has, but no \[objective\]"):
        load_objective(tmp_path / "o.toml")


def test_marks_that_editors_put_before_a_file_are_read_or_named(tmp_path: Path) -> None:
    (tmp_path / "o.toml").write_bytes(codecs.BOM_UTF8 + QED.encode())
    assert load_objective(tmp_path / "o.toml").names == ["qed"]
    for encoding in ("utf-16", "utf-16-be"):
        mark = codecs.BOM_UTF16_BE if encoding == "utf-16-be" else b""
        (tmp_path / "o.toml").write_bytes(mark + QED.encode(encoding))
        with pytest.raises(ConfigError, match=r"o\.toml: is text in UTF-16; save it as UTF-8"):
            load_objective(tmp_path / "o.toml")


@pytest.mark.parametrize("text", ["x = True", 'x = "a', "x = {a: 1}", "x = [1, 2", "x = 1,"])
def test_text_that_is_nearly_toml_is_named_with_its_line(text: str, tmp_path: Path) -> None:
    (tmp_path / "o.toml").write_text(f"{QED}{text}\n")
    with pytest.raises(ConfigError, match=r"not valid TOML: .*(line \d|end of document)") as caught:
        load_objective(tmp_path / "o.toml")
    assert "\n" not in str(caught.value)
