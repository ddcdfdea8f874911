"""Open questions with many good answers, with MARA in TRL's RLOO: the paper's creative QA, for a machine with a GPU.

    python docs/examples/creative_qa.py --model Qwen/Qwen2.5-3B-Instruct --reward-model YOUR/REWARD-MODEL \\
        --prompts questions.txt --out runs/creative-qa             # and once more with --vanilla and another --out

`questions.txt` has one question a line. Model and reward model (a sequence classifier with one output) are names on the
Hugging Face hub or folders; naming one on the hub downloads it. Writes OUT/policy, OUT/answers.jsonl and OUT/figures.json.
Needs `pip install 'chemmara[llm]'`. docs/methods/creative-qa.md says what is and is not known of the paper's setting.
"""

import argparse
import json
from pathlib import Path

import torch
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer
from trl import RLOOConfig, RLOOTrainer

from chemmara.llm import MaraReward


class Judge:
    """The reward model's opinion, through a sigmoid to 0..1."""

    def __init__(self, name, device, batch_size):
        self.tokenizer = AutoTokenizer.from_pretrained(name)
        self.model = AutoModelForSequenceClassification.from_pretrained(name, num_labels=1).to(device).eval()
        self.model.config.pad_token_id = self.tokenizer.pad_token_id
        self.batch_size = batch_size
        self.__name__ = "judge"

    @torch.no_grad()
    def __call__(self, prompts, completions, **_):
        texts = [f"{prompt}\n{completion}" for prompt, completion in zip(prompts, completions, strict=True)]
        scores = []
        for first in range(0, len(texts), self.batch_size):
            batch = self.tokenizer(
                texts[first : first + self.batch_size], padding=True, truncation=True, return_tensors="pt"
            ).to(self.model.device)
            scores += self.model(**batch).logits[:, 0].float().sigmoid().tolist()
        return scores


def distinct(texts, n):
    """Share of the word n-grams of all texts that are different; NaN without any."""
    grams = [tuple(words[i : i + n]) for words in map(str.split, texts) for i in range(len(words) - n + 1)]
    return len(set(grams)) / len(grams) if grams else float("nan")


@torch.no_grad()
def answers(model, tokenizer, prompts, n, length):
    """N sampled answers to each prompt."""
    found = {}
    for prompt in prompts:
        batch = tokenizer(prompt, return_tensors="pt").to(model.device)
        out = model.generate(
            **batch, do_sample=True, num_return_sequences=n, max_new_tokens=length, pad_token_id=tokenizer.pad_token_id
        )
        found[prompt] = tokenizer.batch_decode(out[:, batch["input_ids"].shape[1] :], skip_special_tokens=True)
    return found


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--reward-model", required=True)
    parser.add_argument("--prompts", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--vanilla", action="store_true")
    parser.add_argument("--beta", type=float, default=0.02)
    parser.add_argument("--threshold", type=float, default=0.7, help="judge's score from which an answer is good")
    parser.add_argument("--generations", type=int, default=16, help="answers a question a step")
    parser.add_argument("--length", type=int, default=128, help="tokens of an answer, at most")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--learning-rate", type=float, default=1e-6)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def main():
    options = parse()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    prompts = [line.strip() for line in options.prompts.read_text(encoding="utf-8").splitlines() if line.strip()]
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    judge = Judge(options.reward_model, device, options.generations)
    reward = judge
    if not options.vanilla:
        reference = AutoModelForCausalLM.from_pretrained(options.model).to(device)
        reward = MaraReward(judge, reference, tokenizer, threshold=options.threshold, beta=options.beta)
    trainer = RLOOTrainer(
        model=options.model,
        reward_funcs=reward,
        args=RLOOConfig(
            output_dir=str(options.out / "checkpoints"), beta=options.beta, normalize_advantages=False,
            num_generations=options.generations, per_device_train_batch_size=options.generations,
            max_completion_length=options.length, max_steps=options.steps, learning_rate=options.learning_rate,
            seed=options.seed, report_to=[], save_strategy="no", bf16=device == "cuda", use_cpu=device == "cpu",
        ),
        train_dataset=Dataset.from_dict({"prompt": prompts}),
        processing_class=tokenizer,
    )  # fmt: skip
    trainer.train()
    options.out.mkdir(parents=True, exist_ok=True)
    trainer.model.save_pretrained(options.out / "policy")
    tokenizer.save_pretrained(options.out / "policy")
    found = answers(trainer.model, tokenizer, prompts, options.generations, options.length)
    scores = {prompt: judge([prompt] * len(texts), texts) for prompt, texts in found.items()}
    with (options.out / "answers.jsonl").open("w", encoding="utf-8") as file:
        for prompt, texts in found.items():
            for text, score in zip(texts, scores[prompt], strict=True):
                file.write(json.dumps({"prompt": prompt, "answer": text, "score": score}) + "\n")
    every = [score for row in scores.values() for score in row]
    figures = {"mean score": sum(every) / len(every)}
    for n in (1, 2, 3):  # within the answers to one question, and then the mean over questions
        shares = [distinct(texts, n) for texts in found.values()]
        known = [share for share in shares if share == share]
        figures[f"distinct-{n}"] = sum(known) / len(known) if known else None
    (options.out / "figures.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
