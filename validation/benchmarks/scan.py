"""What `rg.scan` adds to the function it calls, what a second worker gains, and its memory.

Points that keep a processor busy for 0.1 s each. Overhead: the scan, without and with a store, over
a plain loop. Two workers: processes of loky, which run already, against one. Wall-clock times, the
median of the turns. Memory and cost per point: fixed points of grids into a store, in processes of
their own, of 10⁴ and of 10⁶ points.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

import rmt_gates as rg
from validation.benchmarks.measurement import Measurement
from validation.benchmarks.settings import Settings

BUSY = 0.1  # seconds a point
OVERHEAD_TARGET, WORKERS_TARGET = 1.05, 1.8
SAME = 1.25  # per point, and in memory, between the smaller and the larger grid

GRID = """
import json, resource, sys, tempfile, time
import numpy as np
import rmt_gates as rg
side = int(sys.argv[1])
over = {"a_h": np.linspace(1, 3, side), "a_r": np.linspace(0, 30, side)}
with tempfile.TemporaryDirectory() as folder:
    start = time.process_time()
    rg.scan(
        rg.fixed_points, rg.GRU(a_h=1), over, vectorized=True, chunk=4000, store=f"{folder}/g.zarr"
    )
    seconds = time.process_time() - start
print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]))
"""


def busy(model: Any) -> float:
    """A calculation that takes 0.1 s of the processor."""
    end = time.process_time() + BUSY
    while time.process_time() < end:
        np.sin(np.arange(1000.0))
    return float(model.a_h)


def wall_clock(tasks: Mapping[str, Callable[[], object]], turns: int) -> dict[str, list[float]]:
    """Seconds that pass, in turns: processes of workers do not show in this one's CPU time."""
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(turns):
        for name, task in tasks.items():
            start = time.perf_counter()
            task()
            seconds[name].append(time.perf_counter() - start)
    return seconds


def measure(settings: Settings) -> list[Measurement]:
    """Overhead, two workers, and grids of two sizes."""
    from loky import get_reusable_executor

    points, model = settings.scan_points, rg.GRU(a_h=1)
    over = {"a_h": np.linspace(1, 2, points)}
    pool = get_reusable_executor(2, timeout=600)  # they wait for their turn
    rg.scan(busy, model, {"a_h": [1.0] * 4}, executor=pool, chunk=1)  # both run now
    with tempfile.TemporaryDirectory() as folder:
        names = iter(range(10**6))
        seconds = wall_clock(
            {
                "loop": lambda: [busy(model.replace(a_h=a_h)) for a_h in over["a_h"]],
                "scan": lambda: rg.scan(busy, model, over, chunk=1),
                "store": lambda: rg.scan(
                    busy, model, over, chunk=1, store=Path(folder) / f"{next(names)}.zarr"
                ),
                "two": lambda: rg.scan(busy, model, over, chunk=1, executor=pool),
            },
            settings.repeats,
        )
    pool.shutdown()
    middle = {name: float(np.median(times)) for name, times in seconds.items()}
    ratio = {name: value / middle["loop"] for name, value in middle.items()}
    what, target = f"{points} points of {BUSY:g} s", OVERHEAD_TARGET

    def row(about: str, value: float, target: float, **more: Any) -> Measurement:
        return Measurement("scan", about, value, "×", target, seconds=seconds, **more)

    return [
        row(f"scan over a loop, {what}", ratio["scan"], target),
        row(f"into a store, a file a point, {what}", ratio["store"], target),
        row(f"gain of two workers, {what}", 1 / ratio["two"], WORKERS_TARGET, sense="at least"),
        *grids(settings.scan_sides),
    ]


def grids(sides: tuple[int, int]) -> list[Measurement]:
    """The larger grid over the smaller one, in time per point and in peak memory."""
    found = []
    for side in sides:
        done = subprocess.run(
            [sys.executable, "-c", GRID, str(side)], capture_output=True, text=True, check=True
        )
        found.append(json.loads(done.stdout))
    (small, before), (large, after) = found
    times = {f"{side}²": [found[i][0]] for i, side in enumerate(sides)}
    per_point = large / small * (sides[0] / sides[1]) ** 2
    what = f"a grid of {sides[1]}² over one of {sides[0]}²"
    return [
        Measurement("scan", f"time per point, {what}", per_point, "×", SAME, seconds=times),
        Measurement("scan", f"peak memory, {what}", after / before, "×", SAME, seconds=times),
    ]
