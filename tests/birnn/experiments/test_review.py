"""Reviews of made-up changes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from birnn.experiments.studies import summary

from birnn.core.errors import InputError
from birnn.experiments import review
from birnn.experiments.gate import Gate
from birnn.experiments.revisions import Facts
from birnn.reporting import study
from birnn.reporting.study import Study

GATE = Gate(not_worse={"accuracy": 1.2}, at_least={})
CORPUS = {
    "name": "imdb",
    "requested": "imdb",
    "train_reviews": 9,
    "test_reviews": 9,
    "vocabulary": 9,
    "validation": "test",
}


def facts(changes: dict[str, Any] | None = None, **others: Any) -> Facts:
    network = {"accuracy": 0.82, "loss": 0.9, "best_val_accuracy": 0.84, "best_val_epoch": 2}
    metrics = {
        "corpus": CORPUS,
        "bilstm": network | {"parameters": 10, "accuracy_interval": [0.8, 0.84]},
        "bigru": network,
        "baseline": {"accuracy": 0.91},
    }
    for name, value in (changes or {}).items():
        model, measure = name.split(".")
        metrics[model] = metrics[model] | {measure: value}
    lock = {"stages": {"evaluate": {"deps": [{"path": "data/corpus/test.parquet", "md5": "a"}]}}}
    base = Facts(settings={"train.seed": 0}, metrics=metrics, lock=lock, plots={"plots/a.csv": "1"})
    return replace(base, **others)


def seed_study() -> Study:
    values = 0.82 + 0.002 * np.array([-1, 1, -1, 1, 0, 0, 1, -1])
    runs = pd.DataFrame(
        {
            f"{network}.{measure}": values
            for network in ("bilstm", "bigru")
            for measure in ("accuracy", "loss", "best_val_accuracy", "best_val_epoch")
        }
    )
    return Study(
        "seeds", CORPUS, [], {}, runs.assign(**{"train.seed": range(8)}), summary(runs, [])
    )


NOISE = seed_study()


def make_review(
    base: Facts, here: Facts, noise: Study | None = NOISE, **options: Any
) -> review.Review:
    return review.review(base, here, noise, options.pop("gate", GATE), **{"stale": False} | options)


def render(content: review.Review, tmp_path: Path) -> str:
    review.write(content, "main", tmp_path / "review.md")
    return (tmp_path / "review.md").read_text(encoding="utf-8")


def test_no_change(tmp_path: Path) -> None:
    content = make_review(facts(), facts())
    assert (content.rows, content.settings, content.plots, content.failures) == ([], [], [], [])
    written = render(content, tmp_path)
    assert "**The review passes.**" in written
    assert "**No metric changed.**" in written


@pytest.mark.parametrize(
    ("metric", "value", "noise", "note"),
    [
        ("bilstm.accuracy", 0.8205, 0.0026, ""),
        ("bilstm.best_val_epoch", 9, 0.0026, ""),
        ("baseline.accuracy", 0.92, None, ""),
        ("baseline.f1", 0.92, None, "new"),
    ],
)
def test_metrics_are_listed(metric: str, value: float, noise: float | None, note: str) -> None:
    (row,) = make_review(facts(), facts({metric: value})).rows
    assert (row.metric, row.here, row.note) == (metric, value, note)
    assert row.noise == (noise and pytest.approx(noise, abs=0.0001))


@pytest.mark.parametrize(
    ("value", "verdict"),
    [(0.8205, "no difference is shown"), (0.84, "better"), (0.80, "worse"), (0.82, "unchanged")],
)
def test_one_run_is_tested(value: float, verdict: str, tmp_path: Path) -> None:
    content = make_review(facts(), facts({"bilstm.accuracy": value, "bigru.loss": 9.0}))
    bilstm, bigru = content.drops
    assert (bilstm.verdict, bigru.verdict) == (verdict, "unchanged")
    assert content.failures == ["bilstm.accuracy is worse than before"] * (verdict == "worse")
    text = render(content, tmp_path)
    assert f"| {verdict} |" in text
    assert content.rule in text


def test_noise_is_unknown_without_study(tmp_path: Path) -> None:
    content = make_review(facts(), facts({"bilstm.accuracy": 0.1, "bigru.accuracy": 0.9}), None)
    assert [test.verdict for test in content.drops] == ["noise unknown"] * 2
    assert content.failures == []
    assert "bilstm.accuracy and bigru.accuracy is unknown, because no study" in content.rule
    assert "birnn study " in content.rule
    text = render(content, tmp_path)
    assert content.rule in text
    assert "| better |" not in text
    assert "| worse |" not in text


def test_only_metrics_that_the_study_lacks_have_unknown_noise() -> None:
    measured = Gate(not_worse={"accuracy": 1.2, "f1": 1.0}, at_least={})
    base, here = (
        facts({"bilstm.accuracy": value, "bilstm.f1": value, "bigru.f1": 0.8})
        for value in (0.82, 0.1)
    )
    content = make_review(base, here, gate=measured)
    verdicts = {test.metric: test.verdict for test in content.drops}
    assert (verdicts["bilstm.accuracy"], verdicts["bilstm.f1"]) == ("worse", "noise unknown")
    assert "The noise of bilstm.f1 is unknown, because study/seeds" in content.rule


def test_stated_rates_are_probabilities() -> None:
    runs = seed_study().runs
    noisy = replace(NOISE, runs=20 * (runs - 0.82) + 0.82)
    noisy.runs["train.seed"] = range(8)
    content = make_review(facts(), facts(), noisy, runs=runs[:5] + 0.001)
    assert sum(test.failure_rate(0) for test in content.margins) > 1
    assert "in at most 100.0% of reviews" in content.rule


@pytest.mark.parametrize(("drop", "passes"), [(0, True), (0.003, True), (0.012, False)])
def test_runs_over_seeds_are_tested(drop: float, *, passes: bool, tmp_path: Path) -> None:
    runs = seed_study().runs[:5]
    runs = runs.assign(**{"bigru.accuracy": runs["bigru.accuracy"] - drop})
    content = make_review(facts(), facts({"bilstm.accuracy": 0.7}), runs=runs)
    # One run is not tested.
    assert content.drops == []
    assert [test.margin for test in content.margins] == [0.012] * 2
    expected = "bigru.accuracy may be worse by the margin of 1.2 points"
    assert content.failures == [expected] * (not passes)
    text = render(content, tmp_path)
    assert "| metric | before, 8 seeds | here, 5 seeds |" in text
    assert content.rule in text


def test_seeds_may_be_too_few(tmp_path: Path) -> None:
    names = ("bilstm.accuracy", "bigru.accuracy")
    before, after = (
        NOISE.runs[:2].assign(**dict.fromkeys(names, v)) for v in ([0.1, 0.9], [0.2, 0.9])
    )
    here = facts(dict.fromkeys(names, 0.7))
    for runs in (None, after):
        content = make_review(facts(), here, replace(NOISE, runs=before), runs=runs)
        assert [test.metric for test in content.tests] == list(names)
        assert all("too few seeds" in test.sentence for test in content.tests)
        assert render(content, tmp_path).count("| too few seeds |") == 2
        assert bool(content.failures) == (runs is not None)


def test_seeds_need_a_study_of_the_base() -> None:
    review.check_seeds(facts(), facts(), NOISE, GATE)
    with pytest.raises(InputError, match="the corpus changed"):
        review.check_seeds(facts(), facts({"corpus.name": "other"}), NOISE, GATE)
    changed = facts(settings={"train.seed": 0, "train.epochs": 3})
    for base, noise in ((facts(), None), (changed, NOISE)):
        with pytest.raises(InputError, match="birnn study "):
            review.check_seeds(base, facts(), noise, GATE)
    f1, measured = facts({"bilstm.f1": 0.8}), Gate(not_worse={"f1": 1.0}, at_least={})
    with pytest.raises(InputError, match=r"study/seeds lacks bilstm\.f1"):
        review.check_seeds(f1, f1, NOISE, measured)


def test_other_corpus_or_test_split_is_not_compared(tmp_path: Path) -> None:
    other = facts({"corpus.name": "mine", "bilstm.accuracy": 0.1})
    content = make_review(facts(), other)
    assert content.obstacles == ["the corpus changed from imdb to mine"]
    assert (content.rows, content.failures) == ([], [])
    assert "**Not comparable**: the corpus changed" in render(content, tmp_path)
    lock = {"stages": {"evaluate": {"deps": [{"path": "data/corpus/test.parquet", "md5": "b"}]}}}
    assert make_review(facts(), facts(lock=lock)).obstacles == ["the test split changed"]


@pytest.mark.parametrize("measure", ["best_val_accuracy", "holdout_accuracy"])
@pytest.mark.parametrize(
    ("validation", "seed", "is_comparable"),
    [(0.1, 0, True), (0.2, 0, False), (0.1, 1, False), ("test", 1, False)],
)
def test_other_validation_is_not_comparable(
    measure: str, validation: Any, seed: int, *, is_comparable: bool
) -> None:
    metric = f"bilstm.{measure}"
    base, here = (
        facts({"corpus.validation": value, metric: result}, settings={"pad.seed": number})
        for value, number, result in ((0.1, 0, 0.9), (validation, seed, 0.5))
    )
    noise = replace(NOISE, runs=NOISE.runs.assign(**{metric: NOISE.runs["bilstm.accuracy"]}))
    content = make_review(base, here, noise, gate=Gate(not_worse={measure: 1.0}, at_least={}))
    rows = {row.metric: row.note for row in content.rows}
    assert rows[metric] == ("" if is_comparable else "not comparable")
    assert content.drops[0].verdict == ("worse" if is_comparable else "not comparable")


def test_seed_of_the_holdout_does_not_matter_without_one() -> None:
    base, here = (
        facts({"bilstm.best_val_accuracy": 0.9 - seed}, settings={"pad.seed": seed})
        for seed in (0, 1)
    )
    (row,) = make_review(base, here).rows
    assert row.note == ""


def test_base_without_metrics(tmp_path: Path) -> None:
    empty = Facts({}, {}, {}, {})
    content = make_review(empty, facts())
    assert content.obstacles == ["BASE has no metrics yet"]
    written = render(content, tmp_path)
    assert "| `train.seed` | – | 0 |" in written
    assert "**The review passes.**" in written


def test_stale_lock_fails(tmp_path: Path) -> None:
    content = make_review(facts(), facts(), stale=True)
    assert "dvc.lock is stale" in content.failures[0]
    assert "**The review fails.**" in render(content, tmp_path)


def test_gate_fails_on_low_or_missing_metrics() -> None:
    assert make_review(facts(), facts({"bilstm.roc_auc": 0.1})).failures == []
    strict = Gate(not_worse={"exactness": 1.0}, at_least={"bigru.accuracy": 0.9, "bigru.none": 0.1})
    advice = "has no value: fix its name in gate.yaml, or run make repro"
    assert make_review(facts(), facts(), gate=strict).failures == [
        f"bilstm.exactness {advice}",
        f"bigru.exactness {advice}",
        "bigru.accuracy is 0.8200, below the minimum of 0.9",
        f"bigru.none {advice}",
    ]


def test_review_lists_the_changes(tmp_path: Path) -> None:
    here = facts({"bilstm.accuracy": 0.86, "bigru.loss": 0.9001}, plots={"plots/a.csv": "2"})
    content = make_review(facts(), replace(here, settings={"train.seed": 1}))
    written = render(content, tmp_path)
    assert "| `train.seed` | 0 | 1 |" in written
    assert "| bilstm.accuracy | 0.8200 | 0.8600 | +0.0400 |" in written
    assert "Changed: `plots/a.csv`. Compare them with `dvc plots diff main`." in written


def test_study_with_the_settings_of_base_is_preferred(monkeypatch: pytest.MonkeyPatch) -> None:
    other, varied = replace(NOISE, settings={"a.b": 1}), replace(NOISE, varied=["train.epochs"])
    monkeypatch.setattr(study, "read_all", lambda _: [other, NOISE, varied])
    assert review.noise_study(Path(), facts()) is NOISE
    monkeypatch.setattr(study, "read_all", lambda _: [varied, other])
    assert review.noise_study(Path(), facts()) is other
    assert review.noise_study(Path(), facts({"corpus.name": "other"})) is None
