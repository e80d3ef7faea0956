# A build: a CodeBuild project that runs a buildspec of the pipeline's source inside the VPC, with a
# role of its own.

# ---------------------------------------------------------------------------------------------
# Role: the rights that every build needs, and those of this build
# ---------------------------------------------------------------------------------------------

data "aws_iam_policy_document" "this" {
  #checkov:skip=CKV_AWS_111:a network interface has no ARN before it is created
  #checkov:skip=CKV_AWS_356:descriptions of networks take no resource
  source_policy_documents = [var.policy]

  statement {
    sid       = "ReadSource"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    resources = ["${var.artifacts.bucket_arn}/*"]
  }

  statement {
    sid       = "DecryptSource"
    actions   = ["kms:Decrypt", "kms:DescribeKey"]
    resources = [var.artifacts.kms_key_arn]
  }

  # A build in a VPC creates its network interface, and descriptions take no resource:
  # https://docs.aws.amazon.com/codebuild/latest/userguide/auth-and-access-control-iam-identity-based-access-control.html
  statement {
    sid = "FindNetwork"
    actions = [
      "ec2:CreateNetworkInterface",
      "ec2:DeleteNetworkInterface",
      "ec2:DescribeDhcpOptions",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeSecurityGroups",
      "ec2:DescribeSubnets",
      "ec2:DescribeVpcs",
    ]
    resources = ["*"]
  }

  statement {
    sid       = "JoinNetwork"
    actions   = ["ec2:CreateNetworkInterfacePermission"]
    resources = ["arn:${var.account.partition}:ec2:${var.account.region}:${var.account.id}:network-interface/*"]

    condition {
      test     = "StringEquals"
      variable = "ec2:AuthorizedService"
      values   = ["codebuild.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "ec2:Subnet"
      values   = [for id in var.subnet_ids : "arn:${var.account.partition}:ec2:${var.account.region}:${var.account.id}:subnet/${id}"]
    }
  }
}

module "role" {
  source = "../role"

  name                     = var.name
  description              = var.description
  service_principal        = "codebuild.amazonaws.com"
  source_account_id        = var.account.id
  policies                 = { run-build = data.aws_iam_policy_document.this.json }
  log_group_arns           = [var.log.group_arn]
  permissions_boundary_arn = var.permissions_boundary_arn
}

# ---------------------------------------------------------------------------------------------
# Project
# ---------------------------------------------------------------------------------------------

resource "aws_codebuild_project" "this" {
  name           = var.name
  description    = var.description
  service_role   = module.role.arn
  encryption_key = var.artifacts.kms_key_arn
  build_timeout  = var.timeout_minutes

  source {
    type      = "CODEPIPELINE"
    buildspec = var.buildspec
  }

  artifacts {
    type = "CODEPIPELINE"
  }

  # The architecture of the tasks, so that images are built without emulation.
  environment {
    type            = var.cpu_architecture == "ARM64" ? "ARM_CONTAINER" : "LINUX_CONTAINER"
    image           = var.cpu_architecture == "ARM64" ? "aws/codebuild/amazonlinux-aarch64-standard:3.0" : "aws/codebuild/amazonlinux-x86_64-standard:5.0"
    compute_type    = "BUILD_GENERAL1_SMALL"
    privileged_mode = var.privileged

    dynamic "environment_variable" {
      for_each = var.environment

      content {
        name  = environment_variable.key
        value = environment_variable.value
      }
    }
  }

  vpc_config {
    vpc_id             = var.vpc_id
    subnets            = var.subnet_ids
    security_group_ids = [var.security_group_id]
  }

  logs_config {
    cloudwatch_logs {
      group_name  = var.log.group_name
      stream_name = var.log.stream_name
    }
  }
}
