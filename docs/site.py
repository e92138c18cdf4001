"""What mkdocs has to be told of this repository: pages outside of docs, and links to source, which joins the site."""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
ELSEWHERE = {"README.md": "index.md"} | {
    name: name
    for name in (
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "pretrained/README.md",
        "pretrained/aia211/disk/card.md",
        "pretrained/aia211/region/card.md",
    )
}
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages outside of docs/, and every file that a page links to, under ``source/``."""
    for name, page in ELSEWHERE.items():
        files.append(File.generated(config, page, content=(ROOT / name).read_text()))
    linked = {place for page in files.documentation_pages() for place, _ in _places(page)}
    for place in sorted(linked):
        if (uri := _in_site(place)).startswith("source/") and (ROOT / place).is_file():
            files.append(File.generated(config, uri, content=(ROOT / place).read_bytes()))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links as they are in the repository into links as they are in the site."""
    here = posixpath.dirname(page.file.src_uri)
    for place, written in _places(page.file):
        markdown = markdown.replace(f"]({written}", f"]({posixpath.relpath(_in_site(place), here or '.')}")
    return markdown


def _places(page: File) -> list[tuple[str, str]]:
    """Return what a page links to: the file in the repository, and as it is written."""
    origin = next((name for name, uri in ELSEWHERE.items() if uri == page.src_uri), f"docs/{page.src_uri}")
    written = [link for link, _ in LINK.findall((ROOT / origin).read_text())]
    return [(_file(posixpath.normpath(posixpath.join(posixpath.dirname(origin), link))), link) for link in written]


def _file(place: str) -> str:
    """Return a file itself, and for a package the module that says what it is."""
    return f"{place}/__init__.py" if (ROOT / place / "__init__.py").is_file() else place


def _in_site(place: str) -> str:
    """Return where a file of the repository is in the site."""
    if place in ELSEWHERE:
        return ELSEWHERE[place]
    if place.startswith("docs/"):
        return place.removeprefix("docs/")
    return f"source/{place}"
