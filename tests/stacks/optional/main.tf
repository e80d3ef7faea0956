provider "aws" {
  region = "eu-west-1"
}

variable "has_search" {
  default = false
}

resource "aws_opensearch_domain" "this" {
  count       = var.has_search ? 1 : 0
  domain_name = "search"
}

resource "aws_kms_key" "this" {
  description         = "Of everything"
  enable_key_rotation = true
}

resource "aws_secretsmanager_secret" "without_a_value" {
  name       = "app/api-key"
  kms_key_id = aws_kms_key.this.arn
}
