"""Fractions of eigenvalues inside discs: the theory's next to those of sampled networks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from rmt_gates.results import Record
from rmt_gates.spectra.density import eigenvalue_fraction
from rmt_gates.spectra.point_masses import point_masses
from rmt_gates.spectra.states import unit_of
from rmt_gates.unit import Unit

# around 1 the slow modes; around 0, those that decay at all, and to a half in a step
DISCS = ((1.0, 0.1), (1.0, 0.3), (1.0, 0.6), (1.0, 1.0), (0.0, 0.5), (0.0, 1.0))
PARTS = 8  # of a sample of units, whose scatter gives its error
THROUGH = 1e-6  # of a point mass: a circle closer to it runs through it


@dataclass(frozen=True, repr=False)
class EnclosedMass(Record):
    """The fraction of all eigenvalues with |λ − center| < radius.

    Attributes
    ----------
    theory, theory_error : from the state's density, N = ∞, and its standard error (of the sample
        of units; 0 at a fixed point, and where the units are a network's own). NaN if the circle
        runs through a point mass, or the density was not found on it.
    simulated, simulated_error : mean over networks, and its standard error.
    spread : the standard deviation from network to network; NaN for one network.
    """

    center: float
    radius: float
    theory: float
    theory_error: float
    simulated: float
    simulated_error: float
    spread: float

    def to_dict(self) -> dict[str, float]:
        """Name -> number."""
        return asdict(self)


def enclosed_masses(
    state: Any, spectra: np.ndarray, discs: Iterable[tuple[float, float]]
) -> tuple[EnclosedMass, ...]:
    """Masses of a state next to those of spectra (networks, eigenvalues), a record a disc."""
    masses = []
    for center, radius in discs:
        theory, error = theory_mass(state, center, radius)
        inside = enclosed(spectra, center, radius)
        spread = float(inside.std(ddof=1)) if len(inside) > 1 else np.nan
        mean, mean_error = float(inside.mean()), spread / np.sqrt(len(inside))
        masses.append(EnclosedMass(center, radius, theory, error, mean, float(mean_error), spread))
    return tuple(masses)


def enclosed(spectra: np.ndarray, center: float, radius: float) -> np.ndarray:
    """Fraction of the eigenvalues of each network inside a disc: (networks, n) -> (networks,)."""
    return np.asarray((np.abs(spectra - center) < radius).mean(axis=-1))


def theory_mass(state: Any, center: float, radius: float) -> tuple[float, float]:
    """`eigenvalue_fraction` with its standard error, from parts of a sampled state's units."""
    unit = unit_of(state, "compare")
    deltas = point_masses(state).location
    if np.any(np.abs(np.abs(deltas - center) - radius) < THROUGH):
        return np.nan, np.nan

    def mass(units: Any) -> float:
        """Enclosed by this disc."""
        return float(eigenvalue_fraction(units, center, radius))

    return mass(unit), float(sample_error(state, mass))


def sample_error(state: Any, function: Callable[[Unit], Any]) -> Any:
    """Standard error of a function of a state's sample of units, from that of its parts.

    0 at a fixed point, whose law is exact, and of units that are a network's own.
    """
    if isinstance(state, Unit) or getattr(state, "kind", "") != "chaotic":
        return 0.0
    each = [function(state.unit.rows(slice(i, None, PARTS))) for i in range(PARTS)]
    return np.std(each, axis=0, ddof=1) / np.sqrt(PARTS)


def real_discs(discs: Any) -> list[tuple[float, float]]:
    """Pairs (center, radius), or a ValueError that says what they should be."""
    try:
        discs = list(discs)
        pairs = np.asarray(discs, float).reshape(len(discs), 2)
    except (TypeError, ValueError):
        pairs = np.array([[np.nan, np.nan]])
    if not (np.all(np.isfinite(pairs)) and np.all(pairs[:, 1] > 0)):
        raise ValueError(
            "discs must be pairs (center, radius) of real numbers, radius above 0, or () for no "
            f"masses, got {discs!r}"
        )
    return [(float(c), float(R)) for c, R in pairs]
