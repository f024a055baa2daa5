"""Build the website: the README, the docs, the model card and the report as HTML pages.

Run it in the root of the project: python -m docs.build_pages --help
"""  # noqa: INP001  # a script, not a package

import argparse
import os
import re
from pathlib import Path

from birnn.report import page

HOME = Path("README.md")
REPORT = Path("report/report.md")  # the pipeline has written its page
TITLES = {HOME: "Overview", REPORT: "Report", Path("report/model_card.md"): "Model card"}

IMAGE = re.compile(r"!\[[^\]]*\]\(([^)\s]+)\)")
LINK = re.compile(r'href="([^":#]+)(?=[#"])')  # relative: other addresses contain a colon

# Styles that the report does not need.
STYLE = """\
pre { background: var(--code); border-radius: .3rem; overflow-x: auto; padding: .7rem; }
pre code { background: none; padding: 0; }
.figure img { width: 100%; }
</style>"""


def build(folder: Path, source: str) -> None:
    """Write the website to a folder; links to files that are not part of it lead to `source`."""
    files = [file for file in [*TITLES, *sorted(Path("docs").glob("*.md"))] if file.exists()]
    for file in files:
        output = folder / ("index.html" if file == HOME else file.with_suffix(".html"))
        if file == REPORT:
            html = file.with_suffix(".html").read_text(encoding="utf-8")
            write(output, rewrite_links(html, file, files, source).encode())
            continue
        text = file.read_text(encoding="utf-8")
        images = {image: f'<img src="{image}" alt="">' for image in IMAGE.findall(text)}
        html = page.render(page.add_contents(text), images)
        html = html.replace("</style>", STYLE).replace("<main>", navigation(file, files))
        write(output, rewrite_links(html, file, files, source).encode())
        for image in (address for address in images if ":" not in address):
            write(folder / file.parent / image, (file.parent / image).read_bytes())


def navigation(file: Path, files: list[Path]) -> str:
    """Return the start of a page; pages of the docs are named by their heading up to the colon."""
    links = []
    for other in files:
        heading = other.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
        path = Path(os.path.relpath(other, file.parent)).as_posix()
        links.append(f'<a href="{path}">{TITLES.get(other, heading.partition(":")[0])}</a>')
    return f"<nav>{' · '.join(links)}</nav>\n<main>"


def rewrite_links(html: str, file: Path, files: list[Path], source: str) -> str:
    """Link to the pages of Markdown files, and to `source` for all other files."""

    def rewritten(link: re.Match[str]) -> str:
        path = Path(os.path.normpath(file.parent / link[1]))
        if path not in files:
            return f'href="{source}/{path.as_posix()}'
        return f'href="{link[1].replace(HOME.name, "index.md").removesuffix(".md")}.html'

    return LINK.sub(rewritten, html)


def write(file: Path, content: bytes) -> None:
    """Write a file, and create its folder if needed."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="folder to write the website to")
    parser.add_argument("source", help="address of the project's files")
    build(**vars(parser.parse_args()))
