variable "name" {
  description = "Name of the role"
  type        = string
}

variable "description" {
  description = "Purpose of the role"
  type        = string
}

variable "service_principal" {
  description = "AWS service that assumes the role, such as codebuild.amazonaws.com"
  type        = string
}

variable "source_account_id" {
  description = "Account for which the service assumes the role; null for a service that does not send it, such as Lambda"
  type        = string

  validation {
    condition     = var.source_account_id == null || can(regex("^[0-9]{12}$", var.source_account_id))
    error_message = "source_account_id must be the twelve digits of an AWS account."
  }
}

variable "policies" {
  description = "Policy documents (JSON) with the role's rights, by name"
  type        = map(string)
  default     = {}
}

variable "managed_policy_arns" {
  description = "ARNs of AWS managed policies to attach, each under a name of your choice"
  type        = map(string)
  default     = {}
}

variable "log_group_arns" {
  description = "Log groups that the role may write to"
  type        = list(string)
  default     = []
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of the role; null: none"
  type        = string
  default     = null
}
