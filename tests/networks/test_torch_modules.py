"""Networks from torch modules: the module's own step; modules filled from an ensemble."""

import numpy as np
import pytest
import torch
from torch import nn

import rmt_gates as rg

KINDS = (nn.RNN, nn.GRU, nn.LSTM)
MODELS = {
    nn.RNN: rg.Vanilla(a_h=2, b_h=0.5, v_h=0.2),
    nn.GRU: rg.GRU(
        a_h=3, a_z=1, a_r=2, b_h=0.5, b_z=-1, b_r=0.7, b_u=-0.4, v_h=0.2, v_u=0.1, reset="after"
    ),
    nn.LSTM: rg.LSTM(a_h=3, a_i=1, a_f=2, a_o=0.5, b_h=0.3, b_f=1, b_i=-0.5, b_o=0.2, v_f=0.3),
}


def make(kind, N=12, inputs=3, dtype=torch.float64, **options):
    torch.manual_seed(0)
    return kind(inputs, N, dtype=dtype, **options)


def own_step(module, layer, direction, x, state):
    """One step of one layer and direction by torch itself: a module with only these weights."""
    ending = f"_l{layer}" + ("_reverse" if direction else "")
    parameters = {
        name.removesuffix(ending) + "_l0": value
        for name, value in module.named_parameters()
        if name.endswith(ending) and name.count("_") == ending.count("_") + 1
    }
    alone = type(module)(len(x), module.hidden_size, bias=module.bias, dtype=x.dtype)
    alone.load_state_dict(parameters)
    if isinstance(module, nn.LSTM):
        c, h = state.unsqueeze(1)
        return torch.stack(alone(x[None], (h, c))[1][::-1]).squeeze(1)
    return alone(x[None], state[None])[1].squeeze(0)


def a_state(module):
    shape = (2, module.hidden_size) if isinstance(module, nn.LSTM) else (module.hidden_size,)
    return torch.from_numpy(np.random.default_rng(1).normal(size=shape))


PLACES = [(layer, direction) for layer in (0, 1, 2) for direction in (0, 1)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("driven", [False, True])
def test_the_step_is_the_modules_own(kind, bias, driven):
    module = make(kind, num_layers=3, bidirectional=True, bias=bias, batch_first=True)
    for layer, direction in PLACES:
        size = 3 if layer == 0 else 24
        x = torch.linspace(-1, 2, size, dtype=torch.float64) * driven
        fit = rg.from_torch(
            module, layer=layer, direction=direction, input=x.numpy() if driven else None
        )
        h = a_state(module)
        expected = own_step(module, layer, direction, x, h)
        torch.testing.assert_close(fit.network.step(h), expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("kind", KINDS)
def test_the_jacobian_is_that_of_the_modules_step(kind):
    module = make(kind)
    network = rg.from_torch(module).network
    h = a_state(module)
    zero = torch.zeros(3, dtype=torch.float64)
    expected = torch.func.jacrev(lambda h: own_step(module, 0, 0, zero, h))(h)
    size = h.numel()
    torch.testing.assert_close(
        network.jacobian(h), expected.reshape(size, size), rtol=0, atol=1e-14
    )


def test_forward_and_backward_are_the_two_directions():
    module = make(nn.GRU, bidirectional=True)
    for name, number in (("forward", 0), ("backward", 1)):
        one, other = (rg.from_torch(module, direction=d).network for d in (name, number))
        assert torch.equal(one.weights["h"], other.weights["h"])
    forward = rg.from_torch(module).network.weights["h"]
    assert torch.equal(forward, module.weight_hh_l0[24:])
    assert not torch.equal(forward, rg.from_torch(module, direction=1).network.weights["h"])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_other_dtypes_become_float64_exactly(dtype):
    module = make(nn.LSTM, dtype=dtype)
    network = rg.from_torch(module).network
    assert network.dtype == torch.float64
    rows = torch.cat([network.weights[k] for k in "ifho"])
    assert torch.equal(rows, module.weight_hh_l0.double())
    assert rg.from_torch(module, dtype=torch.float32).network.dtype == torch.float32


def test_later_changes_of_the_module_do_not_reach_the_network():
    module = make(nn.GRU)
    network = rg.from_torch(module).network
    before = {k: U.clone() for k, U in (network.weights | network.biases).items()}
    with torch.no_grad():
        for parameter in module.parameters():
            parameter += 1
    for k, U in (network.weights | network.biases).items():
        assert torch.equal(U, before[k])
        assert not U.requires_grad


# -- the effective ensemble ---------------------------------------------------------------------
def within(value, expected, error):
    return abs(value - expected) < 5 * error


@pytest.mark.parametrize("kind", KINDS)
def test_default_initialisation_of_torch(kind):
    """U(−1/√N, 1/√N): a² = 1/3; biases of variance 1/(3N), two of them where they add up."""
    N = 300
    model = rg.from_torch(make(kind, N)).model
    for k in model.matrices:  # the variance of x² is 4/45 for x uniform on (−1, 1)
        assert within(getattr(model, f"a_{k}") ** 2, 1 / 3, (4 / 45) ** 0.5 / N)
    names = [n[2:] for n in model.numbers() if n[0] == "v"]
    for k in names:
        count = 1 if kind is nn.GRU and k in "hu" else 2
        variance = count / (3 * N)
        assert within(getattr(model, f"b_{k}"), 0, (variance / N) ** 0.5)
        assert within(getattr(model, f"v_{k}"), variance, variance * (2 / N) ** 0.5)
    assert model.activation == "tanh"


def test_parameters_are_the_moments_of_the_weights():
    module = make(nn.GRU)
    fit = rg.from_torch(module)
    U = module.weight_hh_l0.detach()
    b_ih, b_hh = module.bias_ih_l0.detach(), module.bias_hh_l0.detach()
    r, z, n = slice(0, 12), slice(12, 24), slice(24, 36)
    model = fit.model
    assert model is fit.network.model
    for k, rows in (("r", r), ("z", z), ("h", n)):
        assert getattr(model, f"a_{k}") ** 2 == pytest.approx(
            float(U[rows].square().sum() / 12), 1e-14
        )
    biases = {"r": b_ih[r] + b_hh[r], "z": b_ih[z] + b_hh[z], "h": b_ih[n], "u": b_hh[n]}
    for k, b in biases.items():
        assert getattr(model, f"b_{k}") == pytest.approx(float(b.mean()), abs=1e-15)
        assert getattr(model, f"v_{k}") == pytest.approx(b.numpy().var(), rel=1e-12)


def test_constant_biases_and_zero_matrices_are_exactly_that():
    module = make(nn.LSTM, bias=True)
    with torch.no_grad():
        module.bias_ih_l0.fill_(0.1)
        module.bias_hh_l0.fill_(0.2)
        module.weight_hh_l0[12:24] = 0
    fit = rg.from_torch(module)
    assert fit.model.a_f == 0 and fit.model.a_o > 0
    assert (fit.model.b_f, fit.model.v_f) == (0.1 + 0.2, 0)
    assert "f" not in fit.deviation.matrices
    without = rg.from_torch(make(nn.RNN, bias=False)).model
    assert (without.b_h, without.v_h) == (0, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_the_ensemble_has_fixed_points_and_the_network_a_curve(kind):
    module = rg.initialize_(make(kind, 150), MODELS[kind], rng=0)
    fit = rg.from_torch(module)
    points, exact = rg.fixed_points(fit.model), rg.fixed_points(MODELS[kind])
    assert points[-1].C_h == pytest.approx(exact[-1].C_h, rel=0.15)  # scatter: up to 0.03
    h = fit.network.run(300, rng=0).h
    curve = rg.spectral_curve(fit.network.unit(h))
    outside = curve.S(fit.network.eigenvalues(h)) < 0
    assert outside.mean() < 0.1  # seen: 0 to 0.04


# -- filling a module ---------------------------------------------------------------------------
@pytest.mark.parametrize("kind", KINDS)
def test_round_trip_of_the_ensemble(kind):
    N, model = 200, MODELS[kind]
    module = make(kind, N)
    assert rg.initialize_(module, model, rng=3) is module
    fit = rg.from_torch(module)
    for k in model.matrices:
        a = getattr(model, f"a_{k}")
        assert within(getattr(fit.model, f"a_{k}"), a, a / 2**0.5 / N)
    for name in (n for n in model.numbers() if n[0] == "v"):
        v, b = getattr(model, name), getattr(model, f"b{name[1:]}")
        assert within(getattr(fit.model, name), v, v * (2 / N) ** 0.5 + 1e-30)
        assert within(getattr(fit.model, f"b{name[1:]}"), b, (v / N) ** 0.5 + 1e-15)
    assert fit.deviation.message.endswith(
        "random ensembles." if kind is not nn.RNN else "ensemble."
    )


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_recurrence_is_the_sampled_network(kind):
    module = rg.initialize_(make(kind, num_layers=2, bidirectional=True), MODELS[kind], rng=7)
    expected = rg.sample_network(MODELS[kind], 12, rng=7)
    found = rg.from_torch(module).network
    for k, U in (expected.weights | expected.biases).items():
        assert torch.equal((found.weights | found.biases)[k], U)


def test_layers_and_directions_are_independent_and_the_seed_tells_them():
    def draws(seed):
        module = make(nn.GRU, 40, num_layers=2, bidirectional=True)
        rg.initialize_(module, MODELS[nn.GRU], rng=seed)
        return [U for n, U in module.named_parameters() if n.startswith("weight_hh")]

    U = draws(0)
    correlation = torch.corrcoef(torch.stack([x.detach().flatten() for x in U])).fill_diagonal_(0)
    assert len(U) == 4
    assert correlation.abs().max() < 5 / 4800**0.5
    assert all(map(torch.equal, U, draws(0)))
    assert not torch.equal(U[0], draws(1)[0])


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_left_alone(kind):
    module, before = (make(kind, dtype=torch.float32, num_layers=2) for _ in range(2))
    rg.initialize_(module, MODELS[kind], rng=0)
    for name, parameter in module.named_parameters():
        assert parameter.dtype == torch.float32 and parameter.requires_grad
        assert torch.equal(parameter, before.get_parameter(name)) == name.startswith("weight_ih")
    inside = module.bias_hh_l1.detach()
    if kind is nn.GRU:
        assert torch.count_nonzero(inside[24:]) == 12
        inside = inside[:24]
    assert torch.count_nonzero(inside) == 0


def test_a_module_without_biases_takes_a_model_without():
    module = rg.initialize_(make(nn.LSTM, bias=False), rg.LSTM(a_h=3), rng=0)
    model = rg.from_torch(module).model
    assert model.a_h > 2 and model.a_f == 0
    with pytest.raises(ValueError, match=r"bias=True for a model with b_f, v_o different from 0"):
        rg.initialize_(module, rg.LSTM(a_h=3, b_f=1, v_o=2))


# -- refusals -----------------------------------------------------------------------------------
@pytest.mark.parametrize("function", [rg.from_torch, lambda m: rg.initialize_(m, rg.LSTM(a_h=1))])
@pytest.mark.parametrize(
    "module, error, sentence",
    [
        (nn.Linear(3, 3), TypeError, r"module must be a torch\.nn\.RNN, GRU or LSTM, got Linear"),
        ("gru", TypeError, r"module must be a torch\.nn\.RNN, GRU or LSTM, got str"),
        (nn.RNN(2, 3, nonlinearity="relu"), ValueError, r"module must have the nonlinearity tanh"),
        (nn.LSTM(2, 3, proj_size=2), ValueError, r"module must have proj_size=0, got 2"),
        (nn.LSTM(2, 3, device="meta"), ValueError, r"module must hold numbers, .* meta device"),
    ],
)
def test_refuses_other_modules(function, module, error, sentence):
    with pytest.raises(error, match=sentence):
        function(module)


@pytest.mark.parametrize(
    "options, error, sentence",
    [
        ({"layer": 2}, ValueError, r"layer must be an integer from 0 to 1 .* 2 layers, got 2"),
        ({"layer": True}, ValueError, r"layer must be an integer"),
        ({"direction": 1}, ValueError, r"direction 1, 'backward', needs .* bidirectional=True"),
        ({"direction": "up"}, ValueError, r"direction must be 0 or 'forward', .* got 'up'"),
        ({"direction": 2}, ValueError, r"direction must be 0 or 'forward', .* got 2"),
        ({"input": np.zeros(4)}, ValueError, r"input must be .* shape \(3,\), .* got shape \(4,\)"),
        ({"input": np.zeros((3, 1))}, ValueError, r"input must be one constant vector"),
        ({"input": "abc"}, TypeError, r"input must be a vector of 3 real numbers, got 'abc'"),
        ({"input": 1j * np.ones(3)}, TypeError, r"input must be a vector of 3 real numbers"),
        ({"input": [1, np.nan, 0]}, ValueError, r"input must be finite"),
        ({"dtype": torch.float16}, ValueError, r"dtype must be torch\.float64 or torch\.float32"),
    ],
)
def test_refuses_bad_options(options, error, sentence):
    with pytest.raises(error, match=sentence):
        rg.from_torch(make(nn.GRU, num_layers=2), **options)


def test_refuses_weights_that_are_not_finite():
    module = make(nn.GRU)
    with torch.no_grad():
        module.bias_hh_l0[3] = torch.nan
    with pytest.raises(ValueError, match=r"finite weights: bias_hh_l0 holds NaN or infinity"):
        rg.from_torch(module)


@pytest.mark.parametrize(
    "kind, model, error, sentence",
    [
        (nn.GRU, rg.GRU(a_h=3), ValueError, r'reset="after"\) for torch\.nn\.GRU, because torch'),
        (nn.GRU, rg.LSTM(a_h=3), ValueError, r'reset="after"\) for torch\.nn\.GRU, got LSTM'),
        (nn.LSTM, rg.Vanilla(a_h=3), ValueError, r"model must be rg\.LSTM\(\.\.\.\) for .*LSTM"),
        (nn.RNN, rg.Vanilla(a_h=3, activation="hardtanh"), ValueError, r"activation='tanh'"),
        (nn.RNN, rg.Vanilla(a_h=[1, 2]), ValueError, r"initialize_ takes one model, but a_h is an"),
        (nn.RNN, "vanilla", TypeError, r"initialize_ needs a model"),
    ],
)
def test_refuses_other_models_and_leaves_the_module(kind, model, error, sentence):
    module, before = make(kind), make(kind)
    with pytest.raises(error, match=sentence):
        rg.initialize_(module, model, rng=0)
    assert all(map(torch.equal, module.parameters(), before.parameters()))


def test_refuses_weights_computed_from_others():
    module = make(nn.RNN)
    nn.utils.parametrize.register_parametrization(module, "weight_hh_l0", nn.Identity())
    with pytest.raises(ValueError, match=r"weight_hh_l0 is computed .* remove the parametrization"):
        rg.initialize_(module, MODELS[nn.RNN])


@pytest.mark.cuda
def test_the_device_is_that_of_the_module():
    module = rg.initialize_(make(nn.GRU, 50).cuda(), MODELS[nn.GRU], rng=0)
    fit = rg.from_torch(module, input=[1.0, 2.0, 3.0])
    assert fit.network.device.type == "cuda"
    on_cpu = rg.from_torch(module.cpu(), input=[1.0, 2.0, 3.0])
    h = a_state(module)
    torch.testing.assert_close(
        fit.network.step(h).cpu(), on_cpu.network.step(h), rtol=0, atol=1e-13
    )
    assert fit.deviation.message == on_cpu.deviation.message
