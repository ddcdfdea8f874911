"""The benchmark tasks: equal to the reference programs to the digit, in any order."""

import lzma
from pathlib import Path
from random import Random

import numpy as np
import pandas as pd
import pytest

from chemmara.benchmark.guacamol import aggregate, assess, top_counts
from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import parse, parse_pattern
from chemmara.scoring.objective import Objective
from chemmara.scoring.tasks import MOLECULES, PATTERNS, PMO, TASKS, task

ETHANOL, MAPPED_ETHANOL = "[H]OC([H])([H])C([H])([H])[H]", "[CH3:1][CH2:2][OH:3]"
NAMES = {"current": "{}", "prev": "{}_prev", "guacamol": "{}_guacamol"}


@pytest.fixture(scope="module")
def golden() -> pd.DataFrame:
    with lzma.open(Path(__file__).parents[1] / "reference" / "pmo_golden.csv.xz", "rt") as file:
        table = pd.read_csv(file)
    return table[table["variant"].isin(NAMES)]


@pytest.mark.parametrize("order", [0, 1])
def test_every_task_gives_the_reference_values_in_any_order_of_tasks(golden: pd.DataFrame, order: int) -> None:
    groups = list(golden.groupby(["task", "variant"]))
    Random(order).shuffle(groups)
    compared, seen = 0, set()
    for (name, variant), rows in groups:
        seen.add(NAMES[variant].format(name))
        scores = Objective(task(NAMES[variant].format(name)))(rows["smiles"].tolist())
        valid = scores.valid
        values = rows["value"].to_numpy(copy=True)
        if name.startswith("isomers") and variant == "prev":
            # these two count characters; a mapped text is scored as the same molecule without maps (docs/molecules.md)
            values[rows["smiles"] == MAPPED_ETHANOL] = rows["value"][rows["smiles"] == ETHANOL].item()
        np.testing.assert_allclose(scores.total[valid], values[valid], rtol=0, atol=1e-6)
        assert np.isnan(scores.total[~valid]).all()
        assert set(rows["value"][~valid]) <= {0.0, -1.0}  # what the references call an invalid SMILES
        compared += int(valid.sum())
    assert compared == 8928
    assert seen == set(TASKS)


def test_there_are_twenty_tasks_of_pmo() -> None:
    assert len(PMO) == 20


def test_each_pattern_is_found_where_its_task_wants_it() -> None:
    hop, valsartan = parse(MOLECULES["hop"]), parse("CCCCC(=O)N(Cc1ccc(cc1)-c1ccccc1-c1nnn[nH]1)[C@@H](C(C)C)C(=O)O")
    assert hop is not None
    assert valsartan is not None
    for name, smarts in PATTERNS.items():
        assert (valsartan if name == "valsartan" else hop).HasSubstructMatch(parse_pattern(smarts))


def test_a_list_is_scored_as_guacamol_does() -> None:
    scores = np.array([0.9, 0.8, 0.7])
    # top 1: 0.9; top 10: 2.4 / 10; top 100: 2.4 / 100; their mean 1.164 / 3
    assert aggregate(scores, (1, 10, 100)) == pytest.approx(0.388)
    assert aggregate(scores, (159,)) == pytest.approx(2.4 / 159)
    assert aggregate(np.array([0.5, np.nan]), (2,)) == pytest.approx(-0.25)  # a valid molecule without score counts -1
    assert top_counts("isomers_c9h10n2o2pf2cl") == (250,)
    assert top_counts("qed_guacamol") == (1, 10, 100)


def test_stereo_isotopes_repeats_and_what_does_not_parse_are_taken_out_first() -> None:
    celecoxib = MOLECULES["celecoxib"]
    assert assess("celecoxib_rediscovery", ["C1CC", celecoxib, celecoxib]) == 1.0
    assert assess("qed", ["C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O", "CC(N)C([18OH])=O"]) == pytest.approx(
        assess("qed", ["CC(N)C(=O)O"])
    )
    with pytest.raises(ChemmaraError, match="not a task of GuacaMol"):
        assess("zaleplon_mpo_prev", ["C"])


def test_an_unknown_task_is_named_with_what_was_meant() -> None:
    with pytest.raises(ChemmaraError, match=r"unknown task 'median'; did you mean 'median[12]'\?"):
        task("median")
