"""The torch.nn.RNN, GRU or LSTM inside a checkpoint, from its weights alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

KINDS: dict[int, Any] = {1: nn.RNN, 3: nn.GRU, 4: nn.LSTM}  # by number of gates
FIRST = "weight_hh_l0"
OWN = re.compile(r"(weight_(ih|hh|hr)|bias_(ih|hh))_l\d+(_reverse)?")
NESTED = ("state_dict", "model_state_dict", "model")


def load_checkpoint(path: Any, name: str = "") -> nn.RNNBase:
    """The recurrent module `name` of a file written by ``torch.save(model.state_dict(), path)``.

    Only tensors are read (``weights_only``), no code of the file runs. The state_dict may also
    stand under "state_dict", "model_state_dict" or "model" in a dictionary. The module is on the
    CPU.

    Parameters
    ----------
    path : of the file.
    name : where the module is in the model, such as "encoder.rnn"; "" if it is the model.

    Examples
    --------
    >>> import os, tempfile
    >>> import torch
    >>> path = os.path.join(tempfile.mkdtemp(), "model.pt")
    >>> torch.save(torch.nn.Sequential(torch.nn.GRU(8, 50)).state_dict(), path)
    >>> load_checkpoint(path, "0")
    GRU(8, 50)
    """
    if Path(path).is_dir():
        raise ValueError(f"path: {str(path)!r} is a folder: give the file in it")
    if not Path(path).is_file():
        raise ValueError(f"path: there is no file {str(path)!r}")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # torch and pickle raise many types here
        raise ValueError(
            f"path: {str(path)!r} is not a file of tensors that torch can load: write it with "
            "torch.save(model.state_dict(), path)"
        ) from None
    nested = [content.get(key) for key in NESTED] if isinstance(content, Mapping) else []
    for state in (content, *nested):
        if isinstance(state, Mapping) and _prefixes(state):
            return module_from_state_dict(state, name)
    raise ValueError(
        f"path: {str(path)!r} holds no torch.nn.RNN, GRU or LSTM, neither itself nor under "
        f"{' or '.join(map(repr, NESTED))}: no name ends in {FIRST}"
    )


def module_from_state_dict(state: Mapping[str, Tensor], name: str = "") -> nn.RNNBase:
    """The torch module that the weights under `name` belong to.

    The number of rows of ``weight_hh_l0`` tells the kind; layers, directions, biases, dtype and
    device follow. The weights are copied. What they do not tell is assumed: an nn.RNN has the
    nonlinearity tanh.

    Parameters
    ----------
    state : what ``model.state_dict()`` returns.
    name : the prefix of the module in it, such as "encoder.rnn"; "" for a module itself.

    Examples
    --------
    >>> import torch
    >>> model = torch.nn.ModuleDict({"encoder": torch.nn.LSTM(8, 50, num_layers=2)})
    >>> module_from_state_dict(model.state_dict(), "encoder")
    LSTM(8, 50, num_layers=2)
    """
    if not isinstance(state, Mapping):
        raise TypeError(
            f"state must be a state_dict, as model.state_dict() returns, got {type(state).__name__}"
        )
    found = _prefixes(state)
    if not found:
        raise ValueError(f"state holds no torch.nn.RNN, GRU or LSTM: no name ends in {FIRST}")
    if name not in found:
        raise ValueError(
            "name must be one of the recurrent modules in this state_dict "
            f"({', '.join(map(repr, found))}), got {name!r}"
        )
    start = f"{name}." if name else ""
    own = {
        key.removeprefix(start): value
        for key, value in state.items()
        if key.startswith(start) and OWN.fullmatch(key.removeprefix(start))
    }
    if "weight_hr_l0" in own:
        raise ValueError(
            f"name: the LSTM {name!r} has a projection (proj_size), which is another ensemble"
        )
    U = own[FIRST]
    gates, rest = divmod(U.shape[0], U.shape[1])
    kind = KINDS.get(gates)
    if kind is None or rest:
        raise ValueError(
            f"name: {name!r} is no torch.nn.RNN, GRU or LSTM, its {FIRST} has shape "
            f"{tuple(U.shape)} where (N, N), (3N, N) or (4N, N) is expected"
        )
    try:
        module: nn.RNNBase = kind(
            own.get("weight_ih_l0", U).shape[-1],
            U.shape[1],
            num_layers=sum(re.fullmatch(r"weight_hh_l\d+", key) is not None for key in own),
            bias=any(key.startswith("bias") for key in own),
            bidirectional=f"{FIRST}_reverse" in own,
            dtype=U.dtype,
            device="meta",  # nothing is drawn
        ).to_empty(device=U.device)
        module.load_state_dict(own)
    except (RuntimeError, ValueError) as error:
        reason = " ".join(str(error).splitlines()[-1].split()).rstrip(".")
        raise ValueError(
            f"name: the weights under {name!r} do not make a torch.nn.{kind.__name__} ({reason})"
        ) from None
    return module


def _prefixes(state: Mapping[Any, Any]) -> list[str]:
    """Names of the recurrent modules in a state_dict."""
    return sorted(
        key.removesuffix(FIRST).removesuffix(".")
        for key, value in state.items()
        if isinstance(key, str)
        and (key == FIRST or key.endswith(f".{FIRST}"))
        and isinstance(value, Tensor)
        and value.ndim == 2
        and value.numel()
    )
