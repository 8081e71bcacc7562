"""--checkpoint: a trained module beside the theory of its ensemble and the curve of its units."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import rmt_gates as rg
from rmt_gates.cli.checkpoint import state_caveat
from rmt_gates.cli.commands import COMMANDS
from rmt_gates.cli.curves import outlier_block, outlier_data
from rmt_gates.cli.parser import parse
from rmt_gates.networks import Network

EVERY = ("fixed-points", "steady-state", "spectrum", "density", "slow-modes")
WITH_NETWORKS = EVERY[2:]


def as_json(run, *argv):
    code, out, err = run(*argv, "--json")
    assert err == "" and out.count("\n") == 1
    return code, json.loads(out)


def saved(module, folder):
    torch.save(torch.nn.ModuleDict({"encoder": module}).state_dict(), folder / "model.pt")
    return ["--checkpoint", str(folder / "model.pt"), "--module", "encoder"]


@pytest.fixture(scope="module")
def gru(tmp_path_factory):
    """In its chaotic state, without biases, and with weights like the ensemble's."""
    module = rg.initialize_(torch.nn.GRU(3, 150), rg.GRU(a_h=3, a_r=4, reset="after"), rng=0)
    return module, saved(module, tmp_path_factory.mktemp("gru"))


@pytest.fixture(scope="module")
def rnn(tmp_path_factory):
    """At a fixed point close to zero: exact and fast."""
    torch.manual_seed(0)
    module = torch.nn.RNN(3, 60)
    return module, saved(module, tmp_path_factory.mktemp("rnn"))


@pytest.fixture(scope="module")
def aligned(tmp_path_factory):
    """Common mean 1.6/N of the weights: all units settle on one side, where theory has h = 0."""
    module = rg.initialize_(torch.nn.RNN(3, 300), rg.Vanilla(a_h=0.9), rng=0)
    with torch.no_grad():
        module.weight_hh_l0 += 1.6 / 300
    return module, saved(module, tmp_path_factory.mktemp("aligned"))


def test_a_checkpoint_takes_the_place_of_an_architecture(run, gru):
    _, where = gru
    code, data = as_json(run, "fixed-points", *where)
    assert code == 0 and data["model"]["a_h"] == pytest.approx(3, rel=0.03)
    assert "torch" in data["versions"]
    code, out, _ = run("spectrum", *where)
    assert code in (0, 3)  # a network of 150 units may drift
    assert "network 0" in out and "another state" not in out
    code, out, err = run("spectrum", *where, "--simulate", "100")
    assert code == 2 and "--checkpoint brings its own: leave one of them out" in err
    code, out, err = run("spectrum", "gru", *where, "--a-h", "3")
    assert code == 2 and "leave 'gru' out" in err


# -- what is said of the module -----------------------------------------------------------------
@pytest.mark.parametrize("command", EVERY)
def test_every_command_says_how_far_the_weights_are_from_the_ensemble(run, rnn, aligned, command):
    for module, where in (rnn, aligned):
        deviation = rg.from_torch(module).deviation
        assert as_json(run, command, *where)[1]["deviation"] == deviation.to_dict()
        assert deviation.message in run(command, *where)[1]
    assert "does not" in deviation.message or "No matrix" in deviation.message


@pytest.mark.parametrize("command", EVERY)
def test_every_command_says_that_tanh_is_assumed(run, rnn, command):
    sentence = as_json(run, command, *rnn[1])[1]["assumption"]
    assert "torch.nn.RNN" in sentence and "taken to have the nonlinearity tanh" in sentence
    assert sentence in run(command, *rnn[1])[1]


def test_nothing_is_assumed_of_a_gru(run, gru):
    assert as_json(run, "fixed-points", *gru[1])[1]["assumption"] is None
    assert "nonlinearity" not in run("fixed-points", *gru[1])[1]


# -- the curve of its own units -----------------------------------------------------------------
@pytest.mark.parametrize("kind", [torch.nn.GRU, torch.nn.LSTM])
def test_the_own_curve_is_that_of_the_units_at_the_state_of_the_eigenvalues(
    run, tmp_path, monkeypatch, kind
):
    torch.manual_seed(1)
    where = saved(kind(3, 40), tmp_path)
    eigenvalues, taken = Network.eigenvalues, []

    def watched(network, h):
        taken.append((network, h, eigenvalues(network, h)))
        return taken[-1][-1]

    monkeypatch.setattr(Network, "eigenvalues", watched)
    monkeypatch.setattr("rmt_gates.cli.simulation.SHORTEST_RUN", 107)  # 105 of them are recorded
    _, data = as_json(run, "spectrum", *where, "--rtol", "0.1")
    ((network, h, lam),) = taken
    curve = rg.spectral_curve(network.unit(h))
    assert data["own_units"]["curve"]["radius"] == curve.radius
    np.testing.assert_array_equal(data["own_units"]["curve"]["y"], curve.y)
    expected = json.loads(json.dumps(rg.compare(curve, lam).to_dict()).replace("NaN", "null"))
    assert data["own_units"]["agreement"] == expected
    assert data["curve"]["radius"] != curve.radius


def test_a_network_in_another_state_is_told_and_bounded_by_its_own_curve(run, aligned):
    """All units settle on one side: not the theory's state, but random weights around it."""
    _, data = as_json(run, "spectrum", *aligned[1])
    theory, own = data["simulation"]["agreement"], data["own_units"]["agreement"]
    assert own["edge_level"] == pytest.approx(1, abs=0.2)  # 0.86 to 1.02 over six seeds
    assert theory["edge_level"] > 3  # 3.5 to 4.5
    assert own["radius_theory"] == pytest.approx(own["radius_simulated"], rel=0.1)
    (network,) = data["simulation"]["networks"]
    assert f"E[h²] = {network['averages']['C_h(0)']:.3g}" in data["message"]
    assert "C_h(0) = 0:" in data["message"] and "the curve of its own units" in data["message"]

    _, out, _ = run("spectrum", *aligned[1])
    block = out.split("curve of the network's own units\n")[1]
    assert f"(own curve {own['radius_theory']:.6g})" in block
    assert f"edge level (1 on the curve)  {own['edge_level']:.6g}" in block
    assert f"{own['fraction_outside']:.4f} (own curve {own['fraction_expected']:.4f})" in block
    for command in ("density", "slow-modes"):
        assert "The network is in another state" in run(command, *aligned[1])[1]


# -- its outliers, and what its own units put inside ---------------------------------------------
@pytest.fixture(scope="module")
def slow(tmp_path_factory):
    """A common mean of the weights, and a rotation: one slow mode and an oscillating pair."""
    module = rg.initialize_(torch.nn.RNN(3, 200), rg.Vanilla(a_h=0.4), rng=0)
    signs = torch.randn(200, 2, generator=torch.Generator().manual_seed(1)).sign()
    rotation = torch.tensor([[0.1, -0.8], [0.8, 0.1]])
    with torch.no_grad():
        module.weight_hh_l0 += 0.85 / 200 + signs @ rotation @ signs.T / 200
    return module, saved(module, tmp_path_factory.mktemp("slow"))


def test_outliers_are_listed_with_their_relaxation_times(run, slow):
    _, data = as_json(run, "spectrum", *slow[1])
    found = data["own_units"]["outliers"]
    lam = np.array(data["simulation"]["eigenvalues"][0]) @ [1, 1j]
    network = rg.from_torch(slow[0]).network
    expected = rg.outliers(rg.spectral_curve(network.unit(torch.zeros(200))), lam)
    assert (
        (found["count"], found["of"], found["level"])
        == (expected.count, 200, 0.01)
        == (3, 200, 0.01)
    )
    values = np.array(found["lam"]) @ [1, 1j]
    assert sorted(values, key=abs) == sorted(lam[expected.outlier], key=abs)
    assert np.all(np.diff(np.abs(values)) <= 1e-12)
    np.testing.assert_allclose(found["relaxation_time"], -1 / np.log(np.abs(values)))
    np.testing.assert_allclose(
        np.sort(found["distance"]), np.sort(expected.distance[expected.outlier])
    )

    _, out, _ = run("spectrum", *slow[1])
    head, *rows = out.split("outliers: ")[1].split("\n\n")[0].split("\n")
    assert head == "3 of 200 eigenvalues (a random network has 0.01 on average)"
    assert rows[0].split() == ["λ", "distance", "expected", "−1/log|λ|"]
    assert [complex(row.split()[0]) for row in rows[1:]] == pytest.approx(values, rel=1e-5)
    assert [float(row.split()[-1]) for row in rows[1:]] == pytest.approx(
        found["relaxation_time"], rel=1e-3
    )


def test_no_outliers_is_said_and_growing_modes_have_no_relaxation_time(run, rnn):
    assert "outliers: none of 60 eigenvalues is farther out" in run("spectrum", *rnn[1])[1]
    found = rg.outliers(rg.spectral_curve(rg.fixed_points(rg.Vanilla(a_h=1))[0]), [3.0, -0.5j])
    data = outlier_data(found, np.array([3.0, -0.5j]))
    assert data["relaxation_time"] == [np.inf]
    assert outlier_block(data).split("\n")[-1].split()[::3] == ["3", "grows"]


def test_only_the_largest_are_printed():
    lam = np.linspace(2, 3, 8)
    found = rg.outliers(rg.spectral_curve(rg.fixed_points(rg.Vanilla(a_h=1))[0]), lam)
    data = outlier_data(found, lam)
    np.testing.assert_array_equal(data["lam"], lam[::-1])
    assert outlier_block(data).count("grows") == 5


def test_fractions_of_its_own_units_stand_beside_those_of_the_theory(run, slow):
    unit = rg.from_torch(slow[0]).network.unit(torch.zeros(200))
    _, data = as_json(run, "slow-modes", *slow[1], "--radius", "0.7", "0.9", "--time", "0.9")
    assert data["slow_modes"]["own_units"] == rg.slow_mode_fraction(unit, [0.7, 0.9]).tolist()
    assert data["relaxation"]["own_units"] == [rg.relaxation_time_fraction(unit, 0.9)]
    _, data = as_json(run, "density", *slow[1], "--at", "0.1", "0.3j")
    assert data["density"]["own_units"] == rg.eigenvalue_density(unit, [0.1, 0.3j]).tolist()
    own = data["moduli"]["own_units"]
    assert own == rg.eigenvalue_fraction(unit, 0, data["moduli"]["radius"]).tolist()
    assert own != data["moduli"]["fraction"]
    _, out, _ = run("density", *slow[1], "--at", "0.1")
    points, moduli = (table.split("\n") for table in out.split("\n\n")[-3:-1])
    assert points[0].split()[:3] == ["λ", "density", "own"]
    assert moduli[0].split() == ["|λ|", "<", "theory", "own", "units", "networks"]
    assert [float(row.split()[2]) for row in moduli[1:]] == pytest.approx(own, abs=1e-6)


@pytest.mark.parametrize(
    "theory, own, other",
    [
        (1.0, 1.49, False),
        (1.49, 1.0, False),
        (1.0, 1.51, True),
        (1.51, 1.0, True),
        (0.0, 0.9e-6, False),
        (0.9e-6, 1e-20, False),
        (0.9e-6, 1.1e-6, True),
        (0.1, 0.0, True),
    ],
)
def test_another_state_is_a_matter_of_a_factor(theory, own, other):
    state, networks = SimpleNamespace(C_h=[theory]), SimpleNamespace(averages=[{"C_h(0)": own}])
    assert bool(state_caveat(state, networks)) is other


def test_the_figure_has_both_curves(rnn):
    from matplotlib.figure import Figure

    result = COMMANDS["spectrum"](parse(["spectrum", *rnn[1], "--json"]))
    ax = Figure().add_subplot()
    result.draw(ax)
    lines = {line.get_label(): line for line in ax.lines}
    assert set(lines) == {"unit circle", "theory", "own units"}
    assert lines["own units"].get_linestyle() == "--"
    for label, data in (("theory", result.data), ("own units", result.data["own_units"])):
        x, y = lines[label].get_data()
        half = len(data["curve"]["x"])
        np.testing.assert_array_equal(x[:half], data["curve"]["x"])
        np.testing.assert_array_equal(y[:half], data["curve"]["y"])
    assert "own units" in {text.get_text() for text in ax.get_legend().get_texts()}
    assert "outliers" not in {c.get_label() for c in ax.collections}


def test_the_figure_has_circles_around_the_outliers(slow):
    from matplotlib.figure import Figure

    result = COMMANDS["spectrum"](parse(["spectrum", *slow[1], "--json"]))
    ax = Figure().add_subplot()
    result.draw(ax)
    (circles,) = [c for c in ax.collections if c.get_label() == "outliers"]
    lam = np.asarray(circles.get_offsets()) @ [1, 1j]
    np.testing.assert_array_equal(lam, result.data["own_units"]["outliers"]["lam"])
    assert "outliers" in {text.get_text() for text in ax.get_legend().get_texts()}


# -- fixed points -------------------------------------------------------------------------------
@pytest.mark.parametrize("command", WITH_NETWORKS)
def test_an_unstable_fixed_point_has_no_network(run, gru, monkeypatch, command):
    monkeypatch.setattr(Network, "run", lambda *_, **__: pytest.fail("worked first"))
    code, out, err = run(command, *gru[1], "--fixed-point", "1")
    assert (code, out) == (2, "") and err.count("\n") == 1
    assert err.startswith("rmt-gates: --checkpoint has no network for --fixed-point 1: it is unst")


def test_at_rest_the_network_is_linearised_at_zero(run, gru):
    """Unstable, but the network without biases stays there."""
    module, where = gru
    _, data = as_json(run, "spectrum", *where, "--fixed-point", "0")
    network = rg.from_torch(module).network
    expected = network.eigenvalues(torch.zeros(150))
    assert data["simulation"]["networks"][0]["steps"] == 0
    radius = data["simulation"]["networks"][0]["radius"]
    assert radius == pytest.approx(np.abs(expected).max(), rel=1e-12)


# -- a constant input ---------------------------------------------------------------------------
@pytest.mark.parametrize("given", [("0.5", "2", "3"), ("-1", "-2e-1", "3"), ("-.5", "1", "-1e-3")])
def test_a_constant_input(run, gru, given):
    module, where = gru
    _, data = as_json(run, "fixed-points", *where, "--input", *given)
    x = [float(text) for text in given]
    assert data["options"]["input"] == x
    assert data["model"] == rg.from_torch(module, input=x).model.to_dict()
    assert data["model"]["v_h"] > 0


# -- refusals name the option -------------------------------------------------------------------
@pytest.mark.parametrize(
    "line, sentence",
    [
        ("--input 1 2", "--input must be one constant vector of shape (3,), the size of this"),
        ("--input 1 nan 2", "argument --input: must be a finite number, got 'nan'"),
        ("--input 1 two", "argument --input: must be a finite number, got 'two'"),
        ("--module decoder", "--module must be one of the recurrent modules in this state_dict ('"),
        ("--layer 1", "--layer must be an integer from 0 to 0 for a module of 1 layer, got 1"),
        ("--direction backward", "--direction 1, 'backward', needs a module with bidirectional=T"),
        ("--checkpoint nowhere.pt", "--checkpoint: there is no file 'nowhere.pt'"),
        ("--checkpoint {folder}", "--checkpoint: '{folder}' is a folder: give the file in it"),
        ("--checkpoint {file}", "--checkpoint: '{file}' is not a file of tensors that torch can"),
    ],
)
def test_refusals_name_the_option(run, gru, tmp_path, line, sentence):
    names = {"folder": tmp_path, "file": tmp_path / "notes.pt"}
    names["file"].write_text("hello")
    code, out, err = run("fixed-points", *gru[1], *line.format(**names).split())
    assert (code, out) == (2, "") and err.count("\n") == 1
    assert err.startswith(f"rmt-gates: {sentence.format(**names)}")


def test_weights_that_are_not_finite(run, tmp_path):
    module = torch.nn.GRU(3, 5)
    torch.nn.init.constant_(module.weight_hh_l0, float("nan"))
    code, _, err = run("fixed-points", *saved(module, tmp_path))
    assert code == 2 and err.startswith("rmt-gates: --module must have finite weights")
