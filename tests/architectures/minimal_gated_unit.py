"""The minimal gated unit (Zhou et al., arXiv:1603.09420): one gate for both roles.

f = σ(U_f h + b_f),  h⁺ = (1−f)⊙h + f⊙φ(U_h (f⊙h) + b_h). What a new architecture takes.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from rmt_gates.architectures.base import Architecture, Blocks, GaussianInput
from rmt_gates.gaussian import SIGMOID_SQUARED, expect, phi_squared, sigmoid, sigmoid_prime


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class MinimalGatedUnit(Architecture):
    a_h: Any
    a_f: Any = 0.0
    b_h: Any = 0.0
    b_f: Any = 0.0
    v_h: Any = 0.0
    v_f: Any = 0.0
    activation: str = "tanh"

    name: ClassVar[str] = "MinimalGatedUnit"
    matrices: ClassVar[tuple[str, ...]] = ("h", "f")
    carriers: ClassVar[tuple[int, ...]] = (0,)
    remembered: ClassVar[tuple[str, ...]] = ("eta", "y")
    features: ClassVar[tuple[str, ...]] = ("h", "fh")  # U_f multiplies h, U_h multiplies f⊙h

    def input_kernels(self, C, tolerance=1e-13):
        return {
            "eta": GaussianInput(self.b_f, self.a_f**2 * C[0] + self.v_f),
            "y": GaussianInput(self.b_h, self.a_h**2 * C[1] + self.v_h),
        }

    def feature_values(self, inputs, carry):
        return carry, sigmoid(inputs["eta"]) * carry

    def rest_features(self, C):
        return C, C * expect(SIGMOID_SQUARED, self.b_f, self.a_f**2 * C + self.v_f)

    def network_inputs(self, carry, matvec, bias, xp):
        eta = matvec("f", carry) + bias["f"]
        return {"eta": eta, "y": matvec("h", sigmoid(eta, xp) * carry) + bias["h"]}

    def step(self, inputs, carry, xp=np):
        f, phi_y = sigmoid(inputs["eta"], xp), self.phi.phi(inputs["y"], xp)
        return carry + f * (phi_y - carry)

    def rest(self, inputs, xp=np):
        return self.phi.phi(inputs["y"], xp)

    def fixed_point_map(self, C):
        V = self.a_h**2 * self.rest_features(C)[1] + self.v_h
        return expect(phi_squared(self.phi), self.b_h, V)

    def blocks(self, inputs, carry, lam, xp=np):
        eta, y = inputs["eta"], inputs["y"]
        f, df = sigmoid(eta, xp), sigmoid_prime(eta, xp)
        pull = (self.phi.phi(y, xp) - carry) * df
        # the second block is the perturbation of U_f h, which moves the factor f of f⊙h
        return Blocks(
            X=[[lam - sigmoid(-eta, xp), 0], [0, 1]],
            B=[[f * self.phi.dphi(y, xp), pull], [0, df]],
            C=[[f, carry], [1, 0]],
        )
