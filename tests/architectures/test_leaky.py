"""Leaky averages: what the gate's path makes of φ, and states that know nothing of the gate."""

import numpy as np
import pytest

import rmt_gates as rg


def sigma(x):
    return 1 / (1 + np.exp(-x))


def test_path_moments_apply_the_gate_to_its_argument():
    """A constant ζ: h is a geometric average of φ(y), whose moments are explicit."""
    model, B = rg.GRU(a_h=2.0), 200
    C = np.append(0.5 * 0.6 ** np.arange(B + 1.0), 0.0)
    C_phi = model.phi_kernel(C)
    s, lag = sigma(0.4), np.abs(np.subtract.outer(np.arange(B), np.arange(B)))
    w = (1 - s) * s ** np.arange(B)

    class Paths:
        order, tolerance = C[None], 1e-13

        def blocks(self, name):
            assert name == "zeta"
            return np.full((1, 2, B), 0.4)

    got = model.path_moments(Paths(), B)
    np.testing.assert_allclose(got.order[0, 0], w @ C_phi[lag] @ w, rtol=1e-12)
    np.testing.assert_array_equal(got.moment[0], [0.4, 0.4])
    # E[(h−φ)²] = E h² − 2 E hφ + E φ², the newest step being one lag away
    cross = w @ C_phi[1 + np.arange(B)]
    exact = got.order[0, 0] - 2 * cross + C_phi[0]
    np.testing.assert_allclose(got.moment[1], exact, rtol=1e-11)


def test_path_moments_of_a_biased_unit():
    """A slow constant ζ: lags beyond the window count, where C_φ is its limit."""
    model, B, s = rg.GRU(a_h=2.0, b_h=0.3, v_h=0.2), 12, sigma(2.0)
    C = np.append(0.2 + 0.3 * 0.6 ** np.arange(B + 1.0), 0.2)
    C_phi = model.phi_kernel(C)

    class Paths:
        order, tolerance = C[None], 1e-13

        def blocks(self, name):
            return np.full((1, 2, B), 2.0)

    got = model.path_moments(Paths(), B).order[0]
    now = np.append((1 - s) * s ** np.arange(B)[::-1], np.zeros(B))  # of φ at times −B … B−1
    now[0] += s**B
    lag = np.abs(np.subtract.outer(np.arange(2 * B), np.arange(2 * B)))
    covariance, later = C_phi[np.minimum(lag, B + 1)], now
    for k in range(B + 1):
        np.testing.assert_allclose(got[k], now @ covariance @ later, rtol=1e-12)
        later = s * later
        later[min(B + k, 2 * B - 1)] += 1 - s


def test_each_block_is_the_past_of_the_next():
    """Two steps a block, four blocks on a circle: start s lies between block s and s+1."""
    model, K = rg.GRU(a_h=2.0), 2
    C = np.array([0.5, 0.3, 0.1, 0.0])
    zeta = np.random.default_rng(0).normal(size=(3, 4, K))

    class Paths:
        order, tolerance = C[None], 1e-13

        def blocks(self, name):
            return zeta

    got = model.path_moments(Paths(), K)
    np.testing.assert_array_equal(got.moment[0].reshape(3, 4), zeta[:, [1, 2, 3, 0], 0])
    z = sigma(zeta)
    C_phi = model.phi_kernel(C)[:-1]
    # h at a start, from the two steps before: (1−z₁) φ₁ + z₁ φ₀, what lies before counted as φ₀
    newest = 1 - z[:, :, 1]
    variance = (newest**2 + (1 - newest) ** 2) * C_phi[0] + 2 * newest * (1 - newest) * C_phi[1]
    next_z = z[:, [1, 2, 3, 0], 0]
    cross = newest * C_phi[1] + (1 - newest) * C_phi[2]
    np.testing.assert_allclose(got.order[0, 0], variance.mean(), rtol=1e-12)
    step = next_z * variance + (1 - next_z) * cross
    np.testing.assert_allclose(got.order[0, 1], step.mean(), rtol=1e-12)
    excess = variance - 2 * cross + C_phi[0]
    np.testing.assert_allclose(got.moment[1].reshape(3, 4), excess, rtol=1e-11)


@pytest.mark.parametrize("name", ["a_z", "v_z"])
def test_a_constant_gate_is_one_number(name):
    assert rg.GRU(a_h=1, b_z=0.3).constant_gate == sigma(0.3)
    assert rg.GRU(a_h=[1, 2], a_r=1, v_r=1, b_z=0.3).constant_gate == sigma(0.3)
    for changes in ({name: 0.1}, {name: [0.0, 0.1]}, {"b_z": [0.0, 0.1]}):
        assert rg.GRU(a_h=1, **changes).constant_gate is None


def test_moment_of_a_gate_that_h_does_not_know():
    """E[hφ] by stationarity: of E[h²], or of E[h_t h_{t+1}] where the gate is constant."""
    C, limit = np.array([0.4, 0.3, 0.1]), 0.05
    model = rg.GRU(a_h=2.5, a_z=1.7, a_r=4, b_h=0.3, b_z=-0.6, v_h=0.1, v_z=0.4)
    V = 1.7**2 * 0.4 + 0.4
    x = np.linspace(-9, 9, 40001)
    z = sigma(-0.6 + np.sqrt(V) * x)
    kept, mixed, new = (
        np.average(z**i * (1 - z) ** (2 - i), weights=np.exp(-0.5 * x * x)) for i in (2, 1, 0)
    )
    C_phi = model.phi_kernel(C)[0]
    cross = (0.4 - kept * 0.4 - new * C_phi) / (2 * mixed)
    moment = model.independent_moment(C, limit)
    assert (moment.mean, moment.variance) == (-0.6, pytest.approx(V, rel=1e-15))
    assert moment.mean_value == pytest.approx(0.4 - 2 * cross + C_phi, rel=1e-11)

    constant = model.replace(a_z=0, v_z=0)
    cross = (0.3 - sigma(-0.6) * 0.4) / sigma(0.6)
    moment = constant.independent_moment(C, limit)
    assert (moment.mean, moment.variance) == (-0.6, 0)
    assert moment.mean_value == pytest.approx(0.4 - 2 * cross + C_phi, rel=1e-13)
