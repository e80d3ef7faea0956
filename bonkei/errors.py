"""The errors that a person sees.

BonkeiError                 message, remedy; `bonkei.cli` prints it in one place and exits with 1
├── ConfigError             bonkei.toml or the environment            (bonkei.config)
├── TerraformError          Terraform refused; carries diagnostics    (bonkei.terraform)
├── BlueprintError          the state holds what cannot be understood (bonkei.blueprint)
├── EdgeError               a listener cannot be opened               (bonkei.edge)
├── TaskError               a container cannot be prepared or started (bonkei.tasks)
├── AwsServiceError         a call to AWS that is answered with no     (bonkei.aws_service)
├── CloudError              the AWS endpoint cannot do its work       (bonkei.cloud)
├── DatabaseError           PostgreSQL cannot be started              (bonkei.database)
└── MiniatureError          already running, not running, …           (bonkei.miniature)

Each subclass lives in the package it belongs to.
"""

from __future__ import annotations


class BonkeiError(Exception):
    """A failure with a cause that a person can do something about.

    `message` says what is wrong and where; `remedy` says what to do about it (may be empty).
    """

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
