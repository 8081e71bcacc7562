"""Every fixed point over a plane of two parameters, and which kinds of states can be where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from rmt_gates.mean_field.fixed_points import fixed_points
from rmt_gates.phases.plane import plane_axes
from rmt_gates.results import Status

BRANCHES = ("zero", "lower", "upper")
PHASES = ("zero alone", "coexistence", "zero unstable", "one fixed point", "several fixed points")
LONG_NAMES = {
    "n_fixed_points": "number of fixed points, zero included",
    "C_h": "E[h²]",
    "rho": "√(S(1)+1), below 1 where the fixed point is stable",
    "S1": "S(1), below 0 where the fixed point is stable",
    "zero_stable": "zero is a stable fixed point",
    "marginal": "a sharp update gate makes the upper fixed point marginally stable",
}


def phase_diagram(model: Any, over: Mapping[str, Any]) -> Any:
    """Fixed points of ``model`` over two of its fields, every branch, with labels.

    Parameters
    ----------
    model : parameter record of any architecture; its own values of the two fields do not matter.
    over : field -> 1-D values, for two fields: ``{"a_h": …, "a_r": …}``.

    Returns
    -------
    xarray.Dataset over the two fields and ``branch``:
        n_fixed_points : number of fixed points, zero included.
        C_h, rho, S1, stable, status (…, branch) : NaN, False and ABSENT where there is none. With
            zero bias the branches are zero itself and the non-zero ones, of which a single one is
            "upper"; with a bias they are, of several, the lowest ("zero") to the highest, and a
            single one is "upper".
        zero_stable : whether the zero fixed point is there and stable.
        phase : index of `attrs["flag_meanings"]`: zero alone; coexistence of a stable zero with
            others; zero unstable; with a bias, one or several fixed points.
        marginal : whether a sharp update gate makes the upper fixed point marginally stable,
            1 < ρ < √2 (Theorem 4.8 at b_z = 0); of the GRU alone.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> diagram = rg.phase_diagram(rg.GRU(a_h=1), {"a_h": [1.0, 1.8, 3.0], "a_r": [1.0, 10.0]})
    >>> diagram.n_fixed_points.values
    array([[1, 1],
           [1, 3],
           [2, 2]])
    """
    import xarray as xr

    axes = plane_axes(model, over)
    (first, x), (second, y) = axes.items()
    points = fixed_points(model.replace(**{first: x[:, None], second: y}))
    present, count = points.status != Status.ABSENT, np.asarray(points.count)
    zero = present[..., 0] & (points.C_h[..., 0] == 0)
    place = _places(present.shape[-1], count, zero)
    branches = max(len(BRANCHES), int(place[present].max(initial=0)) + 1)

    def by_branch(values: np.ndarray, absent: Any) -> np.ndarray:
        """What the roots have, along the branches."""
        table = np.full((*count.shape, branches), absent, values.dtype)
        i, j, root = np.nonzero(present)
        table[i, j, place[i, j, root]] = values[i, j, root]
        return table

    rho = by_branch(points.rho, np.nan)
    zero_stable = zero & points.stable[..., 0]
    others = count - zero
    phase = np.select(
        [zero_stable & (others == 0), zero_stable, zero, count == 1],
        range(len(PHASES) - 1),
        len(PHASES) - 1,
    )
    with np.errstate(invalid="ignore"):
        marginal = (rho[..., 2] > 1) & (rho[..., 2] < np.sqrt(2)) & ("a_z" in model.numbers())
    in_plane = {"n_fixed_points": count, "zero_stable": zero_stable}
    in_plane |= {"phase": phase.astype(np.int8), "marginal": marginal}
    by_root = {"C_h": by_branch(points.C_h, np.nan), "rho": rho, "S1": rho**2 - 1}
    by_root["stable"] = by_branch(points.stable, False)
    by_root["status"] = by_branch(points.status.astype(np.int8), int(Status.ABSENT))
    names = [*BRANCHES, *(f"upper {k}" for k in range(2, branches - 1))]
    dataset = xr.Dataset(
        {k: ((first, second), v) for k, v in in_plane.items()}
        | {k: ((first, second, "branch"), v) for k, v in by_root.items()},
        coords={**axes, "branch": names},
        attrs={"model": repr(model)},
    )
    for name, text in LONG_NAMES.items():
        dataset[name].attrs["long_name"] = text
    meanings = " ".join(phase.replace(" ", "_") for phase in PHASES)  # as CF has it
    dataset["phase"].attrs |= {"flag_values": list(range(len(PHASES))), "flag_meanings": meanings}
    return dataset


def _places(roots: int, count: np.ndarray, zero: np.ndarray) -> np.ndarray:
    """The branch of every root (…, roots): the highest of one or two non-zero ones is "upper"."""
    root = np.arange(roots)
    others = (count - zero)[..., None]
    listed = root + np.where((root > 0) & (others == 1), 1, 0)
    biased = root + np.maximum(3 - others, 0)
    return np.where(zero[..., None], listed, biased)
