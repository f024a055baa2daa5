"""Reviews of made-up changes: error rates in simulations, and single cases."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from birnn.evaluation.model_names import NETWORKS
from birnn_lab import experiments, grid, review
from birnn_lab.experiments import Run
from birnn_lab.review import FAILS, PASSES, UNDECIDED, Gate
from birnn_lab.studies import store, writing
from birnn_lab.studies.store import About, Study
from tests.birnn.samples import NETWORK
from tests.birnn_lab.repository import CORPUS, fake_dvc, write

pytestmark = pytest.mark.usefixtures("repository")
GATE = Gate(confidence=95)
OTHERS = [name for name in NETWORKS if name != NETWORK]
DEVIATION = 0.005
SPREAD = DEVIATION * np.array([-1.5, -1, -0.5, -0.25, 0, 0, 0.25, 0.5, 1, 1.5])
ABOUT = {"name": "mine", "digest": "a"}


def make_study(accuracies: Any, name: str = "seeds", **settings: Any) -> Study:
    """Return a study over seeds, in which all networks and the baseline are as accurate."""
    models = {f"{model}.accuracy": accuracies for model in (*NETWORKS, "baseline")}
    models |= {name.replace("accuracy", "holdout_accuracy"): models[name] for name in [*models]}
    runs = pd.DataFrame({"name": [f"seed-{at}" for at in range(len(accuracies))], **models})
    about = About("birnn study seeds", ABOUT, [], {"train.epochs": 10, "pad.seed": 0} | settings)
    return Study(Path("study", name), about, runs.assign(**{store.SEED: range(len(runs))}))


STUDY = make_study(0.82 + SPREAD)
SD = STUDY.runs[f"{NETWORK}.accuracy"].std()


@cache
def settings(*options: str) -> dict[str, Any]:
    (point,) = grid.points(["train.seed=3", *options])
    return point.settings


def make_run(accuracy: float, metrics: dict[str, Any] | None = None, *options: str) -> Run:
    """Return a run in the working tree; only one network differs from 0.82."""
    models = {name: {"accuracy": 0.82} for name in (*OTHERS, "baseline")}
    models |= {NETWORK: {"accuracy": accuracy}} | (metrics or {})
    run = Run("some", "")
    run.__dict__.update(settings=settings(*options), metrics={"corpus": CORPUS} | models)
    return run


def judge(base: Run, here: Run, *studies: Study) -> dict[str, tuple[str, str]]:
    """Return verdict and reason by model, without those that are unchanged."""
    verdicts = review.judge(base, here, studies, GATE)
    return {
        each.subject: (each.verdict, each.reason) for each in verdicts if each.reason != "unchanged"
    }


BASE_ACCURACY = 0.8212345  # of no run in the study


@pytest.mark.slow
@pytest.mark.parametrize("in_study", [False, True])
def test_changes_without_effect_rarely_fail(*, in_study: bool) -> None:
    def failure_rate(draw: Callable[[np.random.Generator], float], repeats: int) -> float:
        rng, failed = np.random.default_rng(0), 0
        for _ in range(repeats):
            study = make_study(rng.normal(0.82, DEVIATION, 10))
            before = (
                study.runs[f"{NETWORK}.accuracy"][3] if in_study else rng.normal(0.82, DEVIATION)
            )
            found = review._judge(  # noqa: SLF001  # without the other models and DVC
                NETWORK, make_run(before), make_run(draw(rng)), [study], 0.025
            )
            failed += found.verdict == FAILS
        return failed / repeats

    # A side of a 95% interval is missed by 2.5%.
    assert 0.01 < failure_rate(lambda rng: rng.normal(0.82, DEVIATION), 500) < 0.04
    assert failure_rate(lambda rng: rng.normal(0.79, DEVIATION), 50) > 0.8


@pytest.mark.parametrize(("base", "factor"), [(BASE_ACCURACY, 2), (0.82 + SPREAD[3], 1.1)])
def test_drop_fails_if_it_is_larger_than_the_noise(base: float, factor: float) -> None:
    # Student's quantile for 9 degrees of freedom and three models; 2 or 1 + 1/10 times the
    # variance, if the run at BASE is in the study, whose mean is then the reference.
    models, where = len(NETWORKS) + 1, "(10 runs of study/seeds, with the settings of BASE)"
    noise = float(stats.t.isf(0.025 / models, 9)) * (factor**0.5) * SD
    reference = 0.82 if factor < 2 else base
    for drop, expected in ((noise - 1e-6, PASSES), (noise + 1e-6, FAILS), (-0.3, PASSES)):
        found = judge(make_run(base), make_run(reference - drop), STUDY)
        points = f"{100 * -drop:+.2f}".replace("-", "−")
        assert found == {
            NETWORK: (
                expected,
                f"{points} points of test accuracy, noise ±{100 * noise:.2f} {where}",
            )
        }


def test_noise_is_that_of_the_nearest_study() -> None:
    base, here = make_run(BASE_ACCURACY), make_run(0.8)
    other = make_study(0.5 + SPREAD, "other", **{"train.epochs": 5})
    two = make_study(0.5 + SPREAD, "two", **{"train.epochs": 5, "pad.maxlen": 7})
    short = make_study(0.82 + SPREAD[:3], "short", **{"train.epochs": 5})
    sample = replace(STUDY, about=replace(STUDY.about, sampler=store.RANDOM))
    foreign = replace(STUDY, about=replace(STUDY.about, corpus={"name": "other", "digest": ""}))
    equal = make_study(np.full(3, 0.82), "equal")
    ((_, reason),) = judge(base, here, two, short, other, sample, foreign, equal).values()
    assert reason.endswith("(10 runs of study/other, with other train.epochs)")
    ((_, reason),) = judge(base, here, two).values()
    assert reason.endswith("(10 runs of study/two, with other pad.maxlen and train.epochs)")
    found = judge(base, here, sample, foreign, equal)
    expected = "−2.12 points of test accuracy, and no study shows its noise"
    assert found == {NETWORK: (UNDECIDED, expected)}


def test_held_out_reviews_decide_if_both_sides_have_the_same() -> None:
    held_out = {"corpus": CORPUS | {"validation": 0.1}}
    good, bad = (
        {"accuracy": 0.8, "holdout_accuracy": 0.9},
        {"accuracy": 0.8, "holdout_accuracy": 0.1},
    )
    base = make_run(0, held_out | {NETWORK: good})
    ((verdict, reason),) = judge(base, make_run(0, held_out | {NETWORK: bad}), STUDY).values()
    assert verdict == FAILS
    assert "points of held-out accuracy" in reason
    for other in (
        make_run(0, held_out | {NETWORK: bad}, "pad.seed=1"),
        make_run(0, {NETWORK: bad}),
    ):
        ((verdict, reason),) = judge(base, other, STUDY).values()
        assert (verdict, "+0.00 points of test accuracy" in reason) == (PASSES, True)


def test_noise_of_the_baseline_is_that_of_films(tmp_path: Path) -> None:
    groups = np.repeat(np.arange(50), 4)
    labels = np.tile([0, 1], 100).astype(np.uint8)
    log_odds = np.where(groups % 5 == 0, -1, 1) * np.where(labels, 1, -1)  # a fifth is wrong
    reviews = pd.DataFrame({"label": labels, "group": groups})
    study = replace(make_study(np.full(3, 0.8)), reviews=reviews, folder=tmp_path / "films")
    tables = {name: pd.DataFrame({"baseline": log_odds}) for name in study.runs["name"]}
    writing.write_files(study, tables)
    # Nearer, but without predictions of the baseline, or of any model.
    lacking = replace(study, folder=tmp_path / "networks")
    writing.write_files(
        lacking, {name: table.rename(columns=str.upper) for name, table in tables.items()}
    )
    error = np.std(np.repeat([0, 1], [10, 40]), ddof=1) / 50**0.5
    noise = stats.t.isf(0.025 / (len(NETWORKS) + 1), 49) * 2**0.5 * error
    for drop, expected in ((noise - 0.001, PASSES), (noise + 0.001, FAILS)):
        base, here = (make_run(0.82, {"baseline": {"accuracy": 0.8 - less}}) for less in (0, drop))
        found = judge(base, here, STUDY, lacking, store.read(study.folder))
        assert found["baseline"][0] == expected
        assert f"noise ±{100 * noise:.2f} (films of study/films, " in found["baseline"][1]


def test_changes_that_cannot_be_compared_are_undecided() -> None:
    base, here = make_run(BASE_ACCURACY), make_run(0.5)
    for run, reason in (
        (
            make_run(0.5, {"corpus": CORPUS | {"digest": "b"}}),
            "the corpus changed from mine (0123456789ab) to mine (b)",
        ),
        (make_run(0.5), "the change has no metrics"),
    ):
        if "metrics" in reason:
            run.__dict__["metrics"] = {}
        found = judge(base, run, STUDY)
        assert {verdict for verdict, _ in found.values()} == {UNDECIDED}
        assert all(reason in why for _, why in found.values())
    del here.metrics[NETWORK]
    assert judge(base, here, STUDY) == {NETWORK: (FAILS, "the change lacks it")}
    assert judge(here, base, STUDY) == {NETWORK: (UNDECIDED, "BASE lacks it")}


def test_stale_lock_fails_and_the_review_is_written() -> None:
    (changed,) = grid.points(["train.epochs=3", "csv.positive=[4,5]"])
    write(changed)
    fake_dvc("print(\"Running stage 'train':\")")
    base, here = experiments.read_commit("HEAD"), experiments.working_tree()
    verdicts = review.judge(base, here, [], GATE)
    assert [*map(str, verdicts)] == ["dvc.lock: fails, stale train: run make repro"]
    assert review.summarize(verdicts) == FAILS
    assert review.summarize([]) == PASSES
    table = "| Metric | main |\n|---|---|\n| a | 1 |"
    fake_dvc(f"print({table!r})")
    review.write(base, here, verdicts, GATE, Path("review.md"))
    text = Path("review.md").read_text(encoding="utf-8")
    assert "The change **fails**." in text
    assert "- dvc.lock: fails, stale train: run make repro\n" in text
    listed = "- `csv.positive`: positive → [4, 5]\n- `train.epochs`: 10 → 3\n"
    assert f"## Settings\n\n{listed}\n## Metrics\n\n{table}" in text
    fake_dvc()
    review.write(here, here, [], Gate(confidence=99), Path("review.md"))
    text = Path("review.md").read_text(encoding="utf-8")
    assert text.count("None changed.") == 2
    assert " 99% of the cases" in text
