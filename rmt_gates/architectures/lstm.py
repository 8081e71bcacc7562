"""The LSTM (Can, Krishnamurthy, Schwab 2020, eqs (6)–(8)).

f, i, o = σ(U_k h + b_k),  y = U_h h + b_h,  c⁺ = f⊙c + i⊙φ(y),  h⁺ = o⊙φ(c⁺); the state is (c, h).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from rmt_gates.architectures.base import Architecture, Blocks, CriterionPole, GaussianInput
from rmt_gates.gaussian import sigmoid, sigmoid_prime
from rmt_gates.unit import Unit


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class LSTM(Architecture):
    """Weight statistics of an LSTM.

    Parameters
    ----------
    a_h, a_f, a_i, a_o : gains of the cell's input and of the forget, input and output gates,
        (U_k)_ij ~ N(0, a_k²/N).
    b_h, b_f, b_i, b_o : means of the biases.
    v_h, v_f, v_i, v_o : variances of the biases, drawn once per unit.
    activation : φ, "tanh" or "hardtanh".

    Examples
    --------
    >>> import rmt_gates as rg
    >>> rg.LSTM(a_h=3, a_i=1, a_f=1, a_o=10)
    LSTM(a_h=3, a_f=1, a_i=1, a_o=10)
    """

    a_h: Any
    a_f: Any = 0.0
    a_i: Any = 0.0
    a_o: Any = 0.0
    b_h: Any = 0.0
    b_f: Any = 0.0
    b_i: Any = 0.0
    b_o: Any = 0.0
    v_h: Any = 0.0
    v_f: Any = 0.0
    v_i: Any = 0.0
    v_o: Any = 0.0
    activation: str = "tanh"

    name: ClassVar[str] = "LSTM"
    matrices: ClassVar[tuple[str, ...]] = ("h", "i", "f", "o")
    carriers: ClassVar[tuple[int, ...]] = (0, 1)
    carried: ClassVar[tuple[str, ...]] = ("c", "h")
    remembered: ClassVar[tuple[str, ...]] = ("eta_f", "eta_i", "eta_o", "y")
    gate: ClassVar[str] = "eta_f"

    # -- the process --------------------------------------------------------------------------
    def step(self, inputs: Mapping[str, Any], carry: Any, xp: Any = np) -> Any:
        """c⁺ = f c + i φ(y), h⁺ = o φ(c⁺), eqs (7)–(8)."""
        f, i, o = (sigmoid(inputs[f"eta_{k}"], xp) for k in "fio")
        c = f * carry[0] + i * self.phi.phi(inputs["y"], xp)
        return c, o * self.phi.phi(c, xp)

    def network_inputs(
        self, carry: Any, matvec: Callable[[str, Any], Any], bias: Mapping[str, Any], xp: Any
    ) -> dict[str, Any]:
        """The arguments of the gates and of φ in a real network, eq. (6)."""
        inputs = {f"eta_{k}": matvec(k, carry[1]) + bias[k] for k in "fio"}
        return {**inputs, "y": matvec("h", carry[1]) + bias["h"]}

    def rest(self, inputs: Mapping[str, Any], xp: Any = np) -> Any:
        """At a fixed point c = i φ(y)/(1−f), with 1/(1−f) = 1 + e^{η_f}."""
        open_for = 1 + xp.exp(inputs["eta_f"])
        c = sigmoid(inputs["eta_i"], xp) * self.phi.phi(inputs["y"], xp) * open_for
        return c, sigmoid(inputs["eta_o"], xp) * self.phi.phi(c, xp)

    def input_kernels(self, C: np.ndarray, tolerance: float = 1e-13) -> dict[str, GaussianInput]:
        """Covariances a_k² C_h + v_k of every input."""
        C = np.asarray(C, float)
        kernels = {
            k: GaussianInput(
                getattr(self, f"b_{k}"), getattr(self, f"a_{k}") ** 2 * C + getattr(self, f"v_{k}")
            )
            for k in "fioh"
        }
        return {**{f"eta_{k}": kernels[k] for k in "fio"}, "y": kernels["h"]}

    # -- the spectrum -------------------------------------------------------------------------
    def blocks(self, inputs: Mapping[str, Any], carry: Any, lam: Any, xp: Any = np) -> Blocks:
        """The three matrices in the order (U_h, U_i, U_f, U_o), states (c, h); m = o φ'(c⁺).

        X = [[λ−f, 0], [−m f, λ]], B̂ = [[iφ'(y), i'φ(y), f'c, 0], [m iφ'(y), …, o'φ(c⁺)]].
        """
        f, i, o = (sigmoid(inputs[f"eta_{k}"], xp) for k in "fio")
        df, di, do = (sigmoid_prime(inputs[f"eta_{k}"], xp) for k in "fio")
        y, c = inputs["y"], carry[0]
        after = f * c + i * self.phi.phi(y, xp)
        m = o * self.phi.dphi(after, xp)
        into_c = [i * self.phi.dphi(y, xp), di * self.phi.phi(y, xp), df * c]
        return Blocks(
            X=[[lam - f, 0], [-m * f, lam]],
            B=[[*into_c, 0], [*(m * entry for entry in into_c), do * self.phi.phi(after, xp)]],
            C=[[0, 1], [0, 1], [0, 1], [0, 1]],
        )

    def criterion_poles(self, unit: Unit) -> list[CriterionPole]:
        """(m B̂_l)²/|λ−f|² and (o'φ(c⁺))²/|λ|² in every row: rank one, and the root is S+1."""
        _, row = self.blocks(unit.inputs, unit.carry, 0.0).B
        eta = unit["eta_f"]
        zero = np.zeros(len(unit))
        n = range(4)
        return [
            CriterionPole(
                sigmoid(eta), sigmoid(-eta), {(k, l): row[l] ** 2 for k in n for l in range(3)}
            ),
            CriterionPole(zero, 1 + zero, {(k, 3): row[3] ** 2 for k in n}),
        ]
