"""Holds answers against the published schemas, with the contract's corrections.

`data/gateway-contract.json` carries the facts of the gateway's OpenAPI description: operations,
parameters, schemas, and under `errata` where it is wrong. No nullability is declared there;
captures show unset text as null, so every property that is not required may be null.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


FILE = Path(__file__).parent / "data" / "gateway-contract.json"

# Where the description is wrong about the shape of an answer: what clients really read.
_PAGED_SCHEDULES = {
    "type": "object",
    "required": ["total", "previous", "next", "list"],
    "properties": {
        "total": {"type": "integer"},
        "previous": {"type": "integer"},
        "next": {"type": "integer"},
        "list": {"type": "array", "items": {"ref": "ScheduleResultAnnotation"}},
    },
}
CORRECTED: dict[str, dict[str, Any]] = {
    "GET /subscribe/payments/schedule": _PAGED_SCHEDULES,
    "GET /subscribe/payments/schedule/customers/{customer_uid}": _PAGED_SCHEDULES,
    "GET /subscribe/customers/{customer_uid}/schedules": _PAGED_SCHEDULES,
}


@dataclass(frozen=True)
class Contract:
    """The schemas, and a check that names every fault."""

    operations: dict[str, dict[str, Any]]  # by "METHOD /path"
    schemas: dict[str, dict[str, Any]]

    @classmethod
    def read(cls) -> Self:
        facts = json.loads(FILE.read_text(encoding="utf-8"))
        return cls(
            {f"{one['method']} {one['path']}": one for one in facts["operations"]},
            facts["schemas"],
        )

    def check(self, operation: str, envelope: dict[str, Any]) -> None:
        """Fail unless the envelope is what the operation promises on success."""
        assert set(envelope) == {"code", "message", "response"}
        assert envelope["code"] == 0
        assert envelope["message"] is None
        faults = list(self._faults(self.promised(operation), envelope["response"], "response"))
        assert not faults, faults

    def allows_status(self, operation: str, status: int) -> bool:
        return str(status) in self.operations[operation]["responses"]

    def promised(self, operation: str) -> dict[str, Any]:
        """The schema of `response` on success."""
        if operation in CORRECTED:
            return CORRECTED[operation]
        success = self.operations[operation]["responses"]["200"]
        # Where one of two models may come, the first is what a request without a group gets.
        model = success.get("ref") or next(iter(success["properties"].values()))["ref"]
        return self._response_schema(model)

    def _response_schema(self, name: str) -> dict[str, Any]:
        parts = self.schemas[name]["allOf"]
        found: dict[str, Any] = next(
            part["properties"]["response"] for part in parts if "properties" in part
        )
        return found

    def _faults(self, schema: dict[str, Any], value: object, where: str) -> Any:
        if "ref" in schema:
            schema = self.schemas[schema["ref"]]
        if "type" not in schema:
            schema = schema | {"type": "object"}
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if schema["type"] in {"integer", "number"} and not is_number:
            yield f"{where} is {value!r}, not a number"
        elif not isinstance(value, _TYPES[schema["type"]]):
            yield f"{where} is {value!r}, not {schema['type']}"
        elif schema["type"] == "string" and len(str(value)) > int(schema.get("maxLength", 10**6)):
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
