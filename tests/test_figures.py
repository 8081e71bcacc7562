"""figures: the lines are the theory, the dots are the eigenvalues of networks."""

import re
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy.special import logit
from scipy.stats import norm

import rmt_gates as rg
from figures import (
    NAMES,
    can2020_fig1,
    can2020_fig2_left,
    can2020_fig2_right,
    can2020_fig3,
    density_maps,
    gru_conventions,
    phase_conventions,
    radius_maps,
    slow_modes,
)
from figures.__main__ import main
from figures.networks import planted_network, settled_eigenvalues


def by_label(ax):
    return {artist.get_label(): artist for artist in (*ax.lines, *ax.collections)}


def test_the_list_has_every_figure_and_a_sentence(capsys):
    assert main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(NAMES)
    for name, line in zip(NAMES, lines):
        paper = "Can, Krishnamurthy & Schwab (2020)" in line
        assert line.endswith(".") and paper == name.startswith("can2020")


@pytest.mark.parametrize(
    "argv, message",
    [
        ([], "name a figure: can2020_fig1, can2020_fig2_left"),
        (["fig1"], "there is no figure 'fig1'; the figures are can2020_fig1"),
        (["can2020_fig1", "--seed", "-1"], "--seed must be at least 0, got -1"),
        (["can2020_fig1", "--out", "/dev/null/x"], "--out /dev/null/x cannot be made"),
    ],
)
def test_bad_input_is_refused_before_any_work(argv, message, capsys):
    with pytest.raises(SystemExit) as stop:
        main(argv)
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("name", NAMES)
def test_the_command_writes_what_draw_returns(name, tmp_path, monkeypatch, capsys):
    asked = []

    def draw(quick, rng):
        asked.append((quick, rng))
        return Figure(figsize=(1, 1))

    monkeypatch.setattr(f"figures.{name}.draw", draw)
    assert main([name, "--out", str(tmp_path / "new"), "--quick", "--seed", "7"]) == 0
    path = tmp_path / "new" / f"{name}.png"
    assert capsys.readouterr().out == f"{path}\n"
    assert path.read_bytes().startswith(b"\x89PNG")
    assert asked == [(True, 7)]


@pytest.fixture(scope="module")
def pinching():
    return can2020_fig2_right.draw(quick=True)


def test_fig2_right_follows_the_boundary_down(pinching):
    ax = pinching.axes[-1]
    gains, height = by_label(ax)["theory"].get_data()
    assert ax.get_yscale() == "log"
    assert np.all(np.diff(height) < 0)
    for a_z, y in zip(gains[::5], height[::5]):
        curve = rg.spectral_curve(can2020_fig2_right.fixed_point(a_z))
        assert abs(curve.S(1 + 1j * y)) < 1e-8


def test_fig2_right_at_constant_gate_is_a_chord_of_a_circle():
    point = can2020_fig2_right.fixed_point(0.0)
    expected = np.sqrt((point.rho / 2) ** 2 - 0.25)
    assert can2020_fig2_right.intercept(rg.spectral_curve(point)) == pytest.approx(expected)


def test_fig2_right_tends_to_the_law_of_theorem_4_8_with_its_prefactor(pinching):
    lines = by_label(pinching.axes[-1])
    gains, law = lines[can2020_fig2_right.LAW].get_data()
    height = np.interp(gains, *lines["theory"].get_data())
    off = law / height - 1
    assert np.all(off > 0) and np.all(np.diff(off) < 0)
    assert off[-1] < 0.005
    point = can2020_fig2_right.fixed_point(40.0)
    exact = can2020_fig2_right.intercept(rg.spectral_curve(point))
    assert can2020_fig2_right.height_for_sharp_gates(40.0) == pytest.approx(exact, rel=1e-5)


def test_fig2_right_shows_the_spectra_of_three_networks(pinching):
    assert len(pinching.axes) == 4
    for ax, a_z in zip(pinching.axes, can2020_fig2_right.SHOWN):
        artists = by_label(ax)
        curve = rg.spectral_curve(can2020_fig2_right.fixed_point(a_z))
        np.testing.assert_array_equal(artists["theory"].get_xdata()[: len(curve.x)], curve.x)
        lam = np.asarray(artists["eigenvalues"].get_offsets()) @ [1, 1j]
        assert len(lam) == 300
        agreement = rg.compare(curve, lam)
        assert agreement.fraction_outside < 0.05
        assert agreement.edge_level == pytest.approx(1, abs=0.3)


def test_a_planted_fixed_point_is_one_and_has_the_laws_of_the_theory():
    biases = {"b_h": 0.3, "v_h": 0.1, "v_z": 0.1, "v_r": 0.2}
    point = rg.fixed_points(rg.GRU(a_h=3, a_z=1, a_r=2, **biases))[-1]
    network, h = planted_network(point, 1000, np.random.default_rng(0))
    assert float((network.step(h) - h).abs().max()) < 1e-13
    measured = network.unit(h).averages()
    for name, (value, _) in point.averages.items():
        assert measured[name] == pytest.approx(value, abs=0.05), name
    # the weights keep their variance, up to one direction of a thousand
    assert float(network.weights["h"].var() * 1000) == pytest.approx(9, rel=0.02)


def test_settled_eigenvalues_depend_on_the_seed_alone():
    state = rg.steady_state(rg.GRU(a_h=3, a_r=2))
    first, again = (settled_eigenvalues(state, 30, np.random.default_rng(1)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert first.shape == (30,)


@pytest.fixture(scope="module")
def spectra():
    """Fig. 1, without the long memories: a_z ≤ 1."""
    tiny = can2020_fig1.QUICK._replace(
        N=200, networks=2, reset_gains=np.array([1.0, 30.0, 1000.0]), sampled_reset_gains=(10.0,)
    )
    tiny = tiny._replace(update_gains=(0.0, 1.0), sampled_update_gains=(1.0,))
    with pytest.MonkeyPatch.context() as patch:
        panels = {"a": (1.0, 10.0), "b": (0.0, 10.0), "c": (1.0, 1.0), "d": (0.0, 1.0)}
        patch.setattr(can2020_fig1, "PANELS", panels)
        patch.setattr(can2020_fig1, "QUICK", tiny)
        figure = can2020_fig1.draw(quick=True)
    return {ax.get_label(): ax for ax in figure.axes}


def test_fig1_panels_have_a_curve_around_the_eigenvalues(spectra):
    for letter in "abcd":
        assert spectra[letter].get_title(loc="left") == letter
        artists = by_label(spectra[letter])
        lam = np.asarray(artists["eigenvalues"].get_offsets()) @ [1, 1j]
        assert len(lam) == 200
        x, y = artists["theory"].get_data()
        assert lam.real.max() < x.max() + 0.15 and lam.real.min() > x.min() - 0.15
        assert np.abs(lam.imag).max() == pytest.approx(y.max(), rel=0.3)


def test_fig1d_line_equals_the_exact_curve(spectra):
    curve = rg.spectral_curve(rg.steady_state(rg.GRU(a_h=3, a_r=1)))
    x, y = by_label(spectra["d"])["theory"].get_data()
    np.testing.assert_allclose(x[: len(curve.x)], curve.x, atol=1e-9)
    np.testing.assert_allclose(y[: len(curve.y)], curve.y, atol=1e-9)


def test_fig1e_radius_grows_as_the_root_of_the_reset_gain(spectra):
    artists = by_label(spectra["e"])
    gains, radii = artists["theory"].get_data()
    assert spectra["e"].get_xscale() == spectra["e"].get_yscale() == "log"
    expected = [rg.spectral_radius(rg.steady_state(rg.GRU(a_h=3, a_r=a))) for a in gains]
    np.testing.assert_allclose(radii, expected, rtol=1e-9)
    guide = artists[r"$\propto\sqrt{a_r}$"]
    x, y = guide.get_data()
    np.testing.assert_allclose(y[1:] / y[:-1], np.sqrt(x[1:] / x[:-1]))
    assert guide.get_data()[1][-1] == radii[-1]


def test_fig1e_inset_starts_at_the_exact_radius_without_gates(spectra):
    (inset,) = spectra["e"].child_axes
    theory = next(c for c in inset.containers if c.get_label() == "theory")
    gains, radii = theory.lines[0].get_data()
    assert list(gains) == [0, 1]
    assert radii[0] == pytest.approx(rg.spectral_radius(rg.steady_state(rg.GRU(a_h=3))))
    assert 1 < radii[1] < radii[0]


def test_fig1f_theory_is_the_slow_mode_fraction_and_near_the_networks(spectra):
    lines = by_label(spectra["f"])
    gains, fraction = lines["theory, no fit"].get_data()
    assert list(gains) == [0, 1]
    exact = rg.steady_state(rg.GRU(a_h=3))
    assert fraction[0] == pytest.approx(rg.slow_mode_fraction(exact, 0.05), rel=0.02)
    (networks,) = spectra["f"].containers
    assert networks.get_label() == "networks, $N=200$"
    (x,), (counted,) = networks.lines[0].get_data()
    assert x == 1
    assert abs(counted - fraction[1]) < 4 * np.sqrt(fraction[1] / 400)


@pytest.mark.parametrize("name, gate, eigenvalues", [("spectra", "z", 1), ("lstm_figure", "f", 2)])
def test_panel_f_has_the_papers_laws_and_their_errors(name, gate, eigenvalues, request):
    figure = request.getfixturevalue(name)
    lines = by_label(figure["f"])
    gains, exact = lines["theory, no fit"].get_data()
    assert figure["f"].get_title(loc="left") == "f"
    assert figure["error"].get_xlabel() == f"$a_{gate}$"
    below = {line.get_linestyle(): line.get_ydata() for line in figure["error"].lines}
    for label, style in (("(111)", "--"), ("(112), fitted", ":")):
        np.testing.assert_allclose(below[style], 100 * (lines[label].get_ydata() / exact - 1))
    model = can2020_fig3.alone("f", gains[-1]) if gate == "f" else rg.GRU(a_h=3, a_z=gains[-1])
    C = rg.steady_state(model, rng=0, rtol=0.02).C_h0
    law = norm.sf(-np.log(0.05) / (gains[-1] * np.sqrt(C))) / eigenvalues
    # C is in the exponent, and each of the two states has its own error
    assert np.log(lines["(111)"].get_ydata()[-1]) == pytest.approx(np.log(law), abs=0.5)


def test_panel_f_inset_counts_the_networks_eigenvalues(spectra):
    (inset,) = spectra["f"].child_axes
    theory, networks = inset.lines
    np.testing.assert_array_equal(theory.get_xdata(), slow_modes.RADII)
    model = rg.GRU(a_h=3, a_z=1)
    expected = rg.slow_mode_fraction(rg.steady_state(model, rng=0), slow_modes.RADII[-1])
    assert theory.get_ydata()[-1] == pytest.approx(expected, abs=0.02)
    assert np.all(np.diff(networks.get_ydata()) >= 0)
    assert networks.get_ydata()[-1] == pytest.approx(expected, abs=0.06)


@pytest.mark.parametrize("gain, C_h", [(4.0, 0.33), (50.0, 0.12)])
def test_111_is_the_fraction_of_gates_near_one(gain, C_h):
    for radius, off in ((0.05, 0.08), (1e-4, 1e-3)):
        gates = norm.sf(logit(1 - radius) / (gain * np.sqrt(C_h)))  # P(1 − σ(ζ) < r)
        law = slow_modes.gaussian_gate_fraction(radius, gain, C_h)
        assert law == pytest.approx(gates, rel=off)
        assert law == pytest.approx(norm.sf(-np.log(radius), scale=gain * np.sqrt(C_h)), rel=1e-12)
    assert slow_modes.gaussian_gate_fraction(0.05, 0, C_h) == 0


def test_112_with_the_constants_of_111_is_that_law_and_the_fit_finds_them():
    gains = np.array([0, 1, 2, 5, 10, 30])
    c_2 = -np.log(0.05) / np.sqrt(2 * 0.33)
    law = slow_modes.gaussian_gate_fraction(0.05, gains, 0.33)
    np.testing.assert_allclose(slow_modes.scaling_function(gains, 0.5, c_2), law, rtol=1e-12)
    np.testing.assert_allclose(
        slow_modes.fitted_scaling_function(gains, 0.7 * law), 0.7 * law, atol=1e-6
    )


@pytest.fixture(scope="module")
def lstm_figure():
    """Fig. 3 with small networks, few gains and short memories: a_f ≤ 2."""
    gains = {"o": (2.0, 500.0, 1000.0), "i": (2.0, 500.0, 1000.0), "f": (2.0, 3.0)}
    tiny = can2020_fig3.QUICK._replace(
        N=200, networks=2, gains=gains, sampled_gains={"o": (3.0,), "i": (3.0,), "f": (2.0,)}
    )
    with pytest.MonkeyPatch.context() as patch:
        panels = {"a": (1.0, 1.0), "b": (2.0, 1.0), "c": (1.0, 10.0), "d": (2.0, 10.0)}
        patch.setattr(can2020_fig3, "PANELS", panels)
        patch.setattr(can2020_fig3, "QUICK", tiny)
        figure = can2020_fig3.draw(quick=True)
    return {ax.get_label(): ax for ax in figure.axes}


def test_fig3_panels_have_a_curve_around_the_eigenvalues(lstm_figure):
    for letter in "abcd":
        ax = lstm_figure[letter]
        assert ax.get_title(loc="left") == letter and ax.get_aspect() == 1
        artists = by_label(ax)
        lam = np.asarray(artists["eigenvalues"].get_offsets()) @ [1, 1j]
        assert len(lam) == 2 * 200
        x, y = artists["theory"].get_data()
        assert lam.real.max() < x.max() + 0.15 and lam.real.min() > x.min() - 0.15
        assert np.abs(lam.imag).max() == pytest.approx(y.max(), rel=0.3)


def test_fig3a_line_is_the_curve_of_the_steady_state(lstm_figure):
    model = rg.LSTM(a_h=3, a_i=1, a_f=1, a_o=1)
    state = rg.steady_state(model, rng=np.random.default_rng(0), rtol=can2020_fig3.QUICK.rtol)
    curve = rg.spectral_curve(state)
    x, y = by_label(lstm_figure["a"])["theory"].get_data()
    np.testing.assert_array_equal(x[: len(curve.x)], curve.x)
    np.testing.assert_array_equal(y[: len(curve.y)], curve.y)


def test_fig3e_radii_grow_by_gate(lstm_figure):
    """From nearly one value, in the order f, i, o, and for i and o at last about as √a_k."""
    ax = lstm_figure["e"]
    assert ax.get_xscale() == ax.get_yscale() == "log"
    lines = {c.get_label(): c.lines[0].get_data() for c in ax.containers}
    radii = {gate: lines[f"theory{name}"][1] for gate, name in (("o", ""), ("i", ", i"))}
    radii["f"] = lines["theory, f"][1]
    assert np.ptp([r[0] for r in radii.values()]) < 0.02
    assert radii["o"][-1] > radii["i"][-1] > radii["f"][-1] > radii["f"][0] > 1
    for gate in "io":
        assert np.log2(radii[gate][-1] / radii[gate][-2]) == pytest.approx(0.5, abs=0.15)
    for name in ("", ", i", ", f"):
        label = "networks, $N=200$" if not name else f"networks{name}"
        assert lines[label][1] == pytest.approx(1.05, abs=0.1)


@pytest.mark.parametrize("gate", ["i", "o"])
def test_fig3e_radius_is_the_root_of_39(gate):
    state = rg.steady_state(can2020_fig3.alone(gate, 5.0), rng=0, rtol=2e-2)
    value, error = can2020_fig3.radius(state)
    q, p = (state.averages[name][0] for name in ("E[q]", "E[p]"))
    assert q / value**2 + p / (value - 0.5) ** 2 == pytest.approx(1, abs=1e-10)
    assert value == pytest.approx(rg.spectral_radius(state), abs=0.02)
    assert 0 < error < 0.02
    assert np.isnan(can2020_fig3.radius(replace(state, status=rg.Status.NOT_CONVERGED))).all()


@pytest.fixture(scope="module")
def maps():
    """One panel whose eigenvalues are spread, and one with half of them at 0."""
    models = {"GRU": rg.GRU(a_h=3, a_r=1), "LSTM": rg.LSTM(a_h=3, a_f=1)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(density_maps, "MODELS", models)
        patch.setattr(density_maps, "QUICK", density_maps.QUICK._replace(N=100, eigenvalues=200))
        return density_maps.draw(quick=True).axes


@pytest.mark.parametrize("panel, mass", [(0, 1.0), (1, 0.5)])
def test_density_maps_hold_all_eigenvalues_but_the_point_masses(maps, panel, mass):
    mesh = maps[panel].collections[0]
    x, y = np.moveaxis(mesh.get_coordinates(), -1, 0)
    above = np.trapezoid(np.trapezoid(mesh.get_array(), y, axis=0), x[0])
    assert 2 * above == pytest.approx(mass, abs=0.04)
    crosses = by_label(maps[panel])["point masses"]
    assert list(crosses.get_xdata()) == [0.0] * (mass < 1)


def test_density_maps_have_eigenvalues_below_the_axis_and_a_unit(maps):
    for ax, title in zip(maps, ("GRU", "LSTM")):
        assert ax.get_title() == title and ax.get_aspect() == 1
        artists = by_label(ax)
        lam = np.asarray(artists["eigenvalues"].get_offsets()) @ [1, 1j]
        assert 100 <= len(lam) <= 200 and np.all(lam.imag <= 0)
        assert np.abs(artists["theory"].get_ydata()).max() > -lam.imag.min() - 0.1
    label = maps[-1].get_ylabel()
    assert label.startswith("density") and label.endswith("per eigenvalue and unit area")


def test_gru_conventions_shows_the_numbers_of_both():
    figure = gru_conventions.draw(quick=True)
    radii = []
    for ax, (a_z, a_r), reset in zip(
        figure.axes,
        np.repeat(gru_conventions.ROWS, 2, axis=0),
        ["before", "after"] * len(gru_conventions.ROWS),
    ):
        convention, numbers = ax.get_title().split("\n")
        assert convention == gru_conventions.CONVENTIONS[reset]
        C, radius = (float(number) for number in re.findall(r"\d\.\d+", numbers))
        state = rg.steady_state(rg.GRU(a_h=3, a_z=a_z, a_r=a_r, reset=reset), rng=5, rtol=1e-2)
        assert pytest.approx(state.C_h0, rel=0.05) == C
        assert radius == pytest.approx(rg.spectral_radius(state), rel=0.02)
        artists = by_label(ax)
        assert artists["theory"].get_xdata().max() == pytest.approx(radius, abs=6e-4)
        lam = np.asarray(artists["eigenvalues"].get_offsets()) @ [1, 1j]
        assert len(lam) == 300
        assert np.mean(rg.spectral_curve(state).S(lam) < 0) < 0.06
        radii.append(radius)
    before, after = radii[::2], radii[1::2]
    assert np.all(np.subtract(before, after) > 0.05)


def test_fig2_left_networks_tell_the_two_sides_of_the_line():
    """Far beyond the end of chaos a network stays active; below it dies (a_r* = 8.2 at 1.9)."""
    assert can2020_fig2_left.is_active(rg.GRU(a_h=1.9, a_r=20), 600, 0)
    assert not can2020_fig2_left.is_active(rg.GRU(a_h=1.9, a_r=5), 600, 0)


def test_radius_maps_have_the_numbers_of_single_states():
    """At one point, with a constant gate: exact."""
    model = rg.GRU(a_h=3, a_r=1)
    found = radius_maps.spectrum(model, rng=0)
    state = rg.steady_state(model)
    assert found["radius"] == rg.spectral_radius(state)
    assert found["slow"] == rg.slow_mode_fraction(state, 0.05)
    lost = radius_maps.spectrum(rg.GRU(a_h=3, b_z=12), rng=0)
    assert np.isnan(lost["radius"]) and lost["status"] == rg.Status.WINDOW_TOO_SHORT


def test_phase_conventions_share_the_tricritical_point():
    """Both panels, each with its own fold."""
    figure = phase_conventions.draw(quick=True)
    before, after = (by_label(ax) for ax in figure.axes)
    for panel in (before, after):
        tricritical = panel["tricritical"].get_xydata()[0]
        np.testing.assert_allclose(tricritical, [2, 2 * np.sqrt(2)], rtol=1e-6)
    folds = [panel["fold of fixed points"].get_xydata() for panel in (before, after)]
    low = [fold[:, 0].min() for fold in folds]
    np.testing.assert_allclose(low, [1.57552, 1.61881], atol=1e-4)  # where a_r = 30
