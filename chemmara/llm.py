"""MARA for language models of text: a reward that Hugging Face TRL's trainers call (extra `[llm]`).

The objective of TRL's `RLOOTrainer`, reward less beta times the sequence's KL term, is the paper's. Give it the same
`beta`, and `normalize_advantages=False`, and its optimum under this reward is flat over the good answers to a prompt.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from chemmara.rl.rewards import mara_rewards


class MaraReward:
    """A reward function for TRL that lifts good completions to the level of one anchor for each prompt.

    Args:
        score: what TRL would have been given: (prompts=..., completions=..., **columns) -> a score each, None for none.
        reference: the frozen model that the KL term holds the policy near, a causal language model of transformers.
        tokenizer: its tokenizer.
        threshold: score from which a completion is good (tau).
        beta: the trainer's `beta`.
        batch_size: completions that go through the reference side by side.
    """

    def __init__(
        self, score: Callable[..., Sequence[float | None]], reference: Any, tokenizer: Any, *, threshold: float,
        beta: float, batch_size: int = 16,
    ) -> None:  # fmt: skip
        self.score = score
        self.reference = reference.eval()
        self.tokenizer = tokenizer
        self.threshold, self.beta, self.batch_size = threshold, beta, batch_size
        self.__name__ = "mara"  # TRL logs a reward under its name

    def __call__(
        self, prompts: Sequence[Any], completions: Sequence[Any], completion_ids: Sequence[Sequence[int]],
        **columns: Any,
    ) -> list[float]:  # fmt: skip
        """A reward for each completion; NaN (no score) stays NaN."""
        given = self.score(prompts=prompts, completions=completions, completion_ids=completion_ids, **columns)
        scores = np.array([np.nan if score is None else float(score) for score in given])
        begun = [self._prompt_ids(prompt) for prompt in prompts]
        logp = self._completion_logp(begun, completion_ids)
        rewards = scores.copy()
        for prompt in {tuple(ids) for ids in begun}:  # the prior of an answer is conditional on its prompt
            rows = np.array([tuple(ids) == prompt for ids in begun])
            rewards[rows] = mara_rewards(scores[rows], logp[rows], threshold=self.threshold, beta=self.beta)
        return rewards.tolist()

    def _prompt_ids(self, prompt: Any) -> list[int]:
        """Tokens of a prompt: plain text, or messages for a chat template."""
        if isinstance(prompt, str):
            return list(self.tokenizer(prompt)["input_ids"])
        text = self.tokenizer.apply_chat_template(prompt, add_generation_prompt=True, tokenize=False)
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    @torch.no_grad()
    def _completion_logp(self, prompts: list[list[int]], completions: Sequence[Sequence[int]]) -> np.ndarray:
        """(n,) log-probability of each completion after its prompt, end token included, in nats."""
        device = next(self.reference.parameters()).device
        logp = np.empty(len(prompts))
        for first in range(0, len(prompts), self.batch_size):
            rows = range(first, min(first + self.batch_size, len(prompts)))
            texts = [[*prompts[i], *completions[i]] for i in rows]
            longest = max(map(len, texts))
            ids = torch.zeros((len(texts), longest), dtype=torch.long)
            mask = torch.zeros((len(texts), longest), dtype=torch.long)
            for place, text in enumerate(texts):
                ids[place, : len(text)] = torch.tensor(text)
                mask[place, : len(text)] = 1
            logits = self.reference(input_ids=ids.to(device), attention_mask=mask.to(device)).logits
            each = _next_logp(logits, ids.to(device)).cpu()
            for place, i in enumerate(rows):
                start = len(prompts[i])
                logp[i] = float(each[place, start - 1 : start - 1 + len(completions[i])].sum())
        return logp


def _next_logp(logits: Tensor, ids: Tensor) -> Tensor:
    """(batch, length - 1) log-probability of each token after the first, given those before it."""
    every = logits[:, :-1].float().log_softmax(-1)
    return every.gather(2, ids[:, 1:, None])[..., 0]
