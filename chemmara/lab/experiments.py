"""The lab's experiments by name."""

from collections.abc import Callable
from typing import Final

from chemmara.lab.anchors import anchors
from chemmara.lab.clusters import clusters
from chemmara.lab.continuous import continuous
from chemmara.lab.estimators import estimators
from chemmara.lab.forecast import foretell
from chemmara.lab.forward import forward_kl
from chemmara.lab.one_two import one_two
from chemmara.lab.ratio import ratio
from chemmara.lab.result import Result
from chemmara.lab.sweep import beta_sweep
from chemmara.lab.thresholds import thresholds

EXPERIMENTS: Final[dict[str, Callable[..., Result]]] = {
    "ratio": ratio,
    "beta-sweep": beta_sweep,
    "anchors": anchors,
    "thresholds": thresholds,
    "clusters": clusters,
    "estimators": estimators,
    "forward-kl": forward_kl,
    "continuous": continuous,
    "forecast": foretell,
    "one-two": one_two,
}
