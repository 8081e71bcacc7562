"""Anderson acceleration of x = G(x): for smooth maps whose evaluation is all the cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

MEMORY = 16
OWN = 3  # rounds whose secants say how far a step has to reach


class AndersonResult(NamedTuple):
    """Last iterate, its image G(x), max|G(x) − x|, rounds used, whether it met the tolerance."""

    x: np.ndarray
    image: np.ndarray
    residual: float
    rounds: int
    converged: bool


class Secants:
    """Differences (Δx, ΔG−Δx) of past iterates: what is known of the map's Jacobian.

    Replicates of one map share it: the secants of one solve speed up the next.
    """

    def __init__(self) -> None:
        self.dX: list[np.ndarray] = []
        self.dF: list[np.ndarray] = []

    def add(self, dx: np.ndarray, df: np.ndarray) -> None:
        """Remember one more pair, forgetting the oldest beyond MEMORY or the dimension."""
        self.dX.append(dx)
        self.dF.append(df)
        most = min(MEMORY, len(dx))
        del self.dX[:-most], self.dF[:-most]

    def correction(self, f: np.ndarray) -> np.ndarray:
        """What to subtract from the plain step x + f."""
        dX, dF = np.array(self.dX).T, np.array(self.dF).T
        return (dX + dF) @ np.linalg.lstsq(dF, f, rcond=1e-9)[0]


def anderson(
    G: Callable[[np.ndarray], np.ndarray],
    x: np.ndarray,
    tolerance: float,
    *,
    step_tolerance: float = np.inf,
    plain: int = 2,
    rounds: int = 60,
    stop: Callable[[np.ndarray], bool] = lambda x: False,
    acceptable: Callable[[np.ndarray, np.ndarray], bool] = lambda new, old: True,
    secants: Secants | None = None,
) -> AndersonResult:
    """Solve x = G(x) from ``x``.

    Parameters
    ----------
    tolerance : on max|G(x) − x|, absolute.
    step_tolerance : on the accelerated step, absolute. Where G contracts slowly a small residual
        hides a distant root; the accelerated step reaches for it. If given, the result's image
        includes that last step.
    plain : first rounds without acceleration, to settle into the basin of the attracting root.
    stop : ends the iteration early (the iterate has left the region of interest).
    acceptable(new, old) : an accelerated step that is not is replaced by the plain one.
    secants : from an earlier solve of nearly the same map; extended in place.
    """
    known = Secants() if secants is None else secants
    previous: tuple[np.ndarray, np.ndarray] | None = None
    new, residual = x, np.inf
    for done in range(1, rounds + 1):
        x = new
        image = G(x)
        f = image - x
        residual = float(np.max(np.abs(f)))
        if previous is not None:
            known.add(x - previous[0], f - previous[1])
        previous = x, f
        new = image
        if done > plain and known.dX:
            accelerated = image - known.correction(f)
            if acceptable(accelerated, x):
                new = accelerated
        step = float(np.max(np.abs(new - x)))
        settled = residual <= tolerance and step <= step_tolerance
        settled &= done > OWN or np.isinf(step_tolerance)
        if settled or stop(image):
            image = new if settled and np.isfinite(step_tolerance) else image
            return AndersonResult(x, image, residual, done, settled)
    return AndersonResult(x, image, residual, rounds, False)
