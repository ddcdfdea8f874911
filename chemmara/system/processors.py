"""The processors of this machine: how many this process may use, of which kind, and how threads wait on them."""

import math
import os
import platform
from pathlib import Path
from typing import Final

_MOST_THREADS: Final = 4  # a batch of 64 through a 512-wide network gains little from more (docs/busy-machine.md)
_SPINS: Final = "20000"  # of libgomp's waiting loop, some 0.1 ms: on a busy machine its default costs twice the time


def usable_cpus() -> int:
    """CPUs that this process may use: those of its affinity mask, or fewer where a cgroup limits its share."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(allowed, _cgroup_limit(Path("/sys/fs/cgroup"))))


def network_threads(workers: int) -> int:
    """Threads for the network: the usable CPUs less the scoring processes beside it, at least 1 and at most 4.

    Without scoring processes (`workers` = 1) this process scores, too, and the network has every CPU. A number that the
    user has set in OMP_NUM_THREADS is not exceeded.
    """
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    most = min(_MOST_THREADS, int(wanted)) if wanted.isdigit() and int(wanted) else _MOST_THREADS
    return max(1, min(most, usable_cpus() - (workers if workers > 1 else 0)))


def processor_name() -> str:
    """Kind of processor, such as 'x86_64 AMD EPYC 9R14': the rounding of sums depends on it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{platform.machine()} {names[0] if names else platform.processor()}".strip()


def let_threads_sleep() -> None:
    """Make torch's threads wait for each other by sleeping soon, not by spinning; call it before torch is imported.

    Spinning threads take the CPU from other work on the machine. What the user has set in the environment stays.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", _SPINS)


def _cgroup_limit(root: Path) -> int:
    """CPUs that a quota of the cgroup (version 2 or 1) amounts to, rounded up; very many without a quota."""
    try:
        quota, period = (root / "cpu.max").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        try:
            quota = (root / "cpu/cpu.cfs_quota_us").read_text(encoding="ascii").strip()
            period = (root / "cpu/cpu.cfs_period_us").read_text(encoding="ascii").strip()
        except OSError:
            return 1 << 16
    if not quota.isdigit() or not int(period):  # "max", or -1 in version 1
        return 1 << 16
    return max(1, math.ceil(int(quota) / int(period)))
