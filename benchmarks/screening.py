"""What screening adds to a step of 64 calls, on one core: processor time by part, and by number of hits.

    OMP_NUM_THREADS=1 python benchmarks/screening.py [--candidates 512] [--trained-on 2000]

Molecules are samples of chembl-gru; means of nine. All candidates are new here; in a campaign a tenth of them were
candidates in the five steps before, and their features are kept.
"""

import argparse
import time
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

from chemmara.language_model.checkpoint import load_prior
from chemmara.language_model.sampling import sample_batches
from chemmara.molecules.chem import molecules_of
from chemmara.molecules.fingerprint_blocks import packed_fingerprints
from chemmara.scoring.objective import canonical_texts
from chemmara.screening.acquisition import different
from chemmara.screening.features import Features
from chemmara.screening.surrogates import SURROGATES
from chemmara.screening.taken import Taken

Value = TypeVar("Value")
TRIES, CALLS = 9, 64


def timed(words: str, work: Callable[..., Value], given: Callable[[], tuple[Any, ...]] = tuple) -> tuple[Value, float]:
    """What the work gives, and the mean of its processor seconds; what it is given is made before, out of the count.

    All tries are timed at once, since the clock of a virtual machine may be some hundredths of a second behind.
    """
    arguments = [given() for _ in range(TRIES)]
    begun = time.process_time()
    for each in arguments:
        value = work(*each)
    seconds = (time.process_time() - begun) / TRIES
    print(f"{words:<44}{seconds:.3f} s", flush=True)
    return value, seconds


def main() -> None:
    """Time each part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--candidates", type=int, default=512)
    parser.add_argument("--trained-on", type=int, default=2000)
    options = parser.parse_args()
    prior, wanted = load_prior("chembl-gru"), options.candidates + options.trained_on + CALLS
    length = prior.config.max_length
    rollouts = sample_batches(prior.model, prior.tokenizer, int(wanted * 1.2), seed=0, max_length=length)
    known = dict.fromkeys(text for rollout in rollouts for text in canonical_texts(rollout.smiles) if text)
    smiles, rng = list(known), np.random.default_rng(0)
    learned, candidates = smiles[: options.trained_on + CALLS], smiles[-options.candidates :]
    known_features, values = Features.of(learned), rng.random(len(learned))
    with threadpool_limits(1, "blas"):
        # New molecules each time, as a step has read them: RDKit keeps what it computed of a molecule.
        own, total = timed("features of candidates", Features.of, lambda: (candidates, molecules_of(candidates)))
        molecules = molecules_of(candidates)
        packed, more = timed("fingerprints", lambda: packed_fingerprints(molecules))
        total += more
        for name, new in SURROGATES.items():
            surrogate = new()
            surrogate.fit(known_features[:-CALLS], values[:-CALLS])
            posterior, fit = timed(
                f"{name}: fit", lambda surrogate=surrogate: surrogate.fit(known_features[CALLS:], values[CALLS:])
            )
            _, predict = timed(f"{name}: predict", lambda posterior=posterior: posterior.predict(own))
            if name == "gaussian-process":
                total += fit + predict
        taken, one_more = Taken(), packed_fingerprints(molecules_of(smiles[:1000]))
        for _ in range(4):
            taken.add(one_more)
            _, nearest = timed(f"similarity to {len(taken)} hits", lambda: taken.nearest(packed))
        every, preference = np.ones(len(candidates), dtype=bool), rng.random(len(candidates))
        _, choice = timed(
            f"choose {CALLS}",
            lambda: different(preference, packed, Taken(), price=0.3, count=CALLS, own=every, others=0),
        )
    print(f"{'in all, by the Gaussian process':<44}{total + nearest + choice:.3f} s")


if __name__ == "__main__":
    main()
