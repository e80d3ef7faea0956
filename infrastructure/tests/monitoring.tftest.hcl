# Monitoring: the alarms, their thresholds, and that each one notifies someone.

provider "aws" {
  region = "ap-northeast-1"
}

variables {
  name                        = "test-development"
  account                     = { id = "123456789012", region = "ap-northeast-1", partition = "aws" }
  cluster_name                = "test-development"
  container_insights          = true
  distribution_id             = "E1EXAMPLE"
  load_balancer_arn_suffix    = "app/test-development/0123456789abcdef"
  web_acl_metric_name         = "test-development-origin"
  pipeline_names              = ["test-development-pipeline-program"]
  function_directory          = "tests/function"
  secret_recovery_window_days = 0
  log_retention_days          = 7

  services = {
    backend = {
      service_name              = "test-development-backend"
      scaling                   = { min_capacity = 1, max_capacity = 4 }
      log_group_names           = ["/ecs/test-development/backend", "/ecs/test-development/backend/migrate"]
      target_group_arn_suffixes = ["targetgroup/test-development-backend/0123456789abcdef"]
    }
    frontend = {
      service_name              = "test-development-frontend"
      scaling                   = { min_capacity = 2, max_capacity = 2 }
      log_group_names           = ["/ecs/test-development/frontend"]
      target_group_arn_suffixes = ["targetgroup/test-development-frontend/0123456789abcdef"]
    }
  }

  database = {
    instance_identifiers  = ["test-development-database-1"]
    instance_memory_bytes = 4294967296
    max_connections       = 450
    log_group_name        = "/aws/rds/cluster/test-development-database/postgresql"
  }
}

run "monitoring" {
  command = apply

  module {
    source = "./modules/monitoring"
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.pipeline_failed.event_pattern)["detail-type"] == ["CodePipeline Action Execution State Change"]
    error_message = "Only an action's event says where a pipeline failed and why."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.visitors_5xx.region == "us-east-1" && startswith(one(aws_cloudwatch_metric_alarm.visitors_5xx.alarm_actions), "arn:aws:sns:us-east-1:") && startswith(one(aws_cloudwatch_metric_alarm.visitors_5xx.ok_actions), "arn:aws:sns:us-east-1:")
    error_message = "CloudFront's metrics are in us-east-1, and an alarm publishes in its own region."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.visitors_5xx.dimensions == tomap({ DistributionId = "E1EXAMPLE", Region = "Global" })
    error_message = "CloudFront's metrics have two dimensions."
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
    condition     = aws_cloudwatch_metric_alarm.this["backend-latency"].extended_statistic == "p99" && aws_cloudwatch_metric_alarm.this["backend-latency"].threshold == 2
    error_message = "A visitor in a hundred must not wait for long."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["backend-capacity"].threshold == 4 && !contains(keys(aws_cloudwatch_metric_alarm.this), "frontend-capacity")
    error_message = "A service at its most tasks is told, unless it always has as many."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["database-1-connections"].threshold == 315
    error_message = "70 % of 450 connections."
  }

  assert {
    condition     = output.deployment_alarm_names["backend"] == ["test-development-backend-5xx", "test-development-backend-latency", "test-development-load-balancer-5xx"]
    error_message = "What visitors notice stops a deployment."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["backend-down"].treat_missing_data == "breaching" && aws_cloudwatch_metric_alarm.this["backend-down"].comparison_operator == "LessThanThreshold"
    error_message = "A service without any target sends nothing, and that is the alarm."
  }

  assert {
    condition = length(aws_cloudwatch_log_metric_filter.deliveries) == length(flatten(values(var.services)[*].log_group_names)) && alltrue([
      for filter in aws_cloudwatch_log_metric_filter.deliveries : filter.metric_transformation[0].name == aws_cloudwatch_metric_alarm.this["log-deliveries"].metric_name && filter.metric_transformation[0].namespace == aws_cloudwatch_metric_alarm.this["log-deliveries"].namespace
    ])
    error_message = "The alarm counts the failed deliveries of every task, also of those that end."
  }

  assert {
    condition     = length(output.alarm_arns) == 38
    error_message = "The dashboard and the tests have to know every alarm."
  }

  assert {
    condition = alltrue([
      for alarm in concat([aws_cloudwatch_metric_alarm.visitors_5xx, aws_cloudwatch_composite_alarm.outage, aws_cloudwatch_composite_alarm.degraded], [for name, alarm in aws_cloudwatch_metric_alarm.this : alarm if !can(regex("-(down|5xx|latency|unhealthy)$", name))], aws_cloudwatch_metric_alarm.database_memory) : alarm.ok_actions == alarm.alarm_actions && length(alarm.alarm_actions) == 1 && endswith(one(alarm.alarm_actions), ":test-development-alarms")
    ])
    error_message = "Every alarm tells when it begins and when it ends."
  }

  assert {
    condition = alltrue([
      for alarm in concat([aws_cloudwatch_metric_alarm.visitors_5xx], values(aws_cloudwatch_metric_alarm.this), aws_cloudwatch_metric_alarm.database_memory) : can(regex("^\\[(page|ticket)\\] ", alarm.alarm_description))
    ])
    error_message = "Slack's message takes the severity from the start of the description."
  }

  assert {
    condition     = [for name, alarm in aws_cloudwatch_metric_alarm.this : name if startswith(alarm.alarm_description, "[page]")] == ["backend-down", "frontend-down"]
    error_message = "People are called for what visitors notice now, and not for its causes."
  }

  assert {
    condition = alltrue([
      for name, alarm in aws_cloudwatch_metric_alarm.this :
      length(coalesce(alarm.alarm_actions, [])) + length(coalesce(alarm.ok_actions, [])) == 0 && strcontains("${aws_cloudwatch_composite_alarm.outage.alarm_rule} ${aws_cloudwatch_composite_alarm.degraded.alarm_rule}", "ALARM(\"test-development-${name}\")") if can(regex("-(down|5xx|latency|unhealthy)$", name))
    ])
    error_message = "A storm is told once, by a composite alarm."
  }

  assert {
    condition     = { for name, alarm in aws_cloudwatch_metric_alarm.burn : name => alarm.threshold } == { availability-1h = 1.44, availability-5m = 1.44, availability-6h = 0.6, availability-30m = 0.6, latency-6h = 6, latency-30m = 6 }
    error_message = "14.4 and 6 times what 99.9 % and 99 % allow."
  }

  assert {
    condition     = strcontains(aws_cloudwatch_composite_alarm.outage.alarm_rule, "(ALARM(\"test-development-availability-1h\") AND ALARM(\"test-development-availability-5m\")) OR (ALARM(\"test-development-availability-30m\") AND ALARM(\"test-development-availability-6h\"))")
    error_message = "Both windows of a pair: the long one says that it matters, the short one that it lasts."
  }

  assert {
    condition = alltrue([
      for program, alarm in aws_cloudwatch_metric_alarm.tasks : strcontains(aws_cloudwatch_composite_alarm.degraded.alarm_rule, "ALARM(\"${alarm.alarm_name}\")")
    ])
    error_message = "A service with too few tasks is told."
  }

  assert {
    condition     = one(aws_cloudwatch_composite_alarm.degraded.actions_suppressor).alarm == aws_cloudwatch_composite_alarm.outage.alarm_name
    error_message = "During an outage only the outage is told."
  }
}

run "of_two_target_groups_an_alarm_sees_both" {
  command = plan

  variables {
    services = {
      backend = {
        service_name              = "test-development-backend"
        scaling                   = { min_capacity = 1, max_capacity = 2 }
        log_group_names           = ["/ecs/test-development/backend"]
        target_group_arn_suffixes = ["targetgroup/a/0123456789abcdef", "targetgroup/b/0123456789abcdef"]
      }
    }
  }

  module {
    source = "./modules/monitoring"
  }

  assert {
    condition = { for name in ["backend-5xx", "backend-down", "backend-latency"] : name => one([
      for query in aws_cloudwatch_metric_alarm.this[name].metric_query : query.expression if query.return_data
    ]) } == { backend-5xx = "SUM(METRICS())", backend-down = "MAX(METRICS())", backend-latency = "MAX(METRICS())" }
    error_message = "Requests may be at either group: errors add up, and the worst latency and the better health count."
  }

  assert {
    condition     = toset(flatten([for query in aws_cloudwatch_metric_alarm.this["backend-5xx"].metric_query : [for metric in query.metric : metric.dimensions.TargetGroup]])) == toset(var.services.backend.target_group_arn_suffixes)
    error_message = "Each group has its metric."
  }
}

run "without_container_insights_no_tasks_are_counted" {
  command = plan

  variables {
    container_insights = false
  }

  module {
    source = "./modules/monitoring"
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.tasks) == 0 && !strcontains(aws_cloudwatch_composite_alarm.degraded.alarm_rule, "-tasks")
    error_message = "An alarm on a metric that nothing emits never rings."
  }
}

run "a_certificate_is_watched" {
  command = plan

  module {
    source = "./modules/monitoring"
  }

  variables {
    certificate = { arn = "arn:aws:acm:ap-northeast-1:123456789012:certificate/0f2a" }
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["certificate-expiry"].threshold == 30 && aws_cloudwatch_metric_alarm.this["certificate-expiry"].comparison_operator == "LessThanOrEqualToThreshold"
    error_message = "A certificate that is not renewed is told a month before its end."
  }
}

# Each refusal costs a plan, so values that do not depend on each other share one.
run "refuses_wrong_names_and_days_before_acm_renews" {
  command = plan

  module {
    source = "./modules/monitoring"
  }

  variables {
    pipeline_names = []                        # none
    objectives     = { latency_percent = 100 } # no budget
    thresholds     = { certificate_days = 60 } # ACM has not renewed it yet

    # Alarms cannot have this name.
    services = {
      Backend = { service_name = "x", scaling = { min_capacity = 1, max_capacity = 1 }, log_group_names = [], target_group_arn_suffixes = ["x"] }
    }
  }

  expect_failures = [var.objectives, var.pipeline_names, var.thresholds, var.services]
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

run "refuses_a_latency_that_never_ends" {
  command = plan

  module {
    source = "./modules/monitoring"
  }

  variables {
    thresholds = { latency_seconds = 0 }
  }

  expect_failures = [var.thresholds]
}

run "saved_queries_read_the_groups_that_they_name" {
  command = plan

  module {
    source = "./modules/monitoring"
  }

  assert {
    condition     = aws_cloudwatch_query_definition.this["slow-statements"].log_group_names[0] == var.database.log_group_name
    error_message = "slow-statements must read the database's log group."
  }

  assert {
    condition     = length(aws_cloudwatch_query_definition.this["errors"].log_group_names) == 3
    error_message = "errors must read the log group of each program and of its one-off tasks."
  }
}
