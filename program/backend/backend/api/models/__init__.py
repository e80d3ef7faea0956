"""The HTTP contract: requests and responses, as `/api/openapi.json` publishes them.

Incoming models forbid unknown members and bound every length; a text is trimmed and holds no
control characters besides line breaks and tabs (PostgreSQL cannot store NUL). Times are RFC 3339
in UTC. A member whose name ends in `_ja` is the Japanese text; null means "show the English one".
"""

from backend.api.models.components import Component, ComponentCreate, ComponentList, ComponentPatch
from backend.api.models.incidents import (
    AffectedComponent,
    AffectedComponentInput,
    Draft,
    DraftContent,
    DraftCreate,
    DraftList,
    Incident,
    IncidentCreate,
    IncidentList,
    IncidentPatch,
    IncidentUpdate,
    IncidentUpdateCreate,
    IncidentUpdatePatch,
)
from backend.api.models.maintenances import (
    Maintenance,
    MaintenanceComponent,
    MaintenanceCreate,
    MaintenanceList,
    MaintenancePatch,
)
from backend.api.models.page import ComponentUptime, Status, Uptime, UptimeDay
from backend.api.models.people import (
    Actor,
    Administrator,
    AdministratorCreate,
    AdministratorList,
    ApiKey,
    ApiKeyCreate,
    ApiKeyList,
    AuditList,
    AuditRecord,
    NewApiKey,
    NewPassword,
)
from backend.api.models.problems import Health, InvalidMember, Problem
from backend.api.models.sessions import Credentials, CurrentSession, NewSession, PasswordChange

__all__ = [
    "Actor",
    "Administrator",
    "AdministratorCreate",
    "AdministratorList",
    "AffectedComponent",
    "AffectedComponentInput",
    "ApiKey",
    "ApiKeyCreate",
    "ApiKeyList",
    "AuditList",
    "AuditRecord",
    "Component",
    "ComponentCreate",
    "ComponentList",
    "ComponentPatch",
    "ComponentUptime",
    "Credentials",
    "CurrentSession",
    "Draft",
    "DraftContent",
    "DraftCreate",
    "DraftList",
    "Health",
    "Incident",
    "IncidentCreate",
    "IncidentList",
    "IncidentPatch",
    "IncidentUpdate",
    "IncidentUpdateCreate",
    "IncidentUpdatePatch",
    "InvalidMember",
    "Maintenance",
    "MaintenanceComponent",
    "MaintenanceCreate",
    "MaintenanceList",
    "MaintenancePatch",
    "NewApiKey",
    "NewPassword",
    "NewSession",
    "PasswordChange",
    "Problem",
    "Status",
    "Uptime",
    "UptimeDay",
]
