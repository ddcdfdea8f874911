"""Components whose oracle is a trained model."""

from typing import Any, ClassVar, Literal, Self

from pydantic import field_validator, model_validator

from chemmara.config import UserPath
from chemmara.errors import ChemmaraError
from chemmara.oracles.interface import Oracle
from chemmara.oracles.qsar import NO_INTERVAL, QsarOracle, read_card
from chemmara.scoring.components.base import Base, checksum


class QsarComponent(Base):
    """What a model of `chemmara qsar train` predicts: probability of being active, or a value."""

    oracle: Literal["qsar"]
    """Prediction of a model."""
    model: UserPath
    """Folder of the model."""
    uncertain: Literal["keep", "lower"] = "keep"
    """lower: the lower end of the conformal interval (probabilities: times one minus the p-value of inactive)."""
    outside: Literal["keep", "none", "discount"] = "keep"
    """For a molecule outside the model's domain: keep the prediction; none: no score; discount: draw it towards 0 (a
    classification) or the mean (a regression)."""
    values: ClassVar[str] = "0 to 1 of a classification, else any"
    example: ClassVar[dict[str, Any]] = {"oracle": "qsar", "model": "models/drd2"}
    also_called: ClassVar[dict[str, str]] = dict.fromkeys(("model", "qspr", "activity", "ml", "pic50", "onnx"), "qsar")

    @field_validator("model")
    @classmethod
    def _holds_a_model(cls, model: UserPath) -> UserPath:
        try:
            read_card(model)
        except ChemmaraError as error:
            raise ValueError(str(error)) from None
        return model

    @model_validator(mode="after")
    def _has_an_interval(self) -> Self:
        if self.uncertain == "lower" and read_card(self.model).half_width is None:
            raise ValueError(f"{self.model}: {NO_INTERVAL}")
        return self

    @property
    def cost(self) -> float:
        """Milliseconds a molecule."""
        return 1.0

    def identity(self) -> dict[str, Any]:
        """Settings, with what the model's files hold."""
        names = ("model.json", "model.onnx", "arrays.safetensors")
        files = {name: checksum(path) for name in names if (path := self.model / name).is_file()}
        return {**super().identity(), "files": files, "model": ""}

    def build(self) -> Oracle:
        """The oracle."""
        return QsarOracle(self.model, self.uncertain, self.outside)
