"""How far a campaign has come, kept in a file, so that it goes on where it stopped."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import nmpu_model
from nmpu_spec.config import Config
from nmpu_spec.errors import InputError
from nmpu_verif.builds import BUILD
from nmpu_verif.campaign.batch import Tally

_MODEL = ("unit", "affine", "compress", "norm", "relu", "residual", "output")


@dataclass(frozen=True)
class Cases:
    """How many cases of a node, from number 0 on, have been compared, in how many seconds."""

    done: int = 0
    seconds: float = 0.0


@dataclass
class State:
    """The first ``tally.batches`` batches of the campaign `seed` have been compared; nodes as `Cases` says.

    mismatch   the last one, until the campaign goes on
    """

    seed: int
    tally: Tally = field(default_factory=Tally)
    nodes: dict[str, Cases] = field(default_factory=dict)
    mismatch: str = ""

    @property
    def rate(self) -> float:
        """Column results a second, over all of the campaign."""
        return self.tally.results / self.tally.seconds if self.tally.seconds else 0.0


def campaign_folder(config: Config, verilog: Path) -> Path:
    """Where the state of `config` lies: another folder for other RTL and for another model."""
    model = Path(nmpu_model.__path__[0])
    texts = [verilog.read_bytes(), *((model / f"{name}.py").read_bytes() for name in _MODEL)]
    digest = hashlib.sha256(b"\0".join(texts)).hexdigest()[:8]
    return BUILD / "campaign" / f"{config.name}-{config.hash[:8]}-{digest}"


def load(folder: Path, seed: int) -> State:
    """The state kept in `folder`, or a new one. Raises `InputError` where that one has another seed,
    or is damaged."""
    path = folder / "state.json"
    if not path.is_file():
        return State(seed)
    try:
        kept = json.loads(path.read_text("utf-8"))
        nodes = {name: Cases(**cases) for name, cases in kept.pop("nodes").items()}
        state = State(tally=Tally(**kept.pop("tally")), nodes=nodes, **kept)
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: cannot be gone on with ({error}); start again with --restart") from None
    if state.seed != seed:
        raise InputError(f"--seed {seed}: {path} has {state.seed}; go on with that one, or start again with --restart")
    return state


def save(folder: Path, state: State) -> None:
    """Keep `state`: whole, whenever the process is stopped."""
    folder.mkdir(parents=True, exist_ok=True)
    scratch = folder / "state.new"
    scratch.write_text(json.dumps(asdict(state), indent=1) + "\n", "utf-8")
    scratch.replace(folder / "state.json")
