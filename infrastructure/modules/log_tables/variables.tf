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
  description = "Key that encrypts the results, and the programs' logs"
  type        = string
}

variable "programs" {
  description = "Programs whose logs the tables have: the folders below access/ and application/"
  type        = set(string)

  validation {
    condition     = length(var.programs) > 0 && alltrue([for name in var.programs : can(regex("^[a-z0-9-]+$", name))])
    error_message = "programs must be names of folders, one at least: lower-case letters, digits and hyphens."
  }
}

variable "program_log_bucket" {
  description = "Bucket of the programs' logs"
  type        = string
}

variable "access_log_bucket" {
  description = "Bucket of the load balancer's log, below load-balancer/"
  type        = string
}

variable "retention_days" {
  description = "Days that the buckets keep logs: queries look no further back"
  type        = number
}

variable "deletion_protection" {
  description = "Whether the bucket of results refuses to be deleted while it has some"
  type        = bool
}
