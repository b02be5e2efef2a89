"""A chip's answers against a bundle: compared, and explained where they differ."""

from dataclasses import asdict, dataclass
from pathlib import Path

from nmpu_bringup.bundle.read import open_bundle
from nmpu_bringup.diagnosis.comparison import Comparison, compare
from nmpu_bringup.diagnosis.diagnose import Progress, diagnose
from nmpu_bringup.diagnosis.dump import read_dump
from nmpu_bringup.diagnosis.explanation import Explanation
from nmpu_bringup.diagnosis.refusal import refuse_truncated, refuse_unequal
from nmpu_bringup.diagnosis.scene import Scene, scene_of


@dataclass(frozen=True)
class Report:
    """The outcome of a check; `explanations` is empty where nothing differs, or nothing explains it."""

    bundle: Path
    dump: Path
    scene: Scene
    comparison: Comparison
    explanations: list[Explanation]

    @property
    def equal(self) -> bool:
        """Every code that was compared is right, and none is missing or too many."""
        return self.scene.whole and not self.comparison.differing

    @property
    def exact(self) -> list[Explanation]:
        """The explanations that account for everything: these vectors cannot tell them apart."""
        return [found for found in self.explanations if found.exact]

    def as_dict(self) -> dict[str, object]:
        """What report.json holds."""
        config = self.scene.config
        return {
            "bundle": str(self.bundle),
            "dump": str(self.dump),
            "configuration": config.name,
            "config_hash": config.hash,
            "verdict": "equal" if self.equal else "different",
            "compared": self.scene.names,
            "not_compared": [golden.place for golden in self.scene.left_out],
            **asdict(self.comparison),
            "explanations": [{"exact": found.exact, **asdict(found)} for found in self.explanations],
        }


def check(bundle: Path, dump: Path, case: str | None = None, progress: Progress = lambda *_: None) -> Report:
    """Compare the dump with the bundle, and diagnose what differs.

    `case` is the ``suite/case`` of a dump that is a single file. Raises `InputError` for a bundle or dump that cannot
    be compared whole (`open_bundle`, `read_dump`, `refuse_truncated`, `refuse_unequal`).
    """
    opened = open_bundle(bundle)
    scene = scene_of(opened.config, read_dump(dump, opened, case))
    refuse_truncated(scene)
    comparison = compare(scene)
    explanations = diagnose(scene, progress) if comparison.differing or not scene.whole else []
    if not explanations:
        refuse_unequal(scene)
    return Report(bundle, dump, scene, comparison, explanations)
