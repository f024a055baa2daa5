"""A study: several runs and what they share, in the folder `study/NAME`.

- `study.yaml`: the fields of `About`.
- `runs.csv`: one row per run, with its `name`, the values that vary, the seeds, the measures of
  every model (`bigru.accuracy`), its training time (`bigru.seconds`), the `machine`, when the first
  network `started` to train, and the `commit` of the code. If settings are chosen by the study, it
  has no measures of the test split. Older rows have no start and no commit.
- `predictions/RUN.parquet`: the log-odds of every model for the test reviews, as float16, which
  changes them by at most 0.008; `reviews.parquet`: label and group (film) of these reviews.
- `held-out/RUN.parquet`: label and log-odds of the held-out reviews, if there are any.
- `NAME.png`: the figure (see `figure`).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from birnn.core.yaml_files import parse_yaml, read_yaml
from birnn.evaluation.array_types import Groups, Labels
from birnn.evaluation.model_names import ALL_TITLES, NETWORKS, TITLES
from birnn.runtime.errors import InputError
from birnn_lab.files_in_git import refuse_conflict

FOLDER = Path("study")
ABOUT, RUNS = "study.yaml", "runs.csv"
REVIEWS, PREDICTIONS, HELD_OUT = "reviews.parquet", "predictions", "held-out"
RECIPE = "recipe"
RANDOM = "random"  # sampler of the studies of random settings
TEXTS = dict.fromkeys(("name", RECIPE, "machine", "commit", "started"), str)
NAME = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*")
SEED, HOLD_OUT_SEED = "train.seed", "pad.seed"
FOLLOWING_SEEDS = (HOLD_OUT_SEED, "word_vectors.seed")  # in recipes, equal to the training seed
FILMS = {"imdb", "rotten-tomatoes"}  # corpora whose groups are films


@dataclass(frozen=True)
class About:
    """The description of a study: what its runs share."""

    command: str  # the command that first made the study
    corpus: dict[str, Any]  # name and digest of the corpus, as in the metrics
    # Names of the settings that vary, except seeds; `recipe` is one. Settings with the same values
    # are one name, with commas.
    varied: list[str]
    settings: dict[str, Any]  # values of all other settings, by name
    # Name, title, base (the recipe that it adds to) and added settings of each recipe.
    recipes: list[dict[str, Any]] = field(default_factory=list)
    # Only in older studies: true if the study serves to choose settings.
    chooses: bool = False
    sampler: str = ""  # only in older studies: how a search proposed its trials


@dataclass(frozen=True)
class Combination:
    """The runs with one combination of the values that vary."""

    chosen: dict[str, Any]  # the values, by name of the setting
    runs: pd.DataFrame  # rows of `runs.csv`, one per seed

    @property
    def label(self) -> str:
        """The values in one phrase, `all runs` if nothing varies."""
        texts = ("none" if pd.isna(value) else str(value) for value in self.chosen.values())
        return ", ".join(texts) or "all runs"


@dataclass(frozen=True, eq=False)
class Study:
    """A study in a folder."""

    folder: Path
    about: About  # what its runs share
    runs: pd.DataFrame  # rows of `runs.csv`
    # `label` and `group` of each test review, None without predictions.
    reviews: pd.DataFrame | None = None

    @property
    def name(self) -> str:
        """The name of the study."""
        return self.folder.name

    @property
    def is_sample(self) -> bool:
        """True if settings were drawn at random, to compare networks over them."""
        return self.about.sampler == RANDOM and not self.about.chooses

    @property
    def repeats(self) -> str:
        """The word for the runs of a combination."""
        return "draws" if self.is_sample else "seeds"

    @property
    def measure(self) -> str:
        """The accuracy that the study compares: on held-out reviews if it serves to choose."""
        return "holdout_accuracy" if self.about.chooses else "accuracy"

    @property
    def models(self) -> list[str]:
        """The models with an accuracy: networks, the baseline, and ensembles."""
        return [model for model in ALL_TITLES if f"{model}.{self.measure}" in self.runs]

    @property
    def networks(self) -> list[str]:
        """The networks of the study."""
        return [model for model in self.models if model in NETWORKS]

    @cached_property
    def _predictions(self) -> dict[str, pd.DataFrame]:
        return read_predictions(self.folder, self.runs["name"])

    def log_odds(self, runs: pd.DataFrame) -> dict[str, NDArray[np.float32]]:
        """Return the log-odds of the test reviews by model, float32, shape (runs, reviews).

        Empty if the study lacks the predictions of a run, or of a network that other runs have.
        """
        tables = [self._predictions[name] for name in runs["name"] if name in self._predictions]
        known = [model for model in TITLES if all(model in table for table in tables)]
        if self.reviews is None or len(tables) < len(runs) or not {*self.networks} <= {*known}:
            return {}
        return {model: np.array([table[model] for table in tables], np.float32) for model in known}

    def labels_and_groups(self) -> tuple[Labels, Groups]:
        """Return label and group of each test review; only for a study with predictions."""
        assert self.reviews is not None  # noqa: S101
        return self.reviews["label"].to_numpy(), self.reviews["group"].to_numpy()

    def combinations(self) -> list[Combination]:
        """Return the runs by the values that vary, in the order of their first runs.

        All runs with random settings are one combination.
        """
        varied = self.about.varied
        if not varied or self.is_sample:
            return [Combination({}, self.runs)]
        groups = self.runs.groupby(varied, sort=False, dropna=False)
        return [
            Combination(dict(zip(varied, values, strict=True)), group) for values, group in groups
        ]

    def settings_by_run(self) -> dict[str, dict[str, Any]]:
        """Return the known settings of each run, by its name and by full name of the setting."""
        recipes, settings = self.recipe_settings(), {}
        for row in self.runs.convert_dtypes().to_dict("records"):
            own = {key: row[key] for key in (SEED, *FOLLOWING_SEEDS) if key in row}
            for names in self.about.varied:
                value = None if pd.isna(row[names]) else row[names]
                value = parse_yaml(value) if isinstance(value, str) else value
                own |= dict.fromkeys(names.split(","), value)
            own.pop(RECIPE, None)
            settings[row["name"]] = self.about.settings | recipes.get(row.get(RECIPE, ""), {}) | own
        return settings

    def recipe_settings(self) -> dict[str, dict[str, Any]]:
        """Return the settings of each recipe, including inherited ones."""
        settings: dict[str, dict[str, Any]] = {}
        for recipe in self.about.recipes:
            settings[recipe["name"]] = settings.get(recipe["base"], {}) | recipe["settings"]
        return settings


def check_name(name: str) -> None:
    """Check that a name can be a folder in `study`."""
    if not NAME.fullmatch(name):
        raise InputError(
            f"{name!r} is not a valid name of a study: use letters, digits and hyphens"
        )


def describe_corpus(corpus: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of the description of a corpus in the metrics that a study has."""
    return {key: corpus.get(key) for key in ("name", "digest")}


def group_kind(corpus: str) -> str:
    """Return what the groups of a corpus are called."""
    return "films" if corpus in FILMS else "groups of texts"


def shared_settings(
    settings: Mapping[str, Any], varied: Sequence[str], networks: Iterable[str] = NETWORKS
) -> dict[str, Any]:
    """Return the settings that all runs of a study share and that affect their metrics."""
    others = {"report", *NETWORKS} - set(networks)
    names = {name for joined in varied for name in joined.split(",")}
    return {
        name: value
        for name, value in settings.items()
        if name not in {SEED, *names} and name.partition(".")[0] not in others
    }


def read(folder: Path) -> Study:
    """Read the study in a folder."""
    if not (folder / ABOUT).exists():
        raise InputError(f"{folder} is not a study: see birnn study --help")
    try:
        about = About(**read_yaml(folder / ABOUT))
        refuse_conflict(folder / RUNS)
        lines = (folder / RUNS).read_text(encoding="utf-8")
        # A text may be NA or null. Only an empty cell is a missing value.
        runs = pd.read_csv(StringIO(lines), dtype=TEXTS, keep_default_na=False, na_values="")
        runs = runs.astype({SEED: np.int64})
    except (TypeError, KeyError, ValueError, OSError) as error:
        advice = f"run git checkout -- {folder}, or delete it"
        raise InputError(f"{folder} is damaged ({error}): {advice}") from error
    if runs.empty:
        raise InputError(f"{folder / RUNS} has no runs")
    file = folder / REVIEWS
    reviews = _read_parquet(file, ["label", "group"]) if file.exists() else None
    return Study(folder, about, runs, reviews)


def read_all(folder: Path = FOLDER) -> list[Study]:
    """Read all studies, sorted by name."""
    # Without the leftovers of killed commands, which start with a dot.
    return [read(file.parent) for file in sorted(folder.glob(f"[!.]*/{ABOUT}"))]


def read_predictions(
    folder: Path, names: Iterable[str], kind: str = PREDICTIONS
) -> dict[str, pd.DataFrame]:
    """Return the log-odds of the named runs that a study has predictions of, by name."""
    files = {name: folder / kind / f"{name}.parquet" for name in names}
    return {name: _read_parquet(file) for name, file in files.items() if file.exists()}


def _read_parquet(file: Path, columns: list[str] | None = None) -> pd.DataFrame:
    try:
        return pd.read_parquet(file, columns=columns)
    # A flipped bit may cause any exception of pandas or pyarrow, such as KeyError.
    except Exception as error:
        raise InputError(f"{file} is damaged: run git checkout -- {file}, or delete it") from error
