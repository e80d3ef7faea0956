# The trail and GuardDuty: each is a choice.

provider "aws" {
  region = "ap-northeast-1"
}

variables {
  name              = "test-development"
  account           = { id = "123456789012", region = "ap-northeast-1", partition = "aws" }
  cloudtrail        = true
  guardduty         = true
  topic_arn         = "arn:aws:sns:ap-northeast-1:123456789012:test-development-alarms"
  access_log_bucket = "test-development-access-log"
  retention_days    = 365

  deletion_protection = true
}

run "both" {
  command = apply

  module {
    source = "./modules/audit"
  }

  assert {
    condition     = aws_cloudtrail.this[0].s3_bucket_name == output.trail_bucket && aws_cloudtrail.this[0].is_multi_region_trail && aws_cloudtrail.this[0].enable_log_file_validation
    error_message = "The trail is of every region, and signed."
  }

  assert {
    condition     = strcontains(data.aws_iam_policy_document.trail.json, aws_cloudtrail.this[0].arn)
    error_message = "Only this trail may write to its bucket."
  }

  assert {
    condition     = aws_cloudwatch_event_target.finding[0].arn == var.topic_arn
    error_message = "A finding reaches the alarms' topic."
  }
}

run "guardduty_alone" {
  command = apply

  module {
    source = "./modules/audit"
  }

  variables {
    cloudtrail = false
  }

  assert {
    condition     = output.trail_bucket == null && length(aws_cloudtrail.this) == 0
    error_message = "Without a trail there is no bucket."
  }
}
