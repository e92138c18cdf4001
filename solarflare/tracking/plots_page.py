"""The page that ``dvc plots`` fills. It contains Vega, which draws the plots, so that it needs no network."""

import sys
from pathlib import Path

from solarflare.core import parent
from solarflare.core.errors import InputError
from solarflare.core.files import atomic_path

DVC = Path(".dvc")
PAGE = Path("plots/page.html")  # in `.dvc`, which is the folder that DVC starts from

SNIPPET = """
const look = {
  font: "system-ui, sans-serif",
  axis: {labelFontSize: 12, titleFontSize: 13, titleFontWeight: "normal", gridColor: "#e4e4e4"},
  legend: {orient: "bottom", direction: "horizontal", labelFontSize: 12, symbolOpacity: 1, title: null},
  header: {labelFontSize: 13},
  title: {fontSize: 15, anchor: "start", offset: 12},
  view: {stroke: null},
};
const actions = {export: true, source: false, compiled: false, editor: false};
const options = {mode: "vega-lite", renderer: "svg", config: look, actions};
// Without its schema, of Vega-Lite 5: version 6 draws the same, with a warning.
window.vegaEmbed = (place, {$schema, ...spec}) => {
  if (spec.width === 300) Object.assign(spec, {width: 500, height: 340});  // DVC's size of all plots
  return vegaEmbed(place, spec, options);
};
"""

TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Plots</title>
{refresh_tag}
<style>
body {margin: 24px auto; padding: 0 24px; max-width: 1300px; font-family: system-ui, sans-serif; color: #1f1f1f}
main {display: grid; grid-template-columns: repeat(auto-fit, minmax(min(560px, 100%), 1fr)); gap: 40px 24px}
main > div {overflow-x: auto}
</style>
<script>VEGA</script>
</head>
<body>
<h1>Plots</h1>
<p>Disk: is the Sun active? Region: is this region flaring? Each colour is a revision. Earlier ones have wider, paler
lines, so that equal curves show all colours. Shaded bands and vertical bars are 95 % intervals.</p>
<main>
{plot_divs}
</main>
</body>
</html>
"""


def write() -> None:
    """Write the page to ``.dvc/plots/page.html``, and name it in ``.dvc/config.local``.

    The setting is not in ``.dvc/config``, which Git keeps: where the page is not there, ``dvc plots`` would fail.

    Raises
    ------
    InputError
        If the working folder is not the project's.
    """
    import vl_convert

    if not DVC.is_dir():
        raise InputError(f"{DVC} is not there; run this in the project's folder")
    with atomic_path(DVC / PAGE) as partial:
        partial.write_text(TEMPLATE.replace("VEGA", vl_convert.javascript_bundle(SNIPPET)), encoding="utf-8")
    setting = ("config", "--quiet", "--local", "plots.html_template", PAGE.as_posix())
    parent.run([sys.executable, "-m", "dvc", *setting]).check_returncode()
