"""Writing, reading and drawing studies."""

import io
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from birnn.cli import experiment_commands
from birnn.core.errors import InputError
from birnn.core.outputs import read_json
from birnn.core.settings import flatten, load
from birnn.experiments import grid, recipes, seed_predictions, studies
from birnn.experiments.runs import Run
from birnn.reporting import conclusions, formatting, study, study_figure
from birnn.reporting.conclusions import MEASURES
from tests.birnn import samples
from tests.projects import PROJECT, copy_settings


def metrics(bilstm: float, bigru: float, corpus: str = "mine") -> dict[str, dict[str, Any]]:
    about = {"name": corpus, "train_reviews": 5, "test_reviews": 5, "vocabulary": 5}
    return {
        "corpus": about,
        "bilstm": dict.fromkeys(MEASURES, bilstm) | {"best_val_accuracy": 0.85, "parameters": 10},
        "bigru": dict.fromkeys(MEASURES, bigru) | {"best_val_accuracy": 0.86, "parameters": 9},
        "baseline": {"accuracy": 0.9},
    }


@pytest.fixture
def points(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[grid.Point]:
    """Return a grid of two lengths and three seeds, in a folder with the project's settings."""
    monkeypatch.chdir(tmp_path)
    copy_settings(tmp_path)
    return grid.points(["pad.maxlen=50,100", "train.seed=0..2"])


def make_runs(points: list[grid.Point], corpus: str = "mine") -> dict[int, Run]:
    """Return runs whose BiLSTM is 0.01 better at length 100 and equal at length 50."""
    return {
        index: Run(
            point.label,
            "abc",
            "def",
            point.params,
            metrics(0.8 + index / 1_000, 0.8 + index / 1_000 - (0.01 if index > 2 else 0), corpus),
        )
        for index, point in enumerate(points)
    }


def test_study_round_trip(points: list[grid.Point]) -> None:
    folder = studies.write("lengths", points, make_runs(points))
    assert sorted(file.name for file in folder.iterdir()) == [
        "lengths.png",
        "runs.csv",
        "study.json",
        "summary.csv",
    ]
    read = study.read(folder)
    assert read.varied == ["pad.maxlen"]
    assert len(read.runs) == 6
    first, second = read.groups("accuracy")
    assert (first.combination, first.seeds) == ({"pad.maxlen": 50}, 3)
    assert (first.verdict, second.verdict) == ("no difference is shown", "the BiLSTM is better")
    assert second.differences["bilstm", "bigru"]["mean"] == pytest.approx(0.01)
    assert first.networks["bilstm"]["deviation"] == pytest.approx(0.001)
    assert read.group_runs(second)["train.seed"].tolist() == [0, 1, 2]
    # Constants and the best epoch are left out.
    assert set(read.summary["measure"]) == set(MEASURES)


def test_study_matches_its_corpus_and_settings(
    points: list[grid.Point], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = study.read(studies.write("lengths", points, make_runs(points)))
    settings = flatten(points[0].params)
    corpus = read.corpus
    assert read.matches(corpus, settings)
    assert read.matches(corpus, settings | {"pad.maxlen": 7, "train.seed": 99})
    assert not read.matches(corpus, settings | {"train.epochs": 99})
    assert not read.matches(corpus | {"name": "other"}, settings)
    assert not read.matches({}, settings)
    assert not read.matches(corpus, {"train.epochs": settings["train.epochs"]})
    assert not read.matches(corpus, settings | {"bisimplernn.units": 3})
    # A network outside the study does not affect it.
    monkeypatch.setattr(study, "NETWORKS", (*study.NETWORKS, "bisimplernn"))
    assert read.matches(corpus, settings | {"bisimplernn.units": 3})


@pytest.mark.parametrize("name", ["seeds", "equal-size"])
@pytest.mark.parametrize(
    ("setting", "value"),
    [("network.pooling", "max_mean"), ("ngrams.longest", 3), ("train.clipnorm", 1.0)],
)
def test_committed_study_matches_only_its_settings(name: str, setting: str, value: Any) -> None:
    read = study.read(PROJECT / "study" / name)
    settings = flatten(load(PROJECT / "params.yaml").model_dump())
    assert read.matches(read.corpus, settings)
    assert not read.matches(read.corpus, settings | {setting: value})


def test_one_seed_has_no_interval(points: list[grid.Point]) -> None:
    folder = studies.write("one", points[3:4], {0: make_runs(points)[3]})
    (group,) = study.read(folder).groups("accuracy")
    assert math.isnan(group.differences["bilstm", "bigru"]["low"])
    assert group.verdict == "no difference is shown"


def test_seed_studies_come_first(points: list[grid.Point]) -> None:
    studies.write("a", points, make_runs(points))
    studies.write("b", grid.points(["train.seed=0..2"]), {0: make_runs(points)[0]})
    assert [one.name for one in study.read_all(studies.FOLDER)] == ["b", "a"]


def test_invalid_studies_are_rejected(points: list[grid.Point]) -> None:
    with pytest.raises(InputError, match="none of these experiments is finished"):
        studies.write("none", points, {})
    mixed = make_runs(points) | {5: make_runs(points, "other")[5]}
    with pytest.raises(InputError, match="several corpora"):
        studies.write("mixed", points, mixed)
    for name in ("..", "a/b", "", "-a"):
        with pytest.raises(InputError, match="is not a valid name of a study"):
            studies.write(name, points, make_runs(points))
    assert not Path("study").exists()


SEEDS = "train.seed=0..1"


@pytest.mark.usefixtures("points")
@pytest.mark.parametrize(
    ("old", "new", "is_replaced"),
    [
        ([SEEDS], [SEEDS], True),
        ([SEEDS], ["train.seed=0..2"], True),
        ([SEEDS], ["train.seed=1..2"], False),
        ([SEEDS], [SEEDS, "train.epochs=10"], False),
        (["pad.maxlen=50,100"], ["pad.maxlen=50..52,100"], True),
        (["pad.maxlen=50,100"], ["pad.maxlen=50"], False),
        # The predictions would be lost.
        (["pad.maxlen=50", SEEDS], ["pad.maxlen=50,100", SEEDS], False),
    ],
)
def test_results_are_not_lost(
    old: list[str],
    new: list[str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_replaced: bool,
) -> None:
    for module in ("runs", "studies"):
        monkeypatch.setattr(f"birnn.experiments.{module}.read_output", read_output)
    monkeypatch.setattr(studies, "draw", lambda _: None)  # the figures take seconds

    def write(options: list[str], corpus: str = "mine", **flags: bool) -> Path:
        chosen = grid.points(options)
        return studies.write("some", chosen, make_runs(chosen, corpus), **flags)

    folder = write(old)
    before = (folder / "runs.csv").read_bytes()
    if is_replaced:
        assert len(study.read(write(new)).runs) >= len(grid.points(old))
    else:
        with pytest.raises(InputError, match="study/some has results that would be lost"):
            write(new)
        assert (folder / "runs.csv").read_bytes() == before
        assert len(study.read(write(new, replace=True)).runs) == len(grid.points(new))
    with pytest.raises(InputError, match="would be lost"):
        write(new, corpus="other")
    settings = Path("params.yaml").read_text(encoding="utf-8")
    Path("params.yaml").write_text(settings.replace("dropout: 0.5", "dropout: 0.4"), "utf-8")
    with pytest.raises(InputError, match="would be lost"):
        write(new)


def test_results_of_another_kind_are_not_lost(points: list[grid.Point]) -> None:
    found = make_runs(points)
    with pytest.raises(InputError, match="is the folder of birnn ladder"):
        studies.write("ladder", points, found, replace=True)
    search = studies.FOLDER / "rate"
    search.mkdir(parents=True)
    (search / "trials.csv").touch()
    with pytest.raises(InputError, match="would be lost"):
        studies.write("rate", points, found)
    assert (search / "trials.csv").exists()
    studies.write("rate", points, found, replace=True)
    assert not (search / "trials.csv").exists()


def read_output(run: Run, file: str) -> bytes:
    """Return made-up predictions or curves of a run."""
    if file.endswith(".parquet"):
        seed = run.params["train"]["seed"]
        return pd.DataFrame(samples.predictions(seed=seed)).to_parquet()
    curves = samples.epochs().drop(columns="train.seed").assign(split="test split")
    return curves.head(4).to_csv(index=False).encode()


def test_study_over_seeds_has_predictions_and_epochs(
    points: list[grid.Point], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("runs", "studies"):
        monkeypatch.setattr(f"birnn.experiments.{module}.read_output", read_output)
    chosen = grid.points(["train.seed=0..2"])
    folder = studies.write("seeds", chosen, dict(list(make_runs(points).items())[:3]))
    read = study.read(folder)
    assert read.comparison is not None
    assert set(read.comparison["measure"]) == {"accuracy", "loss", "average_precision", "roc_auc"}
    assert read.epochs is not None
    assert read.epochs.groupby("train.seed").size().tolist() == [4, 4, 4]
    stored = seed_predictions.read(folder)
    assert stored is not None
    assert stored.logits["bigru"].shape == (3, 400)
    assert read_json(folder / "study.json")["quantization_errors"]["accuracy"] == 0
    assert (folder / "epochs.png").exists()


def test_seeds_may_be_too_few(
    points: list[grid.Point],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def read_opposite(run: Run, file: str) -> bytes:
        content = read_output(run, file)
        if not file.endswith(".parquet"):
            return content
        table = pd.read_parquet(io.BytesIO(content))
        table["bilstm" if run.params["train"]["seed"] else "bigru"] *= -1
        return table.to_parquet()

    for module in ("runs", "studies"):
        monkeypatch.setattr(f"birnn.experiments.{module}.read_output", read_opposite)
    chosen = grid.points(["train.seed=0,1"])
    found = make_runs(points)
    results = [metrics(0.9, 0.1), metrics(0.1, 0.9)]
    found = {seed: replace(found[seed], metrics=results[seed]) for seed in (0, 1)}
    read = study.read(studies.write("two", chosen, found))
    experiment_commands.study("two", [], [])
    assert "(too few seeds)" in capsys.readouterr().out
    # Without the comparison, intervals cover seeds only.
    for content in (read, replace(read, comparison=None)):
        for measure in set(MEASURES) - {"loss"}:
            (group,) = content.groups(measure)
            for cell in (*group.networks.values(), *group.differences.values()):
                assert math.isnan(cell["low"])
                assert math.isnan(cell["high"])
                assert "too few seeds" in formatting.difference(cell)
        _, panel, *_ = study_figure.draw(content).axes
        assert max(map(abs, panel.get_ylim())) < 2
    text, _ = samples.write_report(tmp_path, samples.predictions(), studies=[read], draw=False)
    assert "there are too few seeds to compare accuracy, average precision and ROC AUC" in text
    assert "nan" not in text.partition("## At equal size")[0]


def test_study_of_recipe_resamples_training_reviews(
    points: list[grid.Point], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("birnn.experiments.runs.read_output", read_output)
    settings = flatten(points[0].params) | {"pad.maxlen": 100}
    (recipe,) = recipes.named("notebook")
    chosen = grid.points(["pad.validation=0.5", "train.seed=0..2"], recipe)
    folder = studies.write("halves", chosen, make_runs(chosen))
    read = study.read(folder)
    assert read.resamples
    assert read.runs["pad.seed"].tolist() == [0, 1, 2]
    assert read.comparison is not None
    assert read.epochs is None
    assert read.matches(read.corpus, settings | {"pad.seed": 4})
    assert not read.matches(read.corpus, settings | {"train.epochs": 3})


@pytest.mark.parametrize("options", [["train.seed=0..2"], ["pad.maxlen=50,100"]])
def test_figure_has_every_group(
    points: list[grid.Point], options: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("runs", "studies"):
        monkeypatch.setattr(f"birnn.experiments.{module}.read_output", read_output)
    chosen = grid.points(options)
    chosen_runs = dict(enumerate(list(make_runs(points).values())[: len(chosen)]))
    read = study.read(studies.write("some", chosen, chosen_runs))
    figure = study_figure.draw(read)
    upper, *panels = figure.axes
    groups = read.groups("accuracy")
    assert upper.get_title() == "Test accuracy over seeds on mine"
    measures = ["accuracy"] if read.comparison is None else list(MEASURES)
    for measure, panel in zip(measures, panels, strict=True):
        runs, (means, *_) = panel.lines[: len(groups)], panel.lines[len(groups) :]
        drawn = [value for line in runs for value in line.get_ydata()]
        paired = read.runs[f"bilstm.{measure}"] - read.runs[f"bigru.{measure}"]
        assert drawn == pytest.approx(paired.tolist())
        differences = [group.differences["bilstm", "bigru"] for group in read.groups(measure)]
        _, caps, _ = panel.containers[0].lines
        for name, line in zip(("mean", *study.ENDS), (means, *caps), strict=True):
            expected = [cell[name] for cell in differences]
            assert list(line.get_ydata()) == pytest.approx(expected, nan_ok=True)


def test_intervals_cover_reviews_if_predictions_are_stored() -> None:
    stored = study.read(PROJECT / "study" / "seeds")
    comparison = stored.comparison
    assert comparison is not None
    comparison.loc[comparison["measure"] == "roc_auc", "simultaneous_low"] = math.nan
    for measure in MEASURES:
        (group,) = stored.groups(measure)
        row = conclusions.measured(comparison, ("bilstm", "bigru"), measure)
        for end in study.ENDS:
            expected = pytest.approx(row[f"simultaneous_{end}"], nan_ok=True)
            assert group.differences["bilstm", "bigru"][end] == expected
        rows = comparison[(comparison["measure"] == measure) & (comparison["model"] == "bigru")]
        for name in ("mean", *study.ENDS):
            assert group.networks["bigru"][name] == rows[name].item()
