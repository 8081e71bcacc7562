"""The time-dependent mean-field steady state: its kind, its autocorrelation, an error bar."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from rmt_gates.architectures.base import require_scalar
from rmt_gates.architectures.gru import GRUResetBefore
from rmt_gates.gaussian import SIGMOID, SIGMOID_SQUARED, expect
from rmt_gates.gaussian.conditional_moment import ConditionalMoment
from rmt_gates.mean_field.anderson import Secants
from rmt_gates.mean_field.constant_gate import constant_gate_kernel
from rmt_gates.mean_field.fixed_points import FixedPoint, FixedPoints, fixed_points
from rmt_gates.mean_field.kernels import resize
from rmt_gates.mean_field.sampled_gate import Replicate, SampledKernelMap
from rmt_gates.results import Record, Status
from rmt_gates.unit import Unit

REPLICATES = 8
FIRST_WINDOW = 64
LONGEST_WINDOW = 1 << 14
COARSE_PATHS = 64
SEEN = 1e-3  # the sampling noise of COARSE_PATHS hides a smaller tail
ROUNDS = 60
DECAYED = 1.0  # in units of rtol: how far C_h has to decay inside the window
MAX_PATHS = 1 << 16


@dataclass(frozen=True, repr=False)
class SteadyState(Record):
    """A stationary state of the infinite network.

    Attributes
    ----------
    C_h : (K+1,) autocorrelation E[h_t h_{t+k}] at lags 0…K; one number where it is constant.
    C_h_error : (K+1,) standard errors; 0 for an exact state.
    kind : "zero", "fixed point" or "chaotic".
    converged, status, message : whether, and in words why not.
    static : C_h(∞). excess : E[(h−φ(y))²|ζ], None where it vanishes.
    replicates : (C_h(0), excess) of the independent replicates behind the errors.
    note : a caveat that belongs to the state.
    unit : the joint variables (h, ζ, ξ, y) at one time, from sampled paths.
    """

    model: Any
    C_h: np.ndarray
    C_h_error: np.ndarray
    kind: str
    status: Status
    static: float
    excess: ConditionalMoment | None = None
    replicates: tuple[tuple[float, ConditionalMoment], ...] = ()
    seed: int = 0
    note: str = ""

    _shown = ("kind", "C_h0", "C_h0_error", "lags", "status")

    @property
    def C_h0(self) -> float:
        """C_h(0) = E[h²]."""
        return float(self.C_h[0])

    @property
    def C_h0_error(self) -> float:
        """Standard error of C_h(0)."""
        return float(self.C_h_error[0])

    @property
    def lags(self) -> int:
        """The largest lag K."""
        return len(self.C_h) - 1

    @property
    def converged(self) -> bool:
        """Whether status is OK."""
        return self.status == Status.OK

    @property
    def message(self) -> str:
        """The kind and the status in words."""
        what = {
            "zero": "The attractor is the zero state.",
            "fixed point": "The attractor is a stable fixed point; C_h does not depend on the lag.",
            "chaotic": "The attractor is a time-dependent (chaotic) state.",
        }
        return " ".join(filter(None, (what[self.kind], self.status.sentence, self.note)))

    @cached_property
    def unit(self) -> Unit:
        """10⁴ samples of the unit's variables, jointly."""
        if self.kind == "chaotic":
            from rmt_gates.mean_field.path_unit import path_unit

            return path_unit(self.model, self.C_h, self.static, self.seed)
        from rmt_gates.mean_field.independent_unit import independent_unit

        return independent_unit(self.model, float(self.C_h[0]))

    @property
    def averages(self) -> dict[str, tuple[float, float]]:
        """One-unit averages by name, each with its standard error."""
        values = self.model.averages(self.C_h0, self.excess)
        if len(self.replicates) < 2:
            return {name: (value, 0.0) for name, value in values.items()}
        each = [self.model.averages(C, excess) for C, excess in self.replicates]
        scale = np.sqrt(len(each))
        return {
            name: (value, float(np.std([one[name] for one in each], ddof=1) / scale))
            for name, value in values.items()
        }

    def save(self, path: Any) -> None:
        """Write this state to ``path`` (.npz); `rg.load` reads it back."""
        from rmt_gates.mean_field.storage import save

        save(self, path)

    def to_dataset(self) -> Any:
        """C_h and its error over ``lag``, as an `xarray.Dataset`."""
        import xarray as xr

        dataset = xr.Dataset(
            {"C_h": ("lag", self.C_h), "C_h_error": ("lag", self.C_h_error)},
            coords={"lag": np.arange(len(self.C_h))},
        )
        dataset.attrs.update(model=repr(self.model), kind=self.kind, status=self.message)
        return dataset


def steady_state(
    model: GRUResetBefore,
    *,
    start: Any = "large",
    rng: Any = None,
    rtol: float = 5e-3,
    max_seconds: float | None = None,
) -> SteadyState:
    """The state that the infinite network settles into.

    Exact and deterministic for a constant update gate (a_z = v_z = 0); otherwise sampled: paths
    of the update gate with common random numbers make the self-consistency a smooth root, y is
    averaged analytically, and independent replicates give the standard error.

    Parameters
    ----------
    model : a scalar parameter record.
    start : "large" (from the largest fixed point), "zero" (from the smallest), a `SteadyState`, or
        a kernel (K+1,): chooses the branch where several states coexist.
    rng : anything `numpy.random.default_rng` takes.
    rtol : bound on stderr(C_h(0)) / C_h(0).
    max_seconds : returns what was reached by then, ``converged=False``, with its error.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> state = rg.steady_state(rg.GRU(a_h=3, a_r=10))
    >>> state.kind, round(state.C_h0, 6)
    ('chaotic', 0.352017)
    """
    require_scalar(model, "steady_state")
    if not (isinstance(rtol, float | int) and 0 < rtol < 1):
        raise ValueError(f"rtol must lie between 0 and 1, got {rtol!r}")
    if max_seconds is not None and not max_seconds > 0:
        raise ValueError(f"max_seconds must be positive or None, got {max_seconds!r}")
    points = fixed_points(model)
    kernel, static, attractor = starting_kernel(model, start, points)
    generator = np.random.default_rng(rng)
    if attractor is not None:
        return at_rest(attractor)
    if model.constant_gate:
        return _exact(model, kernel, static, points)
    deadline = None if max_seconds is None else time.monotonic() + max_seconds
    return _sampled(model, kernel, static, points, generator, rtol, deadline)


def starting_kernel(
    model: GRUResetBefore, start: Any, points: FixedPoints
) -> tuple[np.ndarray, float, FixedPoint | None]:
    """(kernel, static, None) to start from, or the stable fixed point that is the answer."""
    if isinstance(start, str):
        if start not in ("large", "zero"):
            raise ValueError(
                f"start must be 'large', 'zero', a SteadyState or a kernel, got {start!r}"
            )
        point = points[-1 if start == "large" else 0]
        if point.stable:
            return np.empty(0), 0.0, point
        top = point if point.C_h > 0 else points[-1]
        return _decaying(model, top.C_h if top.C_h > 0 else 0.3), 0.0, None
    if isinstance(start, SteadyState):
        kernel, static = start.C_h, start.static
        if start.kind != "chaotic":
            return starting_kernel(model, _decaying(model, max(float(kernel[0]), 1e-6)), points)
        return kernel, static, None
    kernel = np.asarray(start, float)
    if kernel.ndim != 1 or len(kernel) < 1 or not np.all(np.isfinite(kernel)):
        raise ValueError("start must be 'large', 'zero', a SteadyState or a finite 1-D kernel")
    if not 0 < kernel[0] <= 1 or np.any(np.abs(kernel) > kernel[0]):
        raise ValueError("start, as a kernel, needs 0 < C_h(0) ≤ 1 and |C_h(k)| ≤ C_h(0)")
    if len(kernel) == 1:
        kernel = _decaying(model, float(kernel[0]))
    return kernel, 0.0 if model.zero_bias else float(kernel[-1]), None


def _decaying(model: GRUResetBefore, C: float) -> np.ndarray:
    """C e^{−k/τ}, τ a few times the leak's memory."""
    from rmt_gates.gaussian import sigmoid

    memory = min(4.0 / float(sigmoid(-model.b_z)) + 4.0, FIRST_WINDOW / 5)
    return C * np.exp(-np.arange(FIRST_WINDOW + 1) / memory)


def at_rest(point: FixedPoint) -> SteadyState:
    return SteadyState(
        point.model,
        np.array([point.C_h]),
        np.zeros(1),
        "zero" if point.C_h == 0 else "fixed point",
        Status.OK,
        point.C_h,
    )


def collapse(points: FixedPoints) -> Callable[[np.ndarray], bool]:
    """Whether a kernel has fallen into the basin of a stable fixed point."""
    stable = points.C_h[points.stable]
    positive = points.C_h[points.C_h > 0]

    def fallen(x: np.ndarray) -> bool:
        if 0 in stable and len(positive) and x[0] < 0.05 * positive[0]:
            return True
        if 0 in stable and x[0] < 1e-7:
            return True
        rests = stable[stable > 0]
        flat = np.ptp(x) < 1e-3 * x[0]
        return bool(flat and len(rests) and np.min(np.abs(rests / x[0] - 1)) < 1e-2)

    return fallen


def nearest_rest(points: FixedPoints, C: float) -> SteadyState:
    stable = np.flatnonzero(points.stable)
    return at_rest(points[int(stable[np.argmin(np.abs(points.C_h[stable] - C))])])


def _exact(
    model: GRUResetBefore, kernel: np.ndarray, static: float, points: FixedPoints
) -> SteadyState:
    fallen = collapse(points)
    result, decayed = constant_gate_kernel(model, kernel, static, fallen)
    if fallen(result.image):
        return nearest_rest(points, float(result.image[0]))
    C, limit = result.image[:-1], float(result.image[-1])
    status = Status.OK
    if result.residual > 1e-12 * C[0]:
        status = Status.NOT_CONVERGED
    elif not decayed:
        status = Status.WINDOW_TOO_SHORT
    excess = constant_excess(model, C, limit)
    if status != Status.OK:
        C = np.full_like(C, np.nan)
    return SteadyState(model, C, np.zeros_like(C), "chaotic", status, limit, excess)


def constant_excess(model: GRUResetBefore, C: np.ndarray, limit: float) -> ConditionalMoment:
    """E[(h−φ)²] if h_t does not depend on ζ_t; E[hφ] then follows from stationarity of E[h²]."""
    variance = model.a_z**2 * C[0] + model.v_z
    s, z_squared = (expect(f, model.b_z, variance) for f in (SIGMOID, SIGMOID_SQUARED))
    C_phi = model.phi_kernel(np.append(C, limit))[0]
    cross = ((1 - z_squared) * C[0] - (1 - 2 * s + z_squared) * C_phi) / (2 * (s - z_squared))
    return ConditionalMoment(model.b_z, variance, np.array([C[0] - 2 * cross + C_phi]))


def _sampled(
    model: GRUResetBefore,
    kernel: np.ndarray,
    static: float,
    points: FixedPoints,
    rng: np.random.Generator,
    rtol: float,
    deadline: float | None,
) -> SteadyState:
    fallen = collapse(points)
    coarse_rng, fine_rng, unit_rng = rng.spawn(3)
    seed = int(unit_rng.integers(2**63))

    # the window: coarse rounds until the autocorrelation has decayed inside it
    K = max(FIRST_WINDOW, len(kernel) - 1)
    x = resize(kernel, static, K)
    while True:
        coarse = SampledKernelMap(model, coarse_rng, COARSE_PATHS, K)
        x, _, _ = coarse.solve(x, 2e-3 * x[0], ROUNDS, fallen)
        if fallen(x):
            return nearest_rest(points, float(x[0]))
        tail = np.abs(x[-1 - max(1, K // 16) : -1] - x[-1]).mean()
        decayed = tail <= DECAYED * max(rtol, SEEN) * (x[0] - x[-1])
        late = deadline is not None and time.monotonic() > deadline
        if decayed or 2 * K > LONGEST_WINDOW or late:
            break
        K *= 2
        x = resize(x[:-1], float(x[-1]), K)

    paths = max(COARSE_PATHS, 4 * COARSE_PATHS * FIRST_WINDOW // K)
    status = Status.OK if decayed else Status.WINDOW_TOO_SHORT
    while True:
        replicates: list[Replicate] = []
        secants = Secants()
        for child in fine_rng.spawn(REPLICATES):
            one = SampledKernelMap(model, child, paths, K)
            root, rounds, converged = one.solve(x, 0.1 * rtol * x[0], ROUNDS, fallen, secants)
            if fallen(root):
                return nearest_rest(points, float(root[0]))
            replicates.append(
                Replicate(root[:-1], float(root[-1]), one.excess(root), rounds, converged)
            )
            if deadline is not None and time.monotonic() > deadline and len(replicates) > 1:
                status = Status.TIME_LIMIT if status == Status.OK else status
                break
        kernels = np.array([r.kernel for r in replicates])
        mean = kernels.mean(axis=0)
        error = kernels.std(axis=0, ddof=1) / np.sqrt(len(kernels))
        reached = error[0] / mean[0]
        if reached <= rtol or status == Status.TIME_LIMIT:
            break
        more = min(int(paths * min(1.3 * (reached / rtol) ** 2, 16.0)) + 1, MAX_PATHS)
        if paths >= MAX_PATHS:
            status = Status.NOT_CONVERGED
            break
        paths = more
        x = np.append(mean, np.mean([r.static for r in replicates]))
    if reached <= rtol and status == Status.TIME_LIMIT:
        status = Status.OK
    if not all(r.converged for r in replicates) and status == Status.OK:
        status = Status.NOT_CONVERGED
    excess = replicates[0].excess
    pooled = ConditionalMoment(
        excess.mean,
        model.a_z**2 * float(mean[0]) + model.v_z,
        np.mean([r.excess.coefficients for r in replicates], axis=0),
    )
    return SteadyState(
        model,
        mean,
        error,
        "chaotic",
        status,
        float(np.mean([r.static for r in replicates])),
        pooled,
        tuple((float(r.kernel[0]), r.excess) for r in replicates),
        seed,
    )
