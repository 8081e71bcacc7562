"""The LSTM (Can, Krishnamurthy, Schwab 2020, eqs (6)–(8)).

f, i, o = σ(U_k h + b_k),  y = U_h h + b_h,  c⁺ = f⊙c + i⊙φ(y),  h⁺ = o⊙φ(c⁺); the state is (c, h).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from rmt_gates.architectures.base import (
    Architecture,
    Blocks,
    CriterionPole,
    GaussianInput,
    PathMoments,
    PoleTerm,
    all_zero,
)
from rmt_gates.architectures.lstm_cell import cell_step
from rmt_gates.architectures.lstm_clipped_numerator import ClippedNumerator
from rmt_gates.architectures.lstm_numerators import (
    PathNumerator,
    RestNumerator,
    constant_term,
    forget_terms,
)
from rmt_gates.architectures.lstm_paths import cell_moments
from rmt_gates.architectures.lstm_rest import RestUnit
from rmt_gates.gaussian import sigmoid, sigmoid_prime
from rmt_gates.unit import Unit

LARGEST_LOGIT = 700.0  # e^η nearly overflows


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
    >>> rg.fixed_points(rg.LSTM(a_h=1.5, a_f=8)).C_h
    array([0.        , 0.02036481, 0.04725869])
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
        """At a fixed point c = i φ(y)/(1−f), with 1/(1−f) = 1 + e^{η_f}, short of overflow."""
        open_for = 1 + xp.exp(xp.clip(inputs["eta_f"], None, LARGEST_LOGIT))
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

    @property
    def memory(self) -> float:
        """A few times 1/(1−f)."""
        return 4.0 * (1 + float(np.exp(self.b_f))) + 4.0

    def path_moments(self, paths: Any, K: int) -> PathMoments:
        """C_h from sampled cells, and D = p/o², with E[D|η_f] what the spectrum needs."""
        return cell_moments(self, paths, K)

    # -- fixed points -------------------------------------------------------------------------
    def fixed_point_map(self, C: Any) -> Any:
        """F(C) = E[σ(η_o)²] E[φ( σ(η_i) φ(y) (1+e^{η_f}) )²], the four inputs independent."""
        return self._at_rest(lambda unit: unit.map(), C)

    def fixed_point_level(self, t: Any) -> tuple[Any, Any, Any]:
        """H = log F(C) − log C at t = log C, dH/dt and C; fixed points are at H = 0."""
        C = np.exp(t)
        value, slope = np.moveaxis(self._at_rest(lambda unit: unit.log_map(), C, (2,)), -1, 0)
        return value - t, slope - 1, C

    def level_bounds(self) -> tuple[Any, Any]:
        """log C below which every variance a_k² C is small against 1, and against b_h² + v_h."""
        sharpest = np.maximum(np.maximum(self.a_f, self.a_i), self.a_o)
        bias = np.square(self.b_h) + self.v_h
        static = np.where(bias > 0, np.minimum(bias, 1.0), 1.0)
        low = np.log(1e-3 * np.minimum(1 / (1 + sharpest**2), static / (1 + self.a_h**2)))
        return low, np.zeros(np.shape(low))

    @property
    def zero_bias(self) -> Any:
        """h = 0 stays 0: no bias inside φ, neither b_h nor v_h."""
        return all_zero(self.b_h, self.v_h)

    def rho(self, C: Any) -> Any:
        """√(E[q] + E[p/(1−f)²]) at a fixed point: stable iff below 1."""
        return self._at_rest(lambda unit: unit.rho(), C)

    def rest_radius(self, C: Any, rho: Any) -> Any:
        """Of S(λ) = E[q]/|λ|² + E[p/|λ−f|²] − 1, by the quadrature of ρ."""
        return self._at_rest(lambda unit: unit.radius(), C)

    def _at_rest(
        self, function: Callable[[RestUnit], Any], C: Any, shape: tuple[int, ...] = ()
    ) -> Any:
        """function(unit), of this shape, of one fixed point after the other: (*C.shape, *shape)."""
        names = [name for name in self.numbers() if np.ndim(getattr(self, name))]
        C, *columns = np.broadcast_arrays(
            np.asarray(C, float), *(getattr(self, name) for name in names)
        )
        rows = zip(*(column.ravel().tolist() for column in (C, *columns)), strict=True)
        values = [
            function(RestUnit(self.unchecked(**dict(zip(names, row, strict=True))), c))
            for c, *row in rows
        ]
        result = np.reshape(np.array(values, float), (*C.shape, *shape))
        return result if result.ndim else float(result)

    # -- the spectrum -------------------------------------------------------------------------
    def blocks(self, inputs: Mapping[str, Any], carry: Any, lam: Any, xp: Any = np) -> Blocks:
        """The three matrices in the order (U_h, U_i, U_f, U_o), states (c, h); m = o φ'(c⁺).

        X = [[λ−f, 0], [−m f, λ]], B̂ = [[iφ'(y), i'φ(y), f'c, 0], [m iφ'(y), …, o'φ(c⁺)]].
        """
        eta_f, eta_o = inputs["eta_f"], inputs["eta_o"]
        cell = cell_step(self.phi, eta_f, inputs["eta_i"], inputs["y"], carry[0], xp)
        m = sigmoid(eta_o, xp) * self.phi.dphi(cell.after, xp)
        into_c = [cell.by_y, cell.by_i, sigmoid(-eta_f, xp) * cell.kept]
        by_o = sigmoid_prime(eta_o, xp) * self.phi.phi(cell.after, xp)
        return Blocks(
            X=[[lam - cell.f, 0], [-m * cell.f, lam]],
            B=[[*into_c, 0], [*(m * entry for entry in into_c), by_o]],
            C=[[0, 1], [0, 1], [0, 1], [0, 1]],
        )

    def pole_terms(self, C: float, moment: Any = None) -> list[PoleTerm] | None:
        """S(λ)+1 = E[q]/|λ|² + E[p/|λ−f|²], (36): a pole at 0 and the forget gate's.

        None where they do not suffice: two constant poles (then the boundary is no circle).
        """
        unit = RestUnit(self, C)
        variance = unit.variance["f"]
        if variance == 0:
            p = self.averages(C, moment)["E[p]"]
            return [constant_term(self.b_f, p)] if unit.q == 0 else None
        output = [constant_term(-np.inf, unit.q)] if unit.q > 0 else []
        if moment is not None:
            sampled = PathNumerator(unit.output_square, self.a_f, moment)
            return [*output, *forget_terms(sampled, self.b_f, variance)]
        at_rest = ClippedNumerator(unit) if unit.clipped else RestNumerator(unit)
        return [*output, *forget_terms(at_rest, self.b_f, variance)]

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

    # -- what is compared ---------------------------------------------------------------------
    def averages(self, C: float, moment: Any = None) -> dict[str, float]:
        """C_h(0), E[q] and E[p], the numerators of S."""
        unit = RestUnit(self, C)
        if moment is None:
            eta_f, weight = unit.p_numerators()
            p = float(weight @ sigmoid(-eta_f) ** 2)
        else:
            sampled = PathNumerator(unit.output_square, self.a_f, moment)
            p = sampled.mean(float(self.b_f), unit.variance["f"])
        return {"C_h(0)": float(C), "E[q]": unit.q, "E[p]": p}

    def sample_averages(self, unit: Unit) -> dict[str, float]:
        """The same averages over a sample of units."""
        of_p, of_q = self.criterion_poles(unit)
        gains = self.gains() ** 2
        return {
            "C_h(0)": unit.expect(lambda u: u["h"] ** 2),
            "E[q]": float(gains[3] * (of_q.entries[0, 3] @ unit.weights)),
            "E[p]": float(sum(gains[l] * (of_p.entries[0, l] @ unit.weights) for l in range(3))),
        }
