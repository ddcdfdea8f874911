"""Settings that suit the size of a training set, where none were given (docs/lab-notes.md, 2026-11-25)."""

import math

from chemmara.pretraining.settings import PretrainConfig

_SMALLEST_BATCH, _LARGEST_BATCH = 8, 128
_TRANSFER_RATE = 1e-4  # times the square root of the batch: 3e-4 for 10 molecules, 1e-3 for 100
_FEWEST_STEPS, _FEWEST_TRANSFER_STEPS = 500, 40


def suited(config: PretrainConfig, molecules: int, *, transfer: bool, processes: int = 1) -> PretrainConfig:
    """The settings, with those that were not given chosen for a number of training molecules.

    - batch: a tenth of the set, between 8 and 128
    - epochs: 10, or as many as give 500 steps (40 where training continues a prior)
    - learning rate: 3e-3 from scratch; where training continues a prior, 1e-4 times the square root of the batch, to
      one digit; Muon's is 1.5e-3, where training continues a prior at most the learning rate
    - warm-up: a tenth of the steps, at most 200
    - evaluations: ten a run, where training continues a prior twenty, at least one in 1,000 steps
    - patience: 10 evaluations, where training continues a prior 5

    >>> chosen = suited(PretrainConfig(epochs=2.0), 725_000, transfer=False)
    >>> chosen.batch_size, chosen.epochs, chosen.learning_rate, chosen.warmup_steps, chosen.evaluate_every
    (128, 2.0, 0.003, 200, 1000)
    >>> chosen = suited(PretrainConfig(), 109, transfer=True)
    >>> chosen.batch_size, chosen.epochs, chosen.learning_rate, chosen.warmup_steps, chosen.evaluate_every
    (10, 10.0, 0.0003, 10, 5)
    """
    given = config.model_fields_set
    batch = config.batch_size if "batch_size" in given else min(_LARGEST_BATCH, max(_SMALLEST_BATCH, molecules // 10))
    per_epoch = max(1, molecules // (batch * processes))
    fewest = _FEWEST_TRANSFER_STEPS if transfer else _FEWEST_STEPS
    epochs = config.epochs if "epochs" in given else max(10.0, fewest / per_epoch)
    steps = max(1, round(epochs * per_epoch))
    rate = config.learning_rate
    if transfer and "learning_rate" not in given:
        rate = float(f"{_TRANSFER_RATE * math.sqrt(batch):.0e}")
    chosen = {
        "batch_size": batch,
        "epochs": epochs,
        "learning_rate": rate,
        "muon_learning_rate": min(config.muon_learning_rate, rate) if transfer else config.muon_learning_rate,
        "warmup_steps": min(200, steps // 10),
        "evaluate_every": min(1000, max(1, steps // (20 if transfer else 10))),
        "patience": 5 if transfer else 10,
    }
    return config.model_copy(update={name: value for name, value in chosen.items() if name not in given})
