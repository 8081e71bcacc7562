"""Where lines cross the edges of a coarse grid, and the curves through these points."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rmt_gates.phases.continuation import corrected, follow

HALVINGS = 8  # of an edge on which a line is looked for; the rest is Newton's
NEAR = 4e-3  # of the plane: a point this close to a curve is on it


def difference(values: np.ndarray) -> np.ndarray:
    """(2, n, n): what changes along both kinds of edges of the grid; 0 where there is none."""
    values = values.astype(int)
    found = np.zeros((2, *values.shape), int)
    found[0, :-1] = np.diff(values, axis=0)
    found[1, :, :-1] = np.diff(values, axis=1)
    return found


def edges(nodes: np.ndarray, chosen: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Both ends of the edges chosen (2, n, n)."""
    return [
        (nodes[i, j], nodes[i + (k == 0), j + (k == 1)]) for k, i, j in zip(*np.nonzero(chosen))
    ]


def sign_changes(
    function: Callable[[np.ndarray], np.ndarray], nodes: np.ndarray
) -> list[np.ndarray]:
    """Points of the grid's edges at which a function changes sign."""
    values = function(nodes.reshape(-1, 2)).reshape(nodes.shape[:2])
    finite = np.isfinite(values)
    known = [finite[:-1] & finite[1:], finite[:, :-1] & finite[:, 1:]]
    chosen = difference(values > 0) != 0
    chosen[0, :-1] &= known[0]
    chosen[1, :, :-1] &= known[1]
    return [halved(lambda p: function(p) > 0, a, b) for a, b in edges(nodes, chosen)]


def halved(
    function: Callable[[np.ndarray], np.ndarray], a: np.ndarray, b: np.ndarray
) -> np.ndarray:
    """Where a function of whole numbers jumps between two points, by bisection."""
    low = function(a[None])[0]
    for _ in range(HALVINGS):
        middle = 0.5 * (a + b)
        if function(middle[None])[0] == low:
            a = middle
        else:
            b = middle
    return 0.5 * (a + b)


def followed(
    equations: Callable[[np.ndarray], np.ndarray],
    seeds: list[np.ndarray],
    stop: Callable[[np.ndarray], bool] | None = None,
) -> list[np.ndarray]:
    """One curve for all seeds that lie on it."""
    curves: list[np.ndarray] = []
    for seed in seeds:
        point = corrected(equations, seed)
        if point is None or any(_distance(point, curve) < NEAR for curve in curves):
            continue
        curve = follow(equations, point, stop)
        if len(curve) > 1:
            curves.append(curve)
    return curves


def _distance(point: np.ndarray, curve: np.ndarray) -> float:
    """From a polyline."""
    a, d = curve[:-1], np.diff(curve, axis=0)
    share = np.sum((point - a) * d, axis=1) / np.maximum(np.sum(d * d, axis=1), 1e-300)
    nearest = a + np.clip(share, 0, 1)[:, None] * d
    return float(np.min(np.linalg.norm(point - nearest, axis=1)))
