"""The scalar non-linearities of a gated unit: the sigmoid of a gate and the activation of a state.

Every function takes an array (or number) of any shape and the array module `xp` that it belongs to:
NumPy by default, otherwise a module with the same names, such as torch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit


def sigmoid(x: Any, xp: Any = np) -> Any:
    """The gate's non-linearity σ(x) = 1/(1 + e^{-x}), without overflow."""
    return expit(x) if xp is np else xp.sigmoid(x)


def sigmoid_complex(x: Any) -> Any:
    """σ continued off the real axis (|Im x| < π)."""
    if np.iscomplexobj(x):
        right = x.real >= 0
        e = np.exp(np.where(right, -x, x))  # |e| ≤ 1: no overflow on either side
        return np.where(right, 1, e) / (1 + e)
    return sigmoid(x)


def sigmoid_prime(x: Any, xp: Any = np) -> Any:
    """σ'(x) = σ(x) σ(-x), accurate to rounding in both tails (σ(1 - σ) is not)."""
    return sigmoid(x, xp) * sigmoid(-x, xp)


def _tanh(x: Any, xp: Any) -> Any:
    return xp.tanh(x)


def _sech_squared(x: Any, xp: Any) -> Any:
    """4e/(1 + e)² with e = exp(-2|x|); 1 - tanh² would lose every digit beyond |x| = 19."""
    e = xp.exp(-2 * xp.abs(x))
    return 4 * e / (1 + e) ** 2


def _hard_tanh(x: Any, xp: Any) -> Any:
    return xp.clip(x, -1, 1)


def _inside(x: Any, xp: Any) -> Any:
    """1 for |x| < 1, else 0, in the dtype of x (a NaN stays a NaN)."""
    return xp.where(xp.isnan(x), x, 1.0 * (xp.abs(x) < 1))


@dataclass(frozen=True)
class Activation:
    """An odd, increasing activation φ from R to [-1, 1] with φ'(0) = `slope_at_zero`.

    name : "tanh" or "hardtanh"
    kinks : the arguments where φ' jumps (none for an analytic φ)
    """

    name: str
    function: Callable[[Any, Any], Any]
    derivative: Callable[[Any, Any], Any]
    kinks: tuple[float, ...] = ()
    slope_at_zero: float = 1.0

    def phi(self, x: Any, xp: Any = np) -> Any:
        """φ(x), elementwise."""
        return self.function(x, xp)

    def dphi(self, x: Any, xp: Any = np) -> Any:
        """φ'(x), elementwise, with full relative accuracy in the tails."""
        return self.derivative(x, xp)

    def __repr__(self) -> str:
        return f"Activation({self.name!r})"


TANH = Activation("tanh", _tanh, _sech_squared)
HARDTANH = Activation("hardtanh", _hard_tanh, _inside, kinks=(-1.0, 1.0))


def activation(name: str) -> Activation:
    """The activation called `name`, "tanh" or "hardtanh" (the clip to [-1, 1])."""
    for known in (TANH, HARDTANH):
        if name == known.name:
            return known
    raise ValueError(f"activation must be 'tanh' or 'hardtanh', not {name!r}")
