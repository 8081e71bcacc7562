"""The boundary of the support of the Jacobian's eigenvalues, as a graph y(x) over the real axis.

At fixed Re λ every S(λ) strictly decreases with |Im λ| (THEORY.md §4.2): for each x there is at
most one y(x) > 0 with S(x + iy) = 0, and no contour has to be traced.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from rmt_gates.architectures.base import PoleTerm
from rmt_gates.results import Record, Status
from rmt_gates.spectra.boundary_function import BoundaryFunction, CriterionBoundary
from rmt_gates.spectra.states import check_state, complex_numbers
from rmt_gates.unit import Unit

FLAT = 0.01  # height over radius: contours see nothing lower
POINTS = 401
ROUNDS = 60
THINNEST = 1e-100  # of lenses that are told apart from 0 by Newton's method
EPSILON = 2.0**-52
COARSE = 8  # every COARSE-th point first, the others from interpolated starts
TOLERANCE = 1e-6  # of the last Newton step: the error is its square
LOWEST = -690.0  # log of the smallest distance to 0 or 1 that is looked at


@dataclass(frozen=True, repr=False)
class SpectralCurve(Record):
    """Boundary of the support of the eigenvalues at N = ∞ (upper half; it is symmetric).

    Attributes
    ----------
    x, y : the graph y(x), cosine-spaced between the end points, where y = 0.
    y_error : (like y) standard errors, for a sampled state.
    radius : largest |λ| of the support. radius_error : its standard error, 0 for an exact state.
    marginal : whether the radius is exactly 1, by an exponentially thin lens on [0, 1] that no
        network of N units shows (then see `radius_at`).
    status, message : of the state the curve belongs to.
    """

    x: np.ndarray
    y: np.ndarray
    radius: float
    radius_error: float
    marginal: bool
    status: Status
    boundary: BoundaryFunction | CriterionBoundary = field(repr=False)
    gate: tuple[float, float] | np.ndarray = field(repr=False)
    source: Any = field(repr=False, default=None)

    _shown = ("radius", "radius_error", "marginal", "status")

    @property
    def message(self) -> str:
        """The status in words."""
        return self.status.sentence

    def S(self, lam: Any) -> Any:
        """S(λ): > 0 inside, 0 on the boundary; vectorised. +∞ where a gate density meets λ."""
        lam = complex_numbers("lam", lam)
        x, y = lam.real.ravel(), np.abs(lam.imag.ravel())
        value = np.where(np.isnan(x) | np.isnan(y), np.nan, np.inf)
        off = (y > 0) | (x < 0) | (x > 1) | (not self.boundary.gate_density)
        if off.any():
            value[off] = self.boundary.plus_one(x[off], 1 - x[off], y[off])[0] - 1
        if isinstance(self.boundary, BoundaryFunction) and self.boundary.gate_density:
            # at its ends the density vanishes faster than any power
            for end, right in ((0, False), (1, True)):
                value[(y == 0) & (x == end)] = self.boundary.beyond(0.0, right) - 1
        return value.reshape(lam.shape) if lam.ndim else float(value[0])

    def contains(self, lam: Any) -> Any:
        """Whether λ lies in the support (boundary included, and with a gate density [0, 1])."""
        lam = complex_numbers("lam", lam)
        on_gate = (lam.imag == 0) & (lam.real >= 0) & (lam.real <= 1) & self.boundary.gate_density
        inside = (self.S(lam) >= 0) | on_gate
        return inside if lam.ndim else bool(inside)

    def radius_at(self, N: int) -> float:
        """The largest |λ| of a network of N units: one of its eigenvalues is expected beyond it.

        From the density and the blur of the edge (THEORY.md §4.7); of a sampled state it scatters
        with the sample, by 0.008 at (3, 1, 10) and N = 400. Of more units than the state's sample
        has, and of spectra that are all but a line: max( outermost x with S(x + i/N) = 0,
        the 1−1/N quantile of the gate ), since a lens thinner than the spacing of N eigenvalues is
        not seen, but N gates reach their own quantile.
        """
        if not isinstance(N, int | np.integer) or isinstance(N, bool) or N < 1:
            raise ValueError(f"N must be a positive integer, got {N!r}")
        flat = not np.nanmax(self.y) > FLAT * self.radius
        if not flat and self.source is not None and len(self._unit) >= N:
            from rmt_gates.spectra.largest import largest_eigenvalue

            return largest_eigenvalue(self._unit, self.x, self.y, self.edge_density, int(N))
        within = max(self._outermost(1.0 / N), self._gate_quantile(1.0 / N))
        return min(within, self.radius)  # beyond it by rounding alone

    @property
    def _unit(self) -> Unit:
        return self.source if isinstance(self.source, Unit) else self.source.unit

    def _gate_quantile(self, above: float) -> float:
        """What a fraction ``above`` of the gates exceeds."""
        from scipy.special import expit, ndtri

        if isinstance(self.gate, tuple):
            mean, variance = self.gate
            if variance == 0:
                return float(expit(mean))
            return float(expit(mean - np.sqrt(variance) * ndtri(above)))
        return float(np.quantile(self.gate, 1 - above))

    def _outermost(self, height: float) -> float:
        """The largest x with S(x + i·height) = 0; −∞ if there is none."""
        from scipy.optimize import brentq

        def S(x: float) -> float:
            return float(self.boundary.plus_one(x, 1 - x, height)[0][0]) - 1

        right = self.x[-1] + height
        grid = np.concatenate(
            [np.linspace(self.x[0], right, 801), 1 - np.geomspace(1e-8, 0.3, 200)]
        )
        grid = np.unique(grid[(grid >= self.x[0]) & (grid <= right)])
        inside = self.boundary.plus_one(grid, 1 - grid, np.full(grid.shape, height))[0] > 1
        if not inside.any():
            return -np.inf
        last = int(np.flatnonzero(inside)[-1])
        if last == len(grid) - 1 or not S(grid[last]) > 0:  # for the end's own rounding
            return float(grid[last])
        return float(brentq(S, grid[last], grid[last + 1], xtol=1e-14))

    @cached_property
    def y_error(self) -> np.ndarray:
        """Standard errors of y at x, from the replicates of a sampled state; 0 for an exact one."""
        inner = slice(1, -1)
        heights = [
            np.pad(solve_height(boundary, self.x[inner], 1 - self.x[inner]), 1)
            for boundary in _replicates(self.source)
        ]
        return np.asarray(_standard_error(heights)) if heights else np.zeros(self.x.shape)

    @cached_property
    def edge_density(self) -> np.ndarray:
        """(like x) density of eigenvalues per unit of the network, just inside the curve."""
        from rmt_gates.spectra.edge import boundary_density

        if self.x[0] == self.x[-1]:  # a point has no inside
            return np.zeros(self.x.shape)
        return boundary_density(self._unit, self.x, self.y)

    def expected_outside(self, N: int) -> float:
        """How many eigenvalues of a network of N units to expect outside the curve.

        The edge of the spectrum is blurred: √N (2π√2)⁻¹ ∮ √μ_edge |dλ| (THEORY.md §4.4).
        """
        from rmt_gates.spectra.edge import blur

        return float(np.sqrt(N)) * blur(self.x, self.y, self.edge_density, N)


def spectral_curve(state: Any) -> SpectralCurve:
    """Boundary of the support of the Jacobian's eigenvalues (Theorem 4.1, (18)).

    Parameters
    ----------
    state : a `FixedPoint`, a `SteadyState`, or a `Unit` (``network.unit(h)``): then the boundary is
        that of the criterion over this sample, Λ(λ) = 1, with no assumption on how the unit's
        variables depend on each other, and ``S`` is Λ − 1.

    Returns
    -------
    SpectralCurve : ``.x .y .S(lam) .contains(lam) .radius .radius_error .marginal .radius_at(N)``.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> point = rg.fixed_points(rg.GRU(a_h=3, a_r=10))[-1]
    >>> round(rg.spectral_curve(point).radius, 6)
    1.340988
    """
    if isinstance(state, Unit):
        return _from_sample(state, state)
    check_state(state, "spectral_curve")
    C = float(np.ravel(state.C_h)[0])
    terms = state.model.pole_terms(C, state.moment)
    if terms is None:
        return _from_sample(state.unit, state)
    boundary = BoundaryFunction(terms)
    x, y, radius, marginal = _graph(boundary, terms[-1])
    return SpectralCurve(
        x,
        y,
        radius,
        _radius_error(state),
        marginal,
        state.status,
        boundary,
        gate=(terms[-1].mean, terms[-1].variance),
        source=state,
    )


def spectral_radius(state: Any) -> float:
    """N = ∞ radius of the Jacobian's support: ``spectral_curve(state).radius``.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> round(rg.spectral_radius(rg.fixed_points(rg.GRU(a_h=3))[0]), 9)
    1.25
    """
    if hasattr(state, "C_h") and not np.isfinite(np.ravel(state.C_h)[0]):
        return float("nan")
    return spectral_curve(state).radius


def _graph(
    boundary: BoundaryFunction, gate: PoleTerm
) -> tuple[np.ndarray, np.ndarray, float, bool]:
    if not boundary.gate_density:
        return _circle(gate, boundary.weight)
    if boundary.weight == 0:  # a_h = 0: J = ẑ, eigenvalues on [0, 1] alone
        x, _ = _cosine_grid(0.0, 0.0)
        return x, np.zeros(x.shape), 1.0, True
    right, marginal = _right_distance(boundary)
    left = _left_distance(boundary)
    x, u = _cosine_grid(left, right)
    y = np.zeros(x.shape)
    inner = slice(1, -1)
    y[inner] = solve_height(boundary, x[inner], u[inner])
    return x, y, max(1 + right, left), marginal


def _circle(gate: PoleTerm, weight: float) -> tuple[np.ndarray, np.ndarray, float, bool]:
    """A constant gate: |λ − s|² = (1−s)² q, (23)."""
    from scipy.special import expit

    centre, R = float(expit(gate.mean)), float(np.sqrt(weight))
    angle = np.pi * np.arange(POINTS)[::-1] / (POINTS - 1)
    x, y = centre + R * np.cos(angle), R * np.sin(angle)
    y[[0, -1]] = 0.0
    return x, y, centre + R, False


def _right_distance(boundary: BoundaryFunction) -> tuple[float, bool]:
    """δ of the right end 1+δ, and whether it is a cusp at 1."""
    if boundary.beyond(0.0, right=True) <= 1:
        return 0.0, True
    return _edge_distance(lambda d: boundary.beyond(d, right=True), boundary.weight), False


def _left_distance(boundary: BoundaryFunction) -> float:
    """δ ≥ 0 of the left end −δ; 0 is a cusp."""
    return _edge_distance(lambda d: boundary.beyond(d, right=False), boundary.weight)


def _edge_distance(plus_one: Callable[[float], float], weight: float) -> float:
    """The root δ of S = 0, in log δ: S+1 ≤ weight/δ² bounds it from above."""
    from scipy.optimize import brentq

    def log_S(log_delta: float) -> float:
        return float(np.log(plus_one(np.exp(log_delta))))

    high = 0.5 * np.log(weight) + 1e-9
    if not log_S(LOWEST) > 0:
        return 0.0  # a cusp, or an edge closer to it than floating point can tell
    return float(np.exp(brentq(log_S, LOWEST, high, xtol=1e-14, rtol=1e-15)))


def _cosine_grid(left: float, right: float) -> tuple[np.ndarray, np.ndarray]:
    """x from −left to 1+right and u = 1−x, both without cancellation at the ends."""
    half = np.sin(0.5 * np.pi * np.arange(POINTS) / (POINTS - 1)) ** 2
    length = 1 + left + right
    return -left + length * half, -right + length * half[::-1]


def solve_height(
    boundary: BoundaryFunction | CriterionBoundary, x: np.ndarray, u: np.ndarray
) -> np.ndarray:
    """y(x) > 0 with S(x + iy) = 0; 0 where S(x + i0) ≤ 0.

    Newton for 1/(S+1) = 1 in Y = y². Y ↦ 1/E[n/(d+Y)] is concave and increasing, so from the
    left of the root the steps increase monotonically towards it; no safeguard is needed there.
    """
    inside = boundary.gate_density & (x > 0) & (u > 0)
    lens = np.zeros(x.shape)
    if inside.any():
        lens[inside] = boundary.lens_height(x[inside], u[inside])
    top = boundary.scale
    y = np.where(lens > THINNEST, 0.7 * np.minimum(lens, top), 1e-3 * top)
    coarse = np.arange(len(x)) % COARSE == 0
    _newton(boundary, x, u, y, np.flatnonzero(coarse), lens)
    rest = np.flatnonzero(~coarse)
    guess = np.interp(rest, np.flatnonzero(coarse), y[coarse])
    y[rest] = np.where(guess > THINNEST, guess, y[rest])
    _newton(boundary, x, u, y, rest, lens)
    return y


def _newton(
    boundary: BoundaryFunction | CriterionBoundary,
    x: np.ndarray,
    u: np.ndarray,
    y: np.ndarray,
    active: np.ndarray,
    lens: np.ndarray,
) -> None:
    """Newton's method for 1/(S+1) = 1 in y², in place, at the points ``active``.

    Where it sinks below what floating point can tell from 0, the gate's density is all that keeps
    S above 0: S+1 = A + lens/y, A the part without the pole, so y = lens / (1 − A).
    """
    lowest = 1e-14 * boundary.scale
    for _ in range(ROUNDS):
        if not len(active):
            break
        yy = y[active]
        A, dA = boundary.plus_one(x[active], u[active], yy)
        with np.errstate(divide="ignore", invalid="ignore"):
            # g = 1/A, dg/dY = −(dA/dy)/(2 y A²): ΔY = (1 − g)/(dg/dY); A = 0 if nothing is spread
            Y = np.where(A > 0, yy * yy + (1 - A) * A * 2 * yy / dA, 0.0)
        new = np.sqrt(np.maximum(Y, (1e-4 * yy) ** 2))
        dead = (new < lowest) & (lens[active] <= THINNEST)
        y[active] = np.where(dead, lens[active] / (1 - np.minimum(A, 1 - EPSILON)), new)
        active = active[~(dead | (np.abs(new - yy) <= TOLERANCE * new))]
    y[active] = np.nan


def _replicates(state: Any) -> list[BoundaryFunction | CriterionBoundary]:
    """The boundaries of the replicates of a sampled state, none for an exact one.

    Without a closed form over a gate they are those of parts of the state's unit, at one C_h: a
    sample of units scatters more than C_h does.
    """
    replicates: Sequence[tuple[float, Any]] = getattr(state, "replicates", ())
    if len(replicates) < 2:
        return []
    if state.model.pole_terms(*replicates[0]) is None:
        n = len(replicates)
        return [CriterionBoundary(state.unit.rows(slice(i, None, n))) for i in range(n)]
    return [BoundaryFunction(state.model.pole_terms(C, moment)) for C, moment in replicates]


def _radius_error(state: Any) -> float:
    """Standard error of the radius of a sampled state, 0 for an exact one."""
    radii = [
        max(b.ends[1], -b.ends[0])
        if isinstance(b, CriterionBoundary)
        else 1 + _right_distance(b)[0]
        for b in _replicates(state)
    ]
    return float(_standard_error(radii)) if radii else 0.0


def _standard_error(replicates: Sequence[Any]) -> Any:
    return np.std(replicates, axis=0, ddof=1) / np.sqrt(len(replicates))


def _from_sample(unit: Unit, source: Any) -> SpectralCurve:
    boundary = CriterionBoundary(unit)
    left, right = boundary.ends
    half = np.sin(0.5 * np.pi * np.arange(POINTS) / (POINTS - 1)) ** 2
    x = left + (right - left) * half
    y = np.zeros(POINTS)
    y[1:-1] = solve_height(boundary, x[1:-1], 1 - x[1:-1])
    return SpectralCurve(
        x,
        y,
        float(max(right, -left)),
        _radius_error(source),
        False,
        getattr(source, "status", Status.OK),
        boundary,
        gate=boundary.poles,
        source=source,
    )
