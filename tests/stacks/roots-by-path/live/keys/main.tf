terraform {
  backend "s3" {}
}

provider "aws" {
  region = "eu-west-1"
}

resource "aws_kms_key" "this" {
  description         = "Of all data"
  enable_key_rotation = true
}

output "key_arn" {
  value = aws_kms_key.this.arn
}
