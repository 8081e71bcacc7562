"""Where torch.nn.RNN, GRU and LSTM keep the weights of each gate.

torch stacks the matrices of all gates in ``weight_hh_l{layer}``, (gates · N, N), and gives every
gate two biases: ``b_ih`` next to the input, ``b_hh`` next to the matrix. They add up, except in the
candidate of nn.GRU, ``n = tanh(W_in x + b_in + r⊙(U_n h + b_hn))``: there b_in is b_h, b_hn is b_u.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from rmt_gates.architectures import LSTM, GRUResetAfter, Vanilla

DIRECTIONS = {0: "", 1: "_reverse", "forward": "", "backward": "_reverse"}


@dataclass(frozen=True)
class GateLayout:
    """The gates of one kind of module, in torch's order and with this library's names.

    ``inside`` : gate -> name of its b_hh, where that bias does not simply add to b_ih.
    """

    kind: type[nn.RNNBase]
    architecture: Any
    constructor: str
    gates: tuple[str, ...]
    inside: Mapping[str, str]

    def read(
        self, module: nn.RNNBase, suffix: str, x: Any, dtype: torch.dtype
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Copies of the (N, N) weights and the (N,) biases, with W_ih x part of the bias."""
        names = [f"{name}_{suffix}" for name in ("weight_hh", "weight_ih", "bias_ih", "bias_hh")]
        found = [getattr(module, name, None) for name in names]
        for name, tensor in zip(names, found, strict=True):
            if tensor is not None and not bool(torch.isfinite(tensor).all()):
                raise ValueError(f"module must have finite weights: {name} holds NaN or infinity")
        U, W, outer, inner = (None if t is None else t.detach().to(dtype) for t in found)
        assert U is not None and W is not None
        zero = U.new_zeros(len(U))
        outer = zero if outer is None else outer
        if x is not None:
            outer = outer + W @ _vector(x, W)
        weights = self._split(U)
        outside, within = self._split(outer), self._split(zero if inner is None else inner)
        biases = {k: b if k in self.inside else b + within[k] for k, b in outside.items()}
        return weights, biases | {name: within[k] for k, name in self.inside.items()}

    def write(
        self,
        module: nn.RNNBase,
        suffix: str,
        weights: Mapping[str, Tensor],
        biases: Mapping[str, Tensor],
    ) -> None:
        """Put weights and biases into the module, in its dtype and on its device."""
        values = {"weight_hh": torch.cat([weights[k] for k in self.gates])}
        if module.bias:
            none = torch.zeros_like(biases[self.gates[0]])
            inside = {k: biases[name] for k, name in self.inside.items()}
            values["bias_ih"] = torch.cat([biases[k] for k in self.gates])
            values["bias_hh"] = torch.cat([inside.get(k, none) for k in self.gates])
        with torch.no_grad():
            for name, value in values.items():
                module.get_parameter(f"{name}_{suffix}").copy_(value)

    def _split(self, stacked: Tensor) -> dict[str, Tensor]:
        return {k: part.clone() for k, part in zip(self.gates, stacked.chunk(len(self.gates)))}


LAYOUTS = (
    GateLayout(nn.RNN, Vanilla, "rg.Vanilla(...)", ("h",), {}),
    GateLayout(nn.GRU, GRUResetAfter, 'rg.GRU(..., reset="after")', ("r", "z", "h"), {"h": "u"}),
    GateLayout(nn.LSTM, LSTM, "rg.LSTM(...)", ("i", "f", "h", "o"), {}),
)


def layout_of(module: Any) -> GateLayout:
    """The layout of a module; one sentence for what is none of the three, or a variant of them."""
    for layout in LAYOUTS:
        if isinstance(module, layout.kind):
            break
    else:
        raise TypeError(
            f"module must be a torch.nn.RNN, GRU or LSTM, got {type(module).__name__}: "
            "if it contains one, give that submodule"
        )
    if module.mode == "RNN_RELU":
        raise ValueError(
            "module must have the nonlinearity tanh: the mean-field theory of an unbounded relu "
            "network is not part of this library"
        )
    if module.proj_size:
        raise ValueError(
            f"module must have proj_size=0, got {module.proj_size}: a projected output makes the "
            "recurrent weights a product of two matrices, which is another ensemble"
        )
    if module.weight_hh_l0.is_meta:
        raise ValueError(
            "module must hold numbers, but it is on the meta device: give it memory with "
            'module.to_empty(device="cpu")'
        )
    return layout


def suffix_of(module: nn.RNNBase, layer: Any, direction: Any) -> str:
    """The end of the names of one layer's parameters, such as ``l0_reverse``."""
    layers = module.num_layers
    if isinstance(layer, bool) or not isinstance(layer, Integral) or layer not in range(layers):
        raise ValueError(
            f"layer must be an integer from 0 to {layers - 1} for a module of {layers} "
            f"{'layer' if layers == 1 else 'layers'}, got {layer!r}"
        )
    known = isinstance(direction, Integral | str) and not isinstance(direction, bool)
    if not known or direction not in DIRECTIONS:
        raise ValueError(f"direction must be 0 or 'forward', 1 or 'backward', got {direction!r}")
    if DIRECTIONS[direction] and not module.bidirectional:
        raise ValueError("direction 1, 'backward', needs a module with bidirectional=True")
    return f"l{int(layer)}{DIRECTIONS[direction]}"


def all_suffixes(module: nn.RNNBase) -> list[str]:
    """Those of every layer and direction, in torch's order."""
    directions = range(2 if module.bidirectional else 1)
    return [suffix_of(module, layer, d) for layer in range(module.num_layers) for d in directions]


def _vector(x: Any, W: Tensor) -> Tensor:
    """The constant input as a vector that W takes."""
    size = W.shape[1]
    try:
        values = x.detach() if isinstance(x, Tensor) else np.array(x)
        vector = torch.as_tensor(values, device=W.device)
        if vector.is_complex():
            raise TypeError
    except (TypeError, ValueError, RuntimeError):
        raise TypeError(f"input must be a vector of {size} real numbers, got {x!r}") from None
    vector = vector.to(W.dtype)
    if vector.shape != (size,):
        raise ValueError(
            f"input must be one constant vector of shape ({size},), the size of this layer's "
            f"input, got shape {tuple(vector.shape)}"
        )
    if not bool(torch.isfinite(vector).all()):
        raise ValueError("input must be finite")
    return vector
