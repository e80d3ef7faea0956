# A small system for the real pipeline: a parameter for each name, and a queue.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }

  backend "s3" {}
}

provider "aws" {
  region = var.region
}

variable "service_name" {
  type = string
}

variable "environment_identifier" {
  type = string
}

variable "region" {
  type = string
}

variable "permissions_boundary_arn" {
  type = string
}

variable "names" {
  type = list(string)
}

module "names" {
  source = "./modules/names"

  prefix = "/${var.service_name}-${var.environment_identifier}"
  names  = var.names
}
