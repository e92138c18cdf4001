"""The command line. The commands about runs and results are in `tracking.commands`.

Each command imports what it needs, so that `--help` does not wait seconds for MLflow.
"""

import datetime as dt
import importlib.metadata
from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from solarflare.core import console, printable, strict_json
from solarflare.core.errors import InputError
from solarflare.tracking import commands, options
from solarflare.tracking.options import KNOWN

REFUSED = 2  # the exit code if an image has no answer
TIMES = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"]

AsJson = Annotated[bool, Option("--json", help="Print JSON, a line for each image.")]
Figures = Annotated[Path | None, Option(help="A folder for a picture of each image with its regions.")]
ProbabilityColumn = Annotated[str | None, Option(help="Column of the probability.", show_default="recognised")]
TimeColumn = Annotated[str | None, Option(help="Column of times, or of file names.", show_default="recognised")]
Models = Annotated[
    str | None,
    Option(
        help="A folder of networks, `champion`, or the run or experiment that trained them.",
        show_default="models/ or, for other real images, pretrained/",
    ),
]
SimulatedModel = Annotated[
    bool, Option("--simulated-model", help="Let networks of the simulated Sun answer for the real one.")
]

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(commands.app)


def main() -> None:
    """Run a command. Bad input ends it with one sentence and exit code 1."""
    (usage_error,) = typer.BadParameter.__bases__
    usage_error.exit_code = 1  # type: ignore[attr-defined] # else the same as `REFUSED`
    console.run(app)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"solarflare {importlib.metadata.version('solarflare')}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[bool, Option("--version", callback=_print_version, is_eager=True, help="Print it.")] = False,
) -> None:
    """Small networks that say whether the Sun is active and which regions flare, with audited scores."""


@app.command()
def worker(
    address: Annotated[str, Argument(help="The Dask scheduler, as compute.scheduler names it: tcp://HOST:PORT.")],
    workers: Annotated[
        int, Option(min=1, max=1024, help="Processes; each takes one piece of work at a time.")
    ] = console.cores(),
) -> None:
    """Work for the stages that have this compute.scheduler, in the project's folder, until Ctrl-C."""
    from solarflare.core import cluster

    cluster.start_worker(address, workers)


@app.command()
def check(
    archive: Annotated[Path | None, Option(help="A folder of images and tables to check instead.")] = None,
) -> None:
    """Check params.yaml, or an archive, before a stage does: DVC deletes the outputs of a stage before it runs."""
    if archive:
        from solarflare.sources.archive import scrape

        typer.echo("\n".join(scrape.check(archive)))
        return
    from solarflare.tracking import before_run

    before_run.check()


@app.command()
def digest(folder: Annotated[Path, Argument(help="An archive: images, flares.csv and regions.csv.")]) -> None:
    """Print the digest of an archive's content, for scrape.archive.digest in params.yaml."""
    from solarflare.sources.archive import scrape

    typer.echo(scrape.digest(folder))


@app.command()
def base_rate(hours: options.Spacing = 6) -> None:
    """Print the share of yes among each task's answers at regular times, for calibration.base_rate in params.yaml."""
    from solarflare.core import params
    from solarflare.core.tasks import TaskParams
    from solarflare.predict import base_rates
    from solarflare.sun.events.questions import LabelParams

    chosen = params.load(LabelParams)
    for task in params.load(TaskParams).tasks:
        typer.echo(f"{task}: {base_rates.at_regular_times(task, chosen, hours):.3f}")


@app.command()
def scrape(
    plan: Annotated[bool, Option("--plan", help="Only print the number of images and requests, and the cost.")] = False,
    rows: commands.Rows = False,
    is_complete: Annotated[bool, Option("--is-complete", help="Only exit with 1 if the last one lost files.")] = False,
) -> None:
    """Print what a live scrape would fetch and what it costs, without a request; nothing is written."""
    from solarflare.core import params
    from solarflare.core.tasks import OriginParams
    from solarflare.report import scrape_cost
    from solarflare.sources.live import estimate, pending
    from solarflare.sources.live.schema import LiveParams

    if is_complete:
        if params.load(OriginParams).scrape.origin == "live" and (count := pending.remaining(params.load(LiveParams))):
            typer.echo(f"The last scrape lost {count} files on the way (data/cache/pending.json).")
            raise typer.Exit(1)
        return
    if not plan:
        raise InputError("`dvc repro scrape` fetches the data; `solarflare scrape --plan` says what that costs")
    typer.echo(scrape_cost.render(*estimate.estimate(params.load(LiveParams)), rows))


@app.command()
def manifest(
    file: Annotated[Path, Argument(help="The CSV file to write.")],
    raw: Annotated[Path, Option(help="The folder of raw data.")] = Path("data/raw"),
) -> None:
    """Write the manifest of the images that a scrape left in data/raw, for scrape.live.manifest in params.yaml."""
    from solarflare.core import params
    from solarflare.core.files import check_output_file
    from solarflare.sources.live import manifest
    from solarflare.sources.live.schema import LiveParams

    check_output_file(file, ",".join(manifest.COLUMNS))
    count = manifest.write(raw, params.load(LiveParams).scrape.live, file)
    typer.echo(f"{file}: {count:,} images")


@app.command()
def cutouts(
    folder: Annotated[Path, Argument(help="A folder for AR/, FL/ and cutouts.csv.")],
    wavelength: options.Wavelength = 171,
) -> None:
    """Fetch the thumbnails around HEK's events within scrape.live's dates: the second data set of the 2020 project."""
    from solarflare.core import params
    from solarflare.core.files import OutputFolder
    from solarflare.sources.live import scrape
    from solarflare.sources.live.images import cutouts
    from solarflare.sources.live.schema import LiveParams

    output, chosen = OutputFolder(folder), params.load(LiveParams).scrape.live
    with scrape.fetching(chosen) as fetcher:
        table = cutouts.save(chosen, fetcher, wavelength, output)
    typer.echo(f"{folder}: {(table['reason'] == '').sum()} of {len(table)} thumbnails of {wavelength} angstrom")


@app.command()
def score(
    files: Annotated[list[Path], Argument(help="CSV files with a time, a probability and a label (1: it happened).")],
    time: TimeColumn = None,
    probability: Annotated[
        list[str] | None,
        Option(help="Column of the probability. Several, or `all`, are compared.", show_default="recognised"),
    ] = None,
    without: Annotated[list[str] | None, Option(help="A column that `--probability all` leaves out.")] = None,
    label: Annotated[str | None, Option(help="Column of the label.", show_default="recognised")] = None,
    missing: options.Missing = None,
    against: Annotated[Path | None, Option(help="Another file: all scores of two files and their differences.")] = None,
    threshold: options.Threshold = None,
    base_rate: options.Reference = None,
    block_days: options.BlockDays = None,
    resamples: options.Resamples = None,
    as_json: Annotated[bool, Option("--json", help="Print JSON.")] = False,
    figures: Annotated[Path | None, Option(help="A folder for roc.png and reliability.png, or triptych.png.")] = None,
    page: Annotated[Path | None, Option(help="An HTML file for a leaderboard with its figures.")] = None,
) -> None:
    """Score anybody's forecasts, with confidence intervals: one in many scores, or several as a leaderboard."""
    from solarflare.core.files import OutputFolder
    from solarflare.predict import scoring
    from solarflare.predict.leaderboard import command
    from solarflare.predict.leaderboard.board import Rules
    from solarflare.predict.leaderboard.entries import Wish

    folder = OutputFolder(figures) if figures else None
    wish = Wish({"time": time, "label": label}, probability or (), without or (), missing or ())
    output = command.Output(as_json, page, folder)
    if command.wanted(files, wish, output):
        command.refuse({"--against": against, "--threshold": threshold})
        rules = Rules(block_days or scoring.BLOCK_DAYS, resamples or scoring.RESAMPLES, scoring.SEED, base_rate)
        typer.echo(printable.lines(command.run(files, wish, rules, output)))
        return
    (file,) = files
    columns = {"time": time, "probability": next(iter(wish.probabilities), None), "label": label}
    usual_resamples, seed = scoring.resampling(file)
    scorer = scoring.Scorer(threshold, block_days, resamples or usual_resamples, seed, base_rate)
    read = {str(path): scorer.read(path, columns, path is file, wish.missing) for path in (file, against) if path}
    content = scorer.compare(read[str(file)], read[str(against)]) if against else scorer.score(read[str(file)])
    for warning in content["warnings"]:
        console.log.warning("warning: %s", warning)
    typer.echo(strict_json.dumps(content, indent=2) if as_json else printable.lines(scoring.table(content)))
    if folder:
        scorer.draw(read, folder)


@app.command()
def forecast(
    file: Annotated[Path, Argument(help="A CSV file with a time, a probability and, for regions, noaa_ar.")],
    folder: Annotated[Path, Argument(help="A folder for the forecasts.")],
    method: Annotated[str, Option(help="The method's name at CCMC.")],
    goes_class: Annotated[
        str | None, Option("--class", help="C, M or X: flares from it on.", show_default=KNOWN)
    ] = None,
    hours: options.Window = None,
    data: Annotated[str | None, Option(help="The input data, as in 'SDO/AIA 211'.", show_default=KNOWN)] = None,
    time: TimeColumn = None,
    probability: ProbabilityColumn = None,
    fitted_rate: options.FittedRate = None,
    base_rate: options.BaseRate = None,
) -> None:
    """Write forecasts in the text form of CCMC's flare scoreboard, a file for each time."""
    from solarflare.core.files import OutputFolder
    from solarflare.predict import scoreboard

    output = OutputFolder(folder)
    header = scoreboard.header_of(file, method, goes_class, hours, data)
    columns, base_rates = {"time": time, "probability": probability}, (fitted_rate, base_rate)
    files = scoreboard.convert(file, columns, base_rates, header, output)
    typer.echo(f"{folder}: {len(files):,} forecasts")


@app.command()
def scoreboard(
    predictions: Annotated[Path, Argument(help="A project's metrics/predictions/disk.csv or region.csv.")],
    table: Annotated[Path, Argument(help="The CSV file to write: time, label and the probability of each day.")],
    method: Annotated[str, Option(help="The name of the column of probabilities.")] = "solarflare",
    labels: Annotated[
        Path | None, Option(help="A CSV file that says what happened.", show_default="the project's flare list")
    ] = None,
) -> None:
    """Write a row for each day, from 00 UT on, as operators publish forecasts, for `solarflare score` beside theirs."""
    from solarflare.predict import daily

    typer.echo(f"{table}: {daily.write(predictions, method, labels, table)}")


@app.command()
def predict(
    images: Annotated[list[Path], Argument(help="Full-disk images (JPEG, PNG, FITS, JPEG 2000), or folders.")],
    instrument: Annotated[
        str | None, Option(help="gong, hmi, mdi, aia171, aia193 or aia211, of all images.", show_default="from them")
    ] = None,
    time: Annotated[
        dt.datetime | None, Option(help="The time of all images, UTC.", show_default="from them", formats=TIMES)
    ] = None,
    regions: Annotated[
        str | None, Option(help="A file of reports, swpc or image.", show_default="swpc for recent images, else image")
    ] = None,
    flares: Annotated[str | None, Option(help="A file of past flares, for networks with a fusion.")] = None,
    models: Models = None,
    simulated_model: SimulatedModel = False,
    as_json: AsJson = False,
    figures: Figures = None,
) -> None:
    """Print the probability of activity for images of the Sun; exit with 2 if an image has no answer."""
    from solarflare.core.files import OutputFolder
    from solarflare.predict import answer
    from solarflare.predict.choose import Wish
    from solarflare.predict.images import find_images

    output = OutputFolder(figures) if figures else None
    files = find_images(images, instrument, time)
    if not answer.answer(files, Wish(models, regions, simulated_model, flares=flares), as_json, output):
        raise typer.Exit(REFUSED)


@app.command()
def export(
    folder: Annotated[Path, Argument(help="A folder for the model.")],
    instrument: Annotated[str, Option(help="The instrument whose shipped networks answer.")] = "aia211",
) -> None:
    """Write the shipped networks as a model for `mlflow models serve`: see docs/scale.md."""
    from solarflare.core.files import OutputFolder
    from solarflare.predict import served

    with OutputFolder(folder).replaced() as partial:
        tasks = served.export(instrument, partial)
    typer.echo(f"{folder}: the networks of {instrument} for {' and '.join(tasks)}; serve them as docs/scale.md says")


@app.command()
def now(
    models: Models = None,
    simulated_model: SimulatedModel = False,
    watch: Annotated[str | None, Option(help="Repeat after this time, such as 15m, until Ctrl-C.")] = None,
    forecast: Annotated[Path | None, Option(help="A file for the forecast in CCMC's form.")] = None,
    as_json: AsJson = False,
    figures: Figures = None,
) -> None:
    """Print the probability of activity for the newest images of the Sun; exit with 2 if no image has an answer."""
    from solarflare.core.files import OutputFolder
    from solarflare.predict import now as today
    from solarflare.predict import scoreboard, trained
    from solarflare.predict.choose import Choice, Wish

    pause = today.seconds(watch) if watch else None
    output = today.Output(as_json, OutputFolder(figures) if figures else None, forecast)
    if forecast:
        scoreboard.check_file(forecast)
    choice = Choice(Wish(models, "swpc", simulated_model))
    predictor, live = choice.of_today(), choice.live()
    if not predictor.knows_the_sun:
        remedy = trained.how_to_train(predictor.instruments[0])
        typer.echo(f"No answer: the networks of {predictor.name} know only the simulated Sun; {remedy}.", err=as_json)
        raise typer.Exit(REFUSED)
    if forecast:
        today.forecasting_networks(predictor.networks)
    if pause is not None:
        today.watch(predictor, live, output, pause)
    if not today.answer_now(predictor, live, output):
        raise typer.Exit(REFUSED)


if __name__ == "__main__":
    main()
