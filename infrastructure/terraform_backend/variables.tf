variable "region" {
  description = "The AWS region of the state."
  type        = string
}

variable "service_name" {
  description = "The service's name; the first part of every name."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.service_name))
    error_message = "service_name must be lower-case letters, digits and single hyphens between them, beginning with a letter."
  }

  validation {
    condition     = length("${var.service_name}-${var.environment_identifier}") <= 22
    error_message = "service_name and environment_identifier together must have at most 21 characters, as in the root module: names of load balancers and target groups may have 32."
  }
}

variable "environment_identifier" {
  description = "The environment's name, such as dev or prd; the second part of every name."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.environment_identifier))
    error_message = "environment_identifier must be lower-case letters, digits and single hyphens between them, such as development."
  }
}
