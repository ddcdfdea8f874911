"""A figure's values of a benchmark by task, method and seed."""

from dataclasses import dataclass
from math import isnan, nan

import numpy as np
import pandas as pd

from chemmara.benchmark.statistics import Estimate, estimate


@dataclass(frozen=True)
class Values:
    """The values of one figure."""

    tasks: list[str]  # in the order of the benchmark
    methods: list[str]
    by_seed: dict[tuple[str, str], dict[int, float]]  # of each task and method that has runs: its values, perhaps NaN

    @classmethod
    def of(cls, runs: pd.DataFrame, figure: str) -> "Values":
        """Those of one column of a table with task, method and seed in every row."""
        found: dict[tuple[str, str], dict[int, float]] = {}
        rows = zip(runs["task"], runs["method"], runs["seed"], runs[figure], strict=True)
        for task, method, seed, value in rows:
            found.setdefault((str(task), str(method)), {})[int(seed)] = float(value)
        tasks, methods = (list(dict.fromkeys(key[place] for key in found)) for place in (0, 1))
        return cls(tasks, methods, found)

    def estimate(self, task: str, method: str) -> Estimate:
        """Mean over the seeds with its interval; NaN values are left out."""
        return estimate(list(self.by_seed.get((task, method), {}).values()))

    def means(self) -> np.ndarray:
        """Means over the seeds (tasks, methods); NaN where nothing is known."""
        return np.array([[self.estimate(task, method).mean for method in self.methods] for task in self.tasks])

    def complete(self) -> np.ndarray:
        """Which tasks (tasks,) every method has run at least once."""
        return np.array([all((task, method) in self.by_seed for method in self.methods) for task in self.tasks])

    def sums(self, method: str) -> dict[int, float]:
        """Sum over all tasks by seed, of the seeds that have a value for every task."""
        own = [self.by_seed.get((task, method), {}) for task in self.tasks]
        totals = {seed: sum(values.get(seed, nan) for values in own) for seed in own[0]}
        return {seed: total for seed, total in totals.items() if not isnan(total)}
