"""Where the runs of a comparison lie."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from chemmara.benchmark.places import method_of, run_place

METHODS = st.text("ab/.%+=:\\2F5", max_size=20).map(lambda text: f"mara+screen.surrogate={text}")


@given(METHODS, METHODS, st.integers(0, 9))
def test_every_method_has_a_folder_of_its_own_beside_the_others(method: str, other: str, seed: int) -> None:
    """A path in a method leads nowhere: not out of the folder, not into that of another method."""
    place = run_place(Path("/runs/out"), method, seed)
    assert place.resolve().parents[1] == Path("/runs/out")
    assert (method_of(place), place.name) == (method, str(seed))
    assert (place == run_place(Path("/runs/out"), other, seed)) == (method == other)
