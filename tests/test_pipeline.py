"""Test the pipeline with the real `dvc` in a clone, on small real data."""

import ast
import csv
import io
import json
import math
import os
import shutil
import tarfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from birnn.core.outputs import read_json
from birnn.reporting import formatting
from birnn.text import reviews, sequences
from tests.birnn.corpora import archives
from tests.projects import (
    PROJECT,
    SMALL,
    change,
    check_output,
    commit,
    contents,
    copy,
    error_line,
    new_clone,
    run,
    run_make,
    set_settings,
    stages_run,
)

pytestmark = pytest.mark.slow

STAGES = [
    "code",
    "fetch",
    "pad",
    "train_word_vectors",
    "label_unlabelled",
    "weigh_ngrams",
    "train_bilstm",
    "train_bigru",
    "train_baseline",
    "evaluate",
    "report",
]
AFTER_TRAINING = ["evaluate", "report"]
PLOTS = {"accuracy", "confusion", "lengths", "loss", "precision_recall", "reliability", "roc"}
# A proxy on a closed port makes every address unreachable.
NO_NETWORK = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}


def test_whole_pipeline(finished: Path) -> None:
    metrics = read_json(finished / "metrics" / "metrics.json")
    assert list(metrics) == ["corpus", "bilstm", "bigru", "baseline", "pair"]
    assert metrics["corpus"]["name"] == "rotten-tomatoes"
    assert metrics["corpus"]["train_reviews"] + metrics["corpus"]["test_reviews"] == 12_808
    # Embedding, two directions of a GRU with two bias vectors, and one output unit.
    assert metrics["bigru"]["parameters"] == 500 * 4 + 2 * 3 * 3 * (4 + 3 + 2) + 7
    for network in ("bilstm", "bigru"):
        with (finished / "models" / network / "history.csv").open(encoding="utf-8") as rows:
            last = list(csv.DictReader(rows))[-1]
        # Validation uses the test split, so both scores must agree.
        assert metrics[network]["accuracy"] == pytest.approx(float(last["val_accuracy"]), abs=1e-4)
        assert metrics[network]["loss"] == pytest.approx(float(last["val_loss"]), abs=1e-4)
    overlap = read_json(finished / "data" / "corpus" / "corpus.json")["overlap"]
    assert metrics["baseline"]["by_overlap"][1]["reviews"] == overlap > 0
    with (finished / "plots" / "confusion.csv").open(encoding="utf-8") as rows:
        counted = sum(int(row["reviews"]) for row in csv.DictReader(rows))
    assert counted == 3 * metrics["corpus"]["test_reviews"]
    assert "of Rotten Tomatoes film reviews" in (finished / "report" / "report.html").read_text()
    report = (finished / "report" / "report.md").read_text(encoding="utf-8")
    assert "| groups, such as films | 252 | 256 |" in report
    assert "| `bad` |" in report
    assert run("git", "status", "--porcelain", cwd=finished).stdout == ""


# Limit of the time of an idle `dvc repro`, as a multiple of the time with a single stage (about
# 0.6 s), so that the pipeline takes less than a second.
MOST_IDLE = 1.7


def idle_repro_seconds(project: Path) -> float:
    """Return the CPU time, or else the wall time, of a `dvc repro` that runs no stage."""
    start, before = time.perf_counter(), os.times()
    result = run("dvc", "repro", cwd=project, warm=False)
    elapsed, after = time.perf_counter() - start, os.times()
    assert (result.returncode, stages_run(result)) == (0, [])
    cpu = after.children_user + after.children_system
    return (cpu - before.children_user - before.children_system) or elapsed


def test_idle_repro_takes_little_longer_than_with_a_single_stage(
    finished_copy: Path, tmp_path: Path
) -> None:
    # Other load slows both projects down, so that a bound in seconds would depend on it.
    minimal = tmp_path / "minimal"
    minimal.mkdir()
    check_output(minimal, "git", "init", "-q")
    check_output(minimal, "dvc", "init", "-q")
    check_output(minimal, "dvc", "stage", "add", "-q", "-n", "one", "-o", "out", "echo 1 > out")
    check_output(minimal, "dvc", "repro", "-q")
    pipeline = single_stage = math.inf
    for _ in range(10):
        pipeline = min(pipeline, idle_repro_seconds(finished_copy))
        single_stage = min(single_stage, idle_repro_seconds(minimal))
        if pipeline < MOST_IDLE * single_stage:
            return
    pytest.fail(f"{pipeline:.2f} s, with a single stage {single_stage:.2f} s")


def test_experiment_runs_affected_stages_and_can_be_compared(finished_copy: Path) -> None:
    result = run("dvc", "exp", "run", "-S", "train.epochs=3", cwd=finished_copy)
    assert result.returncode == 0, result.stderr
    # The first stage reads the setting, but writes nothing without self-training.
    trained = ["label_unlabelled", "train_bilstm", "train_bigru"]
    assert stages_run(result) == [*trained, *AFTER_TRAINING]

    metrics = run("dvc", "metrics", "diff", "--md", cwd=finished_copy).stdout
    rows = [line for line in metrics.splitlines() if line.startswith("| metrics/metrics.json")]
    assert any("bilstm.loss" in row for row in rows)
    assert any("pair.accuracy_difference" in row for row in rows)
    # Few enough to read.
    assert 20 < len(rows) <= 40
    params = run("dvc", "params", "diff", "--json", cwd=finished_copy).stdout
    changed = {"old": 2, "new": 3, "diff": 1}
    assert json.loads(params) == {"params.yaml": {"train.epochs": changed}}

    for command in (("show",), ("diff", "HEAD")):
        result = run("dvc", "plots", *command, "--json", cwd=finished_copy)
        assert result.returncode == 0, result.stderr
        plots = json.loads(result.stdout)["data"]
        assert set(plots) == PLOTS
        specification = json.dumps(plots["accuracy"])
        assert "<DVC_METRIC" not in json.dumps([plot[0]["content"] for plot in plots.values()])
        for shown in ("workspace", "rotten-tomatoes", "bilstm", "bigru", "#0072b2", "#d55e00"):
            assert shown in specification
        page = finished_copy / "dvc_plots" / "index.html"
        page.unlink(missing_ok=True)
        result = run("dvc", "plots", *command, cwd=finished_copy)
        assert result.returncode == 0, result.stderr
        assert page.is_file()


def test_experiment_in_temporary_folder(finished_copy: Path) -> None:
    before = contents(finished_copy / "metrics")
    options = ("--temp", "--name", "longer", "-S", "pad.maxlen=15")
    result = run("dvc", "exp", "run", *options, cwd=finished_copy)
    assert result.returncode == 0, result.stderr
    assert stages_run(result) == [stage for stage in STAGES if stage not in {"code", "fetch"}]
    assert contents(finished_copy / "metrics") == before
    assert run("git", "status", "--porcelain", cwd=finished_copy).stdout == ""

    shown = run("dvc", "exp", "show", "--csv", cwd=finished_copy).stdout
    rows = {row["Experiment"]: row for row in csv.DictReader(io.StringIO(shown))}
    assert rows["longer"]["pad.maxlen"] == "15"
    assert rows["longer"]["bilstm.accuracy"] != ""

    metrics = run("dvc", "metrics", "diff", "HEAD", "longer", cwd=finished_copy)
    assert metrics.returncode == 0, metrics.stderr
    plots = run("dvc", "plots", "diff", "HEAD", "longer", "--json", cwd=finished_copy)
    assert "longer" in plots.stdout


def test_edits_that_cannot_change_results_run_no_stage(finished_copy: Path) -> None:
    core = finished_copy / "birnn" / "core"
    for name, edit in {
        "locks.py": lambda text: f"# A comment.\n{text}",
        "errors.py": lambda text: text.replace('"""', '"""As an example: ', 1),
        "outputs.py": lambda text: ast.unparse(ast.parse(text)),
    }.items():
        text = (core / name).read_text(encoding="utf-8")
        (core / name).write_text(edit(text), encoding="utf-8")
    assert stages_run(run("dvc", "repro", cwd=finished_copy)) == ["code"]


@pytest.mark.parametrize(
    ("file", "stages"),
    [
        ("birnn/reporting/references.py", ["report"]),
        ("birnn/reporting/templates/page.html.j2", ["report"]),
        # label_unlabelled would train networks with the same code. The weights stay the same, so no
        # later stage runs.
        ("birnn/training/loss.py", ["label_unlabelled", "train_bilstm", "train_bigru"]),
    ],
)
def test_other_edits_run_the_stages_of_the_file(
    finished_copy: Path, file: str, stages: list[str]
) -> None:
    with (finished_copy / file).open("a", encoding="utf-8") as code:
        code.write("OTHER = 1\n")
    assert stages_run(run("dvc", "repro", cwd=finished_copy)) == ["code", *stages]


def test_python_and_editor_files_rerun_nothing(finished_copy: Path) -> None:
    for folder in ("birnn/core", "stages", "data/own"):
        (finished_copy / folder / "__pycache__").mkdir(exist_ok=True)
        for name in ("__pycache__/new.pyc", "files.py~", "files.py.orig", ".files.py.swp"):
            (finished_copy / folder / name).touch()
        (finished_copy / folder / ".DS_Store").touch()
    assert stages_run(run("dvc", "repro", cwd=finished_copy)) == []


def test_stages_are_restored_from_run_cache(finished_copy: Path) -> None:
    for folder in ("data/padded", "models"):
        shutil.rmtree(finished_copy / folder)
    (finished_copy / "dvc.lock").unlink()
    result = run("dvc", "repro", cwd=finished_copy)
    assert result.returncode == 0, result.stderr
    assert "WARNING" not in result.stderr  # such as DVC's for an empty folder
    restored = {"pad", "train_baseline", "train_bilstm", "train_bigru"}
    assert not restored & set(stages_run(result))
    assert all(f"Stage '{stage}' is cached" in result.stdout for stage in restored)


def test_holdout_is_fraction_of_training_reviews(finished_copy: Path) -> None:
    set_settings(finished_copy, {"pad.validation": "0.2"})
    result = run("python", "-m", "stages.pad", cwd=finished_copy)
    assert result.returncode == 0, result.stderr
    padded = {
        name: sequences.read(finished_copy / "data" / "padded" / name)[1]
        for name in ("train", "validation", "test")
    }
    total = pq.ParquetFile(finished_copy / "data/corpus/train.parquet").metadata.num_rows
    assert len(padded["train"]) + len(padded["validation"]) == total
    assert 0.19 * total < len(padded["validation"]) <= 0.2 * total


@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        ("train.epochs", "0", "params.yaml: train.epochs is 0: input should be greater than"),
        ("train.seed", "one", "params.yaml: train.seed is 'one': input should be a valid integer"),
        ("pad.maxlen", "12\n  max_len: 12", "params.yaml: pad.max_len is 12: no such setting"),
    ],
)
def test_invalid_setting_stops_before_any_work(
    finished_copy: Path, setting: str, value: str, expected: str
) -> None:
    before = contents(finished_copy / "metrics")
    # Change another setting as well, so that DVC runs the stage in any case.
    set_settings(finished_copy, {"pad.padding": "post"} | {setting: value})
    result = run("dvc", "repro", cwd=finished_copy)
    assert result.returncode != 0
    assert stages_run(result) == ["pad"]
    assert error_line(result.stderr).startswith(f"error: {expected}")
    assert contents(finished_copy / "metrics") == before
    # The cache has the outputs that DVC removed before it ran the stage.
    assert run("git", "checkout", "-q", "params.yaml", cwd=finished_copy).returncode == 0
    assert run("dvc", "checkout", cwd=finished_copy).returncode == 0
    assert stages_run(run("dvc", "repro", cwd=finished_copy)) == []


@pytest.mark.parametrize("stage", STAGES[1:])
def test_every_stage_checks_settings_first(clone: Path, stage: str) -> None:
    set_settings(clone, {"train.epochs": "-1"})
    result = run("python", "-m", f"stages.{stage}", cwd=clone)
    assert result.returncode == 1
    assert error_line(result.stderr).startswith("error: params.yaml: train.epochs is -1")
    verbose = run("python", "-m", f"stages.{stage}", "--verbose", cwd=clone)
    assert verbose.returncode == 1
    assert "Traceback" in verbose.stderr


def test_unreachable_source_without_fallback_keeps_corpus(finished_copy: Path) -> None:
    before = contents(finished_copy / "data" / "corpus")
    set_settings(finished_copy, {"fetch.source": "imdb", "fetch.offline": "null"})
    result = run("dvc", "repro", cwd=finished_copy, **NO_NETWORK)
    assert result.returncode != 0
    assert "cannot be reached" in error_line(result.stderr)
    assert contents(finished_copy / "data" / "corpus") == before


def bad_archives(folder: Path) -> dict[str, Path]:
    """Return archives that cannot be used, by the error message that they cause."""
    whole = archives.write(folder / "whole.tar.gz", archives.WHOLE)
    truncated = folder / "truncated.tar.gz"
    truncated.write_bytes(whole.read_bytes()[:300])
    no_archive = folder / "text.tar.gz"
    no_archive.write_text("<html>Not found</html>" * 100)
    no_test = {name: text for name, text in archives.WHOLE.items() if not name.startswith("test")}
    link = tarfile.TarInfo("aclImdb/link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc"
    return {
        "differ from the Large Movie Review Dataset": whole,
        "is truncated or not an archive": truncated,
        "is truncated or not an archive (Not a gzipped file": no_archive,
        "has no reviews in test/neg/": archives.write(folder / "no_test.tar.gz", no_test),
        "'../outside' points outside": archives.write(
            folder / "outside.tar.gz", archives.WHOLE, archives.plain("../outside", b"")
        ),
        "is neither a plain file nor a folder": archives.write(
            folder / "link.tar.gz", archives.WHOLE, (link, b"")
        ),
        "which is not a file": folder / "none.tar.gz",
    }


def test_invalid_archive_gives_one_line_error(finished_copy: Path, tmp_path: Path) -> None:
    before = contents(finished_copy / "data" / "corpus")
    set_settings(finished_copy, {"fetch.source": "imdb"})
    for expected, archive in bad_archives(tmp_path).items():
        command = ("python", "-m", "stages.fetch")
        result = run(*command, cwd=finished_copy, IMDB_ARCHIVE=str(archive))
        assert result.returncode == 1
        assert expected in error_line(result.stderr)
        assert str(archive) in error_line(result.stderr)
        assert contents(finished_copy / "data" / "corpus") == before
    result = run("dvc", "repro", cwd=finished_copy, IMDB_ARCHIVE=str(tmp_path / "whole.tar.gz"))
    assert result.returncode != 0
    assert stages_run(result) == ["fetch"]
    assert contents(finished_copy / "data" / "corpus") == before


@pytest.mark.exhaustive
def test_fallback_corpus_is_named_everywhere(tmp_path: Path) -> None:
    clone = new_clone(tmp_path / "clone", SMALL | {"fetch.source": "imdb", "train.epochs": "1"})
    result = run("dvc", "repro", cwd=clone, **NO_NETWORK)
    assert result.returncode == 0, result.stderr
    assert result.stderr.count("! WARNING: imdb could not be reached.") == 2
    assert result.stderr.count("fallback corpus rotten-tomatoes.") == 2
    corpus = read_json(clone / "metrics" / "metrics.json")["corpus"]
    assert (corpus["name"], corpus["requested"]) == ("rotten-tomatoes", "imdb")
    for name in ("report.md", "report.html"):
        assert "Fallback corpus." in (clone / "report" / name).read_text(encoding="utf-8")
    files = list((clone / "plots").glob("*.csv"))
    assert len(files) == 6
    for file in files:
        with file.open(encoding="utf-8") as rows:
            assert {row["corpus"] for row in csv.DictReader(rows)} == {"rotten-tomatoes"}

    # DVC considers the corpus up to date. `make repro` tries again, and runs only `fetch`.
    assert stages_run(run("dvc", "repro", cwd=clone)) == []
    assert stages_run(run_make("repro", clone, **NO_NETWORK)) == ["fetch"]


def test_make_fresh_detects_stale_lock(finished_copy: Path) -> None:
    # As in a clone without a cache.
    for folder in ("data", "models"):
        shutil.rmtree(finished_copy / folder)
    assert run_make("fresh", finished_copy).returncode == 0
    change(finished_copy / "params.yaml", "dropout: 0.5", "dropout: 0.4")
    result = run_make("fresh", finished_copy)
    assert result.returncode != 0
    assert "dvc.lock is stale" in result.stdout


def test_make_help_lists_every_target(clone: Path) -> None:
    listed = [line.split()[0] for line in run("make", cwd=clone).stdout.splitlines()]
    assert {"repro", "test", "lint", "lock", "help"} <= set(listed)


def test_a_path_with_spaces(tmp_path: Path, finished: Path) -> None:
    clone = copy(finished, tmp_path / "with späces")
    set_settings(clone, {"pad.padding": "post"})
    result = run("dvc", "repro", "pad", cwd=clone)
    assert result.returncode == 0, result.stderr
    assert stages_run(result) == ["pad"]
    commit(clone)


def test_committed_results_are_from_default_run_on_imdb() -> None:
    metrics = read_json(PROJECT / "metrics" / "metrics.json")
    assert metrics["corpus"]["name"] == "imdb"
    assert metrics["bilstm"]["parameters"] == 2_658_945
    assert metrics["bigru"]["parameters"] == 2_634_625
    for network in ("bilstm", "bigru"):
        assert 0.80 <= metrics[network]["accuracy"] <= 0.83
        assert 0.835 <= metrics[network]["best_val_accuracy"] <= 0.86
    assert metrics["baseline"]["accuracy"] >= 0.91
    for other in metrics["baseline"]["against"]:
        assert other["accuracy_difference"] > 0.08
        assert formatting.points(other["accuracy_difference"]) in (
            PROJECT / "report" / "report.md"
        ).read_text(encoding="utf-8")


def test_review_texts_stay_out_of_git(finished: Path) -> None:
    shown = run("python", "-m", "birnn", "mistakes", "bigru", "--count", "3", cwd=finished)
    assert shown.returncode == 0, shown.stderr
    worst = pd.read_parquet(finished / "data" / "evaluated" / "mistakes.parquet")
    assert set(worst["kind"]) == {"bilstm", "bigru", "disagreement"}
    for review in worst[worst["kind"] == "bigru"].head(3).to_dict("records"):
        assert review["id"] in shown.stdout
        tracked = run("git", "grep", "--fixed-strings", review["text"], cwd=finished)
        assert tracked.returncode == 1, tracked.stdout


def test_predictions_match_metrics(finished: Path) -> None:
    predicted = pd.read_parquet(finished / "data" / "evaluated" / "predictions.parquet")
    metrics = read_json(finished / "metrics" / "metrics.json")
    for model in ("bilstm", "bigru", "baseline"):
        correct = (predicted[model] > 0) == predicted["label"]
        assert metrics[model]["accuracy"] == pytest.approx(correct.mean(), abs=5e-5)


def test_baseline_and_networks_use_same_training_reviews(finished_copy: Path) -> None:
    set_settings(finished_copy, {"pad.validation": "0.2"})
    for stage in ("pad", "train_baseline"):
        result = run("python", "-m", f"stages.{stage}", cwd=finished_copy)
        assert result.returncode == 0, result.stderr
    labels = sequences.read(finished_copy / "data" / "padded" / "train")[1]
    assert f"baseline: {len(labels):,} reviews" in result.stdout
    rows = np.load(finished_copy / "data" / "padded" / "train" / "rows.npy")
    corpus_labels = reviews.column(finished_copy / "data" / "corpus" / "train.parquet", "label")
    assert (corpus_labels[rows] == labels).all()
    held_out = np.load(finished_copy / "data" / "padded" / "validation" / "rows.npy")
    assert not set(rows) & set(held_out)
