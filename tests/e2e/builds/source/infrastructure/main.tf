# What the builds plan and apply: a generated secret, and a package that the plan hands on.

terraform {
  required_providers {
    archive = { source = "hashicorp/archive" }
    aws     = { source = "hashicorp/aws" }
    random  = { source = "hashicorp/random" }
  }

  backend "s3" {}
}

provider "aws" {
  region = var.region
}

variable "service_name" {
  type = string
}

variable "bootstrap" {
  type = bool
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

variable "log_retention_days" {
  type = number
}

locals {
  name = "${var.service_name}-${var.environment_identifier}"
}

data "archive_file" "package" {
  type                    = "zip"
  source_content          = "a package"
  source_content_filename = "package.txt"
  output_path             = "${path.root}/build/package.zip"
}

ephemeral "random_password" "administrator" {
  length = 32
}

resource "aws_secretsmanager_secret" "administrator" {
  name = "${local.name}/administrator"
}

resource "aws_secretsmanager_secret_version" "administrator" {
  secret_id                = aws_secretsmanager_secret.administrator.id
  secret_string_wo         = ephemeral.random_password.administrator.result
  secret_string_wo_version = 1
}

resource "aws_s3_bucket" "packages" {
  bucket = "${local.name}-packages"
}

# Applied from the package that the plan has made.
resource "aws_s3_object" "package" {
  bucket = aws_s3_bucket.packages.bucket
  key    = "package.zip"
  source = data.archive_file.package.output_path
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/${local.name}"
  retention_in_days = var.log_retention_days
}
