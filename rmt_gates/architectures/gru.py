"""The GRU with the reset gate before the matrix (Can, Krishnamurthy, Schwab 2020, eqs (2)–(5)).

z = σ(U_z h + b_z),  r = σ(U_r h + b_r),  y = U_h (r⊙h) + b_h,  h⁺ = z⊙h + (1−z)⊙φ(y).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from rmt_gates.architectures.base import Blocks, CriterionPole, GaussianInput
from rmt_gates.architectures.leaky import EXACT, GatedLeak
from rmt_gates.gaussian import (
    SIGMOID,
    SIGMOID_PRIME_SQUARED,
    SIGMOID_SQUARED,
    dphi_squared,
    expect,
    phi,
    phi_squared,
    sigmoid,
    sigmoid_prime,
)
from rmt_gates.gaussian.autocovariance import autocovariance
from rmt_gates.gaussian.by_mean import log_expectation_by_mean
from rmt_gates.unit import Unit


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class GRUResetBefore(GatedLeak):
    """Weight statistics of a GRU, reset before the matrix: the papers' convention.

    ``torch.nn.GRU``, cuDNN and Keras apply the reset gate *after* the matrix, which is a
    different system as soon as a_r matters.

    Parameters
    ----------
    a_h, a_z, a_r : gains, (U_k)_ij ~ N(0, a_k²/N).
    b_h, b_z, b_r : means of the biases.
    v_h, v_z, v_r : variances of the biases, drawn once per unit.
    activation : φ, "tanh" or "hardtanh".

    Examples
    --------
    >>> import rmt_gates as rg
    >>> rg.GRU(a_h=3, a_z=1, a_r=10)
    GRU(a_h=3, a_z=1, a_r=10)
    """

    remembered: ClassVar[tuple[str, ...]] = ("zeta", "y")
    level_parameter: ClassVar[str | None] = "a_h"

    # -- the process --------------------------------------------------------------------------
    def phi_argument(self, inputs: Mapping[str, Any], xp: Any = np) -> Any:
        """y is an input itself."""
        return inputs["y"]

    def network_inputs(
        self, carry: Any, matvec: Callable[[str, Any], Any], bias: Mapping[str, Any], xp: Any
    ) -> dict[str, Any]:
        """ζ, ξ and y of a real network, eqs (2)–(4)."""
        xi = matvec("r", carry) + bias["r"]
        y = matvec("h", sigmoid(xi, xp) * carry) + bias["h"]
        return {"zeta": matvec("z", carry) + bias["z"], "xi": xi, "y": y}

    def input_kernels(self, C: np.ndarray, tolerance: float = EXACT) -> dict[str, GaussianInput]:
        """Covariances a_k² C_h + v_k of ζ, ξ and a_h² C_r C_h + v_h of y, C_r = E[σ(ξ)σ(ξ')]."""
        C = np.asarray(C, float)
        xi = self.a_r**2 * C + self.v_r
        C_r = autocovariance(SIGMOID, self.b_r, xi, tolerance)
        return {
            "zeta": GaussianInput(self.b_z, self.a_z**2 * C + self.v_z),
            "xi": GaussianInput(self.b_r, xi),
            "y": GaussianInput(self.b_h, self.a_h**2 * C_r * C + self.v_h),
        }

    def phi_kernel(self, C: np.ndarray, tolerance: float = EXACT) -> np.ndarray:
        """C_φ(k) = E[φ(y_0)φ(y_k)] from the autocorrelation of h, to a relative tolerance."""
        y = self.input_kernels(C, tolerance)["y"]
        return autocovariance(phi(self.phi), y.mean, y.covariance, tolerance)

    # -- fixed points -------------------------------------------------------------------------
    def input_variance(self, C: Any) -> Any:
        """Variance of y at a fixed point, a_h² C_y + v_h with C_y = C E[σ(ξ)²]."""
        C_y = C * expect(SIGMOID_SQUARED, self.b_r, self.a_r**2 * C + self.v_r)
        return self.a_h**2 * C_y + self.v_h

    def fixed_point_map(self, C: Any) -> Any:
        """Right-hand side of (10): E[φ(y)²]."""
        return expect(phi_squared(self.phi), self.b_h, self.input_variance(C))

    def fixed_point_level(self, log_u: Any) -> tuple[Any, Any, Any]:
        """Fixed points as level crossings of an explicit function; no root is hidden in it.

        Let u = V − v_h with V the variance of y. Then C = E[φ²] is explicit in V, and (10) reads
        ``H(u) = log u − log C − log E[σ(ξ)²] = 2 log a_h`` with Var ξ = a_r² C + v_r.
        Returns H, dH/d log u and C. `a_h` does not enter H.
        """
        u = np.exp(log_u)
        V = u + self.v_h
        log_T, T_slope = log_expectation_by_mean(phi_squared(self.phi), self.b_h, V, True)
        divided = np.equal(self.b_h, 0)  # then the table is of log(C/V)
        C = np.minimum(np.exp(log_T) * np.where(divided, V, 1.0), 1.0)
        W = self.a_r**2 * C + self.v_r
        log_R, R_slope = log_expectation_by_mean(SIGMOID_SQUARED, self.b_r, W)
        share = u / V
        T_full = T_slope + divided  # d log C / d log V
        with np.errstate(invalid="ignore"):
            W_share = np.where(W > 0, self.a_r**2 * C / W, 0.0)
        # 1 − T_full·share, without cancellation where share = 1 and T_full → 1
        leading = np.where(divided, -T_slope * share + (1 - share), 1 - T_full * share)
        slope = leading - R_slope * W_share * T_full * share
        H = np.where(divided, np.log(share), log_u) - log_T - log_R
        return H, slope, C

    def level_bounds(self) -> tuple[Any, Any]:
        """log u below which H is monotone or constant, and log a_h², which u cannot exceed."""
        inner = 1.0 / (1.0 + self.a_r**2)
        bias = np.maximum(self.v_h, np.square(self.b_h))
        inner = np.where(bias > 0, np.minimum(inner, bias), inner)
        gate = np.where(self.v_r > 0, np.minimum(1.0, self.v_r), 1.0)
        return np.log(1e-3 * inner * gate), 2 * np.log(np.maximum(self.a_h, 1e-150))

    def rho(self, C: Any) -> Any:
        """ρ of (19): ρ² = a_h² E[φ'²] (E[r²] + a_r² E[r'²] C), for the variance C = C_h(0)."""
        C = np.asarray(C, float)
        W = self.a_r**2 * C + self.v_r
        r_squared = np.exp(log_expectation_by_mean(SIGMOID_SQUARED, self.b_r, W)[0])
        dr_squared = np.exp(log_expectation_by_mean(SIGMOID_PRIME_SQUARED, self.b_r, W)[0])
        V = self.a_h**2 * C * r_squared + self.v_h
        dphi_sq = np.exp(log_expectation_by_mean(dphi_squared(self.phi), self.b_h, V)[0])
        rho = self.a_h * np.sqrt(dphi_sq * (r_squared + self.a_r**2 * dr_squared * C))
        return rho if np.ndim(rho) else float(rho)

    # -- the spectrum -------------------------------------------------------------------------
    def blocks(self, inputs: Mapping[str, Any], carry: Any, lam: Any, xp: Any = np) -> Blocks:
        """The three matrices of the GRU, in the order (U_h, U_r, U_z).

        X = [[λ−z, 0], [0, 1]], B̂ = [[(1−z)φ', 0, (h−φ)z'], [0, r', 0]],
        Ĉ = [[r, h], [1, 0], [1, 0]].
        """
        xi = inputs["xi"]
        z, leak, pull = self.leak_slopes(inputs, carry, xp)
        return Blocks(
            X=[[lam - z, 0], [0, 1]],
            B=[[leak, 0, pull], [0, sigmoid_prime(xi, xp), 0]],
            C=[[sigmoid(xi, xp), carry], [1, 0], [1, 0]],
        )

    def squared_slope(self, C: float) -> float:
        """E[φ'(y)²]."""
        return float(expect(dphi_squared(self.phi), self.b_h, self.input_variance(C)))

    def criterion_poles(self, unit: Unit) -> list[CriterionPole]:
        """|Ĉ X⁻¹ B̂|² entry by entry: r b/(λ−z), h r' and r pull/(λ−z) in the row of U_h, …"""
        zeta, y, h = unit["zeta"], unit["y"], unit["h"]
        r = sigmoid(unit["xi"])
        leak = sigmoid(-zeta)
        b = (leak * self.phi.dphi(y)) ** 2
        pull = ((h - self.phi.phi(y)) * sigmoid_prime(zeta)) ** 2
        H, R, Z = range(3)
        moving = {(H, H): r**2 * b, (H, Z): r**2 * pull}
        moving |= {(k, H): b for k in (R, Z)} | {(k, Z): pull for k in (R, Z)}
        constant = {(H, R): (h * sigmoid_prime(unit["xi"])) ** 2}
        return [CriterionPole(sigmoid(zeta), leak, moving), CriterionPole(None, None, constant)]
