"""Documents that several tests read."""

from collections.abc import Iterator

import pytest

from tests.birnn.report import documents
from tests.birnn.report.documents import Documents


@pytest.fixture(scope="module")
def two_networks() -> Iterator[None]:
    with documents.registered():
        yield


@pytest.fixture(scope="package")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Documents:
    """Return the documents of two networks, with their figures."""
    with documents.registered():
        return documents.write(tmp_path_factory.mktemp("plain"), draw=True)
