"""ρ and the radius of the Jacobian at fixed points, by closed form or from the unit's sample."""

from __future__ import annotations

import numpy as np

from rmt_gates.architectures.base import Architecture
from rmt_gates.mean_field.independent_unit import independent_unit


def rest_rho(model: Architecture, C: np.ndarray) -> np.ndarray:
    """√(S(1)+1) at fixed points with variances C (n,): stable iff below 1."""
    rho = model.rho(C)
    if rho is None:
        from rmt_gates.spectra.criterion import perron_root

        units = (independent_unit(one, c) for one, c in zip(_each(model, len(C)), C, strict=True))
        rho = [np.sqrt(perron_root(unit, 1.0).root) for unit in units]
    return np.asarray(rho, float)


def rest_radius(model: Architecture, C: np.ndarray, rho: np.ndarray) -> np.ndarray:
    """N = ∞ radius at fixed points with variances C and parameters ρ, (n,) each."""
    radius = model.rest_radius(C, rho)
    if radius is None:
        from rmt_gates.spectra.boundary_function import CriterionBoundary

        radius = []
        for one, c in zip(_each(model, len(C)), C, strict=True):
            left, right = CriterionBoundary(independent_unit(one, float(c))).ends
            radius.append(max(right, -left))
    return np.asarray(radius, float)


def _each(model: Architecture, n: int) -> list[Architecture]:
    """The scalar models of a record with 1-D fields."""
    arrays = {k: getattr(model, k) for k in model.numbers() if np.ndim(getattr(model, k))}
    return [model.replace(**{k: float(v[i]) for k, v in arrays.items()}) for i in range(n)]
