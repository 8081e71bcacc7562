"""Lines between phases in the plane of two parameters, followed from point to point.

Fixed points are crossings of H(t) by a level L (Architecture.fixed_point_level), t the logarithm of
a variance. Zero loses stability at ρ(0) = 1; two fixed points meet in a fold at H = L, dH/dt = 0;
folds begin in a tricritical point, where zero is marginal and the slope dH/dt ∝ e^t at t → −∞
changes sign; a sharp update gate makes a fixed point marginal up to ρ = √2 (Theorem 4.8).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rmt_gates.architectures.base import Architecture
from rmt_gates.mean_field.fixed_points import fixed_points
from rmt_gates.mean_field.level_roots import monotone_knots
from rmt_gates.mean_field.rest_spectrum import rest_rho
from rmt_gates.phases.continuation import corrected
from rmt_gates.phases.plane import Plane
from rmt_gates.phases.seeds import difference, edges, followed, halved, sign_changes
from rmt_gates.results import Record

T_SCALE = 10.0  # of log C, beside the sides of the plane
T_STEP = 0.1  # of the grid on which extrema are looked for
POINT = 1e-6  # of the plane: what is smaller is no line but its singular point, at zero bias
SMALL = 1e-4  # of the variance at which H has structure: the limit e^t → 0 is taken from here


@dataclass(frozen=True, repr=False)
class PhaseLines(Record):
    """Lines in a plane of two fields: lists of curves, (n, 2) arrays of points of the plane.

    Attributes
    ----------
    fields : names of the two coordinates.
    zero_stability : ρ = 1 at the zero fixed point. fold : two non-zero fixed points meet.
    rest_stability : ρ = 1 at the highest fixed point of a network with a bias, for which 0 is none.
    sqrt2 : ρ = √2 at the highest fixed point, where its marginal region ends (GRU).
    tricritical : where folds begin on the line of zero's stability: single points, or curves if
        a_h is no coordinate; a_h has its critical value then.
    """

    fields: tuple[str, str]
    zero_stability: list[np.ndarray]
    fold: list[np.ndarray]
    rest_stability: list[np.ndarray]
    sqrt2: list[np.ndarray]
    tricritical: list[np.ndarray]

    def __repr__(self) -> str:
        names = ("zero_stability", "fold", "rest_stability", "sqrt2", "tricritical")
        counts = ", ".join(f"{name}: {len(getattr(self, name))}" for name in names)
        return f"PhaseLines({self.fields[0]}, {self.fields[1]}; {counts})"


def phase_lines(model: Any, over: Mapping[str, Any], *, resolution: int = 24) -> PhaseLines:
    """The lines between phases in a plane of two fields, by continuation.

    A coarse grid tells where lines are; each is then followed along itself, to 1e-9 in its
    equations. A line that never crosses an edge of the grid is missed: zoom in, or raise
    ``resolution``.

    Parameters
    ----------
    model : scalar parameter record of any architecture; its own values of the two fields do not
        matter.
    over : field -> (low, high), for two fields, or values whose range is taken.
    resolution : cells of the coarse grid along each field.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> lines = rg.phase_lines(rg.GRU(a_h=1), {"a_h": (1.5, 2.5), "a_r": (0, 10)})
    >>> len(lines.zero_stability), len(lines.fold), len(lines.rest_stability), len(lines.sqrt2)
    (1, 1, 0, 1)
    >>> lines.tricritical[0].round(6)  # a_h = 2, a_r = 2√2
    array([[2.      , 2.828427]])
    """
    plane = Plane.of(model, over)
    whole = isinstance(resolution, int | np.integer) and not isinstance(resolution, bool)
    if not whole or resolution < 2:
        raise ValueError(f"resolution must be a whole number of at least 2, got {resolution!r}")
    grid = np.linspace(0, 1, resolution + 1)
    nodes = np.stack(np.meshgrid(grid, grid, indexing="ij"), axis=-1)
    points = fixed_points(plane.models(nodes.reshape(-1, 2)))
    count = np.asarray(points.count).reshape(nodes.shape[:2])
    zero = zero_stability(plane, nodes)
    tricritical = tricritical_points(plane, zero, nodes)
    result = {
        "zero_stability": zero,
        "fold": folds(plane, nodes, count, tricritical),
        "rest_stability": rest_stability(plane, nodes, points),
        "sqrt2": marginal_ends(plane, nodes, points),
        "tricritical": tricritical,
    }
    return PhaseLines(
        plane.fields, **{k: [plane.coordinates(c[:, :2]) for c in v] for k, v in result.items()}
    )


# -- zero ----------------------------------------------------------------------------------------
def zero_stability(plane: Plane, nodes: np.ndarray) -> list[np.ndarray]:
    """Curves log ρ(0) = 0 in the unit square."""

    def log_rho(p: np.ndarray) -> np.ndarray:
        models = plane.models(p)
        zero = np.broadcast_to(models.zero_bias, (len(p),))
        with np.errstate(divide="ignore"):
            return np.where(zero, np.log(rest_rho(models, np.zeros(len(p)))), np.nan)

    return followed(lambda p: log_rho(p)[:, None], sign_changes(log_rho, nodes))


def tricritical_points(plane: Plane, zero: list[np.ndarray], nodes: np.ndarray) -> list[np.ndarray]:
    """Where the non-zero fixed points that zero gives rise to change sides, at critical a_h."""

    def growth(p: np.ndarray) -> np.ndarray:
        return small_slope(critical(plane.models(p)))

    if "a_h" not in plane.fields:
        if not np.all(plane.model.zero_bias):
            return []
        return followed(lambda p: growth(p)[:, None], sign_changes(growth, nodes))

    def both(p: np.ndarray) -> np.ndarray:
        models = plane.models(p)
        return np.stack([np.log(rest_rho(models, np.zeros(len(p)))), small_slope(models)], axis=-1)

    found = []
    for curve in zero:
        side = np.signbit(growth(curve))
        for i in np.flatnonzero(side[1:] != side[:-1]):
            point = corrected(both, 0.5 * (curve[i] + curve[i + 1]))
            found += [] if point is None else [point[None]]
    return found


def critical(models: Architecture) -> Architecture:
    """With a_h at which zero is marginal: ρ(0) is proportional to a_h."""
    n = models.shape[0]
    unit = models.unchecked(a_h=np.ones(n))
    return unit.unchecked(a_h=1 / rest_rho(unit, np.zeros(n)))


def small_slope(models: Architecture) -> np.ndarray:
    """The limit of e^{−t} dH/dt at t → −∞, which is linear in e^t there."""
    n = models.shape[0]
    t = np.broadcast_to(np.asarray(models.level_bounds()[0], float) + np.log(1e3 * SMALL), (n,))
    near, far = (models.fixed_point_level(s)[1] * np.exp(-s) for s in (t - np.log(2), t))
    return np.asarray(2 * near - far)


# -- folds and marginality -----------------------------------------------------------------------
def folds(
    plane: Plane, nodes: np.ndarray, count: np.ndarray, tricritical: list[np.ndarray]
) -> list[np.ndarray]:
    """Curves H = L, dH/dt = 0 in the space of the unit square and t.

    From where the number of fixed points jumps along an edge of the grid, and from where they
    begin: next to a tricritical point between nodes no edge may tell.
    """

    def equations(p: np.ndarray) -> np.ndarray:
        """H − L and dH/dt, which vanishes like e^t at t → −∞ whatever the line."""
        t = T_SCALE * p[:, 2]
        models = plane.models(p)
        H, slope, _ = models.fixed_point_level(t)
        return np.stack([H - level(models), slope * np.exp(-np.minimum(t, 0))], axis=-1)

    def at_zero(p: np.ndarray) -> bool:
        """Within SMALL of the tricritical point, where t → −∞."""
        low = np.ravel(plane.models(p[None]).level_bounds()[0])[0]
        return bool(T_SCALE * p[2] < low + np.log(1e3 * SMALL))

    seeds = []
    for a, b in edges(nodes, np.abs(difference(count)) >= 2):
        place = halved(lambda p: np.asarray(fixed_points(plane.models(p)).count), a, b)
        t = _nearest_extremum(plane.models(place[None]))
        seeds += [] if t is None else [np.append(place, t / T_SCALE)]
    for point in tricritical if "a_h" in plane.fields else []:
        low = np.ravel(plane.models(point).level_bounds()[0])[0]
        seeds.append(np.append(point[0, :2], (low + np.log(1e5 * SMALL)) / T_SCALE))
    return [_ended_at_zero(c, at_zero) for c in followed(equations, seeds, at_zero)]


def marginal_ends(plane: Plane, nodes: np.ndarray, points: Any) -> list[np.ndarray]:
    """Curves ρ = √2 of the highest fixed point, for architectures with an update gate."""
    if "a_z" not in plane.model.numbers():
        return []
    everywhere = np.ones(nodes.shape[:2], bool)
    return highest_with(0.5 * np.log(2), plane, nodes, points, everywhere)


def rest_stability(plane: Plane, nodes: np.ndarray, points: Any) -> list[np.ndarray]:
    """Curves ρ = 1 of the highest fixed point, where there is a bias."""
    zero = np.broadcast_to(plane.models(nodes.reshape(-1, 2)).zero_bias, nodes[..., 0].size)
    return highest_with(0.0, plane, nodes, points, ~zero.reshape(nodes.shape[:2]))


def highest_with(
    log_rho: float, plane: Plane, nodes: np.ndarray, points: Any, known: np.ndarray
) -> list[np.ndarray]:
    """Curves on which the highest non-zero fixed point has this log ρ, from nodes ``known``."""
    highest = np.asarray(points.count) - 1
    rows = np.arange(len(highest))
    C = np.where(highest >= 0, points.C_h[rows, highest], np.nan).reshape(nodes.shape[:2])
    rho = points.rho[rows, highest].reshape(nodes.shape[:2])
    above = np.where(C > 0, np.log(np.maximum(rho, 1e-300)) > log_rho, False)

    def equations(p: np.ndarray) -> np.ndarray:
        models = plane.models(p)
        H, _, C = models.fixed_point_level(T_SCALE * p[:, 2])
        return np.stack([H - level(models), np.log(rest_rho(models, C)) - log_rho], axis=-1)

    def top(p: np.ndarray) -> np.ndarray:
        """Whether it is the highest fixed point there."""
        models = plane.models(p)
        C = models.fixed_point_level(T_SCALE * p[:, 2])[2]
        found = fixed_points(models)
        return np.asarray(np.nanmax(found.C_h, axis=-1) <= C * (1 + 1e-6))

    seeds = []
    chosen = difference(above) != 0
    chosen[0, :-1] &= known[:-1] & known[1:]
    chosen[1, :, :-1] &= known[:, :-1] & known[:, 1:]
    for a, b in edges(nodes, chosen):
        middle = 0.5 * (a + b)
        one = plane.models(middle[None])
        roots = fixed_points(one).C_h[0]
        if np.nanmax(roots, initial=0.0) > 0:
            seeds.append(np.append(middle, _t_of(one, float(np.nanmax(roots))) / T_SCALE))
    curves = []
    for curve in followed(equations, seeds):
        kept = top(curve)
        pieces = np.split(np.arange(len(curve)), np.flatnonzero(kept[1:] != kept[:-1]) + 1)
        seen = [i for i in pieces if kept[i[0]] and np.ptp(curve[i, :2], axis=0).max() > POINT]
        curves += [curve[i] for i in seen]
    return curves


def level(models: Architecture) -> Any:
    """L: fixed points are at H = L."""
    name = models.level_parameter
    return 0.0 if name is None else 2 * np.log(np.maximum(getattr(models, name), 1e-100))


def _grid(models: Architecture) -> tuple[np.ndarray, Callable[..., Any]]:
    """Values of t that cover all structure of H, for one model with fields of one element."""
    low, high = (float(np.ravel(bound)[0]) for bound in models.level_bounds())
    t = np.arange(low, max(high, low + 1.0) + T_STEP, T_STEP)

    def function(t: np.ndarray, rows: np.ndarray) -> Any:
        repeated = {
            n: np.broadcast_to(getattr(models, n), (1,))[np.zeros_like(rows)]
            for n in models.numbers()
            if np.ndim(getattr(models, n))
        }
        return models.unchecked(**repeated).fixed_point_level(t)

    return t, function


def _nearest_extremum(models: Architecture) -> float | None:
    """t of the extremum of H that is closest to the level."""
    t, function = _grid(models)
    knots = monotone_knots(lambda t, rows: function(t, rows)[:2], t[None])
    slope = np.signbit(knots.slope[0])
    at = np.flatnonzero(slope[1:] != slope[:-1])
    if not len(at):
        return None
    distance = np.abs(knots.H[0] - np.ravel(level(models))[0])
    return float(knots.t[0][at[np.argmin(np.minimum(distance[at], distance[at + 1]))]])


def _t_of(models: Architecture, C: float) -> float:
    """t where the variance is about C."""
    t, function = _grid(models)
    values = function(t[None], np.zeros((1, len(t)), int))[2][0]
    return float(np.interp(np.log(C), np.log(values), t))


def _ended_at_zero(curve: np.ndarray, at_zero: Callable[[np.ndarray], bool]) -> np.ndarray:
    """The curve with the tricritical point itself, where it is a linear function of e^t → 0."""
    for end, before in ((0, 1), (-1, -2)):
        if at_zero(curve[end]):
            u, v = np.exp(T_SCALE * curve[[end, before], 2])
            last = (curve[end] * v - curve[before] * u) / (v - u)
            last[:2] = np.clip(last[:2], 0, 1)
            whole = [last[None], curve] if end == 0 else [curve, last[None]]
            curve = np.concatenate(whole)
    return curve
