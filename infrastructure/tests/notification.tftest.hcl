# Notifications: how they reach a person, and the alarms on that path.

provider "aws" {
  region = "ap-northeast-1"
}

variables {
  name                        = "test-development"
  account                     = { id = "123456789012", region = "ap-northeast-1", partition = "aws" }
  function_directory          = "tests/function"
  secret_recovery_window_days = 0
  log_retention_days          = 7
}

run "notification" {
  command = apply

  module {
    source = "./modules/notification"
  }

  variables {
    fallback_emails = ["on-call@example.com"]
  }

  assert {
    condition     = aws_sns_topic_subscription.function.endpoint == aws_lambda_function.this.arn && aws_lambda_permission.topic.source_arn == aws_sns_topic.alarms.arn
    error_message = "The topic reaches the function, and may."
  }

  assert {
    condition     = aws_sns_topic.cloudfront[0].region == "us-east-1" && aws_sns_topic_subscription.cloudfront_function[0].endpoint == aws_lambda_function.this.arn && aws_lambda_permission.cloudfront_topic[0].source_arn == aws_sns_topic.cloudfront[0].arn
    error_message = "CloudFront's alarms have a topic in their region, which reaches the same function, and may."
  }

  assert {
    condition     = strcontains(aws_sns_topic_policy.cloudfront[0].policy, ":cloudwatch:us-east-1:123456789012:alarm:test-development-*")
    error_message = "Only alarms of its own region publish to a topic."
  }

  assert {
    condition     = aws_lambda_permission.topic.source_account == null
    error_message = "SNS need not send the account as a source; a condition on it would refuse every alarm in silence."
  }

  assert {
    condition     = toset(keys(aws_lambda_function.this.environment[0].variables)) == toset(["DEAD_LETTER_QUEUE_URL", "PAGE_MENTION", "RUNBOOK_URL", "SLACK_WEBHOOK_SECRET_ARN"])
    error_message = "The function knows where the webhook is, not what it is."
  }

  assert {
    condition     = contains(aws_cloudwatch_metric_alarm.function_errors.alarm_actions, aws_sns_topic.fallback[0].arn) && contains(aws_cloudwatch_metric_alarm.dead_letters.alarm_actions, aws_sns_topic.fallback[0].arn)
    error_message = "An alarm about the notifier must not rely on it alone."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.function_errors.treat_missing_data == "ignore" && aws_cloudwatch_metric_alarm.dead_letters.treat_missing_data == "ignore"
    error_message = "An alarm about the notifier must not end for want of data: its OK is a notification too, would fail as well, and raise it anew forever."
  }

  assert {
    condition     = toset(flatten([for query in aws_cloudwatch_metric_alarm.dead_letters.metric_query : query.metric[*].metric_name])) == toset(["ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesVisible"])
    error_message = "Who reads a dead letter must not end the alarm on it."
  }

  assert {
    condition     = aws_sns_topic_subscription.email["on-call@example.com"].topic_arn == aws_sns_topic.fallback[0].arn
    error_message = "The fallback reaches a person by e-mail."
  }
}

run "without_anybody_to_fall_back_on" {
  command = apply

  module {
    source = "./modules/notification"
  }

  assert {
    condition     = length(aws_sns_topic.fallback) == 0 && length(aws_cloudwatch_metric_alarm.function_errors.alarm_actions) == 1
    error_message = "A topic to which no one is subscribed would be a false comfort."
  }
}

run "in_cloudfronts_own_region_one_topic_serves_all" {
  command = plan

  module {
    source = "./modules/notification"
  }

  variables {
    account = { id = "123456789012", region = "us-east-1", partition = "aws" }
  }

  assert {
    condition     = length(aws_sns_topic.cloudfront) == 0 && length(module.cloudfront_key) == 0
    error_message = "A second topic in one region would be the first."
  }
}

# Each refusal costs a plan, so values that do not depend on each other share one.
run "refuses_wrong_values" {
  command = plan

  module {
    source = "./modules/notification"
  }

  variables {
    fallback_emails             = ["on-call"] # no address
    page_mention                = "@here"     # Slack would only show it
    secret_recovery_window_days = 3           # Secrets Manager lacks it
  }

  expect_failures = [var.fallback_emails, var.page_mention, var.secret_recovery_window_days]
}
