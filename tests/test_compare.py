"""The statistics of agreement are two-sided: a curve too tight and a curve too wide both show."""

import json

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


def test_masses_are_those_of_the_circular_law(disc):
    radius, curve, eigenvalues = disc
    discs = [(0.0, 0.4), (0.0, 0.6), (0.0, 1.0)]
    masses = rg.compare(curve, eigenvalues, discs=discs).masses
    assert [(m.center, m.radius) for m in masses] == discs
    for m in masses:
        assert m.theory == pytest.approx(min((m.radius / radius) ** 2, 1), abs=1e-9)
        assert m.theory_error == 0  # a fixed point
        inside = np.mean(np.abs(eigenvalues) < m.radius, axis=1)
        assert m.simulated == pytest.approx(inside.mean())
        assert m.spread == pytest.approx(inside.std(ddof=1))
        assert m.simulated_error == pytest.approx(m.spread / np.sqrt(NETWORKS))
        assert abs(m.simulated - m.theory) <= 4 * m.simulated_error + 1e-12
    wrong = rg.spectral_curve(rg.fixed_points(rg.GRU(a_h=1.6 * 1.03, b_z=-50))[0])
    m = rg.compare(wrong, eigenvalues, discs=discs).masses[1]
    assert (m.simulated - m.theory) / m.simulated_error > 6


def test_masses_of_a_chaotic_state_tell_another_gain():
    right, wrong = (rg.Vanilla(a_h=a) for a in (2.0, 3.0))
    networks = [rg.sample_network(right, 300, rng=i) for i in range(8)]
    lam = [n.eigenvalues(n.run(1, rng=0, burn_in=100).h) for n in networks]
    curves = [rg.spectral_curve(rg.steady_state(model)) for model in (right, wrong)]
    deviations = []
    for curve in curves:
        masses = rg.compare(curve, lam).masses
        assert all(m.theory_error > 0 for m in masses[:5])
        deviations.append(
            [
                abs(m.theory - m.simulated) / np.hypot(m.theory_error, m.simulated_error)
                for m in masses[:5]
            ]
        )
    assert max(deviations[0]) < 4 < 8 < max(deviations[1])


def test_a_circle_through_a_point_mass_has_no_theory():
    """The LSTM without an output gate's weights has N zeros, on the circle |λ − 1| = 1."""
    model = rg.LSTM(a_h=3, a_f=1)
    curve = rg.spectral_curve(rg.fixed_points(model)[-1])
    network = rg.sample_network(model, 50, rng=0)
    unit = network.run(1, rng=0, burn_in=50).h
    through, around = rg.compare(curve, network.eigenvalues(unit), discs=[(1, 1), (0, 1e-3)]).masses
    assert np.isnan(through.theory)
    assert np.isnan(through.spread)  # of one network
    assert around.theory == pytest.approx(0.5, abs=1e-3)


def test_masses_need_a_density_and_are_left_out_if_not_asked_for(disc):
    _, curve, eigenvalues = disc
    agreement = rg.compare(curve, eigenvalues, discs=())
    assert agreement.masses == ()
    record = json.loads(json.dumps(rg.compare(curve, eigenvalues, discs=[(0, 0.5)]).to_dict()))
    assert set(record["masses"][0]) >= {"center", "radius", "theory", "simulated", "spread"}


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
    for wrong in (1, "x", [1, 2], [(0, 0)], [(0, -1)], [(1j, 1)], [(0, np.nan)], [(0, 1, 2)], None):
        with pytest.raises(ValueError, match=r"^discs must be pairs \(center, radius\) of real"):
            rg.compare(curve, eigenvalues, discs=wrong)


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


def test_half_a_unit_is_refused():
    curve = rg.spectral_curve(rg.fixed_points(rg.LSTM(a_h=3))[-1])
    with pytest.raises(ValueError, match=r"eigenvalues must be of shape \(…, 2N\), all those of"):
        rg.compare(curve, [1.0, 2.0, 3.0])
    with pytest.raises(TypeError, match="eigenvalues must be a number or an array of numbers"):
        rg.compare(curve, "x")
