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


def anderson(
    G: Callable[[np.ndarray], np.ndarray],
    x: np.ndarray,
    tolerance: float,
    *,
    plain: int = 2,
    rounds: int = 60,
    stop: Callable[[np.ndarray], bool] = lambda x: False,
    acceptable: Callable[[np.ndarray], bool] = lambda x: True,
) -> AndersonResult:
    """Solve x = G(x) from ``x``.

    Parameters
    ----------
    tolerance : on max|G(x) − x|, absolute.
    plain : first rounds without acceleration, to settle into the basin of the attracting root.
    stop : ends the iteration early (the iterate has left the region of interest).
    acceptable : an accelerated step that is not is replaced by the plain one.
    """
    X: list[np.ndarray] = []
    F: list[np.ndarray] = []
    residual = np.inf
    for done in range(1, rounds + 1):
        image = G(x)
        f = image - x
        residual = float(np.max(np.abs(f)))
        if residual <= tolerance or stop(image):
            return AndersonResult(x, image, residual, done, residual <= tolerance)
        X.append(x)
        F.append(f)
        del X[: -MEMORY - 1], F[: -MEMORY - 1]
        new = image
        if done > plain and len(X) > 1:
            dX, dF = np.diff(X, axis=0).T, np.diff(F, axis=0).T
            gamma = np.linalg.lstsq(dF, f, rcond=1e-9)[0]
            accelerated = image - (dX + dF) @ gamma
            if acceptable(accelerated):
                new = accelerated
        x = new
    return AndersonResult(x, image, residual, rounds, False)
