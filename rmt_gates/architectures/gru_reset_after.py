"""The GRU with the reset gate after the matrix: what torch.nn.GRU, cuDNN and Keras compute.

z = σ(U_z h + b_z),  r = σ(U_r h + b_r),  u = U_h h + b_u,  y = r⊙u + b_h,
h⁺ = z⊙h + (1−z)⊙φ(y).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from rmt_gates.architectures.base import Blocks, CriterionPole, GaussianInput, all_zero
from rmt_gates.architectures.leaky import EXACT, GatedLeak
from rmt_gates.architectures.reset_kernel import reset_kernel
from rmt_gates.architectures.reset_product import (
    level,
    level_without_shift,
    second_moment,
    squared_slopes,
)
from rmt_gates.gaussian import sigmoid, sigmoid_prime
from rmt_gates.unit import Unit


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class GRUResetAfter(GatedLeak):
    """Weight statistics of a GRU, reset after the matrix: torch.nn.GRU, cuDNN, Keras.

    The papers' GRU applies the reset gate *before* the matrix: the same gains give other fixed
    points and another spectrum as soon as a_r matters.

    Parameters
    ----------
    a_h, a_z, a_r : gains, (U_k)_ij ~ N(0, a_k²/N).
    b_h, b_z, b_r, b_u : means of the biases; b_u stands inside the reset product (torch: b_hn).
    v_h, v_z, v_r, v_u : variances of the biases, drawn once per unit.
    activation : φ, "tanh" or "hardtanh".

    Examples
    --------
    >>> import rmt_gates as rg
    >>> rg.GRU(a_h=3, a_z=1, a_r=10, reset="after")
    GRU(a_h=3, a_z=1, a_r=10, reset='after')
    """

    b_u: Any = 0.0
    v_u: Any = 0.0

    variant: ClassVar[dict[str, str]] = {"reset": "after"}
    remembered: ClassVar[tuple[str, ...]] = ("zeta", "xi", "u", "b")

    # -- the process --------------------------------------------------------------------------
    def phi_argument(self, inputs: Mapping[str, Any], xp: Any = np) -> Any:
        """y = σ(ξ) u + b."""
        return sigmoid(inputs["xi"], xp) * inputs["u"] + inputs["b"]

    def network_inputs(
        self, carry: Any, matvec: Callable[[str, Any], Any], bias: Mapping[str, Any], xp: Any
    ) -> dict[str, Any]:
        """ζ, ξ, u and the drawn b_h of a real network."""
        u = matvec("h", carry) + bias["u"]
        return {
            "zeta": matvec("z", carry) + bias["z"],
            "xi": matvec("r", carry) + bias["r"],
            "u": u,
            "b": bias["h"] + 0 * u,
        }

    def input_kernels(self, C: np.ndarray, tolerance: float = EXACT) -> dict[str, GaussianInput]:
        """Covariances a_k² C_h + v_k of ζ, ξ and u; b is static, of variance v_h."""
        C = np.asarray(C, float)
        return {
            "zeta": GaussianInput(self.b_z, self.a_z**2 * C + self.v_z),
            "xi": GaussianInput(self.b_r, self.a_r**2 * C + self.v_r),
            "u": GaussianInput(self.b_u, self.a_h**2 * C + self.v_u),
            "b": GaussianInput(self.b_h, np.full_like(C, self.v_h)),
        }

    @property
    def zero_bias(self) -> Any:
        """h = 0 stays 0: no bias inside φ, neither b_h nor b_u."""
        return all_zero(self.b_h, self.v_h, self.b_u, self.v_u)

    # -- fixed points -------------------------------------------------------------------------
    def fixed_point_map(self, C: Any) -> Any:
        """Right-hand side of C = E[φ(r u + b)²]."""
        return plain(second_moment(self, C))

    def fixed_point_level(self, t: Any) -> tuple[Any, Any, Any]:
        """t = log C, H = log F(C) − log C, level 0."""
        t = np.asarray(t, float)
        if not t.size:
            return t, t, t
        shape = np.broadcast_shapes(t.shape, self.shape)
        closed = np.broadcast_to(np.equal(self.b_u, 0), shape)
        C = np.broadcast_to(np.exp(t), shape)
        fields = {n: np.broadcast_to(getattr(self, n), shape) for n in self.numbers()}
        result = np.empty((2, *shape))
        for chosen, function in ((closed, level_without_shift), (~closed, level)):
            if chosen.any():
                some = self.unchecked(**{n: value[chosen] for n, value in fields.items()})
                result[:, chosen] = function(some, C[chosen])
        return result[0], result[1], C

    def level_bounds(self) -> tuple[Any, Any]:
        """log C below which H has no structure, and 0: C is below 1."""
        scale: Any = 1 / (1 + self.a_h**2 + self.a_r**2)
        means = np.square(self.b_h), np.square(self.b_u)
        scale = scale * positive_minimum(self.v_h, self.v_u, *means) * positive_minimum(self.v_r)
        return np.log(1e-3 * scale), np.zeros(np.shape(scale))

    def rho(self, C: Any) -> Any:
        """ρ² = E[φ'(y)² (a_h² r² + a_r² u² r'²)], which is S(1)+1, for the variance C = C_h(0)."""
        _, through_u, through_gate = squared_slopes(self, C)
        return plain(np.sqrt(self.a_h**2 * through_u + self.a_r**2 * through_gate))

    # -- the steady state ---------------------------------------------------------------------
    def phi_kernel(self, C: np.ndarray, tolerance: float = EXACT) -> np.ndarray:
        """C_φ(k) = E[φ(y_0)φ(y_k)] from the autocorrelation of h, to a relative tolerance.

        The tolerance is in units of E[φ²|ξ] of a gate as open as it gets: an average gate that is
        nearly shut leaves fewer digits. For the hard tanh the error is of order 1e-7 at least.
        """
        return reset_kernel(self, np.asarray(C, float), tolerance)

    # -- the spectrum -------------------------------------------------------------------------
    def blocks(self, inputs: Mapping[str, Any], carry: Any, lam: Any, xp: Any = np) -> Blocks:
        """X = λ−z, B̂ = [(1−z)φ'r, (1−z)φ'u r', (h−φ)z'], Ĉ = (1, 1, 1)ᵀ, order (U_h, U_r, U_z)."""
        xi, u = inputs["xi"], inputs["u"]
        z, leak, pull = self.leak_slopes(inputs, carry, xp)
        return Blocks(
            X=[[lam - z]],
            B=[[leak * sigmoid(xi, xp), leak * u * sigmoid_prime(xi, xp), pull]],
            C=[[1], [1], [1]],
        )

    def criterion_poles(self, unit: Unit) -> list[CriterionPole]:
        """B̂_l²/|λ−z|² in every row: M has rank one, and its root is S+1."""
        zeta = unit["zeta"]
        (row,) = self.blocks(unit.inputs, unit.carry, 0.0).B
        entries = {(k, l): entry**2 for k in range(3) for l, entry in enumerate(row)}
        return [CriterionPole(sigmoid(zeta), sigmoid(-zeta), entries)]

    def squared_slope(self, C: float) -> float:
        """E[φ'(y)²]."""
        return float(squared_slopes(self, C)[0])


def plain(values: np.ndarray) -> Any:
    """A Python number where there is only one."""
    return values if values.ndim else values.item()


def positive_minimum(*values: Any) -> Any:
    """The smallest of 1 and those values that are not 0."""
    others = [np.where(np.equal(value, 0), 1.0, value) for value in values]
    return np.minimum.reduce(np.broadcast_arrays(1.0, *others))
