"""MARA as a reward in TRL: its law on a tiny model, and both example scripts, without any download."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, LlamaForSequenceClassification, PreTrainedTokenizerFast

from chemmara.llm import MaraReward

ROOT = Path(__file__).parents[1]
WORDS = ["<pad>", "<end>", "say", "tell", "one", "two", "three"]
SIZES: dict[str, Any] = {
    "vocab_size": len(WORDS), "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1,
    "num_attention_heads": 2, "pad_token_id": 0, "eos_token_id": 1, "bos_token_id": None,
}  # fmt: skip


@pytest.fixture
def tokenizer() -> PreTrainedTokenizerFast:
    words = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="<pad>"))  # noqa: S106 - no password
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()  # type: ignore[assignment]
    marks: Any = {"pad_token": "<pad>", "eos_token": "<end>"}
    return PreTrainedTokenizerFast(tokenizer_object=words, model_input_names=["input_ids", "attention_mask"], **marks)


@pytest.fixture
def model() -> LlamaForCausalLM:
    torch.manual_seed(0)
    return LlamaForCausalLM(LlamaConfig(**SIZES))


def logp_by_hand(model: LlamaForCausalLM, prompt: list[int], completion: list[int]) -> float:
    """One sequence, unpadded, token by token."""
    logp, so_far = 0.0, list(prompt)
    for token in completion:
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([so_far])).logits[0, -1]
        logp += float(logits.log_softmax(-1)[token])
        so_far.append(token)
    return logp


def test_good_answers_to_one_prompt_reach_one_level(
    model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast
) -> None:
    prompts = ["say", "say", "tell one", "say", "tell one"]
    completions = [[4, 1], [5, 6, 4, 1], [6, 1], [5, 1], [4, 4, 1]]
    scores = [0.9, 0.8, 0.7, 0.1, None]
    reward = MaraReward(lambda **_: scores, model, tokenizer, threshold=0.5, beta=0.1, batch_size=2)
    rewards = reward(prompts=prompts, completions=[""] * 5, completion_ids=completions)
    begun = [[WORDS.index(word) for word in prompt.split()] for prompt in prompts]
    logp = [logp_by_hand(model, *pair) for pair in zip(begun, completions, strict=True)]
    level = [prior + lifted / 0.1 for prior, lifted in zip(logp, rewards, strict=True)]
    assert level[0] == pytest.approx(level[1], abs=1e-4)  # the two good answers to `say`
    assert rewards[2] == pytest.approx(0.7)  # alone with its prompt it is its own anchor
    assert rewards[3] == pytest.approx(0.1)
    assert np.isnan(rewards[4])


@pytest.mark.slow
def test_the_worked_example_runs_inside_trls_trainer() -> None:
    result = run("trl_mara.py", "--steps", "3")
    assert "after:  1 0." in result


@pytest.mark.slow
def test_creative_qa_runs_end_to_end_on_tiny_models(
    tmp_path: Path, model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast
) -> None:
    model.save_pretrained(tmp_path / "model")
    tokenizer.save_pretrained(tmp_path / "model")
    LlamaForSequenceClassification(LlamaConfig(**SIZES, num_labels=1)).save_pretrained(tmp_path / "judge")
    tokenizer.save_pretrained(tmp_path / "judge")
    (tmp_path / "questions.txt").write_text("say\ntell one\n")
    run(
        "creative_qa.py", "--model", str(tmp_path / "model"), "--reward-model", str(tmp_path / "judge"),
        "--prompts", str(tmp_path / "questions.txt"), "--out", str(tmp_path / "out"), "--steps", "2",
        "--generations", "4", "--length", "5",
    )  # fmt: skip
    figures = json.loads((tmp_path / "out" / "figures.json").read_text())
    assert 0 <= figures["mean score"] <= 1
    assert len((tmp_path / "out" / "answers.jsonl").read_text().splitlines()) == 8


def run(script: str, *options: str) -> str:
    ran = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "examples" / script), *options],
        capture_output=True, text=True, check=False, timeout=300, cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "HOME": "/nonexistent"},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-3000:]
    return ran.stdout
