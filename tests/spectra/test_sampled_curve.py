"""Curves of samples: errors from replicates, and a boundary by the criterion."""

import dataclasses

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import chi2

import rmt_gates as rg
from rmt_gates.mean_field.path_unit import path_unit
from rmt_gates.mean_field.steady_state import SteadyState
from rmt_gates.results import Status
from rmt_gates.spectra.boundary_function import CriterionBoundary
from rmt_gates.spectra.criterion import perron_root

GATED = {"a_h": 3, "a_z": 1, "a_r": 10}


def last(**parameters):
    return rg.fixed_points(rg.GRU(**parameters))[-1]


def test_radius_error_is_honest():
    """Over seeds the radius spreads as each curve says."""
    model = rg.GRU(a_h=3, a_z=3, a_r=10)
    curves = [rg.spectral_curve(rg.steady_state(model, rng=s, rtol=1e-2)) for s in range(8)]
    radii = np.array([c.radius for c in curves])
    reported = np.mean([c.radius_error**2 for c in curves])
    low, high = chi2.ppf([1e-3, 1 - 1e-3], 7) / 7
    assert low / 1.7 < radii.var(ddof=1) / reported < 1.7 * high
    assert np.all(np.array([c.radius_error for c in curves]) < 0.01)


def test_radius_error_is_the_replicates_standard_error(chaotic):
    curve = rg.spectral_curve(chaotic)
    radii = []
    for C, moment in chaotic.replicates:
        single = dataclasses.replace(
            chaotic, C_h=np.array([C]), C_h_error=np.zeros(1), moment=moment, replicates=()
        )
        one = rg.spectral_curve(single)
        assert one.radius_error == 0
        radii.append(one.radius)
    assert curve.radius_error == pytest.approx(np.std(radii, ddof=1) / np.sqrt(8), rel=1e-6)
    assert curve.radius == pytest.approx(np.mean(radii), abs=curve.radius_error)
    two = rg.spectral_curve(dataclasses.replace(chaotic, replicates=chaotic.replicates[:2]))
    assert two.radius_error == pytest.approx(abs(radii[1] - radii[0]) / 2, rel=1e-6)
    assert two.y_error[100:300].all()


@pytest.mark.parametrize("name", ["chaotic", "sharp"])
def test_sampled_unit_against_its_state(name, request):
    state = request.getfixturevalue(name)
    theory = rg.spectral_curve(state)
    # 40 000 units: the radius of the criterion scatters by 0.003 (by 0.008 over the state's 10⁴)
    sample = rg.spectral_curve(path_unit(state.model, state.order, seed=1, samples=40_000))
    assert sample.radius == pytest.approx(theory.radius, abs=0.015)
    on = slice(40, 361, 40)
    np.testing.assert_allclose(sample.S(theory.x[on] + 1j * theory.y[on]), 0, atol=0.04)
    x = np.linspace(-0.2, 0.6, 9)
    np.testing.assert_allclose(
        np.interp(x, sample.x, sample.y), np.interp(x, theory.x, theory.y), atol=0.03
    )


def test_curve_of_a_small_sample(random_unit):
    """Every point of the graph solves the sample's own Λ = 1, ends included."""
    unit = random_unit(40, seed=4)
    curve = rg.spectral_curve(unit)
    z = 1 / (1 + np.exp(-unit["zeta"]))

    def S(lam):
        return perron_root(unit, lam).root - 1

    on = curve.y > 1e-6
    assert on.sum() > 300
    np.testing.assert_allclose(S(curve.x[on] + 1j * curve.y[on]), 0, atol=1e-8)
    for end, outwards in ((curve.x[0], -1), (curve.x[-1], 1)):
        assert abs(S(end + 0j)) < 1e-8 and S(end + 1e-6 * outwards) < 0
    assert curve.x[0] < z.min() and curve.x[-1] > z.max()
    assert curve.radius == max(curve.x[-1], -curve.x[0]) and curve.radius_error == 0
    assert curve.marginal is False and curve.status is Status.OK
    np.testing.assert_allclose(curve.S([1.5 + 1j, 0.3j]), S(np.array([1.5 + 1j, 0.3j])), rtol=1e-12)
    outermost = curve.radius_at(50)  # more than there are
    assert outermost >= np.quantile(z, 1 - 1 / 50)
    assert abs(S(outermost + 1j / 50)) < 1e-8 or outermost == np.quantile(z, 1 - 1 / 50)
    assert 0.8 * curve.radius < curve.radius_at(40) < 1.1 * curve.radius


def test_a_state_without_pole_terms_has_the_curve_of_its_unit(monkeypatch):
    point = last(**GATED)
    exact, sample = rg.spectral_curve(point), rg.spectral_curve(point.unit)
    monkeypatch.setattr(rg.GRU(a_h=3).__class__, "pole_terms", lambda self, C, moment=None: None)
    curve = rg.spectral_curve(point)
    np.testing.assert_array_equal(curve.y, sample.y)
    assert curve.source is point and sample.source is point.unit
    assert curve.expected_outside(1000) == sample.expected_outside(1000) > 0
    assert curve.radius == pytest.approx(exact.radius, rel=1e-3) and curve.radius_error == 0


def test_what_depends_on_what_matters_to_a_sample(random_unit, closed_S):
    """The criterion, not Theorem 4.1, where r is not independent of the rest (THEORY R1)."""
    unit = random_unit(40, seed=4)
    curve = rg.spectral_curve(unit)
    on = curve.y > 1e-3
    assert np.abs(closed_S(unit, curve.x[on] + 1j * curve.y[on])).max() > 0.1


def test_a_sample_far_to_the_left():
    """The radius is the largest modulus, on either side of 0."""
    model = rg.GRU(a_h=3.0)
    unit = model.unit({"zeta": np.full(4, -40.0), "xi": np.zeros(4), "y": np.zeros(4)}, np.zeros(4))
    curve = rg.spectral_curve(unit)
    assert curve.radius == pytest.approx(1.5, rel=1e-12)
    assert curve.x[0] == pytest.approx(-1.5, rel=1e-12)
    np.testing.assert_allclose(np.hypot(curve.x, curve.y), 1.5, rtol=1e-9)


def test_error_band_of_a_sampled_state():
    """Near the top the boundary scales with ρ: its band follows from the scatter of C_h(0)."""
    state = rg.steady_state(rg.GRU(a_h=3, a_z=1, a_r=10), rng=3, rtol=5e-3)
    curve = rg.spectral_curve(state)
    assert curve.y_error.shape == curve.y.shape
    assert curve.y_error[0] == curve.y_error[-1] == 0
    top, right = int(np.argmax(curve.y)), int(np.searchsorted(curve.x, 0.8))
    heights = []
    for C, moment in state.replicates:
        one = SteadyState(
            state.model, np.array([C]), np.zeros(1), "chaotic", state.status, 0.0, moment
        )
        own = rg.spectral_curve(one)
        heights.append([own.y.max(), np.interp(curve.x[right], own.x, own.y)])
    expected = np.std(heights, axis=0, ddof=1) / np.sqrt(len(heights))
    np.testing.assert_allclose(curve.y_error[[top, right]], expected, rtol=0.05)
    exact = rg.spectral_curve(rg.fixed_points(state.model)[-1])
    assert not exact.y_error.any()


def test_a_sample_without_any_gain_is_its_gates():
    """Λ = 0 everywhere: the eigenvalues are the z of the units, on the real axis."""
    zeta = np.linspace(-1, 1, 9)
    unit = rg.GRU(a_h=0).unit({"zeta": zeta, "xi": 0 * zeta, "y": zeta}, 0 * zeta)
    curve = rg.spectral_curve(unit)
    np.testing.assert_array_equal(curve.y, 0)
    np.testing.assert_allclose(curve.x[[0, -1]], expit([-1, 1]), rtol=1e-14)
    assert curve.radius == pytest.approx(expit(1.0), rel=1e-14)


def test_errors_of_a_sampled_state_without_pole_terms(chaotic, monkeypatch):
    """From parts of its unit: what curves of independent units scatter by."""
    monkeypatch.setattr(rg.GRU(a_h=3).__class__, "pole_terms", lambda self, C, moment=None: None)
    curve = rg.spectral_curve(chaotic)
    others = [
        rg.spectral_curve(path_unit(chaotic.model, chaotic.order, seed)) for seed in range(12)
    ]
    scatter = np.std([c.radius for c in others], ddof=1)
    assert 0.4 < curve.radius_error / scatter < 2.2
    top = np.argmax(curve.y)
    heights = [np.interp(curve.x[top], c.x, c.y) for c in others]
    assert 0.4 < curve.y_error[top] / np.std(heights, ddof=1) < 2.2
    assert curve.y_error[0] == curve.y_error[-1] == 0
    parts = [CriterionBoundary(chaotic.unit.rows(slice(i, None, 8))) for i in range(8)]
    right = [part.ends[1] for part in parts]
    assert curve.radius_error == pytest.approx(np.std(right, ddof=1) / np.sqrt(8), rel=1e-12)


@pytest.mark.parametrize("model", [rg.GRU(a_h=3, a_z=1), rg.LSTM(a_h=8, a_o=1)], ids=str)
def test_a_curve_has_the_status_of_its_state(model):
    """By either route: a state that did not converge does not become a curve that did."""
    point = rg.fixed_points(model)[-1]
    assert (model.pole_terms(point.C_h) is None) == isinstance(model, rg.LSTM)
    assert rg.spectral_curve(point).status == Status.OK
    doubtful = dataclasses.replace(point, status=Status.NOT_CONVERGED)
    assert rg.spectral_curve(doubtful).status == Status.NOT_CONVERGED
