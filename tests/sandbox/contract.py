"""Holds answers against the published schemas, with the contract's corrections.

`data/schemas.json` carries the facts of the operations the sandbox offers, taken from the
gateway's OpenAPI description. No nullability is declared there; captures show unset text as
null, so every property that is not required may be null.
"""

from dataclasses import dataclass
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


@dataclass(frozen=True)
class Contract:
    """The schemas, and a check that names every fault."""

    facts: dict[str, Any]

    def check(self, operation: str, envelope: dict[str, Any]) -> None:
        """Fail unless the envelope is what the operation promises on success."""
        assert set(envelope) == {"code", "message", "response"}
        assert envelope["code"] == 0
        assert envelope["message"] is None
        name = self.facts["operations"][operation]["response"]
        faults = list(self._faults(self._response_schema(name), envelope["response"], "response"))
        assert not faults, faults

    def allows_status(self, operation: str, status: int) -> bool:
        return str(status) in self.facts["operations"][operation]["statuses"]

    def _response_schema(self, name: str) -> dict[str, Any]:
        parts = self.facts["schemas"][name]["allOf"]
        found: dict[str, Any] = next(
            part["properties"]["response"] for part in parts if "properties" in part
        )
        return found

    def _faults(self, schema: dict[str, Any], value: object, where: str) -> Any:
        if "ref" in schema:
            schema = self.facts["schemas"][schema["ref"]]
        if "type" not in schema:
            schema = schema | {"type": "object"}
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if schema["type"] in {"integer", "number"} and not is_number:
            yield f"{where} is {value!r}, not a number"
        elif not isinstance(value, _TYPES[schema["type"]]):
            yield f"{where} is {value!r}, not {schema['type']}"
        elif schema["type"] == "string" and len(str(value)) > schema.get("maxLength", 10**6):
            yield f"{where} is longer than {schema['maxLength']}"
        elif isinstance(value, list):
            for number, item in enumerate(value):
                yield from self._faults(schema["items"], item, f"{where}[{number}]")
        elif isinstance(value, dict):
            yield from self._object_faults(schema, value, where)

    def _object_faults(self, schema: dict[str, Any], value: dict[str, Any], where: str) -> Any:
        properties = schema.get("properties", {})
        # The description lists required names of other objects here and there.
        required = set(schema.get("required", ())) & set(properties)
        yield from (f"{where}.{name} is missing" for name in set(properties) - set(value))
        yield from (
            f"{where}.{name} is not in the contract" for name in set(value) - set(properties)
        )
        for name, part in properties.items():
            item = value.get(name)
            if item is None and name not in required:
                continue
            yield from self._faults(part, item, f"{where}.{name}")
