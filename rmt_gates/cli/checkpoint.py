"""``--checkpoint FILE --module NAME``: a trained module in the place of an architecture."""

from __future__ import annotations

import argparse
from typing import Any


def fit(options: argparse.Namespace) -> tuple[Any, Any, Any]:
    """(effective ensemble, the network itself, its deviation from the ensemble)."""
    import rmt_gates as rg
    from rmt_gates.networks.checkpoint import load_checkpoint

    module = load_checkpoint(options.checkpoint, options.module)
    found = rg.from_torch(module, layer=options.layer, direction=options.direction)
    return found.model, found.network, found.deviation
