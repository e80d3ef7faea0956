variable "name" {
  description = "Name of the role"
  type        = string
}

variable "description" {
  description = "What the role is for"
  type        = string
}

variable "service_principal" {
  description = "AWS service that takes the role, such as codebuild.amazonaws.com"
  type        = string
}

variable "names_source_account" {
  description = "Whether the service says for which account it takes the role; Lambda does not"
  type        = bool
  default     = true
}

variable "policies" {
  description = "Policy documents (JSON) of what the role may do, by name"
  type        = map(string)
  default     = {}
}

variable "managed_policy_arns" {
  description = "ARNs of AWS's own policies that the role has besides, each under a name of yours"
  type        = map(string)
  default     = {}
}

variable "log_group_arns" {
  description = "Log groups that the role may write to"
  type        = list(string)
  default     = []
}

variable "permissions_boundary_arn" {
  description = "Policy that bounds the role; null: none"
  type        = string
  default     = null
}
