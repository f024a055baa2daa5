"""Test that `dvc.yaml` declares the settings that a stage reads, and no test data too early."""

import json
from pathlib import Path

import pytest

from birnn.architectures.registry import NETWORKS
from birnn.core.outputs import read_json, write_json
from birnn.core.settings import flatten
from birnn.core.yaml_files import read_yaml
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

# Two of `fetch` are read if the source cannot be reached, or if a row is unusable.
UNREAD = {
    "fetch": {"fetch.offline", "csv.unusable"},
    "fetch_unlabelled": {
        *("csv.seed", "csv.test", "csv.unusable", "csv.label_column", "csv.split_column"),
        *("csv.id_column", "csv.group_column"),
    },
}

# The stages before and after training. The other stages train, or prepare it.
NOT_TRAINING = {"fetch", "fetch_unlabelled", "pad", "evaluate", "report"}
TEST_DATA = {"data/corpus/test.parquet", "data/corpus/overlap.npy", "data/padded/test"}
# After each epoch, networks are measured on these reviews, which may be the test split.
WATCHED = "data/padded/validation"


@pytest.mark.slow
@pytest.mark.parametrize("stage", sampled(STAGES, "fetch", "train_bigru", "report"))
def test_stage_reads_the_declared_settings(stage: str, finished_copy: Path) -> None:
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
    assert ("tensorflow" in recorded["modules"]) == (stage not in WITHOUT_TENSORFLOW)
    declared, read = DECLARED[stage]["params"], recorded["settings"]
    if declared == [{"params.yaml": None}]:  # the whole file, which is printed
        return
    sections = {name for name in declared if "." not in name}
    names = flatten(read_yaml(PROJECT / "params.yaml"))
    in_sections = {name for name in names if name.partition(".")[0] in sections}
    assert {name for name in read if name.partition(".")[0] not in sections} == {
        name for name in declared if "." in name
    }
    # A whole section is named if most of it is read.
    assert in_sections - read == UNREAD.get(stage, set())


def record(project: Path, stage: str) -> dict[str, set[str]]:
    """Run a stage, and return the settings that it reads and the modules that it imports."""
    file = project.parent / "record.json"
    check_output(project, "python", str(PROJECT / "tests/stages/record.py"), stage, str(file))
    return {key: set(values) for key, values in json.loads(file.read_text()).items()}


@pytest.mark.parametrize("stage", [stage for stage in DECLARED if stage not in NOT_TRAINING])
def test_training_does_not_depend_on_test_split(stage: str) -> None:
    deps = set(DECLARED[stage]["deps"])
    assert all(path.startswith(tuple(DECLARED["evaluate"]["deps"])) for path in TEST_DATA)
    assert not [path for path in TEST_DATA if path.startswith(tuple(deps))]
    watches = stage == "label_unlabelled" or stage.removeprefix("train_") in NETWORKS
    assert (WATCHED in deps) == watches
