"""The templates of `dvc plots`, with the names and colors of the models."""

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from birnn.core.outputs import atomic_folder
from birnn.evaluation.model_names import NETWORKS, TITLES
from birnn.style.colors import MODELS
from birnn.training.splits import TEST, TRAINING, VALIDATION

SUFFIX = ".j2"


def write(folder: Path) -> None:
    """Write all templates, in the Vega-Lite format of DVC."""
    environment = Environment(
        loader=PackageLoader("birnn.reporting", "templates/plots"),
        autoescape=False,  # noqa: S701  # JSON of this project's names and colors
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    names = {
        "splits": [TRAINING, TEST, VALIDATION],
        "networks": {name: MODELS[name] for name in NETWORKS},
        "models": {name: MODELS[name] for name in TITLES},
    }
    with atomic_folder(folder) as part:
        for name in environment.list_templates():
            text = environment.get_template(name).render(names)
            file = part / name.removesuffix(SUFFIX)
            file.write_text(text, encoding="utf-8", newline="\n")
