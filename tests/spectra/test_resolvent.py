"""The resolvent against the equations of theory solved plainly, exact spectra and networks."""

import numpy as np
import pytest

import rmt_gates as rg
from rmt_gates.results import Status
from rmt_gates.spectra import resolvent as module
from rmt_gates.spectra.dyson import Dyson
from rmt_gates.spectra.edge import edge_density
from rmt_gates.spectra.loops import feedback_loops
from rmt_gates.spectra.scalar_dyson import ScalarDyson

POINTS = np.array([0.4 + 0.1j, 0.9 - 0.3j, -0.1 + 0.05j, 1.05 + 0.01j, 0.2 + 0.5j])


def plain_solution(unit, lam, rounds=3000):
    """G and what the self-consistent equations are solved by, with dense inverses.

    One τ_k and κ_k for each matrix and no closed form anywhere: τ_k = a_k² E[(ĈPĈ†)_kk],
    κ_k = a_k² E[(B̂†QB̂)_kk] by damped iteration at one point λ.
    """
    model, n = unit.model, len(unit)
    blocks = model.blocks(unit.inputs, unit.carry, lam)
    X, B, C = (
        np.array([[np.broadcast_to(v, n) for v in row] for row in part]).transpose(2, 0, 1)
        for part in blocks
    )
    n_b, active = X.shape[1], np.flatnonzero(model.gains() > 0)
    B, C, a2 = B[:, :, active], C[:, active], model.gains()[active] ** 2
    W = np.zeros((n, 2 * n_b, 2 * n_b), complex)
    W[:, :n_b, n_b:], W[:, n_b:, :n_b] = X, -X.conj().transpose(0, 2, 1)
    tau = kappa = np.ones(len(a2))
    for _ in range(rounds):
        W[:, :n_b, :n_b] = (B * tau) @ B.transpose(0, 2, 1)
        W[:, n_b:, n_b:] = (C.transpose(0, 2, 1) * kappa) @ C
        V = np.linalg.inv(W)
        P, Q, G = V[:, n_b:, n_b:], V[:, :n_b, :n_b], V[:, n_b:, :n_b]
        new_tau = a2 * (unit.weights @ np.einsum("uki,uij,ukj->uk", C, P, C).real)
        new_kappa = a2 * (unit.weights @ np.einsum("uik,uij,ujk->uk", B, Q, B).real)
        change = max(abs(new_tau / tau - 1).max(), abs(new_kappa / kappa - 1).max())
        tau, kappa = np.sqrt(tau * new_tau), np.sqrt(kappa * new_kappa)
        if change < 1e-13:
            break
    return sum(unit.weights @ G[:, b, b] for b in model.carriers) / len(model.carriers)


def slope_in_conjugate(G, lam, d=1e-4):
    """∂G/∂λ̄ by central differences of fourth order."""

    def along(e):
        near, far = G(lam + e) - G(lam - e), G(lam + 2 * e) - G(lam - 2 * e)
        return (8 * near - far) / (12 * d)

    return 0.5 * (along(d) + 1j * along(1j * d))


@pytest.fixture(scope="module")
def units(random_unit, three_stages):
    """Samples of few units, most with everything depending on everything."""
    rng = np.random.default_rng(3)

    def network_unit(model, seed=0):
        network = rg.sample_network(model, 40, rng=seed)
        return network.unit(network.run(30, rng=seed).h)

    return {
        "before": random_unit(a_h=5.0),
        "before without r": network_unit(rg.GRU(a_h=4, a_z=2, b_r=0.5)),
        "before without z": random_unit(a_h=5.0, a_z=0.0),
        "after": network_unit(rg.GRU(a_h=3, a_z=2, a_r=4, b_u=0.3, reset="after")),
        "lstm": network_unit(rg.LSTM(a_h=4, a_f=2, a_i=1, a_o=3, b_h=0.3)),
        "lstm without o": network_unit(rg.LSTM(a_h=4, a_f=2, a_i=1, b_h=0.3)),
        "vanilla": network_unit(rg.Vanilla(a_h=2)),
        "three stages": three_stages(n=int(rng.integers(5, 7))),
    }


NAMES = (
    "before", "before without r", "before without z", "after", "lstm", "lstm without o", "vanilla",
    "three stages",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_against_dense_inverses(units, name):
    """Theory.md §5 word for word, at points inside and outside."""
    unit = units[name]
    points = POINTS if name != "three stages" else POINTS + 0.5j
    found = rg.resolvent(unit, points)
    assert found.inside.sum() >= 3 and np.all(found.status == Status.OK)
    for lam, G, inside in zip(points, found.G, found.inside, strict=True):
        if inside:
            np.testing.assert_allclose(G, plain_solution(unit, lam), rtol=0, atol=1e-8)


@pytest.mark.parametrize("name", NAMES)
def test_density_is_the_slope_of_G(units, name):
    """μ = (1/π) ∂G/∂λ̄, which is real; 0 outside."""
    unit = units[name]
    found = rg.resolvent(unit, POINTS)
    exact = slope_in_conjugate(lambda lam: rg.resolvent(unit, lam).G, POINTS) / np.pi
    np.testing.assert_allclose(exact.imag, 0, atol=1e-6 * found.density.max())
    np.testing.assert_allclose(found.density, exact.real, atol=2e-6 * found.density.max())
    assert np.all(found.density[found.inside] > 0) and np.all(found.density[~found.inside] == 0)


@pytest.mark.parametrize("name", ["before without r", "after", "lstm", "vanilla"])
def test_the_scalar_equation_agrees_with_the_general_ones(units, name):
    unit = units[name]
    (rows,) = feedback_loops(unit)
    assert len(rows) == 1
    scalar, general = ScalarDyson(unit, rows[0]), Dyson(unit, rows)
    lam = POINTS[rg.resolvent(unit, POINTS).inside]
    found = []
    for loop in (scalar, general):
        at = loop.at(lam)
        s = at.solve(np.full((len(lam), loop.unknowns), np.nan))
        found.append((at.root, *at.evaluate(s)))
        assert np.array_equal(at.evaluate(s, density=False)[0], found[-1][1])
        if loop is scalar:
            F = s
    assert np.all((F > 0) & (F < 1))
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-8)


def test_closed_poles_agree_with_blocks(units):
    """s(λ) and its slopes, from the architecture's poles and from its blocks."""
    from rmt_gates.spectra.scalar_dyson import BlockResponse

    for name in ("after", "lstm", "before without r"):
        unit = units[name]
        ((row,),) = feedback_loops(unit)
        poles = ScalarDyson(unit, row)._response.at(POINTS)
        blocks = BlockResponse(unit, row).at(POINTS)
        np.testing.assert_allclose(poles.s, blocks.s, rtol=1e-10)
        (real,), curvature, excess = poles.derivatives()
        slope, curvature_2, excess_2 = blocks.derivatives()
        np.testing.assert_allclose(real, slope[0], rtol=1e-10)
        np.testing.assert_allclose(POINTS.imag[:, None] * curvature, slope[1], rtol=1e-10)
        np.testing.assert_allclose(curvature, curvature_2, rtol=1e-10)
        excess = 0.0 if excess is None else excess
        assert np.all(np.abs(excess - excess_2) <= 1e-10 * blocks.s * curvature)


def test_a_constant_share_of_the_response():
    """s = n₀ + n/|λ−p|²: slopes by differences, for architectures that have such a pole."""
    from rmt_gates.spectra.scalar_dyson import PoleResponse

    constant, n, p = np.array([0.3, 0.7]), np.array([1.0, 2.0]), np.array([0.2, 0.6])
    response, d = PoleResponse([(None, constant), (p, n)]), 1e-4
    lam = np.array([0.5 + 0.4j])
    s = {e: response.at(lam + e * d).s for e in (0, 1, -1, 1j, -1j)}
    np.testing.assert_allclose(s[0][0], constant + n / np.abs(lam - p) ** 2)
    (real,), curvature, excess = response.at(lam).derivatives()
    along, across = (s[1] - s[-1]) / (2 * d), (s[1j] - s[-1j]) / (2 * d)
    laplace = (s[1] + s[-1] + s[1j] + s[-1j] - 4 * s[0]) / d**2 / 4
    np.testing.assert_allclose(real, along / 2, rtol=1e-6)
    np.testing.assert_allclose(curvature, laplace, rtol=1e-5)
    np.testing.assert_allclose(excess, s[0] * laplace - (along**2 + across**2) / 4, rtol=1e-5)


def test_uniform_disc_of_the_zero_state():
    """(20)(21): G and μ of a uniform disc, inside and outside, for both conventions."""
    s, R = 1 / (1 + np.exp(-0.4)), 3 / (1 + np.exp(0.4)) / (1 + np.exp(0.2))
    for reset in ("before", "after"):
        point = rg.fixed_points(rg.GRU(a_h=3, a_z=2, a_r=5, b_z=0.4, b_r=-0.2, reset=reset))[0]
        lam = s + R * np.array([0.0, 0.5j, -0.9, 0.3 + 0.2j, 1.1, 2 + 1j])
        found = rg.resolvent(point, lam)
        inside = np.abs(lam - s) < R
        np.testing.assert_array_equal(found.inside, inside)
        exact = np.where(inside, (lam - s).conj() / R**2, 1 / (lam - s + (lam == s)))
        np.testing.assert_allclose(found.G, exact, rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(found.density, inside / (np.pi * R**2), rtol=1e-10)


def test_disc_and_delta_of_the_lstm_at_zero():
    """(37): half of the eigenvalues at 0, half in a disc at f of radius o i a_h."""
    point = rg.fixed_points(rg.LSTM(a_h=3, a_f=2, b_f=0.5))[0]
    f, R = 1 / (1 + np.exp(-0.5)), 0.75
    lam = np.array([f + 0.3j, f - 0.7, 2.0, -1 + 1j])
    found = rg.resolvent(point, lam)
    inside = np.abs(lam - f) < R
    disc = np.where(inside, (lam - f).conj() / R**2, 1 / (lam - f))
    np.testing.assert_allclose(found.G, 0.5 * (disc + 1 / lam), rtol=1e-10)
    np.testing.assert_allclose(found.density, 0.5 * inside / (np.pi * R**2), rtol=1e-10)


def test_outside_is_the_holomorphic_branch(units):
    unit = units["lstm"]
    lam = np.array([3 + 1j, -4.0, 2.5j])
    f = 1 / (1 + np.exp(-unit["eta_f"]))
    exact = [0.5 * (unit.weights @ (1 / l + 1 / (l - f))) for l in lam]
    found = rg.resolvent(unit, lam)
    np.testing.assert_allclose(found.G, exact, rtol=1e-14)
    assert not found.inside.any() and not found.density.any()


def test_symmetry_and_shapes(units):
    unit = units["before"]
    both = rg.resolvent(unit, np.array([[0.4 + 0.2j], [0.4 - 0.2j]]))
    assert both.G.shape == both.density.shape == both.status.shape == (2, 1)
    np.testing.assert_allclose(both.G[0], both.G[1].conj(), rtol=1e-14)
    np.testing.assert_allclose(both.density[0], both.density[1], rtol=1e-13)
    one = rg.resolvent(unit, 0.4 + 0.2j)
    assert np.shape(one.density) == () and one.density == pytest.approx(both.density[0, 0])
    assert one.message == Status.OK.sentence


@pytest.mark.parametrize("name", ["lstm", "after", "before"])
def test_where_lambda_meets_a_gate(units, name):
    """X(λ) is singular for one unit: nothing is, in the equations."""
    unit = units[name]
    gate = "eta_f" if name == "lstm" else "zeta"
    z = 1 / (1 + np.exp(-unit[gate][3]))
    at, beside = rg.resolvent(unit, z), rg.resolvent(unit, z + 1e-9j)
    assert at.inside and beside.inside
    np.testing.assert_allclose(at.density, beside.density, rtol=1e-5)
    np.testing.assert_allclose(at.G, beside.G, rtol=1e-5)


def test_many_units_give_the_same_as_all_at_once(monkeypatch, chaotic):
    """The guess from few units changes nothing but the time."""
    lam = np.array([0.3 + 0.2j, 1.1 + 0.1j, 0.9, -0.3 + 0.3j])
    quick = rg.resolvent(chaotic, lam)
    monkeypatch.setattr(module, "ENOUGH", 10**9)
    slow = rg.resolvent(chaotic, lam)
    np.testing.assert_allclose(quick.G, slow.G, rtol=1e-8)
    np.testing.assert_allclose(quick.density, slow.density, rtol=1e-8)


def test_close_to_the_boundary(chaotic):
    """Solved on both sides of the sample's own curve, with the edge density in the limit."""
    unit = chaotic.unit
    curve = rg.spectral_curve(unit)
    for i in (60, 150, 250, 370):
        x, y = curve.x[i], curve.y[i]
        found = rg.resolvent(unit, x + 1j * y * (1 + np.array([-1e-2, -1e-3, -1e-5, -1e-7, 1e-7])))
        assert found.inside.tolist() == [True] * 4 + [False]
        assert np.all(found.status == Status.OK)
        assert np.ptp(found.density[1:4]) < 0.02 * found.density[1]
        assert found.density[4] == 0
        (edge,) = edge_density(unit, np.array([x + 1j * y]))
        assert found.density[3] == pytest.approx(edge, rel=1e-3)


def test_what_did_not_settle_is_nan(monkeypatch, units):
    monkeypatch.setattr("rmt_gates.spectra.dyson.NEWTON", 0)
    found = rg.resolvent(units["before"], [0.4 + 0.1j, 9.0])
    assert found.status.tolist() == [Status.NOT_CONVERGED, Status.OK]
    assert np.isnan(found.density[0]) and np.isnan(found.G[0]) and np.isfinite(found.G[1])
    assert found.message.startswith("1 of 2 points: ")


def test_refusals(chaotic):
    with pytest.raises(TypeError, match=r"^lam must be a number or an array of numbers, got 'x'$"):
        rg.resolvent(chaotic, "x")
    with pytest.raises(ValueError, match=r"^lam must be finite, and \|lam\| below 1e\+150$"):
        rg.resolvent(chaotic, [0.5, np.nan])
    with pytest.raises(ValueError, match=r"^lam must be finite, and "):
        rg.resolvent(chaotic, 1e200)
    with pytest.raises(TypeError, match=r"^state must be a FixedPoint .* got GRUResetBefore$"):
        rg.resolvent(chaotic.model, 0)


def random_starts(unit, spoil=None):
    """Points inside of the general equations, and how many Newton steps it takes to solve them."""
    (rows,) = feedback_loops(unit)
    lam = POINTS + 0.05 * np.arange(len(POINTS))
    at = Dyson(unit, rows).at(lam[Dyson(unit, rows).at(lam).root > 1])
    if spoil:
        at._from_edge = spoil
    return at, at.solve(np.full((len(at.root), 2 * len(rows)), np.nan))


def test_starts_at_the_edge_and_from_afar_lead_to_the_same(units):
    """One evaluation along the Perron vectors starts Newton's method; damped iteration helps it."""
    unit = units["before"]
    at, s = random_starts(unit)
    _, other = random_starts(unit, spoil=lambda missed: np.full((len(missed), 4), np.nan))
    strength = s[:, :2] * s[:, 2:]
    np.testing.assert_allclose(strength, other[:, :2] * other[:, 2:], rtol=1e-8)
    np.testing.assert_allclose(at.right_hand_side(at.inverse(s)), s, rtol=1e-8)
    start = at._from_edge(np.arange(len(s)))
    assert np.all(np.abs(np.log(start[:, :2] * start[:, 2:] / strength).mean(axis=1)) < 1)


def test_start_at_the_edge(chaotic):
    """σκ grows like Λ − 1 there, and the start's size with it: within a few per cent."""
    unit = chaotic.unit.rows(slice(None, None, 8))
    curve = rg.spectral_curve(unit)
    edge = curve.x[150] + 1j * curve.y[150]
    (rows,) = feedback_loops(unit)
    sizes = []
    for inwards in (1e-2, 1e-3):
        at = Dyson(unit, rows).at(np.array([edge - 1j * inwards * edge.imag]))
        s, start = at.solve(np.full((1, 4), np.nan)), at._from_edge(np.arange(1))
        exact, guessed = (np.sort(v[0, :2] * v[0, 2:]) for v in (s, start))
        np.testing.assert_allclose(guessed, exact, rtol=0.06)
        sizes.append(exact / (at.root[0] - 1))
    np.testing.assert_allclose(*sizes, rtol=0.03)


@pytest.mark.parametrize("size", [0.0, 1e-6, 1e-3])
def test_networks_next_to_zero(size):
    """Most unknowns are next to nothing: what feeds back through the gates is of order h²."""
    network = rg.sample_network(rg.GRU(a_h=1.5, a_z=1, a_r=1), 100, rng=1)
    unit = network.unit(size * np.random.default_rng(0).normal(size=100))
    found = rg.resolvent(
        unit, 0.5 + 0.38 * np.exp(1j * np.linspace(0, 3, 30)) * np.linspace(0, 1, 30)
    )
    assert not found.status.any()
    # a disc of radius 3/8 around 1/2
    np.testing.assert_allclose(found.density[5:20], 1 / (np.pi * 0.375**2), rtol=0.01)
