variable "name" {
  description = "Name of the project and of its role"
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

variable "description" {
  description = "Purpose of the build"
  type        = string
}

variable "buildspec" {
  description = "Path of the buildspec within the source"
  type        = string

  validation {
    condition     = can(regex("^[^/].*\\.ya?ml$", var.buildspec))
    error_message = "buildspec must be the path of a YAML file, from the root of the source."
  }
}

variable "environment" {
  description = "Environment variables of the build; none may be secret"
  type        = map(string)
  default     = {}
}

variable "policy" {
  description = "Policy document (JSON) with the build's rights, in addition to those of every build"
  type        = string
}

variable "privileged" {
  description = "Whether the build may run Docker, which needs privileges"
  type        = bool
  default     = false
}

variable "timeout_minutes" {
  description = "Minutes after which the build is stopped"
  type        = number

  validation {
    condition     = var.timeout_minutes >= 5 && var.timeout_minutes <= 2160
    error_message = "timeout_minutes must be from 5 to 2160, CodeBuild's range."
  }
}

variable "cpu_architecture" {
  description = "CPU architecture of the build machine: the tasks' own, so that images are built without emulation"
  type        = string

  validation {
    condition     = contains(["ARM64", "X86_64"], var.cpu_architecture)
    error_message = "cpu_architecture must be ARM64 or X86_64."
  }
}

variable "vpc_id" {
  description = "VPC of the build"
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets of the build, with a route to the internet"
  type        = list(string)
}

variable "security_group_id" {
  description = "Security group of the build"
  type        = string
}

variable "artifacts" {
  description = "Bucket of the source, and the bucket's key"
  type = object({
    bucket_arn  = string
    kms_key_arn = string
  })
}

variable "log" {
  description = "Log group of the build, and the prefix of its stream's name"
  type = object({
    group_name  = string
    group_arn   = string
    stream_name = string
  })
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of the role; null: none"
  type        = string
  default     = null
}
