"""Units that are leaky averages: h⁺ = z h + (1−z) φ(y) with φ(y) independent of the gate z.

Both GRUs and, with z = 0, the vanilla network. They differ in y, and share what follows from the
leak: the exact steady state of a constant gate, y averaged analytically given the gate's path, and
the pole terms of the spectrum.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from rmt_gates.architectures.base import Architecture, PathMoments, PoleTerm, all_zero
from rmt_gates.architectures.leaky_average import leaky_moments
from rmt_gates.gaussian import SIGMOID, SIGMOID_SQUARED, expect, sigmoid, sigmoid_prime
from rmt_gates.gaussian.activations import sigmoid_complex
from rmt_gates.gaussian.conditional_moment import ConditionalMoment
from rmt_gates.unit import Unit

EXACT = 1e-13  # relative tolerance of deterministic kernels


class LeakyUnit(Architecture):
    """What all leaky averages share."""

    @abstractmethod
    def phi_argument(self, inputs: Mapping[str, Any], xp: Any = np) -> Any:
        """y, the argument of φ, from the Gaussian inputs."""

    @abstractmethod
    def phi_kernel(self, C: np.ndarray, tolerance: float = EXACT) -> np.ndarray:
        """C_φ(k) = E[φ(y_0)φ(y_k)] from the autocorrelation of h, to a relative tolerance."""

    def independent_moment(self, C: np.ndarray, limit: float) -> ConditionalMoment | None:
        """E[D|ζ], D = (h−φ)², if h_t is independent of ζ_t; None where the spectrum needs none."""
        return None

    @property
    def zero_bias(self) -> Any:
        """h = 0 stays 0: no bias inside φ, neither b_h nor v_h."""
        return all_zero(self.b_h, self.v_h)  # type: ignore[attr-defined]

    def rest(self, inputs: Mapping[str, Any], xp: Any = np) -> Any:
        """At a fixed point h = φ(y)."""
        return self.phi.phi(self.phi_argument(inputs, xp), xp)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class GatedLeak(LeakyUnit):
    """A leaky average with an update gate z = σ(ζ), ζ = U_z h + b_z; the GRUs' common part."""

    a_h: Any
    a_z: Any = 0.0
    a_r: Any = 0.0
    b_h: Any = 0.0
    b_z: Any = 0.0
    b_r: Any = 0.0
    v_h: Any = 0.0
    v_z: Any = 0.0
    v_r: Any = 0.0
    activation: str = "tanh"

    name: ClassVar[str] = "GRU"
    matrices: ClassVar[tuple[str, ...]] = ("h", "r", "z")
    carriers: ClassVar[tuple[int, ...]] = (0,)
    gate: ClassVar[str] = "zeta"
    coarse_paths: ClassVar[int] = 64  # y is averaged analytically: few are enough
    tail_noise: ClassVar[float] = 0.0

    def step(self, inputs: Mapping[str, Any], carry: Any, xp: Any = np) -> Any:
        """h⁺ = z h + (1−z) φ(y), eq. (5)."""
        phi_y = self.phi.phi(self.phi_argument(inputs, xp), xp)
        return phi_y + sigmoid(inputs["zeta"], xp) * (carry - phi_y)

    def leak_slopes(self, inputs: Mapping[str, Any], carry: Any, xp: Any = np) -> tuple[Any, ...]:
        """z, and the slopes (1−z) φ'(y) and (h−φ) z' of h⁺ in y and ζ."""
        zeta, y = inputs["zeta"], self.phi_argument(inputs, xp)
        pull = (carry - self.phi.phi(y, xp)) * sigmoid_prime(zeta, xp)
        return sigmoid(zeta, xp), sigmoid(-zeta, xp) * self.phi.dphi(y, xp), pull

    @property
    def constant_gate(self) -> float | None:
        """The update gate, if it is one and the same number for all units and times."""
        constant = bool(np.all(self.a_z == 0) and np.all(self.v_z == 0))
        return float(sigmoid(self.b_z)) if constant and not np.ndim(self.b_z) else None

    @property
    def memory(self) -> float:
        """A few times 1/(1−z)."""
        return 4.0 / float(sigmoid(-self.b_z)) + 4.0

    def path_moments(self, paths: Any, K: int) -> PathMoments:
        """E[h_t h_{t+k}] and E[(h−φ)²|ζ] with y averaged analytically given the path of ζ."""
        C_phi = self.phi_kernel(paths.order[0], paths.tolerance)
        limit = 0.0 if self.zero_bias else C_phi[-1]
        zeta = paths.blocks("zeta")
        leak = sigmoid(-zeta)
        past, future = leak.reshape(-1, K), np.roll(leak, -1, axis=1).reshape(-1, K)
        moments = leaky_moments(past, future, C_phi[:-1], limit)
        now = np.roll(zeta[:, :, 0], -1, axis=1).ravel()
        kernel = moments.kernel.mean(axis=0, dtype=float)
        return PathMoments(kernel[None], (now.astype(float), moments.excess.astype(float)))

    def independent_moment(self, C: np.ndarray, limit: float) -> ConditionalMoment:
        """E[(h−φ)²] if h_t is independent of ζ_t; E[hφ] then follows from stationarity of E[h²]."""
        variance = self.a_z**2 * C[0] + self.v_z
        C_phi = self.phi_kernel(np.append(C, limit))[0]
        if variance == 0:  # then C_h(1) = s C_h(0) + (1−s) E[hφ], exactly
            cross = (C[1] - sigmoid(self.b_z) * C[0]) / sigmoid(-self.b_z)
        else:
            s, z_squared = (expect(f, self.b_z, variance) for f in (SIGMOID, SIGMOID_SQUARED))
            rest = (1 - 2 * s + z_squared) * C_phi
            cross = ((1 - z_squared) * C[0] - rest) / (2 * (s - z_squared))
        return ConditionalMoment(self.b_z, variance, np.array([C[0] - 2 * cross + C_phi]))

    def rest_radius(self, C: Any, rho: Any) -> Any:
        """Of S(λ) = ρ² E[(1−z)²/|λ−z|²] − 1, from the gate's law."""
        from rmt_gates.architectures.leaky_radius import gated_radius

        return gated_radius(rho, self.b_z, self.a_z**2 * C + self.v_z)

    def pole_terms(self, C: float, moment: Any = None) -> list[PoleTerm]:
        """S(λ)+1 of Theorem 4.1, (18): q(ζ) = ρ² + a_z² σ(ζ)² E[(h−φ)² | ζ].

        ``moment`` is the conditional moment E[(h−φ)²|ζ] as an analytic function with
        ``.derivative``, None at a fixed point, where it vanishes.
        """
        numerator = Numerator(self.rho(C) ** 2, self.a_z, moment)
        variance = self.a_z**2 * C + self.v_z
        return [PoleTerm(self.b_z, variance, numerator, numerator.derivative)]

    @abstractmethod
    def squared_slope(self, C: float) -> float:
        """E[φ'(y)²] of a state with variance C."""

    def averages(self, C: float, moment: Any = None) -> dict[str, float]:
        """One-unit averages of a state with variance C: what simulations can be compared with."""
        return {
            "C_h(0)": float(C),
            "E[φ'²]": self.squared_slope(C),
            "C_r(0)": float(expect(SIGMOID_SQUARED, self.b_r, self.a_r**2 * C + self.v_r)),
            "E[(h−φ)²]": 0.0 if moment is None else moment.mean_value,
        }

    def sample_averages(self, unit: Unit) -> dict[str, float]:
        """The same averages over a sample of units."""
        y = self.phi_argument(unit.inputs)
        return {
            "C_h(0)": unit.expect(lambda u: u["h"] ** 2),
            "E[φ'²]": unit.expect(lambda u: self.phi.dphi(y) ** 2),
            "C_r(0)": unit.expect(lambda u: sigmoid(u["xi"]) ** 2),
            "E[(h−φ)²]": unit.expect(lambda u: (u["h"] - self.phi.phi(y)) ** 2),
        }


@dataclass(frozen=True)
class Numerator:
    """q(ζ) = ρ² + a_z² σ(ζ)² E[(h−φ)² | ζ] on real and complex arrays."""

    rho_squared: float
    a_z: float
    moment: Any

    def __call__(self, zeta: Any) -> Any:
        if self.moment is None or self.a_z == 0:
            return self.rho_squared + 0 * zeta
        return self.rho_squared + (self.a_z * sigmoid_complex(zeta)) ** 2 * self.moment(zeta)

    def derivative(self, zeta: Any) -> Any:
        """dq/dζ."""
        if self.moment is None or self.a_z == 0:
            return 0 * zeta
        z = sigmoid_complex(zeta)
        logarithmic = 2 * (1 - z) * self.moment(zeta) + self.moment.derivative(zeta)
        return (self.a_z * z) ** 2 * logarithmic
