"""A space of answers as a campaign sees it: a prior that writes them, each as one token, and an objective."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from chemmara.lab.space import Space
from chemmara.language_model.checkpoint import Prior, PriorConfig
from chemmara.language_model.interface import State
from chemmara.language_model.rnn import RecurrentConfig
from chemmara.language_model.tokenizer import END, START, Tokenizer
from chemmara.scoring.scores import Scores

_NEVER = -1e4  # a logit whose probability is 0 in float32


class Table(nn.Module):
    """A language model with one logit for each answer: it writes one answer and then ends."""

    def __init__(self, prior_logp: np.ndarray) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.tensor(prior_logp, dtype=torch.float32))

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits (batch, length, vocabulary): of the answers after the start token, of the end after an answer."""
        specials = self.logits.new_full((END + 1,), _NEVER)
        first = torch.cat([specials, self.logits])
        then = torch.full_like(first, _NEVER).index_fill(0, torch.tensor(END), 0.0)
        return torch.stack([first, then])[(tokens != START).long()]

    def start(self, batch: int) -> State:
        """Nothing to remember, for each of the batch."""
        return State((torch.zeros(batch, 1),))

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Logits (batch, vocabulary) after one more token (batch,)."""
        return self(tokens), state

    @torch.no_grad()
    def logp(self) -> np.ndarray:
        """(n,) log-probabilities of the answers."""
        return self.logits.double().log_softmax(0).numpy()


def names(cluster: np.ndarray) -> tuple[str, ...]:
    """A molecule for each answer: those of cluster k have a ring of k + 3 carbons, and chains of their own."""
    before: dict[int, int] = {}
    found = []
    for k in cluster.tolist():
        found.append("C" * before.get(k, 0) + "C1" + "C" * (k + 1) + "C1")
        before[k] = before.get(k, 0) + 1
    return tuple(found)


def answers(space: Space, cluster: np.ndarray | None = None) -> tuple[Prior, Callable[[list[str]], Scores]]:
    """The prior and the objective of a space; every answer is a cluster of its own unless `cluster` (n,) says so."""
    texts = names(np.arange(len(space.scores)) if cluster is None else cluster)
    config = PriorConfig(network=RecurrentConfig(), max_length=2)  # the network's sizes are not used: it is a table
    prior = Prior("answers", config, Tokenizer("smiles", texts), Table(space.prior_logp))
    score_of = dict(zip(texts, space.scores.tolist(), strict=True))

    def objective(smiles: list[str]) -> Scores:
        n = len(smiles)
        total = np.array([score_of[text] for text in smiles])
        return Scores(smiles, total, {}, np.ones(n, dtype=bool), [""] * n, np.zeros(n, dtype=np.int64))

    return prior, objective
