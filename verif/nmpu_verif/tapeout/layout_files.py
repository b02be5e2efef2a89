"""LibreLane's config.yaml and OpenROAD-flow-scripts' config.mk."""

import json
import re
import shutil
import subprocess
from importlib import metadata
from pathlib import Path

from nmpu_flow.errors import FlowError
from nmpu_spec.config import Config
from nmpu_spec.errors import InputError
from nmpu_verif.tapeout.check import Check, said, text_of
from nmpu_verif.tapeout.package_files import listed, mapping

_LIBRELANE = "librelane/config.yaml"
_LOADER = """
import json, sys, yaml
from pathlib import Path
from librelane.config import Config, InvalidConfig, universal_flow_config_variables
from librelane.flows import Flow
file = Path(sys.argv[1])
values = yaml.safe_load(file.read_text("utf-8"))
flow = Flow.factory.get(values["meta"]["flow"])
steps = [variable for step in flow.Steps for variable in step.config_vars]
known = {v.name: v for v in [*universal_flow_config_variables, *flow.config_vars, *steps]}
known = [v for v in known.values() if not v.pdk or v.name == "STD_CELL_LIBRARY"]
values |= {"PDK": "none", "STD_CELL_LIBRARY": "none"}
try:
    config, _ = Config.load(values, known, design_dir=str(file.parent), pdk_root="/", _load_pdk_configs=False)
except InvalidConfig as error:
    sys.exit(f"error: {' '.join(str(error).split())}")
print(json.dumps([str(path) for path in config["VERILOG_FILES"]]))
"""
"""Without a PDK, which is half a gigabyte: its variables are left out, all others are read and checked."""
_LIBRELANE_TYPES: dict[str, tuple[type, ...]] = {
    "meta": (dict,),
    "DESIGN_NAME": (str,),
    "VERILOG_FILES": (list,),
    "LINTER_VLT": (str,),
    "CLOCK_PORT": (str,),
    "CLOCK_PERIOD": (int, float),
    "PNR_SDC_FILE": (str,),
    "SIGNOFF_SDC_FILE": (str,),
    "SYNTH_HIERARCHY_MODE": (str,),
    "FP_CORE_UTIL": (int, float),
}
"""The variables of flow Classic that the file may set, as LibreLane's reference has them."""


def _librelane_python() -> str:
    """The interpreter of the environment that has LibreLane: it pins other versions than ours."""
    program = shutil.which("librelane")
    python = Path(program).resolve().with_name("python3") if program else None
    if python is None or not python.exists():
        raise InputError("librelane: not found; install the PyPI package librelane in an environment of its own (pipx)")
    return str(python)


def _librelane_version() -> str:
    code = "from importlib.metadata import version; print(version('librelane'))"
    return "librelane " + said([_librelane_python(), "-c", code], Path()).strip()


def _librelane(folder: Path, _config: Config) -> str:
    file = folder.resolve() / _LIBRELANE
    files = json.loads(said([_librelane_python(), "-c", _LOADER, str(file)], folder).splitlines()[-1])
    if [Path(name).name for name in files] != listed(folder):
        raise FlowError(f"{_LIBRELANE}: VERILOG_FILES: {files} are not the files of nmpu.f")
    return "every variable is known and valid, every file is there"


def _librelane_schema(folder: Path, _config: Config) -> str:
    found = mapping(folder, _LIBRELANE)
    for key, value in found.items():
        if not isinstance(value, _LIBRELANE_TYPES.get(key, ())):
            raise FlowError(f"{_LIBRELANE}: {key} = {value}: no such variable, or a value of another type")
    names = [found["LINTER_VLT"], found["PNR_SDC_FILE"], found["SIGNOFF_SDC_FILE"], *found["VERILOG_FILES"]]
    for name in names:
        path = (folder / "librelane" / name.removeprefix("dir::")).resolve()
        if not name.startswith("dir::") or not path.is_file():
            raise FlowError(f"{_LIBRELANE}: {name}: no such file")
    if [Path(name).name for name in found["VERILOG_FILES"]] != listed(folder):
        raise FlowError(f"{_LIBRELANE}: VERILOG_FILES are not the files of nmpu.f")
    period = re.search(r"^set clk_period (\S+)$", text_of(folder, "nmpu.sdc"), re.M)
    if period is None or float(period[1]) != float(found["CLOCK_PERIOD"]):
        raise FlowError(f"{_LIBRELANE}: CLOCK_PERIOD = {found['CLOCK_PERIOD']}: is not that of nmpu.sdc")
    return f"variables of flow Classic, files there, {found['CLOCK_PERIOD']} ns as in nmpu.sdc"


_ORFS = "orfs/config.mk"
_PRINT = """
include {file}
all: ; @printf '%s\\n' '$(DESIGN_NAME)' '$(PLATFORM)' '$(SDC_FILE)' '$(VERILOG_FILES)'
"""


def _make() -> str:
    program = shutil.which("make")
    if program is None:
        raise InputError("make: not found; install Debian's package make")
    return program


def _make_version() -> str:
    return subprocess.run([_make(), "--version"], check=False, capture_output=True, text=True).stdout.splitlines()[0]


def _orfs(folder: Path, _config: Config) -> str:
    makefile = _PRINT.format(file=folder.resolve() / _ORFS)
    command = [_make(), "--warn-undefined-variables", "--no-print-directory", "-f", "-", "all"]
    # Elsewhere: the flow's makefile includes it from its own folder.
    done = subprocess.run(command, cwd="/", input=makefile, check=False, capture_output=True, text=True)
    lines = done.stdout.splitlines()
    if done.returncode or done.stderr or len(lines) != 4:
        raise FlowError(f"{_ORFS}: make: {done.stderr or lines}")
    name, platform, sdc, verilog = lines
    if name != "nmpu" or not platform:
        raise FlowError(f"{_ORFS}: DESIGN_NAME = {name}, PLATFORM = {platform}")
    for path in (sdc, *verilog.split()):
        if not Path(path).is_file():
            raise FlowError(f"{_ORFS}: {path}: no such file")
    if [Path(path).name for path in verilog.split()] != listed(folder):
        raise FlowError(f"{_ORFS}: VERILOG_FILES are not the files of nmpu.f")
    return f"design {name}, platform {platform}, files there"


CHECKS = (
    Check(_LIBRELANE, _librelane_version, "LibreLane's loader, flow Classic, no PDK", _librelane),
    Check(_LIBRELANE, lambda: f"PyYAML {metadata.version('PyYAML')}", "variables, files, period", _librelane_schema),
    Check(_ORFS, _make_version, "GNU make includes it and resolves its variables", _orfs),
)
