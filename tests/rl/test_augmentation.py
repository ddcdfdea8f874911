"""Tau, anchors, clusters, and the order of diversity filter and MARA: by hand, and the law of each."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from chemmara.rl.anchors import AnchorConfig, Anchors
from chemmara.rl.augmentation import Augmentation
from chemmara.rl.clusters import Clusters
from chemmara.rl.method import MethodConfig
from chemmara.rl.repeats import Visits
from chemmara.rl.rewards import Anchor, mara_rewards
from chemmara.rl.rows import Rows
from chemmara.rl.tau import AdaptiveTau, PercentileTau, Tau

SMILES = ["CCO", "CCN", "c1ccccc1", "Cc1ccccc1", "C1CCCCC1"]
SCORES = np.array([0.9, 0.6, 0.8, 0.7, 0.2])
LOGP = np.array([-20.0, -10.0, -15.0, -30.0, -5.0])


def rows(filtered_scores: np.ndarray = SCORES) -> Rows:
    return Rows(torch.zeros(5, 1), SMILES, SMILES, filtered_scores, LOGP, np.full(5, np.nan))


def augmentation(**method: object) -> Augmentation:
    settings = {"name": "mara", "beta": 0.01, "tau": 0.5, **method}
    return Augmentation.of(MethodConfig.model_validate(settings), torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("choose", "row"), [("support", 1), ("lowest", 3), ("median", 2)])
def test_the_anchor_is_the_row_that_the_rule_names(choose: str, row: int) -> None:
    # The good, by support: rows 3 (-30), 0 (-20), 2 (-15), 1 (-10); the upper median is row 2.
    anchors = Anchors(AnchorConfig.model_validate({"choose": choose}), torch.Generator())
    assert anchors.choose(SCORES, LOGP, 0.5) == Anchor(SCORES[row], LOGP[row])


def test_a_random_anchor_is_good_and_depends_on_the_generator_alone() -> None:
    def drawn(seed: int) -> list[Anchor | None]:
        anchors = Anchors(AnchorConfig(choose="random"), torch.Generator().manual_seed(seed))
        return [anchors.choose(SCORES, LOGP, 0.5) for _ in range(20)]

    assert drawn(1) == drawn(1) != drawn(2)
    assert {anchor.score for anchor in drawn(1) if anchor} == {0.9, 0.6, 0.8, 0.7}


def test_a_running_anchor_is_averaged_and_the_runs_anchor_is_its_best_ever() -> None:
    running = Anchors(AnchorConfig(over="running"), torch.Generator())
    run = Anchors(AnchorConfig(over="run"), torch.Generator())
    for anchors in (running, run):
        anchors.choose(SCORES, LOGP, 0.5)
    second = (np.array([0.8]), np.array([-20.0]), 0.5)
    # .9 * .6 + .1 * .8 = .62 and .9 * -10 + .1 * -20 = -11
    found = running.choose(*second)
    assert found is not None
    assert (found.score, found.prior_logp) == pytest.approx((0.62, -11.0))
    assert run.choose(*second) == Anchor(0.6, -10.0)
    assert run.choose(np.array([0.1]), np.array([-1.0]), 0.5) == Anchor(0.6, -10.0)


@given(
    st.lists(st.lists(st.tuples(st.floats(0, 1), st.floats(-90, -1)), max_size=6), min_size=1, max_size=6),
    st.lists(st.floats(0, 1), min_size=6, max_size=6),
)
def test_the_runs_anchor_is_its_best_supported_good_sample_whatever_tau_becomes(
    steps: list[list[tuple[float, float]]], taus: list[float]
) -> None:
    """Only samples that none surpasses in score and support are kept, and still no later tau can tell."""
    anchors = Anchors(AnchorConfig(over="run"), torch.Generator())
    seen: list[tuple[float, float]] = []
    for pairs, tau in zip(steps, taus, strict=False):
        seen += pairs
        scores, logp = np.array(pairs).reshape(-1, 2).T
        good = [pair for pair in seen if pair[0] >= tau]
        found = anchors.choose(scores, logp, tau)
        assert (found.prior_logp if found else None) == (max(pair[1] for pair in good) if good else None)


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
    assert batch.of_step(
        ["C", "CC", "", "CCC", "CCCC", "O"], np.array([0.2, 0.6, 0.0, 0.8, 0.9, np.nan])
    ) == pytest.approx(0.825)
    assert batch.of_step(["C"], np.array([0.01])) == 0.1
    assert batch.of_step([""], np.array([0.0])) == 0.1
    run = Tau(PercentileTau(percentile=50, over="run"))
    run.of_step(["C", "CC"], np.array([0.2, 0.4]))
    assert run.of_step(["CCC"], np.array([0.9])) == 0.4
    assert run.of_step(["CCC"], np.array([0.0])) == 0.4  # a molecule counts as it did when it first came


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.floats(0, 100))
def test_a_percentile_is_numpys(scores: list[float], percentile: float) -> None:
    for over in ("batch", "run"):
        tau = Tau(PercentileTau(percentile=percentile, over=over, at_least=0.0))
        smiles = ["C" * (i + 1) for i in range(len(scores))]
        found = tau.of_step(smiles, np.array(scores))
        assert found == pytest.approx(np.percentile(scores, percentile), abs=1e-12)


def test_the_adaptive_tau_rises_while_enough_scaffolds_reach_it() -> None:
    adaptive = Tau(AdaptiveTau(scaffolds=2, at_least=0.3, at_most=0.8))
    assert adaptive.of_step(["c1ccccc1"], np.array([0.9])) == 0.3  # one scaffold
    assert adaptive.of_step(["Cc1ccccc1"], np.array([0.95])) == 0.3  # the same
    assert adaptive.of_step(["C1CCCCC1"], np.array([0.5])) == 0.5
    assert adaptive.of_step(["C1CCNCC1"], np.array([0.95])) == 0.8  # .95 twice, but no more than at_most
    again = Tau(adaptive.config)
    again.restore(adaptive.state())
    assert again.of_step([], np.array([])) == 0.8


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
    plain = augmentation().rewards(rows(), 0.5, None)
    clustered = augmentation(equal_mass="scaffold").rewards(rows(), 0.5, None)
    # four good in two scaffolds of two: each loses .01 log 2
    np.testing.assert_allclose(plain - clustered, np.array([1.0, 1, 1, 1, 0]) * 0.01 * np.log(2), atol=1e-12)


def test_a_molecule_that_the_diversity_filter_sets_to_0_is_no_anchor() -> None:
    filtered_scores = SCORES.copy()
    filtered_scores[1] = 0.0  # its neighbourhood is full, although the prior likes it best
    mara = augmentation()
    anchor = mara.anchor([rows(filtered_scores)], 0.5)
    # the anchor is row 2, R .8, log prior -15: .8 + .01 (-15 + 20) = .85, 0, .8, .8 + .15 = .95
    assert anchor == Anchor(0.8, -15.0)
    found = mara.rewards(rows(filtered_scores), 0.5, anchor)
    np.testing.assert_allclose(found, [0.85, 0.0, 0.8, 0.95, 0.2])


def test_the_anchor_of_a_step_is_chosen_from_all_that_it_learns_from() -> None:
    replayed = Rows(torch.zeros(1, 1), ["CCC"], ["CCC"], np.array([0.7]), np.array([-4.0]), np.array([np.nan]))
    assert augmentation().anchor([rows(), replayed], 0.5) == Anchor(0.7, -4.0)


def test_what_a_repeat_earns_by_hand() -> None:
    smiles, scores = ["C", "CC", "C", "", "C"], np.array([0.9, 0.8, 0.9, 0.0, 0.9])

    def two_steps(repeats: str) -> list[list[float]]:
        visits = Visits(repeats)  # type: ignore[arg-type]
        return [visits.of_batch(smiles, scores).tolist(), visits.of_batch(["CC", "CCC"], np.array([0.8, 0.7])).tolist()]

    nan = pytest.approx(np.nan, nan_ok=True)
    assert two_steps("score") == [[0.9, 0.8, 0.9, 0.0, 0.9], [0.8, 0.7]]
    assert two_steps("once-a-step") == [[0.9, 0.8, nan, 0.0, nan], [0.8, 0.7]]
    assert two_steps("nothing") == [[0.9, 0.8, 0.0, 0.0, 0.0], [0.0, 0.7]]
    assert two_steps("visits") == [[0.9, 0.8, 0.9, 0.0, 0.9], [0.8, 0.7]]


def test_a_molecule_without_a_score_has_none_when_it_comes_again() -> None:
    assert np.isnan(Visits("nothing").of_batch(["C", "C"], np.array([np.nan, np.nan]))).all()


@given(st.lists(st.sampled_from(SMILES), min_size=1, max_size=30), st.sampled_from(["visits", "score"]))
def test_under_visits_every_reward_loses_beta_log_of_how_often_the_molecule_was_sampled(
    drawn: list[str], repeats: str
) -> None:
    """Its law, step by step: reward = lifted score - beta log n, n counting all samples so far."""
    method = augmentation(repeats=repeats)
    plain = augmentation()
    for smiles in drawn:
        i = SMILES.index(smiles)
        row = rows().chosen(np.array([i]))
        method.visits.of_batch([smiles], SCORES[[i]])
        lost = plain.rewards(row, 0.5, None) - method.rewards(row, 0.5, None)
        count = sum(other == smiles for other in drawn[: method.visits.counts.total()]) if repeats == "visits" else 1
        np.testing.assert_allclose(lost, 0.01 * np.log(count), atol=1e-12)
