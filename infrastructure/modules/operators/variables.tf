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

  validation {
    condition = alltrue([
      can(regex("^[0-9]{12}$", var.account.id)),
      can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.account.region)),
      can(regex("^aws(-[a-z]+)*$", var.account.partition)),
    ])
    error_message = "account must be as AWS names it: id twelve digits, region a code such as ap-northeast-1, partition a name such as aws."
  }
}

variable "principal_arns" {
  description = "Principals that may assume the role. If empty, and without permission sets: everybody in this account whom IAM allows"
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.principal_arns : can(regex("^arn:[a-z-]+:(iam|sts)::[0-9]{12}:(root|user/.+|role/.+|assumed-role/.+)$", arn))])
    error_message = "principal_arns must be ARNs of IAM users or roles."
  }
}

variable "identity_center_permission_sets" {
  description = "Permission sets of IAM Identity Center whose users may assume the role. Identity Center asks for their second factor; IAM cannot see it"
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for name in var.identity_center_permission_sets : can(regex("^[A-Za-z0-9_+=,.@-]{1,32}$", name))])
    error_message = "identity_center_permission_sets must be names of permission sets, such as Operators: at most 32 letters, digits and +=,.@-_."
  }
}

variable "mfa_required" {
  description = "Whether IAM requires a second factor from principal_arns; false if it is checked elsewhere"
  type        = bool
  default     = true
}

variable "pipeline_names" {
  description = "Pipelines that may be started"
  type        = list(string)
}

variable "log_group_names" {
  description = "Log groups that may be read"
  type        = list(string)
}

variable "program_logs" {
  description = "Bucket of the program logs that may be read, and its key; null: none"
  type = object({
    bucket_arn  = string
    kms_key_arn = string
  })
  default = null
}

variable "policies" {
  description = "Further policies of the role, by name, as JSON"
  type        = map(string)
  default     = {}
}

variable "cluster_arn" {
  description = "ECS cluster whose tasks may be described and, with exec, entered"
  type        = string
}

variable "exec" {
  description = "Lets people open a shell in a task (ECS Exec): the key of the channel; null: no one can"
  type = object({
    kms_key_arn = string
  })
  default = null
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of every role; null: none"
  type        = string
  default     = null
}
