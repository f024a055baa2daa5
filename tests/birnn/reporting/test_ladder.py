"""The ladder: what is read of its files, and what the report and the figure say of it."""

import math
import re
from pathlib import Path

import pytest

from birnn.core.outputs import write_json
from birnn.reporting import ladder, ladder_figure
from tests.birnn import samples


@pytest.fixture
def climbed(tmp_path: Path) -> ladder.Ladder:
    samples.write_ladder(tmp_path)
    found = ladder.read(tmp_path)
    assert found
    return found


def test_results_are_means_over_seeds(climbed: ladder.Ladder) -> None:
    first, second = climbed.rungs
    assert (first.name, second.settings) == ("plain", {"network.pooling": "max_mean"})
    bilstm = first.models["bilstm"]
    assert bilstm.seeds == 2
    assert bilstm.test == pytest.approx(0.805)
    assert bilstm.deviation == pytest.approx(0.01 / math.sqrt(2))
    assert bilstm.gap == pytest.approx(0.005)
    assert bilstm.seconds == 60
    assert bilstm.interval
    assert bilstm.interval[0] < 0.805 < bilstm.interval[1]
    assert first.over_seeds["all"].test == 0.92
    assert set(first.models) == {"bilstm", "bigru", "baseline", "networks", "all"}


def test_gains_come_in_the_order_of_their_size(climbed: ladder.Ladder) -> None:
    ((rung, gain),) = climbed.gains()
    assert (rung.name, gain) == ("pooled", pytest.approx(0.05))


def test_a_rung_is_chosen_by_the_held_out_reviews(climbed: ladder.Ladder) -> None:
    assert climbed.chosen("all").name == "pooled"
    assert climbed.chosen("baseline").name == "plain"


def test_it_is_of_one_corpus(climbed: ladder.Ladder) -> None:
    assert climbed.is_of(climbed.corpus | {"validation": "test"})
    assert not climbed.is_of(climbed.corpus | {"test_reviews": 1})


def test_without_files_there_is_none(tmp_path: Path) -> None:
    assert ladder.read(tmp_path / "ladder") is None


def test_the_figure_shows_every_rung_and_what_is_published(climbed: ladder.Ladder) -> None:
    (axes,) = ladder_figure.draw(climbed).axes
    said = {text.get_text() for text in axes.texts}
    assert {"1", "2", "SA-LSTM", "Virtual adversarial BiLSTM"} <= said
    lines = {line.get_label(): line for line in axes.containers}
    assert lines["BiGRU"].lines[0].get_ydata().tolist() == pytest.approx([80.5, 85.5])


def test_the_report_answers_the_second_question(climbed: ladder.Ladder, tmp_path: Path) -> None:
    for text in samples.write_report(tmp_path, samples.predictions(), climbed=climbed):
        words = " ".join(re.sub("<[^>]+>", "", text).split())
        assert "the BiLSTM goes from 80.50 % of the test reviews to 85.50 %" in words
        assert "pooled adds +5.00 points." in words
        assert "with all 2 together" in words
    markdown, _ = samples.write_report(tmp_path, samples.predictions(), climbed=climbed)
    assert "| 2 | pooled: maximum and mean | 85.50 ± 0.71 |" in markdown
    assert "| SA-LSTM | Dai and Le 2015 | 92.76 % | labelled and unlabelled reviews |" in markdown


def test_a_single_seed_has_no_spread(tmp_path: Path) -> None:
    samples.write_ladder(tmp_path, seeds=1)
    found = ladder.read(tmp_path)
    assert found
    assert found.rungs[0].models["bigru"].interval is None
    ladder_figure.draw(found)
    markdown, _ = samples.write_report(tmp_path / "report", samples.predictions(), climbed=found)
    assert "| 1 | plain: the plain networks | 80.00 |" in markdown


def test_of_another_version_nothing_is_guessed(tmp_path: Path) -> None:
    samples.write_ladder(tmp_path)
    write_json(tmp_path / "ladder.json", {})
    with pytest.raises(KeyError):
        ladder.read(tmp_path)
