"""Recurrent modules from saved weights: kind, shape and weights come back; foreign files do not."""

import re

import pytest
import torch
from torch import nn

import rmt_gates as rg
from rmt_gates.networks.checkpoint import load_checkpoint, module_from_state_dict

KINDS = (nn.RNN, nn.GRU, nn.LSTM)


class Model(nn.Module):
    """Two recurrent modules, one of them nested."""

    def __init__(self, kind=nn.GRU, **options):
        super().__init__()
        self.embed = nn.Embedding(7, 3)
        self.encoder = nn.ModuleDict({"rnn": kind(3, 5, **options), "out": nn.Linear(5, 2)})
        self.decoder = nn.RNN(2, 4)


def equal(one, other):
    states = one.state_dict(), other.state_dict()
    return states[0].keys() == states[1].keys() and all(
        torch.equal(states[0][key], states[1][key]) for key in states[0]
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"bias": False},
        {"num_layers": 3, "bidirectional": True, "batch_first": True},
        {"dtype": torch.float64},
    ],
)
def test_the_module_comes_back(kind, options):
    model = Model(kind, **options)
    module = module_from_state_dict(model.state_dict(), "encoder.rnn")
    original = model.encoder["rnn"]
    assert type(module) is kind
    assert equal(module, original)
    x = torch.randn(4, 1, 3, dtype=original.weight_hh_l0.dtype)
    if not original.batch_first:
        assert torch.equal(module(x)[0], original(x)[0])


def test_the_weights_are_copies_and_nothing_is_drawn():
    state = nn.GRU(3, 5).state_dict()
    before = torch.get_rng_state()
    module = module_from_state_dict(state)
    assert torch.equal(torch.get_rng_state(), before)
    first = state["weight_hh_l0"].clone()
    nn.init.zeros_(module.weight_hh_l0)
    assert torch.equal(state["weight_hh_l0"], first)


def test_other_modules_beside_it_are_ignored():
    class Own(nn.GRU):
        def __init__(self):
            super().__init__(3, 5)
            self.readout = nn.Linear(5, 1)

    model = Own()
    module = module_from_state_dict(model.state_dict())
    assert torch.equal(module.weight_hh_l0, model.weight_hh_l0)
    assert len(module.state_dict()) == 4


@pytest.mark.parametrize("wrap", [None, "state_dict", "model_state_dict", "model"])
def test_files(tmp_path, wrap):
    model, path = Model(nn.LSTM), tmp_path / "model.pt"
    state = model.state_dict()
    torch.save({wrap: state, "epoch": 3} if wrap else state, path)
    module = load_checkpoint(path, "encoder.rnn")
    assert equal(module, model.encoder["rnn"])
    assert rg.from_torch(module).network.N == 5
    assert isinstance(load_checkpoint(str(path), "decoder"), nn.RNN)


# -- refusals -----------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["", "encoder", "encoder.rn", "coder"])
def test_an_unknown_name_lists_the_known(name):
    with pytest.raises(ValueError, match=r"\('decoder', 'encoder\.rnn'\), got '" + name + "'$"):
        module_from_state_dict(Model().state_dict(), name)


def test_a_state_dict_without_recurrence():
    with pytest.raises(ValueError, match=r"state holds no torch\.nn\.RNN, GRU or LSTM: no name"):
        module_from_state_dict(nn.Linear(2, 2).state_dict(), "rnn")
    with pytest.raises(TypeError, match=r"state must be a state_dict, .* got GRU"):
        module_from_state_dict(nn.GRU(2, 2))


def without(state, key):
    return {k: v for k, v in state.items() if k != key}


@pytest.mark.parametrize(
    "state, sentence",
    [
        ({"weight_hh_l0": torch.zeros(10, 5)}, r"shape \(10, 5\) where \(N, N\), \(3N, N\) or"),
        ({"weight_hh_l0": torch.zeros(16, 5)}, r"shape \(16, 5\) where"),
        (without(nn.GRU(2, 3).state_dict(), "weight_ih_l0"), r"GRU \(Missing .*weight_ih_l0"),
        (without(nn.GRU(2, 3, 2).state_dict(), "weight_hh_l1"), r"GRU \(Unexpected .*_l1"),
        (nn.GRU(2, 3).state_dict() | {"bias_ih_l0": torch.zeros(8)}, r"GRU \(size mismatch"),
        (without(nn.GRU(2, 3).state_dict(), "bias_hh_l0"), r"GRU \(Missing .*bias_hh_l0"),
        ({"weight_hh_l0": torch.zeros(3, 3, dtype=torch.int64)}, r"do not make a torch\.nn\.RNN"),
        (
            nn.LSTM(2, 3, proj_size=2).state_dict(),
            r"^name: the LSTM '' has a projection \(proj_size\)",
        ),
    ],
)
def test_weights_that_make_no_module(state, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        module_from_state_dict(state)
    assert "\n" not in str(caught.value)


def test_files_that_are_no_checkpoint(tmp_path):
    missing = tmp_path / "none.pt"
    with pytest.raises(ValueError, match=re.escape(f"path: there is no file '{missing}'")):
        load_checkpoint(missing)
    with pytest.raises(ValueError, match=f"^path: {re.escape(repr(str(tmp_path)))} is a folder: "):
        load_checkpoint(tmp_path)
    foreign = tmp_path / "foreign.pt"
    foreign.write_text("hello")
    whole = tmp_path / "whole.pt"
    torch.save(nn.GRU(2, 3), whole)  # code, not tensors
    for path in (foreign, whole):
        with pytest.raises(ValueError, match=r"^path: "):
            load_checkpoint(path)
    with pytest.raises(ValueError, match=r"write it with torch\.save\(model\.state_dict\(\), path"):
        load_checkpoint(whole)
    other = tmp_path / "other.pt"
    for content in (torch.zeros(3), {"model": 3}, nn.Linear(2, 2).state_dict()):
        torch.save(content, other)
        with pytest.raises(ValueError, match=r"holds no torch\.nn\.RNN, GRU or LSTM, neither"):
            load_checkpoint(other)
