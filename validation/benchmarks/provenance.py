"""Where numbers come from: versions, processor, threads, BLAS, load."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

from validation import report

SCHEMA = "rmt_gates.benchmarks/1"


def provenance(command: str) -> dict[str, Any]:
    """All of it, for the JSON; to be called with the thread limits in force."""
    import torch
    from threadpoolctl import threadpool_info

    kept = ("user_api", "internal_api", "version", "architecture", "num_threads")
    return {
        **report.provenance("cpu", command),
        "schema": SCHEMA,
        "cpu": cpu_model(),
        "threads": {"torch": torch.get_num_threads(), "pools": 1},
        "blas": [{k: pool[k] for k in kept if k in pool} for pool in threadpool_info()],
        "torch_blas": "MKL" if torch.backends.mkl.is_available() else "not MKL",
        "OPENBLAS_CORETYPE": os.environ.get("OPENBLAS_CORETYPE"),
        "load": load(),
    }


def cpu_model() -> str:
    """The processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def load() -> float | None:
    """Processes that wanted to run, averaged over the last minute; None where it is not told."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None
