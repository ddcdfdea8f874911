"""Oracles in a web service."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, nan
from typing import Any, Final

import numpy as np
from rdkit.Chem import Mol

from chemmara.errors import ChemmaraError, reason_of
from chemmara.molecules.chem import given_smiles
from chemmara.oracles.answers import as_float

_NOT_THE_MOLECULES: Final = {401: "a token is needed", 403: "forbidden", 404: "nothing there", 405: "takes no POST"}


@dataclass(frozen=True)
class RestOracle:
    """Queries a web service: POST {"smiles": [...]} gives {"values": [...]}, null for no value.

    What fails for want of an answer, with 429 or a server's error is tried again after 1, 2, 4, ... times `pause`
    seconds. ChemmaraError where the service stays away or refuses everybody, so that a run stops and can be resumed;
    RuntimeError where it refuses the molecules or answers something else.
    """

    url: str
    batch_size: int = 64
    time_limit: float = 60.0
    retries: int = 4
    pause: float = 0.5
    token_variable: str | None = None  # environment variable with a bearer token
    low: float = -inf
    high: float = inf

    def __call__(self, molecules: Sequence[Mol]) -> np.ndarray:
        """Values (n,)."""
        texts = [given_smiles(molecule) for molecule in molecules]
        values: list[float] = []
        for start in range(0, len(texts), self.batch_size):
            batch = texts[start : start + self.batch_size]
            values += self._values(self._post(batch), len(batch))
        return np.array(values, dtype=float)

    def _values(self, answer: Any, expected: int) -> list[float]:
        try:
            values = answer.json()["values"]
        except (ValueError, KeyError, TypeError):
            raise RuntimeError(f'{self.url}: its answer is no JSON object with "values"') from None
        if not isinstance(values, list) or len(values) != expected:
            size = len(values) if isinstance(values, list) else "no list of"
            raise RuntimeError(f"{self.url}: {size} values for {expected} molecules")
        try:
            return [nan if value is None else as_float(value) for value in values]
        except (TypeError, ValueError) as error:
            raise RuntimeError(f"{self.url}: a value is no number ({error})") from None

    def _post(self, batch: list[str]) -> Any:
        import httpx

        reason = ""
        for attempt in range(self.retries + 1):
            if attempt:
                time.sleep(self.pause * 2 ** (attempt - 1))
            try:
                answer = httpx.post(self.url, json={"smiles": batch}, headers=self._headers(), timeout=self.time_limit)
            except httpx.TransportError as error:
                reason = reason_of(error)
                continue
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise ChemmaraError(f"{self.url}: cannot be reached ({reason_of(error)})") from None
            if answer.status_code == httpx.codes.TOO_MANY_REQUESTS or answer.is_server_error:
                reason = f"HTTP {answer.status_code}"
                continue
            if words := _NOT_THE_MOLECULES.get(answer.status_code):
                raise ChemmaraError(f"{self.url}: HTTP {answer.status_code} ({words})")
            if not answer.is_success:
                raise RuntimeError(f"{self.url}: HTTP {answer.status_code}")
            return answer
        raise ChemmaraError(
            f"{self.url}: gave no answer in {self.retries + 1} tries ({reason}); resume when it is back"
        )

    def _headers(self) -> dict[str, str]:
        if self.token_variable is None:
            return {}
        if self.token_variable not in os.environ:
            raise ChemmaraError(f"the environment has no {self.token_variable}")
        return {"Authorization": f"Bearer {os.environ[self.token_variable]}"}
