"""The named methods: compositions of rewards, estimator, replay, screening and diversity filter."""

from typing import Any, Final

_DIVERSE: Final[dict[str, Any]] = {
    "estimator": "log-variance",
    "repeats": "nothing",
    "replay": {"keep": "best-per-scaffold", "capacity": 100, "draw": "by-score", "joined": 64, "rounds": 0},
    "diversity_filter": {"kind": "sphere", "bucket": 10_000},  # which is never full; `diversity` sets another
    "screen": {},
}
_GENETIC_GFN: Final[dict[str, Any]] = {
    "estimator": "genetic-gfn", "learning_rate": 5e-4, "beta": 1 / 50, "batch_size": 64, "updates": 0,
    "replay": {
        "keep": "best", "capacity": 1024, "zeros": True, "includes_step": True, "draw": "by-rank", "rounds": 8,
        "rows": 64, "smiles": "canonical",
    },
    "genetic": {"generations": 2, "offspring": 8, "parents": 64, "mutation_rate": 0.01},
}  # fmt: skip
_PMO: Final[dict[str, Any]] = {"learning_rate": 5e-4, "beta": 1 / 500, "batch_size": 64}
DEFAULT: Final = "prior-undone"
METHODS: Final[dict[str, dict[str, Any]]] = {
    "prior-undone": {"rewards": "prior-undone", **_DIVERSE},
    "mara": {"rewards": "mara", **_DIVERSE},
    "mara-cluster": {"rewards": "mara", "equal_mass": "scaffold", **_DIVERSE},
    "vanilla": {"rewards": "vanilla", **_DIVERSE},
    "flattened": {"rewards": "flattened", **_DIVERSE},
    "reinvent": {
        "estimator": "reinvent", "learning_rate": 1e-4, "beta": 1 / 128, "batch_size": 64, "repeats": "nothing",
        "replay": {"keep": "best", "capacity": 100, "joined": 10, "rounds": 0},
        "diversity_filter": {"kind": "scaffold", "bucket": 25, "min_score": 0.4},
    },
    "reinvent-pmo": {
        "estimator": "reinvent-pmo", **_PMO, "repeats": "once-a-step",
        "replay": {"keep": "best", "capacity": 100, "draw": "by-score", "joined": 24, "rounds": 0},
    },
    "augmented-memory": {
        "estimator": "reinvent", "learning_rate": 1e-4, "beta": 1 / 128, "batch_size": 64,
        "replay": {"keep": "best", "capacity": 100, "joined": 10, "rounds": 2, "rows": 100, "with_batch": True},
        "diversity_filter": {"kind": "scaffold", "bucket": 10, "min_score": 0.0},
    },
    "augmented-memory-pmo": {
        "estimator": "reinvent", **_PMO,
        "replay": {"keep": "best", "capacity": 100, "joined": 10, "rounds": 2, "rows": 100, "with_batch": True},
    },
    "ahc": {"estimator": "augmented-hill-climb", "learning_rate": 5e-4, "beta": 1 / 60, "batch_size": 64},
    "genetic-gfn": _GENETIC_GFN,
    "optimise": {
        **_GENETIC_GFN,
        "replay": {**_GENETIC_GFN["replay"], "zeros": "beside-others"},
        "genetic": {**_GENETIC_GFN["genetic"], "mutation_rate": 0.3},
        "screen": {"candidates": 256, "children": 256, "choose": "ucb", "price": 0.0},
        "restart": {},
    },
    "rloo": {"estimator": "rloo"},
    "rloo-mara": {"rewards": "mara", "estimator": "rloo"},
}  # fmt: skip
"""What each named method sets; everything else has the default of MethodConfig."""
