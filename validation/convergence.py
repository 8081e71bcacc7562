"""How masses converge as networks grow: what is left at N = ∞, and the rates of the scatter.

A network of N units is a sample of N units of the mean field: its masses scatter like N^-1/2. Given
its units, only the number of eigenvalues next to the circle is left to chance, about √(R√N) of N:
the difference from the density of its own units scatters like N^-3/4.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from validation.case import Case
from validation.checks import Check
from validation.families import Group, family
from validation.masses import Masses, enclosed_by
from validation.simulation import simulate

RESAMPLED = 400  # times, for the errors of the rates: 4 % of these errors
STEPS = 40  # recorded steps of a run of which only the last state is used


@dataclass(frozen=True)
class Convergence:
    """By size, all (sizes,): root mean squares over the declared discs.

    ``difference`` : of the mean over networks from theory; ``difference_error`` : what their
    scatter and the theory's error alone make of it; ``scatter`` : of the masses from network to
    network; ``own_scatter`` : of the differences from the networks' own units. ``rate``,
    ``own_rate``: exponents p of N^-p, each with its error. ``limits`` : what is left at N = ∞.
    """

    sizes: np.ndarray
    networks: np.ndarray
    difference: np.ndarray
    difference_error: np.ndarray
    scatter: np.ndarray
    own_scatter: np.ndarray
    rate: tuple[float, float]
    own_rate: tuple[float, float]
    limits: list[Check]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; ``limits`` are among the checks of the case."""
        return {
            name: np.asarray(getattr(self, name)).tolist()
            for name in self.__dataclass_fields__
            if name != "limits"
        }


def converge(case: Case, state: Any, masses: Masses, device: str) -> Convergence:
    """The sizes that the case has, and more networks of the sizes that it declares."""
    found = dict(masses.networks)
    discs = masses.discs[: masses.declared]
    for i, (size, count) in enumerate(case.sizes):
        few = replace(case, N=size, networks=count, spectra=count, seed=case.seed + 1 + i)
        few = replace(few, extrapolate=False, states=1, steps=STEPS)
        found[size] = enclosed_by(few, state, simulate(few, device), size, discs)
    sizes = sorted(found)
    direct = [found[size].masses[:, : masses.declared] for size in sizes]
    own = [found[size].beyond_own for size in sizes]
    theory = masses.theory_group.values[:, : masses.declared]
    theory_error = _rms(masses.theory_error[: masses.declared])
    differences = [values - theory.mean(axis=0) for values in direct]
    return Convergence(
        np.array(sizes),
        np.array([len(values) for values in direct]),
        np.array([_rms(values.mean(axis=0)) for values in differences]),
        np.array([np.hypot(_scatter(v) / np.sqrt(len(v)), theory_error) for v in direct]),
        np.array([_scatter(values) for values in direct]),
        np.array([_scatter(values) for values in own]),
        _rate(sizes, direct, case.seed),
        _rate(sizes, own, case.seed),
        [
            _limit("N = ∞, masses", sizes, direct, [Group(-1.0, theory)], case.seed),
            _limit("N = ∞, own", sizes, own, [], case.seed),
        ],
    )


def _limit(
    name: str, sizes: list[int], values: list[np.ndarray], more: list[Group], seed: int
) -> Check:
    """b of b + c/N, fitted to the means of all sizes by their errors: none of b may be large."""
    design = np.stack([np.ones(len(sizes)), sizes[0] / np.array(sizes)], axis=1)
    precision = np.array([np.sqrt(len(v)) / _scatter(v) for v in values])
    weights = np.linalg.pinv(design * precision[:, None])[0] * precision
    groups = [Group(w, v) for w, v in zip(weights, values, strict=True)]
    one = family([*groups, *more], seed)
    largest = float(np.max(one.deviation))
    return Check(name, 0.0, 0.0, largest, 0.0, one.quantile, largest <= one.quantile)


def _rate(sizes: list[int], values: list[np.ndarray], seed: int) -> tuple[float, float]:
    """p of scatter ∝ N^-p, and its error, from resampled networks."""
    rng = np.random.default_rng(seed)

    def fitted(values: list[np.ndarray]) -> float:
        # the relative error of a standard deviation of n values is about 1/√(2(n−1))
        weight = np.sqrt([len(v) - 1 for v in values])
        return float(
            -np.polyfit(np.log(sizes), [np.log(_scatter(v)) for v in values], 1, w=weight)[0]
        )

    def resampled() -> list[np.ndarray]:
        return [v[rng.integers(len(v), size=len(v))] for v in values]

    error = np.std([fitted(resampled()) for _ in range(RESAMPLED)], ddof=1)
    return fitted(values), float(error)


def _scatter(values: np.ndarray) -> float:
    """Standard deviation from network to network, as a root mean square over discs."""
    return _rms(values.std(axis=0, ddof=1))


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(values))))
