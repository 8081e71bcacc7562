"""E[p|η_f](1+e^{η_f})² of an LSTM with the hard tanh at a fixed point: smooth but for kinks.

The kink at g = σ(η_i)(1+e^{η_f}) = 1 is at η_i = −η_f: for each η_f the average over η_i is broken
there. Where η_i has no variance the kink stays, at η_f = −b_i.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rmt_gates.architectures.lstm_gates import OPEN, WINDOW
from rmt_gates.architectures.lstm_numerators import Numerator
from rmt_gates.architectures.lstm_rest import RestUnit
from rmt_gates.gaussian.mesh import panel_nodes

PANEL = 2.0  # width of panels, in units of η and of the standard deviation


class ClippedNumerator(Numerator):
    """At a fixed point where the kinks of φ are reached; on real arrays only."""

    strip = 0.0

    def __init__(self, rest: RestUnit) -> None:
        self._rest = rest
        self._mean = float(rest.model.b_i)
        self._sd = float(np.sqrt(rest.variance["i"]))

    def p(self, eta: Any) -> Any:
        """E[p|η_f]."""
        eta_f = np.minimum(np.ravel(eta), OPEN)[:, None]
        eta_i, weight = self._input_gates(eta_f[:, 0])
        per_leak = (weight * self._rest.numerator(eta_i, eta_f)).sum(axis=1)
        p = np.exp(-2 * np.logaddexp(0.0, eta_f[:, 0])) * per_leak
        return np.reshape(self._rest.output_square * p, np.shape(eta))

    def _input_gates(self, eta_f: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """η_i (n, m) and weights, in panels that break at −η_f."""
        if self._sd == 0:
            return np.full((len(eta_f), 1), self._mean), np.ones((len(eta_f), 1))
        step = min(PANEL, PANEL * self._sd)
        half = np.arange(0.0, WINDOW * self._sd + step, step)
        even = self._mean + np.concatenate([-half[:0:-1], half])
        kink = np.clip(-eta_f, even[0], even[-1])
        breaks = np.concatenate([np.broadcast_to(even, (len(eta_f), len(even))), kink[:, None]], 1)
        eta_i, weight = panel_nodes(np.sort(breaks, axis=1))
        x = (eta_i - self._mean) / self._sd
        return eta_i, weight * np.exp(-0.5 * x * x) / (self._sd * np.sqrt(2 * np.pi))
