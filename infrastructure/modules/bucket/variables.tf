variable "name" {
  description = "Name of the bucket, unique among all of AWS"
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.name))
    error_message = "name must be 3 to 63 lower-case letters, digits and hyphens, neither beginning nor ending with a hyphen."
  }
}

variable "sse_algorithm" {
  description = "Encryption of objects: aws:kms, with the key of kms_key_arn, or AES256, with S3's own key"
  type        = string
  default     = "aws:kms"

  validation {
    condition     = contains(["aws:kms", "AES256"], var.sse_algorithm)
    error_message = "sse_algorithm must be aws:kms or AES256."
  }
}

variable "kms_key_arn" {
  description = "Key that encrypts the objects; null with AES256"
  type        = string
  default     = null

  validation {
    condition     = (var.kms_key_arn == null) == (var.sse_algorithm == "AES256")
    error_message = "kms_key_arn must be set for sse_algorithm aws:kms, and only for it."
  }
}

variable "access_log_bucket" {
  description = "Bucket for S3's access log of this bucket, below s3/; null: no log"
  type        = string
  default     = null
}

variable "retention_days" {
  description = "Days that an object is kept; null: until it is deleted"
  type        = number

  validation {
    condition     = var.retention_days == null ? true : var.retention_days >= 1 && floor(var.retention_days) == var.retention_days
    error_message = "retention_days must be a whole number of days, 1 at least."
  }
}

variable "noncurrent_retention_days" {
  description = "Days that an object is kept after it is deleted or has a newer version"
  type        = number
  default     = 7
}

variable "noncurrent_versions" {
  description = "Number of such versions that are kept at any age; null: none"
  type        = number
  default     = null
}

variable "policy_documents" {
  description = "Policy documents (JSON) that grant access in addition to IAM"
  type        = list(string)
  default     = []
}

variable "force_destroy" {
  description = "Whether a destroy deletes the objects too"
  type        = bool
}
