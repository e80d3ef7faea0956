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

variable "program_name" {
  description = "Name of the program, the same as its directory below program/"
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}$", var.program_name))
    error_message = "program_name must be lower-case letters, digits and hyphens, at most 31."
  }
}

variable "deletion_protection" {
  description = "Whether a repository with images refuses to be deleted"
  type        = bool
}
