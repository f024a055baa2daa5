"""Documents that several tests read."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.birnn import samples
from tests.birnn.report import documents
from tests.birnn.report.documents import Documents


@pytest.fixture(scope="module")
def two_networks() -> Iterator[None]:
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
        return documents.write(
            tmp_path_factory.mktemp("complete"),
            draw=True,
            studies=[samples.study(seeds=2), sizes],
            recipes=samples.recipes(),
        )
