"""The errors shown to users.

BonkeiError                 message, remedy; `bonkei.cli` prints it in one place and exits with 1
├── ConfigError             bonkei.toml or the environment            (bonkei.config)
├── TerraformError          Terraform refused; carries diagnostics    (bonkei.terraform)
├── BlueprintError          the state cannot be understood            (bonkei.blueprint)
├── EdgeError               a listener cannot be opened               (bonkei.edge)
├── TaskError               a container cannot be prepared or started (bonkei.tasks)
├── AwsServiceError         an AWS service refuses a call             (bonkei.aws_service)
├── TemplateError           a template of CloudFormation is refused   (bonkei.cloudformation)
├── CloudError              the AWS endpoint cannot do its work       (bonkei.cloud)
├── DatabaseError           PostgreSQL cannot be started              (bonkei.database)
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
