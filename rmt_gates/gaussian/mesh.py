"""Composite Gauss-Legendre rules on graded panels.

Where an integrand has its poles or kinks at a known place and a known distance, panels that grow
geometrically away from that place integrate it to rounding with a number of nodes that grows only
as the logarithm of the ratio of scales. Gauss-Hermite rules have no such freedom.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

NODES_PER_PANEL = 16
_RATIO = 3.5
_ABSCISSAE, _WEIGHTS = np.polynomial.legendre.leggauss(NODES_PER_PANEL)


def panel_nodes(breaks: Array) -> tuple[Array, Array]:
    """Nodes and weights of the 16-point Gauss-Legendre rule on every panel between break points.

    breaks : (..., P), sorted along the last axis; equal neighbours give panels of weight zero.
    Returns nodes and weights of shape (..., 16 (P - 1)), such that Σ w g(x) ≈ ∫ g(x) dx from the
    first break point to the last.
    """
    half = 0.5 * np.diff(breaks, axis=-1)[..., None]
    middle = 0.5 * (breaks[..., 1:] + breaks[..., :-1])[..., None]
    shape = (*breaks.shape[:-1], -1)
    return (middle + half * _ABSCISSAE).reshape(shape), (half * _WEIGHTS).reshape(shape)


def graded_points(scale: float) -> Array:
    """The points 0, ±1, ±3.5, ±3.5², ... up to the first beyond `scale` (at least to ±1).

    They grade panels around the origin for functions of y that are analytic in a strip |Im y| < d
    with d of order one, and break at ±1, where the hard tanh has its kinks. With a ratio of 4 the
    16-point rule would lose a digit to σ'².
    """
    levels = max(0, int(np.ceil(np.log(max(scale, 1e-3)) / np.log(_RATIO))))
    powers = _RATIO ** np.arange(levels + 1)
    return np.concatenate([-powers[::-1], [0.0], powers])
