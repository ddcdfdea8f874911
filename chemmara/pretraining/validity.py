"""A prior's second stage: reinforcement learning away from invalid SMILES."""

from collections.abc import Callable
from copy import deepcopy
from itertools import islice

import torch
from torch.nn.utils import clip_grad_norm_
from torch.optim import Adam

from chemmara.language_model.checkpoint import Prior
from chemmara.language_model.device import device_of, full_float32, without_dropout
from chemmara.language_model.sampling import sample, sequence_logp
from chemmara.molecules.chem import parse
from chemmara.pretraining.batches import TrainingRows, steps_from
from chemmara.pretraining.settings import PretrainConfig
from chemmara.pretraining.train import resolve_precision, token_loss
from chemmara.rl.gradients import rloo_loss
from chemmara.system.interrupt import interruptible

_ROWS = 512  # sampled a step


def favour_molecules(
    prior: Prior, train: TrainingRows, config: PretrainConfig, tell: Callable[[int, float], None] = lambda *_: None
) -> None:
    """Change the prior's weights so that it writes fewer invalid SMILES, and otherwise stays as it was.

    REINFORCE with a leave-one-out baseline on E[R] - beta KL(policy || prior), where R is 1 for a valid SMILES and 0
    for an invalid one. The optimum is prior(y) exp(R(y) / beta) / zeta: valid SMILES keep the prior's proportions, and
    an invalid one becomes exp(-1 / beta) as likely. A batch of training molecules beside each sampled batch holds the
    likelihood (as PPO-ptx does); it alone is computed in the settings' precision. There is no dropout in this stage.
    `tell` is called with each step and its share of valid SMILES. After a KeyboardInterrupt the weights are as they
    were.
    """
    model, reference = prior.model, deepcopy(prior.model)
    before = deepcopy(model.state_dict())
    device, precision = device_of(model), resolve_precision(config, device_of(model))
    reference.to(device)  # cuDNN wants the copied weights of a recurrent network in one piece, and this puts them there
    generator = torch.Generator(device).manual_seed(config.seed)
    optimizer = Adam(model.parameters(), lr=config.validity_rate)
    batches = islice(steps_from(train.lengths, config.batch_size, seed=config.seed + 1, step=0), config.validity_steps)
    with full_float32(), interruptible() as interrupt:
        for step, (epoch, rows) in enumerate(batches):
            rollout = sample(model, prior.tokenizer, _ROWS, generator=generator, max_length=prior.config.max_length)
            valid = torch.tensor(
                [parse(smiles) is not None for smiles in rollout.smiles], dtype=torch.float32, device=device
            )
            policy_logp = sequence_logp(model, rollout.tokens)
            with torch.no_grad():
                prior_logp = sequence_logp(reference, rollout.tokens)
            loss = rloo_loss(policy_logp, prior_logp, valid, beta=config.validity_beta).mean()
            known = train.spelled(rows, epoch).tokens.to(device)
            with without_dropout(model):
                known_loss = token_loss(model, known, precision) / len(known)
            loss = loss + config.validity_likelihood * known_loss
            for group in optimizer.param_groups:
                group["lr"] = config.validity_rate * (1 - step / config.validity_steps)
            optimizer.zero_grad()
            loss.backward()
            clip_grad_norm_(model.parameters(), config.max_grad_norm)
            optimizer.step()
            tell(step + 1, float(valid.mean()))
            if interrupt.requested:
                model.load_state_dict(before)
                raise KeyboardInterrupt
