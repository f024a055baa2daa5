"""What a stage uses is what `dvc.yaml` declares: no less, and no more.

Without this, an edit to shared code would re-run nothing, or everything.
"""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from birnn.core.yaml_files import read_yaml
from tests.projects import PROJECT, run, set_settings
from tests.tiers import sampled

PIPELINE = read_yaml(PROJECT / "dvc.yaml")
STAGES = PIPELINE["stages"]
PACKAGES = ("birnn", "stages")
WITHOUT_TENSORFLOW = {
    *("fetch", "pad", "fetch_unlabelled", "train_word_vectors", "weigh_ngrams"),
    *("train_baseline", "report"),
}


# Settings that are read with others only: a second run has those, and ends with this status.
OTHERS = {
    "fetch": ({"fetch.source": "csv"}, 0),
    "pad": ({"pad.validation": "0.2"}, 0),
    # The corpus has no reviews without a label.
    "fetch_unlabelled": ({"word_vectors.reviews": "all"}, 1),
    "train_word_vectors": ({"word_vectors.reviews": "train"}, 0),
    "weigh_ngrams": ({"ngrams.longest": "2"}, 0),
}
OWN = "text,label,split\n" + "".join(
    f"{split} {label},{label},{split}\n"
    for split in ("train", "test")
    for label in ("positive", "negative")
)


def module_file(project: Path, module: str) -> Path | None:
    """Return the file of a module of the project, None for another module."""
    path = project.joinpath(*module.split("."))
    if not module.startswith(PACKAGES):
        return None
    return next((f for f in (path / "__init__.py", path.with_suffix(".py")) if f.exists()), None)


def imported(file: Path) -> Iterator[str]:
    """Yield the modules that a file imports, at whatever depth, with the packages they are in."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            parts = name.split(".")
            yield from (".".join(parts[:end]) for end in range(1, len(parts) + 1))


def code_of(project: Path, stage: str) -> set[str]:
    """Return the files of the project that a stage's script imports, itself included."""
    found: set[Path] = set()
    todo = [project / "stages" / "__init__.py", project / "stages" / f"{stage}.py"]
    while todo:
        file = todo.pop()
        if file not in found:
            found.add(file)
            files = (module_file(project, module) for module in imported(file))
            todo += [imported_file for imported_file in files if imported_file]
    return {file.relative_to(project).as_posix() for file in found}


def declared_files(project: Path, stage: dict[str, Any]) -> set[str]:
    """Return the files of the project's code among a stage's `deps`, folders unfolded."""
    paths = [project / dep for dep in stage["deps"] if dep.startswith(PACKAGES)]
    files = {file for path in paths for file in ([path] if path.is_file() else path.rglob("*"))}
    return {
        file.relative_to(project).as_posix()
        for file in files
        if file.is_file() and "__pycache__" not in file.parts
    }


def used_files(project: Path, stage: str) -> set[str]:
    """Return the code that a stage uses, with the templates that the report is made from."""
    files = code_of(project, stage)
    if "birnn/reporting/report.py" in files:
        templates = (project / "birnn" / "reporting" / "templates").iterdir()
        files |= {file.relative_to(project).as_posix() for file in templates}
    return files


@pytest.mark.parametrize("stage", STAGES)
def test_the_code_that_a_stage_uses_is_among_its_deps(stage: str) -> None:
    assert declared_files(PROJECT, STAGES[stage]) == used_files(PROJECT, stage)


@pytest.mark.parametrize("stage", STAGES)
def test_a_missing_or_needless_dep_is_noticed(stage: str) -> None:
    deps = [dep for dep in STAGES[stage]["deps"] if dep.startswith(PACKAGES)]
    for dep in deps:
        fewer = {"deps": [other for other in deps if other != dep]}
        assert declared_files(PROJECT, fewer) < used_files(PROJECT, stage)
    more = {"deps": [*deps, "stages"]}
    assert declared_files(PROJECT, more) > used_files(PROJECT, stage)


@pytest.mark.slow
@pytest.mark.parametrize("stage", sampled(STAGES, "fetch", "train_bigru", "report"))
def test_what_a_running_stage_reads_and_imports(
    stage: str, finished_copy: Path, tmp_path: Path
) -> None:
    (finished_copy / "data" / "own" / "reviews.csv").write_text(OWN, encoding="utf-8")
    recorded = {"settings": set(), "modules": set()}
    runs = [({}, 0), OTHERS[stage]] if stage in OTHERS else [({}, 0)]
    for settings, status in runs:
        set_settings(finished_copy, settings)
        script = str(PROJECT / "tests" / "stages" / "record.py")
        file = tmp_path / "record.json"
        result = run("python", script, stage, str(file), cwd=finished_copy)
        assert result.returncode == status, result.stderr
        for key, values in json.loads(file.read_text()).items():
            recorded[key] |= set(values)
    assert recorded["settings"] == set(STAGES[stage].get("params", []))
    files = {module_file(finished_copy, module) for module in recorded["modules"]} - {None}
    names = {file.relative_to(finished_copy).as_posix() for file in files if file}
    # The stage itself runs as `__main__`.
    assert names | {f"stages/{stage}.py"} == code_of(PROJECT, stage)
    assert ("tensorflow" in recorded["modules"]) == (stage not in WITHOUT_TENSORFLOW)


def test_the_baseline_cannot_open_the_test_split_either() -> None:
    data = [dep for dep in STAGES["train_baseline"]["deps"] if dep.startswith("data/")]
    assert data == ["data/corpus/train.parquet", "data/padded/train"]


@pytest.mark.parametrize("stage", ["train_bilstm", "train_bigru"])
def test_training_cannot_open_the_test_split(stage: str) -> None:
    data = [dep for dep in STAGES[stage]["deps"] if dep.startswith("data/")]
    # The n-grams are those of the training reviews, by the test below.
    assert data == ["data/ngrams", "data/padded/train", "data/padded/validation"]


@pytest.mark.parametrize(
    ("stage", "reads"),
    [
        ("weigh_ngrams", ["data/corpus/train.parquet", "data/padded/train"]),
        (
            "train_word_vectors",
            [
                "data/corpus/train.parquet",
                "data/padded/encoding.json",
                "data/padded/train/rows.npy",
                "data/padded/vocabulary.txt",
                "data/unlabelled",
            ],
        ),
    ],
)
def test_nor_can_what_comes_before_training(stage: str, reads: list[str]) -> None:
    assert [dep for dep in STAGES[stage]["deps"] if dep.startswith("data/")] == reads


def test_only_cheap_stages_keep_results_in_git() -> None:
    # A stage with one output that DVC does not cache is never restored from the run-cache.
    for name, stage in STAGES.items():
        outputs = [*stage.get("outs", []), *stage.get("metrics", [])]
        options = [next(iter(out.values())) for out in outputs if isinstance(out, dict)]
        in_git = [out for out in options if not out.get("cache", True)]
        assert bool(in_git) == (name in {"evaluate", "checklist", "report"})
