variable "name" {
  description = "Prefix of every name, usually <service name>-<environment identifier>"
  type        = string
}

variable "sign_in_paths" {
  description = "Beginnings of the paths that take a user's name and password by POST"
  type        = list(string)

  validation {
    condition     = length(var.sign_in_paths) >= 2 && alltrue([for path in var.sign_in_paths : startswith(path, "/")])
    error_message = "sign_in_paths must name at least two paths, each beginning with /: AWS WAF takes no or_statement with one."
  }
}

variable "limits" {
  description = "Requests that one address may make in 5 minutes: sign-ins, which are blocked above that, and all requests, which are only counted until enforced is true, as are addresses that Amazon knows to be bad"
  type = object({
    sign_ins_per_5_minutes = optional(number, 100)
    requests_per_5_minutes = optional(number, 2000)
    enforced               = optional(bool, false)
  })
  default = {}

  validation {
    condition     = alltrue([for limit in [var.limits.sign_ins_per_5_minutes, var.limits.requests_per_5_minutes] : limit >= 10 && limit <= 2000000000])
    error_message = "limits: AWS WAF takes a rate from 10 to 2000000000."
  }
}
