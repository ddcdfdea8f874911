"""`chemmara init` and `chemmara validate`: a campaign's file, begun and checked."""

from pathlib import Path
from typing import Annotated

import typer

from chemmara.errors import ChemmaraError

from .options import CampaignArgument, ReplaceOption


def init(
    path: Annotated[Path, typer.Argument(help="File to write.")] = Path("campaign.toml"),
    force: ReplaceOption = False,
) -> None:
    """Write a campaign to start from: a TOML file with every setting explained, and its JSON schema beside it.

    Editors that know JSON schemas for TOML complete and check it as you type.

    Example: chemmara init campaign.toml
    """
    import json

    from chemmara import assets
    from chemmara.campaign.settings import CampaignConfig
    from chemmara.system.files import new_folder, write_text

    schema = path.with_suffix(".schema.json")
    for file in (path, schema):
        if file.exists() and not force:
            raise ChemmaraError(f"{file}: is there already; choose another name, or --force to replace it")
    new_folder(path.parent)
    template = (assets.DATA / "template.toml").read_text(encoding="utf-8")
    write_text(path, f"#:schema ./{schema.name}\n{template}")
    write_text(schema, json.dumps(CampaignConfig.model_json_schema(), indent=2) + "\n")
    typer.echo(f"wrote {path} and {schema}; next: chemmara validate {path}", err=True)


def validate(
    campaign: CampaignArgument,
) -> None:
    """Check a campaign without spending a call: its file, prior, objective, given parts, seeds and libraries.

    Notes say what the prior cannot write although the objective asks for it, and, of 200 molecules such as the campaign
    begins with, how many lie outside the domain of a QSAR model, and which component or filter is 0 for them all.

    Example: chemmara validate campaign.toml
    """
    from chemmara.campaign.cautions import cautions
    from chemmara.campaign.learner import learner_of
    from chemmara.campaign.settings import load_campaign
    from chemmara.campaign.start import read_seeds
    from chemmara.language_model.checkpoint import load_prior

    from .dry_run import stage_lines

    settings = load_campaign(campaign)
    prior = load_prior(settings.prior)
    for stage in range(1, len(settings.objectives) + 1):
        learner_of(settings.in_stage(stage), prior)
    seeds = read_seeds(settings.start)
    names = ", ".join(settings.objective.names)
    typer.echo(
        f"{campaign}: sound. {settings.budget} calls, method {settings.method.name}, prior {prior.name}"
        f" ({prior.tokenizer.notation}), {settings.objective.aggregation} of {names}",
    )
    for line in stage_lines(settings):
        typer.echo(line)
    for caution in cautions(settings, prior, seeds):
        typer.echo(f"note: {caution}", err=True)
