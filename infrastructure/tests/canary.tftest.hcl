# The canary: what it asks, what its role may do, and that its silence rings.

provider "aws" {
  region = "ap-northeast-1"
}

variables {
  name               = "test-development"
  account            = { id = "123456789012", region = "ap-northeast-1", partition = "aws" }
  function_directory = "../program/functions/canary"
  site_url           = "https://status.example.com"
  pages              = ["/", "/api/v1/status"]
  minutes            = 5
  topic_arn          = "arn:aws:sns:ap-northeast-1:123456789012:test-development-alarms"
  runbook_url        = "https://git.example.com/ops/alarms.md"
  kms_key_arn        = "arn:aws:kms:ap-northeast-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef"
  access_log_bucket  = "test-development-access-log"
  log_retention_days = 731
}

run "canary" {
  command = apply

  module {
    source = "./modules/canary"
  }

  assert {
    condition     = one(aws_synthetics_canary.this.schedule).expression == "rate(5 minutes)" && aws_synthetics_canary.this.start_canary && length(aws_synthetics_canary.this.vpc_config) == 0
    error_message = "It runs from outside, every 5 minutes."
  }

  assert {
    condition     = one(aws_synthetics_canary.this.run_config).environment_variables == tomap({ SITE_URL = var.site_url, PAGES = "[\"/\",\"/api/v1/status\"]" })
    error_message = "The script learns which pages to ask for."
  }

  assert {
    condition     = strcontains(data.archive_file.function.output_path, substr(filesha256("../program/functions/canary/python/canary.py"), 0, 12))
    error_message = "Another script has another path: the provider sends it only then."
  }

  assert {
    condition     = aws_synthetics_canary.this.success_retention_period == 455 && aws_cloudwatch_log_group.function.retention_in_days == 731
    error_message = "Synthetics keeps runs for 455 days at most, the log as long as it is told."
  }

  assert {
    condition     = startswith(output.log_group_name, "/aws/lambda/cwsyn-test-development-") && aws_cloudwatch_log_group.function.kms_key_id == var.kms_key_arn
    error_message = "Its log is encrypted, and goes where Synthetics' function writes."
  }

  assert {
    condition     = toset(flatten([for s in jsondecode(data.aws_iam_policy_document.run.json).Statement : s.Action])) == toset(["cloudwatch:PutMetricData", "logs:CreateLogStream", "logs:PutLogEvents", "s3:GetBucketLocation", "s3:GetObject", "s3:ListAllMyBuckets", "s3:PutObject"])
    error_message = "It writes reports, its log and its metric, and changes nothing else."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this.treat_missing_data == "breaching" && aws_cloudwatch_metric_alarm.this.alarm_actions == toset([var.topic_arn]) && startswith(aws_cloudwatch_metric_alarm.this.alarm_description, "[page] ") && endswith(aws_cloudwatch_metric_alarm.this.alarm_description, "/alarms.md#canary")
    error_message = "Silence rings, for people."
  }
}

run "each_minute" {
  command = apply

  module {
    source = "./modules/canary"
  }

  variables {
    minutes = 1
  }

  assert {
    condition     = one(aws_synthetics_canary.this.schedule).expression == "rate(1 minute)" && aws_cloudwatch_metric_alarm.this.period == 60
    error_message = "Synthetics wants the singular, and the alarm waits for two runs."
  }
}

run "too_seldom" {
  command = plan

  module {
    source = "./modules/canary"
  }

  variables {
    minutes = 90
  }

  expect_failures = [var.minutes]
}

run "no_pages" {
  command = plan

  module {
    source = "./modules/canary"
  }

  variables {
    pages = ["status"]
  }

  expect_failures = [var.pages]
}

run "a_function_has_64_characters" {
  command = plan

  module {
    source = "./modules/canary"
  }

  variables {
    name = "statuspage-production2"
  }

  expect_failures = [var.name]
}
