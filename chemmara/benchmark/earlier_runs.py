"""The runs that a folder of many holds already: whether they are those that are to be run, and which others."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from chemmara.benchmark.places import method_of
from chemmara.benchmark.runs import Job
from chemmara.benchmark.timing import ended
from chemmara.campaign.identity import changed_files, changed_keys, refuse_another_campaign
from chemmara.campaign.settings import CampaignConfig, saved_settings
from chemmara.errors import ChemmaraError
from chemmara.language_model.checkpoint import load_prior
from chemmara.records.run_folder import RunFolder

_MAY_DIFFER = {"method", "seed", "workers", "threads", "device", "cache", "checkpoint_seconds"}


def refuse_other_runs(jobs: Sequence[Job]) -> None:
    """ChemmaraError where a folder holds a run of another campaign than the job's, also if that run has ended.

    Runs on the two sides of a change would be averaged in one table. That takes in the prior and the files that the
    objective names, such as the user's own oracle.
    """
    prior = cache(load_prior)
    for job in jobs:
        if not RunFolder(job.folder).exists():
            continue
        settings = job.settings.model_copy(update={"seed": job.seed})
        begun = RunFolder(job.folder).read_config()
        refuse_another_campaign(job.folder, saved_settings(job.folder), settings, prior(settings.prior), begun)
        if changed := changed_files(begun, settings):
            raise ChemmaraError(
                f"{job.folder}: the files of {', '.join(map(repr, changed))} have changed since the run was begun;"
                " choose another --out"
            )


def other_runs(out: Path, campaigns: Mapping[str, CampaignConfig], seeds: Sequence[int]) -> dict[str, list[int]]:
    """Seeds, by method, of the runs under `out` that have ended and are not among those of the campaigns and seeds.

    ChemmaraError where such a run is not one of the same comparison: its budget or objective is another.
    """
    settings, found = next(iter(campaigns.values())), dict[str, list[int]]()
    for path in sorted(out.glob("*/*/campaign.json")):
        folder = path.parent
        method, seed = method_of(folder), folder.name
        if not seed.isdecimal() or (method in campaigns and int(seed) in seeds) or not ended(folder):
            continue
        if changed := changed_keys(saved_settings(folder), settings, but=_MAY_DIFFER):
            raise ChemmaraError(f"{folder}: was run with another {', '.join(changed)}; choose another --out")
        found.setdefault(method, []).append(int(seed))
    return {method: sorted(numbers) for method, numbers in found.items()}
