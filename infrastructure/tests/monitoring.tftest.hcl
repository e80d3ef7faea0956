# Watching: which alarms there are, from which value on, and that each tells somebody.

provider "aws" {
  region = "ap-northeast-1"
}

variables {
  name                        = "test-development"
  cluster_name                = "test-development"
  load_balancer_arn_suffix    = "app/test-development/0123456789abcdef"
  web_acl_metric_name         = "test-development-origin"
  pipeline_names              = ["test-development-pipeline-program"]
  function_directory          = "tests/function"
  secret_recovery_window_days = 0
  log_retention_days          = 7

  services = {
    backend = {
      service_name            = "test-development-backend"
      log_group_names         = ["/ecs/test-development/backend", "/ecs/test-development/backend/migrate"]
      target_group_arn_suffix = "targetgroup/test-development-backend/0123456789abcdef"
    }
    frontend = {
      service_name            = "test-development-frontend"
      log_group_names         = ["/ecs/test-development/frontend"]
      target_group_arn_suffix = "targetgroup/test-development-frontend/0123456789abcdef"
    }
  }

  database = {
    instance_identifiers  = ["test-development-database-1"]
    instance_memory_bytes = 4294967296
    log_group_name        = "/aws/rds/cluster/test-development-database/postgresql"
  }
}

run "monitoring" {
  command = apply

  module {
    source = "./modules/monitoring"
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["database-1-cpu"].threshold == 80 && aws_cloudwatch_metric_alarm.database_memory[0].threshold == 95
    error_message = "Aurora: CPU 80 %, memory 95 %."
  }

  assert {
    condition     = alltrue([for name in ["backend-cpu", "backend-memory", "frontend-cpu", "frontend-memory"] : aws_cloudwatch_metric_alarm.this[name].threshold == 80])
    error_message = "ECS: CPU and memory 80 %, of both services."
  }

  assert {
    condition     = one([for query in aws_cloudwatch_metric_alarm.database_memory[0].metric_query : query.expression if query.return_data]) == "100 * (1 - freeable / 4294967296)"
    error_message = "Memory is measured in percent of what there is, not in bytes."
  }

  assert {
    condition     = [for name, alarm in aws_cloudwatch_metric_alarm.this : name if alarm.namespace == "test-development/logs"] == ["backend-error", "backend-fatal", "frontend-error", "frontend-fatal", "postgresql-error", "postgresql-fatal"] && alltrue([for alarm in aws_cloudwatch_metric_alarm.this : alarm.threshold == 1 && alarm.statistic == "Sum" && alarm.treat_missing_data == "notBreaching" if alarm.namespace == "test-development/logs"])
    error_message = "One FATAL or ERROR record tells, and silence is well."
  }

  assert {
    condition = alltrue([
      for alarm in aws_cloudwatch_metric_alarm.this : length([
        for filter in aws_cloudwatch_log_metric_filter.this : filter if filter.metric_transformation[0].name == alarm.metric_name && filter.metric_transformation[0].namespace == alarm.namespace
      ]) >= 1 if alarm.namespace == "test-development/logs"
    ])
    error_message = "Every log alarm needs a filter that counts for it."
  }

  assert {
    condition     = aws_cloudwatch_log_metric_filter.this["postgresql-fatal"].pattern == "\"]:FATAL:\"" && aws_cloudwatch_log_metric_filter.this["backend-fatal-0"].pattern == "{ $.level = \"FATAL\" }"
    error_message = "Levels are told by their place in the record."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["backend-down"].treat_missing_data == "breaching" && aws_cloudwatch_metric_alarm.this["backend-down"].comparison_operator == "LessThanThreshold"
    error_message = "A service without any target sends nothing, and that is the alarm."
  }

  assert {
    condition     = length(output.alarm_arns) == 22
    error_message = "The dashboard and the tests have to know every alarm."
  }

  assert {
    condition = alltrue([
      for alarm in concat(values(aws_cloudwatch_metric_alarm.this), aws_cloudwatch_metric_alarm.database_memory) : alarm.alarm_actions == toset([output.topic_arn]) && alarm.ok_actions == toset([output.topic_arn])
    ])
    error_message = "Every alarm tells when it begins and when it ends."
  }
}

run "refuses_a_name_that_alarms_cannot_have" {
  command = plan

  module {
    source = "./modules/monitoring"
  }

  variables {
    services = {
      Backend = { service_name = "x", log_group_names = [], target_group_arn_suffix = "x" }
    }
  }

  expect_failures = [var.services]
}

run "refuses_no_pipeline" {
  command = plan

  module {
    source = "./modules/monitoring"
  }

  variables {
    pipeline_names = []
  }

  expect_failures = [var.pipeline_names]
}

run "refuses_a_percentage_that_is_none" {
  command = plan

  module {
    source = "./modules/monitoring"
  }

  variables {
    thresholds = { service_percent = 100 }
  }

  expect_failures = [var.thresholds]
}

run "refuses_a_count_that_never_ends" {
  command = plan

  module {
    source = "./modules/monitoring"
  }

  variables {
    thresholds = { load_balancer_5xx_per_minute = 0 }
  }

  expect_failures = [var.thresholds]
}
