terraform {
  required_version = "~> 1.5.0"
  required_providers {
    aws     = { source = "hashicorp/aws", version = ">= 5.0" }
    tls     = { source = "hashicorp/tls" }
    datadog = { source = "DataDog/datadog" }
  }
}

provider "aws" {
  region = "eu-west-1"
}

provider "datadog" {
  api_key = "unused"
  app_key = "unused"
}

resource "tls_private_key" "this" {
  algorithm = "ED25519"
}

resource "aws_ssm_parameter" "key" {
  name  = "/app/key"
  type  = "SecureString"
  value = tls_private_key.this.private_key_pem
}
