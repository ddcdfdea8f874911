"""The laws' tests, seen to fail: break the code on purpose, one line at a time, and run the test that should notice.

    python benchmarks/broken.py [WORD]

With a word, only the laws that have it in their name. Works in a temporary copy of the checkout. One line a break:
`caught` where the test failed, `MISSED` where it passed; exit code 1 if one was missed. About eight minutes.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PARTS = ("chemmara", "cli", "data", "models", "tests", "pyproject.toml")


@dataclass(frozen=True)
class Break:
    """One line made wrong, and the test that guards it."""

    law: str
    file: str
    right: str
    wrong: str
    test: str


REWARDS, RECORDED = "chemmara/rl/rewards.py", "chemmara/campaign/recorded.py"
LAW, NETWORKS = "tests/rl/test_rewards.py", "tests/language_model/test_language_models.py"
ESTIMATORS, GENETIC = "tests/rl/test_estimators.py", "tests/rl/test_genetic.py"
AUGMENTATION, AUGMENTED = "chemmara/rl/augmentation.py", "tests/rl/test_augmentation.py"
STEP, STEPPED = "chemmara/rl/finetune.py", "tests/rl/test_finetune.py"
RESUMED = "tests/campaign/test_campaign.py::test_after_kills_at_any_moment_the_ledger_ends_as_if_nothing_had_happened"
SCREEN, PROCESS = "chemmara/screening", "chemmara/screening/gaussian_process.py"
SURROGATES, SCREENED = "tests/screening/test_surrogates.py", "tests/screening/test_screening.py"
SCREENED_STEPS = "tests/rl/test_screened_steps.py"
RESTART, SEARCH, RESTARTS = "chemmara/rl/restarts.py", "chemmara/rl/next_search.py", "tests/rl/test_restarts.py"
NICHE, MOVE, NICHES = "chemmara/rl/niches.py", "chemmara/rl/next_niche.py", "tests/rl/test_niches.py"
BREAKS = (
    Break("MARA: the anchor", REWARDS, "-np.inf).argmax()", "np.inf).argmin()", LAW),
    Break("MARA: the sign", REWARDS, "beta * (z.prior_logp - logp)", "beta * (logp - z.prior_logp)", LAW),
    Break("MARA: from tau on", REWARDS, "good = values >= threshold\n    if", "good = values > threshold\n    if", LAW),
    Break("MARA: the others", REWARDS, "np.where(good, level + lift, values)", "level + lift + 0 * values", LAW),
    Break("the default: own scores", REWARDS, "z.score if flatten else values", "z.score", LAW),
    Break("RDKit is silent in every thread", "chemmara/molecules/quiet.py", "if not self._inside:", "if True:",
          "tests/molecules/test_quiet.py"),
    Break("what is ruled out is not taken out", "chemmara/selection/export.py", "np.where(scores == 0, np.nan, scores)",
          "scores", "tests/cli/test_taking_out.py"),
    Break("where: empty cells", "chemmara/selection/where.py", "if not text or own != own:", "if False:",
          "tests/cli/test_taking_out.py"),
    Break("where: a property that no cell has", "chemmara/selection/where.py", "and not str(found).strip() else found",
          "and False else found", "tests/cli/test_taking_out.py"),
    Break("drawings keep E and Z", "chemmara/report/depictions.py", "return alike == _SIDES", "return True or _SIDES",
          "tests/report/test_depictions.py"),
    Break("own surrogates: as they were", "chemmara/screening/own.py", "model = _made(self.call, self.contents)",
          'model = _made(self.call, "")', "tests/screening/test_own.py"),
    Break("own surrogates: what they may not give", "chemmara/screening/own.py", "if not np.isfinite(numbers).all():",
          "if False:", "tests/screening/test_own.py"),
    Break("the line where the user's code fails", "chemmara/oracles/python.py", "== Path(file)] or theirs",
          "!= Path(file)] or theirs", "tests/screening/test_own.py"),
    Break("screening: one that scores", f"{SCREEN}/memory.py", "return bool(self._best) and", "return False and",
          SCREENED),
    Break("a memory of zeros", "chemmara/rl/replay.py", "self.kept[0].score <= 0", "self.kept[0].score < 0", GENETIC),
    Break("stages: seeds meet no threshold", "chemmara/campaign/stages.py", "found = scores[given:]", "found = scores",
          "tests/campaign/test_stages.py"),
    Break("plan: the pilot holds the parts", "chemmara/campaign/start.py", "    if parts is None:\n        yield from",
          "    if True:\n        yield from", "tests/campaign/test_plan_and_explain.py"),
    Break("no KL of batches that hold parts", "chemmara/rl/step_figures.py", 'float("nan") if held else', "",
          "tests/campaign/test_campaigns_from_parts.py"),
    Break("what rules all out is named", "chemmara/campaign/first_look.py", "np.nanmax(desirable) == 0",
          "np.nanmax(desirable) < 0", "tests/campaign/test_trust.py"),
    Break("MARA: beta", REWARDS, "lift = beta * (z", "lift = (z", LAW),
    Break("REINVENT is KL-regularised RL", "chemmara/rl/regressions.py", "return (prior_logp + rewards / beta -",
          "return (prior_logp + rewards * beta -", ESTIMATORS),
    Break("RLOO is unbiased", "chemmara/rl/gradients.py", "(values.sum() - values) / (n - 1)",
          "(values.sum() + values) / (n - 1)", ESTIMATORS),
    Break("log-variance: the mean", "chemmara/rl/regressions.py", "(apart - apart.mean())", "(apart - apart.max())",
          ESTIMATORS),
    Break("PPO and log-variance are RLOO", "chemmara/rl/regressions.py", "(n / (n - 1) if n > 1", "(1 if n > 1",
          ESTIMATORS),
    Break("clusters: log n_c", AUGMENTATION, "beta * np.log(self.clusters", "0 * np.log(self.clusters", AUGMENTED),
    Break("visits: log n", AUGMENTATION, "beta * self.visits", "0 * self.visits", AUGMENTED),
    Break("a repeat earns nothing", "chemmara/rl/repeats.py", "self.counts.update(here)", "pass", AUGMENTED),
    Break("the run's anchor", "chemmara/rl/anchors.py", "if not front or logp > front", "if not front or logp < front",
          AUGMENTED),
    Break("one anchor a step", STEP, "self.augmentation.rewards(rows, tau, anchor)",
          "self.augmentation.rewards(rows, tau, self.augmentation.anchor([rows], tau))", STEPPED),
    Break("no hidden clip", STEP, 'self.method.max_grad_norm or float("inf")', "self.method.max_grad_norm or 1.0",
          STEPPED),
    Break("tau is a percentile of what is earned", STEP, "of_step(scores.smiles, filtered_scores)",
          "of_step(scores.smiles, scores.total)", STEPPED),
    Break("full scaffolds leave the replay", "chemmara/rl/replay.py", "if not full(entry.smiles)", "if True",
          "tests/rl/test_diversity_filter_and_replay.py"),
    Break("the packed GRU's gradient", "chemmara/language_model/packed_gru.py", "kept * reset * (1 - reset)",
          "reset * (1 - reset)", "tests/language_model/test_packed_gru.py"),
    Break("likelihood = sampling", "chemmara/language_model/sampling.py", "logp[alive] += each.gather(1, chosen)[:, 0]",
          "logp[alive] += each.gather(1, chosen)[:, 0] * (last != END)", NETWORKS),
    Break("key/value cache", "chemmara/language_model/transformer.py", "weight[state.rows[0].shape[2]]", "weight[0]",
          NETWORKS),
    Break("resume: the generator", "chemmara/rl/state.py",
          'restore_generators(Generators(learner.generator, learner.sampling), "generator", tensors)', "pass", RESUMED),
    Break("resume: the replay", "chemmara/rl/state.py", 'replay_entries(values["replay"])', "[]", RESUMED),
    Break("resume: the optimiser", "chemmara/rl/state.py",
          'restore_optimizers([learner.optimizer], under(tensors, "optimizer"))', "pass", RESUMED),
    Break("ledger before learning", RECORDED, "self._row(call) for call in calls]",
          "self._row(call) for call in calls[:-1]]", RESUMED),
    Break("pool = serial", "chemmara/scoring/dispatch.py", "self._measured[smiles] for smiles in self._smiles]",
          "self._measured[smiles] for smiles in sorted(self._smiles)]", "tests/scoring/test_workers.py"),
    Break("changes: no table of both sides", "chemmara/benchmark/suite_runs.py", "        refuse_other_runs(jobs)\n",
          "", "tests/campaign/test_changed_files.py"),
    Break("changes: an own oracle's file", "chemmara/campaign/identity.py", "known.get(name, files) != files", "False",
          "tests/campaign/test_changed_files.py"),
    Break("changes: earlier runs stay", "chemmara/benchmark/compare.py", "for name in campaigns} | others",
          "for name in campaigns}", "tests/campaign/test_changed_files.py"),
    Break("cache: what has come is kept", "chemmara/scoring/cache.py", "        self._keep(self.fresh.answers())\n", "",
          "tests/scoring/test_under_way.py"),
    Break("moved: paths follow", "chemmara/campaign/settings.py", "saved = follow(saved, Path(place), path.resolve())",
          "pass", "tests/campaign/test_moved_projects.py"),
    Break("moved: the nearest place counts", "chemmara/campaign/moved.py", "os.path.exists(there := ", "bool(there := ",
          "tests/campaign/test_moved_projects.py"),
    Break("nothing holds the parts: soon over", "chemmara/campaign/progress.py", "progress.idle >= _BARREN",
          "progress.idle >= 10**6", "tests/campaign/test_lost_policies.py"),
    Break("linkers: which end is which", "chemmara/decoration/read_linkers.py",
          "part + 1 if places is None else places.get(at, 0)", "1", "tests/decoration/test_read_linkers.py"),
    Break("alerts: the user's own count", "chemmara/oracles/substructure.py",
          " + ([_catalog_of(own)] if own else [])", "", "tests/oracles/test_own_alerts.py"),
    Break("retry: steps that are taken once more", "chemmara/campaign/again.py",
          "if lost and coming and exact:", "if False:", "tests/campaign/test_measuring_again.py"),
    Break("retry: an oracle that is still away", "chemmara/campaign/again.py", "len(calls) >= FEWEST", "False",
          "tests/campaign/test_measuring_again.py"),
    Break("a loss that is no number", "chemmara/rl/finetune.py", "        refuse_divergence(value, norm)\n", "",
          "tests/campaign/test_lost_policies.py"),
    Break("cache on = off", "chemmara/scoring/budget.py", "return {text: measured[text] for",
          "return {text: measured[self.new[0]] for", "tests/scoring/test_budget.py"),
    Break("the budget is hard", "chemmara/scoring/budget.py", "[: max(0, self.left)]", "[: max(0, self.left) + 1]",
          "tests/scoring/test_budget.py"),
    Break("repeats are free", "chemmara/scoring/budget.py", "if text not in self._calls and",
          "if",
          "tests/scoring/test_budget.py"),
    Break("tasks: unfolded counts", "chemmara/oracles/fingerprints.py", "GetSparseCountFingerprint",
          "GetCountFingerprint", "tests/scoring/test_tasks.py"),
    Break("pretraining resumes to the bit", "chemmara/pretraining/train.py",
          "seed=self.config.seed, step=self.progress.step", "seed=self.config.seed, step=0",
          "tests/pretraining/test_pretraining.py::test_resumed_training_is_uninterrupted_training_to_the_bit"),
    Break("Muon is torch's", "chemmara/pretraining/muon.py", "weight.grad.lerp(momentum, _MOMENTUM)", "momentum",
          "tests/pretraining/test_muon.py"),
    Break("Muon's precision is the training's", "chemmara/pretraining/optim.py", "Muon(hidden, rate, decay, precision)",
          "Muon(hidden, rate, decay, torch.bfloat16)", "tests/pretraining/test_muon.py"),
    Break("Adam is torch's", "chemmara/rl/adam.py", "_BETA2: Final = 0.999", "_BETA2: Final = 0.99",
          "tests/rl/test_adam.py"),
    Break("Adam keeps each group's rate", "chemmara/rl/adam.py", 'lr=group["lr"]', 'lr=self.param_groups[0]["lr"]',
          "tests/rl/test_adam.py"),
    Break("equation 10", "chemmara/lab/space.py", "gain / support", "support / gain", "tests/lab/test_lab.py"),
    Break("a failure costs one molecule", "chemmara/scoring/measurement.py",
          "return [measure_with(oracle, [molecule])[0] for molecule in molecules]",
          'return [(np.nan, "failed") for molecule in molecules]', "tests/scoring/test_workers.py"),
    Break("the logged anchor is the anchor", "chemmara/rl/step_figures.py", "anchor.prior_logp if anchor",
          "anchor.score if anchor", STEPPED),
    Break("rows never shift", "chemmara/molecules/delimited.py", "return cells[:width] + ",
          "return cells[-width:] + ", "tests/molecules/test_delimited.py"),
    Break("SDF: a tag is no structure", "chemmara/molecules/sdf.py",
          '{tag: _free(f"{tag} (tag)", taken | tags.keys()) if tag in taken else tag',
          "{tag: tag", "tests/molecules/test_sdf.py"),
    Break("the compound of a salt", "chemmara/molecules/standardise.py", "return common, not organic,",
          "return False, not organic,", "tests/molecules/test_standardise.py"),
    Break("atom maps are no part of a molecule", "chemmara/molecules/chem.py", "if _MAPPED.search(text):",
          "if not text:", "tests/molecules/test_valid.py"),
    Break("one writer", "chemmara/system/locking.py", "fcntl.LOCK_EX |", "fcntl.LOCK_SH |",
          "tests/system/test_one_writer.py::test_the_lock_is_held_by_one_and_free_after_it"),
    Break("an oracle that always fails stops a run", "chemmara/campaign/failures.py", "if number >= _MOST_IN_A_ROW:",
          "if number > _MOST_IN_A_ROW:", "tests/campaign/test_failing_oracles.py"),
    Break("scoring processes take CPUs from the network", "chemmara/system/processors.py",
          "usable_cpus() - (workers if workers > 1 else 0)", "usable_cpus()", "tests/system/test_processors.py"),
    Break("new tokens leave old molecules as likely", "chemmara/language_model/extend.py",
          'new - lowered if name == "output.bias" else new', "new", "tests/language_model/test_extend.py"),
    Break("draws by rank: the weights", "chemmara/rl/ranks.py", "return 1 / (_FLATTENING * n +",
          "return 1 / (_FLATTENING +", GENETIC),
    Break("Genetic-GFN: the sign of log Z", "chemmara/rl/regressions.py", "(policy_logp + self.log_z - rewards",
          "(policy_logp - self.log_z - rewards", GENETIC),
    Break("Genetic-GFN: the pull towards the prior", "chemmara/rl/regressions.py",
          "_PULL * (policy_logp - prior_logp)", "_PULL * (prior_logp - policy_logp)", GENETIC),
    Break("children are oracle calls", "chemmara/rl/finetune.py", "scores = objective(born)",
          "scores = Scores(born, np.ones(len(born)), {}, np.ones(len(born), bool), born, np.zeros(len(born)))",
          GENETIC),
    Break("children are learned from", "chemmara/rl/finetune.py", "for rows in (batch, *children):",
          "for rows in (batch,):", GENETIC),
    Break("resume: the parents", "chemmara/rl/state.py", 'dict(values["pool"])', "{}", GENETIC),
    Break("figures kept: of these calls alone", "chemmara/benchmark/kept_figures.py",
          'before.get("question") == exact', 'before.get("question")', "tests/benchmark/test_kept_figures.py"),
    Break("a child is of both parents", "chemmara/molecules/crossover.py", "(begin + shift, end + shift)",
          "(begin, end)", "tests/molecules/test_crossover_and_mutation.py"),
    Break("children are counted before they are made", "chemmara/molecules/crossover.py", "len(GetShortestPath(parted,",
          "1 + len(GetShortestPath(parted,", "tests/molecules/test_crossover_and_mutation.py"),
    Break("children are within the size limit", "chemmara/molecules/graph_edits.py",
          "< rng.gauss(_MEAN_LIMIT, _SPREAD)", "< 99", "tests/molecules/test_crossover_and_mutation.py"),
    Break("screening: the process's mean", PROCESS, "(across @ self.weights)", "(across @ -self.weights)", SURROGATES),
    Break("screening: the process's variance", PROCESS, "np.maximum(1.0 - np.einsum", "np.maximum(1.0 + np.einsum",
          SURROGATES),
    Break("screening: properties are scaled", f"{SCREEN}/features.py", "(features.properties - self.centre) / self",
          "(features.properties - self.centre) * self", SURROGATES),
    Break("picks: few molecules are held", "chemmara/selection/picks.py", "list(islice(coming, _OPENED))",
          "list(islice(coming, 10**9))", "tests/selection/test_picks.py"),
    Break("screening: what is kept of a kernel", PROCESS,
          'self._similarity.take(before, axis=0, mode="clip")', "self._similarity[: len(before)]", SURROGATES),
    Break("screening: half of the kernel", PROCESS, "kernel[rows, start:] = ", "kernel[start:, rows] = ", SURROGATES),
    Break("screening: bits in common", f"{SCREEN}/features.py", "np.diff(bits.indptr)", "1 + np.diff(bits.indptr)",
          SURROGATES),
    Break("screening: features that are kept", f"{SCREEN}/model.py", "for row, text in enumerate(kept)}",
          "for row, text in enumerate(reversed(kept))}", SCREENED),
    Break("screening: features of new molecules", f"{SCREEN}/model.py", "enumerate(new, len(self._features))",
          "enumerate(new)", SCREENED),
    Break("runs: the environment of the time", "chemmara/benchmark/runs.py", "os.environ.update(environment)", "pass",
          "tests/benchmark/test_runs.py"),
    Break("the dial: the file's own values stay", "chemmara/rl/method.py", "| dial | (own if part in data else {})",
          "| (own if part in data else {}) | dial", "tests/rl/test_method.py"),
    Break("the dial: over the named method's", "chemmara/rl/method.py", "base | dial | (own", "dial | base | (own",
          "tests/rl/test_method.py"),
    Break("picks: of known fingerprints", "chemmara/selection/picks.py", "opened.add(rows, packed[rows], scores)",
          "opened.add(rows, packed, scores)", "tests/selection/test_picks.py"),
    Break("screening: similarity to what is taken", "chemmara/molecules/fingerprint_blocks.py",
          "self.sizes[columns] - shared)", "self.sizes[columns])", "tests/molecules/test_fingerprint_blocks.py"),
    Break("similarities: the largest of later blocks", "chemmara/molecules/fingerprint_blocks.py",
          "similar > np.float32(best[row][-1])", "similar > 2", "tests/molecules/test_fingerprint_blocks.py"),
    Break("qsar: the domain of a molecule is that of the others", "chemmara/qsar/uncertainty.py",
          "NEIGHBOURS + 1)[:, 1:]", "NEIGHBOURS + 1)[:, :-1]", "tests/qsar/test_hard_tables.py"),
    Break("molecules: what is read is the canonical form", "chemmara/molecules/chem.py", "if text != smiles:",
          "if not text:", "tests/molecules/test_chem.py"),
    Break("screening: different molecules", f"{SCREEN}/acquisition.py", "near = np.maximum(near, alike",
          "near = np.maximum(near, 0 * alike", "tests/screening/test_acquisition.py"),
    Break("screening: the price of what is new", f"{SCREEN}/acquisition.py", "(1.0 - price) * value", "price * value",
          "tests/screening/test_acquisition.py"),
    Break("screening: the share of other sources", f"{SCREEN}/acquisition.py", "others -= not own[best]", "others -= 0",
          "tests/screening/test_acquisition.py"),
    Break("screening: the latest are learned from", f"{SCREEN}/memory.py", "latest[len(best) - self.most :]",
          "latest[: self.most - len(best)]", SCREENED),
    Break("screening: it stands back", f"{SCREEN}/memory.py", ">= _LEAST_CORRELATION", ">= -2", SCREENED),
    Break("screening: measured molecules are no candidates", f"{SCREEN}/screening.py",
          "smiles not in self.memory.values and smiles not in", "smiles not in", SCREENED),
    Break("screening: beyond the budget nothing was measured", f"{SCREEN}/screening.py", "or not measured or", "or",
          SCREENED),
    Break("screening: cheap components are exact", f"{SCREEN}/targets.py", "desirabilities = exact.copy()",
          "desirabilities = np.ones_like(exact)", SCREENED),
    Break("screening: what is not chosen is not scored", "chemmara/rl/candidates.py", "(text in own and row",
          "(row", SCREENED_STEPS),
    Break("screening: invalid SMILES stay in proportion", "chemmara/rl/candidates.py",
          "round(share * len(invalid))", "len(invalid)", SCREENED_STEPS),
    Break("screening: a policy that repeats itself samples on", "chemmara/rl/candidates.py",
          "if 2 * new >= count and not sought:", "if not sought:", SCREENED_STEPS),
    Break("restarts: what counts as a rise", RESTART, "mean >= self.level + LEAST", "mean > self.level", RESTARTS),
    Break("restarts: something was found", RESTART, "return self.level > 0 and", "return", RESTARTS),
    Break("restarts: of a stage that begins late", RESTART, "min(new) - 1", "0", RESTARTS),
    Break("restarts: batches chosen before teach nothing", RESTART, "if not self.late:", "if True:", RESTARTS),
    Break("restarts: the policy of the best search", RESTART, "if self.level > self.top:", "if True:", RESTARTS),
    Break("restarts: seeds are known again", SEARCH, "begin_anew(restarts.given)", "begin_anew()", RESTARTS),
    Break("restarts: what was sampled is new again", SEARCH, "learner.augmentation = Augmentation.of(",
          "_ = Augmentation.of(", RESTARTS),
    Break("restarts: the model's memory is saved", f"{SCREEN}/memory.py", '"before": self.before', '"before": 0',
          RESTARTS),
    Break("niches: more candidates on the way", "chemmara/rl/candidates.py", "count and not sought:", "count:", NICHES),
    Break("niches: what is taken off", NICHE, "/ (INSIDE - OUTSIDE)", "/ INSIDE", NICHES),
    Break("niches: a hundred hits", NICHE, "return len(self.own) < FOUND", "return len(self.own) <= FOUND", NICHES),
    Break("niches: hits near those left behind", NICHE, "hits[self.share(hits) >= _HALF]", "hits", NICHES),
    Break("niches: narrow hits", NICHE, "<= OUTSIDE]", "<= 1]", NICHES),
    Break("niches: the price of all ways", NICHE, "self.spent + self.cost <= limit", "self.cost <= limit", NICHES),
    Break("niches: half of what is left", NICHE, "2 * self.cost <=", "0 * self.cost <=", NICHES),
    Break("niches: too long a way leads back", NICHE, "self.on_ways > limit", "False", NICHES),
    Break("niches: what was left behind is saved", NICHE, 'to_numpy(tensors["left"])', "_no_rows()", NICHES),
    Break("niches: a way with few hits ends", NICHE, "hopeless or self._way", "self._way", NICHES),
    Break("niches: strays are not left behind", NICHE, "len(alike) > _STRAY", "len(alike) > 0", NICHES),
    Break("niches: a budget that grows", NICHE, "self.calls >= self.budget != budget", "self.budget != budget", NICHES),
    Break("niches: nothing that lacks the parts", MOVE, "filter(learner.proposals.keeps, earned)", "earned", NICHES),
    Break("niches: a budget that grew counts once the old one is spent", "chemmara/campaign/run.py",
          "self.learner.niches.plan(self.config.budget):", "False:", "tests/campaign/test_niching_campaigns.py"),
    Break("niches: a stage goes on from the one found", "chemmara/campaign/learner.py", "before.trained()",
          "before.policy", "tests/campaign/test_stages.py"),
    Break("niches: the way back", NICHE, "self.number - 1, None, True", "self.number - 1, None, False", NICHES),
    Break("niches: the policy begins anew", MOVE, "return Start(learner.prior.model", "return Start(learner.policy",
          NICHES),
    Break("niches: what lies away is learned from", MOVE, "return replay.kept", "return []", NICHES),
    Break("niches: what is near earns less", STEP, "values = self.niches.earned(scores.smiles, values)",
          "values = values", NICHES),
    Break("niches: what is near is not chosen", f"{SCREEN}/screening.py", "np.maximum(wanted, 0.0) * share(packed)",
          "np.maximum(wanted, 0.0)", SCREENED),
    Break("resume: niches", "chemmara/rl/state.py",
          'learner.niches.restore(values["niches"], under(tensors, "niches"))', "pass", NICHES),
    Break("resume: what was measured", "chemmara/rl/state.py", 'learner.screening.restore(values["screening"])', "pass",
          SCREENED_STEPS),
)  # fmt: skip


_LIMIT = 600  # seconds; a test that waits for ever on broken code is to be mended


def caught(broken: Break, copy: Path) -> bool:
    """Whether the test fails on the broken copy."""
    file = copy / broken.file
    text = file.read_text(encoding="utf-8")
    assert text.count(broken.right) >= 1, f"{broken.file} no longer says {broken.right!r}"
    file.write_text(text.replace(broken.right, broken.wrong), encoding="utf-8")
    try:
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", broken.test]
        environment = os.environ | {"PYTHONPATH": str(copy)}
        done = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, text=True, check=False, timeout=_LIMIT
        )
    finally:
        file.write_text(text, encoding="utf-8")
    assert done.returncode in {0, 1}, done.stdout[-2000:] + done.stderr[-2000:]
    return done.returncode == 1


def main() -> None:
    """Every break in turn."""
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    breaks = [broken for broken in BREAKS if word in broken.law]
    missed = 0
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name)
        for part in PARTS:
            (shutil.copytree if (ROOT / part).is_dir() else shutil.copy)(ROOT / part, copy / part)
        for broken in breaks:
            noticed = caught(broken, copy)
            missed += not noticed
            print(f"{'caught' if noticed else 'MISSED'}  {broken.law:<52}{broken.file}", flush=True)
    print(f"{len(breaks) - missed} of {len(breaks)} caught")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
