"""MARA inside Hugging Face TRL, on a CPU in a minute: a tiny model whose prior answers 1 far more often than 2.

    python docs/examples/trl_mara.py            both answers stay, about evenly
    python docs/examples/trl_mara.py --vanilla  the prior's preference stays, or wins

Needs `pip install 'chemmara[llm]'`. Nothing is downloaded: model and tokenizer are made here.
"""

import argparse
import copy
import logging
import math
import tempfile

import torch
from datasets import Dataset
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from trl import RLOOConfig, RLOOTrainer

from chemmara.llm import MaraReward

PROMPT, ANSWERS = "pick", ("1", "2")
WORDS = ["<pad>", "<end>", PROMPT, *ANSWERS, "a", "b", "c"]


def tiny_tokenizer():
    words = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="<pad>"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="<pad>", eos_token="<end>", model_input_names=["input_ids", "attention_mask"]
    )


def tiny_model(seed):
    """A randomly initialised Llama of about 20,000 weights."""
    torch.manual_seed(seed)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(WORDS), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
            pad_token_id=0, eos_token_id=1, bos_token_id=None,
        )
    )  # fmt: skip


def give_it_a_prior(model, steps=150):
    """Half of its answers right, and of those nineteen in twenty the first."""
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    pick, end = WORDS.index(PROMPT), WORDS.index("<end>")
    weights = {"1": 0.475, "2": 0.025, "a": 0.2, "b": 0.2, "c": 0.1}
    answers = torch.tensor([WORDS.index(word) for word in weights])
    for _ in range(steps):
        drawn = answers[torch.multinomial(torch.tensor(list(weights.values())), 128, replacement=True)]
        ids = torch.stack([torch.full_like(drawn, pick), drawn, torch.full_like(drawn, end)], 1)
        loss = model(input_ids=ids, labels=ids).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


def right(completions, **_):
    """1 for an answer that is one of the two, 0 for all else."""
    return [float(text.strip() in ANSWERS) for text in completions]


@torch.no_grad()
def preferences(model):
    """Exact probabilities of the two answers, and the entropy between them in nats."""
    logits = model(input_ids=torch.tensor([[WORDS.index(PROMPT)]])).logits[0, -1]
    first, second = (float(logits.softmax(-1)[WORDS.index(word)]) for word in ANSWERS)
    shares = [first / (first + second), second / (first + second)]
    return first, second, -sum(share * math.log(share) for share in shares if share > 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vanilla", action="store_true", help="the scores themselves as rewards")
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--beta", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    logging.getLogger("transformers").setLevel(logging.ERROR)

    tokenizer, model = tiny_tokenizer(), give_it_a_prior(tiny_model(options.seed))
    print("before: 1 {:.3f}, 2 {:.3f}, entropy {:.3f}".format(*preferences(model)))
    reward = right
    if not options.vanilla:
        reward = MaraReward(right, copy.deepcopy(model), tokenizer, threshold=0.5, beta=options.beta)
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(f"{folder}/prior")  # TRL loads its own copy of the reference from there
        tokenizer.save_pretrained(f"{folder}/prior")
        trainer = RLOOTrainer(
            model=f"{folder}/prior",
            reward_funcs=reward,
            args=RLOOConfig(
                output_dir=folder, beta=options.beta, normalize_advantages=False, num_generations=64,
                per_device_train_batch_size=64, max_completion_length=3, max_steps=options.steps, learning_rate=2e-3,
                logging_steps=10**9, report_to=[], save_strategy="no", use_cpu=True, seed=options.seed,
                disable_tqdm=True, bf16=False,
            ),
            train_dataset=Dataset.from_dict({"prompt": [PROMPT] * 64}),
            processing_class=tokenizer,
        )  # fmt: skip
        trainer.train()
    print("after:  1 {:.3f}, 2 {:.3f}, entropy {:.3f} of at most 0.693".format(*preferences(trainer.model)))


if __name__ == "__main__":
    main()
