"""The errors shown to users.

BonkeiError                 message, remedy; `bonkei.cli` prints it in one place and exits with 1
├── ConfigError             bonkei.toml or the environment            (bonkei.config)
├── TerraformError          Terraform refused; carries diagnostics    (bonkei.definitions)
├── BlueprintError          the state cannot be understood            (bonkei.blueprint)
├── EdgeError               a listener cannot be opened               (bonkei.services.edge)
├── ZipError                a zip cannot be unpacked                  (bonkei.base.zips)
├── DockerfileError         a Dockerfile cannot be read               (bonkei.grammar)
├── TaskError               a container cannot be prepared or started (bonkei.services.ecs)
├── AwsServiceError         an AWS service refuses a call             (bonkei.base.aws_service)
├── TemplateError           a template of CloudFormation is refused   (bonkei.definitions)
├── CloudError              the AWS endpoint cannot do its work       (bonkei.services.endpoint)
├── DatabaseError           PostgreSQL cannot be started              (bonkei.services.rds)
└── MiniatureError          already running, not running, …           (bonkei.miniature)

Each subclass lives in the package it belongs to.
"""

from __future__ import annotations


class BonkeiError(Exception):
    """A failure that the user can fix.

    `message` describes the problem and its place. `remedy` describes the solution; it may be empty.
    """

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
