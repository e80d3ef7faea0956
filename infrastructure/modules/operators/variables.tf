variable "name" {
  description = "Prefix of every name, usually <service name>-<environment identifier>"
  type        = string
}

variable "principal_arns" {
  description = "Who may assume the role; empty, and no permission set named: everybody in this account whom IAM lets"
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.principal_arns : can(regex("^arn:[a-z-]+:(iam|sts)::[0-9]{12}:(root|user/.+|role/.+|assumed-role/.+)$", arn))])
    error_message = "principal_arns must be ARNs of IAM users or roles."
  }
}

variable "identity_center_permission_sets" {
  description = "Permission sets of IAM Identity Center whose people may assume the role; it asks for their second factor, which AWS cannot see"
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for name in var.identity_center_permission_sets : can(regex("^[A-Za-z0-9_+=,.@-]{1,32}$", name))])
    error_message = "identity_center_permission_sets must be names of permission sets, such as Operators: at most 32 letters, digits and +=,.@-_."
  }
}

variable "mfa_required" {
  description = "Whether AWS must have seen a second factor of those in principal_arns; false when it is asked for elsewhere"
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
  description = "Bucket of the program logs that may be read, and the key they are encrypted with; null: none"
  type = object({
    bucket_arn  = string
    kms_key_arn = string
  })
  default = null
}

variable "cluster_arn" {
  description = "ECS cluster whose tasks may be looked at and, with exec, opened"
  type        = string
}

variable "exec" {
  description = "Lets people open a shell in a task (ECS Exec): the key of the channel; null: nobody can"
  type = object({
    kms_key_arn = string
  })
  default = null
}

variable "permissions_boundary_arn" {
  description = "Policy that bounds every role; null: none"
  type        = string
  default     = null
}
