"""YAML files with the scalar rules of YAML 1.2, which DVC uses.

PyYAML follows YAML 1.1, in which `1e-3` is text and `yes` is true. A stage must see the same values
that DVC tracks (YAML 1.2.2, section 10.3.2, plus the underscores and dates that DVC accepts).
"""

import re
from pathlib import Path
from typing import Any

import yaml

_NULL, _BOOL, _INT, _FLOAT = (
    f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float")
)
# The pattern of each type, and the characters that its text can start with.
_RULES = {
    _NULL: (r"~|null|Null|NULL|", ("~", "n", "N", "")),
    _BOOL: (r"true|True|TRUE|false|False|FALSE", tuple("tTfF")),
    _INT: (r"[-+]?(0b[01_]+|0o?[0-7_]+|[0-9_]+|0x[0-9a-fA-F_]+)", tuple("-+0123456789")),
    _FLOAT: (
        (
            r"[-+]?[0-9][0-9_]*(\.[0-9_]*([eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)"
            r"|[-+]?\.([0-9_]+([eE][-+][0-9]+)?|inf|Inf|INF)|\.(nan|NaN|NAN)"
        ),
        tuple("-+0123456789."),
    ),
}


def _resolvers(inherited: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Replace PyYAML's rules for the types above; rules are grouped by first character."""
    resolvers = {
        first: [(tag, rule) for tag, rule in rules if tag not in _RULES]
        for first, rules in inherited.items()
    }
    for tag, (pattern, firsts) in _RULES.items():
        for first in firsts:
            resolvers.setdefault(first, []).append((tag, re.compile(rf"(?:{pattern})\Z")))
    return resolvers


class Loader(yaml.CSafeLoader):  # type: ignore[misc]  # PyYAML comes without types
    """PyYAML's C loader with the scalar rules of YAML 1.2 and without duplicate keys."""

    yaml_implicit_resolvers = _resolvers(yaml.CSafeLoader.yaml_implicit_resolvers)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002  # PyYAML's signature
        """Return a mapping.

        Raises:
            yaml.YAMLError: a key occurs twice.
        """
        keys = [key.value for key, _ in node.value]
        for index, key in enumerate(keys):
            if key in keys[:index]:
                mark = node.value[index][0].start_mark
                raise yaml.constructor.ConstructorError(None, None, f"duplicate key {key!r}", mark)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return mapping


class Dumper(yaml.CSafeDumper):  # type: ignore[misc]  # PyYAML comes without types
    """PyYAML's C dumper; it quotes text that YAML 1.2 would read as another type."""

    yaml_implicit_resolvers = Loader.yaml_implicit_resolvers


def _construct_int(loader: Loader, node: yaml.ScalarNode) -> int:
    digits = loader.construct_scalar(node).replace("_", "")
    return int(digits, 0 if re.match(r"[-+]?0[box]", digits) else 10)


def _construct_float(loader: Loader, node: yaml.ScalarNode) -> float:
    return float(
        re.sub(r"\.(inf|nan)", r"\1", loader.construct_scalar(node).replace("_", "").lower())
    )


Loader.add_constructor(_INT, _construct_int)
Loader.add_constructor(_FLOAT, _construct_float)


def parse_yaml(text: str | bytes) -> Any:
    """Return the content of a YAML document.

    Raises:
        yaml.YAMLError: the text is not YAML, or a key occurs twice in a mapping.
    """
    return yaml.load(text, Loader)  # noqa: S506  # the loader is a safe one


def read_yaml(file: Path) -> Any:
    """Return the content of a YAML file.

    Raises:
        yaml.YAMLError: as `parse_yaml`.
    """
    return parse_yaml(file.read_bytes())


def write_yaml(file: Path, content: Any) -> None:
    """Write `content` without sorting its keys."""
    text = yaml.dump(content, Dumper=Dumper, sort_keys=False, allow_unicode=True)
    file.write_text(text, encoding="utf-8")
