"""A figure as SVG in the page. It uses the page's colours, which differ by day, at night and on paper."""

import io
import re
from xml.etree import ElementTree

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.figure import Figure

from solarflare.report.figures import FAINT, GOLD, GRID, INK, LIST, SKY, SUN, TRAINING

NAMESPACES = {"": "http://www.w3.org/2000/svg", "xlink": "http://www.w3.org/1999/xlink"}
VARIABLES = {
    SUN: "--sun",
    SKY: "--sky",
    GOLD: "--gold",
    INK: "--ink",
    FAINT: "--dim",
    TRAINING: "--train",
    LIST: "--muted",
    GRID: "--rule",
    "#000000": "--muted",
}
"""By colour in a figure, the variable of ``style.css`` that replaces it."""

for prefix, address in NAMESPACES.items():
    ElementTree.register_namespace(prefix, address)


def inline(figure: Figure, label: str, stretched: bool = False) -> Markup:
    """Return a figure as an SVG element, the same bytes every time. A screen reader reads `label` aloud.

    A stretched figure fills its place, whatever the shape of the place. It should have no text.
    """
    written = io.StringIO()
    # Text stays text, in the page's font. The salt gives a figure the same ids every time, but no two figures the same.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": label}):
        figure.savefig(written, format="svg", transparent=True, metadata={"Date": None})
    root = ElementTree.fromstring(written.getvalue())  # noqa: S314 - written by matplotlib
    for element in [*root.findall("metadata", NAMESPACES), *root.findall("defs[style]", NAMESPACES)]:
        root.remove(element)  # this style would apply to the whole page
    for element in root.iter():
        element.tail = None
        if element.tag.endswith("}g"):
            element.text = None
            element.attrib.pop("id", None)  # these ids are numbers, the same in each figure
        for name, value in element.attrib.items():
            element.set(name, _of_page(value))
    root.attrib = {"viewBox": root.attrib["viewBox"], "role": "img", "aria-label": label}
    if stretched:
        root.set("preserveAspectRatio", "none")
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # noqa: S704 - ElementTree has escaped all text


def _of_page(value: str) -> str:
    """Return the value of an attribute with the page's colours and font, and without digits that nobody sees."""
    for colour, variable in VARIABLES.items():
        value = value.replace(colour, f"var({variable})")
    value = re.sub(r" font-family: [^;]*;", "", value)
    return " ".join(re.sub(r"\d+\.\d{2,}", lambda number: f"{float(number[0]):.1f}", value).split())
