"""Deviation from a random ensemble: quiet on independent entries, and on each planted departure."""

import json

import numpy as np
import pytest
import torch

import rmt_gates as rg
from rmt_gates.networks.deviation import deviation_of

N = 128


def normal(seed, a=1.0, size=N):
    draws = np.random.default_rng(seed).normal(size=(size, size))
    return torch.from_numpy(a / size**0.5 * draws)


def kinds(matrix):
    """The first word of each reason; "1" for one outlier, "3" for three."""
    return [reason.split()[0] for reason in matrix.reasons]


@pytest.mark.parametrize("kind", [torch.nn.RNN, torch.nn.GRU, torch.nn.LSTM])
def test_the_default_initialisation_of_torch_is_quiet(kind):
    torch.manual_seed(0)
    deviation = rg.from_torch(kind(3, N)).deviation
    for matrix in deviation.matrices.values():
        assert matrix.reasons == ()
        assert abs(matrix.mean) < 4 and abs(matrix.symmetry) < 4 and abs(matrix.correlation) < 4
        assert matrix.kurtosis == pytest.approx(-1.2, abs=0.03)
        assert matrix.outliers == 0 and abs(matrix.largest - 1) < 2 / N ** (2 / 3)


def test_units_of_mean_kurtosis_symmetry_and_correlation():
    """Over many draws each number has mean 0 and variance 1."""
    numbers = []
    for i in range(400):
        deviation = deviation_of({"h": normal(2 * i, 3, 40), "z": normal(2 * i + 1, 0.1, 40)})
        m = deviation["h"]
        assert m.partner == "z" and m.correlation == pytest.approx(deviation["z"].correlation)
        numbers.append((m.mean, m.kurtosis / m.kurtosis_error, m.symmetry, m.correlation))
    mean, variance = np.mean(numbers, axis=0), np.var(numbers, axis=0)
    assert np.all(np.abs(mean) < 5 / 400**0.5)
    assert np.all(np.abs(variance - 1) < 5 * (2 / 400) ** 0.5 + 0.05)


def planted(seed, theta):
    """A rank-one part of size theta in a matrix of gain 1."""
    u, v = torch.from_numpy(np.random.default_rng(seed + 1).normal(size=(2, N)))
    return normal(seed) + theta * torch.outer(u / u.norm(), v / v.norm())


def test_planted_outlier():
    deviation = deviation_of({"h": planted(0, 3.0), "z": normal(5)})
    assert kinds(deviation["h"]) == ["1"]
    assert kinds(deviation["z"]) == []
    assert deviation.message == (
        "U_z looks like a random ensemble; U_h (1 singular value beyond the edge, up to "
        f"{deviation['h'].largest:.3g} of it) does not."
    )


def test_the_planted_outlier_is_where_theory_puts_it():
    """θ > a gives a singular value θ + a²/θ (Benaych-Georges, Nadakuditi 2012, square case).

    The scatter from draw to draw is 0.041 of the edge.
    """
    found = [deviation_of({"h": planted(i, 3.0)})["h"].largest for i in range(0, 40, 2)]
    a = (1 + 9 / N) ** 0.5  # the ensemble's gain includes the planted part
    assert np.mean(found) == pytest.approx((3 + 1 / 3) / (2 * a), abs=5 * 0.041 / 20**0.5)


def test_heavy_tails():
    rng = np.random.default_rng(0)
    heavy = torch.from_numpy(rng.standard_t(2.5, size=(N, N)))
    laplace = torch.from_numpy(rng.laplace(size=(N, N)))
    deviation = deviation_of({"h": heavy, "z": laplace})
    assert "heavy" in kinds(deviation["h"])
    assert deviation["h"].outliers > 0  # no fourth moment, no edge
    assert deviation["z"].kurtosis == pytest.approx(3, abs=0.5)
    assert kinds(deviation["z"]) == ["heavy"]  # measurable, but the edge stands
    assert deviation.message.startswith("No matrix looks like a random ensemble: U_h (heavy tails")


def test_common_mean():
    """`mean` is in units of a/N^(3/2); from √N on there is an outlier."""
    small, large = normal(0) + 8 / N**1.5, normal(1) + 4 * N**0.5 / N**1.5
    deviation = deviation_of({"h": small, "z": large})
    assert kinds(deviation["h"]) == ["mean"]
    assert deviation["h"].mean == pytest.approx(8, abs=3)
    assert kinds(deviation["z"]) == ["mean", "1"]
    assert deviation["z"].mean == pytest.approx(4 * N**0.5 / (1 + 16 / N) ** 0.5, abs=3)


def test_dependent_entries():
    U = normal(0)
    symmetric = (U + U.T) / 2**0.5
    torch.manual_seed(0)
    orthogonal = torch.nn.init.orthogonal_(torch.empty(N, N))
    deviation = deviation_of({"h": symmetric, "z": orthogonal})
    assert kinds(deviation["h"]) == ["U_ij"]
    assert deviation["h"].symmetry == pytest.approx((N * (N - 1) / 2) ** 0.5, rel=0.02)
    assert kinds(deviation["z"]) == ["singular"]
    assert deviation["z"].largest == pytest.approx(0.5, abs=1e-6)


def test_correlated_matrices():
    U, V = normal(0), normal(1, 2)
    deviation = deviation_of({"h": U, "r": 0.1 * U + 0.3 * V, "z": normal(2)})
    expected = 0.1 / (0.1**2 + 0.6**2) ** 0.5
    assert deviation["h"].correlation / N == pytest.approx(expected, abs=3 / N)
    assert (deviation["h"].partner, deviation["r"].partner) == ("r", "h")
    assert kinds(deviation["h"]) == kinds(deviation["r"]) == ["correlated"]
    assert kinds(deviation["z"]) == []
    assert "U_z looks like a random ensemble; U_h (correlated by" in deviation.message
    assert deviation.message.endswith("with U_h) do not.")


@pytest.mark.parametrize("scale", [1e-60, 1e5])
def test_the_numbers_have_no_scale(scale):
    one, other = (deviation_of({"h": a * normal(0) + a / N})["h"].to_dict() for a in (1, scale))
    for name, value in one.items():
        if isinstance(value, float):
            assert other[name] == pytest.approx(value, rel=1e-9)
        else:
            assert other[name] == value


def test_degenerate_matrices():
    zero = torch.zeros(N, N, dtype=torch.float64)
    assert deviation_of({"h": zero}).message == "There is no recurrence: all matrices are zero."
    constant = deviation_of({"h": zero + 0.1, "z": zero})
    assert list(constant.matrices) == ["h"]
    assert "mean" in kinds(constant["h"]) and constant["h"].kurtosis == -3
    single = deviation_of({"h": torch.ones(1, 1)})
    assert single["h"].reasons == ()
    assert single.message == "Too few units to tell a random ensemble: 1, at least 16 needed."
    json.dumps([constant.to_dict(), single.to_dict()], allow_nan=False)


def test_repr_and_dictionary():
    deviation = deviation_of({"h": normal(0), "z": normal(1)})
    lines = repr(deviation).splitlines()
    assert lines[0] == "Deviation(N=128): U_h and U_z look like independent random ensembles."
    assert lines[1].startswith("  U_h: MatrixDeviation(mean=")
    assert max(map(len, lines)) < 160
    data = json.loads(json.dumps(deviation.to_dict(), allow_nan=False))
    assert data["message"] == deviation.message and data["N"] == N
    assert data["matrices"]["z"]["largest"] == deviation["z"].largest
    assert data["matrices"]["z"]["reasons"] == []
