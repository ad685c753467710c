"""Roles, service accounts and tokens: who may do what."""

from acceptance.domains.rbac.comparison import PermissionFacts
from acceptance.domains.rbac.drivers.api_requests import ApiRequest
from acceptance.domains.rbac.permission_table import read_grants
from acceptance.domains.rbac.permissions import PermissionInspector
from acceptance.domains.rbac.token_abuse import ApiRequestResult, TokenAbuseTester

__all__ = [
    "ApiRequest",
    "ApiRequestResult",
    "PermissionFacts",
    "PermissionInspector",
    "TokenAbuseTester",
    "read_grants",
]
