variable "name" {
  description = "Prefix of every name, usually <service name>-<environment identifier>"
  type        = string
}

variable "load_balancer_arn" {
  description = "Load balancer that the web ACL guards"
  type        = string
}

variable "origin_header" {
  description = "The secret header: its name, and the values that are accepted, each with its version; the one that CloudFront sends comes first"
  type = object({
    name = string
    accepted = list(object({
      version = number
      value   = string
    }))
  })

  validation {
    condition     = length(var.origin_header.accepted) > 0
    error_message = "origin_header.accepted must have a value at least, or nothing gets in."
  }
}

variable "log_retention_days" {
  description = "For how many days the log of what was turned away is kept"
  type        = number
}
