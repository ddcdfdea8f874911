"""How many CPUs this process may use, and how many of them the network gets."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from chemmara.system import processors
from chemmara.system.processors import let_threads_sleep, network_threads, processor_name, usable_cpus


@pytest.mark.parametrize(
    ("file", "text", "cpus"),
    [
        ("cpu.max", "150000 100000\n", 2),  # one and a half CPUs: two threads find work
        ("cpu.max", "50000 100000\n", 1),
        ("cpu.max", "max 100000\n", 1 << 16),
        ("cpu.max", "nonsense\n", 1 << 16),
        ("cpu/cpu.cfs_quota_us", "300000\n", 3),
        ("cpu/cpu.cfs_quota_us", "-1\n", 1 << 16),
        ("nothing", "", 1 << 16),
    ],
)
def test_a_cgroups_quota_by_hand(tmp_path: Path, file: str, text: str, cpus: int) -> None:
    (tmp_path / "cpu").mkdir()
    (tmp_path / file).write_text(text)
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    assert processors._cgroup_limit(tmp_path) == cpus


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="Linux alone has affinity masks")
def test_an_affinity_mask_counts() -> None:
    script = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
    script += (
        "from chemmara.system.processors import usable_cpus, network_threads\nprint(usable_cpus(), network_threads(1))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "1 1\n"


@pytest.mark.parametrize(
    ("cpus", "workers", "threads"), [(2, 1, 2), (2, 2, 1), (2, 8, 1), (8, 2, 4), (8, 6, 2), (64, 1, 4), (1, 1, 1)]
)
def test_scoring_processes_take_cpus_from_the_network(
    cpus: int, workers: int, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processors, "usable_cpus", lambda: cpus)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert network_threads(workers) == threads
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert network_threads(workers) == min(threads, 2)
    monkeypatch.setenv("OMP_NUM_THREADS", "nonsense")
    assert network_threads(workers) == threads


def test_the_processor_has_a_name_and_at_least_one_cpu() -> None:
    assert processor_name().strip()
    assert usable_cpus() >= 1


def test_what_the_user_has_set_about_waiting_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    let_threads_sleep()
    assert "GOMP_SPINCOUNT" not in os.environ
    monkeypatch.delenv("OMP_WAIT_POLICY")
    monkeypatch.setenv("GOMP_SPINCOUNT", "7")
    let_threads_sleep()
    assert os.environ["GOMP_SPINCOUNT"] == "7"
    monkeypatch.delenv("GOMP_SPINCOUNT")
    let_threads_sleep()
    assert int(os.environ["GOMP_SPINCOUNT"]) > 0
    monkeypatch.delenv("GOMP_SPINCOUNT")
