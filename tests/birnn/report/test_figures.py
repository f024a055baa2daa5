"""The figures: what they draw, and how models, splits and corpora are told apart."""

import numpy as np
import pandas as pd
import pytest

from birnn.evaluation.model_names import BASELINE, NETWORKS, TITLES
from birnn.report import figures
from birnn.style import colors, plotting
from tests.birnn import samples

MODELS = ("bilstm", "bigru", BASELINE)


@pytest.mark.parametrize(("validation", "watched"), [("test", "test split"), (0.1, "validation")])
def test_figures_draw_the_tables(validation: str | float, watched: str) -> None:
    data, tables = samples.content(corpus="$$.csv", validation=validation)
    metrics = data["metrics"]
    drawn = figures.draw(metrics, tables, 100)
    for axes in (figure.axes[0] for figure in drawn.values()):
        shown = [axes.figure.texts[0], axes.xaxis.label, axes.yaxis.label]
        assert any("$$.csv" in text.get_text() for text in shown)
        assert not any(text.get_parse_math() for text in shown)
    history = samples.histories()[samples.NETWORK]
    for measure, best in (
        ("accuracy", "highest after epoch 2 or 3"),
        ("loss", "lowest after epoch 2"),
    ):
        (axes,) = drawn[measure].axes
        name = watched.partition(" ")[0].capitalize()
        assert drawn[measure].get_suptitle() == f"{name} {measure} is {best}"
        lines = [line for line in axes.lines if line.get_label() == TITLES[samples.NETWORK]]
        dots = next(line for line in axes.lines if line.get_color() == lines[0].get_color())
        assert (dots.get_label(), dots.get_linestyle()) == ("training", "None")
        assert list(dots.get_ydata()) == history[measure].tolist()
        assert list(lines[0].get_ydata()) == history[f"val_{measure}"].tolist()
        assert len({line.get_color() for line in axes.lines}) == len(NETWORKS)
        assert len({str(plotting.DASHES[name]) for name in NETWORKS}) == len(NETWORKS)
    for axes, calibration in zip(drawn["reliability"].axes, ("raw", "scaled"), strict=False):
        diagonal, *lines = axes.lines
        assert list(diagonal.get_xdata()) == list(diagonal.get_ydata()) == [0, 1]
        assert len(axes.collections) == len(TITLES)  # bands of intervals
        rows = tables["reliability"][tables["reliability"]["calibration"] == calibration]
        by_title = {line.get_label(): line for line in lines}
        for model, title in TITLES.items():
            expected = rows[rows["model"] == model]
            assert list(by_title[title].get_ydata()) == expected["observed"].tolist()
            assert by_title[title].get_color() == colors.MODEL_COLORS[model]
    assert len(drawn["reliability"].axes) == tables["reliability"]["calibration"].nunique()


def test_lines_are_labelled_at_their_ends_without_overlaps() -> None:
    figure = plotting.new_figure("title")
    axes = figure.add_subplot()
    table = pd.DataFrame({"x": [1, 2] * 3, "y": [0, 0.5, 1, 0.5, 0.2, 0.1]})
    table = table.assign(model=np.repeat(MODELS, 2))
    plotting.draw_lines(axes, table, "x", "y", "{:.0%}")
    low, *others = sorted(axes.texts, key=lambda text: text.get_position()[1])
    assert {text.get_text().strip() for text in others} == {
        f"{TITLES[model]} 50%" for model in MODELS[:2]
    }
    assert (low.get_text().strip(), low.get_position()) == (f"{TITLES[BASELINE]} 10%", (1, 0.1))
    figure.draw_without_rendering()
    first, second = (text.get_window_extent() for text in others)
    assert first.y1 <= second.y0 + 1


def test_titles_name_the_models_of_which_the_intervals_show_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(figures, "TITLES", {model: TITLES[model] for model in MODELS})
    ends = pd.DataFrame(
        {
            "words": [50.0, 500] * 3,
            "accuracy": [0.9, 0.7, 0.9, 0.7, 0.9, 0.9],
            "low": [0.85, 0.65, 0.7, 0.5, 0.85, 0.85],
            "high": [0.95, 0.75, 0.95, 0.9, 0.95, 0.95],
            "model": np.repeat(MODELS, 2),
        }
    )
    first, second, _ = MODELS
    assert figures.lengths(ends, 100, "imdb").get_suptitle().endswith(f": {TITLES[first]}")
    wide = ends[ends["model"] == second]
    same = pd.concat(wide.assign(model=model) for model in MODELS)
    assert figures.lengths(same, 100, "imdb").get_suptitle() == "Accuracy by length"
    table = ends.assign(predicted=[0, 1] * 3, observed=0.5, calibration="raw")
    table[["low", "high"]] = [[0.1, 0.2], [0.8, 0.9]] + [[0, 0.1], [0.9, 1]] * 2
    shown = figures.reliability(table, "imdb", "positive").get_suptitle()
    assert shown == f"Too certain: {TITLES[first]}"


def test_truncation_is_marked_if_in_range() -> None:
    table = samples.content()[1]["lengths"]
    shortest, longest = table["words"].min(), table["words"].max()
    for position, marked in ((shortest, False), (100, True), (longest, False)):
        (axes,) = figures.lengths(table, position + 1, "imdb").axes
        marks = [text for text in axes.texts if "truncate" in text.get_text()]
        assert [text.get_position()[0] for text in marks] == [position] * marked


def test_influence_of_none_has_an_axis() -> None:
    (axes,) = figures.influence(samples.influences().assign(influence=0.0), "imdb").axes
    assert axes.get_ylim() == (0, 1)
