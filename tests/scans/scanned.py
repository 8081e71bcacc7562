"""Functions that tests scan: in a file of their own, which worker processes can import."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np

import rmt_gates as rg

MODEL = rg.GRU(a_h=3, a_r=1)
GRID = {"a_h": [1.0, 1.5, 2.0, 3.0], "a_z": [0.0, 0.5, 1.0, 2.0, 4.0]}


def radius(model):
    """A number."""
    return rg.spectral_radius(rg.fixed_points(model)[-1])


def noisy(model, rng):
    """Numbers, a string and an array of a length of its own; fails at a_h = 2."""
    if model.a_h == 2:
        raise RuntimeError("nothing\nat two")
    values = np.arange(1.0 + model.a_z // 1)
    kind = "quiet" if model.a_z < 1 else "loud"
    return {"draw": rng.normal(), "kind": kind, "values": values, "wave": np.exp(1j * values[0])}


def slow_noisy(model, rng):
    """The same, in a time in which a process can be killed."""
    time.sleep(0.004)
    return noisy(model, rng)


def once_deadly(directory, model, rng):
    """Kills its own process the first time a point with a_z = 1 is met."""
    mark = Path(directory) / "died"
    if model.a_z == 1 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.02)
    return noisy(model, rng)
