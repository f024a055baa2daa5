"""Test that `dvc.yaml` declares exactly the code, settings and data that a stage uses.

Otherwise an edit of shared code would rerun too few stages, or too many.
"""

import json
from pathlib import Path

import pytest

from birnn.core import code_digests
from birnn.core.settings import flatten
from birnn.core.yaml_files import read_yaml
from birnn.networks.registry import NETWORKS
from birnn.text import unlabelled
from tests.projects import PROJECT, run, set_settings
from tests.tiers import sampled

STAGES = read_yaml(PROJECT / "dvc.yaml")["stages"]
CODED = [stage for stage in STAGES if stage != "code"]  # that depend on its digests
WITHOUT_TENSORFLOW = {
    *("fetch", "pad", "train_word_vectors", "weigh_ngrams", "train_baseline", "report"),
}

# Some settings are read only if others are set.
SECOND_RUNS = {
    "fetch": {"fetch.source": "csv", "csv.split_column": "null", "csv.test": "0.5"},
    "pad": {"pad.validation": "0.2"},
    "train_word_vectors": {"word_vectors.reviews": "train"},
    "label_unlabelled": {"train.self_training": "true", "ngrams.longest": "2"},
    "weigh_ngrams": {"ngrams.longest": "2"},
}
OWN_DATA = "text,label,split\n" + "".join(
    f"{split} {label},{label},{split}\n"
    for split in ("train", "test")
    for label in ("positive", "negative")
)

PADDED = ["data/padded/train", "data/padded/validation"]
ENCODING = ["data/padded/encoding.json", "data/padded/vocabulary.txt"]
OF_NETWORKS = ["data/ngrams", *PADDED, "data/self_labelled"]
# The data that stages which train may read: nothing of the test split.
TRAINING_DATA = {f"train_{name}": OF_NETWORKS for name in NETWORKS} | {
    "train_baseline": [
        *("data/corpus/train.parquet", "data/padded/train"),
        *("data/self_labelled", "data/unlabelled"),
    ],
    "weigh_ngrams": ["data/corpus/train.parquet", "data/padded/train", "data/self_labelled"],
    "label_unlabelled": ["data/corpus/train.parquet", *ENCODING, *PADDED, "data/unlabelled"],
    "train_word_vectors": [
        *("data/corpus/train.parquet", *ENCODING, "data/padded/train/rows.npy", "data/unlabelled"),
    ],
}


@pytest.mark.parametrize("stage", CODED)
def test_stage_depends_on_the_digests_of_its_code(stage: str) -> None:
    deps = [dep for dep in STAGES[stage]["deps"] if dep.startswith(("birnn", "stages", "code"))]
    assert deps == [f"code/{stage}.txt"]


@pytest.mark.slow
@pytest.mark.parametrize("stage", sampled(CODED, "fetch", "train_bigru", "report"))
def test_stage_uses_declared_settings_and_code(
    stage: str, finished_copy: Path, tmp_path: Path
) -> None:
    (finished_copy / "data" / "own" / "reviews.csv").write_text(OWN_DATA, encoding="utf-8")
    unlabelled.write(["fine", "dull"], finished_copy / "data" / "unlabelled" / "reviews.parquet")
    recorded = {"settings": set(), "modules": set(), "files": set()}
    for settings in [{}, SECOND_RUNS[stage]] if stage in SECOND_RUNS else [{}]:
        set_settings(finished_copy, settings)
        script = str(PROJECT / "tests" / "stages" / "record.py")
        file = tmp_path / "record.json"
        result = run("python", script, stage, str(file), cwd=finished_copy)
        assert result.returncode == 0, result.stderr
        for key, values in json.loads(file.read_text()).items():
            recorded[key] |= set(values)
    assert recorded["settings"] == declared_settings(stage)
    # Numba imports the place of its cache, which does not change what a stage computes.
    names = {name for name in recorded["files"] if not name.startswith("birnn/experiments/")}
    described = code_digests.describe(finished_copy)[stage].splitlines()
    declared = {line.split()[0] for line in described}
    if stage == "report":
        # It reads the registry of networks, but builds none, which may import a layer's module.
        names |= {name for name in declared if name.startswith("birnn/networks/")}
    assert names == declared
    assert ("tensorflow" in recorded["modules"]) == (stage not in WITHOUT_TENSORFLOW)


def declared_settings(stage: str) -> set[str]:
    """Return the full names of the settings; `dvc.yaml` may name sections, or the whole file."""
    names = flatten(read_yaml(PROJECT / "params.yaml"))
    declared = STAGES[stage].get("params", [])
    if declared == [{"params.yaml": None}]:
        return set(names)
    return {name for name in names if name in declared or name.partition(".")[0] in declared}


@pytest.mark.parametrize("stage", TRAINING_DATA)
def test_training_does_not_depend_on_test_split(stage: str) -> None:
    data = [dep for dep in STAGES[stage]["deps"] if dep.startswith("data/")]
    assert sorted(data) == sorted(TRAINING_DATA[stage])


def test_only_cheap_stages_store_results_in_git() -> None:
    # DVC never restores a stage from the run cache if it does not cache all of its outputs.
    for name, stage in STAGES.items():
        outputs = [*stage.get("outs", []), *stage.get("metrics", [])]
        options = [next(iter(out.values())) for out in outputs if isinstance(out, dict)]
        in_git = [out for out in options if not out.get("cache", True)]
        assert bool(in_git) == (name in {"code", "evaluate", "report"})
