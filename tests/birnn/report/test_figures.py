"""The figures: what they draw, and how models, splits and corpora are told apart."""

import json
import re
from pathlib import Path

import pytest

from birnn.core.yaml_files import read_yaml
from birnn.evaluation.model_names import NETWORKS, TITLES
from birnn.report import figures
from birnn.style import colors, plotting
from tests.birnn import samples
from tests.projects import PROJECT


@pytest.mark.parametrize(("validation", "watched"), [("test", "test split"), (0.1, "validation")])
def test_figures_draw_the_tables(validation: str | float, watched: str) -> None:
    data, tables = samples.content(corpus="$$.csv", validation=validation)
    metrics = data["metrics"]
    drawn = figures.draw(metrics, tables, 100)
    titles = [figure.axes[0].title for figure in drawn.values()]
    assert all("$$.csv" in title.get_text() and not title.get_parse_math() for title in titles)
    history = samples.histories()[samples.NETWORK]
    for measure in ("accuracy", "loss"):
        (axes,) = drawn[measure].axes
        dots, line, *_ = axes.lines
        assert (dots.get_marker(), dots.get_linestyle()) == ("o", "None")
        assert (line.get_marker(), line.get_linestyle()) == ("None", "-")
        assert list(dots.get_ydata()) == history[measure].tolist()
        assert list(line.get_ydata()) == history[f"val_{measure}"].tolist()
        networks = axes.lines[: 2 * len(NETWORKS)]  # the others explain dots and lines
        assert len({line.get_color() for line in networks}) == len(NETWORKS)
        assert len({str(plotting.LINES[name]) for name in NETWORKS}) == len(NETWORKS)
        labels = axes.get_legend_handles_labels()[1]
        assert labels == [*list(TITLES.values())[:-1], "training", watched]
    for axes, calibration in zip(drawn["reliability"].axes, ("raw", "scaled"), strict=False):
        diagonal, *lines = axes.lines
        assert list(diagonal.get_xdata()) == list(diagonal.get_ydata()) == [0, 1]
        assert len(axes.collections) == len(TITLES)  # bands of intervals
        rows = tables["reliability"][tables["reliability"]["calibration"] == calibration]
        for line, (model, title) in zip(lines, TITLES.items(), strict=True):
            expected = rows[rows["model"] == model]
            assert list(line.get_ydata()) == expected["observed"].tolist()
            assert line.get_label() == title
            assert line.get_color() == colors.MODEL_COLORS[model]
    assert len(drawn["reliability"].axes) == tables["reliability"]["calibration"].nunique()


def test_truncation_is_marked_if_in_range() -> None:
    table = samples.content()[1]["lengths"]
    shortest, longest = table["words"].min(), table["words"].max()
    for position, marked in ((shortest, False), (100, True), (longest, False)):
        (axes,) = figures.lengths(table, position + 1, "imdb").axes
        assert [text.xy[0] for text in axes.texts] == [position] * marked
    low, high = axes.get_xlim()
    assert (low, high) == pytest.approx((0.9 * shortest, 1.1 * longest + 1))
    ticks = zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)
    shown = [label.get_text() for tick, label in ticks if low <= tick <= high]
    assert shown == ["50", "100", "200", "500"]


def test_every_plot_has_a_template_with_the_colors_of_figures(tmp_path: Path) -> None:
    figures.write_plot_templates(tmp_path / "templates")
    texts = {file.name: file.read_text("utf-8") for file in (tmp_path / "templates").iterdir()}
    scales = re.findall(r'"domain": (\[".*?\]),\s*"range": (\[.*?\])', "".join(texts.values()))
    assert len(scales) == 2
    for domain, shown in scales:
        assert json.loads(shown) == [colors.MODEL_COLORS[model] for model in json.loads(domain)]
    assert set(re.findall(r"#\w{6}", "".join(texts.values()))) <= {
        *colors.MODEL_COLORS.values(),
        colors.GRID,
    }
    assert all(map(json.loads, texts.values()))
    plots = [next(iter(plot.values())) for plot in read_yaml(PROJECT / "dvc.yaml")["plots"]]
    assert {plot["template"] for plot in plots} == {f"plots/templates/{name}" for name in texts}
