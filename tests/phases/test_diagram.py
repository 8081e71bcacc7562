"""Phase diagrams against single fixed points and the lines between phases."""

import numpy as np
import pytest

import rmt_gates as rg
from rmt_gates.phases.diagram import BRANCHES, PHASES
from rmt_gates.results import Status


def labels(diagram):
    return np.array(PHASES)[diagram.phase.values]


def test_every_point_is_that_of_fixed_points():
    over = {"a_h": [1.0, 1.8, 3.0], "a_r": [1.0, 10.0, 20.0]}
    diagram = rg.phase_diagram(rg.GRU(a_h=9, b_z=0.5), over)
    for a_h in over["a_h"]:
        for a_r in over["a_r"]:
            points = rg.fixed_points(rg.GRU(a_h=a_h, a_r=a_r))
            here = diagram.sel(a_h=a_h, a_r=a_r)
            given = here.status.values == Status.OK
            assert here.n_fixed_points == len(points) == given.sum()
            np.testing.assert_allclose(here.C_h.values[given], points.C_h, rtol=1e-13)
            np.testing.assert_allclose(here.rho.values[given], points.rho, rtol=1e-13)
            np.testing.assert_allclose(here.S1.values[given], points.rho**2 - 1, rtol=1e-12)
            np.testing.assert_array_equal(here.stable.values[given], points.stable)
            assert np.isnan(here.C_h.values[~given]).all() and not here.stable.values[~given].any()


def test_phases_and_their_lines():
    """Coexistence begins at the fold; zero is unstable from a_h = 2 on."""
    a_h = np.array([1.3, 1.7, 1.95, 2.01, 3.0])
    fold = rg.critical_reset_gain(a_h)
    a_r = np.array([0.5, 5.0, 13.1, 50.0])
    diagram = rg.phase_diagram(rg.GRU(a_h=1), {"a_h": a_h, "a_r": a_r})
    beyond = a_r > np.where(np.isnan(fold), np.inf, fold)[:, None]
    expected = np.where(beyond, "coexistence", "zero alone").astype(object)
    expected[a_h > 2] = "zero unstable"
    np.testing.assert_array_equal(labels(diagram), expected)
    np.testing.assert_array_equal(diagram.zero_stable.values, expected != "zero unstable")
    assert list(diagram.branch.values) == list(BRANCHES)


def test_marginal_region():
    """1 < ρ < √2 of the upper fixed point, whose line is a_r = 4.28… at a_h = 3."""
    diagram = rg.phase_diagram(rg.GRU(a_h=1), {"a_r": np.linspace(0, 9, 19), "a_h": [3.0]})
    rho = diagram.rho.sel(branch="upper").values[:, 0]
    assert np.all(np.diff(rho) > 0)
    np.testing.assert_array_equal(diagram.marginal.values[:, 0], (rho > 1) & (rho < 2**0.5))
    assert 0 < diagram.marginal.values.sum() < 19


def test_networks_without_an_update_gate_are_not_marginal():
    diagram = rg.phase_diagram(rg.Vanilla(a_h=1), {"a_h": [0.5, 1.1, 1.3], "b_h": [0.0, 0.1]})
    rho = diagram.rho.sel(branch="upper").values
    assert np.any((rho > 1) & (rho < 2**0.5)) and not diagram.marginal.values.any()


def test_biased_models():
    """No zero: one fixed point, or three around the cusp."""
    over = {"a_h": np.linspace(1.5, 2.2, 15), "a_r": [0.0, 20.0]}
    diagram = rg.phase_diagram(rg.GRU(a_h=1, b_h=0.01), over)
    assert set(labels(diagram)[:, 0]) == {"one fixed point"}
    assert set(labels(diagram)[:, 1]) == {"one fixed point", "several fixed points"}
    several = diagram.C_h.values[diagram.n_fixed_points.values == 3]
    assert np.all(np.diff(several, axis=1) > 0)
    one = diagram.C_h.values[diagram.n_fixed_points.values == 1]
    assert np.isfinite(one[:, 2]).all() and np.isnan(one[:, :2]).all()
    assert not diagram.zero_stable.values.any()


@pytest.mark.parametrize("model", [rg.LSTM(a_h=1, a_f=8), rg.GRU(a_h=1, reset="after")])
def test_other_architectures(model):
    field = "a_i" if isinstance(model, rg.LSTM) else "a_r"
    over = {"a_h": [0.5, 1.5, 5.0], field: [0.0, 3.0]}
    diagram = rg.phase_diagram(model, over)
    for a_h in over["a_h"]:
        for value in over[field]:
            points = rg.fixed_points(model.replace(**{"a_h": a_h, field: value}))
            here = diagram.sel({"a_h": a_h, field: value})
            found = here.C_h.values[np.isfinite(here.C_h.values)]
            np.testing.assert_allclose(found, points.C_h[: len(points)], rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize(
    "over, sentence",
    [
        ({"a_h": [1.0]}, "over must name two fields"),
        (3, "over must name two fields"),
        ({"a_h": [1.0], "a_q": [1.0]}, "over names 'a_q', which is no field of this model: a_h, "),
        ({"a_h": [], "a_r": [1.0]}, "a_h must not be an empty array"),
        ({"a_h": 1.0, "a_r": [1.0]}, r"over\['a_h'\] must be one-dimensional"),
        ({"a_h": [-1.0], "a_r": [1.0]}, "a_h must"),
    ],
)
def test_refuses(over, sentence):
    with pytest.raises(ValueError, match=sentence):
        rg.phase_diagram(rg.GRU(a_h=1), over)


def test_refuses_models():
    with pytest.raises(TypeError, match="model must be a parameter record"):
        rg.phase_diagram("gru", {"a_h": [1.0], "a_r": [1.0]})
    with pytest.raises(ValueError, match="model must have scalar fields"):
        rg.phase_diagram(rg.GRU(a_h=[1.0, 2.0]), {"a_h": [1.0], "a_r": [1.0]})


def test_a_stable_fixed_point_is_not_marginal():
    """ρ < 1: no gate changes that."""
    diagram = rg.phase_diagram(rg.GRU(a_h=1, b_h=0.5), {"a_h": [0.5, 1.0], "a_r": [0.0, 2.0]})
    assert (diagram.rho.values[..., 2] < 1).all() and not diagram.marginal.values.any()
