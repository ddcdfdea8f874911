"""A random forest whose trees disagree where it knows little."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from chemmara.screening.features import Features

if TYPE_CHECKING:
    from sklearn.ensemble import RandomForestRegressor

_TREES: Final = 50


@dataclass(frozen=True)
class ForestPosterior:
    """Means over trees, and how far they are apart."""

    forest: "RandomForestRegressor"

    def predict(self, features: Features) -> tuple[np.ndarray, np.ndarray]:
        """Means and standard deviations over the trees, each (n,)."""
        columns = _columns(features)
        values = np.array([tree.predict(columns, check_input=False) for tree in self.forest.estimators_])
        return values.mean(axis=0), values.std(axis=0)

    def draw(self, features: Features, rng: np.random.Generator) -> np.ndarray:
        """The values (n,) of one tree, which learned from one resampling of the data."""
        tree = self.forest.estimators_[int(rng.integers(_TREES))]
        return tree.predict(_columns(features), check_input=False)


class RandomForest:
    """Fifty trees on counts as bits and properties, each choosing among a twelfth of the columns at a split."""

    def fit(self, features: Features, targets: np.ndarray) -> ForestPosterior:
        """Learn from n molecules and targets (n,); the same data give the same forest."""
        from sklearn.ensemble import RandomForestRegressor

        forest = RandomForestRegressor(_TREES, max_features=1 / 12, min_samples_leaf=2, random_state=0)
        return ForestPosterior(forest.fit(_columns(features), targets))


def _columns(features: Features) -> np.ndarray:
    return np.hstack([features.bits.toarray(), features.properties], dtype=np.float32, casting="unsafe")
