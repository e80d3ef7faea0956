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
  alarm_description   = "[page] The function that tells Slack failed: an alarm may have reached no one. Read its log.${local.runbook == "" ? "" : "${local.runbook}notifier-errors"}"
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
  alarm_description   = "[ticket] A notification could not be delivered and waits in the dead-letter queue. It is posted with the next one that Slack takes.${local.runbook == "" ? "" : "${local.runbook}notifier-dead-letters"}"
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  treat_missing_data  = "ignore"
  alarm_actions       = local.notifier_alarm_topics
  ok_actions          = local.notifier_alarm_topics

  # Who reads a message hides it for a while: that must not end the alarm.
  metric_query {
    id          = "waiting"
    label       = "Messages in the queue"
    expression  = "SUM(METRICS())"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { visible = "ApproximateNumberOfMessagesVisible", read = "ApproximateNumberOfMessagesNotVisible" }

    content {
      id          = metric_query.key
      return_data = false

      metric {
        namespace   = "AWS/SQS"
        metric_name = metric_query.value
        dimensions  = { QueueName = aws_sqs_queue.dead_letters.name }
        stat        = "Maximum"
        period      = 60
      }
    }
  }
}
