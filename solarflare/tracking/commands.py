"""The commands about runs and results. Each imports what it needs, so that `--help` does not wait for MLflow."""

from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from solarflare.core import params
from solarflare.core.errors import InputError

Base = Annotated[str, Option(help="A branch, a tag or a commit to compare with.")]
Rows = Annotated[bool, Option("--rows", help="With --plan: print each image too, as CSV.")]

app = typer.Typer(add_completion=False)


@app.command("store")
def create_store() -> None:
    """Create the MLflow store, unless it is there."""
    params.require_project()
    from solarflare.tracking.mlflow import store

    store.create()


@app.command("plots-page")
def write_plots_page() -> None:
    """Write the page with which `dvc plots` needs no network, and make DVC use it."""
    params.require_project()
    from solarflare.tracking import plots_page

    plots_page.write()


@app.command()
def ui(
    port: Annotated[int, Option(min=1, max=65535, help="The port of the server, on this machine only.")] = 5000,
) -> None:
    """Print the addresses of the runs in MLflow, and start its server; Ctrl-C ends it."""
    params.require_project()
    from solarflare.tracking.mlflow import store

    store.show(port)


@app.command()
def log() -> None:
    """Log to MLflow what is not logged yet, and say where to look; fail if the audit found a leak (audit.on_leak)."""
    params.require_project()
    from solarflare.core.files import read_json
    from solarflare.core.paths import AUDIT
    from solarflare.core.tasks import TASKS
    from solarflare.tracking import dvc_state
    from solarflare.tracking.mlflow.unlogged import unlogged_evaluation

    if outdated := dvc_state.outdated(["train_disk", "train_region", "evaluate", "report"]):
        raise InputError(f"the results of {', '.join(outdated)} are out of date; run `dvc repro` first")
    if unlogged := list(filter(unlogged_evaluation, TASKS)):
        from solarflare.tracking.mlflow.log_evaluation import log_evaluation

        log_evaluation(*unlogged)
    typer.echo("Look at the page reports/index.html in a browser, at `dvc plots show`, and at the runs with `make ui`.")
    audit = read_json(AUDIT, "audit")
    _refuse_leaks([task for task in TASKS if audit.get(task, {}).get("leak")])


@app.command("summary")
def print_summary() -> None:
    """Print the scores of the last run and of its baselines, and whether they are trusted."""
    params.require_project()
    from solarflare.report import summary

    typer.echo(summary.render())


@app.command()
def reproduced() -> None:
    """Say whether this run gave the committed results; fail if a score is outside its committed interval."""
    params.require_project()
    from solarflare.core.tasks import TASKS
    from solarflare.tracking import reproduction

    lines, within = zip(*map(reproduction.compare, TASKS), strict=True)
    typer.echo("\n".join(lines))
    if not all(within):
        raise typer.Exit(1)


@app.command()
def accept() -> None:
    """Commit dvc.lock and metrics/ as this machine made them."""
    params.require_project()
    from solarflare.tracking import reproduction

    typer.echo(reproduction.accept())


@app.command()
def restore() -> None:
    """Bring back dvc.lock and metrics/ of the last commit, and say what `dvc repro` would run."""
    params.require_project()
    from solarflare.tracking import reproduction

    typer.echo(reproduction.restore())


@app.command()
def exps(base: Base = "main") -> None:
    """Print DVC's experiments since the base: what each changed, and its scores, in at most 140 columns."""
    params.require_project()
    from solarflare.tracking import experiments_table

    typer.echo(experiments_table.render(base))


@app.command()
def review(
    base: Base = "main",
    page: Annotated[Path, Option(help="The file to write; figures go into a folder of that name.")] = Path("review.md"),
) -> None:
    """Write what this change did to the scores; fail at a broken file, or at a leak if audit.on_leak is fail."""
    from solarflare.tracking import markdown
    from solarflare.tracking.review import review

    result = review.write(base, page)
    typer.echo(f"{page}: {review.headline(result)}")
    if result.broken:
        raise InputError(f"not comparable: {markdown.printable(result.broken)}")
    _refuse_leaks(result.leaking)


def _refuse_leaks(leaking: list[str]) -> None:
    """Fail if the audit found a leak in any task, unless audit.on_leak is warn."""
    from solarflare.verification.audit.schema import AuditParams

    if leaking and params.load(AuditParams).audit.on_leak == "fail":
        raise InputError(
            f"the audit found a leak in {' and '.join(leaking)}: metrics/details/audit.json names the probe; "
            "mend the data, or set audit.on_leak to warn"
        )


@app.command()
def experiment(
    profile: Annotated[str, Argument(help="A file in profiles/, without .yaml.")],
    archive: Annotated[
        Path | None, Option(help="A folder with the images and tables, instead of the observatories' sites.")
    ] = None,
    plan: Annotated[bool, Option("--plan", help="Only print what would be fetched and what it costs.")] = False,
    rows: Rows = False,
) -> None:
    """Run a profile as DVC experiments and keep their scores in docs/results/; the workspace does not change."""
    from solarflare.tracking import profiles, published_results, published_tables

    chosen = profiles.read(profile, archive)
    if plan:
        typer.echo(profiles.cost(chosen, rows))
        return
    published_results.collect(chosen, profiles.run(chosen))
    typer.echo(published_tables.table(profile))


@app.command("sweep")
def search(
    file: Annotated[Path, Argument(help="The search: its task, trials and ranges.")] = Path("sweep.yaml"),
) -> None:
    """Search for parameters with Optuna, on validation alone, and print the best; the workspace does not change."""
    from solarflare.tracking import sweep

    typer.echo(sweep.run(sweep.read(file)))


@app.command()
def pretrain(
    profile: Annotated[str, Argument(help="A file in profiles/ with the variants folds and test-2014.")],
    archive: Annotated[Path, Option(help="The folder that the profile imports.")],
    manifest: Annotated[Path, Option(help="The table that names the images of this folder.")],
) -> None:
    """Train a profile's networks on all its images, calibrated by cross-fitting, and write them to pretrained/."""
    from solarflare.tracking.pretrained import make

    typer.echo(f"{make.make(profile, archive, manifest)}: networks, cards and hashes are written")


@app.command()
def permutation(
    task: Annotated[list[str] | None, Option(help="disk or region; can be repeated.", show_default="all")] = None,
    repeats: Annotated[int, Option(min=1, max=1000, help="Trainings on rotated labels.")] = 20,
    name: Annotated[str, Option(help="A name for the data in data/, for the table of results.")] = "simulated",
) -> None:
    """Train the networks on labels rotated in time, from which they must not learn; results in docs/results/."""
    from solarflare.core.tasks import TASKS, TaskParams
    from solarflare.networks import training
    from solarflare.networks.schema import TrainingParams
    from solarflare.tracking import published_results, published_tables
    from solarflare.verification.evaluation.permutation_test import permute

    chosen = params.load(TrainingParams)
    if unknown := set(task or []) - set(TASKS):
        raise InputError(f"--task is {', '.join(sorted(unknown))}; expected disk or region")
    training.configure(chosen.compute)
    for each in [known for known in TASKS if known in (task or params.load(TaskParams).tasks)]:
        published_results.keep_permutation(name, {each: permute(each, repeats)})
    typer.echo(published_tables.table("permutation"))


@app.command("results")
def tables(check: Annotated[bool, Option(help="Change nothing; fail if a table is not up to date.")] = False) -> None:
    """Write the tables of docs/results/ between their markers in README.md and docs/*.md."""
    params.require_project()
    from solarflare.tracking import published_pages

    written = published_pages.update_pages(check)
    typer.echo(f"Tables written: {', '.join(map(str, written))}." if written else "All tables are up to date.")
