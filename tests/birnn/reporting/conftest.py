"""Documents that several tests read."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from tests.birnn import samples
from tests.birnn.reporting import documents
from tests.birnn.reporting.documents import Documents


@pytest.fixture(scope="module")
def two_networks() -> Iterator[None]:
    """Have two networks in the registry."""
    with documents.registered():
        yield


@pytest.fixture(scope="package")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Documents:
    """Return documents without studies."""
    with documents.registered():
        return documents.write(tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="package")
def complete(tmp_path_factory: pytest.TempPathFactory) -> Documents:
    """Return documents with all of their sections and figures."""
    with documents.registered():
        sizes = samples.study(Path("study/sizes"), varied={"bigru.units": [64, 79]})
        recipes = samples.recipes()
        third = {"name": "third", "base": "plain", "title": "something else", "settings": {}}
        about = replace(recipes.about, recipes=[*recipes.about.recipes, third])
        runs = pd.concat([recipes.runs, recipes.runs[3:].assign(recipe="third")])
        recipes = replace(recipes, about=about, runs=runs)
        folder = tmp_path_factory.mktemp("complete")
        studies = [samples.study(), sizes]
        return documents.write(folder, draw=True, studies=studies, recipes=recipes)
