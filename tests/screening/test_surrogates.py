"""Surrogates: what they predict, how unsure they are, and what they draw."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdkit import DataStructs
from rdkit.Chem import rdFingerprintGenerator
from scipy.sparse import csr_array

from chemmara.molecules.chem import fingerprint, molecules_of
from chemmara.molecules.fingerprint_blocks import packed_fingerprints
from chemmara.screening.features import ATOMS, ENVIRONMENTS, PROPERTIES, Features, tanimoto
from chemmara.screening.gaussian_process import GaussianProcess
from chemmara.screening.surrogates import SURROGATES
from chemmara.screening.taken import Taken
from tests.conftest import DRUGS

NAMES = sorted(SURROGATES)
SERIES = ["C" * n + tail for tail in ("O", "N", "Cl", "c1ccccc1", "C(=O)O", "OC", "F") for n in range(1, 13)]
LENGTHS = np.array([float(len(smiles)) for smiles in SERIES])


def features_of(*rows: list[int], properties: list[list[float]] | None = None) -> Features:
    bits = np.zeros((len(rows), ATOMS + ENVIRONMENTS), dtype=np.float32)
    for row, own in enumerate(rows):
        bits[row, own] = 1
    numbers = np.zeros((len(rows), len(PROPERTIES)))
    for row, own in enumerate(properties or []):
        numbers[row, : len(own)] = own
    return Features(np.array([""] * len(rows), dtype=object), csr_array(bits), numbers)


def test_the_process_by_hand() -> None:
    # Learned from {1, 2} with 3 and {3, 4} with 5: mean 4, spread 1, targets -1 and 1. Nothing is shared, and all
    # properties are alike: the kernel is .6 beside 1, with the noise 1.01 on its diagonal. Its inverse,
    # 1 / (1.0201 - .36) times 1.01 beside -.6, takes the targets to -1 / .41 and 1 / .41.
    # {1, 2, 3} is 2/3 like the first and 1/4 like the second, .4 x 2/3 + .6 = .86667 and .7:
    # mean 4 - .16667 / .41 = 3.59350, variance 1 - (1.01 x (.75111 + .49) - 1.2 x .60667) / .6601 = 0.20388.
    # {7} has .6 and .6: 4, and 1 - (1.01 x .72 - 1.2 x .36) / .6601 = 0.55280
    posterior = GaussianProcess().fit(features_of([1, 2], [3, 4]), np.array([3.0, 5.0]))
    means, spreads = posterior.predict(features_of([1, 2, 3], [7]))
    assert means == pytest.approx([3.59350, 4.0], abs=1e-5)
    assert spreads**2 == pytest.approx([0.20388, 0.55280], abs=1e-5)


def test_properties_by_hand() -> None:
    # The same bits, one property of 10 and 14: centre 12, spread 2, so -1 and 1, whose kernel is
    # .4 + .6 exp(-4 / (2 x 4)) = .76392. A molecule with 12 is .4 + .6 exp(-1 / 8) = .92950 like both: mean 4, variance
    # 1 - 2 x .92950^2 / (1.01 + .76392) = 0.02593
    posterior = GaussianProcess().fit(features_of([1], [1], properties=[[10.0], [14.0]]), np.array([3.0, 5.0]))
    means, spreads = posterior.predict(features_of([1], properties=[[12.0]]))
    assert means == pytest.approx([4.0])
    assert spreads**2 == pytest.approx([0.02593], abs=1e-5)


def test_counts_are_bits_and_similarities_are_rdkits() -> None:
    molecules = molecules_of(list(DRUGS.values()))
    counts = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=ENVIRONMENTS, countSimulation=True)
    vectors = [counts.GetFingerprint(molecule) for molecule in molecules]
    expected = [DataStructs.BulkTanimotoSimilarity(vector, vectors) for vector in vectors]
    seen = Features.of(list(DRUGS.values()), molecules)
    bits = seen.bits[:, ATOMS:]
    assert tanimoto(bits, bits) == pytest.approx(np.array(expected), abs=1e-7)  # float32
    # aspirin, C9H8O4: 180.16 g/mol, one donor, one ring, no aliphatic one
    of_aspirin = dict(zip(PROPERTIES, seen.properties[list(DRUGS).index("aspirin")], strict=True))
    assert of_aspirin["molecular_weight"] == pytest.approx(180.16, abs=0.01)
    assert (of_aspirin["hbd"], of_aspirin["rings"], of_aspirin["aliphatic_rings"]) == (1, 1, 0)
    # hexane has four CH2 and two CH3
    chain = Features.of(["CCCCCC"]).bits.toarray()[0, :ATOMS]
    assert chain.sum() == 4 + 2  # at least 1, 2, 3, 4 of the one kind, at least 1, 2 of the other
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
    seen = Features.of(SERIES)
    process = GaussianProcess()
    for _ in range(3):
        chosen = data.draw(st.permutations(rows))[: data.draw(st.integers(2, len(rows)))]
        kept, fresh = (p.fit(seen[chosen], LENGTHS[chosen]) for p in (process, GaussianProcess()))
        for ours, theirs in zip(kept.predict(seen), fresh.predict(seen), strict=True):
            assert ours.tolist() == theirs.tolist()


def test_half_of_the_kernel_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    # 84 molecules in blocks of ten, the last of four: the factor times itself is the kernel with .01 on its diagonal.
    monkeypatch.setattr("chemmara.screening.gaussian_process._BLOCK", 10)
    seen = Features.of(SERIES)
    posterior = GaussianProcess().fit(seen, LENGTHS)
    scaled = posterior.scale(seen).astype(float)
    apart = ((scaled[:, None] - scaled[None]) ** 2).sum(axis=2)
    kernel = 0.4 * tanimoto(seen.bits, seen.bits) + 0.6 * np.exp(-apart / (2 * 2.0**2))
    factor = np.tril(posterior.factor)
    assert factor @ factor.T == pytest.approx(kernel + 0.01 * np.eye(len(SERIES)), abs=1e-5)  # float32


@pytest.mark.parametrize("name", NAMES)
def test_a_surrogate_learns_what_it_is_shown_and_is_surer_of_it(name: str) -> None:
    shown, hidden = np.arange(len(SERIES)) % 3 != 0, np.arange(len(SERIES)) % 3 == 0
    seen = Features.of(SERIES)
    posterior = SURROGATES[name]().fit(seen[shown], LENGTHS[shown])
    means, spreads = posterior.predict(seen)
    assert np.corrcoef(means[hidden], LENGTHS[hidden])[0, 1] > 0.8
    assert np.abs(means[shown] - LENGTHS[shown]).mean() < np.abs(means[hidden] - LENGTHS[hidden]).mean()
    assert spreads[shown].mean() < spreads[hidden].mean()
    assert (spreads >= 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_draws_have_the_mean_and_the_spread_that_are_predicted(name: str) -> None:
    seen = Features.of(SERIES)
    posterior = SURROGATES[name]().fit(seen[::2], LENGTHS[::2])
    means, spreads = posterior.predict(seen)
    rng = np.random.default_rng(0)
    drawn = np.array([posterior.draw(seen, rng) for _ in range(3000)])
    # standard errors: of a mean sd / sqrt(3000) = .018 sd, of a standard deviation .013 sd; 84 molecules
    assert np.abs(drawn.mean(axis=0) - means) == pytest.approx(0, abs=0.1 * spreads.max())
    assert drawn.std(axis=0) == pytest.approx(spreads, abs=0.1 * spreads.max())


@pytest.mark.parametrize("name", NAMES)
def test_values_that_do_not_vary_are_predicted_as_they_are(name: str) -> None:
    seen = Features.of(SERIES)
    means, spreads = SURROGATES[name]().fit(seen[:20], np.full(20, 0.25)).predict(seen)
    assert means == pytest.approx(0.25)
    assert np.isfinite(spreads).all()


@pytest.mark.parametrize("name", NAMES)
def test_the_same_data_give_the_same_predictions(name: str) -> None:
    seen = Features.of(SERIES)
    first, second = (SURROGATES[name]().fit(seen[:40], LENGTHS[:40]).predict(seen) for _ in range(2))
    assert [values.tolist() for values in first] == [values.tolist() for values in second]
