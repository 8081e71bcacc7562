"""Which weight matrices shape the spectrum, and how few numbers describe them.

Matrix k feeds matrix l where Y_lk = (ĈX⁻¹B̂)_lk is not 0. Only matrices on a feedback loop move
eigenvalues; loops that do not feed each other both ways have determinants of their own. Matrices
whose rows of Y are proportional to each other in all units share one pair of unknowns.
"""

from __future__ import annotations

import numpy as np

from rmt_gates.spectra.criterion import transfer
from rmt_gates.unit import Unit

GENERIC = np.array([1.3 + 0.7j])  # no entry of Y vanishes here by accident
SAME = 1e-12  # relative difference of rows that are proportional

Row = list[tuple[int, float]]  # matrices k with their factors γ_k: row k is γ_k times the first's


def feedback_loops(unit: Unit) -> list[list[Row]]:
    """The distinct rows of each feedback loop; most architectures have one loop, or none."""
    from scipy.sparse.csgraph import connected_components

    active = np.flatnonzero(unit.model.gains() > 0)
    if not len(active):
        return []
    Y = transfer(unit, GENERIC)[0]  # (units, n, n)
    feeds = (np.abs(Y) > 0).any(axis=0)
    count, member = connected_components(feeds, directed=True, connection="strong")
    loops = []
    for one in range(count):
        inside = np.flatnonzero(member == one)
        if not feeds[np.ix_(inside, inside)].any():
            continue  # a single matrix that does not feed itself
        rows: list[list[tuple[int, float]]] = []  # positions among the active matrices
        for k in map(int, inside):
            for row in rows:
                factor = _factor(Y[:, row[0][0], inside], Y[:, k, inside])
                if factor is not None:
                    row.append((k, factor))
                    break
            else:
                rows.append([(k, 1.0)])
        loops.append([[(int(active[k]), factor) for k, factor in row] for row in rows])
    return loops


def _factor(first: np.ndarray, other: np.ndarray) -> float | None:
    """γ if other = γ · first in all units, else None."""
    factor = float((np.vdot(first, other) / np.vdot(first, first)).real)
    close = np.abs(other - factor * first).max() <= SAME * np.abs(other).max()
    return factor if close else None
