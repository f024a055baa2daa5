"""YAML files, read as DVC reads them: a stage must see the values that DVC tracks."""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import YAMLError

from birnn.runtime.errors import InputError

__all__ = ["YAMLError", "parse_yaml", "read_yaml"]


def parse_yaml(text: str | bytes) -> Any:
    """Return the content of a YAML document.

    Raises:
        YAMLError: the text is not YAML, or a key occurs twice in a mapping.
    """
    try:
        return YAML(typ="safe").load(text)
    except DuplicateKeyError as error:
        error.note = None  # advice on how to allow duplicate keys
        raise
    except ValueError as error:  # a date that does not exist
        raise YAMLError(str(error)) from error


def read_yaml(file: Path) -> Any:
    """Return the content of a YAML file."""
    try:
        return parse_yaml(file.read_bytes())
    except FileNotFoundError:
        raise InputError(f"{file} is missing: run the command in the project folder") from None
    except YAMLError as error:
        raise InputError(f"{file} is not valid YAML: {' '.join(str(error).split())}") from error
