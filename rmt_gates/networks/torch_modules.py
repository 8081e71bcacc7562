"""torch.nn.RNN, GRU and LSTM as networks of this library, and random weights for them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from rmt_gates.architectures.base import Architecture
from rmt_gates.architectures.checks import require_scalar
from rmt_gates.networks.deviation import Deviation, deviation_of
from rmt_gates.networks.gate_layout import all_suffixes, layout_of, suffix_of
from rmt_gates.networks.network import Network
from rmt_gates.networks.sample import sample_network
from rmt_gates.randomness import generator
from rmt_gates.results import Record

Module = TypeVar("Module", bound=nn.RNNBase)


@dataclass(frozen=True, eq=False, repr=False)
class TorchFit(Record):
    """One layer and direction of a torch module: what `from_torch` returns.

    Attributes
    ----------
    network : `Network` with exactly these weights (copies).
    model : the ensemble with the same statistics, `network.model`: a_k² is N times the mean square
        of the entries of U_k, b_k and v_k are mean and variance over units of the bias.
    deviation : `Deviation` of the weights from that ensemble; computed at first use, one singular
        value decomposition a matrix.
    """

    network: Network

    @property
    def model(self) -> Architecture:
        """The effective ensemble, a scalar model for `fixed_points` and `steady_state`."""
        return self.network.model

    @cached_property
    def deviation(self) -> Deviation:
        """How far the weights are from the ensemble `model`, matrix by matrix."""
        return deviation_of(self.network.weights)


def from_torch(
    module: nn.RNNBase,
    *,
    layer: int = 0,
    direction: int | str = 0,
    input: Any = None,
    dtype: torch.dtype = torch.float64,
) -> TorchFit:
    """The recurrent dynamics of a torch module, as a network and as a random ensemble.

    The network is autonomous: it is the module's own step at a constant input. Its Jacobian can be
    laid over two curves: of the ensemble, and of this network's units without the ensemble.

    ==============  ====================  ====================================================
    module          model                 names (torch's, in its order)
    ==============  ====================  ====================================================
    nn.RNN (tanh)   Vanilla               h
    nn.GRU          GRU(reset="after")    r, z, h (n); b_h is b_in and b_u is b_hn
    nn.LSTM         LSTM                  i, f, h (g), o; states are (c, h)
    ==============  ====================  ====================================================

    Parameters
    ----------
    module : torch.nn.RNN, GRU or LSTM, of any dtype, on any device; it is not changed, and later
        changes of it do not reach the result. Dropout is ignored.
    layer, direction : which of its recurrences; direction is 0 or "forward", 1 or "backward".
    input : constant input x of this layer, shape (its input size,); what enters is W_ih x, a part
        of the biases. Zero if omitted. For layer > 0 it stands for what the layer below sends.
    dtype : of the network, torch.float64 or torch.float32; it stays on the module's device.

    Examples
    --------
    >>> import rmt_gates as rg, torch
    >>> _ = torch.manual_seed(0)
    >>> fit = rg.from_torch(torch.nn.GRU(8, 100))
    >>> fit.deviation.message
    'U_h, U_r and U_z look like independent random ensembles.'
    >>> h = fit.network.run(300, rng=0).h
    >>> eigenvalues = fit.network.eigenvalues(h)
    >>> own = rg.spectral_curve(fit.network.unit(h))  # given the units of this network
    >>> theory = rg.spectral_curve(rg.steady_state(fit.model))  # given the ensemble alone
    >>> bool(abs(abs(eigenvalues).max() - own.radius_at(100)) < 0.1)
    True
    >>> bool(abs(theory.radius_at(100) - own.radius_at(100)) < 0.1)
    True
    """
    layout = layout_of(module)
    suffix = suffix_of(module, layer, direction)
    if dtype not in (torch.float64, torch.float32):
        raise ValueError(f"dtype must be torch.float64 or torch.float32, got {dtype!r}")
    weights, biases = layout.read(module, suffix, input, dtype)
    statistics = {f"a_{k}": _gain(U) for k, U in weights.items()}
    for k, b in biases.items():
        statistics[f"b_{k}"], statistics[f"v_{k}"] = _mean_and_variance(b)
    model = layout.architecture(**statistics)
    drawn = {k: weights[k] if getattr(model, f"a_{k}") > 0 else None for k in model.matrices}
    return TorchFit(Network(model, drawn, biases))


def initialize_(module: Module, model: Architecture, rng: Any = None) -> Module:
    """Fill the recurrent weights and the biases of a module with draws from an ensemble.

    In place, for every layer and direction, each an independent draw: the first is
    ``sample_network(model, N, rng=rng)``. The input weights are left as they are. The biases are
    put into b_ih, and b_hh is set to 0, but for b_hn of nn.GRU, which is b_u.

    Parameters
    ----------
    module : torch.nn.RNN (tanh), GRU or LSTM; dtype and device are kept.
    model : scalar record: rg.Vanilla, rg.GRU with reset="after" (what nn.GRU computes), rg.LSTM.
    rng : anything `numpy.random.default_rng` takes.

    Returns
    -------
    the module.

    Examples
    --------
    >>> import rmt_gates as rg, torch
    >>> module = rg.initialize_(torch.nn.LSTM(8, 200), rg.LSTM(a_h=3, b_f=1), rng=0)
    >>> rg.from_torch(module).model
    LSTM(a_h=2.98..., b_f=1)
    """
    layout = layout_of(module)
    require_scalar(model, "initialize_")
    kind = layout.kind.__name__
    if type(model) is not layout.architecture:
        reason = ""
        if isinstance(module, nn.GRU) and model.name == "GRU":
            reason = ", because torch applies the reset gate after the matrix"
        raise ValueError(
            f"model must be {layout.constructor} for torch.nn.{kind}{reason}, got {model!r}"
        )
    activation = model.activation  # type: ignore[attr-defined]
    if activation != "tanh":
        raise ValueError(
            f"model must have activation='tanh', as torch.nn.{kind} has, got {activation!r}"
        )
    biased = [n for n in model.numbers() if n[0] in "bv" and getattr(model, n)]
    if biased and not module.bias:
        raise ValueError(
            f"module must have bias=True for a model with {', '.join(biased)} different from 0"
        )
    suffixes = all_suffixes(module)
    own = dict(module.named_parameters(recurse=False))
    computed = [s for s in suffixes if f"weight_hh_{s}" not in own]
    if computed:
        raise ValueError(
            f"module must own its weights, but weight_hh_{computed[0]} is computed from other "
            "parameters: remove the parametrization first"
        )
    rng = generator(rng)
    for suffix in suffixes:
        network = sample_network(model, module.hidden_size, rng=rng)
        layout.write(module, suffix, network.weights, network.biases)
    return module


def _gain(U: Tensor) -> float:
    return float((len(U) * U.double().square().mean()).sqrt())


def _mean_and_variance(bias: Tensor) -> tuple[float, float]:
    """Over units; a constant bias has its own value and variance 0 exactly."""
    first = bias.double()[0]
    spread = bias.double() - first
    return float(first + spread.mean()), float(spread.var(correction=0))
