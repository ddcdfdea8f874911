"""Clusters are those of RDKit's own functions, which hold all distances in memory."""

import numpy as np
import pytest
from rdkit.DataStructs import BulkTanimotoSimilarity, CreateFromBinaryText
from rdkit.ML.Cluster import Butina
from rdkit.SimDivFilters.rdSimDivPickers import LeaderPicker

from chemmara.errors import ChemmaraError
from chemmara.molecules.chem import parse
from chemmara.molecules.fingerprint_blocks import packed_fingerprints
from chemmara.selection import clusters
from chemmara.selection.clusters import butina, leader

ENDS, CORES = (
    ("C", "CC", "OC", "N(C)C", "C(F)(F)F", "C1CC1"),
    ("c1ccc({})cc1", "C1CCN({})CC1", "c1csc({})c1", "OCC({})C"),
)
SMILES = [core.format(link + end) for core in CORES for link in ("", "C(=O)N", "CO") for end in ENDS]
PACKED = packed_fingerprints([molecule for molecule in map(parse, SMILES) if molecule is not None])
VECTORS = [CreateFromBinaryText(row.tobytes()) for row in PACKED]


def line(*ends: int) -> np.ndarray:
    """Fingerprints with the bits of the places 10 n to 10 n + 9: two are nearer, the nearer their numbers."""
    rows = np.zeros((len(ends), 2048), dtype=np.uint8)
    for row, end in zip(rows, ends, strict=True):
        row[end : end + 10] = 1
    return np.packbits(rows, axis=1, bitorder="little")


def test_three_in_a_row_worked_out() -> None:
    """Starts 0, 2, 4: 8 of 12 bits in common, a distance of 1/3, between neighbours; 6 of 14, 4/7, between the ends."""
    packed = line(0, 2, 4)
    assert leader(packed, 0.4).tolist() == [0, 0, 2]  # the first leads the second, and the third is too far
    assert butina(packed, 0.4).tolist() == [1, 1, 1]  # the middle has two neighbours
    assert butina(packed, 0.3).tolist() == [0, 1, 2]
    assert butina(packed, 0.6).tolist() == [0, 0, 0]  # all near all: the first stands for them


@pytest.mark.parametrize("distance", [0.0, 0.3, 0.5, 0.6, 0.75, 1.0])
@pytest.mark.parametrize("chunk", [4096, 7])
def test_leaders_are_those_of_rdkit(distance: float, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "_CHUNK", chunk)
    wanted = list(LeaderPicker().LazyBitVectorPick(VECTORS, len(VECTORS), float(np.nextafter(distance, 2))))
    leads = leader(PACKED, distance)
    assert sorted(set(leads.tolist())) == wanted
    for row, own in enumerate(leads.tolist()):  # the first leader that is near enough
        near = [
            lead for lead in wanted if 1 - BulkTanimotoSimilarity(VECTORS[row], [VECTORS[lead]])[0] <= distance + 1e-12
        ]
        assert own == (row if row in wanted else near[0])


@pytest.mark.parametrize("distance", [0.3, 0.5, 0.6, 0.75])
def test_butinas_clusters_are_those_of_rdkit(distance: float) -> None:
    """RDKit takes the last of equal rows first: it is given the rows the other way round."""
    turned, far = VECTORS[::-1], list[float]()
    for row in range(1, len(turned)):
        far += [1 - similarity for similarity in BulkTanimotoSimilarity(turned[row], turned[:row])]
    wanted = Butina.ClusterData(far, len(turned), distance, isDistData=True)
    last = len(SMILES) - 1
    leads = butina(PACKED, distance)
    found = {lead: set(np.flatnonzero(leads == lead).tolist()) for lead in set(leads.tolist())}
    assert found == {last - cluster[0]: {last - row for row in cluster} for cluster in wanted}


def test_too_many_near_pairs_are_refused_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "_MOST_PAIRS", 1000)
    with pytest.raises(ChemmaraError, match="--method leader"):
        butina(PACKED, 1.0)  # 72 x 72 pairs
