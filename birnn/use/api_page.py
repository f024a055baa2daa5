"""HTML page that describes the API of `birnn serve`, without scripts."""

import json
from typing import Any

from birnn.report import page, templating


def render(openapi: dict[str, Any], address: str) -> str:
    """Return the page for an OpenAPI document and the address of the server."""
    markdown = templating.render(
        "api.md.j2",
        package="birnn.use",
        **openapi,
        type_name=_type_name,
        example=_example,
        address=address,
    )
    return page.render(markdown, {})


def _type_name(schema: dict[str, Any]) -> str:
    """Return the type of a JSON schema in words, such as "list of Segment" or "string or null"."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{page.anchor(name)})"
    if "anyOf" in schema:
        return " or ".join(map(_type_name, schema["anyOf"]))
    if schema.get("type") == "array":
        return f"list of {_type_name(schema['items'])}"
    if schema.get("type") == "object":
        return f"{_type_name(schema['additionalProperties'])} by name"
    return str(schema["type"])


def _example(schema: dict[str, Any]) -> str:
    """Return an example of an object as JSON."""
    fields = {name: value["examples"][0] for name, value in schema["properties"].items()}
    return json.dumps(fields)
