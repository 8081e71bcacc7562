"""The LSTM whose forget gates are switches: the limit a_f → ∞, (38) with erratum E5 corrected.

Hard tanh, i = σ(b_i), o = σ(b_o), f ∈ {0, 1}. A unit is *active* if no φ saturates, |y| < 1 and
|c⁺| < 1: the weights move the eigenvalue f of active units only. The paper takes all units with
f = 1 to be saturated; but a share A₁ is active, and gives the spectrum a second lobe, around 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr

from rmt_gates.architectures.lstm import LSTM
from rmt_gates.gaussian import sigmoid
from rmt_gates.results import Record
from rmt_gates.spectra.point_masses import PointMasses
from rmt_gates.spectra.states import complex_numbers, unit_of
from rmt_gates.unit import Unit


@dataclass(frozen=True, repr=False)
class StepGates(Record):
    """Spectrum of an LSTM with forget gates f ∈ {0, 1}; G and μ per eigenvalue, of which 2N.

    Attributes
    ----------
    R : o i a_h. A_0, A_1 : P(active and f = 0), P(active and f = 1). opened : P(f = 1). Shares of
        the N units.
    """

    R: float
    A_0: float
    A_1: float
    opened: float

    @property
    def point_masses(self) -> PointMasses:
        """1 + P(f=0) − A₀ at 0 and P(f=1) − A₁ at 1 per unit, half of that per eigenvalue."""
        weights = [2 - self.opened - self.A_0, self.opened - self.A_1]
        return PointMasses(np.array([0.0, 1.0]), 0.5 * np.array(weights))

    def F(self, lam: Any) -> Any:
        """F > 0 with R² [A₀/(|λ|² + R²F) + A₁/(|λ−1|² + R²F)] = 1; 0 outside the support.

        The support is R² (A₀/|λ|² + A₁/|λ−1|²) ≥ 1.
        """
        a, b = _squares(complex_numbers("lam", lam))
        p, q = self.R**2 * self.A_0, self.R**2 * self.A_1
        linear, constant = a + b - p - q, a * b - p * b - q * a  # of the square X² + …, X = R²F
        root = np.sqrt(np.maximum(linear**2 - 4 * constant, 0))
        larger = np.abs(linear) + root
        inside = (constant < 0) & (larger > 0)
        X = np.where(linear > 0, -2 * constant / np.where(inside, larger, 1.0), 0.5 * larger)
        return np.where(inside, X, 0.0) / (self.R**2 or 1.0)

    def G(self, lam: Any) -> Any:
        """The resolvent ∫ μ(λ')/(λ−λ') d²λ'; complex, like lam."""
        lam = complex_numbers("lam", lam)
        (a, b), X = _squares(lam), self.R**2 * self.F(lam)
        at_0, at_1 = self.point_masses.weight
        active = self.A_0 * lam.conj() / (a + X) + self.A_1 * (lam - 1).conj() / (b + X)
        return at_0 / lam + at_1 / (lam - 1) + 0.5 * active

    def density(self, lam: Any) -> Any:
        """Eigenvalues per unit area, without the point masses; like lam.

        πμ = ∂G/∂λ̄ = ½ ( wX + |w₀λ + w₁(λ−1)|²/w ) with w₀ = A₀/(|λ|²+X)², w₁ = A₁/(|λ−1|²+X)²,
        w = w₀ + w₁ and X = R²F.
        """
        lam = complex_numbers("lam", lam)
        (a, b), X = _squares(lam), self.R**2 * self.F(lam)
        inside = X > 0
        X = np.where(inside, X, 1.0)
        w_0, w_1 = self.A_0 / (a + X) ** 2, self.A_1 / (b + X) ** 2
        w = np.where(inside, w_0 + w_1, 1.0)
        moved = np.abs(w_0 * lam + w_1 * (lam - 1)) ** 2
        return inside * 0.5 * (w * X + moved / w) / np.pi

    @property
    def spectral_radius(self) -> float:
        """Largest |λ|, of step gates. At finite a_f the few with f' ≠ 0 make a tail that grows."""
        p, q = self.R**2 * self.A_0, self.R**2 * self.A_1
        edge = np.sqrt(p)
        if q > 0:  # x²(x−1)² = p(x−1)² + qx², whose largest root is the only one beyond 1
            roots = np.roots([1, -2, 1 - p - q, 2 * p, -p])
            edge = roots.real[np.abs(roots.imag) <= 1e-9].max()
        return float(max(edge, 1.0 if self.opened > 0 else 0.0))


def step_forget_gate(state: Any) -> StepGates:
    """Spectrum of an LSTM with hard tanh as a_f → ∞, from the units of a state: (38) as in E5.

    Parameters
    ----------
    state : a `FixedPoint`, a `SteadyState` or a `Unit` of a `rg.LSTM` with
        ``activation="hardtanh"`` and a_i = v_i = a_o = v_o = 0, the sharper its forget gate the
        better; f is read as a switch, open where η_f > 0. At a fixed point no unit with an open
        gate is active (A₁ = O(1/a_f)), in a moving state some are.

    Masses inside circles differ from it by O(log a_f/a_f), the share of gates with a_f f' > 1.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> from rmt_gates.spectra.step_gates import step_forget_gate
    >>> point = rg.fixed_points(rg.LSTM(a_h=3, a_f=1e4, activation="hardtanh"))[-1]
    >>> step_forget_gate(point).point_masses.weight.round(2)
    array([0.59, 0.25])
    >>> round(rg.eigenvalue_fraction(point, 1, 0.1), 3)
    0.25
    """
    unit = unit_of(state, "step_forget_gate")
    model = unit.model
    if not isinstance(model, LSTM):
        raise TypeError(f"step_forget_gate is of an LSTM's state, got one of {model!r}")
    if not model.phi.kinks:
        raise ValueError("activation must be 'hardtanh': (38) counts the units that are saturated")
    for name in ("a_i", "v_i", "a_o", "v_o"):
        if getattr(model, name) != 0:
            raise ValueError(
                f"{name} must be 0, got {getattr(model, name):g}: (38) has one i and one o"
            )
    after = model.step(unit.inputs, unit.carry)[0]
    active = (np.abs(unit["y"]) < 1) & (np.abs(after) < 1)
    is_open = unit["eta_f"] > 0
    opened = float(is_open @ unit.weights) if isinstance(state, Unit) else _share_of_open(state)
    A_0, A_1 = (
        share * _mean_of(active, unit.weights * gate)
        for share, gate in ((1 - opened, ~is_open), (opened, is_open))
    )
    return StepGates(float(sigmoid(model.b_o) * sigmoid(model.b_i) * model.a_h), A_0, A_1, opened)


def _mean_of(active: np.ndarray, weights: np.ndarray) -> float:
    total = float(weights.sum())
    return float(active @ weights) / total if total > 0 else 0.0


def _share_of_open(state: Any) -> float:
    """P(η_f > 0) by the Gaussian law, which the sample has up to its noise."""
    law = state.model.input_kernels(np.ravel(state.C_h)[:1])["eta_f"]
    if law.covariance[0] == 0:
        raise ValueError("a_f must be positive, at a non-zero state: the forget gate does not vary")
    return float(ndtr(law.mean / np.sqrt(law.covariance[0])))


def _squares(lam: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.abs(lam) ** 2, np.abs(lam - 1) ** 2
