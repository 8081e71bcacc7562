"""Curves on which n − 1 equations in n unknowns hold, by pseudo-arclength continuation.

The unknowns are scaled so that a step of 1 is long in each of them. The first two are coordinates
in the unit square, and a curve ends at its sides.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

LONGEST, SHORTEST = 0.03, 1e-6  # steps
TURN = 0.1  # largest angle between the tangents of neighbours
DIFFERENCE = 1e-5  # of the central differences for the Jacobian
SETTLED = 1e-11  # size of the last Newton step
NOISY = 1e-7  # steps below this that no longer shrink are rounding of the equations
ROUNDS = 12
MOST = 4000  # points

# (points, n) -> (points, n − 1)
Equations = Callable[[np.ndarray], np.ndarray]


def follow(
    equations: Equations, start: np.ndarray, stop: Callable[[np.ndarray], bool] | None = None
) -> np.ndarray:
    """The curve through a start (n,) near it, both ways until its ends: (points, n).

    ``stop(point)`` : whether to end there, beside the sides of the square. Empty if Newton's method
    finds no point of the curve; the first point again at the end if it is closed.
    """
    first = corrected(equations, start)
    if first is None or not _inside(first):
        return np.empty((0, len(start)))
    tangent = _tangent(equations, first)
    ahead, closed = _one_way(equations, first, tangent, stop)
    if closed:
        return np.array(ahead)
    back, _ = _one_way(equations, first, -tangent, stop)
    return np.array([*back[:0:-1], *ahead])


def _one_way(
    equations: Equations,
    first: np.ndarray,
    direction: np.ndarray,
    stop: Callable[[np.ndarray], bool] | None,
) -> tuple[list[np.ndarray], bool]:
    """Points from the first on, and whether they came back to it."""
    points, tangent, step = [first], direction, 0.25 * LONGEST
    while len(points) < MOST and step > SHORTEST:
        here = points[-1]
        guess = here + step * tangent
        if not _inside(guess):
            end = _at_side(equations, here, guess)
            if end is not None:
                return [*points, end], False
            step /= 2
            continue
        new = corrected(equations, guess, tangent)
        turned = None if new is None else _tangent(equations, new)
        if turned is not None:
            turned = turned * np.sign(turned @ tangent)
        if new is None or turned is None or turned @ tangent < np.cos(2 * TURN):
            step /= 2
            continue
        if not _inside(new):
            end = _at_side(equations, here, new)
            return [*points, *([] if end is None else [end])], False
        points.append(new)
        if stop is not None and stop(new):
            break
        gap = first - here  # the first point lies between the last two
        passed = 0 < gap @ (new - here) < (new - here) @ (new - here)
        if len(points) > 3 and passed and np.linalg.norm(gap) < 1.1 * step:
            points[-1] = first
            return points, True
        easy = turned @ tangent > np.cos(TURN)
        step, tangent = min(LONGEST, step * (1.5 if easy else 1.0)), turned
    return points, False


def _inside(point: np.ndarray) -> bool:
    return bool(np.all((point[:2] >= 0) & (point[:2] <= 1)))


def _at_side(equations: Equations, inner: np.ndarray, outer: np.ndarray) -> np.ndarray | None:
    """Where the curve from inside to outside leaves the square."""
    sides = np.where(outer[:2] < 0, 0.0, 1.0)
    out = (outer[:2] < 0) | (outer[:2] > 1)
    way = np.where(out, outer[:2] - inner[:2], np.inf)
    shares = np.where(out, (sides - inner[:2]) / way, np.inf)
    k = int(np.argmin(shares))
    normal = np.zeros(len(inner))
    normal[k] = 1
    end = corrected(equations, inner + shares[k] * (outer - inner), normal)
    if end is None:
        return None
    end[k] = sides[k]
    return end if _inside(end) else None


def _jacobian(equations: Equations, point: np.ndarray) -> np.ndarray:
    """(n − 1, n), by central differences; at the lower sides, where variances are 0, forward ones.

    The points of each are point + DIFFERENCE (−1, 0, 1) or point + DIFFERENCE (0, 1, 2).
    """
    n = len(point)
    forward = (point < DIFFERENCE) & (np.arange(n) < 2)
    places = np.where(forward, [[0], [1], [2]], [[-1], [0], [1]])
    weights = np.where(forward, [[-1.5], [2.0], [-0.5]], [[-0.5], [0.0], [0.5]]) / DIFFERENCE
    shifted = point + DIFFERENCE * places[:, :, None] * np.eye(n)
    values = equations(shifted.reshape(-1, n)).reshape(3, n, -1)
    return np.asarray(np.einsum("pk,pkf->fk", weights, values))


def _tangent(equations: Equations, point: np.ndarray) -> np.ndarray:
    """The unit null vector of the Jacobian."""
    return np.asarray(np.linalg.svd(_jacobian(equations, point))[2][-1])


def corrected(
    equations: Equations, guess: np.ndarray, normal: np.ndarray | None = None
) -> np.ndarray | None:
    """The solution near the guess: in the plane across `normal`, or nearest without one.

    By Newton's method; None if it does not settle. As many equations as unknowns need no normal.
    """
    point, last = guess.copy(), np.inf
    for _ in range(ROUNDS):
        F = equations(point[None])[0]
        J = _jacobian(equations, point)
        if not (np.isfinite(F).all() and np.isfinite(J).all()):
            return None
        if normal is None:
            change = -np.linalg.pinv(J) @ F
        else:
            try:
                change = np.linalg.solve(
                    np.vstack([J, normal]), -np.append(F, normal @ (point - guess))
                )
            except np.linalg.LinAlgError:
                return None
        point = point + change
        size = float(np.abs(change).max())
        if size < SETTLED or (size < NOISY and size > 0.5 * last):
            return point
        if size > 1:
            return None
        last = size
    return None
