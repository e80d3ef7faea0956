# The way to Slack, with the rules of module monitoring. The pipeline makes everything else.

terraform {
  required_providers {
    aws     = { source = "hashicorp/aws" }
    archive = { source = "hashicorp/archive" }
  }
}

provider "aws" {
  region = "ap-northeast-1"
}

data "aws_caller_identity" "current" {}

module "notification" {
  source                      = "../modules/notification"
  name                        = "shop-test"
  account                     = { id = data.aws_caller_identity.current.account_id, region = "ap-northeast-1", partition = "aws" }
  function_directory          = "${path.root}/../program/functions/alarm"
  pipeline_names              = ["shop-test-pipeline-tf"]
  secret_recovery_window_days = 0
  log_retention_days          = 7
}

resource "aws_cloudwatch_event_rule" "pipeline_failed" {
  name = "shop-test-pipeline-failed"

  event_pattern = jsonencode({
    source      = ["aws.codepipeline"]
    detail-type = ["CodePipeline Action Execution State Change"]
    detail      = { pipeline = ["shop-test-pipeline-tf"], state = ["FAILED"] }
  })
}

resource "aws_cloudwatch_event_target" "pipeline_failed" {
  rule = aws_cloudwatch_event_rule.pipeline_failed.name
  arn  = module.notification.topic_arn
}

resource "aws_cloudwatch_event_rule" "pipeline_waits" {
  name = "shop-test-pipeline-waits"

  event_pattern = jsonencode({
    source      = ["aws.codepipeline"]
    detail-type = ["CodePipeline Action Execution State Change"]
    detail      = { pipeline = ["shop-test-pipeline-tf"], state = ["STARTED"], type = { category = ["Approval"] } }
  })
}

resource "aws_cloudwatch_event_target" "pipeline_waits" {
  rule = aws_cloudwatch_event_rule.pipeline_waits.name
  arn  = module.notification.topic_arn
}
