"""plots: the artists carry the data of the result, and no state of pyplot is touched."""

import subprocess
import sys

import numpy as np
import pytest
from matplotlib import rcParams
from matplotlib.figure import Figure

import rmt_gates as rg
from rmt_gates import plots


@pytest.fixture(scope="module")
def curve():
    return rg.spectral_curve(rg.fixed_points(rg.GRU(a_h=3, a_z=1, a_r=2))[-1])


def by_label(ax):
    return {artist.get_label(): artist for artist in (*ax.lines, *ax.collections)}


def test_spectrum_draws_both_halves_of_the_curve(curve):
    x, y = by_label(plots.spectrum(curve))["theory"].get_data()
    n = len(curve.x)
    assert len(x) == 2 * n
    np.testing.assert_array_equal(x[:n], curve.x)
    np.testing.assert_array_equal(y[:n], curve.y)
    np.testing.assert_array_equal(x[n:], curve.x[::-1])
    np.testing.assert_array_equal(y[n:], -curve.y[::-1])


def test_spectrum_draws_every_eigenvalue_of_every_network(curve):
    lam = np.array([[0.1 + 0.2j, 0.1 - 0.2j], [0.5, -0.3]])
    artists = by_label(plots.spectrum(curve, lam))
    np.testing.assert_array_equal(
        artists["eigenvalues"].get_offsets(), [[0.1, 0.2], [0.1, -0.2], [0.5, 0], [-0.3, 0]]
    )
    np.testing.assert_allclose(np.hypot(*artists["unit circle"].get_data()), 1, rtol=1e-14)


def test_spectrum_is_labelled_and_has_one_scale(curve):
    ax = plots.spectrum(curve)
    assert (ax.get_xlabel(), ax.get_ylabel()) == (r"Re $\lambda$", r"Im $\lambda$")
    assert ax.get_aspect() == 1
    assert "eigenvalues" not in by_label(ax)


def test_a_given_axes_is_drawn_on_and_returned(curve):
    mine = Figure().add_subplot()
    assert plots.spectrum(curve, ax=mine) is mine
    state = rg.steady_state(rg.GRU(a_h=3))
    assert plots.autocorrelation(state, ax=mine) is mine
    points = rg.fixed_points(rg.GRU(a_h=np.array([1.0, 3.0])))
    assert plots.fixed_points(points, "a_h", ax=mine) is mine


def test_autocorrelation_draws_the_kernel_its_band_and_the_network():
    state = rg.steady_state(rg.GRU(a_h=3, a_z=1, a_r=10), rng=0, rtol=0.02)
    network = [0.35, 0.3]
    artists = by_label(plots.autocorrelation(state, simulated=network))
    np.testing.assert_array_equal(artists["theory"].get_xdata(), np.arange(len(state.C_h)))
    np.testing.assert_array_equal(artists["theory"].get_ydata(), state.C_h)
    np.testing.assert_array_equal(artists["network"].get_data(), [[0, 1], network])
    (path,) = artists["± 2 standard errors"].get_paths()
    at_zero = path.vertices[path.vertices[:, 0] == 0, 1]
    assert state.C_h_error[0] > 0
    assert np.ptp(at_zero) == pytest.approx(4 * state.C_h_error[0])


def test_autocorrelation_of_a_state_at_rest_is_a_level_line():
    model = rg.GRU(a_h=1, b_h=0.5)
    state = rg.steady_state(model)
    line = by_label(plots.autocorrelation(state))["theory"]
    assert list(line.get_ydata()) == [state.C_h0] * 2 and state.C_h0 > 0


def drawn(line):
    """The points of a line, without the NaNs that interrupt it."""
    points = np.column_stack(line.get_data())
    return points[np.isfinite(points).all(axis=1)]


def test_fixed_points_solid_where_stable_dashed_where_not():
    a_h = np.linspace(1.5, 2.5, 41)
    points = rg.fixed_points(rg.GRU(a_h=a_h, a_r=10))
    ax = plots.fixed_points(points, "a_h")
    lines = by_label(ax)
    assert lines["stable"].get_linestyle() == "-"
    assert lines["unstable"].get_linestyle() == "--"
    solid, dashed = drawn(lines["stable"]), drawn(lines["unstable"])
    np.testing.assert_array_equal(solid[:, 1], 0)  # the zero state, until a_h = 2
    np.testing.assert_array_equal(solid[:, 0], a_h[points.stable[:, 0]])
    # every unstable root is drawn, and one stable one beside the transition
    assert len(dashed) == (np.isfinite(points.C_h) & ~points.stable).sum() + 1
    assert ax.get_xlabel() == "$a_h$" and ax.get_ylabel() == "$C_h$"


def test_branches_do_not_jump_where_the_lower_one_merges_with_zero():
    """At a_h = 2 the lower branch ends in zero: the upper one goes on, with another index."""
    points = rg.fixed_points(rg.GRU(a_h=np.linspace(1.9, 2.1, 41), a_r=10))
    line = by_label(plots.fixed_points(points, "a_h"))["unstable"]
    jumps = np.abs(np.diff(line.get_ydata()))
    assert np.nanmax(jumps) < 0.02 < np.nanmax(points.C_h) / 5


def test_an_s_shaped_branch_hands_over_between_its_folds():
    """One root, then three, then one: the single one is first the lower, then the upper."""
    nan = np.nan
    C = np.array([[0.1, nan, nan], [0.12, 0.5, 0.6], [0.2, 0.4, 0.7], [0.8, nan, nan]])
    chains = [[(int(r), float(C[r, j])) for r, j in b] for b in plots._branches(C)]
    assert sorted(chains) == [
        [(0, 0.1), (1, 0.12), (2, 0.2)],
        [(1, 0.5), (2, 0.4)],
        [(1, 0.6), (2, 0.7), (3, 0.8)],
    ]


def test_fixed_points_over_an_array():
    points = rg.fixed_points(rg.GRU(a_h=np.array([0.5, 1.0, 1.5])))
    ax = plots.fixed_points(points, [10, 20, 30])
    np.testing.assert_array_equal(drawn(by_label(ax)["stable"]), [[10, 0], [20, 0], [30, 0]])
    assert ax.get_xlabel() == ""


@pytest.mark.parametrize(
    "model, x, message",
    [
        (rg.GRU(a_h=3), "a_h", r"one-dimensional array fields, got results of shape \(2,\)"),
        (
            rg.GRU(a_h=np.array([1, 2])),
            "a_r",
            r"the field a_r must have one value for each of the 2",
        ),
        (rg.GRU(a_h=np.array([1, 2])), [1, 2, 3], r"x must have one value .* got shape \(3,\)"),
    ],
)
def test_fixed_points_refuses_what_is_no_line(model, x, message):
    with pytest.raises(ValueError, match=message):
        plots.fixed_points(rg.fixed_points(model), x)


def test_settings_and_results_are_left_alone(curve):
    before, x = dict(rcParams), curve.x.copy()
    plots.spectrum(curve, np.array([0.5 + 0.1j]))
    assert dict(rcParams) == before
    np.testing.assert_array_equal(curve.x, x)


def test_importing_plots_loads_no_matplotlib_and_drawing_no_pyplot():
    code = (
        "import sys, rmt_gates as rg\n"
        "from rmt_gates import plots\n"
        "assert 'matplotlib' not in sys.modules\n"
        "plots.spectrum(rg.spectral_curve(rg.fixed_points(rg.GRU(a_h=3))[0]))\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# -- inside the curve ---------------------------------------------------------------------------
def test_density_is_drawn_above_and_below_the_axis():
    point = rg.fixed_points(rg.GRU(a_h=3, a_z=1, a_r=2))[-1]
    lam = np.linspace(-0.5, 1.5, 12) + 1j * np.linspace(0.05, 0.9, 7)[:, None]
    found = rg.resolvent(point, lam)
    upper, lower = plots.density(found).collections
    for mesh in (upper, lower):
        drawn = mesh.get_array()
        np.testing.assert_array_equal(np.isnan(np.ma.filled(drawn, np.nan)), ~found.inside)
        np.testing.assert_array_equal(drawn[found.inside], found.density[found.inside])
    *_, bar = upper.axes.figure.axes
    assert bar.get_ylabel().endswith("per eigenvalue and unit area")
    assert upper.get_coordinates()[..., 1].max() == -lower.get_coordinates()[..., 1].min() > 0.9
    with pytest.raises(ValueError, match=r"^resolvent must be taken on a two-dimensional mesh"):
        plots.density(rg.resolvent(point, [0.1, 0.2]))


def test_enclosed_counts_every_network():
    lam = np.array([[0.9, 0.5, -1.0, 1.2], [1.0, 1.0, 1.0, 5.0]])
    radius = np.array([0.15, 0.6, 10.0])
    first, second, theory = plots.enclosed(radius, [0.1, 0.2, 0.3], lam).lines
    np.testing.assert_array_equal(first.get_ydata(), [0.25, 0.75, 1])
    np.testing.assert_array_equal(second.get_ydata(), [0.75, 0.75, 1])
    np.testing.assert_array_equal(theory.get_ydata(), [0.1, 0.2, 0.3])
    other = plots.enclosed(radius, radius, lam, center=-1.0).lines[0]
    np.testing.assert_array_equal(other.get_ydata(), [0.25, 0.25, 1])


def test_a_phase_diagram_names_its_phases_and_lines():
    """Areas by phase, the marginal region hatched, every line of phase_lines."""
    over = {"a_h": np.linspace(1, 3, 11), "a_r": np.linspace(0, 20, 9)}
    diagram = rg.phase_diagram(rg.GRU(a_h=1), over)
    lines = rg.phase_lines(rg.GRU(a_h=1), over, resolution=8)
    ax = plots.phase_diagram(diagram, lines)
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names[:4] == ["zero alone", "coexistence", "zero unstable", "marginal with a sharp gate"]
    found = {name: line for name, line in plots.LINES.items() if getattr(lines, name)}
    assert names[4:] == [line["label"] for line in found.values()]
    assert set(plots.LINES) - set(found) == {"rest_stability"}  # zero bias
    (mesh,) = [c for c in ax.collections if c.get_array() is not None and c.get_rasterized()]
    np.testing.assert_array_equal(mesh.get_array(), diagram.phase.values.T)
    drawn = {line.get_label(): line.get_xydata() for line in ax.lines}
    np.testing.assert_array_equal(drawn["fold of fixed points"], lines.fold[0])
    assert ax.get_xlim() == (1, 3) and ax.get_ylim() == (0, 20)
    alone = plots.phase_diagram(diagram)
    assert not alone.lines


def test_a_scan_is_lines_or_a_map():
    """Over its first axis, with a line for each of few values of the second, or as a map."""

    def rho(model):
        return rg.fixed_points(model)[-1].rho

    few = rg.scan(rho, rg.GRU(a_h=1), {"a_h": [1.0, 2.0, 3.0], "a_r": [0.0, 2.0]}).rho
    ax = plots.scan(few)
    for j, line in enumerate(ax.lines):
        np.testing.assert_array_equal(line.get_xydata().T, [few.a_h, few.values[:, j]])
    assert ax.get_xlabel() == "$a_h$" and ax.get_ylabel() == "rho"
    one = plots.scan(few.isel(a_r=1))
    np.testing.assert_array_equal(one.lines[0].get_ydata(), few.values[:, 1])
    many = rg.scan(rho, rg.GRU(a_h=1), {"a_h": [1.0, 3.0], "a_r": np.linspace(0, 3, 7)}).rho
    ax = plots.scan(many)
    np.testing.assert_array_equal(ax.collections[0].get_array(), many.values.T)
    assert ax.get_ylabel() == "$a_r$"
    with pytest.raises(ValueError, match="one or two axes"):
        plots.scan(many.expand_dims("c"))


def test_a_tricritical_line_belongs_to_other_planes():
    """At the model's own a_h nothing happens there."""
    over = {"a_z": np.linspace(0, 8, 3), "a_r": np.linspace(0, 20, 9)}
    model = rg.GRU(a_h=1.8)
    lines = rg.phase_lines(model, over, resolution=8)
    assert len(lines.tricritical) == 1
    ax = plots.phase_diagram(rg.phase_diagram(model, over), lines)
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert "fold of fixed points" in names and "tricritical" not in names


def test_every_phase_has_a_colour_of_its_own():
    assert len(set(plots.PHASE_COLORS)) == len(plots.PHASE_COLORS) == 5
