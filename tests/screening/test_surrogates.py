"""Surrogates: what they predict, how unsure they are, and what they draw."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdkit import DataStructs
from rdkit.Chem import rdFingerprintGenerator

from chemmara.molecules.chem import fingerprint, molecules_of
from chemmara.screening.fingerprints import BITS, count_bits, tanimoto
from chemmara.screening.gaussian_process import GaussianProcess
from chemmara.screening.surrogates import SURROGATES
from chemmara.screening.taken import Taken
from chemmara.selection.fingerprint_blocks import packed_fingerprints
from tests.conftest import DRUGS

NAMES = sorted(SURROGATES)
SERIES = ["C" * n + tail for tail in ("O", "N", "Cl", "c1ccccc1", "C(=O)O", "OC", "F") for n in range(1, 13)]
LENGTHS = np.array([float(len(smiles)) for smiles in SERIES])


def bits_of(*rows: list[int]) -> np.ndarray:
    made = np.zeros((len(rows), BITS), dtype=np.uint8)
    for row, own in enumerate(rows):
        made[row, own] = 1
    return made


def test_the_process_by_hand() -> None:
    # Learned from {1, 2} with 3 and {3, 4} with 5: mean 4, spread 1, targets -1 and 1, kernel the unit matrix, with the
    # noise 1.01 on its diagonal. {1, 2, 3} is 2/3 like the first and 1/4 like the second:
    # mean 4 + (-2/3 + 1/4) / 1.01 = 3.5875, variance 1 - (4/9 + 1/16) / 1.01 = 0.49807
    posterior = GaussianProcess().fit(bits_of([1, 2], [3, 4]), np.array([3.0, 5.0]))
    means, spreads = posterior.predict(bits_of([1, 2, 3], [7]))
    assert means == pytest.approx([3.58746, 4.0], abs=1e-5)
    assert spreads**2 == pytest.approx([0.49807, 1.0], abs=1e-5)


def test_counts_are_bits_and_similarities_are_rdkits() -> None:
    molecules = molecules_of(list(DRUGS.values()))
    counts = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=BITS, countSimulation=True)
    vectors = [counts.GetFingerprint(molecule) for molecule in molecules]
    expected = [DataStructs.BulkTanimotoSimilarity(vector, vectors) for vector in vectors]
    bits = count_bits(molecules)
    assert tanimoto(bits, bits) == pytest.approx(np.array(expected), abs=0)
    taken, packed = Taken(), packed_fingerprints(molecules)
    assert taken.nearest(packed).tolist() == [0.0] * len(molecules)
    taken.add(packed[:5])
    usual = [fingerprint(molecule) for molecule in molecules]
    nearest = [max(DataStructs.BulkTanimotoSimilarity(own, usual[:5])) for own in usual]
    assert taken.nearest(packed) == pytest.approx(nearest, abs=0)


def test_more_than_there_was_room_for_is_taken() -> None:
    packed = packed_fingerprints(molecules_of(SERIES))
    by_one, at_once = Taken(), Taken()
    for _ in range(8):
        at_once.add(packed)
        for row in packed:
            by_one.add(row[None])
    assert len(by_one) == len(at_once) == 8 * len(SERIES) > 256
    asked_for = packed_fingerprints(molecules_of(list(DRUGS.values())))
    assert by_one.nearest(asked_for).tolist() == at_once.nearest(asked_for).tolist()


@given(st.lists(st.sampled_from(range(len(SERIES))), min_size=3, max_size=30, unique=True), st.data())
def test_what_is_kept_of_the_last_fit_changes_no_bit(rows: list[int], data: st.DataObject) -> None:
    bits = count_bits(molecules_of(SERIES))
    process = GaussianProcess()
    for _ in range(3):
        chosen = data.draw(st.permutations(rows))[: data.draw(st.integers(2, len(rows)))]
        kept, fresh = (p.fit(bits[chosen], LENGTHS[chosen]) for p in (process, GaussianProcess()))
        for ours, theirs in zip(kept.predict(bits), fresh.predict(bits), strict=True):
            assert ours.tolist() == theirs.tolist()


@pytest.mark.parametrize("name", NAMES)
def test_a_surrogate_learns_what_it_is_shown_and_is_surer_of_it(name: str) -> None:
    shown, hidden = np.arange(len(SERIES)) % 3 != 0, np.arange(len(SERIES)) % 3 == 0
    bits = count_bits(molecules_of(SERIES))
    posterior = SURROGATES[name]().fit(bits[shown], LENGTHS[shown])
    means, spreads = posterior.predict(bits)
    assert np.corrcoef(means[hidden], LENGTHS[hidden])[0, 1] > 0.8
    assert np.abs(means[shown] - LENGTHS[shown]).mean() < np.abs(means[hidden] - LENGTHS[hidden]).mean()
    assert spreads[shown].mean() < spreads[hidden].mean()
    assert (spreads >= 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_draws_have_the_mean_and_the_spread_that_are_predicted(name: str) -> None:
    bits = count_bits(molecules_of(SERIES))
    posterior = SURROGATES[name]().fit(bits[::2], LENGTHS[::2])
    means, spreads = posterior.predict(bits)
    rng = np.random.default_rng(0)
    drawn = np.array([posterior.draw(bits, rng) for _ in range(3000)])
    # standard errors: of a mean sd / sqrt(3000) = .018 sd, of a standard deviation .013 sd; 84 molecules
    assert np.abs(drawn.mean(axis=0) - means) == pytest.approx(0, abs=0.1 * spreads.max())
    assert drawn.std(axis=0) == pytest.approx(spreads, abs=0.1 * spreads.max())


@pytest.mark.parametrize("name", NAMES)
def test_values_that_do_not_vary_are_predicted_as_they_are(name: str) -> None:
    bits = count_bits(molecules_of(SERIES))
    means, spreads = SURROGATES[name]().fit(bits[:20], np.full(20, 0.25)).predict(bits)
    assert means == pytest.approx(0.25)
    assert np.isfinite(spreads).all()


@pytest.mark.parametrize("name", NAMES)
def test_the_same_data_give_the_same_predictions(name: str) -> None:
    bits = count_bits(molecules_of(SERIES))
    first, second = (SURROGATES[name]().fit(bits[:40], LENGTHS[:40]).predict(bits) for _ in range(2))
    assert [values.tolist() for values in first] == [values.tolist() for values in second]
