"""Test that `dvc.yaml` declares exactly the code and settings that a stage uses.

Otherwise an edit of shared code would rerun too few stages, or too many.
"""

import json
from pathlib import Path

import pytest

from birnn.core import code_digests
from birnn.core.outputs import read_json, write_json
from birnn.core.settings import flatten
from birnn.core.yaml_files import read_yaml
from birnn.networks.registry import NETWORKS
from birnn.reviews import corpus_writer
from tests.projects import OWN_DATA, PROJECT, STAGES, check_output, set_settings
from tests.tiers import sampled

DECLARED = read_yaml(PROJECT / "dvc.yaml")["stages"]
WITHOUT_TENSORFLOW = {
    *("fetch", "pad", "fetch_unlabelled", "train_word_vectors", "weigh_ngrams", "train_baseline"),
    "report",
}

# Some settings are read only if others are set.
SECOND_RUNS = {
    "fetch": {"fetch.source": "csv", "csv.split_column": "null", "csv.test": "0.5"},
    "pad": {"pad.validation": "0.2"},
    "fetch_unlabelled": {"word_vectors.reviews": "all", "csv.unlabelled": "reviews.csv"},
    "train_word_vectors": {"word_vectors.reviews": "train", "word_vectors.regions": "10"},
    "label_unlabelled": {"train.self_training": "true", "ngrams.longest": "2"},
    "weigh_ngrams": {"ngrams.longest": "2"},
}

# The stages before and after training. The other stages train, or prepare it.
NOT_TRAINING = {"code", "fetch", "fetch_unlabelled", "pad", "evaluate", "report"}
TEST_DATA = {"data/corpus/test.parquet", "data/corpus/overlap.npy", "data/padded/test"}
# After each epoch, networks are measured on these reviews, which may be the test split.
WATCHED = "data/padded/validation"


@pytest.mark.parametrize("stage", STAGES)
def test_stage_depends_on_the_digests_of_its_code(stage: str) -> None:
    deps = [dep for dep in DECLARED[stage]["deps"] if dep.startswith(("birnn", "stages", "code"))]
    assert deps == [f"code/{stage}.txt"]


@pytest.mark.slow
@pytest.mark.parametrize("stage", sampled(STAGES, "fetch", "train_bigru", "report"))
def test_stage_uses_declared_settings_and_code(stage: str, finished_copy: Path) -> None:
    (finished_copy / "data" / "own" / "reviews.csv").write_text(OWN_DATA, encoding="utf-8")
    corpus, unlabelled = (finished_copy / "data" / name for name in ("corpus", "unlabelled"))
    corpus_writer.write_unlabelled(["fine", "dull"], corpus, unlabelled, "unicode")
    if stage == "fetch_unlabelled":  # only some corpora have unlabelled reviews
        description = corpus / "corpus.json"
        write_json(description, read_json(description) | {"name": "reviews.csv"})
    recorded = record(finished_copy, stage)
    if stage in SECOND_RUNS:
        set_settings(finished_copy, SECOND_RUNS[stage])
        recorded = {key: recorded[key] | more for key, more in record(finished_copy, stage).items()}
    names, declared = flatten(read_yaml(PROJECT / "params.yaml")), DECLARED[stage].get("params", [])
    if declared != [{"params.yaml": None}]:  # the whole file
        names = {name for name in names if name in declared or name.partition(".")[0] in declared}
    assert recorded["settings"] == set(names)
    described = code_digests.describe(finished_copy)[stage].splitlines()
    # Numba imports the place of its cache, which does not change what a stage computes.
    left_out = ("birnn/lab/", "birnn/runtime/")
    used = {name for name in recorded["files"] if not name.startswith(left_out)}
    assert used == {line.split()[0] for line in described}
    assert ("tensorflow" in recorded["modules"]) == (stage not in WITHOUT_TENSORFLOW)


def record(project: Path, stage: str) -> dict[str, set[str]]:
    """Run a stage, and return the settings, the modules and the files of the code that it reads."""
    file = project.parent / "record.json"
    check_output(project, "python", str(PROJECT / "tests/stages/record.py"), stage, str(file))
    return {key: set(values) for key, values in json.loads(file.read_text()).items()}


@pytest.mark.parametrize("stage", [stage for stage in DECLARED if stage not in NOT_TRAINING])
def test_training_does_not_depend_on_test_split(stage: str) -> None:
    deps = set(DECLARED[stage]["deps"])
    assert set(DECLARED["evaluate"]["deps"]) >= TEST_DATA
    assert not [path for path in TEST_DATA if path.startswith(tuple(deps))]
    watches = stage == "label_unlabelled" or stage.removeprefix("train_") in NETWORKS
    assert (WATCHED in deps) == watches
