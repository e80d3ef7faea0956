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

variable "load_balancer_arn" {
  description = "Load balancer that the web ACL protects"
  type        = string
}

variable "origin_header" {
  description = "The secret header: its name and its accepted values, each with its version; CloudFront sends the first one"
  type = object({
    name = string
    accepted = list(object({
      version = number
      value   = string
    }))
  })

  validation {
    condition     = length(var.origin_header.accepted) > 0
    error_message = "origin_header.accepted must have at least one value, or every request is blocked."
  }
}

variable "log_retention_days" {
  description = "Days that the log of blocked requests is kept"
  type        = number
}
