"""E[(1−z)² q(ζ) / |λ−z|²] for z = σ(ζ), ζ Gaussian: exponentially accurate at any distance.

With w = e^ζ and e^p = λ/(1−λ), (1−z)²/|λ−z|² = Im[1/(e^ζ − e^p)] / Im λ: one simple pole at
ζ = p, the logit of λ, which comes arbitrarily near the real axis when λ does. The trapezoid rule
is exponentially accurate but for that pole, and the pole's share is known in closed form:
∫ f = T_h[f] + 2πi Res_p f / (1 − e^{−2πi(p−c)/h}) for nodes c + jh.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rmt_gates.gaussian.activations import sigmoid

WINDOW = 8.6  # standard deviations: e^{−WINDOW²/2} < 1e−16
STEP = 0.5  # for poles of the integrand at distance π: e^{−2π²/STEP} < 1e−17
STEP_PER_SD = 0.4
NEGLIGIBLE = 39.0  # e^{−39} ~ 1e−17
CHUNK = 400_000  # node–point pairs held at once


class GaussianPoleAverage:
    """λ ↦ E[(1−z)² q(ζ)/|λ−z|²] and its derivative in Im λ, for ζ ~ N(mean, variance > 0).

    Points are given as (x, u, y) = (Re λ, 1 − Re λ, Im λ ≥ 0): u apart, so that points
    exponentially close to 1 are resolved. On the real axis (y = 0) x must lie outside (0, 1).
    ``strip`` is the distance of the singularities of q from the real axis, at most π.
    """

    def __init__(
        self,
        mean: float,
        variance: float,
        q: Callable[[Any], Any],
        dq: Callable[[Any], Any],
        strip: float = np.pi,
    ) -> None:
        self.mean, self.sd = float(mean), float(np.sqrt(variance))
        self.q, self.dq = q, dq
        self.step = min(STEP * strip / np.pi, STEP_PER_SD * self.sd)
        half = int(np.ceil(WINDOW * self.sd / self.step))
        self.lattices = []
        for offset in (0.0, 0.5 * self.step):
            shift = offset + self.step * np.arange(-half, half + 1)
            zeta = self.mean + shift
            z, leak = sigmoid(zeta), sigmoid(-zeta)
            weight = self.step * self._gauss(shift) * leak**2 * np.real(q(zeta))
            # gates shut to the last digit are one node: their number grows with the gain
            shut = int(np.count_nonzero(z == 0))
            if shut:
                weight[shut - 1] = weight[:shut].sum()
                z, leak, weight = (v[shut - 1 :] for v in (z, leak, weight))
            keep = weight > 0
            self.lattices.append(SampledPoleAverage(z[keep], leak[keep], weight[keep]))

    def _gauss(self, shift: Any) -> Any:
        return np.exp(-0.5 * (shift / self.sd) ** 2) / (self.sd * np.sqrt(2 * np.pi))

    def __call__(
        self, x: np.ndarray, u: np.ndarray, y: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The average and its derivative with respect to y; 1-D arrays."""
        value, slope = np.empty(x.shape), np.empty(x.shape)
        # on the real axis a node may meet the point; the derivative may overflow beside it
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            p = np.log(x + 1j * y) - np.log(u - 1j * y)
            # the lattice whose nodes are farther from Re p: no cancellation of node and pole
            phase = ((p.real - self.mean) / self.step) % 1.0
            far = (phase < 0.25) | (phase >= 0.75)
            for lattice, chosen in ((1, far), (0, ~far)):
                self.lattices[lattice].add(np.flatnonzero(chosen), x, u, y, value, slope)
            self._add_pole(value, slope, x, u, y, p, 0.5 * self.step * far)
        return value, slope

    def beyond(self, distance: float, right: bool) -> float:
        """The average on the real axis, at 1 + distance (right) or at −distance."""
        return self.lattices[0].beyond(distance, right)

    def _add_pole(
        self,
        value: np.ndarray,
        slope: np.ndarray,
        x: np.ndarray,
        u: np.ndarray,
        y: np.ndarray,
        p: np.ndarray,
        offset: np.ndarray,
    ) -> None:
        near = np.flatnonzero((2 * np.pi * p.imag < NEGLIGIBLE * self.step) & (y > 0))
        near = near[np.abs(p.real[near] - self.mean) < 38 * self.sd]
        if not len(near):
            return
        p, y, offset = p[near], y[near], offset[near]
        lam, one_minus = x[near] + 1j * y, u[near] - 1j * y
        shift = p - self.mean
        gauss = self._gauss(shift) * one_minus / lam  # e^{−p} = (1−λ)/λ
        q = self.q(p)
        residue = gauss * q
        d_residue = gauss * (self.dq(p) - q * (1 + shift / self.sd**2))
        E = 1 / (1 - np.exp(-2j * np.pi * (shift - offset) / self.step))
        dE = -(2j * np.pi / self.step) * E * (E - 1)
        pole = np.imag(2j * np.pi * residue * E) / y
        turn = 2j * np.pi * (d_residue * E + residue * dE) * 1j / (lam * one_minus)
        value[near] += pole
        slope[near] += np.imag(turn) / y - pole / y


class SampledPoleAverage:
    """λ ↦ Σ_i w_i / |λ−z_i|² over the units of a sample, same signature.

    ``weight`` may have a second axis, (n, m), for m averages at once: results are (points, m).
    """

    def __init__(self, z: np.ndarray, leak: np.ndarray, weight: np.ndarray) -> None:
        self.z, self.leak, self.weight = z, leak, weight

    def __call__(
        self, x: np.ndarray, u: np.ndarray, y: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The average and its derivative with respect to y; 1-D arrays."""
        shape = (*x.shape, *self.weight.shape[1:])
        value, slope = np.empty(shape), np.empty(shape)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            self.add(np.arange(len(x)), x, u, y, value, slope)
        return value, slope

    def add(
        self,
        index: np.ndarray,
        x: np.ndarray,
        u: np.ndarray,
        y: np.ndarray,
        value: np.ndarray,
        slope: np.ndarray,
    ) -> None:
        """Fill value and slope at the points ``index``, measuring from the nearer end of [0, 1]."""
        left = x[index] < 0.5
        most = max(1, CHUNK // max(1, len(self.weight)))  # no node at all where q vanishes
        for node, point, part in ((self.z, x, index[left]), (self.leak, u, index[~left])):
            for begin in range(0, len(part), most):
                some = part[begin : begin + most]
                value[some], slope[some] = _lorentzian_sum(node, self.weight, point[some], y[some])

    def beyond(self, distance: float, right: bool) -> float:
        """The average on the real axis, at 1 + distance (right) or at −distance."""
        with np.errstate(divide="ignore", over="ignore"):
            return float(self.weight @ ((self.leak if right else self.z) + distance) ** -2.0)


def _lorentzian_sum(
    node: np.ndarray, weight: np.ndarray, point: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Σ_j w_j / ((node_j − point)² + y²) and its derivative in y."""
    inverse = node - point[:, None]
    inverse *= inverse
    inverse += (y * y)[:, None]
    np.divide(1.0, inverse, out=inverse)
    value = inverse @ weight
    inverse *= inverse
    slope = inverse @ weight
    return value, -2 * (y if slope.ndim == 1 else y[:, None]) * slope
