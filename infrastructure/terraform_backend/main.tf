# The state bucket and the lock table for Terraform without the pipeline. The pipeline's stack creates its
# own: use one or the other. The state of this module stays local; it holds no secret.

provider "aws" {
  region = var.region

  default_tags {
    tags = {
      Service     = var.service_name
      Environment = var.environment_identifier
      ManagedBy   = "terraform"
    }
  }
}

data "aws_caller_identity" "current" {}

locals {
  name = "${var.service_name}-${var.environment_identifier}"
}

resource "aws_kms_key" "this" {
  #checkov:skip=CKV2_AWS_64:AWS's default policy is the wanted one: the account's IAM policies say who may use it
  description             = "${local.name}: Terraform's state"
  enable_key_rotation     = true
  deletion_window_in_days = 30

  # Protected from a destroy by mistake: without its key the state cannot be read. S3 itself refuses to delete
  # a bucket that is not empty.
  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_kms_alias" "this" {
  name          = "alias/${local.name}-tf-backend"
  target_key_id = aws_kms_key.this.key_id
}

module "bucket" {
  source = "../modules/bucket"

  name                      = "${local.name}-tf-backend-${data.aws_caller_identity.current.account_id}"
  kms_key_arn               = aws_kms_key.this.arn
  retention_days            = null
  noncurrent_retention_days = 365
  noncurrent_versions       = 50
  force_destroy             = false
}

resource "aws_dynamodb_table" "lock" {
  name                        = "${local.name}-tf-backend-lock"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "LockID"
  deletion_protection_enabled = true

  attribute {
    name = "LockID"
    type = "S"
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.this.arn
  }
}
