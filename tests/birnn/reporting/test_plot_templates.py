"""Test that the templates of DVC's plots have the models and colors of the figures."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from birnn.core.yaml_files import read_yaml
from birnn.reporting import plot_templates
from birnn.style.colors import GRID, MODELS
from tests.projects import PROJECT


def scales(node: Any) -> Iterator[dict[str, Any]]:
    """Yield the scales of a template that give each model a color."""
    for value in (
        node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    ):
        yield from scales(value)
    if isinstance(node, dict) and isinstance(node.get("range"), list):
        yield node


def test_templates_have_the_colors_of_figures(tmp_path: Path) -> None:
    plot_templates.write(tmp_path / "templates")
    texts = [file.read_text("utf-8") for file in (tmp_path / "templates").iterdir()]
    drawn = [scale for text in texts for scale in scales(json.loads(text))]
    assert len(drawn) == 4
    for scale in drawn:
        assert scale["range"] == [MODELS[model] for model in scale["domain"]]
    assert set(re.findall(r"#\w{6}", "".join(texts))) <= {*MODELS.values(), GRID}


def test_every_plot_has_a_template(tmp_path: Path) -> None:
    plot_templates.write(tmp_path / "templates")
    plots = [next(iter(plot.values())) for plot in read_yaml(PROJECT / "dvc.yaml")["plots"]]
    named = {plot["template"] for plot in plots}
    assert named == {f"plots/templates/{file.name}" for file in (tmp_path / "templates").iterdir()}
