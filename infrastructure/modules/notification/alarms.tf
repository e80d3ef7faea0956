# Alarms about the notifier itself, so they use e-mail too. They keep their state while data is missing.
# Otherwise each OK for missing data would be another failing notification, and the alarm would come and
# go as long as the path is broken. It ends with the first notification that arrives.

locals {
  notifier_alarm_topics = concat([aws_sns_topic.alarms.arn], aws_sns_topic.fallback[*].arn)

  # The page's sections have the alarms' names.
  runbook = var.runbook_url == null ? "" : " What to do: ${var.runbook_url}#"
}

resource "aws_cloudwatch_metric_alarm" "function_errors" {
  alarm_name          = "${var.name}-notifier-errors"
  alarm_description   = "The function that tells Slack failed: an alarm may have reached no one. Read its log.${local.runbook == "" ? "" : "${local.runbook}notifier-errors"}"
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = aws_lambda_function.this.function_name }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  treat_missing_data  = "ignore"
  alarm_actions       = local.notifier_alarm_topics
  ok_actions          = local.notifier_alarm_topics
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  alarm_name          = "${var.name}-notifier-dead-letters"
  alarm_description   = "A notification could not be delivered and waits in the dead-letter queue. Read it there; purge the queue afterwards.${local.runbook == "" ? "" : "${local.runbook}notifier-dead-letters"}"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.dead_letters.name }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  treat_missing_data  = "ignore"
  alarm_actions       = local.notifier_alarm_topics
  ok_actions          = local.notifier_alarm_topics
}
