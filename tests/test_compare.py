"""The statistics of agreement are two-sided: a curve too tight and a curve too wide both show."""

import numpy as np
import pytest

import rmt_gates as rg

N, NETWORKS = 400, 12


def ginibre(gain: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.linalg.eigvals(gain / np.sqrt(N) * rng.standard_normal((NETWORKS, N, N)))


@pytest.fixture(scope="module")
def disc() -> tuple:
    """Zero fixed point, update gate shut: the disc |λ| < a_h/2."""
    model = rg.GRU(a_h=1.6, b_z=-50)
    curve = rg.spectral_curve(rg.fixed_points(model)[0])
    return 0.8, curve, ginibre(0.8, 3)


def test_the_zero_state_with_a_shut_gate_is_the_circular_law(disc):
    radius, curve, eigenvalues = disc
    assert curve.radius == pytest.approx(radius, rel=1e-12)
    assert curve.expected_outside(10**6) == pytest.approx(1000 / np.sqrt(2 * np.pi), rel=2e-3)
    agreement = rg.compare(curve, eigenvalues)
    assert (agreement.N, agreement.networks) == (N, NETWORKS)
    assert agreement.fraction_expected == pytest.approx(1 / np.sqrt(2 * np.pi * N), rel=2e-3)
    assert abs(agreement.edge_level - 1) < 4 * agreement.edge_level_error
    assert 0 < agreement.edge_level_error < 0.02
    outside = np.abs(eigenvalues) > radius
    assert agreement.fraction_outside == pytest.approx(outside.mean())
    distance = np.abs(eigenvalues[outside]) - radius
    assert agreement.distance_mean == pytest.approx(distance.mean(), rel=1e-2)
    assert agreement.distance_max == pytest.approx(distance.max(), rel=1e-2)
    largest = np.abs(eigenvalues).max(axis=1)
    assert agreement.radius_simulated == pytest.approx(largest.mean())
    assert agreement.radius_spread == pytest.approx(largest.std(ddof=1))
    assert agreement.radius_theory == curve.radius_at(N)


@pytest.mark.parametrize("change", [-0.1, 0.1])
def test_a_wrong_gain_is_rejected_in_either_direction(disc, change):
    _, _, eigenvalues = disc
    wrong = rg.spectral_curve(rg.fixed_points(rg.GRU(a_h=1.6 * (1 + change), b_z=-50))[0])
    agreement = rg.compare(wrong, eigenvalues)
    assert (agreement.edge_level - 1) / agreement.edge_level_error * np.sign(change) > 6
    # Λ = R²/|λ|²: the level scales with the square of the gain
    assert agreement.edge_level == pytest.approx((1 + change) ** 2, rel=0.05)


def test_one_network_has_no_error(disc):
    _, curve, eigenvalues = disc
    agreement = rg.compare(curve, eigenvalues[0])
    assert agreement.networks == 1
    assert np.isnan(agreement.edge_level_error)
    assert np.isnan(agreement.radius_spread)
    assert set(agreement.to_dict()) >= {"edge_level", "fraction_outside", "radius_theory"}


def test_messages(disc):
    _, curve, eigenvalues = disc
    with pytest.raises(TypeError, match=r"curve must come from rg.spectral_curve\(state\), got f"):
        rg.compare(1.0, eigenvalues)
    for bad in ([], [np.nan, 1.0]):
        with pytest.raises(ValueError, match="eigenvalues must be finite and of shape"):
            rg.compare(curve, bad)
    for wrong in ("x", -0.1, 1.1, np.nan):
        with pytest.raises(ValueError, match=r"^fraction_expected must lie between 0 and 1, or be"):
            rg.compare(curve, eigenvalues, fraction_expected=wrong)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("changes", [{}, {"a_z": 3}, {"a_r": 2, "v_z": 1}], ids=str)
def test_networks_without_weights_have_no_edge(changes):
    """J = diag(z): a point, or the law of the gate on the real axis."""
    model = rg.GRU(a_h=0, **changes)
    curve = rg.spectral_curve(rg.steady_state(model))
    network = [rg.sample_network(model, 40, rng=i) for i in (0, 1)]
    agreement = rg.compare(curve, [n.eigenvalues([0.0] * 40) for n in network])
    assert agreement.fraction_outside == agreement.fraction_expected == 0
    assert np.all(curve.edge_density == 0)
