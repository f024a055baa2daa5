"""Test that `dvc.yaml` declares exactly the code, settings and data that a stage uses.

Otherwise an edit of shared code would rerun too few stages, or too many.
"""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from birnn.core.yaml_files import read_yaml
from birnn.networks.registry import NETWORKS
from tests.projects import PROJECT, run, set_settings
from tests.tiers import sampled

PIPELINE = read_yaml(PROJECT / "dvc.yaml")
STAGES = PIPELINE["stages"]
PACKAGES = ("birnn", "stages")
WITHOUT_TENSORFLOW = {
    *("own_folder", "fetch", "pad", "fetch_unlabelled", "train_word_vectors", "weigh_ngrams"),
    *("train_baseline", "report"),
}

# Some settings are read only if others are set: the settings of a second run and its exit status.
SECOND_RUNS = {
    "fetch": ({"fetch.source": "csv", "csv.split_column": "null", "csv.test": "0.5"}, 0),
    "pad": ({"pad.validation": "0.2"}, 0),
    # The corpus has no unlabelled reviews.
    "fetch_unlabelled": ({"word_vectors.reviews": "all"}, 1),
    "train_word_vectors": ({"word_vectors.reviews": "train"}, 0),
    # Without unlabelled reviews, only the labelled ones are written.
    "label_unlabelled": ({"train.self_training": "true", "ngrams.longest": "2"}, 0),
    "weigh_ngrams": ({"ngrams.longest": "2"}, 0),
}
OWN_DATA = "text,label,split\n" + "".join(
    f"{split} {label},{label},{split}\n"
    for split in ("train", "test")
    for label in ("positive", "negative")
)


def module_file(project: Path, module: str) -> Path | None:
    """Return the file of a module, or None if it is not part of the project."""
    path = project.joinpath(*module.split("."))
    if not module.startswith(PACKAGES):
        return None
    return next((f for f in (path / "__init__.py", path.with_suffix(".py")) if f.exists()), None)


def imported_modules(file: Path) -> Iterator[str]:
    """Yield the modules that a file imports anywhere, and the packages that contain them."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            parts = name.split(".")
            yield from (".".join(parts[:end]) for end in range(1, len(parts) + 1))


def imported_files(project: Path, stage: str) -> set[str]:
    """Return the files of the project that a stage's script imports, including the script."""
    visited: set[Path] = set()
    queue = [project / "stages" / "__init__.py", project / "stages" / f"{stage}.py"]
    while queue:
        file = queue.pop()
        if file not in visited:
            visited.add(file)
            files = (module_file(project, module) for module in imported_modules(file))
            queue += [imported_file for imported_file in files if imported_file]
    return {file.relative_to(project).as_posix() for file in visited}


def declared_files(project: Path, stage: dict[str, Any]) -> set[str]:
    """Return the code files among a stage's `deps`, including those in folders."""
    paths = [project / dep for dep in stage["deps"] if dep.startswith(PACKAGES)]
    files = {file for path in paths for file in ([path] if path.is_file() else path.rglob("*"))}
    return {
        file.relative_to(project).as_posix()
        for file in files
        if file.is_file() and "__pycache__" not in file.parts
    }


def used_files(project: Path, stage: str) -> set[str]:
    """Return the code files that a stage uses, including the templates of the report."""
    files = imported_files(project, stage)
    if "birnn/reporting/report.py" in files:
        templates = (project / "birnn" / "reporting" / "templates").rglob("*.j2")
        files |= {file.relative_to(project).as_posix() for file in templates}
    return files


@pytest.mark.parametrize("stage", STAGES)
def test_deps_match_imported_code(stage: str) -> None:
    assert declared_files(PROJECT, STAGES[stage]) == used_files(PROJECT, stage)


@pytest.mark.parametrize("stage", STAGES)
def test_missing_or_superfluous_dep_is_detected(stage: str) -> None:
    deps = [dep for dep in STAGES[stage]["deps"] if dep.startswith(PACKAGES)]
    used = used_files(PROJECT, stage)
    for dep in deps:
        fewer = {"deps": [other for other in deps if other != dep]}
        assert declared_files(PROJECT, fewer) < used
    more = {"deps": [*deps, "stages"]}
    assert declared_files(PROJECT, more) > used


@pytest.mark.slow
@pytest.mark.parametrize("stage", sampled(STAGES, "fetch", "train_bigru", "report"))
def test_stage_uses_declared_settings_and_code(
    stage: str, finished_copy: Path, tmp_path: Path
) -> None:
    (finished_copy / "data" / "own" / "reviews.csv").write_text(OWN_DATA, encoding="utf-8")
    recorded = {"settings": set(), "modules": set()}
    runs = [({}, 0), SECOND_RUNS[stage]] if stage in SECOND_RUNS else [({}, 0)]
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
    # Numba imports the place of its cache, which does not change what a stage computes.
    names = {name for name in names if not name.startswith("birnn/experiments/")}
    # The stage itself runs as `__main__`.
    assert names | {f"stages/{stage}.py"} == imported_files(PROJECT, stage)
    assert ("tensorflow" in recorded["modules"]) == (stage not in WITHOUT_TENSORFLOW)


def test_baseline_does_not_depend_on_test_split() -> None:
    data = [dep for dep in STAGES["train_baseline"]["deps"] if dep.startswith("data/")]
    training = ["data/padded/train", "data/self_labelled", "data/unlabelled"]
    assert data == ["data/corpus/train.parquet", *training]


@pytest.mark.parametrize("stage", [f"train_{name}" for name in NETWORKS])
def test_networks_do_not_depend_on_test_split(stage: str) -> None:
    data = [dep for dep in STAGES[stage]["deps"] if dep.startswith("data/")]
    # The test below checks that the n-grams come from the training reviews only.
    assert data == [
        "data/ngrams",
        "data/padded/train",
        "data/padded/validation",
        "data/self_labelled",
    ]


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        (
            "weigh_ngrams",
            ["data/corpus/train.parquet", "data/padded/train", "data/self_labelled"],
        ),
        (
            "label_unlabelled",
            [
                "data/corpus/train.parquet",
                "data/padded/encoding.json",
                "data/padded/train",
                "data/padded/validation",
                "data/padded/vocabulary.txt",
                "data/unlabelled",
            ],
        ),
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
def test_training_inputs_do_not_depend_on_test_split(stage: str, expected: list[str]) -> None:
    assert [dep for dep in STAGES[stage]["deps"] if dep.startswith("data/")] == expected


def test_only_cheap_stages_store_results_in_git() -> None:
    # DVC never restores a stage from the run cache if it does not cache all of its outputs.
    for name, stage in STAGES.items():
        outputs = [*stage.get("outs", []), *stage.get("metrics", [])]
        options = [next(iter(out.values())) for out in outputs if isinstance(out, dict)]
        in_git = [out for out in options if not out.get("cache", True)]
        assert bool(in_git) == (name in {"own_folder", "evaluate", "checklist", "report"})
