# CodeBuild projects outside a pipeline.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region = "ap-northeast-1"
}

resource "aws_s3_bucket" "source" {
  bucket = "builds-source"
}

resource "aws_s3_bucket_versioning" "source" {
  bucket = aws_s3_bucket.source.bucket

  versioning_configuration {
    status = "Enabled"
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
    actions   = ["s3:*", "logs:*", "ssm:*", "sts:*"]
    resources = ["*"]
  }
}

data "aws_iam_policy_document" "narrow" {
  statement {
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.source.arn}/source.zip"]
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
          - test -f there.txt
  EOT
}

resource "aws_codebuild_project" "small" {
  for_each = aws_iam_role.build

  name         = "small-${each.key}"
  service_role = each.value.arn

  source {
    type      = "S3"
    location  = "${aws_s3_bucket.source.bucket}/source.zip"
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
