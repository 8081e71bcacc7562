"""rmt-gates: what it prints, in which form, and with which exit code."""

import json
import subprocess
import sys
from importlib.metadata import version

import numpy as np
import pytest

import rmt_gates as rg
from rmt_gates.cli.output import number, plain, table

BASIC = ["gru", "--a-h", "3", "--a-r", "10"]  # a constant gate: exact and fast


def as_json(run, *argv):
    code, out, err = run(*argv, "--json")
    assert err == ""
    assert out.count("\n") == 1
    return code, json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


# -- fixed points -------------------------------------------------------------------------------
def test_fixed_points_table_has_a_row_for_each(run):
    code, out, err = run("fixed-points", "gru", "--a-h", "1.8", "--a-r", "10")
    assert (code, err) == (0, "")
    first, blank, head, *rows = out.splitlines()
    assert first == "GRU(a_h=1.8, a_r=10)" and blank == ""
    assert head.split() == ["index", "C_h", "rho", "radius", "stable", "residual"]
    assert [row.split()[:2] for row in rows] == [["0", "0"], ["1", "0.0222018"], ["2", "0.123864"]]
    assert [row.split()[4] for row in rows] == ["yes", "no", "no"]


def test_fixed_points_json_equals_the_library(run):
    code, data = as_json(run, "fixed-points", "gru", "--a-h", "1.8", "--a-r", "10")
    assert code == 0
    points = rg.fixed_points(rg.GRU(a_h=1.8, a_r=10))
    assert set(data) == HEADER | {"fixed_points"}
    assert data["seed"] is None and data["options"] == {}
    for i, row in enumerate(data["fixed_points"]):
        assert row.pop("index") == i
        assert row.pop("status") == "OK"
        assert row.pop("message") == rg.Status.OK.sentence
        assert row.pop("residual") < 1e-15
        names = ("C_h", "rho", "spectral_radius", "stable")
        assert row == {name: getattr(points, name)[i] for name in names}


def test_every_field_of_the_record_is_an_option(run):
    values = {name: 0.1 * (i + 1) for i, name in enumerate(rg.GRU(a_h=1).numbers())}
    given = [w for n, v in values.items() for w in (f"--{n.replace('_', '-')}", f"{v}")]
    _, data = as_json(run, "fixed-points", "gru", *given, "--activation", "hardtanh")
    assert data["model"] == rg.GRU(**values, activation="hardtanh").to_dict()


@pytest.mark.parametrize("text", ["-0.5", "-.5", "-5e-1"])
def test_negative_numbers_are_values(run, text):
    _, data = as_json(run, "fixed-points", "gru", "--a-h", "3", "--b-z", text)
    assert data["model"]["b_z"] == -0.5


# -- steady state -------------------------------------------------------------------------------
HEADER = {
    "schema",
    "command",
    "versions",
    "model",
    "options",
    "seed",
    "converged",
    "message",
}
STATE = {"kind", "C_h", "C_h_error", "C_h_static", "averages", "status", "message"}


def test_steady_state_json_equals_the_library_with_the_same_seed(run):
    argv = ["gru", "--a-h", "3", "--a-z", "1", "--a-r", "10", "--rtol", "0.02", "--seed", "5"]
    code, data = as_json(run, "steady-state", *argv)
    state = rg.steady_state(rg.GRU(a_h=3, a_z=1, a_r=10), rng=5, rtol=0.02)
    assert code == 0 and data["converged"] is True
    assert set(data) == HEADER | {"state"} and set(data["state"]) == STATE
    assert data["state"]["C_h"] == state.C_h.tolist()
    assert data["state"]["C_h_error"] == state.C_h_error.tolist()
    assert data["state"]["kind"] == "chaotic"
    assert data["state"]["averages"]["C_h(0)"] == {
        "value": state.averages["C_h(0)"][0],
        "error": state.averages["C_h(0)"][1],
    }
    assert data["seed"] == 5
    assert data["options"] == {"start": None, "rtol": 0.02, "max_seconds": None, "figure": None}
    assert data["versions"] == {
        "rmt_gates": rg.__version__,
        "python": ".".join(map(str, sys.version_info[:3])),
        "numpy": version("numpy"),
        "scipy": version("scipy"),
    }


def test_steady_state_table(run):
    code, out, err = run("steady-state", *BASIC)
    assert (code, err) == (0, "")
    assert "state      chaotic" in out
    assert "C_h(0)     0.352017\n" in out  # exact: without an error
    rows = [line.split() for line in out.splitlines()]
    assert ["lag", "C_h"] in rows and ["0", "0.352017"] in rows
    assert out.endswith("Solved to the requested accuracy.\n")


def test_start_chooses_the_branch(run):
    argv = ["gru", "--a-h", "1.8", "--a-r", "30"]
    assert as_json(run, "steady-state", *argv)[1]["state"]["kind"] == "chaotic"
    code, data = as_json(run, "steady-state", *argv, "--start", "zero")
    assert data["state"]["kind"] == "zero" and data["state"]["C_h"] == [0]
    assert code == 0


def test_what_did_not_converge_says_so_and_exits_with_3(run):
    argv = ["gru", "--a-h", "3", "--a-z", "2", "--rtol", "1e-5", "--max-seconds", "0.05"]
    code, data = as_json(run, "steady-state", *argv)
    assert code == 3
    assert data["converged"] is False and data["state"]["status"] != "OK"
    code, out, _ = run("steady-state", *argv)
    assert code == 3
    assert rg.Status[data["state"]["status"]].sentence in out


# -- spectrum -----------------------------------------------------------------------------------
def test_spectrum_of_the_steady_state(run):
    code, data = as_json(run, "spectrum", *BASIC)
    curve = rg.spectral_curve(rg.steady_state(rg.GRU(a_h=3, a_r=10), rng=0))
    assert code == 0
    assert set(data) == HEADER | {"state", "curve", "simulation"}
    assert set(data["state"]) == STATE and data["simulation"] is None
    assert set(data["curve"]) == {"radius", "radius_error", "marginal", "x", "y"}
    assert data["curve"]["radius"] == curve.radius
    np.testing.assert_array_equal(data["curve"]["y"], curve.y)
    assert "spectral radius, N = ∞  1.36997" in run("spectrum", *BASIC)[1]


@pytest.mark.parametrize("index, expected", [(0, 0), (2, 2), (-1, 2), (-3, 0)])
def test_spectrum_of_a_fixed_point(run, index, expected):
    argv = ["gru", "--a-h", "1.8", "--a-r", "10", "--a-z", "1", "--fixed-point", str(index)]
    code, data = as_json(run, "spectrum", *argv)
    point = rg.fixed_points(rg.GRU(a_h=1.8, a_r=10, a_z=1))[expected]
    assert code == 0
    assert data["curve"]["radius"] == rg.spectral_radius(point)
    assert data["state"]["kind"] == "fixed point" and data["state"]["C_h"] == point.C_h
    assert f"fixed point  {index}" in run("spectrum", *argv)[1]


def test_a_marginal_curve_shows_what_networks_will(run):
    _, out, _ = run("spectrum", "gru", "--a-h", "0.5", "--a-z", "1", "--v-z", "1")
    assert "spectral radius, N = ∞     1\n" in out
    assert "spectral radius, N = 1000  0.9" in out
    assert "marginal                   yes" in out


def test_simulated_networks_agree_and_are_reported(run):
    argv = [*BASIC, "--simulate", "150", "--seeds", "3", "--seed", "2"]
    code, data = as_json(run, "spectrum", *argv)
    assert code == 0
    sampled = data["simulation"]
    assert set(sampled) == {"N", "device", "networks", "eigenvalues", "agreement"}
    assert (sampled["N"], sampled["device"], len(sampled["networks"])) == (150, "cpu", 3)
    lam = np.array(sampled["eigenvalues"]) @ [1, 1j]
    assert lam.shape == (3, 150)
    for row, one in zip(sampled["networks"], lam):
        assert set(row) == {"averages", "radius", "steps", "stationary"}
        assert row["radius"] == pytest.approx(np.abs(one).max(), rel=1e-12)
        assert row["stationary"] is True and row["steps"] >= 500
        assert row["averages"]["C_h(0)"] == pytest.approx(0.352, abs=0.1)
    curve = rg.spectral_curve(rg.steady_state(rg.GRU(a_h=3, a_r=10)))
    assert sampled["agreement"] == rg.compare(curve, lam).to_dict()
    assert "torch" in data["versions"]
    assert as_json(run, "spectrum", *argv)[1]["simulation"] == sampled  # the seed is all there is

    _, out, err = run("spectrum", *argv)
    assert err == ""  # no bar where stderr is no terminal
    assert out.count("\nnetwork ") == 3 and "\nN = 150 " in out and "\ntheory " in out
    assert "fraction outside the curve" in out


def test_networks_at_the_zero_fixed_point_are_linearised_there(run):
    argv = ["spectrum", "gru", "--a-h", "3", "--fixed-point", "0", "--simulate", "50"]
    _, data = as_json(run, *argv, "--seeds", "1")
    (network,) = data["simulation"]["networks"]
    assert network["steps"] == 0 and network["averages"]["C_h(0)"] == 0
    assert data["simulation"]["agreement"]["radius_spread"] is None  # NaN of one network


def test_networks_that_still_drift_are_not_converged(run, monkeypatch):
    monkeypatch.setattr("rmt_gates.cli.simulation.EXTENSIONS", 0)
    monkeypatch.setattr("rmt_gates.networks.trajectory.LIMIT", 0.0)
    argv = [*BASIC, "--simulate", "30", "--seeds", "2"]
    code, data = as_json(run, "spectrum", *argv)
    assert code == 3 and data["converged"] is False
    assert "2 of 2 networks were still drifting after 500 steps" in data["message"]
    assert data["message"] in run("spectrum", *argv)[1]


def test_a_drifting_run_is_extended(run, monkeypatch):
    monkeypatch.setattr("rmt_gates.networks.trajectory.LIMIT", 0.0)
    _, data = as_json(run, "spectrum", *BASIC, "--simulate", "20", "--seeds", "1")
    assert data["simulation"]["networks"][0]["steps"] == 500 * 2**2


# -- figures ------------------------------------------------------------------------------------
@pytest.mark.parametrize("command, suffix", [("steady-state", "svg"), ("spectrum", "png")])
def test_figure_is_written(run, tmp_path, command, suffix):
    path = tmp_path / f"figure.{suffix}"
    code, out, _ = run(command, *BASIC, "--figure", str(path))
    assert code == 0
    assert path.stat().st_size > 1000
    assert out.endswith(f"Figure: {path}\n")
    code, data = as_json(run, command, *BASIC, "--figure", str(path))
    assert code == 0 and data["options"]["figure"] == str(path)


def test_a_bad_figure_is_refused_before_the_work(run, tmp_path, monkeypatch):
    monkeypatch.setitem(rg.__dict__, "steady_state", lambda *_, **__: pytest.fail("worked first"))
    folder = tmp_path / "folder.png"
    folder.mkdir()
    for path, message in [
        ("no/such/folder/x.png", "cannot be written: No such file or directory"),
        (str(folder), "cannot be written: Is a directory"),
        ("x.txt", "the name must end in one of"),
        ("x", "the name must end in one of"),
    ]:
        code, out, err = run("spectrum", *BASIC, "--figure", path)
        assert (code, out) == (2, "")
        assert err.startswith(f"rmt-gates: --figure {path}") and message in err


def test_checking_leaves_no_file_and_harms_none(tmp_path):
    from rmt_gates.cli.output import check_figure

    new, old = tmp_path / "new.png", tmp_path / "old.png"
    old.write_bytes(b"precious")
    check_figure(str(new))
    check_figure(str(old))
    assert not new.exists() and old.read_bytes() == b"precious"


# -- help, version, progress, numbers -----------------------------------------------------------
def test_help_and_version(run):
    code, out, _ = run("--help")
    assert code == 0 and "Exit codes: 0 done; 2 bad input; 3" in out
    code, out, _ = run("spectrum", "gru", "--help")
    assert code == 0 and "gain of U_h: its entries have variance a_h²/N" in out
    assert run("--version")[:2] == (0, f"rmt-gates {rg.__version__}\n")


def test_progress_is_for_terminals(run, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    argv = ["spectrum", *BASIC, "--simulate", "9", "--seeds", "1"]
    assert "network 1 of 1" in run(*argv)[2]
    assert run(*argv, "--json")[2] == ""


def test_as_a_process():
    """`python -m rmt_gates`: light, and an exit code that the shell sees."""
    probe = (
        "import sys; from rmt_gates.cli import main; code = main(['--help']);"
        "heavy = {'torch', 'matplotlib', 'xarray', 'scipy.optimize', 'tqdm'} & set(sys.modules);"
        "sys.exit(f'loaded {heavy}' if heavy else code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    command = [sys.executable, "-m", "rmt_gates", "fixed-points", "gru", "--a-h", "-1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("rmt-gates: a_h must be >= 0") and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "value, error, text",
    [
        (0.350257, 0.00018273, "0.35026 ± 0.00018"),
        (1.0, None, "1"),
        (0.3520171, 0.0, "0.352017"),
        (123.4, 17.0, "123 ± 17"),
        (float("nan"), 0.1, "-"),
        (1.5, float("nan"), "1.5"),
    ],
)
def test_numbers_show_two_digits_of_their_error(value, error, text):
    assert number(value, error) == text


def test_plain_knows_no_nan():
    value = {"a": np.array([1.0, np.nan]), 2: (np.float64("inf"), np.int64(3), True, None, "x")}
    assert plain(value) == {"a": [1.0, None], "2": [None, 3, True, None, "x"]}


def test_table_aligns():
    assert table([("a", "b"), ("long", "1")]) == "a     b\nlong  1"


# -- other architectures ------------------------------------------------------------------------
def test_every_architecture_is_a_word(run):
    code, data = as_json(run, "fixed-points", "lstm", "--a-h", "1.5", "--a-f", "8")
    assert code == 0 and len(data["fixed_points"]) == 3
    assert data["model"]["architecture"] == "LSTM"
    code, data = as_json(run, "spectrum", "vanilla", "--a-h", "1.5")
    assert code == 0
    assert data["curve"]["radius"] == pytest.approx(1.067391, rel=1e-6)
    after = ["gru", "--reset", "after", "--a-h", "3", "--a-r", "10"]
    code, data = as_json(run, "fixed-points", *after)
    assert data["fixed_points"][1]["C_h"] == pytest.approx(0.2839013521, rel=1e-9)
    assert data["model"]["reset"] == "after"


def test_options_of_the_other_convention_are_refused(run):
    code, out, err = run("fixed-points", *BASIC, "--b-u", "0.1")
    assert code == 2 and out == ""
    assert "b_u is the bias inside the reset product and has no place with reset='before'" in err
    code, out, _ = run("fixed-points", *BASIC, "--reset", "after", "--b-u", "0.1")
    assert code == 0 and "b_u=0.1, reset='after'" in out
