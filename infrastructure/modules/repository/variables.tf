variable "name" {
  description = "Name of the repository"
  type        = string
}

variable "kms_key_arn" {
  description = "Key that encrypts the images"
  type        = string
}

variable "deletion_protection" {
  description = "Whether a repository with images refuses to be deleted"
  type        = bool
}
