"""The templates of `dvc plots`, with the names and colors of the models."""

from pathlib import Path
from typing import Any

from birnn.core.outputs import atomic_folder
from birnn.evaluation.model_names import NETWORKS, TITLES
from birnn.evaluation.plot_data import TEST, TRAINING, VALIDATION
from birnn.reporting import templating
from birnn.style.colors import MODEL_COLORS

TEMPLATES = Path(__file__).parent / "templates" / "plots"


def write(folder: Path) -> None:
    """Write all templates, in the Vega-Lite format of DVC."""
    names: dict[str, Any] = {
        "splits": [TRAINING, TEST, VALIDATION],
        "networks": {name: MODEL_COLORS[name] for name in NETWORKS},
        "models": {name: MODEL_COLORS[name] for name in TITLES},
    }
    with atomic_folder(folder) as part:
        for template in TEMPLATES.glob("*.j2"):
            text = templating.render(f"plots/{template.name}", **names)
            (part / template.stem).write_text(text, encoding="utf-8", newline="\n")
