"""Statistics of agreement between a spectral curve and the eigenvalues of sampled networks."""

from __future__ import annotations

import numbers
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from rmt_gates.masses import DISCS, EnclosedMass, enclosed_masses, real_discs
from rmt_gates.results import Record
from rmt_gates.spectra.curve import SpectralCurve
from rmt_gates.spectra.distance import distance_to_curve
from rmt_gates.spectra.states import complex_numbers


@dataclass(frozen=True, repr=False)
class Agreement(Record):
    """How well a curve bounds the eigenvalues of ``networks`` networks of N units.

    Attributes
    ----------
    fraction_outside : of all eigenvalues, outside the curve; ``fraction_expected`` : what the
        blur of the edge at this N should put there.
    edge_level : where the outermost eigenvalues lie, on the scale of Λ = S+1, which is 1 on the
        curve: in each network the level beyond which as many eigenvalues lie as should lie
        outside the curve; mean over networks, with ``edge_level_error``. 1 if theory and networks
        agree; below 1, the curve is too tight, above 1, too wide (both can be told).
    distance_mean, distance_max : of the eigenvalues outside, to the curve; 0 if there are none.
    radius_theory : curve.radius_at(N). radius_simulated : mean over networks of max|λ|, and
        ``radius_spread`` its standard deviation from network to network.
    masses : an `EnclosedMass` for every disc; () without the state's density.
    """

    N: int
    networks: int
    fraction_outside: float
    fraction_expected: float
    edge_level: float
    edge_level_error: float
    distance_mean: float
    distance_max: float
    radius_theory: float
    radius_simulated: float
    radius_spread: float
    masses: tuple[EnclosedMass, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Name -> number; ``masses`` a list of such."""
        numbers = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {**numbers, "masses": [mass.to_dict() for mass in self.masses]}


def compare(
    curve: SpectralCurve,
    eigenvalues: Any,
    *,
    fraction_expected: float | None = None,
    discs: Iterable[tuple[float, float]] = DISCS,
) -> Agreement:
    """Compare a spectral curve with eigenvalues of sampled networks.

    Parameters
    ----------
    curve : from `spectral_curve`.
    eigenvalues : complex (…, N): the spectra of one or more networks of N units, (…, 2N) for an
        LSTM. Errors need at least two.
    fraction_expected : of the eigenvalues, outside the curve; from the density at the edge if
        omitted, which needs the state's unit.
    discs : pairs (center, radius), in which theory and networks are compared by the fraction of
        eigenvalues that they enclose; () for none, which is faster.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> model = rg.GRU(a_h=1.5)
    >>> curve = rg.spectral_curve(rg.fixed_points(model)[0])
    >>> network = rg.sample_network(model, 200, rng=1)
    >>> bool(rg.compare(curve, network.eigenvalues([0.0] * 200)).fraction_outside < 0.1)
    True
    >>> mass = rg.compare(curve, network.eigenvalues([0.0] * 200), discs=[(0.5, 0.25)]).masses[0]
    >>> round(mass.theory, 6)  # of a uniform disc of radius 3/8 at 1/2
    0.444444
    >>> bool(abs(mass.simulated - mass.theory) < 0.05)
    True
    """
    if not isinstance(curve, SpectralCurve):
        raise TypeError(
            f"curve must come from rg.spectral_curve(state), got {type(curve).__name__}"
        )
    _require_fraction(fraction_expected)
    discs = real_discs(discs)
    spectra = np.atleast_2d(complex_numbers("eigenvalues", eigenvalues))
    if spectra.size == 0 or not np.all(np.isfinite(spectra)):
        raise ValueError("eigenvalues must be finite and of shape (…, N) with N ≥ 1")
    spectra = spectra.reshape(-1, spectra.shape[-1])
    networks, eigenvalues_each = spectra.shape
    source = curve.source
    per_unit = 1 if source is None else len(source.model.carriers)
    if eigenvalues_each % per_unit:
        raise ValueError(
            f"eigenvalues must be of shape (…, {per_unit}N), all those of each network, got "
            f"{eigenvalues_each} of a network"
        )
    N = eigenvalues_each // per_unit
    level = curve.S(spectra) + 1
    outside = level < 1
    if fraction_expected is None:
        fraction_expected = min(curve.expected_outside(N) / eigenvalues_each, 0.5)
    expected = fraction_expected
    edge, edge_error = edge_of(level, expected)
    radius = np.abs(spectra).max(axis=1)
    distance = distance_to_curve(curve, spectra[outside])
    several = networks > 1
    return Agreement(
        N=N,
        networks=networks,
        fraction_outside=float(outside.mean()),
        fraction_expected=float(expected),
        edge_level=edge,
        edge_level_error=edge_error,
        distance_mean=float(distance.mean()) if len(distance) else 0.0,
        distance_max=float(distance.max()) if len(distance) else 0.0,
        radius_theory=curve.radius_at(N),
        radius_simulated=float(radius.mean()),
        radius_spread=float(radius.std(ddof=1)) if several else np.nan,
        masses=() if source is None else enclosed_masses(source, spectra, discs),
    )


def edge_of(level: np.ndarray, expected: float) -> tuple[float, float]:
    """Where the outermost eigenvalues lie on the scale of Λ = S+1, and the standard error.

    ``level`` is Λ of the spectra (networks, n); ``expected`` the fraction that should lie outside.
    """
    networks, n = level.shape
    rank = max(1, min(round(expected * n), n - 1))
    edge = np.sort(level, axis=1)[:, rank - 1 : rank + 1].mean(axis=1)
    if networks == 1:
        return float(edge[0]), np.nan
    with np.errstate(invalid="ignore"):  # a point spectrum has eigenvalues at infinite level
        return float(edge.mean()), float(edge.std(ddof=1) / np.sqrt(networks))


def _require_fraction(value: Any) -> None:
    if value is not None and not (isinstance(value, numbers.Real) and 0 <= value <= 1):  # type: ignore[operator]
        raise ValueError(f"fraction_expected must lie between 0 and 1, or be None, got {value!r}")
