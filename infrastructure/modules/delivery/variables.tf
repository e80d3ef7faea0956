variable "name" {
  description = "Prefix of every name, usually <service name>-<environment identifier>"
  type        = string
}

variable "account" {
  description = "Where everything is: the number of the AWS account, the region, and the partition, such as aws"
  type = object({
    id        = string
    region    = string
    partition = string
  })
}

variable "kms_key_arn" {
  description = "Key that encrypts the artifacts and the builds' log"
  type        = string
}

variable "vpc_id" {
  description = "VPC of the builds"
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets of the builds, with a route to the internet"
  type        = list(string)
}

variable "endpoint_security_group_id" {
  description = "Security group of the VPC's interface endpoints"
  type        = string
}

variable "access_log_bucket" {
  description = "Bucket for S3's access log of the artifacts"
  type        = string
}

variable "source_repository" {
  description = "The source: a CodeCommit repository, or a repository (owner/name) behind a CodeConnections connection; and its branch"
  type = object({
    codecommit_repository_name = optional(string)
    connection_arn             = optional(string)
    repository_id              = optional(string)
    branch                     = optional(string, "main")
  })

  validation {
    condition     = (var.source_repository.codecommit_repository_name == null) != (var.source_repository.connection_arn == null)
    error_message = "source_repository must have either codecommit_repository_name or connection_arn, and not both."
  }

  validation {
    condition     = (var.source_repository.connection_arn == null) == (var.source_repository.repository_id == null)
    error_message = "source_repository: connection_arn and repository_id go together."
  }

  validation {
    condition     = var.source_repository.connection_arn == null || can(regex("^arn:[a-z-]+:(codeconnections|codestar-connections):[a-z0-9-]+:[0-9]{12}:connection/.+$", var.source_repository.connection_arn))
    error_message = "source_repository.connection_arn must be the ARN of a connection."
  }

  validation {
    condition     = var.source_repository.repository_id == null || can(regex("^[^/ ]+/[^ ]+$", var.source_repository.repository_id))
    error_message = "source_repository.repository_id must be owner/name."
  }
}

variable "cpu_architecture" {
  description = "CPU architecture the images are built for"
  type        = string

  validation {
    condition     = contains(["ARM64", "X86_64"], var.cpu_architecture)
    error_message = "cpu_architecture must be ARM64 or X86_64."
  }
}

variable "trivy" {
  description = "The scanner of images: version, and SHA-256 of its release archive for the builds' architecture, from the release's signed list. Without the checksum a build refuses to run the scanner"
  type = object({
    version = string
    sha256  = string
  })

  validation {
    condition     = can(regex("^[0-9]+\\.[0-9]+\\.[0-9]+$", var.trivy.version)) && var.trivy.version != "0.69.4"
    error_message = "trivy.version must be a version such as 0.76.0, and never 0.69.4, whose release was compromised (CVE-2026-33634)."
  }

  validation {
    condition     = can(regex("^([0-9a-f]{64})?$", var.trivy.sha256))
    error_message = "trivy.sha256 must be 64 lower-case hexadecimal digits."
  }
}

variable "cluster_name" {
  description = "Name of the ECS cluster"
  type        = string
}

variable "cluster_arn" {
  description = "ARN of the ECS cluster"
  type        = string
}

variable "repositories" {
  description = "Repositories of the images, by the program's directory below program/, each with the parameter of the released tag"
  type = map(object({
    url = string
    arn = string
    image_tag_parameter = object({
      name = string
      arn  = string
    })
  }))
}

variable "site_url" {
  description = "Where the builds find the pages of the services, as visitors do: without a slash at the end"
  type        = string

  validation {
    condition     = can(regex("^https?://[^/]+$", var.site_url))
    error_message = "site_url must be a URL without a path, such as https://status.example.com."
  }
}

variable "services" {
  description = "Services to deploy, by program: the service, the number of tasks in its first release, its task with the roles to pass, and the paths of pages that every visitor may read: a release that does not answer them is put back"
  type = map(object({
    service = object({
      name         = string
      arn          = string
      min_capacity = number
    })
    task = object({
      family         = string
      container_name = string
      role_arns      = list(string)
    })
    pages = list(string)
  }))

  validation {
    condition     = alltrue([for found in var.services : length(found.pages) > 0 && alltrue([for path in found.pages : startswith(path, "/")])])
    error_message = "services: each needs at least one page, and its path begins with /. A release would not notice that a service without pages is broken."
  }

  validation {
    condition     = length(setsubtract(keys(var.services), keys(var.repositories))) == 0
    error_message = "services: each needs a repository of the same name."
  }
}

variable "migrate" {
  description = "The migration before every deploy: its task with the roles to pass, its subnets and its security group"
  type = object({
    task = object({
      family         = string
      container_name = string
      role_arns      = list(string)
      log_group_name = string
    })
    subnet_ids        = list(string)
    security_group_id = string
  })
}

variable "runs_after" {
  description = "ARNs of what has to be there before a release: the migration's task definition and the services. A new pipeline runs at once, so it waits for them; its stages do not"
  type        = list(string)
}

variable "log_retention_days" {
  description = "Days that build logs are kept"
  type        = number
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of every role; null: none"
  type        = string
  default     = null
}
