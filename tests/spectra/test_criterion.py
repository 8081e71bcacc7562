"""The Perron root of M(λ): its entries, its vectors, and where it is 1."""

from functools import partial

import numpy as np
import pytest

import rmt_gates as rg
from rmt_gates.spectra import criterion
from rmt_gates.spectra.criterion import (
    criterion_matrix,
    criterion_slope,
    perron_root,
    response,
    transfer,
)

LAM = np.array([1.4 + 0.2j, -0.3 - 0.5j, 0.5 + 0.7j, 2.0])


def sigma(x):
    return 1 / (1 + np.exp(-x))


def pieces(unit):
    z, r, y, h = sigma(unit["zeta"]), sigma(unit["xi"]), unit["y"], unit["h"]
    b = (1 - z) / np.cosh(y) ** 2
    pull = (h - np.tanh(y)) * z * (1 - z)
    return z, r, r * (1 - r), h, b, pull


def test_entries(random_unit):
    """M_kl = a_k² E|(Ĉ X⁻¹ B̂)_kl|², written out for each pair of (U_h, U_r, U_z)."""
    unit = random_unit()
    z, r, dr, h, b, pull = pieces(unit)
    M = criterion_matrix(unit, LAM)
    assert M.shape == (4, 3, 3)
    for lam, got in zip(LAM, M, strict=True):
        d = abs(lam - z) ** 2
        mean = lambda f: unit.weights @ f
        row = [b**2 / d, 0 * d, pull**2 / d]
        exact = np.array(
            [
                [4.0 * mean(r**2 * row[0]), 4.0 * mean(h**2 * dr**2), 4.0 * mean(r**2 * row[2])],
                [2.25 * mean(f) for f in row],
                [9.0 * mean(f) for f in row],
            ]
        )
        np.testing.assert_allclose(got, exact, rtol=1e-12, atol=1e-30)


def test_transfer_is_the_linear_response(random_unit):
    unit = random_unit(5)
    z, r, dr, h, b, pull = pieces(unit)
    Y = transfer(unit, LAM)
    for p, lam in enumerate(LAM):
        w = lam - z
        exact = np.array(
            [
                [r * b / w, h * dr, r * pull / w],
                [b / w, 0 * w, pull / w],
                [b / w, 0 * w, pull / w],
            ]
        )
        np.testing.assert_allclose(np.moveaxis(Y[p], 0, -1), exact, rtol=1e-12, atol=1e-30)


def test_matrices_without_a_gain_are_dropped(random_unit):
    full = criterion_matrix(random_unit(), LAM)
    for name, kept in (("a_r", [0, 2]), ("a_z", [0, 1]), ("a_h", [1, 2])):
        M = criterion_matrix(random_unit(**{name: 0.0}), LAM)
        np.testing.assert_allclose(M, full[:, kept][:, :, kept], rtol=1e-13)
    nothing = perron_root(random_unit(a_h=0.0, a_r=0.0, a_z=0.0), LAM)
    np.testing.assert_array_equal(nothing.root, np.zeros(4))
    assert nothing.root.shape == (4,) and nothing.right.shape == nothing.left.shape == (4, 0)
    square = perron_root(random_unit(a_h=0.0, a_r=0.0, a_z=0.0), LAM.reshape(2, 2))
    assert square.root.shape == (2, 2) and square.left.shape == (2, 2, 0)


def test_shapes_follow_lambda(random_unit):
    unit = random_unit()
    root = perron_root(unit, LAM.reshape(2, 2))
    assert root.root.shape == (2, 2) and root.right.shape == root.left.shape == (2, 2, 3)
    np.testing.assert_array_equal(root.root.ravel(), perron_root(unit, LAM).root)
    one = perron_root(unit, LAM[1])
    assert np.shape(one.root) == () and one.right.shape == (3,)
    assert one.root == pytest.approx(root.root[0, 1], rel=1e-14)


def test_root_and_vectors(random_unit):
    unit = random_unit()
    M = criterion_matrix(unit, LAM)
    root, right, left = perron_root(unit, LAM)
    np.testing.assert_allclose(root, np.abs(np.linalg.eigvals(M)).max(axis=-1), rtol=1e-13)
    np.testing.assert_allclose((M @ right[..., None])[..., 0], root[:, None] * right, rtol=1e-11)
    ell = left / unit.model.gains() ** 2
    np.testing.assert_allclose((ell[:, None] @ M)[:, 0], root[:, None] * ell, rtol=1e-11)
    assert np.all(right >= 0) and np.all(left >= 0)


def test_many_points_are_cut_into_parts(random_unit, monkeypatch):
    unit = random_unit()
    lam = np.linspace(-1, 2, 50) + 0.3j
    whole = criterion_matrix(unit, lam)
    monkeypatch.setattr(criterion, "CHUNK", 70)
    np.testing.assert_allclose(criterion_matrix(unit, lam), whole, rtol=1e-13)


@pytest.mark.parametrize("at_rest", [False, True])
@pytest.mark.parametrize("changes", [{}, {"a_r": 0.0}, {"a_z": 0.0}], ids=str)
def test_zero_set_is_that_of_S_under_mean_fields_independence(
    product_unit, closed_S, at_rest, changes
):
    """On the same discrete sample, to rounding (Theorem 4.1)."""
    unit = product_unit(at_rest=at_rest, **changes)
    curve = rg.spectral_curve(unit)
    on = curve.y > 0
    assert on.sum() > 100
    lam = curve.x[on] + 1j * curve.y[on]
    np.testing.assert_allclose(closed_S(unit, lam), 0, rtol=0, atol=1e-10)
    np.testing.assert_allclose(perron_root(unit, lam).root, 1, rtol=0, atol=1e-10)
    np.testing.assert_allclose(closed_S(unit, curve.x[[0, -1]]), 0, rtol=0, atol=1e-8)
    inside, outside = 0.97 * curve.y[on], 1.03 * curve.y[on]
    assert np.all(closed_S(unit, curve.x[on] + 1j * inside) > 0)
    assert np.all(closed_S(unit, curve.x[on] + 1j * outside) < 0)
    # away from the boundary the two functions differ
    if changes != {"a_r": 0.0}:
        assert abs(perron_root(unit, 2.5).root - 1 - closed_S(unit, 2.5)) > 1e-2


def hand_gru_after(u, w, lam, a):
    z, r = sigma(u["zeta"]), sigma(u["xi"])
    y = r * u["u"] + u["b"]
    slope = (1 - z) * (1 - np.tanh(y) ** 2)
    gates = (a["a_h"] * r) ** 2 + (a["a_r"] * u["u"] * r * (1 - r)) ** 2
    pull = a["a_z"] * z * (1 - z) * (u["h"] - np.tanh(y))
    return w @ ((slope**2 * gates + pull**2) / np.abs(lam - z) ** 2)


def hand_lstm(u, w, lam, a):
    f, i, o = (sigma(u[f"eta_{k}"]) for k in "fio")
    c, y = u["c"], u["y"]
    after = f * c + i * np.tanh(y)
    q = (a["a_o"] * o * (1 - o) * np.tanh(after)) ** 2
    into_c = (a["a_f"] * f * (1 - f) * c) ** 2
    into_c += (a["a_i"] * i * (1 - i) * np.tanh(y)) ** 2
    into_c += (a["a_h"] * i * (1 - np.tanh(y) ** 2)) ** 2
    p = o**2 * (1 - np.tanh(after) ** 2) ** 2 * into_c
    return w @ (q / np.abs(lam) ** 2 + p / np.abs(lam - f) ** 2)


def hand_vanilla(u, w, lam, a):
    return a["a_h"] ** 2 * (w @ (1 - np.tanh(u["y"]) ** 2) ** 2) / np.abs(lam) ** 2


@pytest.mark.parametrize(
    "kind, carried, inputs, gains, hand",
    [
        (
            partial(rg.GRU, reset="after"),
            ("h",),
            ("zeta", "xi", "u", "b"),
            {"a_h": 2.0, "a_z": 3.0, "a_r": 1.5},
            hand_gru_after,
        ),
        (
            rg.LSTM,
            ("c", "h"),
            ("eta_f", "eta_i", "eta_o", "y"),
            {"a_h": 3.0, "a_f": 1.5, "a_i": 2.0, "a_o": 2.5},
            hand_lstm,
        ),
        (rg.Vanilla, ("h",), ("y",), {"a_h": 1.7}, hand_vanilla),
    ],
    ids=["GRU, reset after", "LSTM", "Vanilla"],
)
def test_root_is_S_plus_one_on_any_sample(kind, carried, inputs, gains, hand):
    """§4 by hand, on a weighted sample of units in which everything depends on everything.

    So it is for all but reset before, also off the boundary and with matrices left out.
    """
    rng = np.random.default_rng(7)
    names = (*inputs, *carried)
    drawn = rng.normal(size=(len(names), 25)) + 0.5 * rng.normal(size=25)
    u = dict(zip(names, drawn, strict=True))
    w = rng.uniform(0.2, 1, 25)
    carry = [u[name] for name in carried]
    for left_out in (None, *gains):
        a = gains if left_out is None else {**gains, left_out: 0.0}
        unit = kind(**a).unit(
            {name: u[name] for name in inputs}, carry if carry[1:] else carry[0], w
        )
        exact = [hand(u, w / w.sum(), lam, a) for lam in LAM]
        np.testing.assert_allclose(perron_root(unit, LAM).root, exact, rtol=1e-10)
        np.testing.assert_allclose(rg.spectral_curve(unit).S(LAM) + 1, exact, rtol=1e-10)


def test_slope(random_unit):
    """∂M/∂y against central differences."""
    unit, d = random_unit(), 1e-6
    M, slope = criterion_slope(unit, LAM)
    np.testing.assert_array_equal(M, criterion_matrix(unit, LAM))
    up, down = (criterion_matrix(unit, LAM + s * 1j * d) for s in (1, -1))
    np.testing.assert_allclose(slope, (up - down) / (2 * d), rtol=1e-7, atol=1e-8)


def dense(rows, n):
    """(points, units, rows, columns) from nested lists of whatever broadcasts."""
    full = [[np.broadcast_to(e, (len(LAM), n)) for e in row] for row in rows]
    return np.moveaxis(np.array(full, complex), (0, 1), (2, 3))


@pytest.mark.parametrize("kind", ["GRU", "three stages"])
def test_response_by_dense_linear_algebra(kind, random_unit, three_stages):
    """X⁻¹B̂, ĈX⁻¹, Y, M and ∂M/∂y with every matrix written out in full."""
    unit = random_unit(6) if kind == "GRU" else three_stages(n=6)
    X, B, C = (dense(m, 6) for m in unit.model.blocks(unit.inputs, unit.carry, LAM[:, None]))
    got = response(unit, LAM)
    solved, onto = np.linalg.solve(X, B), C @ np.linalg.inv(X)
    close = {"rtol": 1e-11, "atol": 1e-13}
    np.testing.assert_allclose(dense(got.from_weights, 6), solved, **close)
    np.testing.assert_allclose(dense(got.to_weights, 6), onto, **close)
    np.testing.assert_allclose(dense(got.Y, 6), C @ solved, **close)
    np.testing.assert_allclose(transfer(unit, LAM), C @ solved, **close)

    gains, P = unit.model.gains()[:, None], np.zeros(X.shape[-2:])
    P[unit.model.carriers, unit.model.carriers] = 1
    moved = -1j * onto @ P @ solved  # ∂Y/∂y: X changes by i on the blocks that carry λ
    mean = lambda f: gains**2 * np.einsum("u,pukl->pkl", unit.weights, f)
    M, slope = criterion_slope(unit, LAM)
    np.testing.assert_allclose(M, mean(np.abs(C @ solved) ** 2), **close)
    np.testing.assert_allclose(criterion_matrix(unit, LAM), M, **close)
    np.testing.assert_allclose(slope, mean(2 * np.real(np.conj(C @ solved) * moved)), **close)


def test_any_matrix_without_a_gain_is_dropped(three_stages):
    M, slope = criterion_slope(three_stages(), LAM)
    for gains, kept in (((0.0, 0.7, 2.0), [1, 2]), ((1.3, 0.0, 2.0), [0, 2]), ((0, 0, 2.0), [2])):
        unit = three_stages(gains)
        got = (*criterion_slope(unit, LAM), criterion_matrix(unit, LAM))
        for full, part in zip((M, slope, M), got, strict=True):
            np.testing.assert_allclose(part, full[:, kept][:, :, kept], rtol=1e-13)
        assert response(unit, LAM).Y[-1][-1].shape == (4, 6)


def test_without_independence_the_bracket_of_r1_remains(random_unit):
    """1 = a_h²D_r + a_h²a_r² E[h²r'²] D + a_z²H + a_h²a_z²(H_r D − D_r H): det(1 − M) = 0."""
    from scipy.optimize import brentq

    unit = random_unit()
    z, r, dr, h, b, pull = pieces(unit)
    x = brentq(lambda x: perron_root(unit, np.array([x + 0.2j])).root[0] - 1, 0.9, 20, xtol=1e-14)
    d, w = abs(x + 0.2j - z) ** 2, unit.weights
    D, D_r, H, H_r = (w @ (f / d) for f in (b**2, r**2 * b**2, pull**2, r**2 * pull**2))
    plain = 4 * D_r + 4 * 2.25 * (w @ (h * dr) ** 2) * D + 9 * H
    bracket = 4 * 9 * (H_r * D - D_r * H)
    assert plain + bracket == pytest.approx(1, abs=1e-11)
    assert abs(bracket) > 1e-3


def test_on_the_state_of_an_infinite_network(chaotic):
    """The Perron root of the sampled unit is 1 on the state's curve, to the sample's error."""
    curve = rg.spectral_curve(chaotic)
    points = slice(40, 361, 40)
    lam = curve.x[points] + 1j * curve.y[points]
    root = perron_root(chaotic.unit, lam).root
    np.testing.assert_allclose(root, 1, atol=0.04)
    assert abs(root.mean() - 1) < 0.02
