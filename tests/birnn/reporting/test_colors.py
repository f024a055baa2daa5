"""Test that DVC's plots use the same colors as the figures."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from birnn.reporting.colors import GRID, MODELS
from tests.projects import PROJECT

TEMPLATES = sorted((PROJECT / ".dvc" / "plots").glob("*.json"))


def scales(node: Any) -> Iterator[dict[str, Any]]:
    """Yield the scales of a template that give each model a color."""
    for value in (
        node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    ):
        yield from scales(value)
    if isinstance(node, dict) and isinstance(node.get("range"), list):
        yield node


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.stem)
def test_plot_templates_use_the_colors_of_figures(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    for scale in scales(json.loads(text)):
        assert scale["range"] == [MODELS[model] for model in scale["domain"]]
    assert set(re.findall(r"#\w{6}", text)) <= {*MODELS.values(), GRID}
