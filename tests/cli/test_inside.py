"""rmt-gates density and slow-modes: the numbers are the library's and the networks' own."""

import json

import numpy as np
import pytest

import rmt_gates as rg

BASIC = ["gru", "--a-h", "3"]
POINT = [*BASIC, "--a-z", "1", "--a-r", "2", "--fixed-point", "-1"]


def as_json(run, *argv):
    code, out, err = run(*argv, "--json")
    assert err == "" and out.count("\n") == 1
    return code, json.loads(out)


def test_slow_modes_equal_the_library(run):
    code, data = as_json(run, "slow-modes", *POINT, "--radius", "0.1", "0.5", "--time", "2")
    point = rg.fixed_points(rg.GRU(a_h=3, a_z=1, a_r=2))[-1]
    assert code == 0 and data["converged"]
    assert data["slow_modes"]["radius"] == [0.1, 0.5]
    assert data["slow_modes"]["networks"] is None and data["slow_modes"]["own_units"] is None
    assert data["slow_modes"]["fraction"] == rg.slow_mode_fraction(point, [0.1, 0.5]).tolist()
    assert data["relaxation"]["fraction"] == [rg.relaxation_time_fraction(point, 2.0)]


def test_density_equals_the_library(run):
    code, data = as_json(run, "density", *POINT, "--at", "0.9+0.1j", "-2")
    point = rg.fixed_points(rg.GRU(a_h=3, a_z=1, a_r=2))[-1]
    found = rg.resolvent(point, [0.9 + 0.1j, -2])
    assert code == 0
    assert data["density"]["lam"] == [[0.9, 0.1], [-2.0, 0.0]]
    assert data["density"]["density"] == found.density.tolist()
    assert data["density"]["G"] == [[g.real, g.imag] for g in found.G]
    assert data["density"]["inside"] == [True, False]
    R = data["moduli"]["radius"]
    assert len(R) == 10 and data["moduli"]["fraction"][-1] == pytest.approx(1, abs=1e-9)
    assert data["moduli"]["fraction"] == rg.eigenvalue_fraction(point, 0, R).tolist()
    assert data["point_masses"] == {"location": [], "weight": []}


def test_several_negative_points(run):
    _, data = as_json(run, "density", *POINT, "--at", "-2", "-1e-3+.2j", "-.5j", "0.3")
    assert data["density"]["lam"] == [[-2, 0], [-1e-3, 0.2], [0, -0.5], [0.3, 0]]


def test_networks_are_counted(run):
    """The fractions of the eigenvalues that the same run prints."""
    sampled = ["--simulate", "50", "--seeds", "2"]
    _, data = as_json(run, "slow-modes", *BASIC, *sampled, "--radius", "0.4", "--time", "3")
    networks = np.array(data["simulation"]["eigenvalues"])
    lam = networks[..., 0] + 1j * networks[..., 1]
    near = [[np.mean(np.abs(one - 1) < 0.4) for one in lam]]
    long = [[np.mean(-1 / np.log(np.abs(one)) > 3) + np.mean(np.abs(one) >= 1) for one in lam]]
    assert data["slow_modes"]["networks"] == near and data["relaxation"]["networks"] == long
    _, data = as_json(run, "density", *BASIC, *sampled)
    R = np.array(data["moduli"]["radius"])
    inside = np.array([[np.mean(np.abs(one) < r) for one in lam] for r in R])
    np.testing.assert_array_equal(data["moduli"]["networks"], inside)


def test_tables(run):
    code, out, _ = run("slow-modes", *POINT)
    assert code == 0
    assert [line.split()[0] for line in out.splitlines() if line[:2] == "0."] == [
        "0.05", "0.1", "0.2", "0.3", "0.6",
    ]  # fmt: skip
    code, out, _ = run("density", "lstm", "--a-h", "3", "--fixed-point", "0", "--at", "3")
    assert code == 0 and "point mass at 0  0.5" in out and "outside" in out


@pytest.mark.parametrize("command", ["density", "slow-modes"])
def test_figures(run, tmp_path, command):
    path = tmp_path / "figure.png"
    code, out, _ = run(command, *BASIC, "--fixed-point", "0", "--figure", str(path))
    assert code == 0 and path.stat().st_size > 10_000 and out.endswith(f"Figure: {path}\n")


@pytest.mark.parametrize("command", ["density", "slow-modes"])
def test_no_state(run, command):
    """A state that is not found: exit code 3, and nothing that looks like a result."""
    argv = ["gru", "--a-h", "3", "--a-z", "10", "--a-r", "1", "--max-seconds", "1e-9"]
    code, data = as_json(run, command, *argv)
    name = command.replace("-", "_")
    assert code == 3 and data["converged"] is False and data[name] is None


@pytest.mark.parametrize(
    "line, message",
    [
        ("density gru --a-h 3 --at x", "--at: must be a number such as 0.9+0.1j, got 'x'"),
        ("density gru --a-h 3 --at nan", "--at: must be a number such as 0.9+0.1j, got 'nan'"),
        ("slow-modes gru --a-h 3 --radius 0", "--radius: must be a positive number, got '0'"),
        ("slow-modes gru --a-h 3 --time soon", "--time: must be a positive number, got 'soon'"),
        ("slow-modes gru --a-h 3 --seeds 2", "--seeds needs --simulate N"),
    ],
)
def test_refusals(run, line, message):
    code, out, err = run(*line.split())
    assert code == 2 and out == "" and message in err and err.count("\n") == 1


def test_a_sampled_state_has_errors(run):
    """Beside the theory, and in JSON; a fixed point has none."""
    model = ["gru", "--a-h", "3", "--a-z", "1", "--a-r", "1", "--rtol", "0.02"]
    code, data = as_json(run, "slow-modes", *model, "--radius", "0.1", "0.5")
    fraction, error = (np.array(data["slow_modes"][n]) for n in ("fraction", "error"))
    assert code == 0 and ((error > 1e-5) & (error < 0.1 * fraction)).all()
    _, text, _ = run("slow-modes", *model, "--radius", "0.1", "0.5")
    assert text.count("±") >= 2
    assert not any(as_json(run, "slow-modes", *POINT)[1]["slow_modes"]["error"])


def test_a_spectrum_that_is_a_point(run):
    """|λ| < 0.1, 0.2, … and not ten times |λ| < 0."""
    _, data = as_json(run, "density", "vanilla", "--a-h", "0")
    assert data["moduli"]["radius"] == pytest.approx(np.arange(1, 11) / 10)
    assert data["moduli"]["fraction"] == pytest.approx(np.ones(10))
