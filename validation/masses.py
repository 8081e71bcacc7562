"""Enclosed masses, and the laws of |λ−1| and |λ|: theory against networks, disc by disc.

Two comparisons. End to end, the masses of the state's density against those of networks: its
yardstick is the scatter from network to network, and most of that is the scatter of N units around
the mean field (a network of N units is a sample of N units). On their own units, the density of
every network's units against its eigenvalues: nearly all of the scatter cancels, and what is left
tests the equations of the spectrum to a per cent of a_h.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

import rmt_gates as rg
from rmt_gates.masses import enclosed
from rmt_gates.mean_field.path_unit import path_unit
from rmt_gates.unit import Unit
from validation.case import Case
from validation.checks import Check, Control, resolution, size_weights
from validation.families import Family, Group, combine, family
from validation.simulation import Simulation

OWN = "own units"
CONTROL_SAMPLES = 2_500  # of units of a wrong theory: common random numbers tell it from the right


class Networks(NamedTuple):
    """Of each network of one size: its masses (networks, discs), and how far they are from those of
    its own units (networks, declared discs)."""

    masses: np.ndarray
    beyond_own: np.ndarray


@dataclass(frozen=True)
class Masses:
    """Everything on the discs (n, 2) of a case: first the declared ones, then those of the laws.

    ``theory``, ``simulated`` (extrapolated as the averages are), ``spread`` from network to network
    of N units, all (n,); ``direct`` over all discs, ``own`` over the declared ones. ``networks``:
    by size, what each network has of both.
    """

    discs: np.ndarray
    declared: int
    theory: np.ndarray
    theory_error: np.ndarray
    simulated: np.ndarray
    simulated_error: np.ndarray
    spread: np.ndarray
    direct: Family
    own: Family
    theory_group: Group
    networks: dict[int, Networks]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready, a record a disc."""
        columns = ("theory", "theory_error", "simulated", "simulated_error", "spread")
        rows = [
            {"center": c, "radius": R, **{name: getattr(self, name)[i] for name in columns}}
            for i, (c, R) in enumerate(self.discs)
        ]
        for row, bound in zip(rows, self.direct.bound, strict=True):
            row["bound"] = bound
        for i, row in enumerate(rows[: self.declared]):
            row["own_units_difference"] = self.own.difference[i]
            row["own_units_error"] = self.own.error[i]
            row["own_units_bound"] = self.own.bound[i]
        return {
            "discs": rows[: self.declared],
            "laws": rows[self.declared :],
            "quantile": self.direct.quantile,
            "own_units_quantile": self.own.quantile,
        }

    def law(self, center: float) -> np.ndarray:
        """Indices of the discs around a center that its law is compared on, by radius."""
        at = np.flatnonzero(self.discs[:, 0] == center)
        return at[np.argsort(self.discs[at, 1])]


def compare_masses(case: Case, state: Any, simulation: Simulation) -> Masses:
    """Theory and networks on the declared discs and on those of the laws."""
    laws = _law_discs(case, simulation.eigenvalues[case.N])
    discs = np.array([*case.discs, *laws])
    samples = units(state, case.theory_units, case.theory_samples)
    theory = Group(-1.0, np.array([_fractions(unit, discs) for unit in samples]))
    networks = {
        size: enclosed_by(case, state, simulation, size, discs) for size in simulation.eigenvalues
    }
    weights = size_weights(case)
    beyond = size_weights(replace(case, finite_size_power=1.0))  # slow states have slow units, too
    simulated = [Group(w, networks[size].masses) for size, w in weights.items()]
    mean, error, _ = combine(simulated)
    expected, expected_error, _ = combine([theory])
    return Masses(
        discs,
        len(case.discs),
        -expected,
        expected_error,
        mean,
        error,
        networks[case.N].masses.std(axis=0, ddof=1),
        family([*simulated, theory], case.seed),
        family([Group(w, networks[size].beyond_own) for size, w in beyond.items()], case.seed),
        theory,
        networks,
    )


def enclosed_by(
    case: Case, state: Any, simulation: Simulation, size: int, discs: np.ndarray
) -> Networks:
    """The masses of the diagonalised networks of one size; the declared discs come first."""
    spectra, declared = simulation.eigenvalues[size], np.array(case.discs)
    found = np.stack([enclosed(spectra, *disc) for disc in discs], axis=1)
    if state.kind == "zero":  # dead networks: all have the state's units
        own = _fractions(state.unit, declared)
    else:
        own = np.array([_fractions(unit, declared) for unit in simulation.units[size]])
    return Networks(found, found[:, : len(declared)] - own)


def mass_checks(masses: Masses) -> list[Check]:
    """A check for each declared disc, for each law, and for the networks' own units."""
    checks = [
        Check(
            disc_name(*masses.discs[i]),
            float(masses.theory[i]),
            float(masses.theory_error[i]),
            float(masses.simulated[i]),
            float(masses.simulated_error[i]),
            float(masses.direct.bound[i]),
            bool(abs(masses.direct.difference[i]) <= masses.direct.bound[i]),
        )
        for i in range(masses.declared)
    ]
    if len(masses.discs) > masses.declared:
        for center in np.unique(masses.discs[:, 0])[::-1]:
            at = masses.law(center)
            checks.append(_largest(f"law of {modulus(center)}", masses.direct, at))
    return [*checks, _largest(OWN, masses.own, slice(None))]


def mass_controls(
    case: Case, state: Any, masses: Masses, wrong: dict[float, Any]
) -> tuple[list[Control], dict[str, float]]:
    """A wrong a_h in the equations of the spectrum must show on the networks' own units.

    What the masses tell end to end is measured with the ``wrong`` states, by change of a_h.
    """
    declared = np.array(case.discs)
    unit = units(state, 1, CONTROL_SAMPLES)[0]
    right = _fractions(unit, declared)
    controls, moved = [], {0.0: np.zeros(len(declared))}
    for change in (-case.controls.masses, case.controls.masses):
        model = case.model.replace(a_h=case.model.a_h * (1 + change))
        moved[change] = _fractions(Unit(model, unit.fields, unit.weights), declared) - right
        deviation = np.abs(masses.own.difference - moved[change]) / masses.own.bound
        worst = float(np.max(deviation))
        controls.append(Control(OWN, change, worst, worst > 1))
    ends = {0.0: right}  # with common random numbers one sample of each will do
    for change, other in wrong.items():
        ends[change] = _fractions(units(other, 1, CONTROL_SAMPLES)[0], declared)
    told = {OWN: (moved, masses.own.bound), "masses": (ends, masses.direct.bound)}
    return controls, {
        route: min(
            resolution({at: float(v[i]) for at, v in values.items()}, float(bounds[i]))
            for i in range(len(declared))
        )
        for route, (values, bounds) in told.items()
    }


def units(state: Any, count: int, samples: int) -> list[Unit]:
    """Independent samples of the state's units; one, if it is at rest.

    Half of them come from an autocorrelation that is larger, half from one that is smaller by
    √(count−1) of its standard errors: so their scatter holds the error of the state as well.
    """
    if state.kind != "chaotic":
        return [state.unit]
    seeds = np.random.default_rng(state.seed).integers(2**31, size=count)
    apart = np.sqrt(count - 1) * state.C_h0_error / state.C_h0
    blurred = [_scaled(state, 1 + apart * (-1) ** i) for i in range(count)]
    return [
        path_unit(one.model, one.order, int(seed), samples)
        for one, seed in zip(blurred, seeds, strict=True)
    ]


def _scaled(state: Any, factor: float) -> Any:
    others = None if state.others is None else factor * state.others
    return replace(state, C_h=factor * state.C_h, static=factor * state.static, others=others)


def modulus(center: float) -> str:
    """|λ−1|, or |λ|."""
    return f"|λ−{center:g}|" if center else "|λ|"


def disc_name(center: float, radius: float) -> str:
    """|λ−1|<0.3."""
    return f"{modulus(center)}<{radius:g}"


def _largest(name: str, one: Family, at: Any) -> Check:
    """The largest deviation of some discs, in standard errors."""
    largest = float(np.max(one.deviation[at]))
    return Check(name, 0.0, 0.0, largest, 0.0, one.quantile, largest <= one.quantile)


def _law_discs(case: Case, spectra: np.ndarray) -> list[tuple[float, float]]:
    """Radii at which the laws of |λ−1| and |λ| reach the case's levels."""
    return [
        (center, float(radius))
        for center in (1.0, 0.0)
        for radius in np.quantile(np.abs(spectra - center), case.levels)
    ]


def _fractions(unit: Unit, discs: np.ndarray) -> np.ndarray:
    """The theory's masses, (discs,): all radii around a center at once."""
    fractions = np.empty(len(discs))
    for center in np.unique(discs[:, 0]):
        at = discs[:, 0] == center
        fractions[at] = rg.eigenvalue_fraction(unit, center, discs[at, 1])
    return fractions
