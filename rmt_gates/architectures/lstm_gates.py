"""Quadrature over the Gaussian inputs of the LSTM's gates, at a fixed point.

Functions of a gate's input η are analytic for |Im η| < π/2, so that the trapezoid rule converges
exponentially; and e^{2η}, the square of an open gate's gain, moves what counts by 2 standard
deviations per standard deviation.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rmt_gates.gaussian.mesh import panel_nodes

WINDOW = 8.8  # standard deviations: e^{−WINDOW²/2} < 2e−17
DIGITS = 38.0  # aliased terms are e^{−DIGITS}
STRIP = 1.5  # a little less than π/2
SHUT, OPEN = -40.0, 340.0  # 1 + e^η is 1 below, and its square nearly overflows above
PANEL = 2.0  # width of panels, in units of η and of the standard deviation


class GateRule(NamedTuple):
    """Σ weight g(eta) ≈ E g(η), and Σ slope g(eta) ≈ V ∂E g(η)/∂V, for η ~ N(mean, V)."""

    eta: np.ndarray
    weight: np.ndarray
    slope: np.ndarray


class GatePairs(NamedTuple):
    """Nodes for independent η_i and η_f: the same with one slope for each variance."""

    eta_i: np.ndarray
    eta_f: np.ndarray
    weight: np.ndarray
    slope_i: np.ndarray
    slope_f: np.ndarray


def gate_rule(mean: float, variance: float, low: float = -np.inf, high: float = OPEN) -> GateRule:
    """The trapezoid rule for one gate; nodes beyond low and high are moved there and merged."""
    if variance == 0:
        return GateRule(np.array([mean]), np.ones(1), np.zeros(1))
    sd = float(np.sqrt(variance))
    depth = min(STRIP / sd, np.sqrt(2 * DIGITS))
    step = 2 * np.pi * depth / (DIGITS + 0.5 * depth * depth)
    last = min(WINDOW + 2 * sd, max(WINDOW, (high - mean) / sd))
    x = step * np.arange(-np.ceil(WINDOW / step), np.ceil(last / step) + 1)
    weight = step / np.sqrt(2 * np.pi) * np.exp(-0.5 * x * x)
    eta, index = np.unique(np.clip(mean + sd * x, low, high), return_inverse=True)
    slope = 0.5 * (x * x - 1) * weight
    return GateRule(eta, np.bincount(index, weight), np.bincount(index, slope))


def gate_pairs(
    mean_i: float,
    variance_i: float,
    mean_f: float,
    variance_f: float,
    kinked: bool,
    saturated: float = OPEN,
) -> GatePairs:
    """Nodes for functions of g = σ(η_i)(1 + e^{η_f}).

    kinked : whether they have a kink at g = 1. saturated : log g beyond which they are constant.
    """
    if kinked and variance_i + variance_f > 0:
        return _rotated(mean_i, variance_i, mean_f, variance_f, saturated)
    first = gate_rule(mean_i, variance_i, high=-SHUT)
    high = min(OPEN, saturated + float(np.logaddexp(0.0, -first.eta[0])))
    second = gate_rule(mean_f, variance_f, SHUT, high)
    eta_i, eta_f = np.meshgrid(first.eta, second.eta, indexing="ij")
    return GatePairs(
        eta_i.ravel(),
        eta_f.ravel(),
        np.outer(first.weight, second.weight).ravel(),
        np.outer(first.slope, second.weight).ravel(),
        np.outer(first.weight, second.slope).ravel(),
    )


def _rotated(
    mean_i: float, variance_i: float, mean_f: float, variance_f: float, saturated: float
) -> GatePairs:
    """Panels in u = η_i + η_f broken at u = 0, where g = 1; trapezoids along lines of one u.

    g = (1 + e^{η_f})/(1 + e^{−η_i}): the kink at g = 1 is the straight line u = 0.
    """
    mean, variance = mean_i + mean_f, variance_i + variance_f
    sd = float(np.sqrt(variance))
    high = min(WINDOW + 2 * sd, max(WINDOW, (OPEN - mean) / sd))
    panels = int(np.ceil((WINDOW + high) / PANEL))
    fine = (np.arange(SHUT, min(OPEN, saturated) + PANEL, PANEL) - mean) / sd
    breaks = np.concatenate([np.linspace(-WINDOW, high, panels + 1), fine])
    x, w = panel_nodes(np.unique(np.clip(breaks, -WINDOW, high)))
    w = w * np.exp(-0.5 * x * x) / np.sqrt(2 * np.pi)
    across = gate_rule(0.0, variance_i * variance_f / variance)
    eta_i = mean_i + variance_i / sd * x[:, None] + across.eta
    eta_f = mean_f + variance_f / sd * x[:, None] - across.eta
    weight = np.outer(w, across.weight)

    def slope(eta: np.ndarray, mean: float, variance: float) -> np.ndarray:
        if variance == 0:
            return 0 * weight
        return 0.5 * ((eta - mean) ** 2 / variance - 1) * weight

    slopes = slope(eta_i, mean_i, variance_i), slope(eta_f, mean_f, variance_f)
    nodes = eta_i, np.minimum(eta_f, OPEN), weight, *slopes
    return GatePairs(*(array.ravel() for array in nodes))
