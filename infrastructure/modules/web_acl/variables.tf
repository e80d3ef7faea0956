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
  description = "Key that encrypts the log"
  type        = string
}

variable "origin_header" {
  description = "The secret header between CloudFront and the web ACL. To rotate it: raise current_version with previous_version set to the old one, apply, then set previous_version to null and apply again"
  type = object({
    name             = optional(string, "X-Origin-Verify")
    current_version  = optional(number, 1)
    previous_version = optional(number)
  })
  default = {}

  validation {
    condition     = can(regex("^X-[A-Za-z0-9-]{1,60}$", var.origin_header.name))
    error_message = "origin_header.name must be a header name beginning with X-."
  }

  validation {
    condition     = var.origin_header.previous_version == null || var.origin_header.previous_version != var.origin_header.current_version
    error_message = "origin_header.previous_version must differ from current_version; null when no rotation is under way."
  }
}

variable "log_retention_days" {
  description = "Days that the log of blocked requests is kept"
  type        = number
}
