"""Draw finished results on a matplotlib Axes. Nothing is computed here, nothing shown or saved.

Every function takes a result and ``ax=None``, draws, and returns the Axes; without an Axes it makes
one on a new `matplotlib.figure.Figure`, so that no window opens and no global state of pyplot
changes. What is drawn carries a label ("theory", "eigenvalues", …), for ``ax.legend()``.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rmt_gates.mean_field.fixed_points import FixedPoints
    from rmt_gates.mean_field.steady_state import SteadyState
    from rmt_gates.phases.lines import PhaseLines
    from rmt_gates.spectra.curve import SpectralCurve
    from rmt_gates.spectra.resolvent import Resolvent

THEORY = "#d62728"
MIDDLE = "0.6"
FEW = 6  # values of a parameter that get a line each
PHASE_COLORS = ["#f2f2f2", "#a6cee3", "#fdd49e", "#e5f5e0", "#cbc9e2"]
LINES: dict[str, dict[str, Any]] = {
    "zero_stability": {"color": "black", "lw": 1.3, "label": "zero loses stability"},
    "fold": {"color": THEORY, "lw": 1.3, "label": "fold of fixed points"},
    "rest_stability": {"color": "black", "lw": 1.3, "ls": "--", "label": "rest loses stability"},
    "sqrt2": {"color": "black", "lw": 1.0, "ls": ":", "label": r"$\rho=\sqrt{2}$"},
    "tricritical": {"color": "black", "marker": "o", "ms": 4, "lw": 1.0, "label": "tricritical"},
}


def spectrum(curve: SpectralCurve, eigenvalues: Any = None, ax: Axes | None = None) -> Axes:
    """The boundary of the spectrum at N = ∞ (red), over eigenvalues of networks (black dots).

    Parameters
    ----------
    curve : from `rg.spectral_curve`; both halves are drawn, as one line.
    eigenvalues : complex, any shape, as `network.eigenvalues` gives them.
    ax : where to draw.

    The thin grey circle is |λ| = 1, where modes neither grow nor decay.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> from rmt_gates import plots
    >>> point = rg.fixed_points(rg.GRU(a_h=3, a_z=1, a_r=2))[-1]
    >>> ax = plots.spectrum(rg.spectral_curve(point))
    >>> [line.get_label() for line in ax.lines]
    ['unit circle', 'theory']
    """
    ax = ax or _new_axes(4.0, 4.0)
    angle = np.linspace(0, 2 * np.pi, 361)
    ax.plot(np.cos(angle), np.sin(angle), color=MIDDLE, lw=0.6, zorder=1, label="unit circle")
    if eigenvalues is not None:
        cloud = np.ravel(eigenvalues)
        size = float(np.clip(400 / np.sqrt(max(cloud.size, 1)), 2, 12))
        ax.scatter(
            cloud.real, cloud.imag, s=size / 4, c="black", lw=0, zorder=2, label="eigenvalues"
        )
    x = np.concatenate([curve.x, curve.x[::-1]])
    y = np.concatenate([curve.y, -curve.y[::-1]])
    ax.plot(x, y, color=THEORY, lw=1.3, zorder=3, label="theory")
    ax.set_aspect("equal")
    ax.set_xlabel(r"Re $\lambda$")
    ax.set_ylabel(r"Im $\lambda$")
    return ax


def density(resolvent: Resolvent, ax: Axes | None = None) -> Axes:
    """The density of eigenvalues over the complex plane, in logarithmic shades of blue.

    Parameters
    ----------
    resolvent : from `rg.resolvent` on a mesh, λ of shape (rows, columns) in the upper half plane;
        the lower half is its mirror image.
    ax : where to draw.

    Examples
    --------
    >>> import numpy as np
    >>> import rmt_gates as rg
    >>> from rmt_gates import plots
    >>> mesh = np.linspace(-0.2, 1.2, 15) + 1j * np.linspace(0.05, 0.7, 14)[:, None]
    >>> point = rg.fixed_points(rg.GRU(a_h=3))[0]
    >>> len(plots.density(rg.resolvent(point, mesh)).collections)  # both halves
    2
    """
    from matplotlib.colors import LogNorm

    if np.ndim(resolvent.density) != 2:
        raise ValueError("resolvent must be taken on a two-dimensional mesh of points")
    ax = ax or _new_axes(4.6, 4.0)
    lam, mu = resolvent.lam, np.where(resolvent.inside, resolvent.density, np.nan)
    shown = mu[np.isfinite(mu) & (mu > 0)]
    high = float(np.quantile(shown, 0.99)) if shown.size else 1.0
    norm = LogNorm(vmin=max(float(shown.min(initial=high)), 1e-3 * high), vmax=high)
    for sign in (1, -1):
        mesh = ax.pcolormesh(
            lam.real, sign * lam.imag, mu, norm=norm, cmap="Blues", shading="nearest", zorder=0
        )
    label = r"density $\mu(\lambda)$, per eigenvalue and unit area"
    ax.figure.colorbar(mesh, ax=ax, label=label, extend="both", shrink=0.8)
    ax.set_aspect("equal")
    ax.set_xlabel(r"Re $\lambda$")
    ax.set_ylabel(r"Im $\lambda$")
    return ax


def enclosed(
    radius: Any, fraction: Any, eigenvalues: Any = None, ax: Axes | None = None, center: Any = 1.0
) -> Axes:
    """The fraction of eigenvalues within a radius of a point, over the radius.

    Parameters
    ----------
    radius, fraction : of the theory, as from `rg.slow_mode_fraction`.
    eigenvalues : (networks, N) complex: every network's own fractions are thin black lines.
    ax : where to draw. center : what the radius is about, for the label and the count.

    Examples
    --------
    >>> import numpy as np
    >>> import rmt_gates as rg
    >>> from rmt_gates import plots
    >>> point, radius = rg.fixed_points(rg.GRU(a_h=3))[0], np.linspace(0.1, 1, 10)
    >>> ax = plots.enclosed(radius, rg.slow_mode_fraction(point, radius))
    >>> ax.get_xlabel()
    'radius $R$'
    """
    ax = ax or _new_axes(4.5, 3.4)
    radius = np.asarray(radius)
    for i, one in enumerate([] if eigenvalues is None else np.atleast_2d(eigenvalues)):
        counted = (np.abs(one - center) < radius[:, None]).mean(axis=1)
        ax.plot(radius, counted, color="black", lw=0.6, label="" if i else "networks")
    ax.plot(radius, fraction, color=THEORY, lw=1.3, zorder=3, label="theory")
    ax.set_xlabel("radius $R$")
    ax.set_ylabel(rf"fraction with $|\lambda - {center:g}| < R$")
    ax.legend(frameon=False)
    return ax


def autocorrelation(state: SteadyState, ax: Axes | None = None, simulated: Any = None) -> Axes:
    """C_h(k) of a steady state over the lag k, with a band of two standard errors.

    Parameters
    ----------
    state : from `rg.steady_state`. A state at rest has one constant, drawn as a level line.
    ax : where to draw.
    simulated : (n,) C_h(0…n−1) of a network, drawn as circles.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> from rmt_gates import plots
    >>> ax = plots.autocorrelation(rg.steady_state(rg.GRU(a_h=3, a_r=2)))
    >>> ax.get_xlabel()
    'lag $k$'
    """
    ax = ax or _new_axes(5.0, 3.2)
    if len(state.C_h) == 1:
        ax.axhline(float(state.C_h[0]), color=THEORY, lw=1.3, zorder=3, label="theory")
    else:
        lag = np.arange(len(state.C_h))
        low, high = state.C_h - 2 * state.C_h_error, state.C_h + 2 * state.C_h_error
        band = ax.fill_between(lag, low, high, color=THEORY, alpha=0.25, lw=0, zorder=2)
        band.set_label("± 2 standard errors")
        ax.plot(lag, state.C_h, color=THEORY, lw=1.3, zorder=3, label="theory")
    if simulated is not None:
        values = np.asarray(simulated)
        (circles,) = ax.plot(np.arange(len(values)), values, "ko", ms=3, mfc="none", mew=0.7)
        circles.set(zorder=4, label="network")
    ax.set_xlabel("lag $k$")
    ax.set_ylabel("$C_h(k)$")
    return ax


def fixed_points(points: FixedPoints, x: Any, ax: Axes | None = None) -> Axes:
    """Branches of fixed points over one parameter: stable solid, unstable dashed.

    Parameters
    ----------
    points : from `rg.fixed_points` of a model whose array fields are one-dimensional.
    x : the name of the field to draw them over, as in ``"a_h"``, or an array of that length.
    ax : where to draw.

    Roots at neighbouring values of x belong to one branch if they are neighbours in C_h too: the
    branches keep their order, and where roots appear or vanish those left over begin or end there.

    Examples
    --------
    >>> import numpy as np
    >>> import rmt_gates as rg
    >>> from rmt_gates import plots
    >>> points = rg.fixed_points(rg.GRU(a_h=np.linspace(1.5, 2.5, 50), a_r=10))
    >>> [line.get_label() for line in plots.fixed_points(points, x="a_h").lines]
    ['stable', 'unstable']
    """
    if np.ndim(points.C_h) != 2:
        raise ValueError(
            "points must belong to a model with one-dimensional array fields, "
            f"got results of shape {np.shape(points.C_h)}"
        )
    named = isinstance(x, str)
    values = np.asarray(getattr(points.model, x) if named else x, float)
    if values.shape != points.C_h.shape[:1]:
        what = f"the field {x}" if named else "x"
        raise ValueError(
            f"{what} must have one value for each of the {len(points.C_h)} models, "
            f"got shape {values.shape}"
        )
    ax = ax or _new_axes(4.5, 3.4)
    nan = np.array([[np.nan, np.nan]])
    for label, style in (("stable", "-"), ("unstable", "--")):
        pieces = [nan]
        for branch in _branches(points.C_h):
            rows, C, stable = (
                branch[:, 0],
                points.C_h[tuple(branch.T)],
                points.stable[tuple(branch.T)],
            )
            keep = stable if label == "stable" else ~stable
            if label == "unstable":  # reach over to the stable neighbour: no gap at the transition
                keep = keep | np.append(keep[1:], False) | np.append(False, keep[:-1])
            pieces += [np.column_stack([values[rows], np.where(keep, C, np.nan)]), nan]
        line = np.concatenate(pieces)
        ax.plot(line[:, 0], line[:, 1], ls=style, color="black", lw=1.3, label=label)
    if named:
        ax.set_xlabel(f"${x}$")
    ax.set_ylabel("$C_h$")
    return ax


def phase_diagram(diagram: Any, lines: PhaseLines | None = None, ax: Axes | None = None) -> Axes:
    """Phases as areas, the marginal region hatched, and the lines between them.

    Parameters
    ----------
    diagram : from `rg.phase_diagram`; the first field goes along x. lines : from `rg.phase_lines`.
    ax : where to draw.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> from rmt_gates import plots
    >>> over = {"a_h": [1.5, 1.8, 2.5], "a_r": [0.0, 5.0, 10.0]}
    >>> ax = plots.phase_diagram(rg.phase_diagram(rg.GRU(a_h=1), over))
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('$a_h$', '$a_r$')
    """
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    ax = ax or _new_axes(4.6, 3.8)
    first, second = diagram.phase.dims
    x, y = diagram[first].values, diagram[second].values
    phase = diagram.phase.values
    ax.pcolormesh(
        x,
        y,
        phase.T,
        cmap=ListedColormap(PHASE_COLORS),
        vmin=-0.5,
        vmax=4.5,
        shading="nearest",
        rasterized=True,
        zorder=0,
    )
    handles: list[Any] = []
    for i, name in enumerate(diagram.phase.attrs["flag_meanings"].split()):
        if (phase == i).any():
            handles.append(Patch(color=PHASE_COLORS[i], label=name.replace("_", " ")))
    if diagram.marginal.values.any() and min(phase.shape) > 1:
        ax.contourf(
            x,
            y,
            diagram.marginal.values.T.astype(float),
            levels=[0.5, 1.5],
            colors="none",
            hatches=["////"],
            zorder=1,
        )
        handles.append(Patch(facecolor="none", hatch="////", label="marginal with a sharp gate"))
    for name, style in LINES.items() if lines is not None else ():
        curves = getattr(lines, name)
        if name == "tricritical" and "a_h" not in (first, second):
            continue  # a line of other planes, at their critical a_h
        for curve in curves:
            drawn = ax.plot(*curve.T, zorder=3, **style)
        if curves:
            handles.append(drawn[0])
    ax.set(xlim=(x.min(), x.max()), ylim=(y.min(), y.max()))
    ax.set_xlabel(_symbol(first))
    ax.set_ylabel(_symbol(second))
    ax.legend(handles=handles, fontsize="small", loc="best", framealpha=0.9)
    return ax


def scan(array: Any, ax: Axes | None = None) -> Axes:
    """One variable of `rg.scan`'s Dataset: lines over its first axis, or a map over two long ones.

    Parameters
    ----------
    array : `xarray.DataArray` with one or two axes, such as ``data.spectral_radius``; of a second
        axis with at most six values each gets a line. ax : where to draw.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> from rmt_gates import plots
    >>> def rho(model):
    ...     return rg.fixed_points(model)[-1].rho
    >>> data = rg.scan(rho, rg.GRU(a_h=1), {"a_h": [1.0, 2.0, 3.0], "a_r": [0.0, 2.0]})
    >>> [line.get_label() for line in plots.scan(data.rho).lines]
    ['a_r = 0', 'a_r = 2']
    """
    ax = ax or _new_axes(4.6, 3.4)
    if array.ndim not in (1, 2):
        raise ValueError(f"array must have one or two axes, got {array.dims}: select with .isel")
    first = str(array.dims[0])
    x = array[first].values
    if array.ndim == 1:
        ax.plot(x, array.values, color=THEORY, marker=".", label=str(array.name))
    elif array.sizes[array.dims[1]] <= FEW:
        second = str(array.dims[1])
        for i, value in enumerate(array[second].values):
            ax.plot(x, array.values[:, i], marker=".", label=f"{second} = {value:g}")
        ax.legend(fontsize="small")
    else:
        second = str(array.dims[1])
        drawn = ax.pcolormesh(x, array[second].values, array.values.T, shading="nearest")
        ax.figure.colorbar(drawn, ax=ax, label=str(array.name).replace("_", " "))
        ax.set_ylabel(_symbol(second))
    ax.set_xlabel(_symbol(first))
    if not ax.get_ylabel():
        ax.set_ylabel(str(array.name).replace("_", " "))
    return ax


def _symbol(field: str) -> str:
    kind, _, matrix = field.partition("_")
    return f"${kind}_{matrix}$"


def _branches(C: np.ndarray) -> list[np.ndarray]:
    """Chains of (row, root) index pairs that follow a root of C, (rows, n), from row to row."""
    open_chains: list[list[tuple[int, int]]] = []
    finished: list[list[tuple[int, int]]] = []
    for row in range(len(C)):
        now = np.flatnonzero(np.isfinite(C[row]))
        before = np.array([C[chain[-1]] for chain in open_chains])
        few, many = sorted((before, C[row, now]), key=len)
        pick = min(
            combinations(range(len(many)), len(few)),
            key=lambda chosen: float(np.sum((many[list(chosen)] - few) ** 2)),
        )
        growing = len(before) <= len(now)
        old = range(len(before)) if growing else pick
        new = [int(now[i]) for i in (pick if growing else range(len(now)))]
        continued = {j: [*open_chains[i], (row, j)] for i, j in zip(old, new)}
        finished += [chain for i, chain in enumerate(open_chains) if i not in set(old)]
        open_chains = [continued.get(int(j), [(row, int(j))]) for j in now]
    return [np.array(chain) for chain in finished + open_chains]


def _new_axes(width: float, height: float) -> Axes:
    """Axes of a figure that pyplot does not know of."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained").add_subplot()
