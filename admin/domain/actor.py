"""Who acts: a signed-in operator or a named part of the system."""

from __future__ import annotations

from dataclasses import dataclass

from admin.domain.errors import NotAllowed
from admin.domain.permissions import Permission, Role, may


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """An operator (`operator_id` set) or a part of the system such as "sync" or "webhook"."""

    name: str
    operator_id: int | None = None
    role: Role | None = None
    ip: str | None = None
    request_id: str | None = None

    @classmethod
    def system(cls, name: str) -> Actor:
        """A part of the system, for changes that no person asked for."""
        return cls(name=name)

    @property
    def is_operator(self) -> bool:
        return self.operator_id is not None

    def may(self, permission: Permission) -> bool:
        """Whether this actor carries `permission`; the system carries none."""
        return self.role is not None and may(self.role, permission)

    def require(self, permission: Permission) -> None:
        """Raise NotAllowed unless the actor carries `permission`."""
        if not self.may(permission):
            raise NotAllowed()
