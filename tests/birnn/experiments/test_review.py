"""Reviews of made-up changes, and of real changes that only a new seed makes."""

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from birnn.core.errors import InputError
from birnn.experiments import review
from birnn.experiments.review import Gate, Noise
from birnn.experiments.revisions import Facts
from birnn.experiments.studies import summary
from birnn.reporting import study
from birnn.reporting.study import Study
from tests.projects import PROJECT

GATE = Gate(not_worse=["accuracy"], at_least={})
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


def seed_study(deviation: float = 0.002) -> Study:
    values = 0.82 + deviation * np.array([-1, 1, -1, 1, 0, 0, 1, -1])
    runs = pd.DataFrame(
        {
            f"{network}.{measure}": values
            for network in ("bilstm", "bigru")
            for measure in ("accuracy", "loss", "best_val_accuracy", "best_val_epoch")
        }
    )
    return Study("seeds", CORPUS, [], {}, runs, summary(runs, []))


def make_review(
    base: Facts, here: Facts, noise: Noise | None = None, **options: Any
) -> review.Review:
    noise = noise or Noise(seed_study(), {})
    return review.review(base, here, noise, options.pop("gate", GATE), **{"stale": False} | options)


def render(content: review.Review, tmp_path: Path, noises: Study | None = None) -> str:
    review.write(content, "main", noises, tmp_path / "review.md")
    return (tmp_path / "review.md").read_text(encoding="utf-8")


def test_no_change(tmp_path: Path) -> None:
    content = make_review(facts(), facts())
    assert (content.rows, content.settings, content.plots, content.failures) == ([], [], [], [])
    written = render(content, tmp_path)
    assert "**The review passes.**" in written
    assert "**No metric changed.**" in written


@pytest.mark.parametrize(
    ("metric", "value", "word"),
    [
        ("bilstm.accuracy", 0.8205, "within noise"),
        ("bilstm.accuracy", 0.86, "better"),
        ("bilstm.accuracy", 0.78, "worse"),
        ("bigru.loss", 0.5, "better"),
        ("bigru.loss", 1.3, "worse"),
        ("bilstm.best_val_epoch", 9, ""),
        ("baseline.accuracy", 0.92, "noise unknown"),
        ("baseline.f1", 0.92, "new"),
    ],
)
def test_differences_are_classified(metric: str, value: float, word: str) -> None:
    (row,) = make_review(facts(), facts({metric: value})).rows
    assert (row.metric, row.word) == (metric, word)


def test_paired_interval_replaces_a_missing_study() -> None:
    paired = Noise(None, {"bilstm": (-0.004, 0.006)})
    (row,) = make_review(facts(), facts({"bilstm.accuracy": 0.821}), paired).rows
    assert (row.word, row.noise) == ("within noise", 0.005)
    (row,) = make_review(facts(), facts({"bilstm.accuracy": 0.84}), paired).rows
    assert row.word == "better"
    (row,) = make_review(facts(), facts({"bilstm.loss": 0.5}), paired).rows
    assert row.word == "noise unknown"


def test_other_corpus_or_test_split_is_not_compared(tmp_path: Path) -> None:
    other = facts({"corpus.name": "mine", "bilstm.accuracy": 0.1})
    content = make_review(facts(), other)
    assert content.obstacles == ["the corpus changed from imdb to mine"]
    assert (content.rows, content.failures) == ([], [])
    assert "**Not comparable**: the corpus changed" in render(content, tmp_path)
    lock = {"stages": {"evaluate": {"deps": [{"path": "data/corpus/test.parquet", "md5": "b"}]}}}
    assert make_review(facts(), facts(lock=lock)).obstacles == ["the test split changed"]


def test_other_validation_is_not_comparable() -> None:
    here = facts({"corpus.validation": 0.1, "bilstm.best_val_accuracy": 0.9})
    (row,) = make_review(facts(), here).rows
    assert row.word == "not comparable"


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


def test_gate_fails_on_worse_or_low_metrics() -> None:
    assert make_review(facts(), facts({"bilstm.accuracy": 0.815})).failures == []
    assert make_review(facts(), facts({"bilstm.accuracy": 0.7})).failures == [
        "bilstm.accuracy got worse: from 0.8200 to 0.7000"
    ]
    assert make_review(facts(), facts({"bilstm.roc_auc": 0.1})).failures == []
    strict = Gate(not_worse=[], at_least={"bigru.accuracy": 0.9, "bigru.none": 0.1})
    assert make_review(facts(), facts(), gate=strict).failures == [
        "bigru.accuracy is 0.8200, below the minimum of 0.9",
        "bigru.none has no value: fix its name in gate.yaml, or run make repro",
    ]


def test_gate_file_is_validated(tmp_path: Path) -> None:
    assert "accuracy" in review.read_gate(PROJECT / "gate.yaml").not_worse
    file = tmp_path / "gate.yaml"
    file.write_text("not_worse: 3\nat_leest: {}\n")
    with pytest.raises(InputError, match=r"gate.yaml: not_worse: .*at_least: .*at_leest: "):
        review.read_gate(file)


def test_review_lists_the_changes(tmp_path: Path) -> None:
    here = facts({"bilstm.accuracy": 0.86, "bigru.loss": 0.9001}, plots={"plots/a.csv": "2"})
    content = make_review(facts(), replace(here, settings={"train.seed": 1}))
    written = render(content, tmp_path, seed_study())
    assert "| `train.seed` | 0 | 1 |" in written
    assert "| bilstm.accuracy | 0.8200 | 0.8600 | +0.0400 |" in written
    assert "**Beyond noise**: 1 better, 0 worse, of 2 metrics" in written
    assert "Changed: `plots/a.csv`. Compare them with `dvc plots diff main`." in written
    assert "from the 8\nseeds in `study/seeds`" in written


def test_new_seed_is_rarely_called_better_or_worse() -> None:
    committed = study.read(PROJECT / "study" / "seeds")
    pairs = list(itertools.combinations(committed.runs.index, 2))
    flagged = 0
    for base, here in pairs:
        # Estimate noise without these two seeds, as for a new seed.
        others = committed.runs.drop([base, here])
        noises = replace(committed, runs=others, summary=summary(others, []))
        sides = [
            replace(facts(), metrics={"corpus": CORPUS} | group_by_model(committed.runs.loc[place]))
            for place in (base, here)
        ]
        rows = make_review(*sides, Noise(noises, {})).rows
        assert len(rows) > 10
        flagged += any(row.word in {"better", "worse"} for row in rows)
    # One in twenty is expected; allow two.
    assert len(pairs) >= 45
    assert flagged <= len(pairs) * 2 / 20


def group_by_model(run: Any) -> dict[str, dict[str, Any]]:
    metrics: dict[str, dict[str, Any]] = {}
    for name, value in run.items():
        model, _, measure = str(name).partition(".")
        metrics.setdefault(model, {})[measure] = value
    return {model: metrics[model] for model in ("bilstm", "bigru", "baseline")}
