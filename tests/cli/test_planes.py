"""rmt-gates phase-diagram and scan."""

import json

import numpy as np
import pytest
import xarray as xr

import rmt_gates as rg

SCAN = ("scan", "gru", "--quantity", "spectral-radius", "--a-h", "1:3:3", "--a-r", "0,2")


def test_phase_diagram(run, tmp_path):
    out, figure = str(tmp_path / "p.nc"), str(tmp_path / "p.png")
    code, text, _ = run(
        "phase-diagram",
        "gru",
        "--a-h",
        "1:3:9",
        "--a-r",
        "0:20:5",
        "--out",
        out,
        "--figure",
        figure,
    )
    assert code == 0 and "coexistence" in text and "(2, 2.82843)" in text
    assert text.startswith("GRU(a_h=1) over a_h = 1 … 3 (9), a_r = 0 … 20 (5)")
    stored = xr.open_dataset(out, engine="scipy")
    exact = rg.phase_diagram(
        rg.GRU(a_h=1), {"a_h": np.linspace(1, 3, 9), "a_r": np.linspace(0, 20, 5)}
    )
    np.testing.assert_array_equal(stored.n_fixed_points, exact.n_fixed_points)
    np.testing.assert_array_equal(stored.rho, exact.rho)
    assert "rmt_gates" in stored.attrs["versions"] and stored.attrs["command"]
    assert (tmp_path / "p.png").stat().st_size > 10_000
    code, text, _ = run("phase-diagram", "gru", "--a-h", "1:3:9", "--a-r", "0:20:5", "--json")
    data = json.loads(text)
    assert code == 0 and sum(data["phases"].values()) == 45
    assert data["lines"]["tricritical"][0][0] == pytest.approx([2, 2 * np.sqrt(2)])


def test_scan_resumes_its_store(run, tmp_path):
    store = str(tmp_path / "s.zarr")
    code, text, _ = run(*SCAN, "--store", store, "--workers", "2", "--out", str(tmp_path / "s.nc"))
    assert code == 0 and "OK           6" in text
    data = rg.open_scan(store)
    stored = xr.open_dataset(tmp_path / "s.nc", engine="scipy")
    np.testing.assert_array_equal(stored.spectral_radius, data.spectral_radius)
    for i, a_h in enumerate((1.0, 2.0, 3.0)):
        state = rg.steady_state(rg.GRU(a_h=a_h, a_r=2))
        assert float(data.spectral_radius[i, 1]) == pytest.approx(rg.spectral_radius(state))
    again = run(*SCAN, "--store", store, "--json")
    assert again[0] == 0 and json.loads(again[1])["points"] == {"OK": 6}
    told = run(*SCAN, "--store", store, "--missing", "--figure", str(tmp_path / "s.png"))
    assert told[0] == 0 and (tmp_path / "s.png").stat().st_size > 5_000
    refused = run(*SCAN, "--store", store, "--seed", "4")
    assert refused[0] == 2 and "belongs to another scan: its seed" in refused[2]


def test_quantities(run):
    """Each gives what its function of the library gives; failures are counted, and exit with 3."""
    command = ("scan", "vanilla", "--a-h", "0.5,2", "--json", "--quantity")
    ranges = {q: json.loads(run(*command, q)[1])["ranges"] for q in ("steady-state", "slow-modes")}
    state = rg.steady_state(rg.Vanilla(a_h=2))
    assert ranges["steady-state"]["C_h0"]["highest"] == pytest.approx(state.C_h0)
    assert ranges["slow-modes"]["slow_modes_03"]["highest"] == pytest.approx(
        rg.slow_mode_fraction(state, 0.3)
    )
    points = json.loads(run(*command, "fixed-points")[1])["ranges"]
    assert points["C_h"]["highest"] == rg.fixed_points(rg.Vanilla(a_h=2)).C_h[-1]
    code, text, _ = run("scan", "gru", "--a-h", "3", "--b-z", "0,12", "--quantity", "steady-state")
    assert code == 3 and "WINDOW_TOO_SHORT  1" in text.replace("       ", "  ")


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("phase-diagram", "gru", "--a-h", "1:3:9"), "two parameters with a range"),
        (("phase-diagram", "gru", "--a-h", "1:3:x", "--a-r", "1,2"), "a range low:high:n"),
        (("phase-diagram", "gru", "--a-h", "1,2", "--a-r", "1,2", "--out", "x.csv"), "end in .nc"),
        (("scan", "gru", "--a-h", "3", "--quantity", "steady-state"), "several values"),
        (("scan", "gru", "--a-h", "1,2"), "--quantity"),
        (("scan", "gru", "--a-h", "-1,2", "--quantity", "steady-state"), "a_h must be >= 0"),
        ((*SCAN, "--missing"), "--missing needs --store"),
        ((*SCAN, "--missing", "--store", "/nowhere"), "there is none at this path"),
        ((*SCAN, "--out", "/nowhere/x.nc"), "cannot be written"),
        (("scan", "checkpoint"), "invalid choice"),
    ],
)
def test_refusals(run, argv, words):
    code, _, err = run(*argv)
    assert code == 2 and words in err and err.count("\n") == 1
