"""The command line. Each command imports what it needs: MLflow takes seconds, and `--help` should not."""

import json
from pathlib import Path
from typing import Annotated

import typer

from solarflare import console
from solarflare.errors import InputError

README = Path("README.md")

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


def main() -> None:
    """Run a command; bad input ends it with one sentence and exit code 1."""
    console.run(app)


@app.command("store")
def create_store() -> None:
    """Create the MLflow store, unless it is there."""
    from solarflare.tracking import store

    store.create()


@app.command()
def log() -> None:
    """Log to MLflow what is not logged yet, and fail if the audit found a leak that is to fail."""
    from solarflare import params, pipeline
    from solarflare.tracking import evaluation

    if outdated := pipeline.outdated(["train_disk", "train_region", "evaluate"]):
        raise InputError(f"the results of {', '.join(outdated)} are out of date; run `dvc repro` first")
    for task in params.TASKS:
        evaluation.log_evaluation(task)
    audit = json.loads(Path("metrics/audit.json").read_text())
    leaking = [task for task in params.TASKS if audit.get(task, {}).get("leak")]
    if leaking and params.load().audit.on_leak == "fail":
        raise InputError(
            f"the audit found a leak in {' and '.join(leaking)}: metrics/audit.json names the probe; "
            "mend the data, or set audit.on_leak to warn"
        )


@app.command()
def digest(folder: Annotated[Path, typer.Argument(help="An archive: images, flares.csv and regions.csv.")]) -> None:
    """Print what identifies the content of an archive, for scrape.archive.digest in params.yaml."""
    from solarflare.sources import archive

    typer.echo(archive.digest(folder))


@app.command()
def scrape(
    plan: Annotated[bool, typer.Option("--plan", help="Only print what would be asked of whom, and its cost.")] = False,
) -> None:
    """Print what a live scrape would fetch and what it costs; nothing is asked, nothing is written."""
    from solarflare import params
    from solarflare.sources.live import cost

    if not plan:
        raise InputError("`dvc repro scrape` fetches the data; `solarflare scrape --plan` says what that costs")
    typer.echo(cost.render(*cost.estimate(params.load())))


@app.command()
def cutouts(
    folder: Annotated[Path, typer.Argument(help="Where to: AR/, FL/ and cutouts.csv; what it held is replaced.")],
    wavelength: Annotated[int, typer.Option(help="Of all of them, in angstrom.")] = 171,
) -> None:
    """Fetch the thumbnails around HEK's events, the experiment of 2020's second data set, for scrape.live's span."""
    from solarflare import params
    from solarflare.sources import live
    from solarflare.sources.live import lmsal_cutout

    chosen = params.load().scrape.live
    with live.fetching(chosen) as fetcher:
        found = lmsal_cutout.save(chosen, fetcher, wavelength, folder)
    typer.echo(f"{folder}: {(found['reason'] == '').sum()} of {len(found)} thumbnails of {wavelength} angstrom")


@app.command()
def experiment(
    profile: Annotated[str, typer.Argument(help="A file in profiles/, without .yaml.")],
    archive: Annotated[Path | None, typer.Option(help="The folder that a profile on real data imports.")] = None,
) -> None:
    """Run a profile as DVC experiments and keep its scores in docs/results/; the workspace stays as it is."""
    from solarflare import experiments, results

    chosen = experiments.read(profile, archive)
    results.collect(chosen, experiments.run(chosen))
    typer.echo(results.table(profile))


@app.command()
def score(
    file: Annotated[Path, typer.Argument(help="A CSV file with a time, a probability and a label (1: it happened).")],
    time: Annotated[
        str | None, typer.Option(help="Column of the time, or of paths that hold it. [default: found]")
    ] = None,
    probability: Annotated[str | None, typer.Option(help="Column of the probability. [default: found]")] = None,
    label: Annotated[str | None, typer.Option(help="Column of what happened. [default: found]")] = None,
    against: Annotated[
        Path | None, typer.Option(help="Another file: is the first better on their common rows?")
    ] = None,
    threshold: Annotated[float, typer.Option(min=0, max=1, help="A probability from which on it is an alarm.")] = 0.5,
    base_rate: Annotated[
        float | None, typer.Option(min=0, max=1, help="Reference of the Brier skill. [default: the file's own]")
    ] = None,
    block_days: Annotated[float, typer.Option(min=0.01, help="Rows of a block stay together in a resample.")] = 27,
    resamples: Annotated[int, typer.Option(min=100, max=100_000, help="Of the block bootstrap.")] = 2000,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    figures: Annotated[Path | None, typer.Option(help="Folder for roc.png and reliability.png; replaced.")] = None,
) -> None:
    """Score anybody's forecasts, with intervals."""
    from solarflare import forecasts, scoring

    told = {"time": time, "probability": probability, "label": label}
    given = {str(path): forecasts.read(path, told, strict=path is file) for path in (file, against) if path}
    scorer = scoring.Scorer(threshold, block_days, resamples, base_rate)
    content = scorer.compare(given[str(file)], given[str(against)]) if against else scorer.score(given[str(file)])
    for warning in content["warnings"]:
        console.log.warning("warning: %s", warning)
    typer.echo(json.dumps(content, indent=2) if as_json else scoring.table(content))
    if figures:
        scorer.draw(given, figures)


@app.command()
def forecast(
    file: Annotated[Path, typer.Argument(help="A CSV file with a time, a probability and, for regions, noaa_ar.")],
    folder: Annotated[Path, typer.Argument(help="Where to.")],
    method: Annotated[str, typer.Option(help="Its name at CCMC.")],
    goes_class: Annotated[str, typer.Option("--class", help="C, M or X: flares of this class or more.")] = "C",
    hours: Annotated[float, typer.Option(min=1, help="Length of the prediction window.")] = 24,
    data: Annotated[str, typer.Option(help="What went in.")] = "SDO/HMI LOS_Magnetogram",
    time: Annotated[str | None, typer.Option(help="Column of the time. [default: found]")] = None,
    probability: Annotated[str | None, typer.Option(help="Column of the probability. [default: found]")] = None,
) -> None:
    """Write forecasts in the text form of CCMC's flare scoreboard, a file for each time."""
    from solarflare import forecasts, scoreboard

    if goes_class not in scoreboard.CLASSES:
        raise InputError(f"--class is {goes_class!r}; expected one of {', '.join(scoreboard.CLASSES)}")
    given = forecasts.read(file, {"time": time, "probability": probability}, labelled=False)
    for warning in given.warnings:
        console.log.warning("warning: %s", warning)
    paths = scoreboard.write(given.rows, scoreboard.Method(method, goes_class, hours, data), folder)
    typer.echo(f"{folder}: {len(paths):,} forecasts")


@app.command("results")
def tables(
    check: Annotated[bool, typer.Option(help="Change nothing; fail if a table is out of step.")] = False,
) -> None:
    """Write the tables of docs/results/ between their markers in README.md."""
    from solarflare import results
    from solarflare.files import atomic_path

    before = README.read_text()
    after = results.with_tables(before)
    if check and after != before:
        raise InputError(f"{README}: a table is out of step with docs/results/; write it with `solarflare results`")
    if after != before:
        with atomic_path(README) as partial:
            partial.write_text(after)
