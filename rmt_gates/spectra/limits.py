"""Spectra that are discs: the zero state, a constant update gate, and one that is a switch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr

from rmt_gates.architectures.base import Architecture
from rmt_gates.architectures.checks import require_scalar
from rmt_gates.architectures.leaky import GatedLeak
from rmt_gates.architectures.lstm import LSTM
from rmt_gates.architectures.vanilla import Vanilla
from rmt_gates.gaussian import sigmoid
from rmt_gates.results import Record
from rmt_gates.spectra.point_masses import PointMasses
from rmt_gates.spectra.states import check_state, circle, complex_numbers


@dataclass(frozen=True, repr=False)
class Circle(Record):
    """A support |λ − center| ≤ radius, around a real center ≥ 0."""

    center: float
    radius: float

    @property
    def spectral_radius(self) -> float:
        """Largest |λ| of the disc."""
        return self.center + self.radius


@dataclass(frozen=True, repr=False)
class UniformDisc(Circle):
    """Eigenvalues spread evenly over a disc, and point masses; shares of all eigenvalues.

    Attributes
    ----------
    center, radius : of the disc. mass : the share of the eigenvalues in it.
    point_masses : where the others are; their weights and ``mass`` add up to 1.
    """

    mass: float
    point_masses: PointMasses

    def G(self, lam: Any) -> Any:
        """The resolvent ∫ μ(λ')/(λ−λ') d²λ'; complex, like lam, and infinite at a point mass."""
        lam = complex_numbers("lam", lam)
        d = lam - self.center
        inside = np.abs(d) < self.radius
        points = zip(self.point_masses.location, self.point_masses.weight, strict=True)
        with np.errstate(divide="ignore", invalid="ignore"):
            disc = np.where(inside, d.conj() / self.radius**2, 1 / np.where(inside, 1.0, d))
            return self.mass * disc + sum(weight / (lam - p) for p, weight in points)

    def density(self, lam: Any) -> Any:
        """Eigenvalues per unit area, without the point masses; like lam."""
        inside = np.abs(complex_numbers("lam", lam) - self.center) < self.radius
        return inside * self.mass / (np.pi * (self.radius**2 or 1.0))

    def fraction(self, center: complex, radius: Any) -> Any:
        """Share of all eigenvalues with |λ − center| < radius, as `rg.eigenvalue_fraction`."""
        c, r = circle(center, radius)
        d, R = abs(c - self.center), self.radius
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            # two sectors, which overlap in a kite
            kite = np.sqrt((R + r - d) * (d + r - R) * (d + R - r) * (d + R + r))
            own = np.arctan2(kite, (d - r) * (d + r) + R**2)
            other = np.arctan2(kite, (d - R) * (d + R) + r**2)
            lens = (R**2 * own + r**2 * other - 0.5 * kite) / (np.pi * R**2)
            smaller = (r / R) ** 2
        crossing = (abs(R - d) < r) & (r < R + d)
        share = self.mass * np.select(
            [crossing, (r >= R + d) & (r > d), d < R], [lens, 1.0, smaller], 0.0
        )
        near = np.abs(self.point_masses.location - c) < r[..., None]
        share = share + near @ self.point_masses.weight
        return share if np.ndim(share) else float(share)


def zero_state(model: Architecture) -> UniformDisc:
    """Spectrum of h = 0 without disorder of the biases: (20)–(21) for a GRU, (37) for an LSTM.

    GRU, either reset: centre σ(b_z), radius (1−σ(b_z)) σ(b_r) a_h. LSTM: half of the eigenvalues
    at 0, the others in a disc at σ(b_f) of radius σ(b_o) σ(b_i) a_h. Vanilla: at 0, radius a_h.
    The state is stable iff the spectral radius, centre + radius, is below 1.

    Parameters
    ----------
    model : `rg.GRU`, `rg.LSTM` or `rg.Vanilla` with b_h = 0 and all v = 0; other gains than a_h do
        not matter.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> from rmt_gates.spectra.limits import zero_state
    >>> disc = zero_state(rg.GRU(a_h=3, a_z=10, a_r=2, b_z=-1))
    >>> disc
    UniformDisc(center=0.268941, radius=1.09659, mass=1, point_masses=PointMasses(...
    >>> disc.spectral_radius == disc.center + disc.radius
    True
    """
    require_scalar(model, "zero_state")
    for name in model.numbers():
        if (name[0] == "v" or name in ("b_h", "b_u")) and getattr(model, name) != 0:
            raise ValueError(
                f"{name} must be 0, got {getattr(model, name):g}: without it h = 0 is no state or "
                "its spectrum no uniform disc; use rg.spectral_curve(rg.fixed_points(model)[0])"
            )
    if isinstance(model, GatedLeak):
        keep = float(sigmoid(model.b_z))
        R = float(sigmoid(-model.b_z) * sigmoid(model.b_r) * model.a_h)
        return UniformDisc(keep, R, 1.0, _masses({}))
    if isinstance(model, LSTM):
        R = float(sigmoid(model.b_o) * sigmoid(model.b_i) * model.a_h)
        return UniformDisc(float(sigmoid(model.b_f)), R, 0.5, _masses({0.0: 0.5}))
    if isinstance(model, Vanilla):
        return UniformDisc(0.0, float(model.a_h), 1.0, _masses({}))
    raise TypeError(
        f"model must be a GRU, an LSTM or a Vanilla, got {type(model).__name__}: use "
        "rg.spectral_curve(rg.fixed_points(model)[0])"
    )


def constant_gate(state: Any) -> Circle:
    """Support of the spectrum of a GRU with one constant update gate z = σ(b_z): (23).

    The circle of centre z and radius (1−z) ρ, with ρ of (19), in any state: at rest or moving.

    Parameters
    ----------
    state : a `FixedPoint` or `SteadyState` of a `rg.GRU` with a_z = v_z = 0.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> from rmt_gates.spectra.limits import constant_gate
    >>> constant_gate(rg.steady_state(rg.GRU(a_h=3, a_r=10, b_z=1)))
    Circle(center=0.731059, radius=0.467758)
    """
    model = _gru_of(state, "constant_gate")
    if model.constant_gate is None:
        raise ValueError(
            "a_z and v_z must be 0: with an update gate that varies the boundary is no circle; "
            "use rg.spectral_curve"
        )
    rho = float(model.rho(float(np.ravel(state.C_h)[0])))
    return Circle(model.constant_gate, float(sigmoid(-model.b_z)) * rho)


def binary_update_gate(point: Any) -> UniformDisc:
    """Spectrum of a fixed point of the hard-tanh GRU as a_z → ∞ with b_z/a_z fixed: (22).

    (1−α) δ(λ−1) + α(1−η) δ(λ) + 1{|λ| ≤ R}/(π a_h² σ(b_r)²), R = √(αη) a_h σ(b_r), where
    α = P(ζ < 0) = ½ erfc(β/√(2C_h)), β = b_z/a_z, are the shut gates and η = E[φ'²] the units that
    are not saturated. Masses inside circles differ from it by O(1/a_z).

    Parameters
    ----------
    point : a `FixedPoint` of a `rg.GRU` with ``activation="hardtanh"``, a_r = v_r = 0, in which the
        update gate varies. A moving state does not tend to (22): a_z² E[z'²(h−φ)²] grows like a_z.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> from rmt_gates.spectra.limits import binary_update_gate
    >>> model = rg.GRU(a_h=4, a_z=200, b_z=20, activation="hardtanh")
    >>> point = rg.fixed_points(model)[-1]
    >>> round(binary_update_gate(point).fraction(1, 0.2), 3)
    0.55
    >>> round(rg.eigenvalue_fraction(point, 1, 0.2), 3)
    0.547
    """
    model = _gru_of(point, "binary_update_gate")
    if point.moment is not None:
        raise ValueError("point must be a fixed point: (22) is not the limit of a moving state")
    if not model.phi.kinks:
        raise ValueError("activation must be 'hardtanh': (22) counts the units that are saturated")
    for name in ("a_r", "v_r"):
        if getattr(model, name) != 0:
            raise ValueError(f"{name} must be 0, got {getattr(model, name):g}: (22) has one r")
    C = float(np.ravel(point.C_h)[0])
    variance = model.a_z**2 * C + model.v_z
    if variance == 0:
        raise ValueError("a_z must be positive, at a non-zero state: the update gate does not vary")
    alpha, eta = float(ndtr(-model.b_z / np.sqrt(variance))), model.squared_slope(C)
    R = float(np.sqrt(alpha * eta) * model.a_h * sigmoid(model.b_r))
    return UniformDisc(0.0, R, alpha * eta, _masses({0.0: alpha * (1 - eta), 1.0: 1 - alpha}))


def _gru_of(state: Any, function: str) -> Any:
    check_state(state, function)
    if not isinstance(state.model, GatedLeak):
        raise TypeError(f"{function} is of a GRU's state, got one of {state.model!r}")
    return state.model


def _masses(weights: dict[float, float]) -> PointMasses:
    return PointMasses(np.array(list(weights)), np.array(list(weights.values())))
