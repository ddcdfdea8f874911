"""The models that may be trained, and their way into ONNX."""

from typing import Any

import numpy as np
from scipy.sparse import csc_matrix

from chemmara.errors import ChemmaraError
from chemmara.oracles.qsar_card import ModelKind
from chemmara.oracles.tanimoto import TanimotoProcess
from chemmara.qsar.data import Task

_MOST_FOR_A_PROCESS = 6000  # molecules: the covariance takes their square


def fit(kind: ModelKind, task: Task, inputs: np.ndarray, targets: np.ndarray, *, seed: int, threads: int) -> Any:
    """A fitted model: of scikit-learn, or a TanimotoProcess; ChemmaraError where there are too many for that."""
    if kind == "gaussian-process":
        if len(inputs) > _MOST_FOR_A_PROCESS:
            raise ChemmaraError(
                f"a Gaussian process takes up to {_MOST_FOR_A_PROCESS} molecules, these are {len(inputs)};"
                " choose another --model"
            )
        return TanimotoProcess.fit(inputs, targets)
    labels = targets.astype(int) if task == "classification" else targets
    # Trees sort columns, nearly all of whose counts are 0: the sparse form gives the same forest fifteen times sooner.
    columns = csc_matrix(inputs) if kind in {"random-forest", "gradient-boosting"} else inputs
    return _estimator(kind, task, seed, threads).fit(columns, labels)


def _estimator(kind: ModelKind, task: Task, seed: int, threads: int) -> Any:
    from sklearn.ensemble import (
        GradientBoostingClassifier,
        GradientBoostingRegressor,
        RandomForestClassifier,
        RandomForestRegressor,
    )
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    classifies = task == "classification"
    if kind == "random-forest":
        forest = RandomForestClassifier if classifies else RandomForestRegressor
        share: Any = "sqrt" if classifies else 0.2
        return forest(n_estimators=200, max_features=share, random_state=seed, n_jobs=threads)
    if kind == "gradient-boosting":
        # Not the histogram form: skl2onnx 1.20 cannot convert it.
        boosted = GradientBoostingClassifier if classifies else GradientBoostingRegressor
        return boosted(n_estimators=300, max_depth=6, subsample=0.7, max_features="sqrt", random_state=seed)
    linear = LogisticRegression(C=0.01, max_iter=1000) if classifies else Ridge(alpha=1000.0)
    return make_pipeline(StandardScaler(), linear)


def as_onnx(model: Any, width: int) -> bytes:
    """An ONNX model of one input `features` (n, width) float32; a classifier's second output is its probabilities."""
    try:
        from skl2onnx import to_onnx
        from skl2onnx.common.data_types import FloatTensorType
    except ModuleNotFoundError:
        raise ChemmaraError("training needs skl2onnx: pip install 'chemmara[qsar]'") from None
    last = model[-1] if hasattr(model, "steps") else model
    options = {id(last): {"zipmap": False}} if hasattr(last, "predict_proba") else None
    types: Any = [("features", FloatTensorType([None, width]))]
    converted: Any = to_onnx(model, initial_types=types, options=options)
    return converted.SerializeToString()


def fitted_predictions(model: Any, inputs: np.ndarray, task: Task) -> np.ndarray:
    """Predictions of a fitted model itself, before it is kept: probability of being active, or value; (n,)."""
    if isinstance(model, TanimotoProcess):
        return np.clip(model.predict(inputs), 0.0, 1.0) if task == "classification" else model.predict(inputs)
    return model.predict_proba(inputs)[:, 1] if task == "classification" else model.predict(inputs)
