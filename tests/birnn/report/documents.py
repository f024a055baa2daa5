"""The report and the model card of a made-up evaluation."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from unittest.mock import patch

from birnn.evaluation import model_names, summary
from birnn.evaluation.model_names import ALL_MODELS, ALL_NETWORKS, BASELINE
from birnn.report import documents, figures
from stages import report as report_stage
from tests.birnn import samples

TWO_NETWORKS = MappingProxyType({"bilstm": "BiLSTM", "bigru": "BiGRU"})


class Documents(NamedTuple):
    """The report as Markdown and as a page, and the model card."""

    report: str
    page: str
    card: str


@contextmanager
def registered(titles: Mapping[str, str] = TWO_NETWORKS) -> Iterator[None]:
    """Have these networks in the registry, since sentences and tables depend on their number."""
    networks = {name: model_names.NETWORKS.get(name) for name in titles}
    pairs = tuple(combinations(titles, 2))
    titles = {**titles, BASELINE: "Baseline"}
    all_titles = {**titles, ALL_NETWORKS: "All networks", ALL_MODELS: "All models"}
    with (
        patch.dict(model_names.NETWORKS, networks, clear=True),
        patch.dict(model_names.TITLES, titles, clear=True),
        patch.dict(model_names.ALL_TITLES, all_titles, clear=True),
        patch.object(model_names, "PAIRS", pairs),
        patch.object(summary, "PAIRS", pairs),
    ):
        yield


def write(
    folder: Path,
    columns: Any = None,
    settings: dict[str, Any] = samples.SETTINGS,
    *,
    draw: bool = False,
    about: Mapping[str, Any] = MappingProxyType({}),
    **changes: Any,
) -> Documents:
    """Write the documents, and check that tables are complete and no value is undefined.

    `about` describes the corpus, and `changes` replace data of the report. Without `draw`, which
    takes seconds, figures are empty.
    """
    data, tables = samples.content(columns, settings, **about)
    data |= changes
    drawings: dict[str, str] = defaultdict(str)
    if draw:
        drawn = figures.draw(data["metrics"], tables, settings["pad.maxlen"])
        drawings |= report_stage.draw_inline(drawn)
    documents.write(data, drawings, folder)
    names = ("report.md", "report.html", "model_card.md")
    written = Documents(*((folder / name).read_text(encoding="utf-8") for name in names))
    for text in (written.report, written.card):
        assert not re.search(r"\bnan\b|None|\n\n\n", text)
        for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
            assert len({row.count("|") for row in table.splitlines()}) == 1
    return written


def words(text: str) -> str:
    return " ".join(text.split())


def section(text: str, heading: str) -> str:
    return text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
