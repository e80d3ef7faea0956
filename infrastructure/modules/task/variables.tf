variable "name" {
  description = "Prefix of every name, usually <service name>-<environment identifier>"
  type        = string
}

variable "account" {
  description = "Where everything is: the number of the AWS account, and the region"
  type = object({
    id     = string
    region = string
  })
}

variable "program_name" {
  description = "Name of the program, the same as its directory below program/; also the container's and the port's"
  type        = string
}

variable "image" {
  description = "The released image of the program, with its tag"
  type        = string

  validation {
    condition     = can(regex("^[^:@]+(:[0-9]+)?(/[^:@]+)*(:[A-Za-z0-9_.-]+|@sha256:[0-9a-f]{64})$", var.image))
    error_message = "image must name a tag or a digest."
  }

  validation {
    condition     = !endswith(var.image, ":latest") && !endswith(var.image, ":stable")
    error_message = "image must not be latest or stable: what runs could not be told."
  }
}

variable "repository_arn" {
  description = "Repository of the image"
  type        = string
}

variable "kms_key_arn" {
  description = "Key that encrypts the program's secrets and logs: those of /ecs/<name>/<program name>, and below it"
  type        = string
}

variable "purpose" {
  description = "Purpose of a one-off task, such as migrate: the end of its name and of its log group's. Null: it is the task of the program's service"
  type        = string
  default     = null

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,53}$", join("-", compact([var.name, var.program_name, var.purpose]))))
    error_message = "name, program_name and purpose must together be lower-case letters, digits and hyphens, at most 54: a role's name takes 64 with -execution."
  }
}

variable "command" {
  description = "Command in place of the image's own; null: the image's own"
  type        = list(string)
  default     = null
}

variable "port" {
  description = "Port on which the container listens; null: none"
  type        = number
  default     = null

  validation {
    condition     = try(var.port == null || (var.port >= 1024 && var.port <= 65535), false)
    error_message = "port must be from 1024 to 65535: the container's user is not root."
  }
}

variable "cpu" {
  description = "CPU units of the task; 1024 are one vCPU"
  type        = number
}

variable "memory" {
  description = "Memory of the task in MiB"
  type        = number
}

variable "cpu_architecture" {
  description = "CPU architecture the images are built for"
  type        = string
  default     = "ARM64"

  validation {
    condition     = contains(["ARM64", "X86_64"], var.cpu_architecture)
    error_message = "cpu_architecture must be ARM64 or X86_64."
  }
}

variable "health_check_path" {
  description = "Path that answers 200 as long as the container is healthy; null: no health check"
  type        = string
  default     = null

  # It stands in a shell's command, between single quotes.
  validation {
    condition     = var.health_check_path == null || can(regex("^/[A-Za-z0-9/._~-]*$", var.health_check_path))
    error_message = "health_check_path must begin with / and have only letters, digits and /._~- in it."
  }
}

variable "environment" {
  description = "Environment variables of the container"
  type        = map(string)
  default     = {}
}

variable "secrets" {
  description = "Secrets from other modules, by the name of their environment variable: the secret, the key within its JSON (null: all of it), and its KMS key"
  type = map(object({
    secret_arn  = string
    json_key    = optional(string)
    kms_key_arn = string
  }))
  default = {}
}

variable "policies" {
  description = "Policies for the program itself, by name, as JSON"
  type        = map(string)
  default     = {}
}

variable "generated_secrets" {
  description = "Secrets that are generated for this task, by name. Raise version to generate a new value"
  type = map(object({
    environment_name = string
    description      = string
    version          = optional(number, 1)
    length           = optional(number, 48)
  }))
  default = {}

  validation {
    condition     = alltrue([for secret in var.generated_secrets : secret.length >= 16])
    error_message = "generated_secrets: length must be 16 at least."
  }
}

variable "secret_recovery_window_days" {
  description = "Days that a deleted secret can be recovered; 0: not at all"
  type        = number

  validation {
    condition     = var.secret_recovery_window_days == 0 || (var.secret_recovery_window_days >= 7 && var.secret_recovery_window_days <= 30)
    error_message = "secret_recovery_window_days must be 0, or from 7 to 30."
  }
}

variable "log_retention_days" {
  description = "Days that the task's log is kept"
  type        = number
}

variable "exec" {
  description = "Lets people open a shell in the task (ECS Exec): the key of the channel and the log group of the shells; null: no shells"
  type = object({
    kms_key_arn   = string
    log_group_arn = string
  })
  default = null
}

variable "log_router" {
  description = "The log router beside the program: its image and repository, its bucket and the bucket's key"
  type = object({
    image          = string
    repository_arn = string
    bucket_name    = string
    bucket_arn     = string
    kms_key_arn    = string
  })
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of every role; null: none"
  type        = string
  default     = null
}
