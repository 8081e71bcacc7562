"""Tabulated averages: against direct quadrature, and their slopes against small-V expansions."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from rmt_gates.gaussian import (
    HARDTANH,
    SIGMOID,
    SIGMOID_PRIME_SQUARED,
    SIGMOID_SQUARED,
    TANH,
    Integrand,
    LogExpectation,
    dphi,
    dphi_squared,
    expect,
    log_expectation,
    phi_squared,
)

CASES = [
    (SIGMOID, 50.0),
    (SIGMOID_SQUARED, 0.0),
    (SIGMOID_SQUARED, -5.0),
    (SIGMOID_SQUARED, -50.0),
    (SIGMOID_PRIME_SQUARED, 0.0),
    (SIGMOID_PRIME_SQUARED, 50.0),
    (phi_squared(TANH), 1e-4),
    (phi_squared(TANH), 1.0),
    (dphi_squared(TANH), 0.0),
    (dphi_squared(TANH), 50.0),
    (dphi(TANH), 3.0),
    (phi_squared(HARDTANH), 1e-4),
    (phi_squared(HARDTANH), 0.9),
    (phi_squared(HARDTANH), -1.0),
    (dphi_squared(HARDTANH), 0.0),
    (dphi_squared(HARDTANH), 1.0),
    (dphi_squared(HARDTANH), -50.0),
]


def variances(n=1500, low=-12, high=16):
    return 10 ** np.random.default_rng(5).uniform(low, high, n)


@pytest.mark.parametrize("integrand, mean", CASES, ids=str)
def test_value_against_quadrature(integrand, mean):
    table, v = log_expectation(integrand, mean), variances()
    exact = expect(integrand, mean, v)
    seen = exact > 1e-289
    error = table(v)[seen] - np.log(exact[seen])
    assert seen.sum() > 600
    assert np.all(np.abs(error) < 2e-14 * np.maximum(1, np.abs(np.log(exact[seen]))))


@pytest.mark.parametrize("activation", [TANH, HARDTANH])
def test_value_per_variance(activation):
    table, v = log_expectation(phi_squared(activation), 0.0, True), variances()
    exact = np.log(expect(phi_squared(activation), 0.0, v) / v)
    np.testing.assert_allclose(table(v), exact, rtol=1e-15, atol=2e-14)
    assert abs(table(0.0)) < 1e-15 and table.slope(0.0) == 0


@pytest.mark.parametrize("integrand, mean", CASES, ids=str)
def test_slope_against_differences(integrand, mean):
    table, v = log_expectation(integrand, mean), variances(400, -3, 14)
    h = 1e-3
    with np.errstate(divide="ignore", invalid="ignore"):
        log = {k: np.log(expect(integrand, mean, v * np.exp(k * h))) for k in (-2, -1, 1, 2)}
        difference = (8 * (log[1] - log[-1]) - (log[2] - log[-2])) / (12 * h)
    seen = np.isfinite(difference) & (expect(integrand, mean, v) > 1e-280)
    size = np.maximum(1, np.abs(log[1][seen]))
    assert seen.sum() > 200
    assert np.all(np.abs(table.slope(v)[seen] - difference[seen]) < 2e-10 * size)


def test_small_variance_of_tanh_squared():
    """E tanh²(√V x)/V = 1 - 2V + (17/3)V² - ..., so log(E/V) has slope -2V + (22/3)V² + O(V³)."""
    table = log_expectation(phi_squared(TANH), 0.0, per_variance=True)
    for v in (1e-12, 1e-9, 1e-7, 1e-5):
        assert abs(table.slope(v) / (-2 * v + 22 / 3 * v**2) - 1) < 1e-10 + 60 * v**2
        assert abs(table(v) - (-2 * v + 11 / 3 * v**2)) < 1e-15 + 20 * v**3


@pytest.mark.parametrize("mean", [-5.0, -1.0, 0.0, 0.7])
def test_small_variance_of_sigmoid_squared(mean):
    """The slope is V f''/(2f): with f = σ², f'' = 2σ²(1-σ)(2-3σ)."""
    table = log_expectation(SIGMOID_SQUARED, mean)
    gate = 1 / (1 + np.exp(-mean))
    for v in (1e-12, 1e-8):
        assert abs(table.slope(v) / v - (1 - gate) * (2 - 3 * gate)) < 3e-12 + 10 * v
    assert abs(table(0.0) - 2 * np.log(gate)) < 2e-15 * max(1, -2 * np.log(gate))


def test_the_slope_of_a_closed_gate_has_no_noise():
    """σ²(y) ≈ e^{2y}: log E f = 2m + 2V."""
    table, v = log_expectation(SIGMOID_SQUARED, -40.0), np.geomspace(1e-14, 0.19, 60)
    np.testing.assert_allclose(table.slope(v), 2 * v, rtol=3e-15)


def test_small_bias_has_its_own_scale():
    """E tanh²(b + √V x) ≈ b² + V for small b and V: the slope is V/(b² + V)."""
    for b in (1e-4, 1e-2):
        table = log_expectation(phi_squared(TANH), b)
        v = b * b * np.array([1e-6, 1e-3, 0.3, 1.0, 5.0])
        np.testing.assert_allclose(table.slope(v), v / (b * b + v), rtol=30 * b * b + 1e-11)


def test_sharp_limit():
    """For V -> ∞ half the gates are open, and E σ'² ~ V^{-1/2}."""
    assert abs(log_expectation(SIGMOID_SQUARED, 0.0)(1e16) - np.log(0.5)) < 1e-8
    assert abs(log_expectation(SIGMOID_PRIME_SQUARED, 3.0).slope(1e16) + 0.5) < 1e-9


def test_edges_of_panels_and_of_the_range():
    table = log_expectation(SIGMOID_SQUARED, 0.3)
    edges = 0.2 * 2.0 ** np.arange(55)
    edges = np.concatenate([edges * (1 - 1e-15), edges, edges * (1 + 1e-15), edges * 1.5, [1e16]])
    exact = np.log(expect(SIGMOID_SQUARED, 0.3, edges))
    np.testing.assert_allclose(table(edges), exact, rtol=0, atol=1e-14)


def test_the_largest_variance_is_within_the_last_octave():
    """A first panel of 1e16 / 2^60 up to rounding, set by the kink at 1."""
    for k in (-1, 0, 1):
        mean = 1 - np.sqrt(80 * 1e16 / 2.0**60) + k * 1.1e-16
        table = LogExpectation(phi_squared(HARDTANH), mean)
        assert abs(table._start * 2.0**60 / 1e16 - 1) < 1e-15
        exact = np.log(expect(phi_squared(HARDTANH), mean, 1e16))
        assert abs(table(1e16) - exact) < 2e-14


def test_shapes_chunks_and_types():
    table = log_expectation(SIGMOID_SQUARED, 0.0)
    v = variances(70000)
    np.testing.assert_array_equal(table(v.reshape(100, 700)), table(v).reshape(100, 700))
    np.testing.assert_array_equal(table(v)[-5:], [table(x) for x in v[-5:]])
    assert type(table(1.0)) is float and type(table.slope(1.0)) is float
    assert table(np.zeros((0, 3))).shape == (0, 3)
    mixed = table(np.array([1.0, np.nan, 2.0]))
    assert np.isnan(table(np.nan)) and np.isnan(table.slope([np.nan])[0])
    assert np.isnan(mixed[1]) and mixed[0] == table(1.0) and mixed[2] == table(2.0)


def test_underflow_is_minus_infinity():
    table = log_expectation(dphi_squared(HARDTANH), 50.0)
    assert table(0.0) == table(1e-3) == -np.inf and np.isnan(table.slope(1e-3))
    assert table(1.75) == -np.inf or table(1.75) < -650
    assert abs(table(2.0) - np.log(expect(dphi_squared(HARDTANH), 50.0, 2.0))) < 1e-12


@pytest.mark.parametrize("mean", [-20.0, 1.5, -1.01])
def test_the_value_is_finite_from_1e_290_on(mean):
    """log E f ~ -d²/2V there, d the distance of the mean from the indicator's edge."""
    table, f = log_expectation(dphi_squared(HARDTANH), mean), dphi_squared(HARDTANH)
    v = (abs(mean) - 1) ** 2 * np.geomspace(1 / 1350, 1 / 1300, 300)
    exact = expect(f, mean, v)
    inside = exact > 1e-290 * (1 + 1e-3)  # V to a relative 1e-6, and d log E f / d log V = 670
    assert 50 < inside.sum() < 250
    np.testing.assert_allclose(table(v[inside]), np.log(exact[inside]), rtol=2e-14)
    np.testing.assert_array_equal(table(v[exact < 1e-290]), -np.inf)


def test_means_at_a_jump_are_half_inside():
    for mean in (1.0, -1.0, 1 + 1e-9, -1 - 1e-10):
        table = log_expectation(dphi_squared(HARDTANH), mean)
        for v in (0.0, 1e-25, 1e-6):
            assert (
                abs(table(v) - np.log(0.5)) < 2e-9 / max(v, 1e-16) ** 0.5 * (mean**2 != 1) + 1e-15
            )


def test_a_table_is_built_once():
    first = log_expectation(SIGMOID_SQUARED, 0.125)
    assert log_expectation(SIGMOID_SQUARED, 0.125) is first
    assert log_expectation(SIGMOID_SQUARED, 0.25) is not first
    assert repr(first) == "LogExpectation(sigmoid^2, mean=0.125)"
    quotient = log_expectation(phi_squared(TANH), 0.0, True)
    assert repr(quotient) == "LogExpectation(tanh^2, mean=0, per_variance=True)"


def test_refusals():
    with pytest.raises(ValueError, match=r"^mean must lie within -50 and 50, got 51$"):
        LogExpectation(SIGMOID, 51.0)
    with pytest.raises(ValueError, match=r"^mean must lie within -50 and 50, got nan$"):
        LogExpectation(SIGMOID, np.nan)
    with pytest.raises(
        ValueError, match=r"^per_variance needs E f to vanish like the variance: sig"
    ):
        LogExpectation(SIGMOID, 0.0, per_variance=True)
    with pytest.raises(ValueError, match=r"tanh\^2 at mean 0.5 does not$"):
        LogExpectation(phi_squared(TANH), 0.5, per_variance=True)
    with pytest.raises(ValueError, match=r"^tanh\^2 vanishes at mean 0 and .*: use per_variance$"):
        LogExpectation(phi_squared(TANH), 0.0)
    table = log_expectation(SIGMOID, 0.0)
    with pytest.raises(ValueError, match=r"^variance must lie within 0 and 1e\+16, got -1 to 2$"):
        table([2.0, -1.0])
    with pytest.raises(ValueError, match=r"got 1 to 2e\+16$"):
        table.slope([1.0, 2e16])
    with pytest.raises(ValueError, match=r"got -3 to -3$"):
        table([np.nan, -3.0])


def test_a_function_that_is_not_smooth_is_reported(monkeypatch):
    cusp = Integrand("cusp", lambda y: 1 + np.sqrt(np.abs(y)))
    with pytest.raises(RuntimeError, match=r"no polynomial in the variance near 0$"):
        LogExpectation(cusp, 0.0)
    # Such fast waves are beyond the quadrature as well: what it returns is not smooth.
    monkeypatch.setattr("rmt_gates.gaussian.table._MOST_PARTS", 4)
    wavy = Integrand("wavy", lambda y: 1.5 + np.cos(3e4 * y))
    with pytest.raises(
        RuntimeError, match=r"^LogExpectation.wavy, mean=0.: not resolved by 4 panels"
    ):
        LogExpectation(wavy, 0.0)(1.0)


@pytest.mark.parametrize("mean", [0.0, -1.3])
def test_octaves_are_the_same_in_whatever_order_they_are_asked_for(mean):
    """To the last digit, also by several threads at once."""
    v = np.logspace(-6, 9, 400)
    whole = LogExpectation(SIGMOID, mean)
    at_once, slopes = whole(v), whole.slope(v)
    one_by_one = LogExpectation(SIGMOID, mean)
    np.testing.assert_array_equal([one_by_one(x) for x in v], at_once)
    shared = LogExpectation(SIGMOID, mean)
    with ThreadPoolExecutor(4) as pool:
        np.testing.assert_array_equal(list(pool.map(shared.slope, v)), slopes)
