"""Names of the files and folders of the pipeline, relative to the project's folder."""

from pathlib import Path

PARAMS = Path("params.yaml")
PIPELINE = Path("dvc.yaml")
# DVC copies the project into folders in it: `dvc exp run --temp` into those in `standalone`.
EXPERIMENTS = Path(".dvc/tmp/exps")

OWN = Path("data/own")  # the user's own files
RAW = Path("data/raw")  # downloads

CORPUS = Path("data/corpus")
CORPUS_DESCRIPTION = CORPUS / "corpus.json"
RANKED_WORDS = CORPUS / "vocabulary.txt"  # all words of the training split
OVERLAP = CORPUS / "overlap.npy"  # rows of test reviews that are also in the training split
TRAIN_REVIEWS = CORPUS / "train.parquet"
TEST_REVIEWS = CORPUS / "test.parquet"

UNLABELLED = Path("data/unlabelled")
UNLABELLED_DESCRIPTION = UNLABELLED / "unlabelled.json"
UNLABELLED_REVIEWS = UNLABELLED / "reviews.parquet"

PADDED = Path("data/padded")
PADDED_TRAIN = PADDED / "train"
PADDED_VALIDATION = PADDED / "validation"
HELD_OUT_ROWS = PADDED_VALIDATION / "rows.npy"
PADDED_TEST = PADDED / "test"
VOCABULARY = PADDED / "vocabulary.txt"  # the words that have an id

SELF_LABELLED = Path("data/self_labelled")
SELF_LABELLED_TRAIN = SELF_LABELLED / "train"  # only with self-training
NGRAMS = Path("data/ngrams")

MODELS = Path("models")
BASELINE = MODELS / "baseline"
WORD_VECTORS = MODELS / "word_vectors"

EVALUATED = Path("data/evaluated")
COSTS = EVALUATED / "costs.json"
MISTAKES = EVALUATED / "mistakes.parquet"
EVALUATION = EVALUATED / "evaluation.json"
HELD_OUT_PREDICTIONS = EVALUATED / "held_out.parquet"  # if reviews are held out
METRICS = Path("metrics/metrics.json")  # the numbers that `dvc metrics diff` compares
PLOTS = Path("plots")
REPORT = Path("report")

STATE = Path("state")  # checkpoints, times, searches and locks: no outputs


def main_folder() -> Path:
    """Return the project's folder; for the copy that an experiment runs in, the original's."""
    here = Path.cwd()
    originals = (folder.parents[2] for folder in here.parents if folder.match(str(EXPERIMENTS)))
    return next(originals, here)


def times_file() -> Path:
    """Return the file of times, in the project's folder also for the copy of an experiment."""
    return main_folder() / STATE / "times.jsonl"
