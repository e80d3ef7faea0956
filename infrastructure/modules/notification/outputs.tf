output "topic_arn" {
  description = "Topic whose messages go to Slack"
  value       = aws_sns_topic.alarms.arn

  # A message published before that reaches no one.
  depends_on = [aws_sns_topic_policy.alarms, aws_sns_topic_subscription.function]
}

output "cloudfront_topic_arn" {
  description = "Topic in us-east-1 for alarms on CloudFront's metrics; its messages go to Slack too"
  value       = one(concat(aws_sns_topic.cloudfront[*].arn, local.is_elsewhere ? [] : [aws_sns_topic.alarms.arn]))

  depends_on = [
    aws_sns_topic_policy.alarms, aws_sns_topic_policy.cloudfront,
    aws_sns_topic_subscription.cloudfront_function, aws_sns_topic_subscription.function,
  ]
}

output "webhook_secret_arn" {
  description = "Secret for the URL of Slack's webhook"
  value       = aws_secretsmanager_secret.webhook.arn
}

output "alarm_arns" {
  description = "Alarms about the notifier itself"
  value       = [aws_cloudwatch_metric_alarm.function_errors.arn, aws_cloudwatch_metric_alarm.dead_letters.arn]
}

output "log_group_name" {
  description = "Name of the log group of the function that posts to Slack"
  value       = aws_cloudwatch_log_group.function.name
}
