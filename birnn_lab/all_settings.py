"""All settings, which the commands of `birnn` check at once, before a stage runs."""

from typing import Any

from birnn.architectures.registry import with_networks
from birnn.baseline.settings import BaselineSettings
from birnn.core.settings import validate
from birnn.evaluation.selection import Report
from birnn.pretraining.settings import WordVectors
from birnn.sources.settings import Csv, Fetch
from birnn.training.settings import TrainingSettings


class AllSettings(TrainingSettings):
    """All sections of `params.yaml`; `check_all` adds the section of each network."""

    fetch: Fetch
    csv: Csv
    word_vectors: WordVectors
    baseline: BaselineSettings
    report: Report


def check_all(content: Any, source: str) -> AllSettings:
    """Return all settings in the content of `params.yaml`, perhaps with changes."""
    kind = with_networks(AllSettings)
    return validate(kind, content, source, sorted(kind.model_fields))
