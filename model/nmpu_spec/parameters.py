"""The per-column parameters and how they are packed into 32-bit words."""

from dataclasses import dataclass

from nmpu_spec.config import Config
from nmpu_spec.formats import Format
from nmpu_spec.rules import REGISTER_BITS

WORD_BITS = REGISTER_BITS


@dataclass(frozen=True)
class ParameterField:
    """One parameter of a column: bits `lsb` and up of the column's word number `word`."""

    name: str
    stage: str
    format: Format
    word: int
    lsb: int

    @property
    def msb(self) -> int:
        return self.lsb + self.format.width - 1


def parameter_fields(config: Config) -> tuple[ParameterField, ...]:
    """The parameters of one column, in the order of the data path.

    They fill words from bit 0 up; none straddles two words, and the two stages that use them (``affine``, ``norm``)
    share no word, because each stage reads its own memory. At `hermes256` that is one word for each stage, so
    reloading the affine correction of a drifted tile takes one word per column.
    """
    wanted = [
        (f"{name}_{branch}", "affine", getattr(config.affine, name))
        for branch in config.branches
        for name in ("scale", "offset")
    ]
    wanted += [("gain", "norm", config.norm.gain), ("bias", "norm", config.norm.bias)]
    fields: list[ParameterField] = []
    for name, stage, node in wanted:
        word = lsb = 0
        if fields:
            last = fields[-1]
            word, lsb = last.word, last.msb + 1
            if stage != last.stage or lsb + node.width > WORD_BITS:
                word, lsb = word + 1, 0
        fields.append(ParameterField(name, stage, node, word, lsb))
    return tuple(fields)


def parameter_words(config: Config) -> int:
    """32-bit words per column."""
    return parameter_fields(config)[-1].word + 1
