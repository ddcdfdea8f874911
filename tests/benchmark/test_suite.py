"""Suites: what may stand in them, what is bundled, and how their tables are made."""

from itertools import combinations, product
from pathlib import Path

import pandas as pd
import pytest
from rdkit.DataStructs import TanimotoSimilarity

from chemmara import assets
from chemmara.benchmark.published import Conditions, beside, load_published, remarks
from chemmara.benchmark.suite import SuiteConfig, load_suite, task_campaign
from chemmara.benchmark.suite_pairs import pair_rows, pair_section
from chemmara.benchmark.suite_published import published_sections
from chemmara.benchmark.suite_tables import figure_section, long_table
from chemmara.config import ConfigError, parse
from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import parse as molecule_of
from chemmara.oracles.fingerprints import fingerprint_of
from chemmara.report.page import Section, benchmark_page
from chemmara.scoring.tasks import PMO

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", assets.suites())
def test_a_bundled_suite_makes_a_campaign_of_every_task_that_needs_no_files(name: str, tmp_path: Path) -> None:
    suite = load_suite(name)
    assert suite.name == name
    assert suite.about
    for task in suite.task:
        if task.files:
            with pytest.raises(
                ChemmaraError, match=f"task {task.name} needs {task.files[0]}, which is not in .*: t"
            ) as no:
                task_campaign(suite, task, tmp_path)
            assert "\n" not in str(no.value)
            assert "--files FILES" in str(no.value)
            continue
        campaign = task_campaign(suite, task, assets.suite_file(name).parent)
        assert (campaign.budget, campaign.prior) == (suite.budget, suite.prior)
        assert campaign.method.tau == pytest.approx(campaign.hit_threshold - 0.05)


def test_the_pmo_suite_is_the_20_tasks_in_their_current_definitions() -> None:
    suite = load_suite("pmo")
    assert [task.objective for task in suite.task] == list(PMO)
    assert (suite.budget, suite.prior, suite.figures[0]) == (10_000, "zinc250k-gru", "auc_top10")


def test_optimise_is_tuned_on_two_tasks_of_pmo_and_on_none_of_the_others() -> None:
    suite = load_suite(ROOT / "benchmarks" / "optimise.toml")
    budgets = {task.name: task_campaign(suite, task, ROOT).budget for task in suite.task}
    assert budgets == dict.fromkeys(
        ["zaleplon_mpo", "perindopril_mpo", "glimepiride_rediscovery", "risperidone_rediscovery"], 6000
    )


def test_no_hit_of_the_multi_mode_suite_could_belong_to_two_references() -> None:
    for task in load_suite("multi-mode").task:
        molecules = [molecule for smiles in task.references.values() if (molecule := molecule_of(smiles)) is not None]
        for first, second in combinations([fingerprint_of(molecule, "ecfp4") for molecule in molecules], 2):
            assert TanimotoSimilarity(first, second) < task.similarity - 0.1
        assert isinstance(task.objective, dict)
        assert task.objective["component"][0]["references"] == list(task.references.values())


SUITE = {
    "name": "s",
    "budget": 10,
    "figures": ["hits"],
    "task": [{"name": "a", "objective": "qed", "hit_threshold": 0.5}],
}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"figures": ["hitz"]}, "no such figure 'hitz'; did you mean 'hits'?"),
        ({"figures": []}, "needs at least one figure"),
        ({"task": []}, "at least one"),
        ({"task": [{"name": "a"}]}, "either a campaign or an objective"),
        ({"task": [{"name": "a", "objective": "qed"}]}, "needs a hit_threshold"),
        ({"task": [{"name": "a", "campaign": "quickstart", "tau": 0.5}]}, "are those of its campaign"),
        ({"task": [{"name": "a/../b", "objective": "qed", "hit_threshold": 0.5}]}, "should match pattern"),
        ({"task": SUITE["task"] * 2}, "two tasks are called 'a'"),
        ({"sums": ["top10"]}, "sums name top10, which figures lacks"),
        ({"figures": ["modes"]}, "figures of modes need references, which task 'a' lacks"),
        ({"task": [{**SUITE["task"][0], "references": {"x": "C(C"}}]}, "reference 'x' is not a valid SMILES"),
        ({"bugdet": 5}, "did you mean 'budget'?"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_suite_is_named(change: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse(SuiteConfig, SUITE | change, source="s.toml")
    assert words in str(refused.value)
    assert str(refused.value).startswith("s.toml: ")


def runs(values: dict[tuple[str, str], list[float]], figure: str = "hits") -> pd.DataFrame:
    rows = [
        {"task": task, "method": method, "seed": seed, figure: value}
        for (task, method), of_seeds in values.items()
        for seed, value in enumerate(of_seeds, start=1)
    ]
    return pd.DataFrame(rows)


TWO = runs({("t", "a"): [1, 2, 3], ("t", "b"): [2, 4, 6], ("u", "a"): [5, 5, 5], ("u", "b"): [4, 6, 5]})


def test_the_table_of_a_figure_by_hand() -> None:
    # t: a 2 ± 2.484 (see test_statistics), b twice that; u: 5 and 5 ± 2.484. Sums by seed: a 6, 7, 8 and b 6, 10, 11,
    # whose deviation is 2.646: 4.3027 x 2.646 / sqrt 3 = 6.572. b is better on t, and both share u: ranks (2 + 1.5) / 2
    # and (1 + 1.5) / 2.
    section = figure_section(TWO, "hits", summed=True)
    assert section.title == "hits (larger is better)"
    assert section.table.to_dict("split")["data"] == [
        ["2.000 ± 2.484", "4.000 ± 4.968"],
        ["5.000 ± 0.000", "5.000 ± 2.484"],
        ["7.000 ± 2.484", "9.000 ± 6.572"],
        ["1.75", "1.25"],
        ["1", "2"],
    ]
    assert list(section.table.index)[2:] == ["sum over the tasks", "average rank over 2 tasks", "best mean, of 2 tasks"]
    assert long_table(TWO, ["hits"], ["hits"])["mean"].tolist() == [2, 4, 5, 5, 7, 9]


def test_the_paired_differences_by_hand() -> None:
    # b - a on t: 1, 2, 3, p = .07418 (see test_significance), times 2 by Holm .14836; on u: -1, 1, 0, mean 0, p = 1.
    # Over tasks: 2 and 0, of which Wilcoxon's test leaves one: p = 1. The sum: 0, 3, 3, mean 2, deviation 1.732, t = 2,
    # p = 1 - 2 / sqrt(4 + 2) = .18350.
    rows = pair_rows(TWO, ["hits"], ["hits"])
    assert [row["task"] for row in rows] == ["t", "u", "all tasks", "sum over the tasks"]
    assert [row["p_holm"] for row in rows] == pytest.approx([0.14836, 1.0, 1.0, 0.18350], abs=1e-5)
    cells = pair_section(rows, "hits").table["b - a"].tolist()
    assert cells[0] == "2.000 ± 2.484 (3 of 3), p = 0.148"
    assert cells[1] == "0.000 ± 2.484 (1 of 3), p = 1.000"
    assert cells[3] == "2.000 ± 4.303 (2 of 3), p = 0.184"


def test_pairs_are_of_the_same_seed_and_a_task_that_a_method_lacks_is_left_out() -> None:
    lacking = pd.concat([TWO[(TWO["method"] == "a") | (TWO["seed"] > 1)], runs({("v", "a"): [1, 1]})])
    rows = pair_rows(lacking, ["hits"], ["hits"])
    assert [(row["task"], row["n"]) for row in rows] == [
        ("t", 2),
        ("u", 2),
        ("all tasks", 2),
        ("sum over the tasks", 0),
    ]
    table = figure_section(lacking, "hits", summed=True).table
    assert table.loc["v"].tolist() == ["1.000 ± 0.000", "-"]
    # b without its first seed has means 5 and 5.5 against 2 and 5
    assert table.loc["average rank over 2 tasks"].tolist() == ["2.00", "1.00"]


def test_one_method_has_no_pairs_and_no_rank() -> None:
    alone = TWO[TWO["method"] == "a"]
    assert pair_rows(alone, ["hits"], []) == []
    assert list(figure_section(alone, "hits", summed=False).table.index) == ["t", "u"]


def test_a_published_figure_is_comparable_if_task_budget_and_prior_are_ours() -> None:
    published = load_published("pmo", "pmo")
    ours = Conditions({"qed": "qed", "zaleplon": "zaleplon_mpo"}, 10_000, "zinc250k-gru")
    found = {(row["task"], row["method"]): row for row in beside(published, "auc_top10", ours)}
    assert found["qed", "REINVENT"]["mean"] == pytest.approx(0.9412)
    comparable = {key for key, row in found.items() if row["comparable"]}
    assert ("qed", "REINVENT") in comparable
    assert ("zaleplon", "REINVENT") not in comparable  # published with the older definition
    assert ("zaleplon", "Genetic GFN") in comparable
    assert ("qed", "GenMol") not in comparable  # scored its fragments first
    previous = Conditions({"zaleplon": "zaleplon_mpo_prev"}, 10_000, "zinc250k-gru")
    of_previous = {row["method"]: row["comparable"] for row in beside(published, "auc_top10", previous)}
    assert (of_previous["REINVENT"], of_previous["Genetic GFN"]) == (True, False)
    for budget, prior in ((2_500, "zinc250k-gru"), (10_000, "chembl-gru")):
        other = Conditions(ours.tasks, budget, prior)
        assert not any(row["comparable"] for row in beside(published, "auc_top10", other))


def test_what_is_not_comparable_is_named_with_its_reason() -> None:
    published = load_published("pmo", "pmo")
    ours = Conditions({"qed": "qed", "zaleplon": "zaleplon_mpo"}, 2_500, "chembl-gru")
    words = "\n".join(remarks(beside(published, "auc_top10", ours), published, ours))
    assert "had 10000 calls, ours 2500" in words
    assert "another prior (zinc250k-gru; ours is chembl-gru)" in words
    assert "REINVENT, Graph GA, GP BO, LSTM HC, screening on zaleplon, which had another definition there" in words
    assert "f-RAG, GenMol, since they begin from fragments" in words


def test_sums_beside_published_ones_are_over_the_same_tasks_once_without_another_definition() -> None:
    suite = load_suite("pmo")
    values = {("qed", "m"): [0.5, 0.7], ("zaleplon_mpo", "m"): [0.25, 0.25]}
    (section, *_) = published_sections(runs(values, "auc_top10").assign(**dict.fromkeys(suite.figures[1:], 0.5)), suite,
                                       load_published("pmo", "pmo"))  # fmt: skip
    table = section.table
    # ours .6 + .25; REINVENT .9412 + .3582 = 1.299, not comparable for zaleplon; Genetic GFN .942 + .552
    assert table.loc["sum over 2 tasks", ["m (ours)", "REINVENT", "Genetic GFN"]].tolist() == [
        "0.850",
        "1.299 *",
        "1.494",
    ]
    assert table.loc["sum over the 1 of one definition", ["m (ours)", "REINVENT", "GenMol"]].tolist() == [
        "0.600", "0.941", "0.942 *",
    ]  # fmt: skip


def test_the_published_sums_are_those_of_the_papers_tables() -> None:
    """Over the 20 RDKit tasks: REINVENT 11.60 in its own table, Genetic GFN 13.594, the mark that the issue names."""
    published = load_published("pmo", "pmo")
    totals = dict.fromkeys(("REINVENT", "Genetic GFN"), 0.0)
    for row in published.rows:
        if row["figure"] == "auc_top10" and row["method"] in totals:
            totals[row["method"]] += row["mean"]
    assert totals == {"REINVENT": pytest.approx(11.6009, abs=1e-3), "Genetic GFN": pytest.approx(13.594, abs=1e-6)}


def test_every_published_row_belongs_to_a_source_and_a_task_of_its_suite() -> None:
    for name in assets.suites():
        suite = load_suite(name)
        if suite.published is None:
            continue
        published = load_published(suite.published, name)
        tasks = {
            task.objective if isinstance(task.objective, str) else task.name
            for task in load_suite(suite.published).task
        }
        assert all(row["source"] in published.sources for row in published.rows)
        assert {row["task"].removesuffix("_prev") for row in published.rows} <= tasks


def test_text_from_runs_reaches_the_page_escaped_and_it_needs_nothing_from_outside() -> None:
    table = pd.DataFrame({"<b>m</b>": ["<script>alert(1)</script>"]}, index=["<i>t</i>"])
    page = benchmark_page("<u>n</u>", ["<a href='x'>"], [Section("<h>", "<th>", table, ("<img src=x>",))])
    for tag in ("<b>", "<script", "<i>", "<u>", "<a href", "<img", "<h>"):
        assert tag not in page
    assert "src=" not in page.replace("&lt;img src=x&gt;", "")
    assert "default-src 'none'" in page


def test_every_pair_of_three_methods_is_compared() -> None:
    three = runs({key: [1.0, 2.0] for key in product("tu", "abc")})
    rows = pair_rows(three, ["hits"], [])
    assert {(row["ours"], row["theirs"]) for row in rows} == {("b", "a"), ("c", "a"), ("c", "b")}
    assert all(row["p_holm"] == 1.0 for row in rows)
