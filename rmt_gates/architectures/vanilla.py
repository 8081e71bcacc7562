"""The vanilla recurrent network, h⁺ = φ(U_h h + b_h): no gates, and every formula is closed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from rmt_gates.architectures.base import (
    Blocks,
    Constant,
    CriterionPole,
    GaussianInput,
    PoleTerm,
)
from rmt_gates.architectures.leaky import EXACT, LeakyUnit
from rmt_gates.gaussian import dphi_squared, expect, phi, phi_squared
from rmt_gates.gaussian.autocovariance import autocovariance
from rmt_gates.gaussian.by_mean import log_expectation_by_mean
from rmt_gates.unit import Unit


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Vanilla(LeakyUnit):
    """Weight statistics of a recurrent network without gates, h⁺ = φ(U_h h + b_h).

    Parameters
    ----------
    a_h : gain, (U_h)_ij ~ N(0, a_h²/N).
    b_h, v_h : mean and variance of the bias, drawn once per unit.
    activation : φ, "tanh" or "hardtanh".

    Examples
    --------
    >>> import rmt_gates as rg
    >>> state = rg.steady_state(rg.Vanilla(a_h=1.5))
    >>> round(state.C_h0, 6), round(rg.spectral_radius(state), 6)
    (0.352602, 1.067391)
    """

    a_h: Any
    b_h: Any = 0.0
    v_h: Any = 0.0
    activation: str = "tanh"

    name: ClassVar[str] = "Vanilla"
    matrices: ClassVar[tuple[str, ...]] = ("h",)
    carriers: ClassVar[tuple[int, ...]] = (0,)
    remembered: ClassVar[tuple[str, ...]] = ("y",)
    level_parameter: ClassVar[str | None] = "a_h"

    # -- the process --------------------------------------------------------------------------
    def phi_argument(self, inputs: Mapping[str, Any], xp: Any = np) -> Any:
        """y is the only input."""
        return inputs["y"]

    def step(self, inputs: Mapping[str, Any], carry: Any, xp: Any = np) -> Any:
        """h⁺ = φ(y)."""
        return self.phi.phi(inputs["y"], xp)

    def network_inputs(
        self, carry: Any, matvec: Callable[[str, Any], Any], bias: Mapping[str, Any], xp: Any
    ) -> dict[str, Any]:
        """y of a real network."""
        return {"y": matvec("h", carry) + bias["h"]}

    def input_kernels(self, C: np.ndarray, tolerance: float = EXACT) -> dict[str, GaussianInput]:
        """Covariance a_h² C_h + v_h of y."""
        return {"y": GaussianInput(self.b_h, self.a_h**2 * np.asarray(C, float) + self.v_h)}

    def phi_kernel(self, C: np.ndarray, tolerance: float = EXACT) -> np.ndarray:
        """C_φ(k) = E[φ(y_0)φ(y_k)] from the autocorrelation of h, to a relative tolerance."""
        y = self.input_kernels(C)["y"]
        return autocovariance(phi(self.phi), y.mean, y.covariance, tolerance)

    @property
    def constant_gate(self) -> float | None:
        """A leaky average without memory: z = 0."""
        return 0.0

    # -- fixed points -------------------------------------------------------------------------
    def fixed_point_map(self, C: Any) -> Any:
        """E[φ(y)²], y ~ N(b_h, a_h² C + v_h)."""
        return expect(phi_squared(self.phi), self.b_h, self.a_h**2 * C + self.v_h)

    def fixed_point_level(self, log_u: Any) -> tuple[Any, Any, Any]:
        """With u = Var y − v_h, C = E[φ²] is explicit: H = log u − log C = 2 log a_h."""
        u = np.exp(log_u)
        V = u + self.v_h
        log_T, slope = log_expectation_by_mean(phi_squared(self.phi), self.b_h, V, True)
        divided = np.equal(self.b_h, 0)  # then the table is of log(C/V)
        share = u / V
        C = np.minimum(np.exp(log_T) * np.where(divided, V, 1.0), 1.0)
        # 1 − share·dlogC/dlogV, without cancellation where share = 1 and dlogC/dlogV → 1
        H_slope = np.where(divided, -slope * share + (1 - share), 1 - slope * share)
        return np.where(divided, np.log(share), log_u) - log_T, H_slope, C

    def level_bounds(self) -> tuple[Any, Any]:
        """log u below which H is monotone or constant, and log a_h², which u cannot exceed."""
        bias = np.maximum(self.v_h, np.square(self.b_h))
        inner = np.where(bias > 0, np.minimum(1.0, bias), 1.0)
        return np.log(1e-3 * inner), 2 * np.log(np.maximum(self.a_h, 1e-150))

    def rho(self, C: Any) -> Any:
        """ρ = a_h √E[φ'²], the radius of the Jacobian's circle in any state."""
        V = self.a_h**2 * np.asarray(C, float) + self.v_h
        return self.a_h * np.sqrt(expect(dphi_squared(self.phi), self.b_h, V))

    def rest_radius(self, C: Any, rho: Any) -> Any:
        """ρ."""
        return rho

    # -- the spectrum -------------------------------------------------------------------------
    def blocks(self, inputs: Mapping[str, Any], carry: Any, lam: Any, xp: Any = np) -> Blocks:
        """X = λ, B̂ = φ', Ĉ = 1."""
        return Blocks(X=[[lam]], B=[[self.phi.dphi(inputs["y"], xp)]], C=[[1]])

    def pole_terms(self, C: float, moment: Any = None) -> list[PoleTerm]:
        """S(λ)+1 = ρ²/|λ|²."""
        return [PoleTerm(-np.inf, 0.0, Constant(float(self.rho(C)) ** 2), Constant(0.0))]

    def criterion_poles(self, unit: Unit) -> list[CriterionPole]:
        """φ'²/|λ|²."""
        zero = np.zeros(len(unit))
        entries = {(0, 0): self.phi.dphi(unit["y"]) ** 2}
        return [CriterionPole(zero, 1 + zero, entries)]

    # -- what is compared ---------------------------------------------------------------------
    def averages(self, C: float, moment: Any = None) -> dict[str, float]:
        """C_h(0) and E[φ'²]."""
        V = self.a_h**2 * C + self.v_h
        return {"C_h(0)": float(C), "E[φ'²]": float(expect(dphi_squared(self.phi), self.b_h, V))}

    def sample_averages(self, unit: Unit) -> dict[str, float]:
        """The same averages over a sample of units."""
        return {
            "C_h(0)": unit.expect(lambda u: u["h"] ** 2),
            "E[φ'²]": unit.expect(lambda u: self.phi.dphi(u["y"]) ** 2),
        }
