"""E[p|η_f](1+e^{η_f})² of the LSTM as analytic functions: at a fixed point, and in a steady state.

With them E[p/|λ−f|²] = E[(1−f)² q(η_f)/|λ−f|²], a one-dimensional Gaussian integral.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev

from rmt_gates.architectures.base import Constant, PoleTerm
from rmt_gates.architectures.lstm_gates import OPEN, SHUT, WINDOW, gate_rule
from rmt_gates.architectures.lstm_input import POWER_ABOVE
from rmt_gates.architectures.lstm_paths import GRID, POSITIONS
from rmt_gates.architectures.lstm_rest import RestUnit
from rmt_gates.architectures.lstm_table import LogTable
from rmt_gates.gaussian import sigmoid
from rmt_gates.gaussian.activations import sigmoid_complex
from rmt_gates.gaussian.conditional_moment import ConditionalMoment
from rmt_gates.gaussian.mesh import panel_nodes

WIDEST = 40.0  # standard deviations of η_f that are tabulated: beyond, its density is 0
DIFFERENCE = 1e-5
FROM_POSITIONS = np.linalg.inv(chebyshev.chebvander(2 * POSITIONS - 1, GRID - 1))


def log_open(eta: Any) -> Any:
    """log(1 + e^η) = −log(1−f) on real and complex arrays, |Im η| < π; Re η is cut at OPEN."""
    eta = eta + np.minimum(OPEN - eta.real, 0.0)
    right = eta.real > 0
    return np.where(right, eta, 0.0) + np.log1p(np.exp(np.where(right, -eta, eta)))


def opening(eta: Any) -> Any:
    """(1 + e^η)², and 0 beyond OPEN."""
    return np.where(eta.real <= OPEN, np.exp(2 * log_open(eta)), 0.0)


def constant_term(logit: float, weight: float) -> PoleTerm:
    """weight/|λ−σ(logit)|² as a term of S+1."""
    scale = weight * np.exp(2 * np.logaddexp(0.0, logit))
    return PoleTerm(logit, 0.0, Constant(float(scale)), Constant(0.0))


class Numerator(ABC):
    """q(η) = E[p|η_f=η] (1+e^η)² on real arrays, and on complex ones with |Im η| < ``strip``."""

    strip = 0.5 * np.pi

    @abstractmethod
    def p(self, eta: Any) -> Any:
        """E[p|η_f]."""

    def __call__(self, eta: Any) -> Any:
        return opening(eta) * self.p(eta)

    def derivative(self, eta: Any) -> Any:
        """dq/dη by a difference quotient: it steers Newton's method and does not enter S."""
        return (self(eta + DIFFERENCE) - self(eta - DIFFERENCE)) / (2 * DIFFERENCE)


@dataclass(frozen=True)
class PathNumerator(Numerator):
    """In a sampled state: E[o²] ( a_f² (1−f)² E[A|η_f] + E[B|η_f] ), see `lstm_paths`.

    moment : E[A|η_f], E[B|η_f] for A, B at the forget gates of LOGITS, between which they are
        interpolated: what depends on f explicitly, and what through the past.
    """

    output_square: float
    a_f: float
    moment: ConditionalMoment

    def p(self, eta: Any) -> Any:
        """E[p|η_f]."""
        at_logits = self.moment(eta).reshape(2, GRID, *np.shape(eta))
        series = np.einsum("kj,mj...->km...", FROM_POSITIONS, at_logits)
        s = sigmoid_complex(0.5 * eta)
        A, B = chebyshev.chebval(2 * s - 1, series, tensor=False)
        return self.output_square * ((self.a_f * sigmoid_complex(-eta)) ** 2 * A + B)

    def mean(self, mean: float, variance: float) -> float:
        """E[p] for η_f ~ N(mean, variance)."""
        rule = gate_rule(mean, variance, SHUT)
        return float(rule.weight @ self.p(rule.eta))


class RestNumerator(Numerator):
    """At a fixed point, where η_i and y are integrated out.

    f enters `RestUnit.numerator` as f² and through c: with f² apart, what is left to average are
    three analytic functions of log(1+e^{η_f}), tabulated.
    """

    def __init__(self, rest: RestUnit) -> None:
        model = rest.model
        rule = gate_rule(float(model.b_i), rest.variance["i"], high=-SHUT)
        weights = np.stack([rule.weight, rule.weight * sigmoid(-rule.eta) ** 2])

        def averages(opening: np.ndarray) -> np.ndarray:
            """E[φ'²c²], E[(1−i)²φ'²c²] and E[φ'²(gφ'(y))²], over (1+e^{η_f})², (3, n).

            ``opening`` (n,) is log(1+e^{η_f}); the averages are over η_i and y.
            """
            cell, direct = rest.slopes(rule.eta, opening[:, None])
            return np.exp(-2 * opening) * np.stack([*(weights @ cell.T), direct @ rule.weight])

        typical = 0.5 * np.log(rule.weight @ sigmoid(rule.eta) ** 2)
        sd = np.sqrt(rest.variance["f"])
        high = min(model.b_f + WIDEST * sd, POWER_ABOVE - np.log(rest.input.size) - typical)
        self._table = LogTable(averages, 0.0, max(1.0, float(high)), decay=[3.0, 3.0, 1.0])
        self._strength = rest.output_square * model.gains()[[2, 1, 0]] ** 2

    def p(self, eta: Any) -> Any:
        """E[p|η_f]."""
        through_f, through_i, direct = self._table(log_open(eta))
        by_f, by_i, by_h = self._strength
        return by_f * sigmoid_complex(eta) ** 2 * through_f + by_i * through_i + by_h * direct


def forget_terms(q: Numerator, mean: float, variance: float) -> list[PoleTerm]:
    """E[p/|λ−f|²]; forget gates open beyond OPEN, with f = 1 to the last digit, are one node."""
    forget = PoleTerm(mean, variance, q, q.derivative, q.strip)
    start = (OPEN - mean) / np.sqrt(variance)
    if start > WINDOW:
        return [forget]
    x, weight = panel_nodes(np.linspace(start, WINDOW, 10))
    weight *= np.exp(-0.5 * x * x) / np.sqrt(2 * np.pi)
    share = weight @ q.p(mean + np.sqrt(variance) * x)
    return [constant_term(OPEN, float(share)), forget]
