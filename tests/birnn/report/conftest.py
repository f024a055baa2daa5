"""Documents that several tests read."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.birnn import samples
from tests.birnn.report import test_documents
from tests.birnn.report.test_documents import Documents


@pytest.fixture(scope="module")
def two_networks() -> Iterator[None]:
    with test_documents.registered():
        yield


@pytest.fixture(scope="package")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Documents:
    """Return documents without studies."""
    with test_documents.registered():
        return test_documents.write(tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="package")
def complete(tmp_path_factory: pytest.TempPathFactory) -> Documents:
    """Return documents with all of their sections and figures."""
    with test_documents.registered():
        sizes = samples.study(Path("study/sizes"), varied={"bigru.units": [64, 79]})
        return test_documents.write(
            tmp_path_factory.mktemp("complete"),
            draw=True,
            studies=[samples.study(seeds=2), sizes],
            recipes=samples.recipes(),
        )
