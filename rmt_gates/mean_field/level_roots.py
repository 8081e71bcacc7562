"""All roots of H(t) = target, for many rows at once, by cutting H into monotone pieces.

Every extremum of H on the grid is located first. Between neighbouring knots (grid points and
extrema) H is monotone, so a piece holds a root if and only if the target lies between its end
values: near a fold the two roots are told apart, or told absent, by the extremum itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

MAX_ROUNDS = 80
PATIENCE = 6  # rounds after which Newton's method has converged wherever H is not flat
NOISE = 4e-15  # rounding of H, relative where |H| > 1
NEAR = 0.25  # of the slopes around a cell: above this its slope does not vanish inside
GOLDEN = 0.5 * (np.sqrt(5) - 1)
GOLDEN_ROUNDS = 36  # a cell shrinks to 3e-8 of its width, where a minimum is flat to rounding

# (t, rows) -> (H, dH/dt), all of one shape
LevelFunction = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


class Knots(NamedTuple):
    """Sorted points t (rows, k) with H and dH/dt there; H is monotone between neighbours."""

    t: np.ndarray
    H: np.ndarray
    slope: np.ndarray


def monotone_knots(function: LevelFunction, t: np.ndarray) -> Knots:
    """The grid t (rows, k), sorted along its last axis, with the extrema of H inserted.

    From the second point on the grid is uniform; below that point H must be monotone.
    """
    rows = np.broadcast_to(np.arange(len(t))[:, None], t.shape)
    knots = Knots(t, *function(t, rows))
    knots = _inserted(function, knots, *_dips(function, knots))
    t, _, slope = knots
    row, j = np.nonzero(np.signbit(slope[:, :-1]) != np.signbit(slope[:, 1:]))
    at = _extremum(function, row, t[row, j], t[row, j + 1], slope[row, j])
    return _inserted(function, knots, row, at)


def _inserted(function: LevelFunction, knots: Knots, row: np.ndarray, at: np.ndarray) -> Knots:
    """The knots with one more at every ``at`` of ``row`` (ascending)."""
    if not len(row):
        return knots
    # one column per new point of a row, the rest padded with copies of the last knot
    position = np.arange(len(row)) - np.searchsorted(row, row)
    extra = int(position.max()) + 1
    padded = []
    for base, new in zip(knots, (at, *function(at, row)), strict=True):
        column = np.repeat(base[:, -1:], extra, axis=1)
        column[row, position] = new
        padded.append(np.concatenate([base, column], axis=1))
    order = np.argsort(padded[0], axis=1, kind="stable")
    return Knots(*(np.take_along_axis(x, order, axis=1) for x in padded))


def _dips(function: LevelFunction, knots: Knots) -> tuple[np.ndarray, np.ndarray]:
    """(row, t) in cells whose ends agree on the sign of dH/dt, but not this point between them.

    Near a cusp, where a fold begins, both its extrema lie in one cell. Cells in which the cubic
    through four neighbouring slopes comes near 0 are searched for their smallest slope.
    """
    slope = knots.slope[:, 1:]
    cells = slope.shape[1] - 1
    if cells < 3:
        return np.empty(0, int), np.empty(0)
    first = np.clip(np.arange(cells) - 1, 0, cells - 3)  # of the four points around each cell
    near = slope[:, first[:, None] + np.arange(4)]
    sign = np.where(np.signbit(slope[:, :-1]), -1.0, 1.0)
    between = np.einsum("rcp,cps->rcs", near, _cubic_weights(np.arange(cells) - first))
    least = np.min(between * sign[..., None], axis=2)
    same = np.signbit(slope[:, :-1]) == np.signbit(slope[:, 1:])
    row, j = np.nonzero(same & (least <= NEAR * np.max(np.abs(near), axis=2)))
    at, found = _below_zero(
        lambda t, some: sign[row[some], j[some]] * function(t, row[some])[1],
        knots.t[:, 1:][row, j],
        knots.t[:, 1:][row, j + 1],
        np.abs(slope[row, j]),
        np.abs(slope[row, j + 1]),
    )
    return row[found], at[found]


def _below_zero(
    f: Callable[[np.ndarray, np.ndarray], np.ndarray],
    low: np.ndarray,
    high: np.ndarray,
    f_low: np.ndarray,
    f_high: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """(t, found): where f < 0 between points at which f ≥ 0, by golden-section search.

    f(t, indices) is convex there, or monotone. A search ends once it has found a place, or f ≥ 0
    follows: the minimum lies below the lower inner value by less than the values differ.
    """
    t = np.stack([low, high - GOLDEN * (high - low), low + GOLDEN * (high - low), high])
    active = np.arange(len(low))
    value = np.stack([f_low, f(t[1], active), f(t[2], active), f_high])
    for _ in range(GOLDEN_ROUNDS):
        best = np.minimum(value[1, active], value[2, active])
        active = active[(best >= 0) & (value[:, active].max(axis=0) >= 2 * best)]
        if not len(active):
            break
        left = value[1, active] < value[2, active]
        a, b = active[left], active[~left]  # the minimum lies left of t[2], or right of t[1]
        for x in (t, value):
            x[2:, a] = x[1:3, a]
            x[:2, b] = x[1:3, b]
        t[1, a] = t[3, a] - GOLDEN * (t[3, a] - t[0, a])
        t[2, b] = t[0, b] + GOLDEN * (t[3, b] - t[0, b])
        value[1, a], value[2, b] = f(t[1, a], a), f(t[2, b], b)
    inner = 1 + np.argmin(value[1:3], axis=0)
    each = np.arange(len(low))
    return t[inner, each], value[inner, each] < 0


def _cubic_weights(offset: np.ndarray) -> np.ndarray:
    """(cells, 4, points): the cubic through 0, 1, 2, 3 at points of [offset, offset + 1]."""
    x = offset[:, None] + np.linspace(0, 1, 9)
    nodes = np.arange(4)
    weights = [np.prod([(x - m) / (k - m) for m in nodes if m != k], axis=0) for k in nodes]
    return np.stack(weights, axis=1)


def _extremum(
    function: LevelFunction, row: np.ndarray, low: np.ndarray, high: np.ndarray, left: np.ndarray
) -> np.ndarray:
    """Where dH/dt changes sign, by bisection: the slope may be flat at a degenerate extremum."""
    low, high = low.copy(), high.copy()
    for _ in range(MAX_ROUNDS):
        middle = 0.5 * (low + high)
        if np.all((middle == low) | (middle == high)):
            break
        same = np.signbit(function(middle, row)[1]) == np.signbit(left)
        low = np.where(same, middle, low)
        high = np.where(same, high, middle)
    return 0.5 * (low + high)


def crossings(knots: Knots, row: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(index into `row`, piece) of every monotone piece in which H passes the target.

    Where H equals the target to rounding it says nothing: a root is there only if H is on one
    side before and on the other after (the plateau of a fold at infinity holds none).
    """
    H, level = knots.H[row], target[:, None]
    side = np.sign(H - level)
    side[np.abs(H - level) <= NOISE * np.maximum(1.0, np.abs(level))] = 0
    decided = np.where(side != 0, np.arange(side.shape[1]), 0)
    before = np.take_along_axis(side, np.maximum.accumulate(decided, axis=1), axis=1)
    which, piece = np.nonzero(before[:, :-1] * side[:, 1:] < 0)
    return which, piece


def solve_crossings(
    function: LevelFunction, knots: Knots, row: np.ndarray, piece: np.ndarray, target: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The root inside each monotone piece, by bracketed Newton steps: (t, converged)."""
    low, high = knots.t[row, piece], knots.t[row, piece + 1]
    H_low, H_high = knots.H[row, piece], knots.H[row, piece + 1]
    rising = H_high > H_low
    t = _hermite_start(knots, row, piece, target)
    converged = np.zeros(len(t), bool)
    active = np.arange(len(t))
    for rounds in range(MAX_ROUNDS):
        x = t[active]
        H, slope = function(x, row[active])
        f = H - target[active]
        right = (f > 0) == rising[active]
        high[active] = np.where(right, x, high[active])
        low[active] = np.where(right, low[active], x)
        with np.errstate(divide="ignore", invalid="ignore"):
            new = x - f / slope
        inside = (new >= low[active]) & (new <= high[active])
        new = np.where(inside, new, 0.5 * (low[active] + high[active]))
        small = 4e-16 * np.maximum(1.0, np.abs(x))
        done = (np.abs(new - x) <= 8 * small) | (high[active] - low[active] <= 2 * small)
        done |= f == 0
        if rounds >= PATIENCE:  # beside an extremum H is flat, and its rounding decides
            least = 1.0 if rounds == MAX_ROUNDS - 1 else 0.0
            done |= np.abs(f) <= NOISE * np.maximum(least, np.abs(H))
        t[active] = np.where(f == 0, x, new)
        converged[active[done]] = True
        active = active[~done]
        if not len(active):
            break
    return t, converged


def _hermite_start(
    knots: Knots, row: np.ndarray, piece: np.ndarray, target: np.ndarray
) -> np.ndarray:
    """Inverse cubic Hermite interpolation on the piece; its middle where that is not monotone."""
    t0, t1 = knots.t[row, piece], knots.t[row, piece + 1]
    H0, H1 = knots.H[row, piece], knots.H[row, piece + 1]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        s = (target - H0) / (H1 - H0)
        m0 = (H1 - H0) / knots.slope[row, piece]
        m1 = (H1 - H0) / knots.slope[row, piece + 1]
        start = (
            t0 * (1 + 2 * s) * (1 - s) ** 2
            + t1 * s**2 * (3 - 2 * s)
            + m0 * s * (1 - s) ** 2
            - m1 * s**2 * (1 - s)
        )
    good = (start >= t0) & (start <= t1)
    return np.where(good, start, 0.5 * (t0 + t1))
