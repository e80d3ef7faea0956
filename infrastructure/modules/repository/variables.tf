variable "name" {
  description = "Name of the repository: <prefix of every name>/<the program's directory below program/>"
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*/[a-z][a-z0-9-]{0,30}$", var.name))
    error_message = "name must be the prefix, a slash and the program: lower-case letters, digits and hyphens, the program's at most 31."
  }
}

variable "kms_key_arn" {
  description = "Key that encrypts the images"
  type        = string
}

variable "deletion_protection" {
  description = "Whether a repository with images refuses to be deleted"
  type        = bool
}
