variable "name" {
  description = "Prefix of every name, usually <service name>-<environment identifier>"
  type        = string

  # AWS does not publish how it shortens the function's name, which the permissions name.
  validation {
    condition     = length(var.name) <= 21
    error_message = "name must have at most 21 characters with a canary: Synthetics names the function cwsyn-NAME-UUID, and functions have 64. Shorten service_name or environment_identifier, or leave canary null."
  }
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
  description = "Directory of the canary's package, with the module canary and its handler in the folder python"
  type        = string
}

variable "site_url" {
  description = "URL of the site, as visitors know it"
  type        = string
}

variable "pages" {
  description = "Paths of the pages that each run asks for"
  type        = list(string)

  validation {
    condition     = length(var.pages) > 0 && alltrue([for page in var.pages : startswith(page, "/")])
    error_message = "pages must name at least one page, and each must begin with a slash."
  }
}

variable "minutes" {
  description = "Minutes from one run to the next"
  type        = number

  validation {
    condition     = var.minutes >= 1 && var.minutes <= 60 && floor(var.minutes) == var.minutes
    error_message = "minutes must be a whole number from 1 to 60: Synthetics knows no other rates."
  }
}

variable "topic_arn" {
  description = "Topic that is told when the pages do not answer"
  type        = string
}

variable "runbook_url" {
  description = "Page with a section for each alarm, which its message links; null: no link"
  type        = string
  default     = null
}

variable "kms_key_arn" {
  description = "Key of the canary's log"
  type        = string
}

variable "access_log_bucket" {
  description = "Bucket for S3's access log of the reports"
  type        = string
}

variable "log_retention_days" {
  description = "Days that the reports of the runs and the canary's log are kept"
  type        = number
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of every role; null: none"
  type        = string
  default     = null
}
