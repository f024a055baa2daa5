"""The templates of `dvc plots`, with the names and colors of the models."""

from pathlib import Path

from birnn.core.outputs import atomic_folder
from birnn.evaluation.model_names import NETWORKS, TITLES
from birnn.reporting import templating
from birnn.style.colors import MODEL_COLORS
from birnn.training.splits import TEST, TRAINING, VALIDATION

PREFIX, SUFFIX = "plots/", ".j2"


def write(folder: Path) -> None:
    """Write all templates, in the Vega-Lite format of DVC."""
    environment = templating.environment()
    names = {
        "splits": [TRAINING, TEST, VALIDATION],
        "networks": {name: MODEL_COLORS[name] for name in NETWORKS},
        "models": {name: MODEL_COLORS[name] for name in TITLES},
    }
    with atomic_folder(folder) as part:
        for name in environment.list_templates(filter_func=lambda name: name.startswith(PREFIX)):
            text = environment.get_template(name).render(names)
            file = part / name.removeprefix(PREFIX).removesuffix(SUFFIX)
            file.write_text(text, encoding="utf-8", newline="\n")
