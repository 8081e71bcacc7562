"""Anderson acceleration of x = G(x): for smooth maps whose evaluation is all the cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

MEMORY = 8


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
        """Remember one more pair, forgetting the oldest beyond MEMORY."""
        self.dX.append(dx)
        self.dF.append(df)
        del self.dX[:-MEMORY], self.dF[:-MEMORY]

    def correction(self, f: np.ndarray) -> np.ndarray:
        """What to subtract from the plain step x + f."""
        dX, dF = np.array(self.dX).T, np.array(self.dF).T
        return (dX + dF) @ np.linalg.lstsq(dF, f, rcond=1e-9)[0]


def anderson(
    G: Callable[[np.ndarray], np.ndarray],
    x: np.ndarray,
    tolerance: float,
    *,
    plain: int = 2,
    rounds: int = 60,
    stop: Callable[[np.ndarray], bool] = lambda x: False,
    acceptable: Callable[[np.ndarray], bool] = lambda x: True,
    secants: Secants | None = None,
) -> AndersonResult:
    """Solve x = G(x) from ``x``.

    Parameters
    ----------
    tolerance : on max|G(x) − x|, absolute.
    plain : first rounds without acceleration, to settle into the basin of the attracting root.
    stop : ends the iteration early (the iterate has left the region of interest).
    acceptable : an accelerated step that is not is replaced by the plain one.
    secants : from an earlier solve of nearly the same map; extended in place.
    """
    known = Secants() if secants is None else secants
    previous: tuple[np.ndarray, np.ndarray] | None = None
    residual = np.inf
    for done in range(1, rounds + 1):
        image = G(x)
        f = image - x
        residual = float(np.max(np.abs(f)))
        if residual <= tolerance or stop(image):
            return AndersonResult(x, image, residual, done, residual <= tolerance)
        if previous is not None:
            known.add(x - previous[0], f - previous[1])
        previous = x, f
        new = image
        if done > plain and known.dX:
            accelerated = image - known.correction(f)
            if acceptable(accelerated):
                new = accelerated
        x = new
    return AndersonResult(x, image, residual, rounds, False)
