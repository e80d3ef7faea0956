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

variable "names_source_account" {
  description = "Whether the service sends the account for which it assumes the role; Lambda does not"
  type        = bool
  default     = true
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
