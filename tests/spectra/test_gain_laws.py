"""Powers of large gains: Propositions 4.5 and 5.5."""

import numpy as np
import pytest

import rmt_gates as rg
from rmt_gates.spectra.gain_laws import large_output_gain, large_reset_gain, local_exponent


def exponents(x, deviation):
    return np.diff(np.log(np.abs(deviation))) / np.diff(np.log(x))


def test_local_exponent():
    assert local_exponent(lambda x: 5 * x**-1.7, 3.0) == pytest.approx(-1.7, rel=1e-12)
    x = np.array([1.0, 2.0])
    np.testing.assert_allclose(local_exponent(np.exp, x, step=1e-3), x, rtol=1e-6)
    error = [local_exponent(np.exp, 2.0, step=s) - 2 for s in (0.1, 0.05)]
    assert error[0] / error[1] == pytest.approx(4, rel=0.01)
    for at, step in ((0.0, 0.1), (-1.0, 0.1), (1.0, 0.0)):
        with pytest.raises(ValueError, match=r"^at and step must be positive: "):
            local_exponent(np.exp, at, step)
    with pytest.raises(ValueError, match=r"^function must be positive around at: "):
        local_exponent(np.log, 1.0)


@pytest.mark.parametrize(
    "more", [{}, {"b_r": 1.0}, {"b_r": -2.0, "v_r": 3.0, "b_h": 0.3, "v_h": 0.2}], ids=str
)
def test_reset_gain_at_rest(more):
    """Proposition 4.5: what (127) leaves of ρ falls as 1/a_r."""
    a_r = np.array([1e2, 1e3, 1e4])
    points = [rg.fixed_points(rg.GRU(a_h=3, a_r=x, **more))[-1] for x in a_r]
    deviation = [point.rho / large_reset_gain(point) - 1 for point in points]
    assert 0 < deviation[-1] < 6e-4
    np.testing.assert_allclose(exponents(a_r, deviation), -1, atol=0.03)


def test_reset_gain_with_biases_as_large():
    """b_r and √v_r that grow with a_r change the density at 0, and with it the prefactor."""
    a_r = np.array([10.0, 40.0, 160.0])
    points = [
        rg.fixed_points(rg.GRU(a_h=3, a_r=x, b_r=0.3 * x, v_r=(0.5 * x) ** 2))[-1] for x in a_r
    ]
    deviation = [point.rho / large_reset_gain(point) - 1 for point in points]
    assert exponents(a_r, deviation)[-1] == pytest.approx(-0.95, abs=0.05)
    assert 0 < deviation[-1] < 0.05


def test_reset_gain_as_printed():
    """ρ² ≈ a_h² E[φ'²] a_r √C_h/(6√(2π)) at b_r = 0."""
    point = rg.fixed_points(rg.GRU(a_h=3, a_r=50))[-1]
    slope = point.unit.expect(lambda u: np.cosh(u["y"]) ** -4.0)
    printed = 9 * slope * 50 * np.sqrt(point.C_h) / (6 * np.sqrt(2 * np.pi))
    assert large_reset_gain(point) ** 2 == pytest.approx(printed, rel=2e-3)


def test_reset_gain_in_motion():
    """The same law for the moving state, and the radius of its units, at a_z = 0."""
    a_r = np.array([10.0, 100.0, 1000.0])
    states = [rg.steady_state(rg.GRU(a_h=3, a_r=x)) for x in a_r]
    assert all(state.kind == "chaotic" for state in states)
    rho = [2 * rg.spectral_radius(state) - 1 for state in states]  # radius ½ + ½ρ
    deviation = np.array(rho) / [large_reset_gain(state) for state in states] - 1
    rate = exponents(a_r, deviation)
    assert rate[1] == pytest.approx(-1, abs=0.03) and deviation[1] < 0.07


def test_square_root_of_the_reset_gain():
    """ρ's exponent is ½ − O(1/a_r); the radius's, with its constant part, ½ − O(1/√a_r)."""
    a_r = np.array([1e3, 1e4, 1e5])

    def points(x):
        return rg.fixed_points(rg.GRU(a_h=3, a_r=x, b_z=0.5))

    of_rho = local_exponent(lambda x: points(x).rho[:, -1], a_r) - 0.5
    of_radius = local_exponent(lambda x: points(x).spectral_radius[:, -1], a_r) - 0.5
    np.testing.assert_allclose(exponents(a_r, of_rho), -1, atol=0.05)
    np.testing.assert_allclose(exponents(a_r, of_radius), -0.5, atol=0.03)


@pytest.mark.parametrize("more", [{}, {"b_o": 1.0, "v_o": 2.0}], ids=str)
def test_output_gain(more):
    """Proposition 5.5, the output gate: a_o √C_h/(3√(2π)) under the root."""
    a_o = np.array([1e2, 1e3, 1e4])
    points = [rg.fixed_points(rg.LSTM(a_h=3, a_o=x, **more))[-1] for x in a_o]
    deviation = [point.spectral_radius / large_output_gain(point) - 1 for point in points]
    np.testing.assert_allclose(exponents(a_o, deviation), -1, atol=0.15)
    assert abs(deviation[-1]) < 2e-3
    if not more:
        printed = np.sqrt(a_o[0] * np.sqrt(points[0].C_h) / (3 * np.sqrt(2 * np.pi)))
        assert large_output_gain(points[0]) == pytest.approx(printed, rel=1e-12)


def test_output_gain_with_biases_as_large():
    a_o = np.array([25.0, 100.0, 400.0])
    models = [rg.LSTM(a_h=3, a_o=x, b_o=-0.1 * x, v_o=(0.3 * x) ** 2) for x in a_o]
    points = [rg.fixed_points(model)[-1] for model in models]
    deviation = [point.spectral_radius / large_output_gain(point) - 1 for point in points]
    np.testing.assert_allclose(exponents(a_o, deviation), -1, atol=0.25)
    assert abs(deviation[-1]) < 0.02


@pytest.mark.parametrize(
    "gain, at, measured",
    [
        ("a_i", [10, 100, 1000], [0.088, 0.251, 0.414]),
        ("a_o", [10, 100, 1000], [0.151, 0.440, 0.496]),
        ("a_f", [20, 50, 200, 500], [0.007, 0.143, 0.301, 0.364]),
    ],
)
def test_local_exponents_of_the_lstm(gain, at, measured):
    """Proposition 5.5 at rest, a_h = 3: rising towards ½; from far below it at a_f ≈ 50."""

    def radius(x):
        return rg.fixed_points(rg.LSTM(a_h=3, **{gain: x})).spectral_radius[:, -1]

    found = local_exponent(radius, at)
    np.testing.assert_allclose(found, measured, atol=1e-3)
    assert np.all(np.diff(found) > 0) and found[-1] < 0.5


def test_refusals():
    after = rg.fixed_points(rg.GRU(a_h=3, a_r=2, reset="after"))[-1]
    with pytest.raises(TypeError, match=r"^large_reset_gain is of a GRUResetBefore, got a state"):
        large_reset_gain(after)
    with pytest.raises(TypeError, match=r"^large_output_gain is of a LSTM, got a state of GRU"):
        large_output_gain(after)
    with pytest.raises(ValueError, match=r"^a_r must be positive, at a non-zero state: "):
        large_reset_gain(rg.fixed_points(rg.GRU(a_h=3, a_r=2))[0])
    with pytest.raises(ValueError, match=r"^a_o must be positive, at a non-zero state: "):
        large_output_gain(rg.fixed_points(rg.LSTM(a_h=3))[-1])
    small = rg.fixed_points(rg.GRU(a_h=3, a_r=0.1))[-1]  # the law has a value, if not of use here
    assert small.C_h * small.model.a_r**2 < 1 and np.isfinite(large_reset_gain(small))
