# What is known of the released images by now: each week a pipeline of its own scans them again, by the
# build that scanned them first. A finding fails it, which module monitoring reports.

locals {
  rescan_name = "${var.name}-pipeline-scan"
  rescan_arn  = "arn:${var.account.partition}:codepipeline:${var.account.region}:${var.account.id}:${local.rescan_name}"
}

resource "aws_codepipeline" "rescan" {
  name           = local.rescan_name
  pipeline_type  = "V2"
  execution_mode = "QUEUED"
  role_arn       = module.pipeline_role.arn

  artifact_store {
    type     = "S3"
    location = module.artifacts.name

    encryption_key {
      type = "KMS"
      id   = var.kms_key_arn
    }
  }

  stage {
    name = "Source"

    action {
      name             = "Source"
      category         = "Source"
      owner            = "AWS"
      provider         = local.source_provider
      version          = "1"
      output_artifacts = ["Source"]
      configuration    = local.source_configuration
    }
  }

  stage {
    name = "Scan"

    dynamic "action" {
      for_each = local.release.images

      content {
        name            = action.key
        category        = "Build"
        owner           = "AWS"
        provider        = "CodeBuild"
        version         = "1"
        input_artifacts = ["Source"]

        configuration = {
          ProjectName = module.stage["build"].name
          EnvironmentVariables = jsonencode([
            { name = "PROGRAM", value = action.key },
            { name = "REPOSITORY", value = action.value.repository },
            { name = "IMAGE_TAG", value = action.value.tag_parameter, type = "PARAMETER_STORE" },
            { name = "RESCAN", value = "true" },
          ])
        }
      }
    }
  }
}

data "aws_iam_policy_document" "rescan" {
  statement {
    sid       = "StartRescan"
    actions   = ["codepipeline:StartPipelineExecution"]
    resources = [local.rescan_arn]
  }
}

module "rescan_role" {
  source = "../role"

  name                     = local.rescan_name
  description              = "Starts the scan of the released images each week"
  service_principal        = "events.amazonaws.com"
  source_account_id        = var.account.id
  policies                 = { start-rescan = data.aws_iam_policy_document.rescan.json }
  permissions_boundary_arn = var.permissions_boundary_arn
}

resource "aws_cloudwatch_event_rule" "rescan" {
  name                = local.rescan_name
  description         = "Each week: ${local.rescan_name}"
  schedule_expression = "cron(0 0 ? * MON *)" # in UTC
}

resource "aws_cloudwatch_event_target" "rescan" {
  rule     = aws_cloudwatch_event_rule.rescan.name
  arn      = aws_codepipeline.rescan.arn
  role_arn = module.rescan_role.arn
}
