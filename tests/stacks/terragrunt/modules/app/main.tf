variable "name" {
  type = string
}

variable "vpc_id" {
  type = string
}

variable "region" {
  type = string
}

variable "tags" {
  type    = map(string)
  default = { Team = "shop" }
}

resource "aws_security_group" "this" {
  name        = var.name
  description = "In ${var.region}"
  vpc_id      = var.vpc_id
  tags        = var.tags
}
