# CodeBuild projects outside a pipeline: two that run this repository's own buildspecs, and small ones.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region = "ap-northeast-1"
}

variable "terraform_sha256" {
  type = string
}

resource "aws_kms_key" "state" {
  description = "Terraform's state"
}

resource "aws_s3_bucket" "store" {
  for_each = toset(["source", "state"])

  bucket = "builds-${each.key}"
}

resource "aws_s3_bucket_versioning" "store" {
  for_each = aws_s3_bucket.store

  bucket = each.value.bucket

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_dynamodb_table" "lock" {
  name         = "builds-lock"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "LockID"

  attribute {
    name = "LockID"
    type = "S"
  }
}

resource "aws_ssm_parameter" "word" {
  name  = "/builds/word"
  type  = "SecureString"
  value = "only-in-the-store"
}

resource "aws_cloudwatch_log_group" "builds" {
  name = "/aws/codebuild/builds"
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["codebuild.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "build" {
  for_each = toset(["wide", "narrow"])

  name               = "builds-${each.key}"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

data "aws_iam_policy_document" "wide" {
  statement {
    actions   = ["s3:*", "kms:*", "dynamodb:*", "logs:*", "ssm:*", "secretsmanager:*", "sts:*", "ecs:*"]
    resources = ["*"]
  }
}

data "aws_iam_policy_document" "narrow" {
  statement {
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.store["source"].arn}/source.zip"]
  }
}

resource "aws_iam_role_policy" "wide" {
  role   = aws_iam_role.build["wide"].name
  policy = data.aws_iam_policy_document.wide.json
}

resource "aws_iam_role_policy" "narrow" {
  role   = aws_iam_role.build["narrow"].name
  policy = data.aws_iam_policy_document.narrow.json
}

locals {
  small = <<-EOT
    version: 0.2
    env:
      shell: bash
      parameter-store:
        WORD: /builds/word
      exported-variables: [ARN, REFUSED]
    phases:
      build:
        commands:
          - ARN="$(aws sts get-caller-identity --query Arn --output text)"
          - echo "the word is $WORD"
          - REFUSED="$(aws iam list-roles 2>&1 || true)"
          - test -f infrastructure/main.tf
  EOT
}

resource "aws_codebuild_project" "small" {
  for_each = aws_iam_role.build

  name         = "small-${each.key}"
  service_role = each.value.arn

  source {
    type      = "S3"
    location  = "${aws_s3_bucket.store["source"].bucket}/source.zip"
    buildspec = each.key == "wide" ? local.small : replace(local.small, "/[^\n]*parameter-store.*\n[^\n]*WORD: .*\n/", "")
  }

  artifacts {
    type = "NO_ARTIFACTS"
  }

  environment {
    type         = "LINUX_CONTAINER"
    image        = "aws/codebuild/amazonlinux-x86_64-standard:5.0"
    compute_type = "BUILD_GENERAL1_SMALL"
  }

  logs_config {
    cloudwatch_logs {
      group_name  = aws_cloudwatch_log_group.builds.name
      stream_name = each.key
    }
  }
}

resource "aws_codebuild_project" "terraform" {
  for_each = toset(["plan", "apply"])

  name          = "terraform-${each.key}"
  service_role  = aws_iam_role.build["wide"].arn
  build_timeout = 10

  source {
    type      = "S3"
    location  = "${aws_s3_bucket.store["source"].bucket}/source.zip"
    buildspec = "environment/buildspecs/terraform_${each.key}.yaml"
  }

  dynamic "secondary_sources" {
    for_each = each.key == "apply" ? ["Plan"] : []

    content {
      type              = "S3"
      location          = "${aws_s3_bucket.store["source"].bucket}/plan.zip"
      source_identifier = secondary_sources.value
    }
  }

  artifacts {
    type      = each.key == "plan" ? "S3" : "NO_ARTIFACTS"
    location  = each.key == "plan" ? aws_s3_bucket.store["source"].bucket : null
    name      = each.key == "plan" ? "plan.zip" : null
    packaging = each.key == "plan" ? "ZIP" : null
  }

  environment {
    type         = "ARM_CONTAINER"
    image        = "aws/codebuild/amazonlinux-aarch64-standard:3.0"
    compute_type = "BUILD_GENERAL1_SMALL"

    dynamic "environment_variable" {
      for_each = {
        TERRAFORM_VERSION        = "1.15.5"
        TERRAFORM_SHA256         = var.terraform_sha256
        TFVARS_BUCKET            = aws_s3_bucket.store["source"].bucket
        TFVARS_KEY               = "terraform.tfvars"
        STATE_BUCKET             = aws_s3_bucket.store["state"].bucket
        STATE_KMS_KEY            = aws_kms_key.state.arn
        LOCK_TABLE               = aws_dynamodb_table.lock.name
        SERVICE_NAME             = "statuspage"
        ENVIRONMENT_IDENTIFIER   = "development"
        PERMISSIONS_BOUNDARY_ARN = "arn:aws:iam::123456789012:policy/boundary"
      }

      content {
        name  = environment_variable.key
        value = environment_variable.value
      }
    }
  }
}
