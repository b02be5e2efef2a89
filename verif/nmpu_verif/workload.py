"""A batch of vectors as a file, for the simulator's process to read."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from nmpu_aimc.workload import Batch
from nmpu_model.program import Layer, Program
from nmpu_spec.config import Config


def save(batches: Sequence[Batch], path: Path) -> None:
    """Write `batches` to one ``.npz`` file; codes that the model answered are left out."""
    arrays: dict[str, np.ndarray] = {"count": np.array(len(batches))}
    for number, batch in enumerate(batches):
        program = batch.program
        parts = {"p": batch.p, "n": batch.n, "mask": program.mask, **program.parameters}
        if batch.rx is not None:
            parts["rx"] = batch.rx
        arrays |= {f"{number}/{name}": array for name, array in parts.items()}
        arrays[f"{number}/layer"] = np.array(json.dumps(asdict(program.layer)))
        arrays[f"{number}/name"] = np.array(batch.name)
    np.savez(path, allow_pickle=False, **arrays)


def restore(config: Config, path: Path) -> list[tuple[str, Program, dict[str, np.ndarray]]]:
    """What `save` wrote: (name, program, codes) of each batch."""
    found = []
    with np.load(path) as file:
        for number in range(int(file["count"])):
            prefix = f"{number}/"
            parts = {name.removeprefix(prefix): file[name] for name in file.files if name.startswith(prefix)}
            name, layer = str(parts.pop("name")), Layer(**json.loads(str(parts.pop("layer"))))
            codes = {key: parts.pop(key) for key in ("p", "n", "rx") if key in parts}
            mask = parts.pop("mask")
            found.append((name, Program(config, parts, layer, mask), codes))
    return found
