"""How large the largest eigenvalue of a network of N units is: one is expected beyond it.

Beyond |λ| = x a network has, of its n eigenvalues, n (1 − P(|λ| < x)) by the density at N = ∞, and
those that the blur of the edge carries there: along the boundary, ½ erfc(k s) instead of a step at
the distance s, k² = 2πNμ_edge (THEORY.md §4.4). Their number beyond a distance s₀, less that of the
step, is Nμ_edge ∫_{|s₀|}^∞ ½ erfc(k s) ds for each unit of length, on either side.
"""

from __future__ import annotations

import numpy as np
from scipy.special import erfc

from rmt_gates.spectra.density import Enclosed
from rmt_gates.spectra.edge import resolved
from rmt_gates.unit import Unit

WIDTHS = 6.0  # of the blur: there is nothing beyond
DIGITS = 1e-5  # of the radius
NOTHING = 1e-12  # of the largest |λ| that can be: less is 0


def largest_eigenvalue(
    unit: Unit, x: np.ndarray, y: np.ndarray, density: np.ndarray, N: int
) -> float:
    """The |λ| beyond which one eigenvalue of a network of N units is expected (½ of a single one).

    ``density`` is μ_edge along the boundary y(x). NaN where the mass inside a circle is not found.
    """
    from scipy.optimize import brentq

    enclosed = Enclosed(unit, 0.0)
    count = N * len(unit.model.carriers)
    wanted = min(1.0, 0.5 * count)  # of a single eigenvalue, its median
    blur = EdgeBlur(x, y, np.where(resolved(x, y, density, N), density, 0.0), N)

    def beyond(radius: float) -> float:
        """How many more than wanted."""
        mass = enclosed(radius)
        if np.isnan(mass):
            raise ArithmeticError(f"no mass inside |λ| = {radius}")
        return count * (1 - mass) + blur.carried(radius) - wanted

    high = float(np.abs(x + 1j * y).max()) + blur.reach
    high *= 1 + DIGITS
    low = 0.9 * high
    try:
        while low > NOTHING * high and beyond(low) <= 0:
            low *= 0.5
        if beyond(low) <= 0:
            return 0.0
        return float(brentq(beyond, low, high, xtol=DIGITS * low, rtol=DIGITS))
    except ArithmeticError:
        return float("nan")


class EdgeBlur:
    """The eigenvalues that the blur of the boundary y(x), both halves, carries across circles."""

    def __init__(self, x: np.ndarray, y: np.ndarray, density: np.ndarray, N: int) -> None:
        lam = x + 1j * y
        step = np.diff(lam)
        middle = 0.5 * (lam[1:] + lam[:-1])
        local = 0.5 * (density[1:] + density[:-1])
        kept = (local > 0) & (np.abs(step) > 0)
        step, middle, local = step[kept], middle[kept], local[kept]
        normal = 1j * step / np.abs(step)
        self._square = np.abs(middle) ** 2
        self._outward = (normal * middle.conj()).real
        self._k = np.sqrt(2 * np.pi * N * local)
        self._number = 2 * N * local * np.abs(step)
        self.reach = WIDTHS / self._k.min() if len(step) else 0.0

    def carried(self, radius: float) -> float:
        """Expected number beyond |λ| = radius, less that of a sharp boundary."""
        # |λ + s·normal| = radius, with λ on the boundary
        b, k = self._outward, self._k
        root = b**2 + radius**2 - self._square
        s = np.where(root > 0, np.abs(np.sqrt(np.maximum(root, 0)) - b), np.inf)
        s = np.minimum(s, WIDTHS / k)
        tail = np.exp(-((k * s) ** 2)) / (k * np.sqrt(np.pi)) - s * erfc(k * s)
        return float(self._number @ (0.5 * tail))
