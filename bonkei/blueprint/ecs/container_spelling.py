"""The keys of a container definition in the ECS API's spelling.

Terraform's provider decodes the document with Go's encoding/json. It ignores the case of keys:
`healthcheck` is `healthCheck`.
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
"""

from __future__ import annotations

from typing import Any

_KEYS = """
    add appProtocol capabilities command condition containerName containerPath containerPort
    containerPortRange cpu credentialsParameter credentialSpecs dependsOn devices
    disableNetworking dnsSearchDomains dnsServers dockerLabels dockerSecurityOptions drop
    enabled entryPoint environment environmentFiles essential extraHosts firelensConfiguration
    hardLimit healthCheck hostname hostPath hostPort ignoredExitCodes image initProcessEnabled
    interactive interval ipAddress links linuxParameters logConfiguration logDriver maxSwap
    memory memoryReservation mountOptions mountPoints name namespace options permissions
    portMappings privileged protocol pseudoTerminal readOnly readonlyRootFilesystem
    repositoryCredentials resourceRequirements restartAttemptPeriod restartPolicy retries
    secretOptions secrets sharedMemorySize size softLimit sourceContainer sourceVolume
    startPeriod startTimeout stopTimeout swappiness systemControls timeout tmpfs type ulimits
    user value valueFrom versionConsistency volumesFrom workingDirectory
"""
KEYS = frozenset(_KEYS.split())
_OF_ONES_OWN = ("options", "dockerLabels")  # maps with keys of the author's own
_BY_LOWER = {key.lower(): key for key in KEYS}


def in_api_spelling(value: Any) -> Any:
    """Return the decoded document. Each key that the API knows is spelled as in the API. Members
    that are null are left out, because Go decodes them as absent."""
    if isinstance(value, list):
        return [in_api_spelling(item) for item in value if item is not None]
    if not isinstance(value, dict):
        return value
    spelled = {_BY_LOWER.get(key.lower(), key): member for key, member in value.items()}
    return {
        key: _own(member) if key in _OF_ONES_OWN else in_api_spelling(member)
        for key, member in spelled.items()
        if member is not None
    }


def _own(value: Any) -> Any:
    """A map whose keys are the author's own."""
    if not isinstance(value, dict):
        return value
    return {key: member for key, member in value.items() if member is not None}
