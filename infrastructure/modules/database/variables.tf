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

variable "vpc_id" {
  description = "VPC of the database"
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets of the database, in at least two zones"
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "subnet_ids must name subnets in at least two Availability Zones: Aurora requires it."
  }
}

variable "client_security_group_ids" {
  description = "Security groups that may reach the database, by name"
  type        = map(string)
}

# The versions: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraPostgreSQLReleaseNotes/AuroraPostgreSQL.Updates.html
variable "engine_version" {
  description = "Version of Aurora PostgreSQL: a major version (AWS then updates the minor version), or an exact one"
  type        = string
  default     = "18"

  validation {
    condition     = can(regex("^(17|18)(\\.[0-9]+)?$", var.engine_version))
    error_message = "engine_version must be 17 or 18, or a minor version of them such as 18.4."
  }
}

variable "allow_major_version_upgrade" {
  description = "Set it to true together with a new major engine_version, and back afterwards: changes of the cluster are then made at once, not in the maintenance window"
  type        = bool
  default     = false
}

variable "database_name" {
  description = "Name of the database in the cluster"
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,62}$", var.database_name))
    error_message = "database_name must be lower-case letters, digits and underscores, beginning with a letter, at most 63."
  }
}

variable "instance_class" {
  description = "Class of the instances: db.serverless, or a provisioned one such as db.r8g.large"
  type        = string
  default     = "db.serverless"

  validation {
    condition     = can(regex("^db\\.(serverless|(r[0-9]+[a-z]*|t[34]g?|x[0-9]+[a-z]*)\\.[0-9]*[a-z]+)$", var.instance_class))
    error_message = "instance_class must be db.serverless or a class that Aurora has, such as db.r8g.large or db.t4g.medium."
  }
}

variable "instance_count" {
  description = "Instances: one writer, and readers that take over when it fails; two or more are highly available"
  type        = number
  default     = 1

  validation {
    condition     = var.instance_count >= 1 && var.instance_count <= 16 && floor(var.instance_count) == var.instance_count
    error_message = "instance_count must be a whole number from 1 to 16: a writer and up to 15 readers."
  }
}

variable "serverless_capacity" {
  description = "Minimum and maximum capacity of a db.serverless instance, in ACU (2 GiB of memory each)"
  type = object({
    min = number
    max = number
  })
  default = {
    min = 0.5
    max = 2
  }

  validation {
    condition     = var.serverless_capacity.min >= 0 && var.serverless_capacity.max >= 1 && var.serverless_capacity.max <= 256 && var.serverless_capacity.min <= var.serverless_capacity.max
    error_message = "serverless_capacity: max must be from 1 to 256 ACU, min from 0 to max."
  }

  validation {
    condition     = alltrue([for capacity in [var.serverless_capacity.min, var.serverless_capacity.max] : capacity * 2 == floor(capacity * 2)])
    error_message = "serverless_capacity goes in steps of 0.5 ACU."
  }
}

variable "backup_retention_days" {
  description = "How many days back the database can be restored"
  type        = number
  default     = 7

  validation {
    condition     = var.backup_retention_days >= 1 && var.backup_retention_days <= 35
    error_message = "backup_retention_days must be from 1 to 35, Aurora's range."
  }
}

variable "deletion_protection" {
  description = "Whether the cluster refuses to be deleted, and leaves a last snapshot when it is"
  type        = bool
}

variable "application_password" {
  description = "Version of the password that the application signs in with, and of the next one, set in the database in advance (null: none). Odd and even versions belong to two different users, so that both are valid during a change"
  type = object({
    current_version = optional(number, 1)
    next_version    = optional(number)
  })
  default = {}

  validation {
    condition     = var.application_password.current_version >= 1 && floor(var.application_password.current_version) == var.application_password.current_version
    error_message = "application_password: current_version must be a whole number, 1 at least."
  }

  validation {
    condition     = coalesce(var.application_password.next_version, var.application_password.current_version + 1) == var.application_password.current_version + 1
    error_message = "application_password: next_version must be one more than current_version: two in a row belong to two users."
  }
}

variable "iam_authentication" {
  description = "Whether the application signs in with tokens of IAM, as a user of its own, in place of a password. Migrations have made that user before"
  type        = bool
  default     = false
}

variable "copying_account_ids" {
  description = "Other accounts that may copy the database's snapshots"
  type        = list(string)
  default     = []
}

variable "log_retention_days" {
  description = "Days that the database's log is kept"
  type        = number
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of every role; null: none"
  type        = string
  default     = null
}
