"""Transfer learning on small sets: settings that suit them, figures before and after, warnings, added tokens, locks."""

import multiprocessing
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from chemmara.errors import ChemmaraError
from chemmara.language_model.checkpoint import load_prior
from chemmara.language_model.rnn import RecurrentConfig
from chemmara.language_model.saved_state import read_tensors
from chemmara.language_model.transformer import TransformerConfig
from chemmara.pretraining.defaults import suited
from chemmara.pretraining.run import pretrain
from chemmara.pretraining.settings import PretrainConfig
from chemmara.pretraining.state import read_progress
from chemmara.pretraining.verdict import Fit, concerns
from chemmara.system.locking import only_writer
from cli.main import app

TINY = RecurrentConfig(embedding=8, hidden=16)
SERIES = [f"CC{'C' * n}Oc1ccc({end})cc1" for n in range(6) for end in ("N", "O", "F", "Cl")]


def quick(**changes: object) -> PretrainConfig:
    return PretrainConfig.model_validate({"evaluate_samples": 2} | changes)


@pytest.fixture
def series(tmp_path: Path) -> Path:
    path = tmp_path / "series.smi"
    path.write_text("\n".join(SERIES) + "\n")
    return path


def test_121_molecules_get_a_hundred_steps_and_a_rate_that_is_reached() -> None:
    # 121 molecules, 12 held out: 109 left, batches of 109 // 10 = 10, ten a pass, 10 passes = 100 steps
    chosen = suited(PretrainConfig(), 109, transfer=True)
    assert (chosen.batch_size, chosen.epochs, chosen.warmup_steps, chosen.evaluate_every) == (10, 10.0, 10, 5)
    # 1e-4 sqrt(10) = 3.2e-4, to one digit; of 128 molecules 1.1e-3
    assert (chosen.learning_rate, chosen.muon_learning_rate) == (3e-4, 3e-4)
    assert suited(PretrainConfig(), 5000, transfer=True).learning_rate == 1e-3
    # of 4 molecules: one batch a pass, 40 passes
    chosen = suited(PretrainConfig(), 4, transfer=True)
    assert (chosen.batch_size, chosen.epochs, chosen.warmup_steps, chosen.evaluate_every) == (8, 40.0, 4, 2)


def test_what_is_given_wins_and_large_sets_are_as_they_were() -> None:
    given = PretrainConfig(
        batch_size=128, epochs=5.0, learning_rate=2e-3, warmup_steps=200, evaluate_every=7, patience=3
    )
    chosen = suited(given, 121, transfer=True)
    assert chosen == given.model_copy(update={"muon_learning_rate": 1.5e-3})
    assert suited(PretrainConfig(), 725_000, transfer=False) == PretrainConfig()
    assert suited(PretrainConfig(learning_rate=5e-4), 725_000, transfer=True).muon_learning_rate == 5e-4


def test_concerns_tell_nothing_learned_from_nothing_carried_over_from_memorised() -> None:
    start = Fit(40.0, 41.0)
    assert concerns(start, Fit(30.0, 34.0), 0.01) == []
    assert concerns(start, Fit(39.95, 40.9), 0.0)[0].startswith("nothing was learned")
    assert concerns(start, Fit(30.0, 41.0), 0.0)[0].startswith("what was learned does not carry over")
    (memorised,) = concerns(start, Fit(10.0, 21.0), 0.25)
    assert "25% of 500 samples are training molecules" in memorised
    assert "10.00 nats, less than half of a held-out one's 21.00" in memorised
    unknown = float("nan")  # a run of an older version, resumed
    assert concerns(Fit(unknown, unknown), Fit(30.0, 34.0), 0.0) == []


def test_transfer_learning_of_a_small_file_learns_says_what_and_writes_it_on_the_card(
    tmp_path: Path, series: Path
) -> None:
    series.write_text(series.read_text() + "\n\nC1CC\nCCO[Si]\n  \nCC[C@H](O)c1ccc(N)cc1\n" + SERIES[0] + "\n")
    options = ["--from", "chembl-gru", "--card-samples", "50", "--evaluate-samples", "2", "--threads", "1"]
    result = CliRunner().invoke(app, ["pretrain", str(series), "--out", str(tmp_path / "out"), *options])
    assert result.exit_code == 0, result.stderr
    words = " ".join(result.stderr.split())
    # 24 + 4 rows (blank lines are no rows); 24 molecules, of which 2 are held out: 22 left, batches of 8, 2 a pass
    for part in (
        "series.smi: left out 4 of 28 molecules", "invalid SMILES: 1", "unknown token '[Si]': 1", "duplicate: 1",
        "unknown token '[C@H]': 1", "row 25: C1CC: invalid SMILES (not SMILES syntax)",
        "1 of them could be written without stereo: --stereo drop", "22 molecules, 2 held out; 40 steps of 8",
    ):  # fmt: skip
        assert part in words, part
    progress = read_progress(tmp_path / "out")
    assert progress.train_nll < progress.start_train_nll - 5
    assert progress.nll < progress.start_nll - 2
    assert f"{progress.start_nll:.2f} before, {progress.nll:.2f} after" in words
    card = (tmp_path / "out" / "card.md").read_text()
    assert f"| training | {progress.start_train_nll:.2f} | {progress.train_nll:.2f} |" in card
    assert "left out 4 of 28 molecules" in card
    assert "training went on from the prior `chembl-gru`" in card


def test_a_rate_too_small_to_learn_is_warned_about(tmp_path: Path, series: Path) -> None:
    said: list[str] = []
    settings = quick(learning_rate=1e-7, epochs=1.0)
    pretrain(series, tmp_path / "out", settings, parent="chembl-gru", card_samples=0, say=said.append)
    assert any(sentence.startswith("warning: nothing was learned") for sentence in said)


def test_a_set_learned_by_heart_is_warned_about(tmp_path: Path) -> None:
    (tmp_path / "two.smi").write_text("CCOc1ccccc1\nCCNc1ccccc1\n")
    said: list[str] = []
    pretrain(tmp_path / "two.smi", tmp_path / "out", quick(), parent="chembl-gru", card_samples=0, say=said.append)
    assert any("the set is memorised" in sentence for sentence in said)


@pytest.mark.parametrize("parent", ["chembl-gru", "zinc250k-transformer", "zinc250k-gru-selfies"])
def test_added_tokens_are_learned_and_named_on_the_card(tmp_path: Path, parent: str) -> None:
    path = tmp_path / "silyl.smi"
    path.write_text("\n".join(f"C{'C' * n}[Si](C)(C)Oc1ccc({end})cc1" for n in range(5) for end in "NOF"))
    said: list[str] = []
    settings = quick(extend_vocabulary=True)
    pretrain(path, tmp_path / "out", settings, parent=parent, card_samples=20, say=said.append)
    prior = load_prior(tmp_path / "out")
    assert prior.tokenizer.tokens == (*load_prior(parent).tokenizer.tokens, "[Si]")
    assert f"added to the vocabulary of {parent}: [Si]" in said
    assert "tokens added to its vocabulary: `[Si]`" in (tmp_path / "out" / "card.md").read_text()
    progress = read_progress(tmp_path / "out")
    assert progress.nll < progress.start_nll - 5


def test_added_tokens_and_a_resume_give_the_same_weights_to_the_bit(tmp_path: Path, series: Path) -> None:
    import os

    from chemmara.pretraining.train import Report

    series.write_text(series.read_text() + "CC[C@H](O)c1ccc(N)cc1\nCC[C@@H](O)c1ccc(N)cc1\n")
    settings = quick(extend_vocabulary=True, epochs=4.0)

    def stop(report: Report) -> None:
        if report.step == 3:
            os.kill(os.getpid(), 2)

    pretrain(series, tmp_path / "whole", settings, parent="chembl-gru", card_samples=0)
    with pytest.raises(KeyboardInterrupt):
        pretrain(series, tmp_path / "parts", settings, parent="chembl-gru", card_samples=0, tell=stop)
    with pytest.raises(ChemmaraError, match="--from chembl-gru -> nothing"):
        pretrain(series, tmp_path / "parts", quick(epochs=4.0), resume=True, card_samples=0)
    # batch, rates and warm-up that are not given are those that the run was started with
    longer = quick(extend_vocabulary=True)
    pretrain(series, tmp_path / "parts", longer, parent="chembl-gru", resume=True, card_samples=0)
    parts = read_tensors(tmp_path / "parts" / "training.safetensors")
    for name, weight in read_tensors(tmp_path / "whole" / "training.safetensors").items():
        assert torch.equal(parts[name], weight), name


def test_longer_molecules_raise_the_length_of_samples_and_a_transformer_leaves_out_what_it_cannot_take(
    tmp_path: Path, series: Path
) -> None:
    series.write_text(series.read_text() + "\n".join("C" * n for n in (150, 151, 152, 400)) + "\n")
    said: list[str] = []
    settings = quick(epochs=1.0)
    pretrain(series, tmp_path / "gru", settings, parent="chembl-gru", card_samples=0, say=said.append)
    # the longest has 401 tokens with its end, and a tenth more is 441
    assert load_prior(tmp_path / "gru").config.max_length in {441, 153 + 15}  # or it was held out
    assert any("chembl-gru cuts samples after 111" in sentence for sentence in said)
    said.clear()
    pretrain(series, tmp_path / "t", settings, parent="zinc250k-transformer", card_samples=0, say=said.append)
    assert "longer than 256 tokens: 1" in said[0]
    network = TransformerConfig(width=8, heads=2, layers=1, positions=160)
    fresh = quick(network=network, epochs=1.0)
    pretrain(series, tmp_path / "f", fresh, card_samples=0, say=said.append)
    assert "longer than 160 tokens: 1" in said[-3]


def _holding(folder: str, ready: object, go: object) -> None:
    with only_writer(Path(folder)):
        ready.set()  # type: ignore[attr-defined]
        go.wait(60)  # type: ignore[attr-defined]


def test_nothing_of_a_live_run_is_touched(tmp_path: Path, series: Path) -> None:
    out = tmp_path / "out"
    pretrain(series, out, quick(network=TINY, epochs=1.0), card_samples=0)
    before = {path.name: path.read_bytes() for path in out.iterdir() if path.name != ".lock"}
    context = multiprocessing.get_context("spawn")
    ready, go = context.Event(), context.Event()
    holder = context.Process(target=_holding, args=(str(out), ready, go))
    holder.start()
    try:
        assert ready.wait(60)
        for way in ({"resume": True}, {"force": True}, {}):
            with pytest.raises(ChemmaraError, match=rf"another process \({holder.pid} on .*\) is writing there"):
                pretrain(series, out, quick(network=TINY, epochs=1.0), card_samples=0, **way)  # type: ignore[arg-type]
    finally:
        go.set()
        holder.join()
    assert {path.name: path.read_bytes() for path in out.iterdir() if path.name != ".lock"} == before
    with pytest.raises(ChemmaraError, match="holds a prior already"):
        pretrain(series, out, quick(network=TINY, epochs=1.0), card_samples=0)


def test_beginning_again_leaves_nothing_of_the_run_before(tmp_path: Path, series: Path) -> None:
    out = tmp_path / "out"
    pretrain(series, out, quick(network=TINY, epochs=2.0, evaluate_every=1), card_samples=5)
    pretrain(series, out, quick(network=TINY, epochs=1.0, evaluate_every=50), card_samples=0, force=True)
    assert len((out / "metrics.jsonl").read_text().splitlines()) == 1
    assert not (out / "card.md").exists()


def test_the_callers_random_state_is_left_alone(tmp_path: Path, series: Path) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    load_prior("chembl-gru")
    pretrain(series, tmp_path / "out", quick(epochs=1.0, network=TINY.model_copy(update={"layers": 2, "dropout": 0.5})),
             card_samples=5)  # fmt: skip
    assert torch.equal(torch.rand(3), expected)
