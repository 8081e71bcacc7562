"""G and the density at many points from a few: a mesh that fits the support (THEORY.md §4.5).

With x = x̄ − ½(x₁−x₀) cos θ and y = Y(x) sin²(πq/2), Y the boundary, both are smooth functions of
(θ, q) up to the boundary itself, and splines converge fast. Not so within a few spacings of
a sample's gates from the real axis: there every λ has to be solved. The mesh tells where, by what
its splines get wrong at the nodes if every second of them is left out.
"""

from __future__ import annotations

import numpy as np
from scipy.interpolate import CubicSpline, RectBivariateSpline
from scipy.ndimage import maximum_filter

from rmt_gates.spectra.curve import SpectralCurve, spectral_curve
from rmt_gates.spectra.resolvent import Solution, solve
from rmt_gates.unit import Unit

NODES = (49, 25)  # in θ and q: odd, so that every second includes the last
WORTH = 4  # points for each node, or all are solved
DEGREE = 5  # of the splines
GAIN = 10  # by which the mesh is better than half of it: 64 where all is smooth


def interpolate(unit: Unit, lam: np.ndarray, rtol: float) -> Solution:
    """Like `solve` at points λ (points,), to ``rtol`` times the largest values among them.

    Where the mesh cannot promise that, and next to the boundary, λ is solved.
    """
    if len(lam) < WORTH * NODES[0] * NODES[1]:
        return solve(unit, lam)
    curve = spectral_curve(unit)
    if not (curve.y[1:-1] > 0).all():  # in pieces
        return solve(unit, lam)
    support = SupportCoordinates(curve)
    theta, q = np.pi * np.linspace(0, 1, NODES[0] + 2)[1:-1], np.linspace(0, 1, NODES[1] + 2)[1:-1]
    nodes = solve(unit, support.point(theta[:, None], q).ravel())
    if not (nodes.inside & nodes.solved).all():
        return solve(unit, lam)
    at = support.coordinates(lam)
    fields = [
        Field(theta, q, f.reshape(NODES)) for f in (nodes.G.real, nodes.G.imag, nodes.density)
    ]
    values = [field.spline(*at, grid=False) for field in fields]
    errors = [field.error(*at) for field in fields]
    fine = np.ones(len(lam), bool)
    for value, error in zip(values, errors, strict=True):
        fine &= error <= rtol * np.abs(value[np.isfinite(error)]).max(initial=0.0)
    real, imag, density = values
    found = Solution(
        real + 1j * np.where(lam.imag < 0, -imag, imag),
        density,
        np.ones(len(lam), bool),
        np.ones(len(lam), bool),
        errors[2],
    )
    for whole, part in zip(found, solve(unit, lam[~fine]), strict=True):
        whole[~fine] = part
    return found


class SupportCoordinates:
    """(θ, q) of the points of a support whose upper boundary is one graph y(x)."""

    def __init__(self, curve: SpectralCurve) -> None:
        self._middle = 0.5 * (curve.x[0] + curve.x[-1])
        self._half = 0.5 * (curve.x[-1] - curve.x[0])
        self._height = CubicSpline(self._theta(curve.x), curve.y)

    def _theta(self, x: np.ndarray) -> np.ndarray:
        return np.asarray(np.arccos(np.clip((self._middle - x) / self._half, -1, 1)))

    def point(self, theta: np.ndarray, q: np.ndarray) -> np.ndarray:
        """λ in the upper half plane."""
        y = np.sin(0.5 * np.pi * q) ** 2 * self._height(theta)
        return np.asarray(self._middle - self._half * np.cos(theta) + 1j * y)

    def coordinates(self, lam: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """θ and q of λ or its conjugate; on or beyond the boundary they are at their ends."""
        theta = self._theta(lam.real)
        height = np.maximum(self._height(theta), np.finfo(float).tiny)
        share = np.clip(np.abs(lam.imag) / height, 0, 1)
        return theta, 2 / np.pi * np.arcsin(np.sqrt(share))


class Field:
    """The spline of a function on the mesh, and what it is off by; infinite beyond the mesh."""

    def __init__(self, theta: np.ndarray, q: np.ndarray, values: np.ndarray) -> None:
        self._nodes = theta, q
        self.spline = RectBivariateSpline(theta, q, values, kx=DEGREE, ky=DEGREE)
        half = RectBivariateSpline(theta[::2], q[::2], values[::2, ::2], kx=DEGREE, ky=DEGREE)
        self._wrong = maximum_filter(np.abs(half(theta, q) - values), 3) / GAIN

    def error(self, theta: np.ndarray, q: np.ndarray) -> np.ndarray:
        """The largest error at the corners of the cell around each point."""
        inside = np.ones(len(theta), bool)
        cell = []
        for nodes, at in zip(self._nodes, (theta, q), strict=True):
            inside &= (nodes[0] <= at) & (at <= nodes[-1])
            cell.append(np.clip(np.searchsorted(nodes, at), 1, len(nodes) - 1))
        i, j = cell
        corners = [self._wrong[i - a, j - b] for a in (0, 1) for b in (0, 1)]
        return np.where(inside, np.max(corners, axis=0), np.inf)
