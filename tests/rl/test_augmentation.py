"""Tau, anchors, clusters, and the order of diversity filter and MARA: by hand, and the law of each."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from chemmara.rl.anchors import AnchorConfig, Anchors
from chemmara.rl.augmentation import Augmentation, Rows
from chemmara.rl.clusters import Clusters
from chemmara.rl.method import MethodConfig
from chemmara.rl.rewards import Anchor, mara_rewards
from chemmara.rl.tau import AdaptiveTau, PercentileTau, Tau

SMILES = ["CCO", "CCN", "c1ccccc1", "Cc1ccccc1", "C1CCCCC1"]
SCORES = np.array([0.9, 0.6, 0.8, 0.7, 0.2])
LOGP = np.array([-20.0, -10.0, -15.0, -30.0, -5.0])


def rows(filtered_scores: np.ndarray = SCORES) -> Rows:
    return Rows(torch.zeros(5, 1), SMILES, SMILES, filtered_scores)


def augmentation(**method: object) -> Augmentation:
    settings = {"name": "mara", "beta": 0.01, "tau": 0.5, **method}
    return Augmentation.of(MethodConfig.model_validate(settings), torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("choose", "row"), [("support", 1), ("lowest", 3), ("median", 2)])
def test_the_anchor_is_the_row_that_the_rule_names(choose: str, row: int) -> None:
    # The good, by support: rows 3 (-30), 0 (-20), 2 (-15), 1 (-10); the upper median is row 2.
    anchors = Anchors(AnchorConfig.model_validate({"choose": choose}), torch.Generator())
    assert anchors.choose(SCORES, LOGP, SMILES, 0.5) == Anchor(SCORES[row], LOGP[row])


def test_a_random_anchor_is_good_and_depends_on_the_generator_alone() -> None:
    def drawn(seed: int) -> list[Anchor | None]:
        anchors = Anchors(AnchorConfig(choose="random"), torch.Generator().manual_seed(seed))
        return [anchors.choose(SCORES, LOGP, SMILES, 0.5) for _ in range(20)]

    assert drawn(1) == drawn(1) != drawn(2)
    assert {anchor.score for anchor in drawn(1) if anchor} == {0.9, 0.6, 0.8, 0.7}


def test_a_running_anchor_is_averaged_and_the_runs_anchor_is_its_best_ever() -> None:
    running = Anchors(AnchorConfig(over="running"), torch.Generator())
    run = Anchors(AnchorConfig(over="run"), torch.Generator())
    for anchors in (running, run):
        anchors.choose(SCORES, LOGP, SMILES, 0.5)
    second = (np.array([0.8]), np.array([-20.0]), ["CCCO"], 0.5)
    # .9 * .6 + .1 * .8 = .62 and .9 * -10 + .1 * -20 = -11
    found = running.choose(*second)
    assert found is not None
    assert (found.score, found.prior_logp) == pytest.approx((0.62, -11.0))
    assert run.choose(*second) == Anchor(0.6, -10.0)
    assert run.choose(np.array([0.1]), np.array([-1.0]), ["CCCO"], 0.5) == Anchor(0.6, -10.0)


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(-90, -1)), min_size=1, max_size=20),
    st.floats(0, 1), st.floats(-90, -1),
)  # fmt: skip
def test_the_law_holds_with_any_anchor(pairs: list[tuple[float, float]], score: float, logp: float) -> None:
    scores, prior_logp = np.array(pairs).T
    rewards = mara_rewards(scores, prior_logp, threshold=0.5, beta=0.1, anchor=Anchor(score, logp))
    level = (prior_logp + rewards / 0.1)[scores >= 0.5]
    np.testing.assert_allclose(level, logp + score / 0.1, atol=1e-8)


def test_percentiles_by_hand() -> None:
    batch = Tau(PercentileTau(percentile=75))
    # Molecules score .2, .6, .8, .9 (an invalid SMILES and a missing score are left out): the 75th percentile is .825
    assert batch.of_batch(
        ["C", "CC", "", "CCC", "CCCC", "O"], np.array([0.2, 0.6, 0.0, 0.8, 0.9, np.nan])
    ) == pytest.approx(0.825)
    assert batch.of_batch(["C"], np.array([0.01])) == 0.1
    assert batch.of_batch([""], np.array([0.0])) == 0.1
    run = Tau(PercentileTau(percentile=50, over="run"))
    run.of_batch(["C", "CC"], np.array([0.2, 0.4]))
    assert run.of_batch(["CCC"], np.array([0.9])) == 0.4


def test_the_adaptive_tau_rises_while_enough_scaffolds_reach_it() -> None:
    adaptive = Tau(AdaptiveTau(scaffolds=2, at_least=0.3, at_most=0.8))
    assert adaptive.of_batch(["c1ccccc1"], np.array([0.9])) == 0.3  # one scaffold
    assert adaptive.of_batch(["Cc1ccccc1"], np.array([0.95])) == 0.3  # the same
    assert adaptive.of_batch(["C1CCCCC1"], np.array([0.5])) == 0.5
    assert adaptive.of_batch(["C1CCNCC1"], np.array([0.95])) == 0.8  # .95 twice, but no more than at_most
    again = Tau(adaptive.config)
    again.restore(adaptive.state())
    assert again.of_batch([], np.array([])) == 0.8


def test_clusters_count_what_is_known_once() -> None:
    clusters = Clusters.of("scaffold")
    assert clusters is not None
    good = np.array([True, True, True, True, False])
    # ethanol and ethylamine share the empty scaffold; benzene and toluene share benzene; the last is not good
    np.testing.assert_array_equal(clusters.sizes(SMILES, SMILES, good), [2, 2, 2, 2, 1])
    np.testing.assert_array_equal(clusters.sizes(["CCO"], ["OCC"], np.array([True])), [2])
    molecules = Clusters.of("molecule")
    assert molecules is not None
    found = molecules.sizes(["CCO", "CCO", "CCN"], ["CCO", "OCC", "CCN"], np.array([True, True, True]))
    np.testing.assert_array_equal(found, [2, 2, 1])
    assert Clusters.of("string") is None


@pytest.mark.parametrize("kind", ["molecule", "scaffold", "niche"])
def test_clusters_come_back_as_they_were(kind: str) -> None:
    first, second = Clusters.of(kind), Clusters.of(kind)  # type: ignore[arg-type]
    assert first is not None
    assert second is not None
    first.sizes(SMILES, SMILES, np.ones(5, bool))
    second.restore(first.state())
    new = (["CCCO", *SMILES], ["CCCO", *SMILES], np.ones(6, bool))
    np.testing.assert_array_equal(first.sizes(*new), second.sizes(*new))


@given(st.lists(st.tuples(st.floats(0.5, 1), st.floats(-60, -1), st.integers(0, 4)), min_size=2, max_size=30))
def test_cluster_anchored_mara_makes_clusters_equally_likely(rows_: list[tuple[float, float, int]]) -> None:
    """Its law: summed over the members, prior exp(reward / beta) is one constant for every cluster."""
    beta = 0.1
    scores, prior_logp, cluster = (np.array(column) for column in zip(*rows_, strict=True))
    members = [f"{'C' * (i + 1)}" for i in range(len(rows_))]

    class Given:
        def key(self, smiles: str) -> str:
            return str(cluster[len(smiles) - 1])

    sizes = Clusters("scaffold", Given()).sizes(members, members, np.ones(len(rows_), bool))
    rewards = mara_rewards(scores, prior_logp, threshold=0.5, beta=beta) - beta * np.log(sizes)
    log_mass = prior_logp + rewards / beta
    mass = [np.logaddexp.reduce(log_mass[cluster == number]) for number in set(cluster.tolist())]
    np.testing.assert_allclose(mass, mass[0], atol=1e-8)


def test_in_the_rewards_the_crowded_cluster_gets_less() -> None:
    prior_logp = torch.tensor(LOGP)
    plain = augmentation().rewards(rows(), prior_logp, 0.5).rewards
    clustered = augmentation(equal_mass="scaffold").rewards(rows(), prior_logp, 0.5).rewards
    # four good in two scaffolds of two: each loses .01 log 2
    torch.testing.assert_close(plain - clustered, torch.tensor([1.0, 1, 1, 1, 0]).double() * 0.01 * np.log(2))


def test_a_molecule_that_the_diversity_filter_sets_to_0_is_no_anchor() -> None:
    filtered_scores = SCORES.copy()
    filtered_scores[1] = 0.0  # its neighbourhood is full, although the prior likes it best
    found = augmentation().rewards(rows(filtered_scores), torch.tensor(LOGP), 0.5)
    # the anchor is row 2, R .8, log prior -15: .8 + .01 (-15 + 20) = .85, 0, .8, .8 + .15 = .95
    assert found.anchor == Anchor(0.8, -15.0)
    np.testing.assert_allclose(found.rewards, [0.85, 0.0, 0.8, 0.95, 0.2])
