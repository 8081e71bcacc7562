"""The sampled steady state: a long enough window, independent replicates, an honest error."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from rmt_gates.architectures.gru import GRUResetBefore
from rmt_gates.gaussian.conditional_moment import ConditionalMoment
from rmt_gates.mean_field.anderson import Secants
from rmt_gates.mean_field.fixed_points import FixedPoints
from rmt_gates.mean_field.kernels import resize
from rmt_gates.mean_field.sampled_gate import Replicate, SampledKernelMap
from rmt_gates.mean_field.state import SteadyState, collapse, nearest_rest
from rmt_gates.results import Status

REPLICATES = 8
FIRST_WINDOW = 64
CONFIRMED = 1000  # lags: a window cut too short can kill a living state, so a longer one decides
LONGEST_WINDOW = 1 << 14
COARSE_PATHS = 64
SEEN = 1e-3  # the sampling noise of COARSE_PATHS hides a smaller tail
ROUNDS = 60
SETTLED = 0.02  # in units of rtol: the last step of a root, below its sampling error
MAX_PATHS = 1 << 16
DOUBTS = 2  # times the sample is quadrupled because the replicates do not agree on being alive
NEAR = "the parameters are at the edge of where this state lives, and it may not survive there."


class Deadline:
    """A moment after which no new work is begun; never, if there is no limit."""

    def __init__(self, seconds: float | None) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds

    @property
    def passed(self) -> bool:
        """Whether time is up."""
        return self._end is not None and time.monotonic() > self._end


def sampled_state(
    model: GRUResetBefore,
    kernel: np.ndarray,
    static: float,
    points: FixedPoints,
    rng: np.random.Generator,
    rtol: float,
    max_seconds: float | None,
) -> SteadyState:
    """The steady state next to a starting kernel over lags 0…K with limit ``static``."""
    deadline = Deadline(max_seconds)
    fallen = collapse(points)
    coarse_rng, fine_rng, unit_rng = rng.spawn(3)
    seed = int(unit_rng.integers(2**63))
    x, status = _find_window(model, kernel, static, coarse_rng, rtol, deadline, fallen)
    if fallen(x):
        return nearest_rest(points, float(x[0]))
    if status != Status.OK:
        # the memory is longer than the window: what was found depends on where it was cut
        nothing = np.full(len(x) - 1, np.nan)
        return SteadyState(model, nothing, nothing, "chaotic", status, np.nan, seed=seed)
    K = len(x) - 2
    paths = max(COARSE_PATHS, 4 * COARSE_PATHS * FIRST_WINDOW // K)
    doubts, note = DOUBTS, ""
    while True:
        replicates = _replicates(model, x, paths, fine_rng, rtol, deadline, fallen)
        down = [r for r in replicates if r.fallen]
        if len(down) == len(replicates):
            return nearest_rest(points, float(down[0].kernel[0]))
        if down and doubts and not deadline.passed and paths < MAX_PATHS:
            doubts -= 1  # close to where this state ends the noise decides: use less of it
            paths = min(4 * paths, MAX_PATHS)
            continue
        if down:
            note = f"{len(down)} of {len(replicates)} replicates fell to a state at rest: {NEAR}"
        if 2 * len(down) >= len(replicates):
            return replace(nearest_rest(points, float(down[0].kernel[0])), note=note)
        replicates = [r for r in replicates if not r.fallen]
        kernels = np.array([r.kernel for r in replicates])
        x = np.append(kernels.mean(axis=0), np.mean([r.static for r in replicates]))
        error = kernels.std(axis=0, ddof=1) / np.sqrt(len(kernels))
        reached = error[0] / x[0]
        if reached <= rtol or deadline.passed or paths == MAX_PATHS:
            break
        paths = min(int(paths * min(1.3 * (reached / rtol) ** 2, 16.0)) + 1, MAX_PATHS)
    if not all(r.converged for r in replicates):
        status = Status.NOT_CONVERGED
    elif reached > rtol:
        status = Status.TIME_LIMIT if deadline.passed else Status.SAMPLE_LIMIT
    return SteadyState(
        model,
        x[:-1],
        error,
        "chaotic",
        status,
        float(x[-1]),
        _pooled(model, replicates, x[0]),
        tuple((float(r.kernel[0]), r.excess) for r in replicates if r.excess),
        seed,
        note,
    )


def _find_window(
    model: GRUResetBefore,
    kernel: np.ndarray,
    static: float,
    rng: np.random.Generator,
    rtol: float,
    deadline: Deadline,
    fallen: Callable[[np.ndarray], bool],
) -> tuple[np.ndarray, Status]:
    """A coarse kernel in a window in which it decays to rtol, doubling the window until it does.

    Whether the coarse solve settled does not matter: the replicates say whether they did.
    """
    K = max(FIRST_WINDOW, len(kernel) - 1)
    x = resize(kernel, static, K)
    while True:
        coarse = SampledKernelMap(model, rng, COARSE_PATHS, K)
        x, _, _ = coarse.solve(x, 2e-3 * x[0], ROUNDS, fallen)
        if fallen(x) and K < CONFIRMED:
            if deadline.passed:
                return np.full_like(x, np.nan), Status.TIME_LIMIT
            K *= 4
            x = resize(kernel, static, K)
            continue
        tail = np.abs(x[-1 - max(1, K // 16) : -1] - x[-1]).mean()
        if fallen(x) or tail <= max(rtol, SEEN) * (x[0] - x[-1]):
            return x, Status.OK
        if 2 * K > LONGEST_WINDOW:
            return x, Status.WINDOW_TOO_SHORT
        if deadline.passed:
            return x, Status.TIME_LIMIT
        K *= 2
        x = resize(x[:-1], float(x[-1]), K)


def _replicates(
    model: GRUResetBefore,
    x: np.ndarray,
    paths: int,
    rng: np.random.Generator,
    rtol: float,
    deadline: Deadline,
    fallen: Callable[[np.ndarray], bool],
) -> list[Replicate]:
    """Independent roots near x; at least two, fewer than REPLICATES if time runs out."""
    found: list[Replicate] = []
    secants = Secants()
    for child in rng.spawn(REPLICATES):
        one = SampledKernelMap(model, child, paths, len(x) - 2)
        root, rounds, converged = one.solve(x, SETTLED * rtol * x[0], ROUNDS, fallen, secants)
        down = fallen(root)
        excess = None if down else one.excess(root)
        found.append(Replicate(root[:-1], float(root[-1]), excess, rounds, converged, down))
        if deadline.passed and len(found) > 1:
            break
    return found


def _pooled(model: GRUResetBefore, replicates: list[Replicate], C: float) -> ConditionalMoment:
    coefficients = np.mean([r.excess.coefficients for r in replicates if r.excess], axis=0)
    return ConditionalMoment(float(model.b_z), model.a_z**2 * float(C) + model.v_z, coefficients)
