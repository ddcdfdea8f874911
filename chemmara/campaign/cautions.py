"""What a campaign asks for that its prior cannot write or finds unlikely, or its models cannot vouch for."""

from collections.abc import Iterator

from chemmara.campaign.settings import CampaignConfig
from chemmara.errors import TokenError
from chemmara.language_model.checkpoint import Prior
from chemmara.language_model.wanted import sample_wanted
from chemmara.molecules.alphabet import Alphabet, is_stereo
from chemmara.molecules.chem import canonical_smiles, flat_smiles, molecules_of
from chemmara.oracles.qsar import load_model
from chemmara.rl.estimators import ESTIMATORS
from chemmara.scoring.components import Component
from chemmara.scoring.components.learned import QsarComponent
from chemmara.scoring.components.likeness import NoveltyComponent, ShapeComponent, SimilarityComponent

_SAMPLED = 200  # molecules of the prior that stand for what a campaign begins with


def cautions(settings: CampaignConfig, prior: Prior) -> list[str]:
    """Sentences on references and replayed SMILES that do not suit the prior, and on models whose domain it misses."""
    alphabet = Alphabet(prior.tokenizer.tokens, prior.config.max_length)
    found = [*_of_ahead(settings), *_of_replay(settings, prior)]
    for name, component in zip(settings.objective.names, settings.objective.component, strict=True):
        found += _of_references(name, component, prior, alphabet)
    models = [
        (name, component)
        for name, component in zip(settings.objective.names, settings.objective.component, strict=True)
        if isinstance(component, QsarComponent)
    ]
    return [*found, *_of_models(models, prior, settings.seed)]


def _of_ahead(settings: CampaignConfig) -> list[str]:
    name = settings.method.estimator
    if not settings.ahead or ESTIMATORS[name].normalised:
        return []
    why = f"rows are then off-policy, where {name} has no normalised target (docs/docking.md)"
    return [f"ahead = {settings.ahead}: {why}; log-variance keeps its optimum"]


def _of_replay(settings: CampaignConfig, prior: Prior) -> Iterator[str]:
    replay = settings.method.replay
    if replay is None or not replay.rounds or replay.smiles != "randomised":
        return
    if prior.config.random_smiles is None and prior.tokenizer.notation == "smiles":
        yield (
            f'replay.smiles = "randomised" learns from random SMILES, which the prior {prior.name}, trained on'
            " canonical ones, finds unlikely; in docs/lab-notes.md (2026-11-25) this went with fewer valid samples: .74"
            ' instead of .92. Choose replay.smiles = "sampled", or a prior of `pretrain --random-smiles restricted`'
        )


def _references(component: Component) -> tuple[str, ...]:
    if isinstance(component, SimilarityComponent | NoveltyComponent):
        return component.all_references()
    return (component.reference,) if isinstance(component, ShapeComponent) else ()


def _of_references(name: str, component: Component, prior: Prior, alphabet: Alphabet) -> Iterator[str]:
    references = _references(component)
    unwritable = [(smiles, reason) for smiles in references if (reason := _why_unwritable(smiles, prior, alphabet))]
    if unwritable:
        smiles, reason = unwritable[0]
        yield (
            f"{name}: {len(unwritable)} of {len(references)} references cannot be written by the prior {prior.name}"
            f" ({alphabet.sentence()}); the first is {smiles}: {reason}. {_consequence(component)}"
        )


def _why_unwritable(smiles: str, prior: Prior, alphabet: Alphabet) -> str:
    """Why a prior cannot write a reference, in words; "" where it can."""
    text = canonical_smiles(smiles) or smiles
    try:
        length = len(prior.encode(text))
    except TokenError as error:
        if not alphabet.stereo and any(map(is_stereo, text)) and prior.tokenizer.knows(flat_smiles(text) or text):
            return "it has stereo"
        return str(error).removeprefix(f"{text}: ")
    longest = alphabet.max_length
    return "" if length <= longest else f"it takes {length - 1} tokens"


def _consequence(component: Component) -> str:
    if isinstance(component, SimilarityComponent):
        return "No fingerprint sees stereo: of a reference that lacks nothing else, similarity can still reach 1"
    if isinstance(component, NoveltyComponent):
        return "No molecule that is sampled can be such a reference, so that all count as new"
    return "A molecule without stereo is given some stereo at random when its conformers are made"


def _of_models(models: list[tuple[str, QsarComponent]], prior: Prior, seed: int) -> Iterator[str]:
    if not models:
        return
    smiles = [text for draw in sample_wanted(prior, _SAMPLED, seed=seed, valid=True) for text in draw.smiles]
    molecules = molecules_of(smiles)
    for name, component in models:
        model = load_model(component.model)
        outside = float((model.similarity(molecules) < model.card.domain_similarity).mean()) if molecules else 0.0
        treated = {
            "keep": 'outside = "keep" scores them as if they were inside',
            "none": 'outside = "none" gives them no score',
            "discount": 'outside = "discount" draws their predictions towards the least wanted end',
        }[component.outside]
        yield (
            f"{name}: {outside:.0%} of {len(molecules)} molecules of the prior {prior.name} lie outside the domain of"
            f" {component.model} ({model.card.molecules:,} molecules); {treated}"
        )
