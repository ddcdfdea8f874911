"""Speed as a ratio to this machine's own floor: `python benchmarks/speed.py [PRIOR]`.

The floor of a piece of work is its multiply-adds divided by the float32 matrix rate that this machine reaches, in the
same minutes, at the shapes of that work. Medians over repeats; nothing else should run beside it.

An RL step: sampling, policy forward (1x) and backward (2x), prior forward, each over the batch's own tokens.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence

import numpy as np
import torch

from chemmara.language_model.checkpoint import Prior, load_prior
from chemmara.language_model.rnn import RecurrentConfig
from chemmara.language_model.sampling import sample
from chemmara.rl.finetune import new_learner
from chemmara.rl.method import MethodConfig
from chemmara.scoring.objective import canonical_texts
from chemmara.scoring.scores import Scores

REPEATS = 7


def median_seconds(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Median wall time of the work, after one turn that does not count."""
    work()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def shapes(prior: Prior) -> list[tuple[int, int]]:
    """(inputs, outputs) of every matrix that one token passes through."""
    network = prior.config.network
    if not isinstance(network, RecurrentConfig):
        raise SystemExit("the floor is worked out for GRU and LSTM priors")
    gates = 3 if network.kind == "gru" else 4
    sizes = [network.embedding] + [network.hidden] * network.layers
    layers = [(sizes[i] + network.hidden, gates * network.hidden) for i in range(network.layers)]
    return [*layers, (network.hidden, len(prior.tokenizer))]


def seconds_a_token(prior: Prior, rows: int) -> float:
    """Floor of one token's multiply-adds, forward, at the matrix rate reached with `rows` rows."""
    total = 0.0
    for inputs, outputs in shapes(prior):
        left, right = torch.randn(rows, inputs), torch.randn(outputs, inputs)
        times = max(1, int(2e9 / (2 * rows * inputs * outputs)))
        total += median_seconds(lambda a=left, b=right, n=times: [a @ b.T for _ in range(n)]) / times / rows
    return total


def cheap_objective(smiles: Sequence[str]) -> Scores:
    """Scores by length: as good as free beside the parsing that every objective needs."""
    texts = canonical_texts(smiles)
    total = np.array([len(text) / 100 if text else np.nan for text in texts]).clip(0, 1)
    valid = np.array([bool(text) for text in texts])
    return Scores(texts, total, {}, valid, [""] * len(texts), np.zeros(len(texts), dtype=np.int64))


def rl_step(prior: Prior, name: str, method: MethodConfig) -> dict[str, float | str]:
    """Seconds of one step of a method at batch 64, its floor and their ratio."""
    learner = new_learner(prior, load_prior(sys.argv[1] if sys.argv[1:] else "chembl-gru").model, method, seed=0)
    for _ in range(4):
        learner.step(cheap_objective)  # fills the replay
    took, floors = [], []
    per_token = seconds_a_token(prior, 64)
    for _ in range(REPEATS):
        began = time.perf_counter()
        step = learner.step(cheap_objective)
        took.append(time.perf_counter() - began)
        sampled = int(step.rollout.mask.sum())
        # 1 for sampling, 3 for the policy, 1 for the prior; what joins the batch has its prior's likelihood already.
        replay, times = method.replay, 5.0
        if replay:  # as long as what is sampled
            times += (3 * replay.joined + 4 * replay.rounds * replay.rows) / 64
        floors.append(per_token * times * sampled)
    ratios = [a / b for a, b in zip(took, floors, strict=True)]
    return {
        "what": f"RL step, batch 64, {name}",
        "seconds": statistics.median(took),
        "floor": statistics.median(floors),
        "ratio": statistics.median(ratios),
    }


def sampling(prior: Prior) -> dict[str, float | str]:
    """Seconds to sample 1,024 molecules, their floor and the ratio."""
    generator = torch.Generator().manual_seed(0)
    length = prior.config.max_length
    rollout = sample(prior.model, prior.tokenizer, 1024, generator=generator, max_length=length)
    floor = seconds_a_token(prior, 512) * int(rollout.mask.sum())
    took = median_seconds(
        lambda: sample(prior.model, prior.tokenizer, 1024, generator=generator, max_length=length), repeats=5
    )
    return {"what": "sampling 1,024", "seconds": took, "floor": floor, "ratio": took / floor, "a second": 1024 / took}


def main() -> None:
    """Print one JSON line a measurement."""
    prior = load_prior(sys.argv[1] if sys.argv[1:] else "chembl-gru")
    print(json.dumps({"prior": prior.name, "threads": torch.get_num_threads(), "torch": torch.__version__}))
    print(json.dumps(sampling(prior)))
    plain = MethodConfig.model_validate({"name": "reinvent", "replay": None})
    for name, method in (("REINVENT without replay", plain), ("default", MethodConfig())):
        print(json.dumps(rl_step(prior, name, method)))


if __name__ == "__main__":
    main()
