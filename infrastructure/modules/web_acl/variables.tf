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

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be a retention that CloudWatch Logs offers, such as 7, 30, 90 or 365."
  }
}
