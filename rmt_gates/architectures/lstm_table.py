"""Smooth functions of L = log g, tabulated at any scale of g and continued to complex L."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev

TERMS = 20  # a pole of order 4 at distance π/2 from a panel of width 1: 6.4^{−20} · 20³ ~ 1e−12
AT_ONCE = 1 << 12  # points: what Clenshaw's rule goes over 20 times stays in cache

_NODES = chebyshev.chebpts1(TERMS)
_TO_COEFFICIENTS = np.linalg.inv(chebyshev.chebvander(_NODES, TERMS - 1))


class LogTable:
    """m functions of L that are analytic for |Im L| < π/2: Chebyshev series on panels of width 1.

    Parameters
    ----------
    function : L (n,) -> values (m, n), tabulated from ``low`` to ``high`` (or a little beyond).
    decay : (m,) powers with which they fall, like e^{−decay L}, above ``high``; below ``low``
        they are constant.

    Examples
    --------
    >>> table = LogTable(lambda L: np.tanh(np.exp(L))[None] / np.exp(L), -20.0, 4.0, [1.0])
    >>> round(float(table(np.array([0.5]), growth=1.0)[0, 0] / np.tanh(np.exp(0.5))), 12)
    1.0
    """

    def __init__(
        self, function: Callable[[np.ndarray], Any], low: float, high: float, decay: Any
    ) -> None:
        self.panels = max(1, int(np.ceil(high - low)))
        self.low, self.high = low, low + self.panels
        self.decay = np.asarray(decay, float)
        at = low + np.arange(self.panels)[:, None] + 0.5 * (1 + _NODES)
        values = np.reshape(function(at.ravel()), (len(self.decay), self.panels, TERMS))
        self._coefficients = np.moveaxis(values @ _TO_COEFFICIENTS.T, 2, 0)

    def __call__(self, L: np.ndarray, growth: float = 0.0) -> np.ndarray:
        """e^{growth L} times the functions at real or complex L: (m, *L.shape)."""
        flat = L.ravel()
        result = np.empty((len(self.decay), flat.size), flat.dtype)
        for begin in range(0, flat.size, AT_ONCE):
            some = slice(begin, begin + AT_ONCE)
            result[:, some] = self._values(flat[some], growth)
        return result.reshape(-1, *L.shape)

    def _values(self, L: np.ndarray, growth: float) -> np.ndarray:
        inside = np.clip(L.real, self.low, self.high)
        panel = np.minimum((inside - self.low).astype(int), self.panels - 1)
        local = 2 * (inside - self.low - panel) - 1 + 2 * (L - L.real)
        excess = np.maximum(L.real - self.high, 0.0)
        factor = np.exp(growth * L - np.multiply.outer(self.decay, excess))
        return np.asarray(factor * self._series(panel, local))

    def _series(self, panel: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Clenshaw's rule, each point with the coefficients of its panel."""
        shape = (len(self.decay), *x.shape)
        before, last = np.zeros(shape, x.dtype), np.zeros(shape, x.dtype)
        twice = 2 * x
        for row in self._coefficients[:0:-1]:
            last *= -1
            last += row.take(panel, axis=1)
            last += twice * before
            before, last = last, before
        return x * before - last + self._coefficients[0].take(panel, axis=1)
