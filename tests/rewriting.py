"""Changes to intact safetensors files, whose digest then fits what they hold."""

import json
from collections.abc import Callable

import safetensors.torch

from autoden.models.tensor_files import METADATA_KEY, _digest


def rewritten(content: bytes, edit: Callable[[dict, dict], object]) -> bytes:
    """Change tensors and record of an intact file, and make its digest fit."""
    tensors = safetensors.torch.load(content)
    length = int.from_bytes(content[:8], "little")
    record = json.loads(json.loads(content[8 : 8 + length])["__metadata__"][METADATA_KEY])
    edit(tensors, record)
    record["sha256"] = _digest(tensors)
    return safetensors.torch.save(tensors, metadata={METADATA_KEY: json.dumps(record)})
