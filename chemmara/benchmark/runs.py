"""Many campaigns at once, each in a process and a folder of its own; what was interrupted goes on where it stopped."""

import multiprocessing
import os
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from chemmara.benchmark.timing import Stopwatch
from chemmara.campaign.run import Run
from chemmara.campaign.settings import CampaignConfig
from chemmara.errors import ChemmaraError
from chemmara.records.run_folder import RunFolder
from chemmara.records.tally import Standing
from chemmara.system.interrupt import interruptible
from chemmara.system.processors import usable_cpus

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext, SpawnContext

_POLL: Final = 0.2  # seconds between looks at an interrupt
_LONGEST: Final = 70  # bytes of the path of temporary files: a socket lies in it, and its path may have 107


@dataclass(frozen=True)
class Job:
    """One campaign to run."""

    label: str  # what messages call it, such as its method
    seed: int
    folder: Path
    settings: CampaignConfig


@dataclass(frozen=True)
class Failed:
    """Why a job ended before its budget was spent."""

    words: str
    by_the_user: bool  # a mistake in the input, not a bug


Tell = Callable[[str, int, Standing], None]
"""Hears label, seed and standing of a run, when it begins, after each of its steps and when it has ended."""


def run_jobs(jobs: Sequence[Job], tell: Tell) -> None:
    """Run every job to its end, as many at once as there are usable CPUs for.

    Each campaign has one thread for its network unless its settings say otherwise: two campaigns on one thread each
    get more done than one after the other on two.

    Raises:
        KeyboardInterrupt: the user interrupted; every campaign has saved.
        ChemmaraError: a campaign could not go on; the others have saved. Run again, they go on.
    """
    waiting, active = list(jobs), dict[Connection, BaseProcess]()
    at_once = max(1, usable_cpus() // max(job.settings.workers for job in jobs)) if jobs else 1
    with interruptible() as interrupt:
        try:
            while waiting or active:
                while waiting and len(active) < at_once:
                    active |= _started(waiting.pop(0))
                for ready in wait(list(active), timeout=_POLL):
                    _hear(cast("Connection", ready), active, tell)
                if interrupt.requested:
                    raise KeyboardInterrupt
        finally:
            _end(active.values())


def _started(job: Job) -> dict[Connection, BaseProcess]:
    context = _new_processes()
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(job, there, dict(os.environ)))
    process.start()
    there.close()
    return {here: process}


def _new_processes() -> "ForkServerContext | SpawnContext":
    """On Linux copies of a process that has imported what a campaign needs, and done nothing else.

    No lock of a thread is copied, and a run begins three seconds of processor time sooner.
    """
    if sys.platform != "linux" or len(os.fsencode(tempfile.gettempdir())) > _LONGEST:
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def _hear(ready: Connection, active: dict[Connection, BaseProcess], tell: Tell) -> None:
    """Take one message of a job, or its end."""
    try:
        message = ready.recv()
    except EOFError:
        process = active.pop(ready)
        process.join()
        if process.exitcode:
            raise ChemmaraError(
                f"a campaign's process died (exit code {process.exitcode}); run the command again"
            ) from None
        return
    if isinstance(message, Failed):
        raise ChemmaraError(message.words) if message.by_the_user else RuntimeError(message.words)
    tell(*message)


def _end(processes: Collection[BaseProcess]) -> None:
    """Let the campaigns that are still running save and stop."""
    for process in processes:
        process.terminate()  # a campaign saves at SIGTERM
    for process in processes:
        process.join()


def _run(job: Job, report: Connection, environment: dict[str, str]) -> None:
    """In the job's process: the campaign, from its beginning or from where it stopped."""
    os.environ.clear()  # a copy has the environment that there was before the first job
    os.environ.update(environment)
    if hasattr(os, "setsid"):
        os.setsid()  # Ctrl-C in the terminal reaches the parent alone, which passes it on once
    threading.Thread(target=_die_with_the_parent, daemon=True).start()
    settings = job.settings.model_copy(update={"seed": job.seed, "threads": job.settings.threads or 1})
    try:
        again = RunFolder(job.folder).exists()
        with Run.resume(job.folder, settings) if again else Run.start(job.folder, settings) as run:
            watch = Stopwatch.going_on(job.folder) if again else Stopwatch(job.folder)

            def tell(standing: Standing) -> None:
                watch.note()
                report.send((job.label, job.seed, standing))

            tell(run.standing())
            why = run.go(tell)
            watch.end(why)
            report.send((job.label, job.seed, replace(run.standing(), ended=why)))
    except KeyboardInterrupt:
        return
    except ChemmaraError as error:
        report.send(Failed(str(error), by_the_user=True))
    except Exception:  # noqa: BLE001 - a bug's traceback goes to the parent, which raises it
        report.send(Failed(f"{job.label}, seed {job.seed}:\n{traceback.format_exc()}", by_the_user=False))


def _die_with_the_parent() -> None:
    """End with the parent, however it ends: nothing is left that would go on holding the folder."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
