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
  description = "Key that encrypts the programs' logs and the log router's images"
  type        = string
}

variable "bucket_retention_days" {
  description = "Days that the buckets keep logs"
  type        = number
  default     = 365

  validation {
    condition     = var.bucket_retention_days >= 1 && floor(var.bucket_retention_days) == var.bucket_retention_days
    error_message = "bucket_retention_days must be a whole number of days, 1 at least."
  }
}

variable "deletion_protection" {
  description = "Whether non-empty buckets and repositories refuse to be deleted"
  type        = bool
}
