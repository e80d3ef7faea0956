output "topic_arn" {
  description = "Topic whose messages go to Slack"
  value       = module.notification.topic_arn
}

output "webhook_secret_arn" {
  description = "Secret for the URL of Slack's webhook"
  value       = module.notification.webhook_secret_arn
}

output "dashboard_name" {
  description = "Name of the CloudWatch dashboard"
  value       = aws_cloudwatch_dashboard.this.dashboard_name
}

output "alarm_arns" {
  description = "Every alarm"
  value       = local.alarm_arns
}

output "deployment_alarm_names" {
  description = "Alarms that stop a deployment, by program: those about failures that visitors notice"
  value = {
    for program in keys(var.services) : program => [
      for name in ["${program}-5xx", "${program}-latency", "load-balancer-5xx"] : aws_cloudwatch_metric_alarm.this[name].alarm_name
    ]
  }
}

output "notification_log_group_name" {
  description = "Name of the log group of the function that posts to Slack"
  value       = module.notification.log_group_name
}
