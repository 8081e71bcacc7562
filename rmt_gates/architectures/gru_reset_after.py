"""The GRU with the reset gate after the matrix: what torch.nn.GRU, cuDNN and Keras compute.

z = σ(U_z h + b_z),  r = σ(U_r h + b_r),  u = U_h h + b_u,  y = r⊙u + b_h,
h⁺ = z⊙h + (1−z)⊙φ(y).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from rmt_gates.architectures.base import Blocks, CriterionPole, GaussianInput
from rmt_gates.architectures.leaky import EXACT, GatedLeak
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

    a_h: Any
    a_z: Any = 0.0
    a_r: Any = 0.0
    b_h: Any = 0.0
    b_z: Any = 0.0
    b_r: Any = 0.0
    v_h: Any = 0.0
    v_z: Any = 0.0
    v_r: Any = 0.0
    b_u: Any = 0.0
    v_u: Any = 0.0
    activation: str = "tanh"

    name: ClassVar[str] = "GRU"
    variant: ClassVar[dict[str, str]] = {"reset": "after"}
    matrices: ClassVar[tuple[str, ...]] = ("h", "r", "z")
    carriers: ClassVar[tuple[int, ...]] = (0,)
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
        quiet = [np.equal(getattr(self, n), 0) for n in ("b_h", "v_h", "b_u", "v_u")]
        zero = np.logical_and.reduce(np.broadcast_arrays(*quiet))
        return zero if np.ndim(zero) else bool(zero)

    # -- the spectrum -------------------------------------------------------------------------
    def blocks(self, inputs: Mapping[str, Any], carry: Any, lam: Any, xp: Any = np) -> Blocks:
        """X = λ−z, B̂ = [(1−z)φ'r, (1−z)φ'u r', (h−φ)z'], Ĉ = (1, 1, 1)ᵀ, order (U_h, U_r, U_z)."""
        zeta, xi, u = inputs["zeta"], inputs["xi"], inputs["u"]
        y = self.phi_argument(inputs, xp)
        leak = sigmoid(-zeta, xp) * self.phi.dphi(y, xp)
        pull = (carry - self.phi.phi(y, xp)) * sigmoid_prime(zeta, xp)
        return Blocks(
            X=[[lam - sigmoid(zeta, xp)]],
            B=[[leak * sigmoid(xi, xp), leak * u * sigmoid_prime(xi, xp), pull]],
            C=[[1], [1], [1]],
        )

    def criterion_poles(self, unit: Unit) -> list[CriterionPole]:
        """B̂_l²/|λ−z|² in every row: M has rank one, and its root is S+1."""
        zeta = unit["zeta"]
        (row,) = self.blocks(unit.inputs, unit.carry, 0.0).B
        entries = {(k, l): entry**2 for k in range(3) for l, entry in enumerate(row)}
        return [CriterionPole(sigmoid(zeta), sigmoid(-zeta), entries)]
