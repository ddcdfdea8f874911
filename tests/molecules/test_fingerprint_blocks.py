"""Similarities in blocks are RDKit's similarities."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdkit.DataStructs import BulkTanimotoSimilarity, CreateFromBinaryText

from chemmara.molecules import fingerprint_blocks
from chemmara.molecules.fingerprint_blocks import BYTES, first_near, most_similar, near, nearest, to_all


def rows_with(*bits: list[int]) -> np.ndarray:
    """Packed fingerprints with these bits."""
    rows = np.zeros((len(bits), 8 * BYTES), dtype=np.uint8)
    for row, own in zip(rows, bits, strict=True):
        row[own] = 1
    return np.packbits(rows, axis=1, bitorder="little")


def test_the_nearest_and_the_near_of_three_fingerprints() -> None:
    known = rows_with([0, 1, 2, 3], [0, 1, 2047], [0, 1])
    query = rows_with([0, 1, 2])
    # in common 3, 2, 2 of 4, 4, 3 bits: 3/4, 2/4, 2/3
    assert to_all(query[0], known).tolist() == pytest.approx([3 / 4, 1 / 2, 2 / 3])
    numbers, similarities = nearest(query, known)
    assert (numbers.tolist(), similarities.tolist()) == ([0], [3 / 4])
    assert [found.tolist() for found in near(query, known, 2 / 3)] == [[0, 2]]  # as near as the threshold is near
    assert most_similar(query, known, 2).tolist() == [[3 / 4, 2 / 3]]
    assert most_similar(query, known, 5).tolist() == [[3 / 4, 2 / 3, 1 / 2]]  # all there are
    assert first_near(query, known[1:], 0.6).tolist() == [1]
    assert first_near(query, known, 0.8).tolist() == [-1]


def test_where_nothing_is_known_there_is_no_nearest() -> None:
    none = np.zeros((0, BYTES), dtype=np.uint8)
    numbers, similarities = nearest(rows_with([5]), none)
    assert (numbers.tolist(), np.isnan(similarities).tolist()) == ([-1], [True])
    assert [found.tolist() for found in near(rows_with([5]), none, 0.0)] == [[]]
    assert first_near(rows_with([5]), none, 0.0).tolist() == [-1]
    assert most_similar(rows_with([5]), none, 3).shape == (1, 0)


bits = st.one_of(  # of few bits, so that many are shared; of many
    st.sets(st.integers(0, 9), min_size=1), st.sets(st.integers(0, 2047), min_size=1, max_size=400)
)
sets = st.lists(bits, min_size=1, max_size=12)


@given(sets, sets, st.integers(0, 100), st.integers(1, 8), st.sampled_from([1, 8]))
def test_blocks_agree_with_rdkit_pair_by_pair(
    queries: list[set[int]], known: list[set[int]], percent: int, number: int, few: int
) -> None:
    """Also where a fingerprint has more than 255 bits, which do not fit in a byte, and over several blocks."""
    left, right = (rows_with(*map(list, bits)) for bits in (queries, known))
    vectors = [CreateFromBinaryText(row.tobytes()) for row in right]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fingerprint_blocks, "_COLUMNS", 5)
        patch.setattr(fingerprint_blocks, "_QUERIES", 4)
        patch.setattr(fingerprint_blocks, "_FEW_QUERIES", few)
        numbers, similarities = nearest(left, right)
        largest = most_similar(left, right, number)
        close, first = near(left, right, percent / 100), first_near(left, right, percent / 100)
    for row in range(len(left)):
        exact = np.array(BulkTanimotoSimilarity(CreateFromBinaryText(left[row].tobytes()), vectors))
        assert (numbers[row], similarities[row]) == (exact.argmax(), exact.max())
        assert largest[row].tolist() == sorted(exact.tolist(), reverse=True)[:number]
        wanted = np.flatnonzero(exact >= percent / 100 - 1e-12)
        assert close[row].tolist() == wanted.tolist()
        assert first[row] == (wanted[0] if len(wanted) else -1)
        assert to_all(left[row], right).tolist() == pytest.approx(exact.tolist(), abs=1e-15)
