"""E[(1−z)² q(ζ) / |λ−z|²] for z = σ(ζ), ζ Gaussian, and q smooth but for kinks and jumps.

1/|λ−z|² = Im[1/(z−λ)] / Im λ has one pole near the real axis, at ζ = p, the logit of λ, with
residue 1/(λ(1−λ)). Gauss–Legendre panels, halved until they meet the numerator M, are accurate but
for panels close to p. There M is its Legendre series Σ c_k P_k, and the share of the pole is known
in closed form: ∫ P_k(t)/(t−τ) dt = −2 Q_k(τ) (Neumann), Q_k Legendre's functions of the second
kind.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.polynomial import legendre

from rmt_gates.gaussian.activations import sigmoid
from rmt_gates.gaussian.pole_average import SampledPoleAverage

NODES = 16
WIDEST = 2.8  # of a panel: the other poles, p + 2πi and further, are not near
FARTHEST = 699.3  # logits of λ that are told apart from 0 and 1; no panel ends at a round one
NEAR = 2.0  # |τ| beyond which the rule misses (|τ| + √(τ²−1))^{−2·NODES} < 1e−17
WINDOW = 38.0  # standard deviations: lenses that thin are resolved
# of a panel's last coefficients, in units of its largest value and (times its width) of all panels:
RESOLVED, NEGLIGIBLE = 1e-8, 1e-13  # q need not be smooth to rounding
NOTHING = 1e-280  # a panel with no larger values is not halved
HALVINGS = 45  # a jump is then in a panel of 1e−13
MOST = 20_000  # panels: a q that is rough everywhere is met no better

_T, _W = legendre.leggauss(NODES)
_TO_SERIES = (legendre.legvander(_T, NODES - 1) * _W[:, None]).T * (np.arange(NODES) + 0.5)[:, None]


class PanelPoleAverage:
    """λ ↦ E[(1−z)² q(ζ)/|λ−z|²] and its derivative in Im λ, for ζ ~ N(mean, variance > 0).

    Points are given as for `GaussianPoleAverage`; ``q`` maps real arrays to real arrays.
    """

    def __init__(self, mean: float, variance: float, q: Callable[[Any], Any]) -> None:
        self.mean, self.sd = float(mean), float(np.sqrt(variance))
        self.q = q
        shift = self.sd * np.arange(-WINDOW, WINDOW + 1)
        breaks = np.concatenate([self.mean + shift, np.arange(-FARTHEST, FARTHEST, WIDEST)])
        breaks = np.unique(breaks[np.abs(breaks - self.mean) <= shift[-1]])
        self.low, self.high, self.values = self._resolve(breaks[:-1], breaks[1:])
        self.half = 0.5 * (self.high - self.low)
        self.series = self.values @ _TO_SERIES.T
        zeta = self._nodes(self.low, self.high).ravel()
        weight = (self.half[:, None] * _W * self.values).ravel()
        zeta, weight = zeta[weight > 0], weight[weight > 0]
        self.lattices = [SampledPoleAverage(sigmoid(zeta), sigmoid(-zeta), weight)]

    def _nodes(self, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        return np.asarray(low[:, None] + 0.5 * (high - low)[:, None] * (1 + _T))

    def _numerator(self, zeta: np.ndarray) -> np.ndarray:
        shift = (zeta - self.mean) / self.sd
        bell = np.exp(-0.5 * shift**2) / (self.sd * np.sqrt(2 * np.pi))
        average = sigmoid(-zeta) ** 2 * np.reshape(self.q(zeta.ravel()), zeta.shape)
        return np.asarray(bell * average)  # in this order: no factor underflows alone

    def _resolve(
        self, low: np.ndarray, high: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Panels, sorted, and M at their nodes: halved until their series has converged."""
        done = []
        total = 0.0
        for halving in range(HALVINGS + 1):
            values = self._numerator(self._nodes(low, high))
            largest = np.abs(values).max(axis=1)
            total = total or float(largest @ (high - low))
            tail = np.abs(values @ _TO_SERIES[-2:].T).max(axis=1)
            small = (tail <= RESOLVED * largest) & (tail * (high - low) <= NEGLIGIBLE * total)
            fine = small | (largest < NOTHING) | (halving == HALVINGS) | (len(low) > MOST)
            done.append((low[fine], high[fine], values[fine]))
            low, high = low[~fine], high[~fine]
            if not len(low):
                break
            middle = 0.5 * (low + high)
            low, high = np.concatenate([low, middle]), np.concatenate([middle, high])
        low, high, values = (np.concatenate(parts) for parts in zip(*done, strict=True))
        order = np.argsort(low)
        return low[order], high[order], values[order]

    def __call__(
        self, x: np.ndarray, u: np.ndarray, y: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The average and its derivative with respect to y; 1-D arrays."""
        value, slope = self.lattices[0](x, u, y)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            p = np.log(x + 1j * y) - np.log(u - 1j * y)
        self._add_poles(value, slope, x + 1j * y, u - 1j * y, p)
        return value, slope

    def beyond(self, distance: float, right: bool) -> float:
        """The average on the real axis, at 1 + distance (right) or at −distance."""
        return self.lattices[0].beyond(distance, right)

    def _add_poles(
        self,
        value: np.ndarray,
        slope: np.ndarray,
        lam: np.ndarray,
        one_minus: np.ndarray,
        p: np.ndarray,
    ) -> None:
        """What Gauss–Legendre misses in each panel near the pole, for points off the real axis."""
        middle = 0.5 * (self.low + self.high)
        for panel, (c, h, M) in enumerate(zip(middle, self.half, self.values, strict=True)):
            some = np.flatnonzero((np.abs(p - c) < NEAR * h) & (lam.imag > 0))
            if not len(some):
                continue
            tau = (p[some] - c) / h
            Q, dQ = second_kind(tau, NODES - 1)
            inverse = 1 / (_T - tau[:, None])
            miss = -2 * self.series[panel] @ Q - inverse @ (_W * M)
            d_miss = (-2 * self.series[panel] @ dQ - inverse**2 @ (_W * M)) / h
            y, residue = lam[some].imag, 1 / (lam[some] * one_minus[some])
            pole = np.imag(residue * miss) / y
            # dp/dy = i residue, and d residue/dy = −i residue² (1−2λ)
            change = residue**2 * (d_miss - (one_minus[some] - lam[some]) * miss)
            value[some] += pole
            slope[some] += np.imag(1j * change) / y - pole / y


def second_kind(tau: np.ndarray, degree: int) -> tuple[np.ndarray, np.ndarray]:
    """Q_k(τ) and Q_k'(τ), k = 0…degree, off the real axis: (degree+1, points) each.

    Upward recursion, (k+1) Q_{k+1} = (2k+1) τ Q_k − k Q_{k−1}; (τ²−1) Q_k' = k (τ Q_k − Q_{k−1}).

    Examples
    --------
    >>> Q, _ = second_kind(np.array([0.3 + 1e-9j]), 1)
    >>> round(float(Q[1, 0].real), 9), round(float(Q[0, 0].imag), 6)
    (-0.907144117, -1.570796)
    """
    Q = np.empty((degree + 1, len(tau)), complex)
    Q[0] = 0.5 * (np.log(tau + 1) - np.log(tau - 1))
    Q[1] = tau * Q[0] - 1
    for k in range(1, degree):
        Q[k + 1] = ((2 * k + 1) * tau * Q[k] - k * Q[k - 1]) / (k + 1)
    order = np.arange(1, degree + 1)[:, None]
    dQ = np.concatenate([-np.ones((1, len(tau))), order * (tau * Q[1:] - Q[:-1])]) / (tau**2 - 1)
    return Q, dQ
