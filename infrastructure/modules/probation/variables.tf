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

variable "function_directory" {
  description = "Directory of the function's package, with the module probation and its handler"
  type        = string
}

variable "kms_key_arn" {
  description = "Key of the function's log"
  type        = string
}

variable "cluster_name" {
  description = "Name of the services' ECS cluster"
  type        = string
}

variable "cluster_arn" {
  description = "ARN of the services' ECS cluster"
  type        = string
}

variable "log_retention_days" {
  description = "Days that the function's log is kept"
  type        = number
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of every role; null: none"
  type        = string
  default     = null
}
