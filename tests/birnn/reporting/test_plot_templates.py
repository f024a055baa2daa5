"""The templates of DVC's plots have the models and colors of the figures."""

import json
import re
from pathlib import Path

from birnn.core.yaml_files import read_yaml
from birnn.reporting import plot_templates
from birnn.style.colors import GRID, MODEL_COLORS
from tests.projects import PROJECT


def test_every_plot_has_a_template_with_the_colors_of_figures(tmp_path: Path) -> None:
    plot_templates.write(tmp_path / "templates")
    texts = {file.name: file.read_text("utf-8") for file in (tmp_path / "templates").iterdir()}
    scales = re.findall(r'"domain": (\[".*?\]),\s*"range": (\[.*?\])', "".join(texts.values()))
    assert len(scales) == 2
    for domain, colors in scales:
        assert json.loads(colors) == [MODEL_COLORS[model] for model in json.loads(domain)]
    assert set(re.findall(r"#\w{6}", "".join(texts.values()))) <= {*MODEL_COLORS.values(), GRID}
    assert all(map(json.loads, texts.values()))
    plots = [next(iter(plot.values())) for plot in read_yaml(PROJECT / "dvc.yaml")["plots"]]
    assert {plot["template"] for plot in plots} == {f"plots/templates/{name}" for name in texts}
