"""`nmpu check`: what a chip answered, compared with a bundle and explained where it differs."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from nmpu_bringup.diagnosis.check import Report
from nmpu_bringup.diagnosis.check import check as check_dump
from nmpu_bringup.diagnosis.comparison import FirstMismatch
from nmpu_bringup.diagnosis.picture import draw
from nmpu_bringup.diagnosis.text import ranges
from nmpu_cli.options import JsonOption
from nmpu_cli.progress import progress_bar
from nmpu_spec.config import Config
from nmpu_spec.errors import InputError
from nmpu_spec.parameters import inject_fields
from nmpu_spec.registers import CAPTURE_SLOTS

_CAUSES = 6
"""Explanations in the table; report.json has all that were kept."""


def check(
    dump: Annotated[Path, typer.Argument(help="A folder <suite>/<case>/out.hex (.csv, .npz), or one such file.")],
    bundle: Annotated[Path, typer.Option("--bundle", "-b", help="A folder of `nmpu vectors`.")],
    case: Annotated[str | None, typer.Option("--case", help="suite/case of a DUMP that is a single file.")] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for report.json and errors.png.")] = Path("build")
    / "check",
    as_json: JsonOption = False,
) -> None:
    """Compare what a chip answered with a bundle and, where it differs, name the single causes that explain it."""
    with progress_bar() as progress:
        progress("reading", 0, 0)
        report = check_dump(bundle, dump, case, progress)
        progress("drawing", 0, 0)
        files = _write(report, out)
    if as_json:
        print(json.dumps(report.as_dict(), indent=1))
    else:
        _print(report, files, Console(highlight=False))
    raise typer.Exit(0 if report.equal else 1)


def _write(report: Report, out: Path) -> list[Path]:
    """report.json, and the picture where something differs; an older picture does not stay beside a new report."""
    text, picture = out / "report.json", out / "errors.png"
    try:
        out.mkdir(parents=True, exist_ok=True)
        text.write_text(json.dumps(report.as_dict(), indent=1) + "\n", "utf-8")
        picture.unlink(missing_ok=True)
        if not report.equal:
            draw(report, picture)
    except OSError as error:
        raise InputError(f"{out}: cannot be written ({error.strerror}); choose another --out") from None
    return [text] if report.equal else [text, picture]


def _print(report: Report, files: list[Path], console: Console) -> None:
    compared, config = report.comparison, report.scene.config
    console.print(_summary(report))
    if compared.first:
        console.print(_first(compared.first, config))
    if report.explanations:
        console.print(_causes(report))
    console.print(_verdict(report), soft_wrap=True)
    left_out = report.scene.left_out
    if left_out:
        places = escape(", ".join(golden.place for golden in left_out))
        console.print(f"[yellow]not compared, the dump has no file of them:[/yellow] {places}", soft_wrap=True)
    console.print(f"({', '.join(map(str, files))})", soft_wrap=True, markup=False)


def _summary(report: Report) -> Table:
    compared, scene = report.comparison, report.scene
    table = Table(title=escape(f"{report.dump} against {report.bundle}"), title_justify="left", show_header=False)
    rows = [
        ("configuration", f"{scene.config.name} {scene.config.hash[:16]}"),
        ("cases compared", f"{len(scene.cases)} of {len(scene.cases) + len(scene.left_out)}"),
        ("codes compared", f"{compared.codes:,}"),
        ("codes that differ", f"{compared.differing:,}"),
    ]
    if compared.missing:
        rows.append(("codes that did not come", f"{compared.missing:,}"))
    if compared.surplus:
        rows.append(("codes too many", f"{compared.surplus:,}"))
    if compared.differing:
        hit = [f"{name} ({count:,})" for name, count in compared.cases.items() if count]
        more = f" and {len(hit) - 6} more" if len(hit) > 6 else ""
        bits = [f"{bit.bit} ({_direction(bit.rises, bit.falls)})" for bit in compared.bits if bit.rises or bit.falls]
        rows += [
            ("in cases", f"{len(hit)}: {', '.join(hit[:6])}{more}"),
            ("in columns", f"{len(compared.columns)}: {ranges(compared.columns)}"),
            ("in lanes", f"{len(compared.lanes)}: {ranges(compared.lanes)}"),
            ("in groups", f"{len(compared.groups)}: {ranges(compared.groups)}"),
            ("in output bits", ", ".join(bits)),
        ]
    for row in rows:
        table.add_row(*map(escape, row))
    return table


def _direction(rises: int, falls: int) -> str:
    if rises and falls:
        return "both ways"
    return "1 instead of 0" if rises else "0 instead of 1"


def _first(first: FirstMismatch, config: Config) -> Table:
    table = Table(
        title=escape(
            f"first: case {first.case}, vector {first.vector}, column {first.column} "
            f"(group {first.group}, lane {first.lane})"
        ),
        title_justify="left",
    )
    for heading in ("number", "raw, as it must be", "value", "test register"):
        table.add_column(heading, justify="left" if heading in ("number", "test register") else "right")
    captured = {name: name for name in CAPTURE_SLOTS} | {"out": "code"}
    captured |= {field.name: f"inject{field.word}" for field in inject_fields(config) if field.name != "rx"}
    formats = {**config.nodes, "p": config.adc.code, "n": config.adc.code}
    for name, raw in first.stages.items():
        register = f"test.{captured[name]}[{first.lane}]" if name in captured else ""
        value = f"{raw * formats[name].resolution:.12g}" if name in formats else ""
        table.add_row(name, str(raw), value, escape(register))
    table.add_row("out, field", f"{first.expected:#04x}", "", "")
    got = "no code" if first.got is None else f"{first.got:#04x}"
    table.add_row("[red]out, in the dump[/red]", f"[red]{got}[/red]", "", "")
    return table


def _causes(report: Report) -> Table:
    table = Table(title="causes, the best explanation first", title_justify="left", show_lines=True)
    table.add_column("", justify="right")
    table.add_column("cause", no_wrap=True)
    table.add_column("what and where", ratio=1)
    for heading in ("explained", "left", "wrong", "one of"):
        table.add_column(heading, justify="right", no_wrap=True)
    shown = (report.exact or report.explanations)[:_CAUSES]
    total = report.comparison.differing
    for rank, found in enumerate(shown, 1):
        words = [f"{found.subject} {found.fault}; {found.where}", *found.notes]
        share = f"{found.explained / total:.1%}" if total else "-"
        counts = (f"{found.unexplained:,}", f"{found.contradicted:,}", _alternatives(found.bits))
        table.add_row(str(rank), found.cause, escape("\n".join(words)), "exact" if found.exact else share, *counts)
    return table


def _alternatives(bits: float) -> str:
    return f"{2**bits:,.0f}" if bits < 30 else f"2^{bits:.0f}"


def _verdict(report: Report) -> str:
    if report.equal:
        return "[green]equal: every code that was compared is right[/green]"
    exact = len(report.exact)
    if not exact:
        return "[red]different; no single cause of the catalogue explains all of it[/red]"
    if exact == 1:
        return "[red]different; one cause explains every code[/red]"
    return (
        f"[red]different; {exact} causes explain every code: these vectors cannot tell them apart[/red] "
        "(first: the one chosen from the fewest alternatives)"
    )
