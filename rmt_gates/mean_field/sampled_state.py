"""The sampled steady state: a long enough window, independent replicates, an honest error."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from rmt_gates.architectures.base import Architecture
from rmt_gates.gaussian.conditional_moment import ConditionalMoment
from rmt_gates.mean_field.anderson import Secants
from rmt_gates.mean_field.attraction import attracting_root
from rmt_gates.mean_field.fixed_points import FixedPoints
from rmt_gates.mean_field.kernels import resize
from rmt_gates.mean_field.sampled_map import (
    Replicate,
    SampledKernelMap,
    gate_law,
    signed_tails,
    tail,
)
from rmt_gates.mean_field.state import SteadyState, collapse, nearest_rest, not_found
from rmt_gates.results import Status

REPLICATES = 8
FIRST_WINDOW = 64
FIRST_PATHS = 256  # of a replicate with the first window
CONFIRMED = 1000  # lags: a window cut too short can kill a living state, so a longer one decides
LONGEST_WINDOW = 1 << 14
SEEN = 1e-3  # the sampling noise of the coarse paths hides a smaller tail
ROUNDS = 60
SETTLED = 0.02  # in units of rtol: the last step of a root, below its sampling error
FINEST = 1e-6  # step of a root, relative: the rounding of single precision is below
COARSEST = 0.02  # a larger rtol makes no root coarser: their scatter would not show how far off
MAX_PATHS = 1 << 16
DOUBTS = 2  # times the sample is quadrupled because a replicate has fallen or does not settle
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
    model: Architecture,
    kernel: np.ndarray,
    static: float,
    points: FixedPoints,
    rng: np.random.Generator,
    rtol: float,
    max_seconds: float | None,
) -> SteadyState:
    """The steady state next to a starting kernel over lags 0…K with limit ``static``."""
    deadline = Deadline(max_seconds)
    down_from = collapse(points)
    coarse_rng, fine_rng, unit_rng = rng.spawn(3)
    seed = int(unit_rng.integers(2**63))

    def fallen(order: np.ndarray) -> bool:
        return down_from(order[0])

    start = initial_order(model, kernel, static)
    coexisting = bool(np.any(points.stable))
    order, secants, status = _find_window(
        model, start, coarse_rng, rtol, deadline, fallen, coexisting
    )
    if fallen(order):
        return nearest_rest(points, float(order[0, 0]))
    if status != Status.OK:
        # the memory is longer than the window: what was found depends on where it was cut
        return not_found(model, order.shape[1] - 2, status)
    K = order.shape[1] - 2
    paths = max(model.coarse_paths, FIRST_PATHS * FIRST_WINDOW // K)
    doubts, note = DOUBTS, ""
    while True:
        replicates = _replicates(
            model, order, secants, paths, fine_rng, rtol, deadline, fallen, coexisting
        )
        down = [r for r in replicates if r.fallen]
        if len(down) == len(replicates):
            return nearest_rest(points, float(down[0].order[0, 0]))
        settled = all(r.converged for r in replicates if not r.fallen)
        doubtful = down or not settled
        if doubtful and doubts and not deadline.passed and paths < MAX_PATHS:
            doubts -= 1  # close to where this state ends the noise decides: use less of it
            paths = min(4 * paths, MAX_PATHS)
            continue
        if down:
            note = f"{len(down)} of {len(replicates)} replicates fell to a state at rest: {NEAR}"
        if 2 * len(down) >= len(replicates):
            return replace(nearest_rest(points, float(down[0].order[0, 0])), note=note)
        if not settled:
            status = Status.TIME_LIMIT if deadline.passed else Status.NOT_CONVERGED
            return not_found(model, order.shape[1] - 2, status)
        replicates = [r for r in replicates if not r.fallen]
        each = np.array([r.order for r in replicates])
        order = each.mean(axis=0)
        K = order.shape[1] - 2
        cut = _tail_is_hidden(model, each, len(each) * paths, rtol)
        if cut and not deadline.passed:
            if 2 * K > LONGEST_WINDOW:
                return not_found(model, K, Status.WINDOW_TOO_SHORT)
            order, secants = resized(order, 2 * K), Secants()
            continue
        error = each[:, 0, :-1].std(axis=0, ddof=1) / np.sqrt(len(each))
        C = float(order[0, 0])
        reached = error[0] / C
        if reached <= rtol or deadline.passed or paths == MAX_PATHS:
            break
        paths = min(int(paths * min(1.3 * (reached / rtol) ** 2, 16.0)) + 1, MAX_PATHS)
    if reached > rtol or cut:
        status = Status.TIME_LIMIT if deadline.passed else Status.SAMPLE_LIMIT
    return SteadyState(
        model,
        order[0, :-1],
        error,
        "chaotic",
        status,
        float(order[0, -1]),
        _pooled(model, replicates, order),
        tuple((float(r.order[0, 0]), r.moment) for r in replicates),
        seed,
        note,
        order[1:] if len(order) > 1 else None,
    )


def _tail_is_hidden(model: Architecture, each: np.ndarray, paths: int, rtol: float) -> bool:
    """Whether the replicates' orders (n, m, K+2) show a tail that the coarse root did not.

    Where the noise of a tail is declared it is part of what counts as decayed. Where y is averaged
    analytically there is little, but some where the memory is long: then by more than twice its
    scatter, and by more than the coarse root's own tolerance.
    """
    visible = visible_tail(model, paths, rtol)
    if model.tail_noise > 0:
        return tail(each.mean(axis=0)) > visible
    tails = np.array([signed_tails(one) for one in each])
    noise = tails.std(axis=0, ddof=1) / np.sqrt(len(each))
    return bool(np.max(np.abs(tails.mean(axis=0)) - 2 * noise) > 2 * visible)


def visible_tail(model: Architecture, paths: int, rtol: float) -> float:
    """The tail, relative to C(0), that counts as decayed: below rtol, or hidden in the noise."""
    return max(rtol, SEEN, model.tail_noise / np.sqrt(paths))


def initial_order(model: Architecture, kernel: np.ndarray, static: float) -> np.ndarray:
    """Order parameters to start from: each feature decays like h, from its size at rest."""
    C_h = np.append(kernel, static)
    C = float(C_h[0])
    return np.array([C_h * (float(feature) / C) for feature in model.rest_features(C)])


def _find_window(
    model: Architecture,
    order: np.ndarray,
    rng: np.random.Generator,
    rtol: float,
    deadline: Deadline,
    fallen: Callable[[np.ndarray], bool],
    coexisting: bool,
) -> tuple[np.ndarray, Secants, Status]:
    """A coarse kernel in a window in which it decays to rtol, doubling the window until it does.

    With the secants of its solve: the replicates' maps have nearly the same Jacobian. Whether the
    coarse solve settled does not matter: the replicates say whether they did.
    """
    start = order
    K = max(FIRST_WINDOW, order.shape[1] - 2)
    order = resized(start, K)
    paths = model.coarse_paths

    def stop(x: np.ndarray) -> bool:
        return fallen(x) or deadline.passed

    while True:
        coarse, secants = SampledKernelMap(model, rng, paths, K, np.float32), Secants()
        order, _, _ = _root(coarse, order, 2e-3, stop, secants, coexisting, deadline)
        if fallen(order) and K < CONFIRMED:
            if deadline.passed:
                return np.full_like(order, np.nan), secants, Status.TIME_LIMIT
            K *= 4
            order = resized(start, K)
            continue
        if fallen(order):
            return order, secants, Status.OK
        if tail(order) <= visible_tail(model, paths, rtol):
            return order, secants, Status.OK
        if 2 * K > LONGEST_WINDOW:
            return order, secants, Status.WINDOW_TOO_SHORT
        if deadline.passed:
            return order, secants, Status.TIME_LIMIT
        K *= 2
        order = resized(order, K)


def _root(
    one: SampledKernelMap,
    order: np.ndarray,
    tolerance: float,
    stop: Callable[[np.ndarray], bool],
    secants: Secants,
    coexisting: bool,
    deadline: Deadline,
) -> tuple[np.ndarray, int, bool]:
    """The root from ``order``, to a tolerance relative to C_h(0): (order, rounds, converged).

    Where a stable state at rest coexists a root may repel, and is not the answer; there the secants
    of other maps, which may lead to it, are not used, and a root that there was no time to ask has
    not converged.
    """
    absolute = tolerance * order[0, 0]
    if not coexisting:
        plain = 0 if secants.dX else 2
        return one.solve(order, absolute, ROUNDS, stop, secants, plain)
    ends = []

    def solve(x: np.ndarray) -> np.ndarray:
        ends.append(one.solve(x, absolute, ROUNDS, stop, Secants(), plain=2))
        return ends[-1][0]

    root = attracting_root(one, solve, order, lambda x: stop(x) or deadline.passed)
    last, rounds, converged = ends[-1]
    return root, rounds, converged and root is last and not deadline.passed


def resized(order: np.ndarray, K: int) -> np.ndarray:
    """The order parameters cut or continued to K lags."""
    return np.array([resize(row[:-1], float(row[-1]), K) for row in order])


def _replicates(
    model: Architecture,
    order: np.ndarray,
    secants: Secants,
    paths: int,
    rng: np.random.Generator,
    rtol: float,
    deadline: Deadline,
    fallen: Callable[[np.ndarray], bool],
    coexisting: bool,
) -> list[Replicate]:
    """Independent roots near ``order``; at least two, fewer than REPLICATES if time runs out."""
    found: list[Replicate] = []

    def late() -> bool:
        return len(found) > 1 and deadline.passed

    for child in rng.spawn(REPLICATES):
        one = SampledKernelMap(model, child, paths, order.shape[1] - 2, np.float32)
        root, rounds, converged = _root(
            one,
            order,
            max(SETTLED * min(rtol, COARSEST), FINEST),
            lambda x: fallen(x) or late(),
            secants,
            coexisting,
            deadline,
        )
        down = fallen(root)
        if not converged and not down and late():
            break
        moment = None if down else one.moment(root)
        found.append(Replicate(root, moment, rounds, converged, down))
        if late():
            break
    return found


def _pooled(
    model: Architecture, replicates: list[Replicate], order: np.ndarray
) -> ConditionalMoment | None:
    moments = [r.moment.coefficients for r in replicates if r.moment]
    return ConditionalMoment(*gate_law(model, order), np.mean(moments, axis=0)) if moments else None
