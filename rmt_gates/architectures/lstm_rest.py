"""The LSTM's unit at a fixed point: c = σ(η_i) φ(y) (1 + e^{η_f}), h = σ(η_o) φ(c).

The four inputs are independent Gaussians, N(b_k, a_k² C + v_k). c depends on the gates through
one number, g = σ(η_i)(1 + e^{η_f}): what is averaged over y is tabulated as a function of log g.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from rmt_gates.architectures.lstm_clipped_input import ClippedCellInput
from rmt_gates.architectures.lstm_gates import OPEN, GatePairs, gate_pairs, gate_rule
from rmt_gates.architectures.lstm_input import POWER_ABOVE, SMALLEST, CellInput
from rmt_gates.gaussian import SIGMOID_PRIME_SQUARED, expect, sigmoid

if TYPE_CHECKING:
    from rmt_gates.architectures.lstm import LSTM

CUT = 1e-10  # relative: more than that of E[p/(1−f)²] beyond OPEN is not known
LOWEST = -690.0  # log of the smallest distance to 1 that is looked at


class RestUnit:
    """The unit of a scalar model at rest where E[h²] = C."""

    def __init__(self, model: LSTM, C: float) -> None:
        self.model, self.C = model, float(C)
        moving = {k: float(getattr(model, f"a_{k}") ** 2 * C) for k in "fioh"}
        self.variance = {k: moving[k] + float(getattr(model, f"v_{k}")) for k in "fioh"}
        self._share = {k: moving[k] / v if v > 0 else 0.0 for k, v in self.variance.items()}
        law = ClippedCellInput if model.phi.kinks else CellInput
        self.input = law(model.phi, float(model.b_h), float(np.sqrt(self.variance["h"])))

    @property
    def clipped(self) -> bool:
        """Whether the kinks of φ are reached."""
        return bool(self.model.phi.kinks) and self.input.size > SMALLEST

    # -- the self-consistency -----------------------------------------------------------------
    def log_map(self) -> tuple[float, float]:
        """log F(C), F = E[o²] E[φ(c)²] the fixed-point map, and d log F / d log C."""
        if self.input.size <= SMALLEST:
            return -np.inf, 1.0
        output, output_slope = self._output_square()
        nodes = self._gates(POWER_ABOVE - float(np.log(self.input.size)))
        L = log_gain(nodes.eta_i, np.logaddexp(0.0, nodes.eta_f))
        square, square_slope = self.input.squares(L)
        cell = nodes.weight @ square
        change = (
            self._share["h"] * (nodes.weight @ square_slope)
            + self._share["i"] * (nodes.slope_i @ square)
            + self._share["f"] * (nodes.slope_f @ square)
        )
        log_F = np.log(output) + np.log(cell) + 2 * np.log(self.input.size)
        return float(log_F), float(output_slope / output + change / cell)

    def map(self) -> float:
        """F(C)."""
        return float(np.exp(self.log_map()[0]))

    def _gates(self, saturated: float = OPEN) -> GatePairs:
        mean_i, mean_f = float(self.model.b_i), float(self.model.b_f)
        kinked = bool(self.model.phi.kinks)
        variance_i, variance_f = self.variance["i"], self.variance["f"]
        return gate_pairs(mean_i, variance_i, mean_f, variance_f, kinked, saturated)

    def _output_square(self) -> tuple[float, float]:
        """E[o²] and its derivative by log C."""
        rule = gate_rule(float(self.model.b_o), self.variance["o"])
        square = sigmoid(rule.eta) ** 2
        return float(rule.weight @ square), float(self._share["o"] * (rule.slope @ square))

    # -- the spectrum -------------------------------------------------------------------------
    @property
    def output_square(self) -> float:
        """E[o²]."""
        return self._output_square()[0]

    @property
    def q(self) -> float:
        """E[q] = a_o² E[o'²] E[φ(c)²], and C = E[o²] E[φ(c)²]."""
        slope = expect(SIGMOID_PRIME_SQUARED, self.model.b_o, self.variance["o"])
        return float(self.model.a_o**2 * slope * self.C / self.output_square)

    def slopes(self, eta_i: np.ndarray, log_open: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """E[φ'(c)² c²] and E[φ'(c)² (∂c/∂y)²] over y, log_open = log(1+e^{η_f}); broadcast."""
        L = log_gain(eta_i, log_open)
        cell, direct = self.input.slopes(L.ravel()).reshape(2, *L.shape)
        return cell * self.input.size**2, direct

    def numerator(self, eta_i: np.ndarray, eta_f: np.ndarray) -> np.ndarray:
        """E[p|η_i, η_f] / ( E[o²] (1−f)² ), as c = iφ(y)/(1−f); arrays broadcast.

        (a_f² f² + a_i² (1−i)²) E[φ'(c)² c²] + a_h² E[φ'(c)² (∂c/∂y)²], the averages over y.
        """
        cell, direct = self.slopes(eta_i, np.logaddexp(0.0, eta_f))
        a_h, a_i, a_f, _ = self.model.gains()
        through_c = (a_f * sigmoid(eta_f)) ** 2 + (a_i * sigmoid(-eta_i)) ** 2
        return np.asarray(through_c * cell + a_h**2 * direct)

    def p_numerators(self) -> tuple[np.ndarray, np.ndarray]:
        """η_f (n,) and weights (n,): E[p/|λ−f|²] = Σ weight (1−f)²/|λ−f|²."""
        nodes = self._gates()
        value = self.numerator(nodes.eta_i, nodes.eta_f)
        return nodes.eta_f, self.output_square * nodes.weight * value

    def rho(self) -> float:
        """√(S(1)+1), S(1)+1 = E[q] + E[p/(1−f)²]; ∞ where gates open beyond OPEN make it up."""
        eta_f, share = self.p_numerators()
        total = float(share.sum())
        if share[eta_f > OPEN - 5].sum() > CUT * total:
            return np.inf
        return float(np.sqrt(self.q + total))

    def radius(self) -> float:
        """Largest x with E[q]/x² + E[p/(x−f)²] ≥ 1; at least 1 if f has a density, else f.

        With x = 1+δ, (1−f)/(x−f) = σ(−η_f−L)/x, L = log(δ/x): solved in log δ, an edge that is
        exponentially close to 1 keeps its accuracy.
        """
        eta_f, weight = self.p_numerators()
        p = float(weight @ sigmoid(-eta_f) ** 2)
        with np.errstate(divide="ignore"):
            low, high = 0.5 * np.log([p, p + self.q])  # p/δ² ≤ S+1 ≤ (p+q)/δ²
        if self.variance["f"] == 0:
            f = float(sigmoid(self.model.b_f))
            if p == 0:
                return max(f, float(np.sqrt(self.q)))
            return f + _root(lambda d: self.q / (f + d) ** 2 + p / d**2, low, high)

        def plus_one(d: float) -> float:
            ratio = sigmoid(-eta_f - np.log(d) + np.log1p(d))
            return float((self.q + weight @ ratio**2) / (1 + d) ** 2)

        if plus_one(np.exp(LOWEST)) <= 1:
            return 1.0
        return 1 + _root(plus_one, LOWEST, high)


def log_gain(eta_i: np.ndarray, log_open: np.ndarray) -> np.ndarray:
    """log g = log σ(η_i) + log(1 + e^{η_f}), the latter given; arrays broadcast."""
    return np.asarray(log_open - np.logaddexp(0.0, -eta_i))


def _root(plus_one: Callable[[float], float], low: float, high: float) -> float:
    """Where the decreasing function S+1 of a distance δ is 1, log δ between low and high."""
    from scipy.optimize import brentq

    def log_plus_one(log_distance: float) -> float:
        return float(np.log(plus_one(np.exp(log_distance))))

    return float(np.exp(brentq(log_plus_one, low - 1e-9, high + 1e-9, xtol=1e-14, rtol=1e-15)))
